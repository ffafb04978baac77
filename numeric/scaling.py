"""Numbers in a unit and from an origin of their own, so that no sum of their squares overflows or cancels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Exponent = NDArray[np.int32]

Axes = int | tuple[int, ...] | None
"""As NumPy's ``axis``: None is all of them."""

ROUNDING = 49
"""Deviations smaller than ``2^-49`` of the largest number, eight last places, are its rounding."""


def scaled(x: Array, axis: Axes = None) -> tuple[Array, Exponent]:
    """``x / 2^k`` and k, the power of two next above the largest magnitude along the axes, which are kept.

    Exact, but for what is smaller than 1e-308 of the largest.

    >>> unit, k = scaled(np.array([3e200, -1e200]))
    >>> float(abs(unit).max()) < 1, np.ldexp(unit, k).tolist()
    (True, [3e+200, -1e+200])
    """
    k = np.frexp(np.abs(x).max(axis, keepdims=True, initial=0.0))[1]
    return np.ldexp(x, -k), k


def deviations(x: Array, axis: Axes = None) -> tuple[Array, Exponent]:
    """``(x - mean) / 2^k`` and k, as :func:`scaled`: 0 where all numbers are equal but for rounding.

    >>> unit, k = deviations(np.array([1e9, 1e9 + 1]))
    >>> np.ldexp(unit, k).tolist()
    [-0.5, 0.5]
    >>> deviations(np.full(3, 0.1))[0].any()
    np.False_
    """
    unit, size = scaled(x, axis)
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    first = tuple(slice(0, 1) if i in axes else slice(None) for i in range(x.ndim))
    unit = unit - unit[first]  # exact where numbers are close, so that the mean is rounded in their own unit
    unit, k = scaled(unit - unit.mean(axis, keepdims=True), axis)
    return np.where(k > -ROUNDING, unit, 0.0), size + k
