"""The kernel of a network, and how far it moved."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from probed import Parts, mlp, pairs_of, seeded
from repdyn.experiments.tracking.network_kernel import kernel_movement
from repdyn.experiments.tracking.pairs import Pairs
from repdyn.experiments.tracking.probe import probe
from torch import nn


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
