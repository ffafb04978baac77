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
    return bool(_vary(values))


def _vary(values: Array) -> NDArray[np.bool_]:
    """The same of each row, shape (..., n)."""
    size = np.abs(values).max(axis=-1, initial=0.0)
    shares = values / np.where(size > 0, size, 1.0)[..., None]
    return np.ptp(shares, axis=-1) > _ROUNDING if values.shape[-1] else size > 0


def akaike(sse: float, samples: int, numbers: int) -> float:
    """Akaike's information criterion of so many residuals of one unknown variance, where so many numbers were fitted.

    >>> akaike(10.0, 10, 3)
    6.0
    """
    return float(samples * np.log(sse / samples)) + 2 * numbers if sse else -np.inf


def r_squared(measured: Array, sse: float) -> float:
    """The coefficient of determination; for constant data 1 if it is met exactly and 0 otherwise."""
    return float(r_squared_of_each(measured, np.asarray(sse, dtype=np.float64)))


@np.errstate(over="ignore")  # of what is missed, in units of numbers that are hardly any
def r_squared_of_each(measured: Array, sse: Array) -> Array:
    """The same of each row, shape (..., n), from sums of squares of shape (...)."""
    size = np.abs(measured).max(axis=-1, initial=0.0)
    size = np.where(size > 0, size, 1.0)
    shares, missed = measured / size[..., None], sse / size / size
    exact = np.where(missed <= measured.shape[-1] * _ROUNDING**2, 1.0, 0.0)
    some = _vary(measured)
    spread = np.sum((shares - shares.mean(axis=-1, keepdims=True)) ** 2, axis=-1)
    return np.where(some, determination(missed, np.where(some, spread, 1.0)), exact)
