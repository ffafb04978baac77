"""A probe says what gradients and differences say of a network."""

import math

import numpy as np
import pytest
import torch
from probed import NO_DERIVATIVE, NO_SLOPE, Apply, Conv, D, Gru, Parts, mlp, pairs_of, seeded
from repdyn.experiments import Layer, tangent_rates
from repdyn.experiments.tracking.pairs import Pairs
from repdyn.experiments.tracking.probe import probe
from torch import nn

# Closed forms.


def test_a_linear_decoder_by_hand() -> None:
    net, pairs = seeded(lambda: nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2))), pairs_of(3, outputs=2)
    found = probe(net, pairs, ["0"])
    x = pairs.points[pairs.where]
    dh = ((x[:, 1] - x[:, 0]) @ net[0].weight.T).detach()
    b = (pairs.targets[:, 1] - pairs.targets[:, 0]) @ net[1].weight.detach()
    assert found.alignment["0"] == pytest.approx(torch.cosine_similarity(dh, b).numpy(), rel=1e-12)
    assert found.taylor_ratio["0"] == pytest.approx(np.zeros(3), abs=1e-12)
    assert found.passed_by["0"] == pytest.approx(np.zeros(3), abs=1e-12)
    assert not found.failures


def test_a_cubic_decoder_by_hand() -> None:
    """Of h^3 the difference over (m - d/2, m + d/2) is 3 m^2 d + d^3/4, and the second is the remainder."""
    identity = nn.Linear(1, 1, bias=False).double()
    nn.init.ones_(identity.weight)
    x = torch.tensor([[[0.5], [1.5]], [[-1.0], [2.0]]], dtype=D)
    found = probe(Parts(identity, lambda h: h**3), Pairs(x, torch.tensor([[[0.0], [1.0]]] * 2)), ["encoder"])
    m, d = x.mean(1)[:, 0].numpy(), (x[:, 1] - x[:, 0])[:, 0].numpy()
    assert found.taylor_ratio["encoder"] == pytest.approx(d**2 / (12 * m**2), rel=1e-12)
    assert found.alignment["encoder"] == pytest.approx([1, 1], rel=1e-12)


def test_a_quadratic_decoder_is_exact_to_first_order_at_the_mean_and_aligned_as_its_mean_gradient() -> None:
    net = Parts(seeded(lambda: nn.Linear(3, 4)), lambda h: h.square().sum(1, keepdim=True))
    pairs = pairs_of(3)
    found = probe(net, pairs, ["encoder"])
    h = net.encoder(pairs.points[pairs.where]).detach()
    sign = torch.sign(pairs.targets[:, 1] - pairs.targets[:, 0])[:, 0]
    expected = sign * torch.cosine_similarity(h[:, 1] - h[:, 0], h.sum(1))
    assert found.taylor_ratio["encoder"] == pytest.approx(np.zeros(3), abs=1e-12)
    assert found.alignment["encoder"] == pytest.approx(expected.numpy(), rel=1e-12)


def test_a_tanh_decoder_by_hand_and_its_curvature_for_near_points() -> None:
    identity = nn.Linear(1, 1, bias=False).double()
    nn.init.ones_(identity.weight)
    mean, size = 0.4, 1e-2
    x = torch.tensor([[[mean - size / 2], [mean + size / 2]]], dtype=D)
    (found,) = probe(Parts(identity, torch.tanh), Pairs(x, x), ["encoder"]).taylor_ratio["encoder"]
    slope = 1 - math.tanh(mean) ** 2
    exact = abs(math.tanh(mean + size / 2) - math.tanh(mean - size / 2) - slope * size) / (slope * size)
    third = abs(6 * math.tanh(mean) ** 2 - 2)  # over the slope
    assert found == pytest.approx(exact, rel=1e-6)
    assert found == pytest.approx(third * size**2 / 24, rel=1e-4)


def test_relu_between_points_on_one_side_of_its_kinks_is_linear() -> None:
    net = seeded(lambda: mlp(nonlinearity=nn.ReLU))
    x = torch.randn(1, 1, 3, dtype=D) + 1e-7 * torch.randn(1, 2, 3, dtype=D)
    assert probe(net, Pairs(x, torch.tensor([[[0.0], [1.0]]])), ["0"]).taylor_ratio["0"] < 1e-6


def test_the_direction_of_outputs_is_that_of_targets_and_of_predictions_where_they_agree() -> None:
    net, pairs = seeded(mlp), pairs_of(3)
    found = probe(net, pairs, ["2"]).alignment["2"]
    turned = Pairs(pairs.points[pairs.where], -pairs.targets)
    assert probe(net, turned, ["2"]).alignment["2"] == pytest.approx(-found)
    agreeing = Pairs(pairs.points[pairs.where], torch.zeros(3, 2, 1))
    y = net(pairs.points[pairs.where]).detach()[..., 0]
    of_targets = (pairs.targets[:, 1] - pairs.targets[:, 0])[:, 0]
    sign = torch.sign((y[:, 1] - y[:, 0]) * of_targets)
    assert probe(net, agreeing, ["2"]).alignment["2"] == pytest.approx(found * sign.numpy())


# Against the rates of a pair.


@pytest.mark.parametrize("layer", ["1", "3"])
def test_it_is_what_tangent_rates_say(layer: str) -> None:
    net, pairs = seeded(mlp), pairs_of(3, count=1)
    x = pairs.points[pairs.where[0]]
    rates = tangent_rates(net, layer, x, lr=2.0)
    found = probe(net, pairs, [layer])
    h = {"1": net[:2], "3": net[:4]}[layer](x).detach()
    dh = h[1] - h[0]
    points = [found.kernel.points.index(i) for i in pairs.where[0].tolist()]

    def of_difference(kernel):
        first, second = points
        return kernel[first, first] - 2 * kernel[first, second] + kernel[second, second]

    assert of_difference(found.kernel.before[layer]) == pytest.approx(rates.encoder * rates.b2, rel=1e-10)
    assert of_difference(found.kernel.after[layer]) == pytest.approx(rates.decoder * rates.dh2, rel=1e-10)
    assert of_difference(found.kernel.whole) == pytest.approx(2 * rates.f_speed, rel=1e-10)
    if layer == "3":  # what follows is linear, so that b . dh is f
        assert float(dh @ dh) == pytest.approx(rates.dh2)
        assert found.alignment[layer] ** 2 == pytest.approx(rates.f**2 / (rates.dh2 * rates.b2), rel=1e-10)
        assert 1 - found.alignment[layer] ** 2 == pytest.approx(rates.gram / (rates.dh2 * rates.b2), rel=1e-8)


# Against finite differences.


@pytest.mark.parametrize(
    ("make", "layer", "shape", "outputs"),
    [(Conv, Layer("conv"), (1, 6, 6), 4), (Gru, Layer("rnn", select=0, pool="last"), (5, 2), 2)],
    ids=["CNN", "GRU"],
)
def test_it_is_what_finite_differences_say(make, layer, shape, outputs) -> None:
    net, pairs = seeded(make).eval(), pairs_of(*shape, outputs=outputs)
    found = probe(net, pairs, [layer])
    x, eps = pairs.points[pairs.where], 1e-5
    with torch.no_grad():
        for i in range(len(x)):
            h = net.before(x[i])
            y, dh, mean = net.after(h), h[1] - h[0], h.mean(0, keepdim=True)
            u = pairs.targets[i, 1] - pairs.targets[i, 0]
            u = u / u.norm()
            steps = eps * torch.eye(h.shape[1], dtype=D)
            b = sum((net.after(p + steps) - net.after(p - steps)) @ u / (4 * eps) for p in h)
            first = (net.after(mean + eps * dh) - net.after(mean - eps * dh))[0] / (2 * eps)
            dy = y[1] - y[0]
            assert found.alignment[layer.name][i] == pytest.approx(float(torch.cosine_similarity(dh, b, 0)), rel=1e-7)
            assert found.taylor_ratio[layer.name][i] == pytest.approx(
                float((dy - first).norm() / first.norm()), rel=1e-6
            )
    assert found.passed_by[layer.name] == pytest.approx(np.zeros(3), abs=1e-12)


class Doubled(torch.autograd.Function):
    """Has no forward derivatives."""

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


def test_where_forward_derivatives_do_not_exist_the_jacobian_is_taken_by_outputs() -> None:
    plain, special = (
        seeded(lambda f=f: nn.Sequential(nn.Linear(3, 5), Apply(f), nn.Tanh(), nn.Linear(5, 2)))
        for f in (lambda x: 2 * x, Doubled.apply)
    )
    pairs = pairs_of(3, outputs=2)
    one, other = (probe(net, pairs, ["0"]) for net in (plain, special))
    assert other.taylor_ratio["0"] == pytest.approx(one.taylor_ratio["0"], rel=1e-12)
    assert not other.failures
    constant = nn.Sequential(*special, Apply(lambda y: torch.stack([y[:, 0], torch.ones_like(y[:, 0])], 1)))
    by_hand = nn.Sequential(*plain, Apply(lambda y: y * torch.tensor([1.0, 0.0], dtype=D)))
    one, other = (probe(net, pairs, ["0"]) for net in (by_hand, constant))
    assert other.taylor_ratio["0"] == pytest.approx(one.taylor_ratio["0"], rel=1e-12)
    many = nn.Sequential(*special[:3], nn.Linear(5, 65).double())
    found = probe(many, pairs_of(3, outputs=65), ["0"])
    assert np.isnan(found.taylor_ratio["0"]).all()
    assert "Taylor ratio: NotImplementedError: You must implement the jvp function" in found.failures["0"]
    assert np.isfinite(found.alignment["0"]).all()


# What passes a layer by.


class Skip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.branch, self.last = nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 1)

    def forward(self, x):
        h = self.first(x)
        return self.last(h + self.branch(h))


def test_what_passes_a_layer_by_is_measured_and_its_own_part_is_taken_in_what_else_there_is() -> None:
    net, pairs = seeded(Skip), pairs_of(3)
    found = probe(net, pairs, ["first", "branch"])
    h = net.first(pairs.points[pairs.where])
    past, dy = (net.last.weight @ x.diff(dim=1)[:, 0].T for x in (h, h + net.branch(h)))
    assert found.passed_by["branch"] == pytest.approx((past / dy).abs()[0].detach().numpy(), rel=1e-10)
    assert found.passed_by["first"] == pytest.approx(np.zeros(3), abs=1e-12)
    assert found.taylor_ratio["branch"] == pytest.approx(np.zeros(3), abs=1e-10)
    assert "some parameters act on both sides of the layer" in found.kernel.failures["branch"]
    assert set(found.kernel.before) == {"first"}


class Aside(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used, self.unused = nn.Linear(3, 1), nn.Linear(3, 2)

    def forward(self, x):
        self.unused(x)
        return self.used(x)


def test_a_layer_that_is_not_used_has_no_gradient() -> None:
    found = probe(seeded(Aside), pairs_of(3), ["used", "unused"])
    assert found.passed_by["unused"] == pytest.approx(np.ones(3))
    assert np.isnan(found.alignment["unused"]).all()
    assert found.failures == {"unused": f"{NO_SLOPE}; {NO_DERIVATIVE}"}
