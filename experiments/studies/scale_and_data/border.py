"""A border in a plane of two positive numbers, between where something is so and where it is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression

_DRAWS, _LEVEL = 200, 0.95
"""How often cells are drawn anew for an interval, and what it covers."""

_FEWEST = 10
"""An interval needs so many draws in which both kinds of cells are there."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Border:
    """A logistic regression of what is so on two logarithms, with intervals.

    Attributes:
        first, second: its coefficients, of the standardised logarithms.
        first_interval, second_interval: where 95 % of the draws lie.
        intercept, slope: the line on which the chance is one half: ``log second = intercept + slope log first``.
        slope_interval: as the others.
    """

    first: float
    second: float
    first_interval: Interval
    second_interval: Interval
    intercept: float
    slope: float
    slope_interval: Interval


def fitted_border(first: ArrayLike, second: ArrayLike, holds: ArrayLike, *, seed: int = 0) -> Border | None:
    """Fit a border to cells; None if all are of one kind, or there are too few for an interval.

    Coefficients have the usual small penalty (the sum of their squares, C = 1), without which there are none where a
    line parts the cells; intervals are those of cells drawn anew with replacement.

    Args:
        first, second: positive, shape (cells,).
        holds: whether it is so, shape (cells,).
        seed: of the draws.

    >>> gain, share = np.array([(g, p) for g in (0.1, 0.2, 0.5, 1.0) for p in (0.1, 0.2, 0.5, 1.0)]).T
    >>> found = fitted_border(gain, share, share >= gain)
    >>> found.first < 0 < found.second, found.first_interval[1] < 0, round(found.slope, 1)
    (True, True, 1.0)
    """
    logs = np.log(np.column_stack([first, second]).astype(np.float64))
    kinds = np.asarray(holds, dtype=bool)
    if kinds.all() or not kinds.any():
        return None
    middle, spread = logs.mean(0), logs.std(0)
    places = (logs - middle) / spread
    draws = np.random.default_rng(seed)
    chosen = draws.integers(0, len(kinds), (_DRAWS, len(kinds)))
    again = np.array([_coefficients(places[k], kinds[k]) for k in chosen if 0 < kinds[k].sum() < len(kinds)])
    if len(again) < _FEWEST:
        return None
    constant, one, two = _coefficients(places, kinds)
    slope = float(-(one / spread[0]) / (two / spread[1]))
    half = middle[1] - constant * spread[1] / two - slope * middle[0]
    slopes = -(again[:, 1] / spread[0]) / (again[:, 2] / spread[1])
    return Border(one, two, _interval(again[:, 1]), _interval(again[:, 2]), float(half), slope, _interval(slopes))


def _coefficients(places: NDArray[np.float64], kinds: NDArray[np.bool_]) -> tuple[float, float, float]:
    model = LogisticRegression().fit(places, kinds)
    one, two = model.coef_[0]
    return float(model.intercept_[0]), float(one), float(two)


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, ((1 - _LEVEL) / 2, (1 + _LEVEL) / 2))
    return float(low), float(high)
