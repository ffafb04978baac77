"""What a step is: optimiser steps or batches, and which of them are recorded."""

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from repdyn.experiments import PairTracker
from repdyn.experiments.training.lightning import Batches, fit
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
