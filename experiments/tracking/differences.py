"""Squared differences of the rows of a tensor, pair by pair, where the tensor is."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from repdyn.numeric import inner_products
from torch import Tensor

_NUMBERS = 2**16
"""Numbers subtracted at once: half a MB, which stays in the processor's cache."""

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
    found = _by_numpy(h, where) if h.device.type == "cpu" else _by_torch(h, where)
    tiny = where[(found < _LEAST).cpu()]
    if len(tiny):  # 0, or too short
        first, second = (h[tiny[:, i].to(h.device)].cpu().double().numpy() for i in (0, 1))
        inner_products(second - first, first[:, :1], first[:, :1])
    return found


def _by_numpy(h: Tensor, where: Tensor) -> Tensor:
    """Half the time that torch takes for it."""
    values = cast(Any, h.float() if h.dtype is torch.bfloat16 else h).numpy()
    first, second = where.T.numpy()
    found = np.empty(len(where))
    rows = _rows(h)
    for begin in range(0, len(where), rows):
        part = slice(begin, begin + rows)
        difference = values[second[part]].astype(np.float64)
        difference -= values[first[part]]
        difference *= difference
        found[part] = difference.sum(-1)
    return torch.from_numpy(found)


def _by_torch(h: Tensor, where: Tensor) -> Tensor:
    found: list[Tensor] = []
    here, rows = where.to(h.device), 64 * _rows(h)
    for begin in range(0, len(here), rows):
        part = here[begin : begin + rows]
        found.append((h[part[:, 1]].double() - h[part[:, 0]]).square().sum(1))
    return torch.cat(found)


def _rows(h: Tensor) -> int:
    return max(1, _NUMBERS // max(1, h.shape[1]))
