"""XOR: four points, all six pairs followed from the first step to the last."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from repdyn.numeric.gram import gram_determinant

from ..settings.architecture import hidden_layer
from ..sweep.outcome import Outcome, trained
from ..tasks.xor import PAIRS, POINTS, data
from ..tracking.table import CONSTANTS, SCALARS
from ..tracking.tracker import PairTracker
from ..training.lightning import Batches, Supervised, fit, half_squared_error, repeatable
from ..training.networks import MLP, build_network

if TYPE_CHECKING:
    from ..settings import Xor

_INDICES = torch.combinations(torch.arange(len(POINTS)))


def run_trial(setting: Xor) -> Outcome:
    """Train; all pairs over training as the table ``trajectory``, and both its ends as ``pairs``.

    ``pairs`` has a row a pair: dx2, dy2_target; dh2, dy2, w and loss, each ``_start`` and ``_end``; and gram, the
    squared area that dh and the decoder's gradient span at the start, for the theories without the ansatz.
    """
    x, y = (torch.from_numpy(part).float() for part in data())
    with repeatable(setting.threads):
        torch.manual_seed(setting.seed)
        network = build_network(setting, x.shape[1], y.shape[1])
        assert isinstance(network, MLP)
        slopes = decoder_slopes(network, setting.layer, x)
        layer = hidden_layer(setting.layer)
        tracker = PairTracker(x[_INDICES], y[_INDICES], [layer], every=setting.every, labels=PAIRS)
        module = Supervised(network, setting.lr, optimiser=setting.optimiser, weight_decay=setting.weight_decay)
        batches = Batches(x, y, batch=len(x), steps=setting.steps, seed=setting.seed)
        before = _loss(module, x, y)
        diverged_at = fit(module, batches, [tracker], setting.device)
        after = _loss(module, x, y)
    frame = tracker.frame()
    tables = {"trajectory": frame, "pairs": first_and_last(frame, slopes)}
    return trained(diverged_at, tables, {"loss_start": before, "loss_end": after})


def decoder_slopes(network: MLP, layer: int, x: torch.Tensor) -> NDArray[np.float64]:
    """The squared length of the decoder's gradient in the middle of each pair's hidden representations, shape (6,).

    >>> from torch import nn
    >>> network = MLP(2, 1, width=3, hidden_layers=1, nonlinearity="relu", gain=1.0)
    >>> x = torch.from_numpy(data()[0]).float()
    >>> slopes = decoder_slopes(network, 0, x)  # a linear decoder: the same everywhere
    >>> bool(np.allclose(slopes, network.output.weight.square().sum().item()))
    True
    """
    with torch.no_grad():
        h: torch.Tensor = network.hidden[: layer + 1](x)[_INDICES].mean(1)
    h.requires_grad_()
    y: torch.Tensor = network.output(network.hidden[layer + 1 :](h))
    slope = torch.autograd.grad(y.sum(), h)[0]
    return slope.double().square().sum(1).numpy()


def first_and_last(frame: pd.DataFrame, slopes: NDArray[np.float64]) -> pd.DataFrame:
    """The first and the last record of each pair side by side, in the order of :data:`PAIRS`.

    Args:
        frame: trajectories of all pairs at one layer, as :meth:`PairTracker.frame`.
        slopes: squared gradients of the decoder, one a pair.
    """
    scalars = [*SCALARS, "loss"]
    groups = frame.groupby("pair", sort=False)
    constants = groups[CONSTANTS].first()
    begun, ended = groups[scalars].first(), groups[scalars].last()
    areas = gram_determinant(begun["dh2"].to_numpy(np.float64), begun["dy2"].to_numpy(np.float64), slopes)
    gram = pd.Series(areas, begun.index, name="gram").clip(lower=0.0)
    return pd.concat([constants, begun.add_suffix("_start"), ended.add_suffix("_end"), gram], axis=1).reset_index()


def _loss(module: Supervised, x: torch.Tensor, y: torch.Tensor) -> float:
    """Half the mean squared error over the four points."""
    with torch.no_grad():
        return float(half_squared_error(module(x), y))
