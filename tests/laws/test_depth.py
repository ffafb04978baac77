"""Deep linear networks really trained: a layer k of D has |dh| in proportion to |dy|^(k/D)."""

from functools import cache

import numpy as np
import pytest
import torch
from repdyn.experiments import PairTracker, TwoPoints, compare
from repdyn.experiments.runs.run import balanced_exponent
from repdyn.experiments.training.lightning import Batches, Supervised, fit
from repdyn.experiments.training.networks import MLP
from repdyn.numeric import growth_exponent

DX, DY_TARGET = torch.tensor([0.6, -0.8, 0.0]), torch.tensor([0.8, 1.1])


def balanced(hidden_layers: int, scale: float, seed: int) -> MLP:
    """Weights of rank one that hand dx's direction on to dy*'s, each of the same size."""
    network = MLP(3, 2, width=5, hidden_layers=hidden_layers, nonlinearity="none", gain=1.0)
    generator = torch.Generator().manual_seed(seed)
    inner = [torch.randn(5, generator=generator) for _ in range(hidden_layers)]
    directions = [x / x.norm() for x in (DX, *inner, DY_TARGET)]
    linear = [m for m in network.modules() if isinstance(m, torch.nn.Linear)]
    with torch.no_grad():
        for layer, before, after in zip(linear, directions[:-1], directions[1:], strict=True):
            layer.weight.copy_(scale * torch.outer(after, before))
    return network


@cache
def trained(hidden_layers: int, scale: float, lr: float = 0.1, steps: int = 600) -> PairTracker:
    """Both points opposite to each other, so that there is no mean to learn."""
    x, y = torch.stack([-DX / 2, DX / 2]), torch.stack([-DY_TARGET / 2, DY_TARGET / 2])
    layers = [f"network.hidden.{k}" for k in range(hidden_layers)]
    tracker = PairTracker(x[None], y[None], layers, every=2)
    fit(Supervised(balanced(hidden_layers, scale, 0), lr), Batches(x, y, batch=2, steps=steps, seed=0), [tracker])
    return tracker


@pytest.mark.parametrize(("hidden_layers", "scale"), [(1, 0.1), (3, 0.4), (4, 0.5)])
def test_the_exponent_of_each_layer_is_its_share_of_the_depth(hidden_layers: int, scale: float) -> None:
    tracker = trained(hidden_layers, scale)
    assert tracker.state()[-1].dy2 == pytest.approx(float(DY_TARGET @ DY_TARGET), rel=1e-3)
    for layer in tracker.layers:
        found = growth_exponent(tracker.state(layer=layer))
        assert found is not None
        expected = balanced_exponent(TwoPoints(hidden_layers=hidden_layers, layer=0), layer)
        assert found.value == pytest.approx(expected, abs=2e-3)
        assert found.r2 > 0.9999


def test_the_two_point_theory_has_the_exponent_of_the_middle_layer() -> None:
    compared = compare(trained(3, 0.4).frame())
    measured = [c.row()["exponent"] for c in compared]
    theory = [c.row()["exponent_predicted"] for c in compared]
    assert theory[1] == pytest.approx(measured[1], abs=0.02)
    errors = np.abs(np.subtract(theory, measured))
    assert errors[0] > 0.1
    assert errors[2] > 0.1
    sse = [c.row()["sse"] for c in compared]
    assert sse[1] < min(sse[0], sse[2])
