"""The context task: a blob on a grid of pixels, and a context that says which of its two coordinates is asked for."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from repdyn.numeric import task_axes
from repdyn.numeric.embedding import embed

from .networks import MLP, build_network
from .settings import Setting, SettingError, described
from .sizes import Task
from .sweep.outcome import Outcome, trained
from .tracker import PairTracker
from .training import Batches, Supervised, fit, half_squared_error, repeatable

PIXELS = (-2, -1, 0, 1, 2)
"""Where the pixels of a side are. The paper's text leaves their distance open; with pixels from -1 to 1 the inputs
differ so little that gain 0.275 learns nothing in its 2,000 epochs."""

CONTEXTS = (1, 2)
"""In context 1 the target is mx, in context 2 it is my."""

AXES = ("axis_0", "axis_1", "axis_2")
"""Columns of the embedding."""


@dataclass(frozen=True)
class Context(Setting):
    """A blob at (mx, my) and a context; the target is mx in context 1 and my in context 2.

    >>> Context(positions=30).points
    1800
    """

    experiment: ClassVar[str] = "context"

    lr: float = described(0.015, "learning rate: step size on the loss")
    gain: float = described(0.5, "factor on the Xavier-normal weights")
    width: int = described(100, "units of a hidden layer")
    hidden_layers: int = described(4, "number of hidden layers")
    layer: int = described(2, "hidden layer that is compared with the theory, counted from 0", positive=False)
    every: int = described(100, "record the pairs every so many steps")
    batch: int = described(64, "points in a minibatch")
    positions: int = described(30, "values of mx and of my, from -1 to 1")
    sampled: int = described(10, "values of mx and of my at which the representation is kept; a divisor of positions")
    pairs: int = described(20, "pairs that are followed in training, drawn at random without a common point")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.model != "mlp":
            raise SettingError(f"context is for the model mlp, which is a chain of hidden layers, got {self.model!r}")
        if self.dropout:
            raise SettingError(f"context is for networks without dropout, got dropout {self.dropout}")
        if self.positions % self.sampled:
            raise SettingError(
                f"sampled must divide positions, so that what is kept is evenly spaced, got {self.sampled} of "
                f"{self.positions}"
            )
        if 2 * self.pairs > self.points:
            raise SettingError(f"pairs must be at most half the {self.points} points, got {self.pairs}")
        if self.batch > self.points:
            raise SettingError(f"batch must be at most the {self.points} points, got {self.batch}")

    @property
    def task(self) -> Task:
        pixels = len(PIXELS) ** 2 + len(CONTEXTS)
        return Task(pixels, 1, points=self.points, batch=self.batch, tracked=self.pairs)

    @property
    def points(self) -> int:
        """The number of inputs."""
        return len(CONTEXTS) * self.positions**2


def features(positions: int) -> pd.DataFrame:
    """The context, mx, my and the target of every point: contexts outermost, my fastest.

    >>> features(2).to_numpy()[4].tolist()
    [2.0, -1.0, -1.0, -1.0]
    """
    m = np.linspace(-1, 1, positions)
    context, mx, my = (x.ravel() for x in np.meshgrid(CONTEXTS, m, m, indexing="ij"))
    target = np.where(context == CONTEXTS[0], mx, my)
    return pd.DataFrame({"context": context, "mx": mx, "my": my, "target": target})


def inputs(of: pd.DataFrame) -> NDArray[np.float64]:
    """The pixels and the one-hot context of points, shape (points, 27).

    A pixel is a normal density of variance 1 about (mx, my); the 25 of a point sum to 1.

    >>> inputs(features(3))[4, :25].argmax()
    np.int64(12)
    """
    across, down = (np.exp(-np.square(of[[m]].to_numpy() - PIXELS) / 2) for m in ("mx", "my"))
    blob = (across[:, :, None] * down[:, None, :]).reshape(len(of), -1)
    hot = of[["context"]].to_numpy() == np.array(CONTEXTS)
    return np.concatenate([blob / blob.sum(1, keepdims=True), hot], axis=1)


def sample(setting: Context) -> NDArray[np.int64]:
    """The rows of the points that are kept: every few values of mx and my, in both contexts."""
    stride = setting.positions // setting.sampled
    rows = np.arange(setting.points).reshape(len(CONTEXTS), setting.positions, setting.positions)
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
        tracker = PairTracker(x[pairs], y[pairs], [f"network.hidden.{setting.layer}"], every=setting.every)
        batches = Batches(x, y, batch=setting.batch, steps=setting.steps, seed=setting.seed)
        start = _representation(network, setting.layer, x)
        diverged_at = fit(module, batches, [tracker])
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
    rows = np.random.default_rng(setting.seed).permutation(setting.points)
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
