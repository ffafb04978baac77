"""Training with Lightning is gradient descent, and a run that diverges says so."""

import math
import os
from importlib import import_module
from itertools import pairwise

import pytest
import torch
from repdyn.experiments.settings import Collective, Context, DigitStructure, HeldOutDigits, TwoPoints, Xor
from repdyn.experiments.tracking.tracker import PairTracker
from repdyn.experiments.training import linear
from repdyn.experiments.training.lightning import Batches, Supervised, cross_entropy, fit, half_squared_error
from repdyn.experiments.training.networks import MLP
from repdyn.experiments.training.plain_loop import train
from repdyn.experiments.trials import two_points
from repdyn.experiments.trials.two_points import data, prepare


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


def ends_of(network: MLP) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in network.parameters()])


@pytest.mark.parametrize("batch", [32, 8], ids=["full batch", "minibatches"])
def test_large_maps_move_in_the_backward_pass_and_end_where_they_would_after_it(batch: int, monkeypatch) -> None:
    """To rounding; and afterwards a backward pass moves nothing and leaves its gradients."""
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(32, 4, generator=generator), torch.randn(32, 3, generator=generator)
    by_hand = network(seed=1)
    train(by_hand, Batches(x, y, batch=batch, steps=60, seed=2), lr=0.05)
    monkeypatch.setattr(linear, "_LARGE", 16 * 16)
    moved = network(seed=1)
    fit(Supervised(moved, lr=0.05), Batches(x, y, batch=batch, steps=60, seed=2), [])
    assert [p.grad is None for p in moved.parameters()] == [False, False, True, False, True, False, False, False]
    torch.testing.assert_close(ends_of(moved), ends_of(by_hand), rtol=1e-5, atol=1e-6)
    end = ends_of(moved)
    half_squared_error(moved(x), y).backward()
    assert torch.equal(ends_of(moved), end)
    assert not any(p.grad is None for p in moved.parameters())


def test_the_gradient_of_the_inputs_is_that_before_the_step() -> None:
    torch.manual_seed(0)
    map, x = linear.Linear(3, 2), torch.randn(5, 3, requires_grad=True)
    weight, map.descent = map.weight.detach().clone(), linear.Descent()
    with map.descent.step(0.1):
        y = map(x)
    pull = torch.randn(5, 2)
    y.backward(pull)
    torch.testing.assert_close(x.grad, pull @ weight)
    torch.testing.assert_close(map.weight, weight - 0.1 * pull.T @ x)
    torch.testing.assert_close(map.bias.grad, pull.sum(0))


def test_a_pass_that_uses_a_map_twice_is_refused() -> None:
    map = linear.Linear(3, 3)
    map.descent = linear.Descent()
    with map.descent.step(0.1):
        y = map(map(torch.ones(2, 3)))
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("options", [{"optimiser": "momentum"}, {"optimiser": "adam"}, {"weight_decay": 0.1}], ids=str)
def test_no_other_optimiser_leaves_maps_to_the_backward_pass(options, monkeypatch) -> None:
    x, y = torch.randn(2, 32, 4, generator=torch.Generator().manual_seed(0)).unbind()
    ends = []
    for large in (1, 2**40):
        monkeypatch.setattr(linear, "_LARGE", large)
        trained = network(seed=1)
        fit(Supervised(trained, 0.01, **options), Batches(x, y[:, :3], batch=8, steps=12, seed=2), [])
        ends.append(ends_of(trained))
    assert torch.equal(*ends)


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


def one_step(**how) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The weight before and after a step of training, and the gradient of half the squared error."""
    layer = torch.nn.Linear(2, 1, bias=False)
    x, y = torch.tensor([[1.0, 2.0], [0.5, -1.0]]), torch.tensor([[0.3], [0.1]])
    before = layer.weight.detach().clone()
    error = x @ before.T - y
    fit(Supervised(layer, lr=0.1, **how), Batches(x, y, batch=2, steps=1, seed=0), [])
    return before, layer.weight.detach(), (error * x).mean(0)


def test_weight_decay_takes_a_share_of_each_weight() -> None:
    before, after, gradient = one_step(weight_decay=0.5)
    assert torch.allclose(after, before - 0.1 * (gradient + 0.5 * before))


def test_the_first_step_of_adam_is_the_learning_rate_against_the_gradients_sign() -> None:
    before, after, gradient = one_step(optimiser="adam")
    assert torch.allclose(after, before - 0.1 * gradient.sign(), atol=1e-5)


def test_momentum_adds_nine_tenths_of_the_last_step() -> None:
    weights: list[float] = []

    class Recording(Supervised):
        def training_step(self, batch, batch_idx):
            weights.append(self.network.weight.item())
            return super().training_step(batch, batch_idx)

    x, y = torch.ones(2, 1), torch.zeros(2, 1)
    layer = torch.nn.Linear(1, 1, bias=False)
    fit(Recording(layer, lr=0.01, optimiser="momentum"), Batches(x, y, batch=2, steps=4, seed=0), [])
    steps = [after - before for before, after in pairwise(weights)]
    for (last, step), weight in zip(pairwise(steps), weights[1:], strict=False):
        assert step == pytest.approx(0.9 * last - 0.01 * weight, abs=1e-6)


def test_cross_entropy_is_that_of_one_logit_and_two_classes() -> None:
    logits, classes = torch.tensor([[0.7], [-0.3]]), torch.tensor([[0.0], [1.0]])
    expected = (math.log(1 + math.exp(0.7)) + math.log(1 + math.exp(0.3))) / 2
    assert cross_entropy(logits, classes).item() == pytest.approx(expected)


def test_training_stops_when_the_loss_is_below_a_bound() -> None:
    setting = TwoPoints(width=16, hidden_layers=1, layer=0, steps=5000, lr=0.1, until=1e-3)
    frame, diverged_at = two_points.train(setting)
    assert diverged_at is None
    assert 10 < frame["step"].iloc[-1] < 4999
    assert frame["loss"].iloc[-2] < 1e-3 <= frame["loss"].iloc[-3]


def test_a_batch_of_one_shows_one_point_a_step() -> None:
    _, batches, _ = prepare(TwoPoints(width=8, hidden_layers=1, layer=0, steps=6, batch=1))
    shown = [x.item() for x, _ in batches]
    assert [sorted(shown[i : i + 2]) for i in (0, 2, 4)] == [[-1.0, 0.0]] * 3


def test_under_cross_entropy_the_targets_are_classes() -> None:
    _, y = data(TwoPoints(loss="cross_entropy", dy2=1.0))
    assert y.flatten().tolist() == [0.0, 1.0]


def test_a_run_that_does_not_diverge_says_so() -> None:
    module, batches, tracker = prepare(TwoPoints(width=8, hidden_layers=1, layer=0, steps=5))
    assert fit(module, batches, [tracker]) is None
    assert isinstance(tracker, PairTracker)
    assert tracker.steps.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(device: str, monkeypatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    words = f"there is no device '{device}' here, or torch was built without it; train on one of cpu"
    with pytest.raises(ValueError, match=words):
        two_points.train(TwoPoints(width=4, hidden_layers=1, layer=0, steps=2, device=device))


def test_a_setting_says_where_its_network_is_trained(monkeypatch) -> None:
    """Every kind of setting that has a device: what the trainer is told, which then stops."""
    asked: list[tuple[str, int]] = []

    class Told(Exception):
        pass

    def trainer(*, accelerator: str, devices: int, **_: object) -> None:
        asked.append((accelerator, devices))
        raise Told

    monkeypatch.setattr("pytorch_lightning.Trainer", trainer)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "is put back afterwards")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    kinds = (TwoPoints, Xor, Context, HeldOutDigits, DigitStructure, Collective)
    for kind in kinds:
        setting = kind(width=4, hidden_layers=1, layer=0, steps=2, every=1, device="cuda")
        with pytest.raises(Told):
            import_module(setting.module).run_trial(setting)
    assert asked == [("cuda", 1)] * len(kinds)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


def test_batches_go_where_the_network_is() -> None:
    x, y = torch.zeros(2, 4), torch.zeros(2, 3)
    there = Supervised(network(0), 0.1).transfer_batch_to_device((x, y), torch.device("meta"), 0)
    assert [z.device.type for z in there] == ["meta", "meta"]
