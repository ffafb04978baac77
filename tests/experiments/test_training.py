"""Training with Lightning is gradient descent, and a run that diverges says so."""

import pytest
import torch
from repdyn.experiments.networks import MLP
from repdyn.experiments.plain_loop import train
from repdyn.experiments.settings import TwoPoints
from repdyn.experiments.tracker import PairTracker
from repdyn.experiments.training import Batches, Supervised, fit, half_squared_error
from repdyn.experiments.two_points import data, prepare


def network(seed: int) -> MLP:
    torch.manual_seed(seed)
    return MLP(4, 3, width=16, hidden_layers=3, nonlinearity="tanh", gain=1.0)


@pytest.mark.parametrize("batch", [32, 8], ids=["full batch", "minibatches"])
def test_lightning_takes_the_steps_of_a_plain_loop(batch: int) -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(32, 4, generator=generator), torch.randn(32, 3, generator=generator)
    by_lightning, by_hand = network(seed=1), network(seed=1)
    losses: list[float] = []

    class Recording(Supervised):
        def training_step(self, batch, batch_idx):
            loss = super().training_step(batch, batch_idx)
            losses.append(loss.item())
            return loss

    fit(Recording(by_lightning, lr=0.05), Batches(x, y, batch=batch, steps=60, seed=2), [])
    expected = train(by_hand, Batches(x, y, batch=batch, steps=60, seed=2), lr=0.05)
    assert losses == expected
    for ours, oracle in zip(by_lightning.parameters(), by_hand.parameters(), strict=True):
        assert torch.equal(ours, oracle)


def test_the_pairs_loss_is_the_training_loss_when_the_pair_is_all_there_is() -> None:
    setting = TwoPoints(width=16, hidden_layers=2, layer=1, steps=40, lr=0.05)
    module, batches, tracker = prepare(setting)
    oracle, _, _ = prepare(setting)
    fit(module, batches, [tracker])
    assert tracker.loss()[:-1] == pytest.approx(train(oracle.network, batches, lr=0.05), rel=1e-6)


def test_the_loss_is_summed_over_outputs_and_averaged_over_points() -> None:
    prediction, target = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.zeros(2, 2)
    assert half_squared_error(prediction, target).item() == pytest.approx((1 + 4) / 2 / 2)


def test_an_epoch_shows_every_point_once() -> None:
    x = torch.arange(12.0)[:, None]
    seen = torch.cat([batch for batch, _ in Batches(x, x, batch=4, steps=3, seed=5)])
    assert sorted(seen.flatten().tolist()) == x.flatten().tolist()
    assert seen.flatten().tolist() != x.flatten().tolist()


def test_batches_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    x = torch.arange(50.0)[:, None]
    first, again, other = (torch.cat([b for b, _ in Batches(x, x, batch=10, steps=7, seed=seed)]) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_weights_are_xavier_normal_times_the_gain_and_biases_zero() -> None:
    torch.manual_seed(0)
    net = MLP(300, 5, width=400, hidden_layers=2, nonlinearity="relu", gain=0.7)
    first, second = net.hidden[0][0], net.hidden[1][0]
    assert first.weight.std().item() == pytest.approx(0.7 * (2 / 700) ** 0.5, rel=0.02)
    assert second.weight.std().item() == pytest.approx(0.7 * (2 / 800) ** 0.5, rel=0.02)
    assert all(not p.any() for name, p in net.named_parameters() if name.endswith("bias"))


@pytest.mark.parametrize("size", [1, 4])
def test_the_two_points_are_as_far_apart_as_the_setting_says(size: int) -> None:
    x, y = data(TwoPoints(dx2=2.25, dy2=0.49, input_size=size, output_size=size))
    assert (x[1] - x[0]).square().sum().item() == pytest.approx(2.25, rel=1e-6)
    assert (y[1] - y[0]).square().sum().item() == pytest.approx(0.49, rel=1e-6)
    assert x[0].norm().item() == pytest.approx(1.0)


def test_training_stops_at_the_first_loss_that_is_not_a_number_and_says_when() -> None:
    setting = TwoPoints(width=16, hidden_layers=2, layer=1, steps=500, lr=50.0, nonlinearity="none")
    module, batches, tracker = prepare(setting)
    diverged_at = fit(module, batches, [tracker])
    assert diverged_at is not None
    assert 0 < diverged_at < 499
    assert len(tracker.steps) <= diverged_at + 2
    frame = tracker.frame()
    assert frame["loss"].iloc[:diverged_at].notna().all()


def test_a_run_that_does_not_diverge_says_so() -> None:
    module, batches, tracker = prepare(TwoPoints(width=8, hidden_layers=1, layer=0, steps=5))
    assert fit(module, batches, [tracker]) is None
    assert isinstance(tracker, PairTracker)
    assert tracker.steps.tolist() == [0, 1, 2, 3, 4, 5]
