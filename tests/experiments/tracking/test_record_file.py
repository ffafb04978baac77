"""Records in a file: there as they come, whole whatever ends the process, and of their own training alone."""

import os
import signal
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pytest
import pytorch_lightning as pl
import torch
from repdyn.experiments import Layer, PairRecorder, PairTracker
from repdyn.experiments.results.folder import read_trajectories
from repdyn.experiments.storage.folders import RecordError
from torch.utils.data import DataLoader, TensorDataset
from tracked import PAIRS, QUIET, Net, X, Y, track


def test_a_file_holds_what_the_tracker_does(tmp_path) -> None:
    file = tmp_path / "new" / "run.arrows"
    tracker, without = (
        track(Net(), layers=["encoder"], every=5, file=file, labels=["a", "b", "c"]),
        track(Net(), layers=["encoder"], every=5),
    )
    assert tracker.frame().drop(columns="pair").equals(without.frame().drop(columns="pair"))
    assert read_trajectories(file).equals(tracker.frame())
    with pa.ipc.open_stream(file) as stream:  # by anybody
        table = stream.read_all()
    names = ["step", "pair", "dy2", "w", "loss", "dh2 at encoder", "dx2", "dy2_target"]
    assert table.column_names == names
    assert table.num_rows == len(tracker.steps) * 3
    assert PairTracker(X[PAIRS], Y[PAIRS], ["encoder"], file=file, labels=["a", "b", "c"]).state() == (tracker.state())


SCRIPT = """
import sys
import torch
from repdyn.experiments import PairRecorder

torch.manual_seed(0)
network = torch.nn.Linear(2, 2)
recorder = PairRecorder(network, torch.eye(2)[None], torch.eye(2)[None], [""], file=sys.argv[1])
step = 0
while True:
    recorder.record(step)
    print(step, flush=True)
    step += 1
"""


def test_a_process_that_is_killed_loses_at_most_the_record_it_is_writing(tmp_path) -> None:
    file = tmp_path / "killed.arrows"
    with subprocess.Popen([sys.executable, "-c", SCRIPT, str(file)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(30):
            last = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        told = [last, *map(int, process.stdout.read().split())]
    assert process.returncode == -signal.SIGKILL
    steps = read_trajectories(file)["step"].tolist()
    assert steps == list(range(len(steps)))
    assert told[-1] <= steps[-1] <= told[-1] + 1


def test_a_record_that_was_cut_off_is_left_out(tmp_path) -> None:
    file = tmp_path / "run.arrows"
    whole = track(Net(), layers=["encoder"], steps=3, file=file).frame()
    size = file.stat().st_size
    for lost in (1, 8, 100, 500):
        os.truncate(file, size - lost)
        assert read_trajectories(file).equals(whole[whole["step"] < 3])


def test_a_checkpoint_of_a_file_is_small_and_a_resumed_run_drops_what_came_after_it(tmp_path) -> None:
    def run(file, epochs: int, resume=None) -> tuple[PairTracker, pl.Trainer]:
        tracker = PairTracker(X[PAIRS], Y[PAIRS], ["encoder"], file=file)
        trainer = pl.Trainer(max_epochs=epochs, callbacks=[tracker], **QUIET)
        loader = DataLoader(TensorDataset(X, Y), batch_size=5)
        trainer.fit(Net(), loader, ckpt_path=resume)
        return tracker, trainer

    expected, _ = run(tmp_path / "expected.arrows", 4)
    first, trainer = run(tmp_path / "run.arrows", 2)
    assert first.state_dict()["count"] == 9
    assert "records" not in first.state_dict()
    trainer.save_checkpoint(tmp_path / "held.ckpt")
    trainer.fit_loop.max_epochs = 3
    loader = DataLoader(TensorDataset(X, Y), batch_size=5)
    trainer.fit(trainer.lightning_module, loader)  # goes on, as if nothing had been
    assert first.steps.tolist() == list(range(13))
    with (tmp_path / "run.arrows").open("ab") as file:
        file.write(b"half a record")
    resumed, _ = run(tmp_path / "run.arrows", 4, tmp_path / "held.ckpt")
    pd.testing.assert_frame_equal(resumed.frame(), expected.frame())
    assert read_trajectories(tmp_path / "run.arrows").equals(resumed.frame())

    in_memory = PairTracker(X[PAIRS], Y[PAIRS], ["encoder"])
    in_memory.load_state_dict(first.state_dict())
    assert in_memory.steps.tolist() == list(range(13))
    in_memory.load_state_dict({**first.state_dict(), "count": 9})
    later = PairTracker(X[PAIRS], Y[PAIRS], ["encoder"], file=tmp_path / "later.arrows")
    later.load_state_dict(in_memory.state_dict())
    assert later.steps.tolist() == list(range(9))


pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning", "ignore:.*does not have many workers")


def test_a_recorder_of_ones_own_loop_goes_on_where_it_was_saved(tmp_path) -> None:
    def recorder() -> PairRecorder:
        torch.manual_seed(0)
        network = torch.nn.Linear(6, 3)
        layer = Layer("", pool=lambda h: 2 * h)
        return PairRecorder(network, X[PAIRS], Y[PAIRS], [layer], dx2="", file=tmp_path / "own.arrows")

    first = recorder()
    first.record(0)
    first.record(4)
    held = first.state_dict()
    first.record(8)
    second = recorder()
    second.load_state_dict(held)
    second.record(6)
    assert second.steps.tolist() == [0, 4, 6]
    assert read_trajectories(tmp_path / "own.arrows").equals(second.frame())
    assert second.seconds > 0


def test_records_that_are_dropped_are_dropped_from_the_file(tmp_path) -> None:
    class Later(Net):
        """Dropout sets in at the 130th step."""

        def training_step(self, batch, batch_idx):
            self.between = torch.nn.Dropout(0.5) if len(self.losses) >= 130 else torch.nn.Identity()
            return super().training_step(batch, batch_idx)

    with pytest.warns(UserWarning, match="the records of steps 101 to 199 are dropped"):
        tracker = track(Later(), layers=["encoder"], steps=220, file=tmp_path / "run.arrows")
    assert read_trajectories(tmp_path / "run.arrows").equals(tracker.frame())


def test_a_file_that_is_not_of_this_training_is_refused(tmp_path) -> None:
    file = tmp_path / "run.arrows"
    first = track(Net(), layers=["encoder"], steps=4, file=file)
    state = first.state_dict()
    with pytest.raises(ValueError, match=r"there is a file .*run\.arrows already, whose training is not resumed here"):
        track(Net(), layers=["encoder"], steps=4, file=file)
    others = PairTracker(X[PAIRS + 1], Y[PAIRS + 1], ["encoder"], file=file)
    for ask in (others.frame, lambda: others.load_state_dict(state)):
        with pytest.raises(ValueError, match=r"run\.arrows holds the records of other pairs or layers than are"):
            ask()
    again = PairTracker(X[PAIRS], Y[PAIRS], ["encoder"], file=file)
    os.truncate(file, file.stat().st_size - 1)
    with pytest.raises(ValueError, match=r"run\.arrows holds 4 records and the checkpoint counts 5: it is not"):
        again.load_state_dict(state)
    file.write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"run\.arrows is no file of records, as a PairTracker or PairRecorder writes"):
        again.load_state_dict(state)
    with pytest.raises(RecordError, match=r"run\.arrows is no file of records"):
        read_trajectories(file)
    file.unlink()
    with pytest.raises(ValueError, match=r"there is no file .*run\.arrows, to which the 5 records were written"):
        again.load_state_dict(state)
    for wrong, words in (
        (tmp_path / "run.csv", r"file must end in \.arrows, as streams of Arrow do, got"),
        (3, "path"),
    ):
        with pytest.raises((ValueError, TypeError), match=words):
            PairTracker(X[PAIRS], Y[PAIRS], ["encoder"], file=wrong)


def test_a_file_without_a_record_is_no_trajectory(tmp_path) -> None:
    file = tmp_path / "run.arrows"
    track(Net(), layers=["encoder"], steps=1, file=file)
    size = 0
    with pa.OSFile(str(file), "rb") as stream:
        pa.ipc.read_schema(stream)
        size = stream.tell()
    os.truncate(file, size)
    with pytest.raises(RecordError, match=r"run\.arrows holds no record yet"):
        read_trajectories(file)
    with pytest.raises(ValueError, match="nothing is recorded yet"):
        PairTracker(X[PAIRS], Y[PAIRS], ["encoder"], file=file).frame()
