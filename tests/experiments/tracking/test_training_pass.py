"""What is taken from the training pass itself, and when it is not."""

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from repdyn.experiments import PairTracker
from repdyn.experiments.training.lightning import Batches, fit, half_squared_error
from torch import nn
from tracked import LAYERS, PAIRS, Net, X, Y, track

SEPARATE = {}, {"forward": lambda m, x: m(x)}
"""What lets training passes be taken, and what does not."""


def test_full_batch_training_is_tracked_without_forward_passes_of_its_own() -> None:
    net = Net()
    track(net, steps=30)
    assert net.forwards.number == 30 + 3  # two before the first step and one after the last


def test_minibatch_training_takes_one_pass_for_each_record() -> None:
    net = Net()
    tracker = track(net, batch=4, steps=30, every=10)
    assert tracker.steps.tolist() == [0, 10, 20, 30]
    assert net.forwards.number == 30 + 5


def test_minibatches_that_happen_to_hold_the_points_lose_no_record() -> None:
    tracker = track(Net(), batch=10, steps=40, pairs=PAIRS[:1], layers=["middle"])
    assert tracker.steps.tolist() == list(range(41))


def test_a_layer_followed_by_one_that_works_in_place_keeps_its_output() -> None:
    nets = Net(), Net()
    for net, choice in zip(nets, (True, False), strict=True):
        net.encoder[1] = nn.ReLU(inplace=choice)
    in_place, copying = (track(net, steps=5, layers=["encoder.0"]) for net in nets)
    np.testing.assert_allclose(in_place.state().dh2, copying.state().dh2, rtol=1e-6)


def test_values_from_the_training_pass_are_those_of_a_separate_pass() -> None:
    class Hidden(Net):
        """The same network, whose batches do not show the tracked inputs."""

        def training_step(self, batch, batch_idx):
            return half_squared_error(self(X), Y)

    captured = track(Net(), steps=9)
    tracker = PairTracker(X[PAIRS], Y[PAIRS], LAYERS)
    net = Hidden()
    fit(net, Batches(X[:1] * 0, Y[:1], batch=1, steps=9, seed=0), [tracker])
    assert net.forwards.number == 9 + 11
    np.testing.assert_allclose(captured.frame()["dh2"], tracker.frame()["dh2"], rtol=1e-4)
    np.testing.assert_allclose(captured.frame()["w"], tracker.frame()["w"], rtol=1e-4, atol=1e-6)


def test_a_full_batch_may_be_shuffled_at_every_step() -> None:
    class Shuffled(Batches):
        def __iter__(self):
            generator = torch.Generator().manual_seed(0)
            for _ in range(self.steps):
                order = torch.randperm(len(self.x), generator=generator)
                yield self.x[order], self.y[order]

    net, in_order = Net(), track(Net(), steps=9)
    tracker = PairTracker(X[PAIRS], Y[PAIRS], LAYERS)
    fit(net, Shuffled(X, Y, batch=20, steps=9, seed=0), [tracker])
    assert net.forwards.number == 9 + 3
    np.testing.assert_allclose(tracker.frame()["dh2"], in_order.frame()["dh2"], rtol=1e-4)


@pytest.mark.parametrize("more", [0, 2], ids=["all there is", "with others behind them"])
def test_points_in_their_order_are_kept_from_what_works_in_place(more: int) -> None:
    x = torch.cat([X[:4][X[:4, 0].argsort()], X[10 : 10 + more]])
    trackers = [PairTracker(x[:4].view(2, 2, -1), Y[:4].view(2, 2, -1), ["encoder.0"], **how) for how in SEPARATE]
    for tracker in trackers:
        net = Net()
        net.encoder[1] = nn.ReLU(inplace=True)
        fit(net, Batches(x, Y[: len(x)], batch=len(x), steps=9, seed=0), [tracker])
        assert net.forwards.number == (9 + 11 if tracker is trackers[1] else 9 + 3)
    shown, alone = (tracker.frame() for tracker in trackers)
    np.testing.assert_allclose(shown["dh2"], alone["dh2"], rtol=1e-4)
    np.testing.assert_allclose(shown["w"], alone["w"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("between", [nn.Dropout(0.5), nn.BatchNorm1d(8)], ids=["dropout", "batch norm"])
def test_a_network_that_differs_in_training_is_tracked_in_evaluation_mode(between: nn.Module) -> None:
    net = Net(between)
    tracker = track(net, steps=5)
    assert net.forwards.number == 5 + 7
    net.eval()
    with torch.no_grad():
        h = net.middle(net.between(net.encoder(X[PAIRS[0]]))).double()
    assert tracker.state(0, "middle")[-1].dh2 == pytest.approx(float((h[1] - h[0]).square().sum()), rel=1e-5)


def test_a_training_pass_over_other_points_than_the_batch_is_not_taken_for_it() -> None:
    class Twofold(Net):
        """Shows the network the batch behind points of its own."""

        def training_step(self, batch, batch_idx):
            x, y = batch
            return half_squared_error(self(torch.cat([0 * x, x]))[len(x) :], y)

    found, expected = track(Twofold(), steps=3), track(Net(), steps=3)
    np.testing.assert_allclose(found.frame()["dh2"], expected.frame()["dh2"], rtol=1e-4)


def test_a_training_pass_that_comes_to_differ_is_noticed_and_its_records_are_dropped() -> None:
    class Later(Net):
        """Dropout sets in at the 130th step."""

        def training_step(self, batch, batch_idx):
            self.between = nn.Dropout(0.5) if len(self.losses) >= 130 else nn.Identity()
            self.between.train()
            return super().training_step(batch, batch_idx)

    net = Later()
    with pytest.warns(UserWarning, match="the records of steps 101 to 199 are dropped: they were taken"):
        frame = track(net, layers=["encoder"], steps=220).frame()
    alone = Later()
    expected = track(alone, layers=["encoder"], steps=220, forward=lambda m, x: m(x)).frame()
    assert alone.losses == net.losses
    expected = expected.merge(frame[["step", "pair"]], on=["step", "pair"])
    np.testing.assert_allclose(frame["dy2"], expected["dy2"], rtol=1e-4, atol=1e-7)


def test_records_are_there_whenever_they_are_asked_for() -> None:
    class Reader(pl.Callback):
        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            seen.append((tracker.steps.tolist()[-1], len(tracker.frame()), len(tracker.state_dict()["steps"])))

    seen: list[tuple[int, int, int]] = []
    tracker = PairTracker(X[PAIRS], Y[PAIRS], LAYERS)
    fit(Net(), Batches(X, Y, batch=20, steps=5, seed=0), [tracker, Reader()])
    assert seen == [(step, (step + 1) * len(PAIRS) * len(LAYERS), step + 1) for step in range(5)]


def test_records_end_at_the_step_that_cannot_be_recorded_and_not_before() -> None:
    class Collapsing(Net):
        """Of the fourth pass on all points are nearly the same."""

        def training_step(self, batch, batch_idx):
            if len(self.losses) == 3:
                torch.nn.init.zeros_(self.middle.bias)
                torch.nn.init.constant_(self.middle.weight, 1e-200)
            return super().training_step(batch, batch_idx)

    tracker = PairTracker(X.double()[PAIRS], Y.double()[PAIRS], ["middle"])
    net = Collapsing().double()
    with pytest.warns(UserWarning, match="records nothing more: dh must be 0 or long enough for its square"):
        fit(net, Batches(X.double(), Y.double(), batch=20, steps=9, seed=0), [tracker])
    assert len(net.losses) == 9
    assert not any(module._forward_hooks for module in net.modules())
    with pytest.warns(UserWarning, match="the records end at step 2: dh must be 0"):
        assert tracker.frame()["step"].unique().tolist() == [0, 1, 2]
