"""What was measured of one layer, over all its pairs: numbers, not yet words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from repdyn.numeric.series import roughness, samples_of_rise

from ..comparison import Comparison, Failure

Array = NDArray[np.float64]


class R2(NamedTuple):
    """R^2 of each scalar."""

    dh2: float
    dy2: float
    w: float


GOOD, FAIR = 0.9, 0.7
"""The theory holds if R^2 of each scalar is at least the first in the median pair, in part if their mean is at least
the second."""

OVERSHOT = 2.0
"""Outputs do not go to their targets if dy2 becomes so many times that of the targets."""


def spread_evenly(count: int, most: int) -> list[int]:
    """The numbers of at most so many things out of all of them, from the first to the last.

    >>> spread_evenly(10, 4), spread_evenly(3, 4)
    ([0, 3, 6, 9], [0, 1, 2])
    """
    chosen = np.linspace(0, count - 1, min(count, most)).round().astype(int)
    return [int(k) for k in chosen]


@dataclass(frozen=True)
class Spread:
    """A number over pairs: its median and quartiles, NaN of none.

    >>> Spread.of([1.0, 2.0, 3.0, float("nan")])
    Spread(low=1.5, median=2.0, high=2.5)
    """

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Of the values that are finite."""
        found = np.array([x for x in values if np.isfinite(x)])
        if not found.size:
            return cls(np.nan, np.nan, np.nan)
        low, median, high = np.quantile(found, (0.25, 0.5, 0.75)).tolist()
        return cls(low, median, high)


@dataclass(frozen=True)
class Measures:
    """What the trajectories of one kind of pairs show at one layer.

    Attributes:
        pairs: how many were recorded.
        fitted: how many could be fitted.
        successes: in how many the fit is a success.
        reasons: why others could not be fitted, and how often.
        r2: R^2 of dh2, dy2 and w.
        line_r2: of the conserved line, with no fit of rates.
        line_slope: its slope, an estimate of dx2 tau_y/tau_h.
        line_intercept: its intercept, an estimate of A_high.
        rate_h, rate_y: effective learning rates of the fits that determine them, 1/(training step).
        error_h, error_y: their standard errors, as shares of them.
        regime: asinh(A_high/(2 A_low)), 0 in the rich regime, of the same fits.
        growth: the last dh2 over the first.
        change: the range of dh2 over its largest value.
        learnt: the share of the difference of outputs that was learnt.
        ended: the share of pairs whose end was seen.
        rise: records between a tenth and nine tenths of the change of dy2.
        size: the largest dy2 over that of the targets.
        roughness: the share of the variance of dy2 that each record draws for itself.
    """

    pairs: int
    fitted: int
    successes: int
    reasons: dict[str, int]
    r2: R2
    line_r2: Spread
    line_slope: Spread
    line_intercept: Spread
    rate_h: Spread
    rate_y: Spread
    error_h: Spread
    error_y: Spread
    regime: Spread
    growth: Spread
    change: Spread
    learnt: Spread
    ended: float
    rise: Spread
    size: Spread
    roughness: Spread


def measures(found: Sequence[Comparison | Failure]) -> Measures:
    """The measures of the trajectories of one layer.

    >>> measures([]).fitted
    0
    """
    fits = [c for c in found if isinstance(c, Comparison)]
    good = [c for c in fits if c.fit.determined]
    failures = [c.reason for c in found if isinstance(c, Failure)]

    def spread(value: Callable[[Comparison], float | None], of: Sequence[Comparison] = fits) -> Spread:
        values = (value(c) for c in of)
        return Spread.of(np.nan if x is None else x for x in values)

    return Measures(
        pairs=len(found),
        fitted=len(fits),
        successes=sum(c.fit.success for c in fits),
        reasons={reason: failures.count(reason) for reason in dict.fromkeys(failures)},
        r2=R2(*(spread(lambda c, name=name: getattr(c.fit.r2, name)).median for name in R2._fields)),
        line_r2=spread(lambda c: c.line.r2),
        line_slope=spread(lambda c: c.line.slope),
        line_intercept=spread(lambda c: c.line.intercept),
        rate_h=spread(_rate("rate_h"), good),
        rate_y=spread(_rate("rate_y"), good),
        error_h=spread(_error("rate_h"), good),
        error_y=spread(_error("rate_y"), good),
        regime=spread(lambda c: c.regime, good),
        growth=spread(_growth),
        change=spread(_change),
        learnt=spread(lambda c: c.learnt),
        ended=float(np.mean([c.ended for c in fits])) if fits else np.nan,
        rise=spread(lambda c: samples_of_rise(_values(c, "dy2"))),
        size=spread(_size),
        roughness=spread(lambda c: roughness(_values(c, "dy2"))),
    )


def _rate(name: str) -> Callable[[Comparison], float | None]:
    return lambda c: c.fit.coefficients.get(name)


def _error(name: str) -> Callable[[Comparison], float | None]:
    def share(c: Comparison) -> float | None:
        return c.errors[name] / c.fit.coefficients[name] if c.errors and name in c.errors else None

    return share


def _growth(c: Comparison) -> float:
    dh2 = _values(c, "dh2")
    return float(dh2[-1] / dh2[0]) if dh2[0] > 0 else np.nan


def _change(c: Comparison) -> float:
    dh2 = _values(c, "dh2")
    return float(np.ptp(dh2) / dh2.max()) if dh2.max() > 0 else np.nan


def _size(c: Comparison) -> float:
    target = float(c.constants.dy2)
    return float(_values(c, "dy2").max() / target) if target > 0 else np.nan


def _values(c: Comparison, name: str) -> Array:
    return np.broadcast_to(np.asarray(getattr(c.observed, name), dtype=np.float64), c.steps.shape)
