"""The coefficient of determination: how much of what varies a prediction explains."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

Sum = TypeVar("Sum", float, Array)

_ROUNDING = 8 * float(np.finfo(np.float64).eps)
"""Numbers that differ by a smaller share of their size are equal."""


def determination(missed: Sum, spread: Sum) -> Sum:
    """R^2 of the sum of squares that a prediction misses and of that about the mean, in one unit.

    >>> determination(1.0, 4.0)
    0.75
    """
    return 1 - missed / spread


def varies(values: Array) -> bool:
    """Whether values, shape (n,), differ by more than the rounding of their size.

    >>> varies(np.array([0.3, 0.1 + 0.2])), varies(np.array([0.3, 0.31]))
    (False, True)
    """
    size = float(np.abs(values).max(initial=0.0))
    return size > 0 and bool(np.ptp(values / size) > _ROUNDING)


def akaike(sse: float, samples: int, numbers: int) -> float:
    """Akaike's information criterion of so many residuals of one unknown variance, where so many numbers were fitted.

    >>> akaike(10.0, 10, 3)
    6.0
    """
    return float(samples * np.log(sse / samples)) + 2 * numbers if sse else -np.inf


def r_squared(measured: Array, sse: float) -> float:
    """The coefficient of determination; for constant data 1 if it is met exactly and 0 otherwise."""
    size = float(np.abs(measured).max(initial=0.0)) or 1.0
    shares, missed = measured / size, float(sse) / size / size
    if not varies(measured):
        return 1.0 if missed <= measured.size * _ROUNDING**2 else 0.0
    return determination(missed, float(np.sum((shares - shares.mean()) ** 2)))
