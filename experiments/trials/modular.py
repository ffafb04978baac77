"""A transformer that learns differences modulo a number, and how many states its inputs are."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist
from torch import Tensor

from ..sweep.outcome import Outcome, trained
from ..training.lightning import cross_entropy_of_classes, fit, repeatable
from ..training.modular import Draws, ModularTransformer, WarmedUp, subtractions

if TYPE_CHECKING:
    from ..settings import ModularSubtraction

Array = NDArray[np.float64]

FACTORS = (0.5, 1.25, 1.5)
"""Of the largest distance of inputs, at the start and now: below so much by Ward's measure clusters are joined."""


def clusters(vectors: Array, bounds: Array) -> list[int]:
    """How many clusters there are when those nearest by Ward's measure are joined while they are nearer than a bound.

    >>> clusters(np.array([[0.0], [1.0], [10.0]]), np.array([0.5, 2.0, 100.0]))
    [3, 2, 1]
    """
    joined: Array = linkage(vectors, "ward")[:, 2]
    return [int(1 + (joined >= bound).sum()) for bound in bounds]


class _Watch(pl.Callback):
    """Looks at a network at the start and every few steps."""

    def __init__(
        self, network: ModularTransformer, sets: dict[str, tuple[Tensor, Tensor]], counted: Tensor, every: int
    ) -> None:
        self.network, self.sets, self.counted, self.every = network, sets, counted, every
        self.course: list[dict[str, float]] = []
        self.states: list[dict[str, Any]] = []
        self.largest: dict[str, float] = {}

    def look(self, step: int) -> None:
        """Record the network as it is, unless training has diverged."""
        parts = {name: x.double().numpy() for name, x in self.network.parts(self.counted).items()}
        if not all(np.isfinite(x).all() for x in parts.values()):
            return
        row: dict[str, float] = {"step": step}
        self.network.eval()
        with torch.no_grad():
            for name, (x, y) in self.sets.items():
                said = self.network(x)
                row[f"loss{name}"] = float(cross_entropy_of_classes(said, y))
                row[f"accuracy{name}"] = float((said.argmax(1) == y).double().mean())
        self.network.train()
        self.course.append(row)
        for part, vectors in parts.items():
            now = float(pdist(vectors).max())
            start = self.largest.setdefault(part, now)
            bounds = {(of, x): x * largest for of, largest in (("start", start), ("now", now)) for x in FACTORS}
            counts = clusters(vectors, np.array(list(bounds.values())))
            for (of, factor), count in zip(bounds, counts, strict=True):
                found = {"step": step, "part": part, "of": of, "factor": factor, "share": count / len(vectors)}
                self.states.append({**found, "largest": now / start})

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if (batch_idx + 1) % self.every == 0:
            self.look(batch_idx + 1)


def run_trial(setting: ModularSubtraction) -> Outcome:
    """Train; the losses, and how many states inputs that are trained on are in each part of the network.

    Tables:

    - ``course``: a row a record: step, loss and accuracy, and those of pairs that are not trained on (loss_other,
      accuracy_other);
    - ``states``: a row for each record, part (attention, keys, values, hidden), threshold (a factor of the largest
      distance at the start or now): clusters of inputs over inputs (share), and the largest distance over that at the
      start (largest).

    Values are the last row of the course, but for its step, and how many pairs are trained on (taught).
    """
    draws = np.random.default_rng(setting.seed)
    x, y = subtractions(setting.modulus)
    order = torch.from_numpy(draws.permutation(len(x)))
    taught = round(setting.share * len(x))
    own, other = order[:taught], order[taught:]
    with repeatable(setting.threads):
        torch.manual_seed(setting.seed)
        network = ModularTransformer(setting.modulus, setting.width, setting.blocks, setting.dropout)
        sets = {"": (x[own], y[own]), "_other": (x[other], y[other])}
        watch = _Watch(network, sets, x[own][: setting.counted], setting.every)
        watch.look(0)
        module = WarmedUp(network, setting.lr, setting.weight_decay)
        batches = Draws(x[own], y[own], batch=setting.batch, steps=setting.steps, seed=setting.seed)
        diverged_at = fit(module, batches, [watch])
    last = {name: value for name, value in watch.course[-1].items() if name != "step"}
    tables = {"course": pd.DataFrame(watch.course), "states": pd.DataFrame(watch.states)}
    return trained(diverged_at, tables, {**last, "taught": taught})
