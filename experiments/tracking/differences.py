"""Squared differences of the rows of a tensor, pair by pair, where the tensor is."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from repdyn.numeric import inner_products
from torch import Tensor

_NUMBERS = 2**15
"""Numbers in the differences taken at once: a quarter of a MB, which stays in the processor's cache with their points."""

_SHORT = 2**13
"""Numbers in a scalar product: few enough that libraries do not start threads for it."""

_SINGLE = ("mps",)
"""Devices without double precision."""

_LEAST = float(np.finfo(np.float64).tiny)


def squared_differences(h: Tensor, where: Tensor) -> Tensor:
    """``|h[j] - h[i]|^2`` in double precision for each row (i, j) of ``where``, shape (pairs,), on the device of ``h``.

    Each is the sum over its own differences. A Gram matrix of the points, ``h @ h.T``, would lose the digits of those
    that nearly coincide, and is not faster: it takes all pairs of points instead of those that are followed.

    Args:
        h: shape (points, ...).
        where: whole numbers on the processor, shape (pairs, 2).

    Raises:
        ValueError: if a difference is so short that its square is no number.

    >>> squared_differences(torch.tensor([[0.0, 1.0], [3.0, 5.0]]), torch.tensor([[0, 1]]))
    tensor([25.], dtype=torch.float64)
    """
    h = (h.cpu() if h.device.type in _SINGLE else h).detach().flatten(1)
    with np.errstate(invalid="ignore", over="ignore"):  # a network that diverged is looked at as it is
        found = _by_numpy(h, where) if h.device.type == "cpu" else _by_torch(h, where)
    short = found < _LEAST
    if short.any():  # 0, or too short
        tiny = where[short.cpu()]
        first, second = (h[tiny[:, i].to(h.device)].cpu().double().numpy() for i in (0, 1))
        inner_products(second - first, first[:, :1], first[:, :1])
    return found


def _by_numpy(h: Tensor, where: Tensor) -> Tensor:
    """Block by block in the same memory: a quarter of the time that torch takes for it."""
    values = cast(Any, h.float() if h.dtype is torch.bfloat16 else h).numpy()
    rows = min(_rows(h), len(where))
    points = np.ascontiguousarray(where.numpy().T)
    found = np.zeros(len(where))
    both, exact = np.empty((2, rows, h.shape[1]), values.dtype), np.empty((2, rows, h.shape[1]))
    for begin in range(0, len(where), rows):
        part = points[:, begin : begin + rows]
        here, (first, second) = both[:, : part.shape[1]], exact[:, : part.shape[1]]
        values.take(part, 0, out=here, mode="clip")  # not "raise", which makes a copy
        exact[:, : part.shape[1]] = here
        second -= first
        for unit in range(0, h.shape[1], _SHORT):
            some = second[:, unit : unit + _SHORT]
            found[begin : begin + rows] += np.vecdot(some, some)
    return torch.from_numpy(found)


def _by_torch(h: Tensor, where: Tensor) -> Tensor:
    found: list[Tensor] = []
    here, rows = where.to(h.device), 128 * _rows(h)
    for begin in range(0, len(here), rows):
        part = here[begin : begin + rows]
        found.append((h[part[:, 1]].double() - h[part[:, 0]]).square().sum(1))
    return torch.cat(found)


def _rows(h: Tensor) -> int:
    return max(1, _NUMBERS // max(1, h.shape[1]))
