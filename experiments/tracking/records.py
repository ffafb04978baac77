"""What was recorded of pairs in training."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from repdyn.numeric import Pair, State, inner_products
from repdyn.symbolic.arguments import instance, shown
from torch import Tensor

from .differences import squared_differences
from .pairs import Pairs

Array = NDArray[np.float64]


class PairRecords:
    """dh2, dy2, w and the loss of pairs, at layers and training steps: what a recorder or tracker has to show.

    Attributes:
        layers: names of the layers.
        labels: of the pairs.
    """

    def __init__(self, pairs: Pairs, layers: tuple[str, ...]) -> None:
        self.layers, self.labels = layers, pairs.labels
        self._pairs = pairs
        self._steps: list[int] = []
        self._values: list[Array] = []

    @property
    def steps(self) -> NDArray[np.int64]:
        """The numbers of training steps at which the network was recorded, shape (records,)."""
        return np.array(self._steps, dtype=np.int64)

    def pair(self, pair: int = 0) -> Pair:
        """The squared distances of the inputs and targets of one pair.

        Raises:
            ValueError: if there is no such pair, or the distance of its inputs is not known yet.
        """
        pair = self._number(pair)
        return Pair(self._dx2[pair], self._pairs.dy2[pair])

    def state(self, pair: int = 0, layer: str | None = None) -> State:
        """The recorded state of one pair at one layer (by default the first), fields of shape (records,).

        Raises:
            TypeError: if the layer is no string.
            KeyError: if the layer is not tracked.
            ValueError: if there is no such pair, or the network diverged: a value is not finite.
        """
        layer = self.layers[0] if layer is None else instance("layer", layer, str)
        pair = self._number(pair)
        if layer not in self.layers:
            raise KeyError(f"layer {layer!r} is not tracked; tracked are {', '.join(self.layers)}")
        records = self._table()[:, pair]
        return State(records[:, 3 + self.layers.index(layer)], records[:, 0], records[:, 1])

    def loss(self, pair: int = 0) -> Array:
        """The recorded loss of one pair, shape (records,).

        Raises:
            ValueError: if there is no such pair.
        """
        return self._table()[:, self._number(pair), 2]

    def frame(self) -> pd.DataFrame:
        """All records as a table: a row for each step, pair and layer, with the columns of a trajectory."""
        records = self._table()
        shape = (len(self._steps), len(self._pairs.labels), len(self.layers))

        def spread(values: Any, axis: int) -> NDArray[Any]:
            sizes = [1, 1, 1]
            sizes[axis] = -1
            return np.broadcast_to(np.asarray(values).reshape(sizes), shape).ravel()

        per_pair = {name: np.repeat(records[:, :, i].ravel(), shape[2]) for i, name in enumerate(("dy2", "w", "loss"))}
        return pd.DataFrame(
            {
                "step": spread(self._steps, 0),
                "pair": spread(self._pairs.labels, 1),
                "layer": spread(self.layers, 2),
                "dh2": records[:, :, 3:].ravel(),
                **per_pair,
                "dx2": spread(self._dx2, 1),
                "dy2_target": spread(self._pairs.dy2, 1),
            }
        )

    def _has(self, step: int) -> bool:
        """Whether the network was recorded at this step or after it."""
        return bool(self._steps) and step <= self._steps[-1]

    def _add(self, step: int, prediction: Tensor, hidden: Mapping[str, Tensor]) -> None:
        """Append dy2, w, the loss and one dh2 a layer, for every pair.

        Distances are taken on the device of the representations; one transfer brings them here.

        Args:
            step: the number of training steps so far.
            prediction: of every point, shape (points, ...).
            hidden: the representations of every point by layer, shape (points, units).
        """
        pairs = self._pairs
        with np.errstate(invalid="ignore", over="ignore"):  # a network that diverged is recorded as it is
            distances = [squared_differences(hidden[layer], pairs.where) for layer in self.layers]
            values = torch.cat([*distances, prediction.to(distances[0].device).double().flatten()]).cpu().numpy()
            by_layer, y = np.split(values, [len(self.layers) * len(pairs.where)])
            both = y.reshape(len(prediction), -1)[pairs.where.numpy()]
            targets = pairs.targets.numpy()
            dy, dy_target = both[:, 1] - both[:, 0], targets[:, 1] - targets[:, 0]
            _, dy2, w = inner_products(dy, dy, dy_target)
            loss = ((both - targets) ** 2).sum((1, 2)) / 4
        self._steps.append(step)
        self._values.append(np.stack([dy2, w, loss, *by_layer.reshape(len(self.layers), -1)], axis=1))

    @property
    def _dx2(self) -> Array:
        """Squared distances of the inputs, shape (pairs,).

        Raises:
            ValueError: if they are to be measured at a layer, and nothing is recorded yet.
        """
        if self._pairs.dx2 is None:
            raise ValueError("distances of the inputs are measured at the first record, and nothing is recorded yet")
        return self._pairs.dx2

    def _table(self) -> Array:
        """The records, shape (records, pairs, 3 + layers): dy2, w, the loss, then one dh2 a layer.

        Raises:
            ValueError: if nothing is recorded yet.
        """
        if not self._values:
            raise ValueError(
                "nothing is recorded yet; pass a PairTracker to a Trainer, or ask a PairRecorder to record"
            )
        return np.stack(self._values)

    def _number(self, pair: int) -> int:
        count = len(self._pairs.labels)
        if isinstance(pair, bool) or not isinstance(pair, Integral) or not -count <= pair < count:  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
            raise ValueError(f"pair must be the number of a pair, from 0 to {count - 1}, got {shown(pair)}")
        return pair
