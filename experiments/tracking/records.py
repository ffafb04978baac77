"""What was recorded of pairs in training."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from repdyn.numeric import Pair, State, inner_products
from repdyn.symbolic.arguments import instance, shown
from torch import Tensor

from .layers import Layer
from .observation import Observation
from .pairs import Pairs
from .record_file import RecordFile, table
from .timed import Timed

Array = NDArray[np.float64]


class PairRecords(Timed):
    """dh2, dy2, w and the loss of pairs, at layers and training steps: what a recorder or tracker has to show.

    Args:
        pairs: that are followed.
        layers: at which they are looked at.
        file: to which records are written as they come, or None.

    Attributes:
        layers: names of the layers.
        labels: of the pairs.
        seconds: what recording took so far, in this process.
        observations: closer looks at the network, in the order of their steps; not in checkpoints.
    """

    def __init__(self, pairs: Pairs, layers: tuple[Layer, ...], file: str | Path | None = None) -> None:
        self.layers, self.labels = tuple(layer.name for layer in layers), pairs.labels
        self.observations: list[Observation] = []
        self._pairs, self._described = pairs, layers
        self._steps: list[int] = []
        self._values: list[Array] = []
        self._file = None if file is None else RecordFile(file)
        self._writes = self._file is not None
        self._kept = 0
        self._on_file: int | None = None

    @property
    def steps(self) -> NDArray[np.int64]:
        """The numbers of training steps at which the network was recorded, shape (records,)."""
        return np.array(self._held()[0], dtype=np.int64)

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
        steps, values, dx2 = self._recorded()
        return table(steps, list(self.labels), list(self.layers), values, (dx2, self._pairs.dy2), self._counted())

    def state_dict(self) -> dict[str, Any]:
        """All records, 8 bytes times pairs times 3 + layers for each; with a file its path and how many they are."""
        held = (
            {"records": torch.from_numpy(np.array(self._values)), "steps": list(self._steps)}
            if self._file is None
            else {"file": str(self._file.path.absolute()), "count": len(self._steps)}
        )
        return {**held, "dx2": None if self._pairs.dx2 is None else torch.from_numpy(self._pairs.dx2)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from records that were saved; those that a file holds beyond them are dropped when the next comes.

        Raises:
            ValueError: if they are in a file that is not there, is of others, or holds fewer.
        """
        if "file" in state_dict:
            count = int(state_dict["count"])
            file = RecordFile(state_dict["file"]) if self._file is None else self._file
            written = file.read(self._identity, count) if count else None
            self._steps, self._values = (written.steps[:count], written.values[:count]) if written else ([], [])
            self._kept = 0 if self._file is None else count
        else:
            self._steps, self._values = list(state_dict["steps"]), list(state_dict["records"].numpy())
        if state_dict["dx2"] is not None:
            self._pairs.dx2 = state_dict["dx2"].numpy()

    @cached_property
    def _identity(self) -> str:
        """A digest of the pairs and of what is looked at."""
        pool = [x.pool if not callable(x.pool) else "callable" for x in self._described]
        facts = [(x.name, x.select, x.batch, x.positions, x.mask, x.call) for x in self._described]
        return hashlib.sha256(f"{self._pairs.digest} {facts} {pool} {self._counted()}".encode()).hexdigest()[:16]

    def _counted(self) -> str | None:
        """What is counted as a step, where it has to be said."""
        return None

    def _has(self, step: int) -> bool:
        """Whether the network was recorded at this step or after it."""
        return bool(self._steps) and step <= self._steps[-1]

    def _add(self, step: int, prediction: Tensor, distances: Tensor) -> None:
        """Append dy2, w, the loss and one dh2 a layer, for every pair; one transfer brings them here.

        Args:
            step: the number of training steps so far.
            prediction: of every point, shape (points, ...).
            distances: the squared differences of the pairs, shape (layers, pairs).
        """
        self._add_all([step], prediction[None], distances[None])

    def _add_all(self, steps: Sequence[int], predictions: Tensor, distances: Tensor) -> None:
        """Append several records, shapes (records, points, ...) and (records, layers, pairs)."""
        self._begin_file()
        pairs = self._pairs
        y = predictions.detach().to(distances.device).double()
        values = torch.cat([distances.flatten(), y.flatten()]).cpu().numpy()
        by_layer, y = values[: distances.numel()].reshape(distances.shape), values[distances.numel() :]
        with np.errstate(invalid="ignore", over="ignore"):  # a network that diverged is recorded as it is
            both = y.reshape(*predictions.shape[:2], -1).take(pairs.where.numpy(), 1)
            targets = pairs.targets.numpy()
            dy, dy_target = both[:, :, 1] - both[:, :, 0], targets[:, 1] - targets[:, 0]
            _, dy2, w = inner_products(dy, dy, dy_target)
            loss = ((both - targets) ** 2).sum((2, 3)) / 4
        self._steps += steps
        self._values += list(np.stack([dy2, w, loss, *by_layer.swapaxes(0, 1)], axis=2))
        self._write()

    def _begin_file(self) -> None:
        """Make the file, or cut it to what is held of it."""
        if self._file is not None and self._writes and self._on_file is None:
            self._file.begin(self._kept, self._facts)
            self._on_file = self._kept

    def _write(self) -> None:
        """Bring the file up to the records that are held."""
        if self._file is None or self._on_file is None:
            return
        for step, values in zip(self._steps[self._on_file :], self._values[self._on_file :], strict=True):
            self._file.append(self._facts, step, self.labels, [*values.T, self._dx2, self._pairs.dy2])
            self._on_file += 1

    @property
    def _facts(self) -> dict[str, Any]:
        return {"identity": self._identity, "layers": list(self.layers), "counted": self._counted()}

    def _forget(self, first: int, end: int) -> None:
        """Take back the records from the first to before the end."""
        del self._steps[first:end], self._values[first:end]
        if self._on_file is not None:
            self._kept, self._on_file = first, None
            self._begin_file()
            self._write()

    @property
    def _dx2(self) -> Array:
        """Squared distances of the inputs, shape (pairs,).

        Raises:
            ValueError: if they are to be measured at a layer, and nothing is recorded yet.
        """
        found = self._held()[2]
        if found is None:
            raise ValueError("distances of the inputs are measured at the first record, and nothing is recorded yet")
        return found

    def _held(self) -> tuple[list[int], list[Array], Array | None]:
        """Steps, values and the distances of inputs; those of the file if another process wrote them."""
        if self._steps or self._file is None or not self._file.path.exists():
            return self._steps, self._values, self._pairs.dx2
        written = self._file.read(self._identity)
        return written.steps, written.values, written.constants[0] if written.constants else self._pairs.dx2

    def _recorded(self) -> tuple[list[int], list[Array], Array]:
        """As :meth:`_held`.

        Raises:
            ValueError: if nothing is recorded yet.
        """
        steps, values, dx2 = self._held()
        if not steps or dx2 is None:
            raise ValueError(
                "nothing is recorded yet; pass a PairTracker to a Trainer, or ask a PairRecorder to record"
            )
        return steps, values, dx2

    def _table(self) -> Array:
        """The records, shape (records, pairs, 3 + layers): dy2, w, the loss, then one dh2 a layer.

        Raises:
            ValueError: if nothing is recorded yet.
        """
        return np.stack(self._recorded()[1])

    def _number(self, pair: int) -> int:
        count = len(self._pairs.labels)
        if isinstance(pair, bool) or not isinstance(pair, Integral) or not -count <= pair < count:  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
            raise ValueError(f"pair must be the number of a pair, from 0 to {count - 1}, got {shown(pair)}")
        return pair
