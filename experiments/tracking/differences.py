"""Squared differences of the rows of a tensor, pair by pair, where the tensor is."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from repdyn.numeric import inner_products
from torch import Tensor

Array = NDArray[np.float64]

_ROOM = 2**18
"""Numbers that are held in double precision at once: 2 MB, which stay in the processor's cache."""

_SHORT = 2**13
"""Numbers subtracted at once: few enough that libraries do not start threads for their scalar product."""

_LONG = 2**10
"""Numbers of a point that are worth an operation of their own."""

_BLOCK = 2**22
"""Numbers subtracted at once elsewhere."""

_SINGLE = ("mps",)
"""Devices without double precision."""

_LEAST = float(np.finfo(np.float64).tiny)


class SquaredDifferences:
    """``|h[j] - h[i]|^2`` in double precision for each pair (i, j), shape (pairs,), on the device of ``h``.

    Each is the sum over its own differences. A Gram matrix of the points, ``h @ h.T``, would lose the digits of those
    that nearly coincide, and is not faster: it takes all pairs of points instead of those that are followed.

    Args:
        where: whole numbers on the processor, shape (pairs, 2).

    >>> SquaredDifferences(torch.tensor([[0, 1]]))(torch.tensor([[0.0, 1.0], [3.0, 5.0]]))
    tensor([25.], dtype=torch.float64)
    """

    def __init__(self, where: Tensor) -> None:
        self._where = where
        self._pairs: list[tuple[int, int]] = where.tolist()
        self._room = np.empty(_ROOM)  # used again: new memory costs as much as what is done in it
        self._joined: dict[tuple[int, int], SquaredDifferences] = {}  # of so many tensors, of so many points each

    def __call__(self, h: Tensor) -> Tensor:
        """Of a tensor of shape (points, ...).

        Raises:
            ValueError: if a difference is so short that its square is no number.
        """
        h = (h.cpu() if h.device.type in _SINGLE else h).detach().flatten(1)
        with np.errstate(invalid="ignore", over="ignore"):  # a network that diverged is looked at as it is
            found = self._by_numpy(h) if h.device.type == "cpu" else self._by_torch(h)
        short = found < _LEAST
        if short.any():  # 0, or too short
            tiny = self._where[short.cpu()]
            first, second = (h[tiny[:, i].to(h.device)].cpu().double().numpy() for i in (0, 1))
            inner_products(second - first, first[:, :1], first[:, :1])
        return found

    def of_each(self, tensors: Sequence[Tensor]) -> Tensor:
        """Of several tensors, each of shape (points, ...), shape (tensors, pairs).

        Short points of tensors of one kind are taken at once, as if they were of one: of a few points most of the time
        goes by the number of operations.

        Raises:
            ValueError: if a difference is so short that its square is no number.

        >>> differences = SquaredDifferences(torch.tensor([[0, 1]]))
        >>> differences.of_each([torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])])
        tensor([[4.],
                [2.]], dtype=torch.float64)
        """
        kinds: dict[Any, list[int]] = {}
        for k, h in enumerate(tensors):
            kinds.setdefault((h.shape, h.dtype, h.device), []).append(k)
        parts = [self._of_alike([tensors[k] for k in numbers]) for numbers in kinds.values()]
        if len(parts) == 1:
            return parts[0]
        order = torch.tensor([k for numbers in kinds.values() for k in numbers])
        found = torch.cat([x.to(parts[0].device) for x in parts])
        return found[order.argsort().to(found.device)]

    def _of_alike(self, tensors: list[Tensor]) -> Tensor:
        first = tensors[0]
        if len(tensors) == 1 or first.device.type != "cpu" or first[:1].numel() >= _LONG:
            return torch.stack([self(h) for h in tensors])
        size = len(tensors), len(first)
        if size not in self._joined:
            self._joined[size] = SquaredDifferences(torch.cat([self._where + size[1] * k for k in range(size[0])]))
        return self._joined[size](torch.cat(tensors)).view(len(tensors), -1)

    def _by_numpy(self, h: Tensor) -> Tensor:
        """A quarter of the time that torch takes for it, or less."""
        values = cast(Any, h.float() if h.dtype is torch.bfloat16 else h).numpy()
        found = np.zeros(len(self._pairs))
        if values.shape[1] < _LONG:
            self._add_blocks(values, found)
            return torch.from_numpy(found)
        most = _ROOM // len(values)
        shared = len(self._pairs) > len(values) and most >= _LONG
        step = min(_SHORT, most) if shared else _SHORT
        for begin in range(0, values.shape[1], step):
            part = values[:, begin : begin + step]
            if shared:
                self._add_shared(part, found)
            else:
                self._add_single(part, found)
        return torch.from_numpy(found)

    def _add_shared(self, values: NDArray[Any], found: Array) -> None:
        """For points that several pairs share: each is converted once."""
        exact = self._room[: values.size].reshape(values.shape)
        exact[...] = values
        points, difference = list(exact), np.empty(values.shape[1])
        for k, (i, j) in enumerate(self._pairs):
            np.subtract(points[j], points[i], out=difference)
            found[k] += difference.dot(difference)

    def _add_single(self, values: NDArray[Any], found: Array) -> None:
        """For many points: two are converted at a time."""
        first, second = np.empty((2, values.shape[1]))
        for k, (i, j) in enumerate(self._pairs):
            first[...], second[...] = values[i], values[j]
            second -= first
            found[k] += second.dot(second)

    def _add_blocks(self, values: NDArray[Any], found: Array) -> None:
        """For short points: those of some pairs are moved together."""
        size, where = values.shape[1], self._where.numpy()
        rows = max(1, _ROOM // 4 // max(1, size))
        for begin in range(0, len(found), rows):
            part = where[begin : begin + rows].T
            count = part.shape[1]
            first, second = exact = self._room[: 2 * count * size].reshape(2, count, size)
            exact[...] = values[part]
            second -= first
            found[begin : begin + rows] = np.vecdot(second, second)

    def _by_torch(self, h: Tensor) -> Tensor:
        found: list[Tensor] = []
        here, rows = self._where.to(h.device), max(1, _BLOCK // max(1, h.shape[1]))
        for begin in range(0, len(here), rows):
            part = here[begin : begin + rows]
            found.append((h[part[:, 1]].double() - h[part[:, 0]]).square().sum(1))
        return torch.cat(found)
