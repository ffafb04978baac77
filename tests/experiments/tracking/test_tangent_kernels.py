"""Tangent rates: exact where the theory is, the same for the same network, and what descent really does."""

import pytest
import torch
from repdyn.experiments import tangent_rates
from repdyn.experiments.training.networks import MLP
from torch import nn

POINTS = torch.tensor([[-1.0, 0.3], [0.4, 0.8]], dtype=torch.float64)
DX2 = float((POINTS[1] - POINTS[0]).square().sum())


def network(seed: int, nonlinearity: str = "tanh", hidden_layers: int = 3) -> MLP:
    torch.manual_seed(seed)
    return MLP(2, 1, width=7, hidden_layers=hidden_layers, nonlinearity=nonlinearity, gain=1.3).double()


@pytest.mark.parametrize("seed", range(5))
def test_one_linear_layer_each_side_has_the_rates_of_the_theory(seed: int) -> None:
    found = tangent_rates(network(seed, "none", 1), "hidden.0", POINTS, lr=0.02)
    assert found.encoder == pytest.approx(0.01 * DX2, rel=1e-12)
    assert found.decoder == pytest.approx(0.01, rel=1e-12)
    assert found.dh2_speed == pytest.approx(found.encoder * found.f, rel=1e-12)
    assert found.f_speed == pytest.approx((found.encoder * found.b2 + found.decoder * found.dh2) / 2, rel=1e-12)
    assert found.gram >= 0


def test_a_decoder_of_one_layer_has_its_rate_whatever_the_encoder_is() -> None:
    assert tangent_rates(network(0), "hidden.2", POINTS, lr=0.02).decoder == pytest.approx(0.01, rel=1e-12)
    assert tangent_rates(network(0), "hidden.1", POINTS, lr=0.02).decoder != pytest.approx(0.01, rel=0.1)


@pytest.mark.parametrize("mean_is_learnt", [False, True])
def test_hidden_units_have_no_order(mean_is_learnt: bool) -> None:
    first, second = network(1), network(1)
    order = torch.randperm(7)
    with torch.no_grad():
        second.hidden[1][0].weight.copy_(first.hidden[1][0].weight[order])
        second.hidden[2][0].weight.copy_(first.hidden[2][0].weight[:, order])
    a, b = (vars(tangent_rates(n, "hidden.1", POINTS, 0.1, mean_is_learnt=mean_is_learnt)) for n in (first, second))
    assert a == pytest.approx(b, rel=1e-10)


def explicit(net: MLP, split: int) -> dict[str, float]:
    """P and R from whole Jacobians, entry by entry."""
    encoder, decoder = nn.Sequential(*net.hidden[: split + 1]), nn.Sequential(*net.hidden[split + 1 :], net.output)
    h = encoder(POINTS)
    leaf = h.detach().requires_grad_()
    slopes = torch.autograd.functional.jacobian(lambda x: decoder(x).flatten(), leaf)
    b = (slopes[0, 0] + slopes[1, 1]) / 2

    def jacobian(values, parameters):
        rows = [torch.autograd.grad(v, parameters, retain_graph=True) for v in values]
        return torch.stack([torch.cat([g.flatten() for g in row]) for row in rows])

    of_h = [jacobian(point, list(encoder.parameters())) for point in h]
    of_encoder = slopes[1, 1] @ of_h[1] - slopes[0, 0] @ of_h[0]
    y = decoder(h.detach()).flatten()
    weights = [p for name, p in decoder.named_parameters() if name != f"{len(decoder) - 1}.bias"]
    of_y = jacobian([y[1] - y[0]], weights)
    dh2 = (h[1] - h[0]).square().sum()
    return {"encoder": (of_encoder @ of_encoder / (b @ b) / 2).item(), "decoder": (of_y @ of_y.T / dh2 / 2).item()}


@pytest.mark.parametrize("split", [0, 1, 2])
def test_rates_are_those_of_explicit_jacobians(split: int) -> None:
    net = network(2)
    found = tangent_rates(net, f"hidden.{split}", POINTS, lr=1.0)
    assert {"encoder": found.encoder, "decoder": found.decoder} == pytest.approx(explicit(net, split), rel=1e-10)


def measured_change(net: MLP, lr: float, targets: torch.Tensor) -> tuple[float, float]:
    """How dh2 at layer 1 and f change in one step of gradient descent, a unit of error."""

    def look() -> tuple[float, float, torch.Tensor]:
        h, y = net.hidden[:2](POINTS), net(POINTS).flatten()
        return (h[1] - h[0]).square().sum().item(), (y[1] - y[0]).item(), y

    dh2, f, y = look()
    error = f - (targets[1] - targets[0]).item()
    gradients = torch.autograd.grad((y - targets).square().mean() / 2, list(net.parameters()))
    with torch.no_grad():
        for parameter, gradient in zip(net.parameters(), gradients, strict=True):
            parameter.sub_(lr * gradient)
    new_dh2, new_f, _ = look()
    return -(new_dh2 - dh2) / error, -(new_f - f) / error


def test_the_speeds_are_those_of_a_step_of_gradient_descent() -> None:
    net, lr = network(3), 1e-6
    found = tangent_rates(net, "hidden.1", POINTS, lr)
    mean = net(POINTS).mean().item()  # targets about the mean prediction: only the difference is left to learn
    changes = measured_change(net, lr, torch.tensor([mean - 0.5, mean + 0.7 - 0.2], dtype=torch.float64))
    assert (found.dh2_speed, found.f_speed) == pytest.approx(changes, rel=1e-4)


def test_with_the_mean_learnt_the_speeds_are_those_of_training() -> None:
    net, lr = network(4), 2e-3
    targets = torch.tensor([0.6, 1.3], dtype=torch.float64)
    for _ in range(2000):
        measured_change(net, lr, targets)
        if abs(net(POINTS).diff(dim=0).item() - 0.7) < 0.2:
            break
    held, free = (tangent_rates(net, "hidden.1", POINTS, lr, mean_is_learnt=learnt) for learnt in (True, False))
    changes = measured_change(net, lr, targets)
    assert abs(held.f_speed / changes[1] - 1) < abs(free.f_speed / changes[1] - 1)
    assert held.f_speed < free.f_speed


def test_a_network_is_left_as_it_was() -> None:
    net = network(5)
    tangent_rates(net, "hidden.1", POINTS, 0.1)
    assert all(p.grad is None for p in net.parameters())
    assert not net.hidden[1]._forward_hooks


def test_a_network_that_draws_or_counts_is_left_as_one_call_leaves_it() -> None:
    net = nn.Sequential(nn.Linear(2, 5), nn.BatchNorm1d(5), nn.Dropout(0.1), nn.Linear(5, 1)).double()
    torch.manual_seed(0)
    tangent_rates(net, "0", POINTS, 0.1)
    found = torch.rand(1)
    torch.manual_seed(0)
    net(POINTS)
    assert found == torch.rand(1)
    assert net[1].num_batches_tracked == 2


@pytest.mark.parametrize("unit", [1e-30, 1e25])
def test_a_float_network_is_measured_in_any_unit(unit: float) -> None:
    """In floats the square of 1e-30 is 0. Twice the encoder's weights and half the decoder's are the same network."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 5, bias=False), nn.Linear(5, 1, bias=False))
    plain = tangent_rates(net, "0", POINTS.float(), 0.1)
    with torch.no_grad():
        net[0].weight *= unit
        net[1].weight /= unit
    found = tangent_rates(net, "0", POINTS.float(), 0.1)
    assert (found.dh2, found.b2) == pytest.approx((plain.dh2 * unit**2, plain.b2 / unit**2), rel=1e-4)
    assert found.encoder == pytest.approx(plain.encoder, rel=1e-4)


class TimeFirst(nn.Module):
    """Two times, as many as points."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(1, 3), nn.Linear(3, 1)

    def forward(self, x):
        return self.last(self.first(x.T[..., None])[-1])


class Bypass(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(2, 3), nn.Linear(3, 3), nn.Linear(3, 1)

    def forward(self, x):
        h = self.first(x)
        return self.last(h + self.second(h))


class Tied(nn.Module):
    """The encoder's weights are the decoder's."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)

    def forward(self, x):
        return torch.tanh(self.first(x)) @ self.first.weight[:, :1]


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell, self.last = nn.LSTM(2, 3, batch_first=True), nn.Linear(3, 1)

    def forward(self, x):
        return self.last(self.cell(x)[0][:, -1])


def frozen(*parts):
    net = network(0)
    for part in parts:
        net.get_submodule(part).requires_grad_(False)
    return net


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 2)

    def forward(self, x):
        return self.first(self.first(x))[:, :1]


@pytest.mark.parametrize(
    ("module", "layer", "points", "words"),
    [
        (network(0), "hidden.9", POINTS, r"there is no layer 'hidden.9'; there are drop, hidden, hidden.0"),
        (network(0), "hidden.1", POINTS[:1], r"points must be the two inputs of a pair, .* got \(1, 2\)"),
        (network(0), "hidden.1", POINTS[[0, 0]], "the two points must have different hidden representations"),
        (MLP(2, 2, width=3, hidden_layers=1, nonlinearity="tanh", gain=1.0).double(), "hidden.0", POINTS, "a single"),
        (Bypass().double(), "second", POINTS, "the inputs reach the outputs past it; name a layer that nothing"),
        (Tied().double(), "first", POINTS, "some parameters act on both sides of it; name a layer that nothing"),
        (frozen("hidden.0", "hidden.1"), "hidden.1", POINTS, "no parameter before the layer is trained, so the hidden"),
        (frozen("hidden", "output"), "hidden.1", POINTS, "no parameter of the network is trained, so nothing moves"),
        (
            Recurrent().double(),
            "cell",
            POINTS[:, None],
            "layer 'cell' must put out a tensor, got tuple; name one inside",
        ),
        (
            TimeFirst().double(),
            "first",
            POINTS,
            r"layer 'first' must put out a row for each point, got shape \(2, 3, 3\)",
        ),
        (Twice().double(), "first", POINTS, "layer 'first' must be called once in a forward pass, got 2 calls"),
    ],
    ids=[
        *("no layer", "one point", "same points", "two outputs", "bypass", "tied", "frozen encoder", "frozen"),
        *("tuple", "time first", "twice"),
    ],
)
def test_what_cannot_be_split_is_refused(module, layer, points, words) -> None:
    with pytest.raises(ValueError, match=words):
        tangent_rates(module, layer, points, 0.1)


def test_a_step_size_is_positive() -> None:
    with pytest.raises(ValueError, match=r"lr must be positive, got -0\.1"):
        tangent_rates(network(0), "hidden.1", POINTS, -0.1)


def test_layers_that_work_in_place_and_means_that_nothing_moves_are_measured() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 5, bias=False), nn.ReLU(inplace=True), nn.Linear(5, 1, bias=False)).double()
    assert tangent_rates(net, "0", POINTS, 0.1).encoder > 0
    for dtype, digits in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        odd = nn.Sequential(nn.Linear(2, 5, bias=False), nn.Linear(5, 1, bias=False)).to(dtype)
        opposite = torch.stack([POINTS[0], -POINTS[0]]).to(dtype)
        bare, held = (tangent_rates(odd, "0", opposite, 0.1, mean_is_learnt=held) for held in (False, True))
        assert vars(bare) == pytest.approx(vars(held), rel=digits)
