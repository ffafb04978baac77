"""What Lightning's trainers do besides: averages of weights, closures, precisions, compilation, several processes."""

import logging
import pickle
import subprocess
import sys

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from other_trainer import HEAD
from pytorch_lightning.callbacks import StochasticWeightAveraging, WeightAveraging
from repdyn.experiments import PairTracker
from repdyn.experiments.training.lightning import half_squared_error
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from tracked import LAYERS, PAIRS, QUIET, Net, X, Y, by_hand, track

# What Lightning's own trainer warns of here: its use of torch, and that data in memory need no worker processes.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{words}")
    for words in (
        ".*LeafSpec:FutureWarning",
        ".*does not have many workers",
        ".*swa_lrs:UserWarning",
        ".*Swapping scheduler",
        ".*GradScaler",
        r".*\.grad attribute of a Tensor that is not a leaf",
    )
]


def trained(net: Net, before=(), after=(), *, epochs: int = 3, forward=None, file=None, **options) -> PairTracker:
    """Four batches an epoch."""
    tracker = PairTracker(X[PAIRS], Y[PAIRS], ["middle"], forward=forward, file=file)
    trainer = pl.Trainer(max_epochs=epochs, callbacks=[*before, tracker, *after], **QUIET, **options)
    trainer.fit(net, DataLoader(TensorDataset(X, Y), batch_size=5))
    return tracker


def seen(net: Net, steps: int, *, optimiser=None, context=None) -> list[float]:
    """dh2 of the first pair before each of so many steps and after the last, by a plain loop over batches of five."""
    optimiser = optimiser or torch.optim.SGD(net.parameters(), lr=0.05)
    found = []
    for step in range(steps):
        found.append(by_hand(net, [0, 1])[0])
        x, y = X.split(5)[step % 4], Y.split(5)[step % 4]

        def closure(x=x, y=y):
            optimiser.zero_grad()
            loss = half_squared_error(net(x), y)
            loss.backward()
            return loss

        optimiser.step(closure)
    return [*found, by_hand(net, [0, 1])[0]]


class Ema(WeightAveraging):
    """Averages every step."""

    def should_update(self, step_idx=None, epoch_idx=None):
        return step_idx is not None


AVERAGING = {
    "swa": lambda: StochasticWeightAveraging(swa_lrs=0.05, swa_epoch_start=1, annealing_epochs=1),
    "ema": Ema,
}


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("kind", AVERAGING)
def test_the_weights_that_are_trained_are_recorded_and_not_their_averages(kind: str, first: bool) -> None:
    net, averaging = Net(), AVERAGING[kind]()
    tracker = trained(net, *(([averaging], []) if first else ([], [averaging])))
    expected = seen(Net(), 12)
    np.testing.assert_allclose(tracker.state().dh2, expected, rtol=1e-4)
    assert abs(by_hand(net, [0, 1])[0] - expected[-1]) > 1e-3 * expected[-1]  # what is left is the average


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_the_epoch_in_which_batch_normalisation_is_measured_anew_records_nothing(first: bool) -> None:
    averaging = AVERAGING["swa"]()
    tracker = trained(Net(nn.BatchNorm1d(8)), *(([averaging], []) if first else ([], [averaging])))
    alone = trained(Net(nn.BatchNorm1d(8)))
    assert tracker.steps.tolist() == list(range(13))
    np.testing.assert_allclose(tracker.state().dh2, alone.state().dh2, rtol=1e-4)


def test_a_closure_that_passes_the_batch_several_times_does_not_confuse_the_records() -> None:
    class Second(Net):
        def configure_optimizers(self):
            return torch.optim.LBFGS(self.parameters(), lr=0.1, max_iter=3)

    net = Second()
    tracker = PairTracker(X[PAIRS], Y[PAIRS], ["middle"])
    trainer = pl.Trainer(max_epochs=6, callbacks=[tracker], **QUIET)
    trainer.fit(net, DataLoader(TensorDataset(X, Y), batch_size=20))
    plain = Second()
    optimiser, expected = plain.configure_optimizers(), []
    for _ in range(6):
        expected.append(by_hand(plain, [0, 1])[0])

        def closure():
            optimiser.zero_grad()
            loss = half_squared_error(plain(X), Y)
            loss.backward()
            return loss

        optimiser.step(closure)
    assert tracker.steps.tolist() == list(range(7))
    np.testing.assert_allclose(tracker.state().dh2[:6], expected, rtol=1e-3)


def test_a_mixed_precision_is_recorded_as_it_is_computed() -> None:
    tracker = trained(Net(), precision="bf16-mixed", epochs=1)
    net = Net()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        h, y = net.middle(net.encoder(X[[0, 1]])), net(X[[0, 1]])
    assert h.dtype == torch.bfloat16
    assert tracker.state().dh2[0] == float((h[1].double() - h[0].double()).square().sum())
    assert tracker.state().dy2[0] == float((y[1].double() - y[0].double()).square().sum())


class Compiled(Net):
    """One of its parts is compiled."""

    def __init__(self) -> None:
        super().__init__()
        self.middle = torch.compile(self.middle, backend="eager")


@pytest.mark.parametrize("whole", [True, False], ids=["module", "part"])
def test_compiled_modules_are_recorded_by_their_own_names(whole: bool) -> None:
    net = torch.compile(Net(), backend="eager") if whole else Compiled()
    tracker = trained(net, epochs=2)
    np.testing.assert_allclose(tracker.state().dh2, seen(Net(), 8), rtol=1e-4)
    torch.compiler.reset()


def test_sanity_checks_and_validation_are_not_recorded() -> None:
    class Validated(Net):
        def validation_step(self, batch, batch_idx):
            self(batch[0])

    tracker = PairTracker(X[PAIRS], Y[PAIRS], ["middle"])
    trainer = pl.Trainer(max_epochs=2, callbacks=[tracker], num_sanity_val_steps=2, **QUIET)
    loader = DataLoader(TensorDataset(X, Y), batch_size=20)
    trainer.fit(Validated(), loader, loader)
    assert tracker.steps.tolist() == [0, 1, 2]
    np.testing.assert_allclose(tracker.state().dh2, track(Net(), steps=2, layers=["middle"]).state().dh2, rtol=1e-5)


@pytest.mark.parametrize("count", ["steps", "batches", "SGD"])
def test_a_fit_that_goes_on_is_recorded_on_and_another_is_refused(count: str) -> None:
    tracker = PairTracker(X[PAIRS], Y[PAIRS], ["middle"], every=4, count=count)
    trainer = pl.Trainer(max_epochs=2, callbacks=[tracker], **QUIET)
    net, loader = Net(), DataLoader(TensorDataset(X, Y), batch_size=5)
    trainer.fit(net, loader)
    trainer.fit_loop.max_epochs = 4
    trainer.fit(net, loader)
    assert tracker.steps.tolist() == [0, 4, 8, 12, 16]
    np.testing.assert_allclose(tracker.state().dh2, seen(Net(), 16)[::4], rtol=1e-4)
    with pytest.raises(ValueError, match="holds records up to step 16 and training starts at step 0; make a new"):
        pl.Trainer(max_epochs=2, callbacks=[tracker], **QUIET).fit(Net(), loader)


def test_what_recording_took_is_said_at_the_end(caplog) -> None:
    with caplog.at_level(logging.INFO, logger="pytorch_lightning"):
        tracker = trained(Net(), epochs=1)
    said = [record.getMessage() for record in caplog.records if "PairTracker" in record.getMessage()]
    share = rf"{tracker.seconds:.2g} s"
    assert len(said) == 1
    assert said[0].startswith(f"PairTracker: 3 pairs at 1 layers, 5 records took {share}, ")
    assert said[0].endswith("% of training")
    assert tracker.seconds > 0


PROCESSES = f"""{HEAD}
if __name__ == "__main__":
    alone = fit(Mine(), 8, 8)
    spawned = fit(Mine(), 4, 8, sys.argv[1], strategy=sys.argv[2], devices=2)
    assert spawned.steps.tolist() == alone.steps.tolist() == [0, 3, 6, 8], spawned.steps
    for column in ("dh2", "dy2", "w", "loss", "dx2"):
        a, b = spawned.frame()[column], alone.frame()[column]
        assert ((a - b).abs() < 1e-4 * b.abs()).all(), (column, a, b)
    print("done")
"""


@pytest.mark.parametrize("strategy", ["ddp_fork", pytest.param("ddp_spawn", marks=pytest.mark.slow)])
def test_the_records_of_other_processes_come_back_through_the_file(strategy: str, tmp_path) -> None:
    (tmp_path / "train.py").write_text(PROCESSES)
    command = [sys.executable, str(tmp_path / "train.py"), str(tmp_path / "run.arrows"), strategy]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "done"


def test_processes_whose_records_would_be_lost_are_refused(tmp_path) -> None:
    net, file = Net(), tmp_path / "run.arrows"
    trainer = pl.Trainer(strategy="ddp_fork", devices=2, **QUIET)
    with pytest.raises(ValueError, match="their records would end with them: give PairTracker a file=, from which"):
        PairTracker(X[PAIRS], Y[PAIRS], LAYERS).setup(trainer, net, "fit")
    PairTracker(X[PAIRS], Y[PAIRS], LAYERS, file=file).setup(trainer, net, "fit")
    PairTracker(X[PAIRS], Y[PAIRS], LAYERS).setup(pl.Trainer(**QUIET), net, "fit")


def test_a_tracker_is_sent_to_another_process_with_its_records() -> None:
    tracker = trained(Net(), epochs=1)
    sent = pickle.loads(pickle.dumps(tracker))
    assert type(sent) is type(tracker)
    assert sent.frame().equals(tracker.frame())
