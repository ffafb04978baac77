"""Where a prediction and a measurement part ways, and how straight the conserved line is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .determination import r_squared, varies
from .quantities import State, increasing_times, samples, series

Array = NDArray[np.float64]

THRESHOLD = 0.1
"""A tenth of a scalar's range counts as a departure."""


@dataclass(frozen=True)
class Departure:
    """How one measured scalar leaves its prediction.

    Attributes:
        scalar: dh2, dy2 or w.
        worst: the largest difference, measured minus predicted, as a share of the measured range (of the size of a
            measurement that is constant); signed.
        worst_at: when, in training steps.
        first_at: when the difference first exceeds a tenth of the range, in training steps, or None.
        delay: how many steps later than predicted the scalar is half-way from its first to its last measured
            value (negative: earlier); None if one of both never is, or if it ends near where it began, like w.
    """

    scalar: str
    worst: float
    worst_at: float
    first_at: float | None
    delay: float | None


def departures(t: ArrayLike, observed: State, predicted: State) -> tuple[Departure, Departure, Departure]:
    """How dh2, dy2 and w leave their predictions, in that order.

    Args:
        t: training steps, shape (n,).
        observed: the measured state, fields of shape (n,).
        predicted: the predicted state, fields of shape (n,).

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if the times are fewer than 3 or do not increase, or fields are of other shapes.

    >>> dh2, dy2, w = departures([0, 1, 2], State([0, 1, 2], [0, 0, 1], 0.0), State([0, 1, 1], [0, 0, 1], 0.0))
    >>> dh2.worst, dh2.first_at, dy2.first_at
    (0.5, 2.0, None)
    """
    times = increasing_times(t)
    measured, expected = samples("observed", observed, times), samples("predicted", predicted, times)
    dh2, dy2, w = (
        _departure(name, times, *both) for name, *both in zip(("dh2", "dy2", "w"), measured, expected, strict=True)
    )
    return dh2, dy2, w


def _departure(scalar: str, times: Array, observed: Array, predicted: Array) -> Departure:
    size = max(float(np.abs(observed).max()), float(np.abs(predicted).max())) or 1.0
    observed, predicted = observed / size, predicted / size
    span = float(np.ptp(observed))
    difference = (observed - predicted) / (span if varies(observed) else float(np.abs(observed).max()) or 1.0)
    worst = int(np.argmax(np.abs(difference)))
    beyond = np.nonzero(np.abs(difference) > THRESHOLD)[0]
    half = (observed[0] + observed[-1]) / 2
    returns = abs(observed[-1] - observed[0]) < span / 2
    reached, expected = (None if returns else _crossing(times, x, half) for x in (observed, predicted))
    return Departure(
        scalar=scalar,
        worst=float(difference[worst]),
        worst_at=float(times[worst]),
        first_at=float(times[beyond[0]]) if beyond.size else None,
        delay=None if reached is None or expected is None else reached - expected,
    )


def _crossing(times: Array, values: Array, level: float) -> float | None:
    """When values first cross a level, interpolated, or None."""
    above = values > level
    change = np.nonzero(above[1:] != above[:-1])[0]
    if not change.size:
        return None
    i = change[0]
    return float(times[i] + (times[i + 1] - times[i]) * (level - values[i]) / (values[i + 1] - values[i]))


@dataclass(frozen=True)
class ConservedLine:
    """The straight line dh2 = intercept + slope * dy2/dh2 that the theory predicts, fitted to a measurement.

    Attributes:
        slope: an estimate of ``dx2 tau_y/tau_h``, positive in the theory.
        intercept: an estimate of A_high.
        r2: the share of the variation of dh2 that the line explains; NaN if dh2 does not vary or the samples are
            fewer than three, which any line explains.
    """

    slope: float
    intercept: float
    r2: float


def conserved_line(observed: State) -> ConservedLine:
    """Test the conserved quantity on a measured trajectory, without rates and without a model of time.

    Args:
        observed: the measured state, fields of shape (n,), dh2 positive.

    Raises:
        TypeError: if it is no state.
        ValueError: if there is no sample, a dh2 is not positive, or fields are of another shape.

    Source: the invariant derived in ``repdyn.symbolic.two_point()``.

    >>> line = conserved_line(State([1.0, 1.5, 2.0], [0.0, 0.75, 2.0], 0.0))
    >>> round(line.slope, 6), round(line.intercept, 6)
    (1.0, 1.0)
    """
    dh2, dy2 = series("observed", observed)
    if not dh2.size or not (dh2 > 0).all():
        raise ValueError(
            f"dh2 must be positive to test the conserved line, got {dh2.min() if dh2.size else 'no sample'}"
        )
    size = float(dh2.max())  # in units of their own nothing overflows
    with np.errstate(over="ignore"):
        x = dy2 / dh2
    longest = float(np.abs(x).max()) or 1.0
    if not np.isfinite(longest):
        raise ValueError(f"dy2/dh2 must be a number in double precision, got dh2 = {dh2[~np.isfinite(x)][0]:g}")
    h, x = dh2 / size, x / longest
    centred = x - x.mean()
    slope = float(centred @ h) / float(centred @ centred) if varies(x) else 0.0
    intercept = float(h.mean() - slope * x.mean())
    sse = float(np.sum((h - intercept - slope * x) ** 2))
    r2 = r_squared(h, sse) if varies(h) and h.size > 2 else np.nan
    return ConservedLine(slope * size / longest, intercept * size, r2)
