"""A probe says what gradients and differences say, of any network, and leaves it as it was."""

import math
from collections import namedtuple
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from repdyn.experiments import Layer, tangent_rates
from repdyn.experiments.tracking.network_kernel import kernel_movement
from repdyn.experiments.tracking.pairs import Pairs
from repdyn.experiments.tracking.probe import probe
from torch import nn

D = torch.float64
NO_SLOPE = "alignment: the prediction has no gradient in what it puts out"
NO_DERIVATIVE = "Taylor ratio: the prediction has no derivative in what it puts out"


def pairs_of(*shape: int, outputs: int = 1, count: int = 3, dtype: torch.dtype = D) -> Pairs:
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(count, 2, *shape, generator=draw, dtype=dtype)
    return Pairs(x, torch.randn(count, 2, outputs, generator=draw))


def seeded(make, dtype: torch.dtype = D):
    torch.manual_seed(0)
    return make().to(dtype)


def mlp(inputs: int = 3, outputs: int = 1, nonlinearity=nn.Tanh) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 5), nonlinearity(), nn.Linear(5, 4), nonlinearity(), nn.Linear(4, outputs))


class Parts(nn.Module):
    """An encoder, and a decoder in closed form."""

    def __init__(self, encoder: nn.Module, decoder) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x):
        return self.decoder(self.encoder(x))


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


class Conv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Linear(3 * 16, 4)

    def forward(self, x):
        return self.head(torch.tanh(self.norm(self.conv(x))).flatten(1))

    def before(self, x):
        return self.conv(x).flatten(1)

    def after(self, h):
        return self.head(torch.tanh(self.norm(h.unflatten(1, (3, 4, 4)))).flatten(1))


class Reader(nn.Module):
    """The states of all times go into the prediction."""

    def __init__(self, kind=nn.GRU, outputs: int = 2) -> None:
        super().__init__()
        self.rnn, self.head = kind(2, 3, batch_first=True), nn.Linear(3, outputs)

    def forward(self, x):
        return self.after(self.before(x))

    def before(self, x):
        return self.rnn(x)[0].flatten(1)

    def after(self, h):
        return self.head(h.unflatten(1, (-1, 3)).square()).tanh().sum(1)


class Gru(Reader):
    def forward(self, x):
        return self.after(self.rnn(x)[0].flatten(1))


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


class Apply(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


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


# The kernel.


def test_the_kernel_of_a_linear_network_by_hand() -> None:
    net, pairs = seeded(lambda: nn.Linear(3, 2, bias=False)), pairs_of(3, outputs=2)
    found = probe(net, pairs, [""]).kernel
    x = pairs.points[list(found.points)]
    assert found.whole == pytest.approx(np.kron((x @ x.T).numpy(), np.eye(2)), rel=1e-12)
    assert len(set(found.points)) == 6


def test_the_parts_of_a_kernel_by_hand() -> None:
    net, pairs = seeded(lambda: nn.Sequential(nn.Linear(3, 5, bias=False), nn.Linear(5, 1, bias=False))), pairs_of(3)
    found = probe(net, pairs, ["0"]).kernel
    x = pairs.points[list(found.points)]
    h, w = (net[0](x).detach(), net[1].weight.detach())
    assert found.before["0"] == pytest.approx((float(w.square().sum()) * x @ x.T).numpy(), rel=1e-12)
    assert found.after["0"] == pytest.approx((h @ h.T).numpy(), rel=1e-12)
    assert found.before["0"] + found.after["0"] == pytest.approx(found.whole, rel=1e-12)


def trained(net: nn.Module, pairs: Pairs, steps: int, lr: float) -> nn.Module:
    x, targets, start = pairs.points[pairs.where], pairs.targets, net(pairs.points[pairs.where]).detach()
    for _ in range(steps):
        loss = (net(x) - start - targets).square().sum()
        for p, g in zip(net.parameters(), torch.autograd.grad(loss, list(net.parameters())), strict=True):
            p.data -= lr * g
    return net


def test_the_kernel_of_an_unchanged_network_has_not_moved_nor_that_of_one_rescaled() -> None:
    net, pairs = seeded(mlp), pairs_of(3)
    first = probe(net, pairs, ["1"]).kernel
    same = kernel_movement(first, probe(net, pairs, ["1"]).kernel)
    assert (same.network, same.before["1"], same.after["1"]) == (0, 0, 0)
    grown = replace(first, whole=3 * first.whole)
    assert kernel_movement(first, grown).network < 1e-30


def test_the_kernel_of_a_lazy_network_stays_and_of_a_rich_one_moves() -> None:
    """Outputs multiplied by a: the same change of the prediction takes a weight change of 1/a (Chizat et al. 2019)."""
    moved = []
    pairs = pairs_of(3)
    for scale in (1.0, 1e3, 1e4):
        net = Parts(seeded(mlp), lambda y, a=scale: a * y)
        first = probe(net, pairs, ["encoder.1"]).kernel
        trained(net, pairs, 100, 0.02 / scale**2)
        moved.append(kernel_movement(first, probe(net, pairs, ["encoder.1"]).kernel))
    for movements in zip(*((x.network, x.before["encoder.1"], x.after["encoder.1"]) for x in moved), strict=True):
        assert movements[0] > 1e3 * movements[1]
        assert movements[1] == pytest.approx(100 * movements[2], rel=0.05)  # the square of what the kernel changes


def test_a_kernel_of_many_outputs_and_parameters_is_bounded(monkeypatch) -> None:
    pairs = pairs_of(3, outputs=7, count=40)
    net = seeded(lambda: mlp(outputs=7))
    found = probe(net, pairs, ["1"]).kernel
    assert found.whole.shape == (16 * 4, 16 * 4)
    assert {int(pairs.where[0, 0]), int(pairs.where[-1, -1])} <= set(found.points)
    x = pairs.points[list(found.points)]
    rows = [
        torch.cat([g.flatten() for g in torch.autograd.grad(v, list(net.parameters()), retain_graph=True)])
        for v in net(x).flatten()
    ]
    whole = (torch.stack(rows) @ torch.stack(rows).T).reshape(16, 7, 16, 7)
    v = np.linalg.qr(np.random.default_rng(0).normal(size=(7, 4)))[0]
    expected = np.einsum("iajb,ak,bl->ikjl", whole.numpy(), v, v).reshape(64, 64)
    assert found.whole == pytest.approx(expected, rel=1e-9, abs=1e-12)
    for bytes_, shape in ((1, 2), (8 * 80 * 12, 12)):
        monkeypatch.setattr("repdyn.experiments.tracking.network_kernel._BYTES", bytes_)
        assert probe(net, pairs, ["1"]).kernel.whole.shape == (shape, shape)


def test_kernels_of_others_are_not_compared() -> None:
    net, pairs = seeded(mlp), pairs_of(3)
    one, other = probe(net, pairs, ["1"]).kernel, probe(net, pairs_of(3, count=2), ["1"]).kernel
    with pytest.raises(ValueError, match=r"two kernels can be compared if they are of the same pairs, points and outp"):
        kernel_movement(one, other)
    with pytest.raises(TypeError, match="now must be"):
        kernel_movement(one, None)
    nothing = kernel_movement(one, replace(one, whole=None, before={}))
    assert math.isnan(nothing.network)
    assert math.isnan(nothing.before["1"])
    assert nothing.after["1"] == 0


# Anybody's network.


class Transformer(nn.Module):
    def __init__(self, batch_first: bool = True) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.3, batch_first=batch_first)
        self.body, self.head, self.first = (
            nn.TransformerEncoder(layer, 2, enable_nested_tensor=False),
            None,
            batch_first,
        )
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        h = self.body(x if self.first else x.transpose(0, 1))
        return self.head(h.mean(1 if self.first else 0))


class Output(dict):
    """As those of Hugging Face: keys that are attributes too."""

    __getattr__ = dict.__getitem__


class Tokens(nn.Module):
    def __init__(self, output=Output) -> None:
        super().__init__()
        self.embedding, self.body, self.head = nn.Embedding(9, 4), Inner(output), nn.Linear(4, 2)

    def forward(self, input_ids, attention_mask):
        h = self.body(self.embedding(input_ids), attention_mask)
        return Output(logits=self.head(h["states"] if isinstance(h, dict) else h.states))


class Inner(nn.Module):
    def __init__(self, output) -> None:
        super().__init__()
        self.output = output

    def forward(self, h, mask):
        return self.output(states=(h * mask[..., None]).cumsum(1)[:, -1].tanh())


@dataclass(frozen=True)
class Frozen:
    states: torch.Tensor


class Held:
    def __init__(self, states) -> None:
        self.states = states


def token_pairs() -> Pairs:
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(9, (3, 2, 5), generator=draw)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return Pairs(inputs, torch.randn(3, 2, 2, generator=draw), dx2=[1.0] * 3)


def logits(module, inputs):
    return module(**inputs)["logits"]


class Flat(nn.Module):
    """Points and positions in one dimension."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(2, 3), nn.Linear(3, 1)

    def forward(self, x):
        h = self.first(x.flatten(0, 1)).tanh()
        return self.last(h).unflatten(0, x.shape[:2]).mean(1)


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.Linear(3, 3), nn.Linear(3, 1)

    def forward(self, x):
        return self.last(self.layer(self.layer(x).tanh()).tanh())


class InPlace(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.act, self.last = nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 1)

    def forward(self, x):
        h = self.act(self.first(x))
        h += 1
        return self.last(h.mul_(2))


class Noisy(nn.Module):
    """Draws before its layer, counts, keeps what it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 1)
        self.register_buffer("calls", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        self.calls += 1
        x = nn.functional.dropout(x + torch.randn_like(x[:1]) + np.random.rand(), 0.0)  # noqa: NPY002  # shared
        self.seen = h = self.first(x)
        return self.last(h)


def half_frozen() -> nn.Module:
    net = mlp()
    net[0].requires_grad_(False)
    net[2].bias.requires_grad_(False)
    return net


def normed() -> nn.Module:
    norm = nn.BatchNorm1d(4)
    norm.running_mean += 0.3
    return nn.Sequential(nn.Linear(3, 4), norm, nn.Dropout(0.5), nn.GELU(), nn.Linear(4, 1))


CASES = {
    "MLP": (mlp, ("0", "1", "3"), lambda d: pairs_of(3, dtype=d), None),
    "CNN": (Conv, ("conv", "norm"), lambda d: pairs_of(1, 6, 6, outputs=4, dtype=d), None),
    "batch norm and dropout": (normed, ("0", "1", "2"), lambda d: pairs_of(3, dtype=d), None),
    "GRU": (Gru, (Layer("rnn", select=0, pool="last"),), lambda d: pairs_of(5, 2, outputs=2, dtype=d), None),
    "LSTM": (
        *(lambda: Reader(nn.LSTM), (Layer("rnn", select=0, pool="mean"),)),
        *(lambda d: pairs_of(5, 2, outputs=2, dtype=d), None),
    ),
    "transformer": (Transformer, ("body.layers.0", "body"), lambda d: pairs_of(5, 4, outputs=2, dtype=d), None),
    "transformer, time first": (
        *(lambda: Transformer(False), (Layer("body.layers.0", batch=1), Layer("body", batch=1, pool="mean"))),
        *(lambda d: pairs_of(5, 4, outputs=2, dtype=d), None),
    ),
    "attention": (
        *(Transformer, (Layer("body.layers.1.self_attn", select=0),)),
        *(lambda d: pairs_of(5, 4, outputs=2, dtype=d), None),
    ),
    "tokens": (Tokens, ("embedding", Layer("body", select="states")), lambda d: token_pairs(), logits),
    "tokens, counted": (Tokens, (Layer("body", select=0),), lambda d: token_pairs(), logits),
    "tokens, named tuple": (
        *(lambda: Tokens(namedtuple("States", "states")), (Layer("body", select="states"),)),
        *(lambda d: token_pairs(), logits),
    ),
    "tokens, number in a named tuple": (
        *(lambda: Tokens(namedtuple("States", "states")), (Layer("body", select=0),)),
        *(lambda d: token_pairs(), logits),
    ),
    "tokens, dataclass": (
        *(lambda: Tokens(Frozen), (Layer("body", select="states"),), lambda d: token_pairs(), logits),
    ),
    "tokens, object": (lambda: Tokens(Held), (Layer("body", select="states"),), lambda d: token_pairs(), logits),
    "positions": (Flat, (Layer("first", positions=4),), lambda d: pairs_of(4, 2, dtype=d), None),
    "two calls": (Twice, (Layer("layer", call=1),), lambda d: pairs_of(3, dtype=d), None),
    "in place": (InPlace, ("first", "act"), lambda d: pairs_of(3, dtype=d), None),
    "noise": (Noisy, ("first",), lambda d: pairs_of(3, dtype=d), None),
    "frozen in part": (half_frozen, ("0", "2"), lambda d: pairs_of(3, dtype=d), None),
    "a number a point": (
        *(lambda: nn.Sequential(mlp(), nn.Flatten(0)), ("0.1",)),
        *(lambda d: Pairs(torch.randn(3, 2, 3, dtype=d), torch.zeros(3, 2, 1)), None),
    ),
}


def state(net: nn.Module) -> list:
    tensors = [(n, x.clone(), x.requires_grad) for n, x in (*net.named_parameters(), *net.named_buffers())]
    modes = [(m.training, len(m._forward_hooks), sorted(vars(m))) for m in net.modules()]
    return [tensors, modes, [p.grad for p in net.parameters()], torch.get_rng_state(), np.random.get_state()[1:3]]  # noqa: NPY002  # shared


def same(a, b) -> bool:
    if isinstance(a, torch.Tensor | np.ndarray):
        return bool((a == b).all())
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["double", "single"])
@pytest.mark.parametrize("case", CASES)
def test_any_network_is_probed_and_left_as_it_was(case: str, dtype: torch.dtype) -> None:
    make, layers, pairs, forward = CASES[case]
    net = seeded(make, dtype).train()
    points, names = pairs(dtype), [x.name if isinstance(x, Layer) else x for x in layers]
    flags = torch.backends.mha.get_fastpath_enabled(), torch.backends.mkldnn.enabled
    before = state(net)
    with torch.no_grad():
        found = probe(net, points, layers, forward)
    assert same(before, state(net))
    assert flags == (torch.backends.mha.get_fastpath_enabled(), torch.backends.mkldnn.enabled)
    assert not found.failures
    assert found.kernel.whole is not None
    for name in names:
        assert (abs(found.alignment[name]) <= 1 + 1e-9).all()
        assert (found.taylor_ratio[name] >= 0).all()
        near = 1e-9 if dtype == torch.float64 else 1e-3
        # All attention is added to what passes it by; a mask and a noise that all points share do not tell them apart.
        assert (found.passed_by[name] < near).all() == (case != "attention")
    tight = {"rel": 1e-9, "abs": 1e-9}
    for again in (torch.inference_mode, torch.enable_grad):
        with again():
            other = probe(net, points, layers, forward)
        for name in names:
            assert other.alignment[name] == pytest.approx(found.alignment[name], **tight)
            assert other.taylor_ratio[name] == pytest.approx(found.taylor_ratio[name], **tight)
        assert other.kernel.whole == pytest.approx(found.kernel.whole, **tight)
    table = found.frame()
    assert list(table) == ["pair", "layer", "alignment", "taylor_ratio", "passed_by"]
    assert len(table) == 3 * len(layers)
    assert (table[table.layer == names[-1]].alignment == found.alignment[names[-1]]).all()


def test_single_and_double_precision_agree() -> None:
    net, pairs = seeded(mlp), pairs_of(3)
    exact = probe(net, pairs, ["1"])
    rough = probe(net.float(), Pairs(pairs.points[pairs.where].float(), pairs.targets), ["1"])
    for name in ("alignment", "taylor_ratio"):
        assert getattr(rough, name)["1"] == pytest.approx(getattr(exact, name)["1"], rel=1e-4, abs=1e-5)
    assert kernel_movement(exact.kernel, replace(rough.kernel, digest=exact.kernel.digest)).network < 1e-10


@pytest.mark.parametrize("make", [normed, Noisy])
def test_training_is_the_same_to_the_bit(make) -> None:
    def run(probed: bool) -> list:
        np.random.seed(0)  # noqa: NPY002  # the numbers that all code shares
        net, pairs = seeded(make, torch.float32).train(), pairs_of(3, dtype=torch.float32)
        optimiser = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
        x, y, losses = pairs.points, pairs.targets.flatten(0, 1).float(), []
        for _ in range(4):
            optimiser.zero_grad()
            loss = (net(x) - y).square().mean()
            loss.backward()
            if probed:  # with gradients waiting
                probe(net, pairs, ["0" if make is normed else "first"])
            optimiser.step()
            losses.append(loss.item())
        return [losses, state(net)[0], [p.grad for p in net.parameters()], torch.rand(2)]

    assert same(run(False), run(True))


def test_pairs_may_be_made_in_inference_mode() -> None:
    net, pairs = seeded(mlp), pairs_of(3)
    with torch.inference_mode():
        inside = pairs_of(3)
        found = probe(net, inside, ["1"])
    assert found.alignment["1"] == pytest.approx(probe(net, pairs, ["1"]).alignment["1"], rel=1e-12)
    assert not found.failures


def test_many_pairs_are_probed_a_part_at_a_time() -> None:
    net, pairs = seeded(mlp), pairs_of(3, count=70)
    found = probe(net, pairs, ["1", "3"])
    assert found.frame().shape == (140, 5)
    x, y = pairs.points[pairs.where], pairs.targets
    last = probe(net, Pairs(x[66:], y[66:]), ["1", "3"])
    for name in ("alignment", "taylor_ratio"):
        assert getattr(found, name)["3"][66:] == pytest.approx(getattr(last, name)["3"], rel=1e-9)


def test_gradients_and_hooks_of_the_user_are_not_touched() -> None:
    net, pairs, heard = seeded(mlp), pairs_of(3), []
    net(pairs.points).sum().backward()
    grads = [p.grad.clone() for p in net.parameters()]
    net[0].weight.register_hook(lambda g: heard.append("parameter"))
    net[2].register_full_backward_hook(lambda *x: heard.append("module"))
    net[2].register_full_backward_pre_hook(lambda *x: heard.append("before"))
    found = probe(net, pairs, ["1"])
    assert found.kernel.whole is not None
    assert not heard
    assert all(torch.equal(p.grad, g) for p, g in zip(net.parameters(), grads, strict=True))
    net(pairs.points).sum().backward()
    assert heard == ["before", "module", "parameter"]


def test_a_compiled_network_goes_by_its_own_names() -> None:
    net, pairs = seeded(mlp), pairs_of(3)
    plain = probe(net, pairs, ["1"])
    compiled = torch.compile(net, backend="eager")
    compiled(pairs.points)
    found = probe(compiled, pairs, ["1"])
    assert found.alignment["1"] == pytest.approx(plain.alignment["1"], rel=1e-12)
    assert found.taylor_ratio["1"] == pytest.approx(plain.taylor_ratio["1"], rel=1e-9)


def test_a_pass_is_made_in_the_context_that_is_given() -> None:
    net, pairs = seeded(mlp, torch.float32), pairs_of(3, dtype=torch.float32)
    found = probe(net, pairs, ["1"], context=lambda: torch.autocast("cpu", torch.bfloat16))
    plain = probe(net, pairs, ["1"])
    assert not found.failures
    assert found.alignment["1"] == pytest.approx(plain.alignment["1"], abs=0.1)
    assert (found.alignment["1"] != plain.alignment["1"]).any()


# What gradients cannot tell.


def quantised() -> nn.Module:
    return nn.Sequential(
        nn.Linear(3, 4), Apply(lambda h: torch.quantize_per_tensor(h, 0.1, 0, torch.qint8).dequantize())
    )


def fails_to_run(h):
    if h.requires_grad:
        raise AssertionError("not with gradients")
    return h


class NoGradients(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 1)

    @torch.inference_mode()
    def forward(self, x):
        return self.last(self.first(x).tanh())


def made_in_inference_mode() -> nn.Module:
    with torch.inference_mode():
        return mlp().double()


@pytest.mark.parametrize(
    ("make", "layer", "words", "kernel"),
    [
        (lambda: mlp().requires_grad_(False), "1", "", "no parameter of the network is trained, so nothing moves"),
        (
            lambda: nn.Sequential(nn.Tanh(), Apply(lambda h: h[:, :1])),
            "0",
            "",
            "no parameter of the network is trained",
        ),
        (
            lambda: nn.Sequential(nn.Linear(3, 4), Apply(lambda h: h.sign().long()), Apply(lambda h: h[:, :1] * 1.0)),
            *(
                "1",
                f"{NO_SLOPE}; Taylor ratio: it puts out integers",
                "the prediction has no gradient in the",
            ),
        ),
        (
            lambda: nn.Sequential(nn.Linear(3, 4), Apply(torch.detach), Apply(lambda h: h[:, :1])),
            *("0", f"{NO_SLOPE}; {NO_DERIVATIVE}", "the prediction has no gradient in the parameters"),
        ),
        (NoGradients, "first", f"{NO_SLOPE}; {NO_DERIVATIVE}", "the prediction has no gradient in the parameters"),
        (
            made_in_inference_mode,
            "0",
            "alignment: RuntimeError: Inference tensors cannot be saved",
            "Inference tensors",
        ),
        (
            lambda: nn.Sequential(nn.Linear(3, 1), Apply(fails_to_run)),
            *("0", "alignment: AssertionError: not with gradients", "AssertionError: not with gradients"),
        ),
    ],
    ids=["frozen", "no parameters", "integers", "detached", "inference", "inference tensors", "fails"],
)
def test_what_gradients_cannot_tell_has_its_reason(make, layer, words, kernel) -> None:
    net = seeded(make)
    found = probe(net, pairs_of(3), [layer])
    assert found.kernel.whole is None
    assert kernel in found.kernel.failures[""]
    if not words:
        assert not found.failures
        assert np.isfinite(found.alignment[layer]).all()
    else:
        assert words in found.failures[layer]
        assert np.isnan(found.alignment[layer]).all()
    assert not any(m._forward_hooks for m in net.modules())


def test_a_network_that_cannot_be_exchanged_in_says_so() -> None:
    def checked(h):
        if len(h[:, 0].detach().unique()) < len(h):
            raise RuntimeError("points coincide")
        return h[:, :1]

    found = probe(nn.Sequential(nn.Linear(3, 4).double(), Apply(checked)), pairs_of(3), ["0"])
    assert found.failures == {"0": "Taylor ratio: RuntimeError: points coincide"}
    assert np.isfinite(found.passed_by["0"]).all()


def test_a_network_that_diverged_or_does_nothing_has_no_numbers_and_no_error() -> None:
    net = seeded(mlp)
    with torch.no_grad():
        net[0].weight.fill_(math.nan)
    found = probe(net, pairs_of(3), ["1"])
    assert np.isnan([*found.alignment["1"], *found.taylor_ratio["1"], *found.passed_by["1"]]).all()
    assert math.isnan(kernel_movement(found.kernel, found.kernel).network)
    still = seeded(mlp)
    with torch.no_grad():
        still[4].weight.zero_()
    found = probe(still, pairs_of(3), ["1"])
    assert np.isnan([*found.alignment["1"], *found.taylor_ratio["1"], *found.passed_by["1"]]).all()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((None, pairs_of(3), ["0"]), TypeError, "module must be"),
        ((mlp().double(), None, ["0"]), TypeError, "pairs must be"),
        ((mlp().double(), pairs_of(3), []), ValueError, "layers must be a sequence of at least one"),
        ((mlp().double(), pairs_of(3), ["00"]), ValueError, "there is no layer '00'; there are 0"),
        ((mlp().double(), pairs_of(3), ["0"], 3), TypeError, "forward must be a function"),
        ((mlp(3, 2).double(), pairs_of(3), ["0"]), ValueError, "targets must have the shape of the prediction"),
        ((Gru().double(), pairs_of(5, 2, outputs=2), ["rnn"]), TypeError, "layer 'rnn' must put out a tensor, got tup"),
        ((Gru().double(), pairs_of(5, 2, outputs=2), [Layer("rnn", select=0, batch=1)]), ValueError, "a row for each"),
        ((Twice().double(), pairs_of(3), ["layer"]), ValueError, r"called once in a forward pass, got 2 calls; say"),
        ((Twice().double(), pairs_of(3), [Layer("layer", call=2)]), ValueError, "is called 2 times in a forward pass"),
        (
            (Tokens().double(), token_pairs(), ["head"]),
            TypeError,
            "must put out a tensor, got Output; give forward=, ",
        ),
        (
            (mlp().double(), pairs_of(3), ["0"], lambda module, x: module(x).sum(0)),
            *(ValueError, r"a row for each point, got shape \(1,\) from a pass of 6 points; give forward="),
        ),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, words) -> None:
    with pytest.raises(error, match=words):
        probe(*arguments)
