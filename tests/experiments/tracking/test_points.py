"""PointTracker and PointRecorder: inner products and outputs of a set of points."""

import copy
import warnings

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from repdyn.experiments import PairTracker, PointRecorder, PointTracker
from repdyn.experiments.tracking import point_records
from repdyn.experiments.training.lightning import Batches, fit
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from tracked import LAYERS, QUIET, Net, X, Y


def track(net: pl.LightningModule, *, steps: int = 12, **options) -> PointTracker:
    tracker = PointTracker(X, Y, LAYERS, **options)
    fit(net, Batches(X, Y, batch=20, steps=steps, seed=0), [tracker])
    return tracker


def by_hand(net: Net) -> tuple[np.ndarray, np.ndarray]:
    """The Gram matrix of the middle layer about its mean, and the outputs."""
    with torch.no_grad():
        h = net.middle(net.encoder(X)).double()
        about = h - h.mean(0)
        return (about @ about.T).numpy(), net.decoder(h.float()).numpy()


def test_the_first_record_is_the_untrained_and_the_last_the_trained_network() -> None:
    net = Net()
    before = by_hand(net)
    tracker = track(net, every=5)
    assert tracker.steps.tolist() == [0, 5, 10, 12]
    for record, (gram, outputs) in ((0, before), (-1, by_hand(net))):
        np.testing.assert_allclose(tracker.gram("middle", record), gram, atol=1e-5 * gram.max())
        np.testing.assert_allclose(tracker.outputs[record], outputs, atol=1e-6)


def test_distances_are_those_of_a_tracker_of_pairs() -> None:
    points = PointTracker(X, Y, LAYERS, every=4)
    first, second = np.triu_indices(len(X), k=1)
    pairs = PairTracker(X[np.stack([first, second], 1)], Y[np.stack([first, second], 1)], LAYERS, every=4)
    fit(Net(), Batches(X, Y, batch=20, steps=8, seed=0), [points, pairs])
    for layer in LAYERS:
        ours, theirs = points.frame(layer), pairs.frame()
        theirs = theirs[theirs["layer"] == layer]
        assert ours["step"].tolist() == theirs["step"].tolist()
        for name in ("dh2", "dy2"):
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-4, atol=1e-6)


def test_training_is_left_as_it_is_without_it() -> None:
    alone, followed = Net(nn.Dropout(0.5)), Net(nn.Dropout(0.5))
    torch.manual_seed(5)
    fit(alone, Batches(X, Y, batch=20, steps=6, seed=0), [])
    torch.manual_seed(5)
    track(followed, steps=6)
    assert followed.losses == alone.losses
    assert followed.training == alone.training


def test_a_recorder_shows_what_a_tracker_does_and_takes_arrays() -> None:
    net = Net()
    recorder = PointRecorder(net, X.numpy(), Y.numpy(), LAYERS)
    recorder.record(0)
    fit(net, Batches(X, Y, batch=20, steps=12, seed=0), [])
    recorder.record(12)
    tracker = track(Net(), every=12)
    np.testing.assert_allclose(recorder.gram("encoder"), tracker.gram("encoder"), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(recorder.steps, tracker.steps)
    assert recorder.seconds > 0
    with pytest.raises(ValueError, match=r"step must be the number of training steps so far, more than .* got 12"):
        recorder.record(12)


def test_records_are_kept_in_checkpoints_of_the_same_points(tmp_path) -> None:
    def trained(tracker: PointTracker, epochs: int, resume=None) -> pl.Trainer:
        trainer = pl.Trainer(max_epochs=epochs, callbacks=[tracker], default_root_dir=tmp_path, **QUIET)
        loader = DataLoader(TensorDataset(X, Y), batch_size=5)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*log_every_n_steps.*")
            warnings.filterwarnings("ignore", message=".*LeafSpec.*")
            warnings.filterwarnings("ignore", message=".*callbacks used to create the checkpoint need to be provided.*")
            trainer.fit(Net(), loader, ckpt_path=resume, **({"weights_only": False} if resume else {}))
        return trainer

    first = PointTracker(X, Y, LAYERS, every=3)
    trained(first, 1).save_checkpoint(tmp_path / "half.ckpt")
    again = PointTracker(X, Y, LAYERS, every=3)
    trained(again, 2, tmp_path / "half.ckpt")
    whole = PointTracker(X, Y, LAYERS, every=3)
    trained(whole, 2)
    assert again.steps.tolist() == [0, 3, 4, 6, 8]
    assert whole.steps.tolist() == [0, 3, 6, 8]
    np.testing.assert_allclose(again.gram("middle"), whole.gram("middle"), rtol=1e-5)
    with pytest.raises(ValueError, match="the checkpoint holds the records of other points or layers than this Point"):
        trained(PointTracker(X[:9], Y[:9], LAYERS), 2, tmp_path / "half.ckpt")


def test_a_tracker_of_another_run_is_not_used_again() -> None:
    tracker = track(Net(), steps=4)
    with pytest.raises(ValueError, match="holds records up to step 4 and training starts at step 0; make a new"):
        fit(Net(), Batches(X, Y, batch=20, steps=4, seed=0), [tracker])


def test_steps_of_two_optimisers_are_not_taken_for_those_of_one() -> None:
    class Two(Net):
        def __init__(self) -> None:
            super().__init__()
            self.automatic_optimization = False

        def configure_optimizers(self):
            return [torch.optim.SGD(self.parameters(), lr=0.1) for _ in range(2)]

        def training_step(self, batch, batch_idx):
            for optimiser in self.optimizers():
                optimiser.step()

    with pytest.raises(ValueError, match="a PointTracker counts the steps of one optimiser, got 2, whose steps the"):
        track(Two(), steps=4)


def test_what_goes_wrong_ends_the_records_and_not_the_training() -> None:
    class Breaks(Net):
        def forward(self, x):
            if self.global_step == 2 and not self.training:
                raise ArithmeticError("a fault of mine")
            return super().forward(x)

    net = Breaks()
    with pytest.warns(UserWarning, match="PointTracker records nothing more: a fault of mine"):
        tracker = track(net, steps=6)
    assert tracker.steps.tolist() == [0, 1]
    assert tracker.problem == "a fault of mine"
    assert len(net.losses) == 6


def test_more_than_the_memory_is_refused_before_training(monkeypatch) -> None:
    monkeypatch.setattr(point_records, "MOST", 20_000)
    with pytest.raises(
        ValueError, match=r"14 records of 20 points at 3 layers take .* GiB and may take .*; record few"
    ):
        track(Net(), steps=12)
    assert track(Net(), steps=12, every=12).steps.tolist() == [0, 12]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"inputs": X[:2], "targets": Y[:2]}, ValueError, "at least 3 points must differ, got 2 that do"),
        ({"inputs": X[:1].expand(20, 6)}, ValueError, "at least 3 points must differ, got 1 that do"),
        ({"targets": Y[:5]}, ValueError, r"points need inputs of shape \(points, ...\) .* got 5 and 20 rows"),
        ({"targets": "Y"}, TypeError, "targets must be of type Tensor, got 'Y'"),
        ({"layers": []}, ValueError, "layer"),
        ({"every": 0}, ValueError, "every must be a positive number of steps, got 0"),
    ],
)
def test_what_cannot_be_followed_is_refused(change, error, words: str) -> None:
    with pytest.raises(error, match=words):
        PointTracker(**{"inputs": X, "targets": Y, "layers": LAYERS, **change})


def test_what_is_not_there_is_refused_by_name() -> None:
    tracker = PointTracker(X, Y, LAYERS)
    with pytest.raises(ValueError, match="nothing is recorded yet; pass a PointTracker to a Trainer"):
        tracker.gram()
    track_one = track(Net(), steps=2)
    with pytest.raises(KeyError, match="layer 'last' is not recorded; recorded are encoder"):
        track_one.gram("last")
    with pytest.raises(ValueError, match="record must be the number of one, from -3 to 2, got 3"):
        track_one.gram("middle", 3)


def test_points_that_are_the_same_are_recorded_as_such() -> None:
    net, order = Net(), [4, 0, 4, 1, 0, 2]
    some, all_of_them = PointRecorder(net, X[order], Y[order], ["middle"]), PointRecorder(net, X, Y, ["middle"])
    for recorder in (some, all_of_them):
        recorder.record(0)
    np.testing.assert_allclose(some.outputs[0], all_of_them.outputs[0][order], atol=1e-6)
    distances = [x.frame().pivot(index="first", columns="second", values="dh2") for x in (some, all_of_them)]
    assert distances[0].loc[0, 2] == distances[0].loc[1, 4] == 0
    assert distances[0].loc[0, 1] == pytest.approx(distances[1].loc[0, 4], rel=1e-4)


def test_tokens_have_no_distance_and_need_none() -> None:
    tokens = torch.tensor([[0, 1], [1, 2], [3, 0]])
    network = nn.Sequential(nn.Embedding(4, 3), nn.Flatten(), nn.Linear(6, 1))
    recorder = PointRecorder(network, tokens, torch.zeros(3, 1), ["1"])
    recorder.record(0)
    assert recorder.frame().shape == (3, 5)


def test_a_network_that_diverged_is_recorded_as_it_is() -> None:
    net = Net()
    recorder = PointRecorder(net, X, Y, ["middle"])
    recorder.record(0)
    with torch.no_grad():
        net.middle.weight.fill_(torch.nan)
    recorder.record(1)
    assert recorder.frame()["dh2"].isna().sum() == 190
    assert copy.deepcopy(recorder.state_dict())["steps"] == [0, 1]
