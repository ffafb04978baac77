"""What a tracker sends to the loggers of a trainer."""

from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers.logger import Logger
from repdyn.experiments import PairRecorder, PairTracker
from repdyn.experiments.tracking.progress import progress
from repdyn.numeric import conserved_line
from torch.utils.data import DataLoader, TensorDataset
from tracked import LAYERS, PAIRS, QUIET, Net, X, Y


class Kept(Logger):
    """A logger of somebody's."""

    def __init__(self) -> None:
        super().__init__()
        self.metrics: list[tuple[int, dict[str, float]]] = []

    name, version = "kept", 0

    def log_hyperparams(self, *_: Any, **__: Any) -> None:
        pass

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.metrics.append((step or 0, dict(metrics)))


@pytest.mark.filterwarnings("ignore:.*does not have many workers.*", "ignore:.*LeafSpec.*is deprecated.*")
def test_every_logger_hears_of_every_layer_after_each_epoch():
    loggers = [Kept(), Kept()]
    tracker = PairTracker(X[PAIRS], Y[PAIRS], LAYERS, log=True)
    trainer = pl.Trainer(**{**QUIET, "logger": loggers}, max_epochs=3, callbacks=[tracker], log_every_n_steps=4)
    trainer.fit(Net(), DataLoader(TensorDataset(X, Y), batch_size=5))
    for logger in loggers:
        ours = [(step, found) for step, found in logger.metrics if "repdyn/misfit" in found]
        assert [step for step, _ in ours] == [4, 8, 12]
        _, last = ours[-1]
        assert set(last) == {"repdyn/misfit"} | {f"repdyn/{x}/{of}" for x in LAYERS for of in ("growth", "line_r2")}
        states = [tracker.state(k, "middle")[:12] for k in range(3)]
        growth = np.median([state.dh2[-1] / state.dh2[0] for state in states])
        assert last["repdyn/middle/growth"] == pytest.approx(growth)
        assert last["repdyn/middle/line_r2"] == pytest.approx(np.median([conserved_line(x).r2 for x in states]))
        targets = [tracker.pair(k).dy2 for k in range(3)]
        left = [(2 * x.w[-1] - x.dy2[-1] + t) / t for x, t in zip(states, targets, strict=True)]
        assert last["repdyn/misfit"] == pytest.approx(np.median(left))


@pytest.mark.filterwarnings("ignore:.*does not have many workers.*", "ignore:.*LeafSpec.*is deprecated.*")
def test_a_logger_that_fails_ends_neither_the_training_nor_the_records(monkeypatch: pytest.MonkeyPatch):
    def fails(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    logger = Kept()
    monkeypatch.setattr(logger, "log_metrics", fails)
    tracker = PairTracker(X[PAIRS], Y[PAIRS], LAYERS, log=True)
    trainer = pl.Trainer(**{**QUIET, "logger": logger}, max_epochs=2, callbacks=[tracker], log_every_n_steps=4)
    with pytest.warns(UserWarning, match="PairTracker does not log what it sees at step [48]: the disk is full"):
        trainer.fit(Net(), DataLoader(TensorDataset(X, Y), batch_size=5))
    assert tracker.steps.tolist() == list(range(9))
    assert tracker.problem == ""


def test_nothing_is_said_before_there_is_something_to_say():
    network = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.Linear(4, 3))
    recorder = PairRecorder(network, X[PAIRS], Y[PAIRS], ["0"])
    recorder.record(0)
    assert progress(recorder) == {}
    recorder.record(1)
    recorder.record(2)
    assert progress(recorder)["repdyn/0/growth"] == 1.0
    same = PairRecorder(network, X[PAIRS], torch.ones(3, 2, 3), ["0"])
    for step in range(3):
        same.record(step)
    assert progress(same) == {}  # no targets that differ
