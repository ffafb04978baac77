"""The context task: what a network represents before and after it has learnt it."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from repdyn.numeric import task_axes
from repdyn.numeric.embedding import embed

from ..settings.architecture import hidden_layer
from ..sweep.outcome import Outcome, trained
from ..tasks.context import CONTEXTS, features, inputs
from ..tracking.tracker import PairTracker
from ..training.lightning import Batches, Supervised, fit, half_squared_error, repeatable
from ..training.networks import MLP, build_network

if TYPE_CHECKING:
    from ..settings import Context

AXES = ("axis_0", "axis_1", "axis_2")
"""Columns of the embedding."""


def _points(setting: Context) -> int:
    return len(CONTEXTS) * setting.positions**2


def sample(setting: Context) -> NDArray[np.int64]:
    """The rows of the points that are kept: every few values of mx and my, in both contexts."""
    stride = setting.positions // setting.sampled
    rows = np.arange(_points(setting)).reshape(len(CONTEXTS), setting.positions, setting.positions)
    return rows[:, (stride - 1) // 2 :: stride, (stride - 1) // 2 :: stride].ravel()


def run_trial(setting: Context) -> Outcome:
    """Train; what the representation is at the start and at the end.

    The table ``hidden`` has a row for each kept point and stage (start, end): features, the output y and the units
    h0, h1, ...; ``embedding`` the kept points at the end in three dimensions; ``trajectory`` the pairs that were
    followed. Values are the loss over all points and the task axes (:class:`TaskAxes`), ``_start`` and ``_end``, and
    the stress of the embedding.
    """
    of = features(setting.positions)
    x = torch.from_numpy(inputs(of)).float()
    y = torch.tensor(of["target"], dtype=torch.float32)[:, None]
    with repeatable(setting.threads):
        torch.manual_seed(setting.seed)
        network = build_network(setting, x.shape[1], 1)
        assert isinstance(network, MLP)
        module = Supervised(network, setting.lr, optimiser=setting.optimiser, weight_decay=setting.weight_decay)
        pairs = torch.from_numpy(followed(setting))
        tracker = PairTracker(x[pairs], y[pairs], [hidden_layer(setting.layer)], every=setting.every)
        batches = Batches(x, y, batch=setting.batch, steps=setting.steps, seed=setting.seed)
        start = _representation(network, setting.layer, x)
        diverged_at = fit(module, batches, [tracker], setting.device)
        end = _representation(network, setting.layer, x)
    tables = {"trajectory": tracker.frame()}
    values = _measured(start, setting, y, "start")
    if diverged_at is not None:
        return trained(diverged_at, tables, values)
    kept = sample(setting)
    embedding = embed(end[0][kept])
    hidden = [_table(of, kept, stage, *of_stage) for stage, of_stage in (("start", start), ("end", end))]
    tables["hidden"] = pd.concat(hidden, ignore_index=True)
    tables["embedding"] = of.iloc[kept].assign(**dict(zip(AXES, embedding.points.T, strict=True)))
    return Outcome(values={**values, **_measured(end, setting, y, "end"), "stress": embedding.stress}, tables=tables)


def followed(setting: Context) -> NDArray[np.int64]:
    """The pairs of points that are followed in training, shape (pairs, 2): no point stands in two of them."""
    rows = np.random.default_rng(setting.seed).permutation(_points(setting))
    return rows[: 2 * setting.pairs].reshape(-1, 2)


def _representation(network: MLP, layer: int, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The hidden representation and the output of every point."""
    with torch.no_grad():
        h = network.hidden[: layer + 1](x)
        return h, network.output(network.hidden[layer + 1 :](h))


def _measured(
    of_stage: tuple[torch.Tensor, torch.Tensor], setting: Context, y: torch.Tensor, stage: str
) -> dict[str, float]:
    """The loss and the task axes of a stage."""
    h, output = of_stage
    axes = task_axes(h.reshape(len(CONTEXTS), setting.positions, setting.positions, -1).numpy())
    named = {"loss": float(half_squared_error(output, y)), **asdict(axes)}
    return {f"{name}_{stage}": value for name, value in named.items()}


def _table(
    of: pd.DataFrame, kept: NDArray[np.int64], stage: str, h: torch.Tensor, output: torch.Tensor
) -> pd.DataFrame:
    """What is kept of a stage."""
    units = pd.DataFrame(h[kept].numpy(), columns=[f"h{unit}" for unit in range(h.shape[1])])
    rows = of.iloc[kept].reset_index(drop=True).assign(stage=stage, y=output[kept].flatten().numpy())
    return pd.concat([rows, units], axis=1)
