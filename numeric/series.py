"""What the samples of one scalar show by themselves: how often its rise was seen, and how rough it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_RISE = (0.1, 0.9)
"""From which share of the whole change to which samples are counted."""

_MEDIAN_OF_SQUARES = 0.455
"""The median of the square of a standard normal number."""


def samples_of_rise(values: Array) -> float:
    """How many samples lie between a tenth and nine tenths of the change from first to last, NaN if there is none.

    >>> samples_of_rise(np.linspace(0.0, 1.0, 101)), samples_of_rise(np.array([0.0, 0.0, 1.0, 1.0]))
    (80.0, 0.0)
    """
    change = values[-1] - values[0]
    if not change:
        return np.nan
    low, high = (int(np.argmax((values - values[0]) / change >= level)) for level in _RISE)
    return float(high - low)


def roughness(values: Array) -> float:
    """The share of the variance that each sample draws for itself, NaN of what does not vary or is too short.

    The variance of second differences is six times that of such noise. It is taken from their median, of Gaussian
    noise, so that a few samples of a steep rise do not count.

    >>> noise = np.random.default_rng(0).normal(size=5000)
    >>> round(roughness(noise), 1), roughness(np.linspace(0.0, 1.0, 50)) < 1e-20
    (1.0, True)
    """
    variance = float(np.var(values))
    if not variance > 0 or values.size < 3:
        return np.nan
    return float(np.median(np.diff(values, 2) ** 2) / 6 / _MEDIAN_OF_SQUARES / variance)
