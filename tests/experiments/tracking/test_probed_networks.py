"""Anybody's network is probed, and left as it was."""

from collections import namedtuple
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from probed import Conv, Gru, Reader, Tokens, Twice, mlp, pairs_of, seeded, token_pairs
from repdyn.experiments import Layer
from repdyn.experiments.tracking.network_kernel import kernel_movement
from repdyn.experiments.tracking.pairs import Pairs
from repdyn.experiments.tracking.probe import probe
from torch import nn


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


@dataclass(frozen=True)
class Frozen:
    states: torch.Tensor


class Held:
    def __init__(self, states) -> None:
        self.states = states


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
