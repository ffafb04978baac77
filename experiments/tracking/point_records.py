"""What was recorded of a set of points in training: their inner products at layers, and the outputs for them."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from numbers import Integral
from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from repdyn.numeric import gram_distances, squared_distances
from repdyn.symbolic.arguments import instance, shown
from torch import Tensor

from .layers import Layer, as_layers
from .pairs import Inputs, Pairs, as_tensor, mapped, tensors
from .timed import Timed

Array = NDArray[np.float64]

MOST = 2**30
"""Bytes that the records of one training may take."""

_FEWEST = 3
"""Points between which there is anything to compare."""

_NUMBER = 4
"""Bytes of a number that is kept."""


class PointRecords(Timed):
    """Inner products and outputs of a set of points, at layers and training steps: what a recorder or tracker shows.

    Inner products are about the mean of the points, which keeps the digits of their distances; numbers are kept in
    single precision, a symmetric matrix as one half of it.

    Attributes:
        layers: names of the layers.
        points: how many there are.
        seconds: what recording took so far, in this process.
    """

    def __init__(self, inputs: Inputs, targets: Any, layers: Sequence[str | Layer]) -> None:
        self._described = as_layers(layers)
        self.layers = tuple(layer.name for layer in self._described)
        self._pairs, self._rows = _as_pairs(inputs, targets)
        self.points = len(self._rows)
        self._half = np.triu_indices(self.points)
        self._steps: list[int] = []
        self._grams: list[NDArray[np.float32]] = []
        self._outputs: list[NDArray[np.float32]] = []

    @property
    def steps(self) -> NDArray[np.int64]:
        """The numbers of training steps at which the network was recorded, shape (records,)."""
        return np.array(self._steps, dtype=np.int64)

    @property
    def outputs(self) -> Array:
        """The outputs for the points, shape (records, points, values).

        Raises:
            ValueError: if nothing is recorded yet.
        """
        return np.stack([self._outputs[k] for k in self._recorded()]).astype(np.float64)

    def gram(self, layer: str | None = None, record: int = -1) -> Array:
        """The inner products of the points' representations about their mean, shape (points, points).

        Args:
            layer: its name; by default the first.
            record: which, from the first, or from the last if it is negative.

        Raises:
            TypeError: if the layer is no string.
            KeyError: if the layer is not recorded.
            ValueError: if there is no such record.
        """
        layer = self.layers[0] if layer is None else instance("layer", layer, str)
        if layer not in self.layers:
            raise KeyError(f"layer {layer!r} is not recorded; recorded are {', '.join(self.layers)}")
        count = len(self._recorded())
        if isinstance(record, bool) or not isinstance(record, Integral) or not -count <= record < count:  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
            raise ValueError(f"record must be the number of one, from {-count} to {count - 1}, got {shown(record)}")
        matrix = np.empty((self.points, self.points))
        matrix[self._half] = matrix.T[self._half] = self._grams[record][self.layers.index(layer)]
        return matrix

    def frame(self, layer: str | None = None) -> pd.DataFrame:
        """The squared distances at one layer (by default the first) and of the outputs, a row a step and two points.

        Columns: step, first, second (numbers of points, ``first < second``), dh2, dy2. A network that diverged has rows
        that are not finite.

        Raises:
            TypeError, KeyError: as :meth:`gram`.
            ValueError: if nothing is recorded yet.
        """
        first, second = np.triu_indices(self.points, k=1)
        parts = [
            pd.DataFrame(
                {
                    "step": self._steps[k],
                    "first": first,
                    "second": second,
                    "dh2": _between(self.gram(layer, k), gram_distances)[first, second],
                    "dy2": _between(self._outputs[k].astype(np.float64), squared_distances)[first, second],
                }
            )
            for k in self._recorded()
        ]
        return pd.concat(parts, ignore_index=True)

    def state_dict(self) -> dict[str, Any]:
        """All records: 4 bytes times points times half of the points and of one more times layers for each, about."""
        arrays = {"grams": self._grams, "outputs": self._outputs}
        return {"steps": list(self._steps), **{name: torch.from_numpy(np.array(x)) for name, x in arrays.items()}}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from records that were saved."""
        self._steps = list(state_dict["steps"])
        self._grams, self._outputs = list(state_dict["grams"].numpy()), list(state_dict["outputs"].numpy())

    @cached_property
    def _identity(self) -> str:
        """A digest of the points and of what is looked at."""
        facts = [(x.name, x.select, x.batch, x.positions, x.mask, x.call) for x in self._described]
        pool = [x.pool if not callable(x.pool) else "callable" for x in self._described]
        rows = cast(list[int], self._rows.tolist())
        return hashlib.sha256(f"{self._pairs.digest} {rows} {facts} {pool}".encode()).hexdigest()[:16]

    def _add(self, step: int, prediction: Tensor, hidden: Mapping[str, Tensor]) -> None:
        """Append a record.

        Args:
            step: the number of training steps so far.
            prediction: of every point, shape (points, ...).
            hidden: the representations of every point by layer, shape (points, units).

        Raises:
            ValueError: if the records take more memory than they may.
        """
        outputs = self._in_order(prediction).astype(np.float32)
        self._check_size(len(self._steps) + 1, outputs.shape[1])
        with np.errstate(invalid="ignore", over="ignore"):  # a network that diverged is recorded as it is
            grams = [_gram(self._in_order(hidden[layer]))[self._half].astype(np.float32) for layer in self.layers]
        self._steps.append(step)
        self._grams.append(np.stack(grams))
        self._outputs.append(outputs)

    def _check_size(self, records: int, values: int) -> None:
        """Check that so many records, of so many outputs a point, are not too many.

        Raises:
            ValueError: if they are.
        """
        size = _NUMBER * records * (len(self.layers) * len(self._half[0]) + self.points * values)
        if size > MOST:
            raise ValueError(
                f"{records:,} records of {self.points:,} points at {len(self.layers)} layers take {size / 2**30:.3g} "
                f"GiB and may take {MOST / 2**30:g}; record fewer points or layers, or less often"
            )

    def _in_order(self, x: Tensor) -> Array:
        """The rows of the points as they were given, shape (points, values)."""
        return x.detach().reshape(len(x), -1).cpu().double().numpy()[self._rows.numpy()]

    def _has(self, step: int) -> bool:
        """Whether the network was recorded at this step or after it."""
        return bool(self._steps) and step <= self._steps[-1]

    def _recorded(self) -> range:
        """The numbers of the records.

        Raises:
            ValueError: if there is none.
        """
        if not self._steps:
            raise ValueError(
                "nothing is recorded yet; pass a PointTracker to a Trainer, or ask a PointRecorder to record"
            )
        return range(len(self._steps))


def _as_pairs(inputs: Inputs, targets: Any) -> tuple[Pairs, Tensor]:
    """The points as pairs of the first with the others: what passes through a network; and where each point is there.

    Raises:
        TypeError: as :class:`Pairs`.
        ValueError: if shapes do not match, or fewer than 3 points differ.
    """
    given, wanted = mapped(as_tensor("inputs"), inputs), as_tensor("targets")(targets)
    if not any(True for _ in tensors(given)):
        raise TypeError(f"inputs must be a tensor, or hold some, got {shown(inputs)}")
    counts = {len(x) if x.ndim else 0 for x in (*tensors(given), wanted)}
    if len(counts) != 1:
        raise ValueError(
            "points need inputs of shape (points, ...) and targets of shape (points, ...), got "
            f"{' and '.join(map(str, sorted(counts)))} rows; give classes as one-hot vectors"
        )
    rows = torch.cat([x.detach().cpu().reshape(len(x), -1).double() for x in tensors(given)], dim=1)
    _, same_as = cast(tuple[Tensor, Tensor], torch.unique(rows, dim=0, return_inverse=True))
    found = {int(k): i for i, k in reversed(list(enumerate(same_as)))}
    if len(found) < _FEWEST:
        raise ValueError(f"at least {_FEWEST} points must differ, got {len(found)} that do")
    first, *others = sorted(found.values())

    def paired(x: Tensor) -> Tensor:
        return torch.stack([x[[first]].expand_as(x[others]), x[others]], dim=1)

    pairs = Pairs(mapped(paired, given), paired(wanted), dx2=np.ones(len(others)))
    places = dict(zip((first, *others), (pairs.where[0, 0], *pairs.where[:, 1]), strict=True))
    return pairs, torch.stack([places[found[int(k)]] for k in same_as])


def _gram(h: Array) -> Array:
    about = h - h.mean(0)
    return about @ about.T


def _between(x: Array, distances: Any) -> Array:
    """Squared distances of what is finite."""
    return distances(x) if np.isfinite(x).all() else np.full((len(x), len(x)), np.nan)
