"""What a step is: optimiser steps or batches, and which of them are recorded."""

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from repdyn.experiments import PairTracker, compare
from repdyn.experiments.training.lightning import Batches, fit, half_squared_error
from torch import nn
from tracked import LAYERS, PAIRS, Net, X, Y, by_hand, track


class ByHand(Net):
    """Manual optimisation, in which anything may happen in a batch."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.way = way

    def configure_optimizers(self):
        if self.way == "none":
            self.own = super().configure_optimizers()
            return None
        if self.way == "two":
            parts = self.encoder, nn.ModuleList([self.middle, self.decoder])
            return [torch.optim.SGD(part.parameters(), lr=0.05) for part in parts]
        return super().configure_optimizers()

    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)
        self.zero_grad()
        self.manual_backward(loss)
        found = self.own if self.way == "none" else self.optimizers(use_pl_optimizer=self.way != "past Lightning")
        for optimiser in found if isinstance(found, list) else [found]:
            for _ in range({"twice": 2, "never": 0}.get(self.way, 1)):
                optimiser.step()
        return loss


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("two", "counts the training steps of one optimiser, got 2 of the network's parameters; return one from"),
        ("none", "counts the training steps of one optimiser, got 0 of the network's parameters"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*returned `None`, this fit will run with no optimizer")
def test_steps_of_several_optimisers_or_none_are_refused_before_training(way: str, words: str) -> None:
    net = ByHand(way)
    with pytest.raises(ValueError, match=words):
        track(net, steps=4)
    assert net.losses == []
    assert not any(module._forward_hooks for module in net.modules())


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("twice", "a batch must make at most one optimiser step, got 2 in the one after step 0: rates would"),
        ("past Lightning", r"did not count the optimiser step of the batch after step 0; step what self\.optimizers"),
        ("never", "global_step is still 0 after an epoch: no optimiser step was counted, and there is no time"),
    ],
)
def test_steps_that_are_not_one_a_batch_end_the_records_and_not_the_training(way: str, words: str) -> None:
    net, alone = ByHand(way), ByHand(way)
    with pytest.warns(UserWarning, match=f"PairTracker records nothing more: .*{words}"):
        tracker = track(net, steps=4)
    fit(alone, Batches(X, Y, batch=20, steps=4, seed=0), [])
    assert net.losses == alone.losses != []
    assert not any(module._forward_hooks for module in net.modules())
    with pytest.warns(UserWarning, match=f"the records end at step 0: .*{words}"):
        assert set(tracker.frame()["step"]) == {0}


@pytest.mark.parametrize("way", ["two", "twice", "past Lightning", "once"])
def test_batches_are_counted_whatever_is_done_with_them(way: str) -> None:
    net = ByHand(way)
    tracker = track(net, steps=4, count="batches", every=3)
    assert tracker.steps.tolist()[:2] == [0, 3]
    assert tracker.problem == ""
    assert tracker.steps[-1] == len(net.losses)
    assert tracker.state(1, "middle").dh2[-1] == pytest.approx(by_hand(net, [0, 2])[0], rel=1e-5)


def test_one_step_a_batch_by_hand_is_a_training_step() -> None:
    net = ByHand("once")
    by_hand, automatic = track(net, steps=6), track(Net(), steps=6)
    assert by_hand.steps.tolist() == list(range(7))
    np.testing.assert_allclose(by_hand.frame()["dh2"], automatic.frame()["dh2"], rtol=1e-6)
    assert not net.trainer.optimizers[0]._optimizer_step_post_hooks


# What Lightning's own trainer warns of here: its use of torch, and that data in memory need no worker processes.
@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning", "ignore:.*does not have many workers")
def test_gradient_accumulation_is_counted_in_optimiser_steps() -> None:
    tracker = PairTracker(X[PAIRS], Y[PAIRS], LAYERS)
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=3,
        accumulate_grad_batches=2,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        callbacks=[tracker],
    )
    loader = torch.utils.data.DataLoader([(x, y) for x, y in zip(X, Y, strict=True)], batch_size=5)
    trainer.fit(Net(), loader)
    assert tracker.steps.tolist() == list(range(3 * 2 + 1))


class Two(Net):
    """Two optimisers by hand: one steps in every batch, the other a number of times in each, before or after."""

    def __init__(self, others: int = 1) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.others = others

    def configure_optimizers(self):
        rest = [*self.middle.parameters(), *self.decoder.parameters()]
        return [torch.optim.SGD(self.encoder.parameters(), lr=0.05), torch.optim.Adam(rest, lr=0.001)]

    def training_step(self, batch, batch_idx):
        first, second = self.optimizers()
        for optimiser, times in ((first, 1), (second, self.others)):
            for _ in range(times):
                loss = super().training_step(batch, batch_idx)
                self.zero_grad()
                self.manual_backward(loss)
                optimiser.step()
        return loss


def seen_before_batches(net: Two, steps: int) -> list[float]:
    """dh2 at the middle layer before each batch and at the end, by a plain loop."""
    first, second = net.configure_optimizers()
    found = []
    for _ in range(steps):
        found.append(by_hand(net, [0, 1])[0])
        for optimiser, times in ((first, 1), (second, net.others)):
            for _ in range(times):
                net.zero_grad()
                half_squared_error(net(X), Y).backward()
                optimiser.step()
    return [*found, by_hand(net, [0, 1])[0]]


@pytest.mark.parametrize(
    ("count", "others", "batches", "every", "expected", "counted"),
    [
        (0, 1, 60, 10, [0, 10, 20, 30, 40, 50, 60], "steps of optimiser 0"),
        ("Adam", 1, 60, 10, [0, 10, 20, 30, 40, 50, 60], "steps of Adam"),
        ("Adam", 3, 12, 10, [0, 12, 21, 30, 36], "steps of Adam"),
        ("SGD", 3, 12, 5, [0, 5, 10, 12], "steps of SGD"),
        (1, 13, 4, 5, [0, 13, 26, 39, 52], "steps of optimiser 1"),
        ("batches", 2, 12, 5, [0, 5, 10, 12], "batches"),
    ],
)
def test_steps_of_an_optimiser_that_is_named_are_counted(
    count: str | int, others: int, batches: int, every: int, expected: list[int], counted: str
) -> None:
    tracker = track(Two(others), steps=batches, every=every, count=count, layers=["middle"])
    assert tracker.steps.tolist() == expected
    frame = tracker.frame()
    assert frame.columns[-1] == "counted"
    assert set(frame["counted"]) == {counted}
    a_batch = others if count in ("Adam", 1) else 1
    plain = seen_before_batches(Two(others), batches)
    np.testing.assert_allclose(tracker.state(0).dh2, [plain[step // a_batch] for step in expected], rtol=1e-4)
    assert len(compare(frame)) == 3


def test_1500_batches_are_1500_steps_of_one_optimiser() -> None:
    tracker = track(Two(), steps=1500, every=500, count=0, layers=["middle"], pairs=PAIRS[:1])
    assert tracker.steps.tolist() == [0, 500, 1000, 1500]
    assert tracker.frame()["step"].max() == 1500


def test_one_step_then_two_a_batch_are_recorded_at_every_crossing() -> None:
    class Growing(Two):
        def training_step(self, batch, batch_idx):
            self.others = 1 if len(self.losses) < 40 else 2
            return super().training_step(batch, batch_idx)

    steps = track(Growing(), steps=60, every=10, count="Adam", layers=["middle"]).steps.tolist()
    assert steps == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]


@pytest.mark.parametrize("batch", [20, 4], ids=["full batch", "minibatches"])
def test_a_training_pass_after_a_step_in_the_same_batch_is_not_taken_for_the_one_before_it(batch: int) -> None:
    class After(Two):
        """The whole network is called once, for what it says of the batch, when one optimiser has stepped."""

        def training_step(self, batch, batch_idx):
            x, y = batch
            first, _ = self.optimizers()
            half_squared_error(self.decoder(self.middle(self.encoder(x))), y).backward()
            first.step()
            first.zero_grad()
            return self(x).mean()

    # ``middle`` is called twice, by itself and in the pass; ``forward`` once.
    tracker = track(After(), batch=batch, steps=5, count=0, layers=["between"])
    assert tracker.steps.tolist() == [0, 1, 2, 3, 4, 5]
    again = track(After(), batch=batch, steps=5, count=0, layers=["between"], forward=lambda m, x: m(x))
    np.testing.assert_allclose(tracker.frame()["dh2"], again.frame()["dh2"], rtol=1e-5)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (
            2,
            r"the number of an optimiser or the class of just one, got 2; there are 0 \(SGD\), 1 \(Adam\)",
        ),
        ("LBFGS", r"or the class of just one, got 'LBFGS'; there are 0 \(SGD\), 1 \(Adam\)"),
        ("steps", r"got 2 of the network's parameters; .* say which in count=.* \(0 \(SGD\), 1 \(Adam\)\), or"),
    ],
)
def test_an_optimiser_that_is_not_there_is_refused(count: str | int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        track(Two(), steps=4, count=count)


@pytest.mark.parametrize("count", [-1, True, "", 1.0, None])
def test_what_can_not_be_counted_is_refused(count) -> None:
    with pytest.raises(ValueError, match="count must be steps, batches, or the number or the class of an optimiser"):
        PairTracker(X[PAIRS], Y[PAIRS], LAYERS, count=count)


def test_an_optimiser_that_never_steps_ends_the_records() -> None:
    with pytest.warns(UserWarning, match=r"optimiser 1 \(Adam\) made no step after an epoch: no optimiser step was"):
        tracker = track(Two(others=0), steps=4, count="Adam")
    with pytest.warns(UserWarning, match="the records end at step 0"):
        assert set(tracker.frame()["step"]) == {0}
