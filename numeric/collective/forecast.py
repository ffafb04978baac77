"""The distances of a data set at a later time, from the first part of its training; or why they cannot be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from ..arguments import number
from ..forecast import Refusal
from ..kernels import Kernel, points_alike
from ..quantities import State, increasing_times
from .course import Course
from .end import points_shown
from .fit import CollectiveFit, checked_pairs, fit_collective, three_scalars
from .flow import CollectiveState

Array = NDArray[np.float64]

_THEORY = "collective"

_BEGUN = 0.05
"""If less than this share of the pairs' error was learnt, nothing has happened from which a rest could follow."""

_FEWEST = 4
"""Records of a training from which something can be said."""

_EXPLAINED = 0.5
"""The theory fails where it explains less of dh2, dy2 or w, over all pairs."""

_DIFFERENT, _ALIKE = 0.55, 1.9
"""How far logarithms of distances are off, of pairs of different and of like targets, in this share of..."""

_MEASURED_AT = 0.9
"""...the distances of two networks, those of seeds 0 and 1 of the digits, at the end of their training; of any network
the study ``collective`` tells both, as ``off_different`` and ``off_same`` of its trials."""

_FAR, _NEAR = 3.0, 0.25
"""A distance of like targets that is yet to change by less in its logarithm is off by as much less, not below a share.
"""

_WIDEST = 10.0
"""Intervals whose bounds are this factor away from the forecast say nothing."""

_MOST_VELOCITIES = 40_000
"""Of the way to the time that is asked for, after which it is not going to be reached."""

_STEP = 1e-5
"""The share of a rate that derivatives are differences over."""

_PAIR = 2

_SPAN = (60, 20)
"""Directions of the kernel and of hidden units that are integrated."""


@dataclass(frozen=True, eq=False)
class DistanceForecast:
    """The squared distances of some points at a later time.

    Attributes:
        learnt: the share of the squared error of the pairs' output differences that was learnt when it was made.
        level: the probability with which each interval is meant to hold what will be measured.
        until: the training step that was asked for.
        points: which of the points, shape (m,).
        expected: shape (m, m).
        lower: the lower bounds.
        upper: the upper bounds.
        fit: the theory as it was fitted to what was seen.
    """

    learnt: float
    level: float
    until: float
    points: NDArray[np.intp]
    expected: Array
    lower: Array
    upper: Array
    fit: CollectiveFit


def forecast_distances(  # noqa: PLR0913  # what fit_collective takes, and what is asked for
    t: ArrayLike,
    observed: State,
    pairs: ArrayLike,
    start: CollectiveState,
    kernel: Kernel,
    targets: ArrayLike,
    *,
    until: float,
    shown: ArrayLike | None = None,
    growth: Sequence[str] = ("h2",),
    level: float = 0.9,
    theory_error: float = 1.0,
) -> DistanceForecast | Refusal:
    """Say from the first part of a training how far points of a data set will be apart later, recorded or not.

    The collective theory is fitted to the recorded pairs and goes on from their start. Distances are off by
    factors: an interval allows, in logarithms, for what the theory was measured to miss of networks at the end of
    training, in nine of ten: 0.55 of pairs with different targets, and 1.9 of pairs with the same, which the theory
    brings together too slowly, as much less as they have less than 3 to go, but at least a quarter. Where that is more
    it allows for what the theory misses of the last record. To that comes the error of the fitted rates.

    Args:
        t: training steps of the records, shape (T,), T >= 4, increasing.
        observed: the measured pairs, fields of shape (T, m).
        pairs: the two points of each, shape (m, 2).
        start: the network at the first time.
        kernel: K of N points, the encoder's.
        targets: Y*, shape (N, c).
        until: the training step that is asked for, not before the last recorded one.
        shown: which of the points, shape (s,); all if it is not given.
        growth: as for :func:`fit_collective`; the first part of a training tells little of it.
        level: the probability with which each interval is to hold what is measured, between 0 and 1.
        theory_error: how much of the error of the theory is allowed for: 1 in networks, 0 where it is known to hold.

    A training without a forecast has a :class:`Refusal` with the reason: less than 5 % of the error of the pairs is
    learnt, or the theory does not describe what happened (R^2 below 0.5 of a scalar, over all pairs), it cannot be
    computed up to the time asked for, or most intervals are wider than a factor of 10 to either side.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: as :func:`fit_collective`; if there are fewer than 4 records, ``until`` is before the last one,
            level is not between 0 and 1, or the error is negative.

    >>> from repdyn.numeric import CollectiveRates, CollectiveState, Kernel
    >>> from repdyn.numeric import collective_trajectory, forecast_distances
    >>> start = CollectiveState([[0.1], [-0.1]], [[0.1]], [0.0])
    >>> kernel, targets, t = Kernel([[1.0], [-1.0]]), [[0.5], [-0.5]], np.linspace(0, 150, 16)
    >>> path = collective_trajectory([*t, 1000.0], start, kernel, targets, CollectiveRates(0.02, 0.02))
    >>> said = {"start": start, "kernel": kernel, "targets": targets, "growth": (), "until": 1000.0}
    >>> found = forecast_distances(t, path.states([[0, 1]])[:-1], [[0, 1]], theory_error=0.0, **said)
    >>> found.expected.round(2).tolist(), path.distances(-1).round(2).tolist()
    ([[0.0, 2.0], [2.0, 0.0]], [[0.0, 2.0], [2.0, 0.0]])
    """
    times = increasing_times(t)
    if times.size < _FEWEST:
        raise ValueError(f"t must be of at least {_FEWEST} records, got {times.size}")
    asked, share, own = number("until", until), number("level", level), number("theory_error", theory_error)
    if not (np.isfinite(asked) and asked >= times[-1]):
        raise ValueError(f"until must be a step not before the last recorded one, {times[-1]:g}, got {asked:g}")
    if not 0 < share < 1:
        raise ValueError(f"level must be between 0 and 1, got {share:g}")
    if not 0 <= own < np.inf:
        raise ValueError(f"theory_error must be finite and not negative, got {own:g}")
    given, points = points_alike(kernel, "targets", targets), points_shown(kernel, shown)
    if points.size < _PAIR:
        raise ValueError(f"shown must be at least two points, got {points.size}")
    seen = checked_pairs(pairs, len(kernel))
    data = three_scalars("observed", observed, (times.size, len(seen)))
    squares = np.square(given[seen[:, 1]] - given[seen[:, 0]]).sum(1)
    error = (2 * data[2] - data[1] + squares).mean(1)
    learnt = float(1 - error[-1] / error[0]) if error[0] > 0 else 0.0
    if not learnt >= _BEGUN:
        return Refusal(
            _THEORY,
            learnt,
            f"only {learnt:.1%} of the pairs' differences is learnt so far, and a forecast takes {_BEGUN:.0%}: "
            "train on",
        )
    rank, units = _SPAN
    fit = fit_collective(times, State(*data), seen, start, kernel, given, growth=growth, rank=rank, units=units)
    r2 = {name: float(getattr(fit.r2, name)) for name in ("dh2", "dy2", "w")}
    if min(r2.values()) < _EXPLAINED:
        shares = ", ".join(f"{x:.2f} of {name}" for name, x in r2.items())
        return Refusal(_THEORY, learnt, f"the theory does not describe what happened so far: R^2 is {shares}")
    pairs_shown = np.stack(np.triu_indices(points.size, 1), axis=1)
    later = np.array([times[0], times[-1], asked]) - times[0]
    future = Course(later, points[pairs_shown], start, kernel, given, rank, units, _MOST_VELOCITIES)
    try:
        now, expected, variance = _followed(future, fit)
    except ArithmeticError as error_found:
        return Refusal(_THEORY, learnt, f"the theory cannot be computed up to step {asked:g}: {error_found}")
    ends = given[points]
    like = np.square(ends[pairs_shown[:, 1]] - ends[pairs_shown[:, 0]]).sum(1) == 0
    ahead = np.clip(np.abs(expected - now) / _FAR, _NEAR, 1.0)
    measured = np.where(like, ahead * _ALIKE, _DIFFERENT) / float(ndtri((1 + _MEASURED_AT) / 2))
    missed = _logs(fit.predicted.dh2)[-1] - _logs(fit.observed.dh2)[-1]
    here = np.where(like, _size(missed[squares == 0]), _size(missed[squares > 0]))
    off = float(ndtri((1 + share) / 2)) * np.sqrt(variance + own**2 * np.maximum(measured, here) ** 2)
    if not np.median(off) < np.log(_WIDEST):
        return Refusal(
            _THEORY, learnt, f"what was seen leaves most distances open by more than a factor of {_WIDEST:g}: train on"
        )
    middle, lower, upper = (_matrix(x, pairs_shown, points.size) for x in (expected, expected - off, expected + off))
    return DistanceForecast(learnt, share, asked, points, middle, lower, upper, fit)


def _followed(course: Course, fit: CollectiveFit) -> tuple[Array, Array, Array]:
    """The logarithms of distances now and later, shape (m,), and the variance of these by the fitted rates.

    Raises:
        ArithmeticError: if the integrator gives up.
    """
    names = tuple(fit.stderr or ())
    near = [replace(fit.rates, **{name: getattr(fit.rates, name) * (1 + _STEP)}) for name in names]
    base, *beside = _logs(course.states(fit.rates, *near)[:, 0, 1:])
    if fit.covariance is None or not beside:
        return base[0], base[1], np.zeros_like(base[1])
    slopes = np.stack([(x[1] - base[1]) / _STEP for x in beside])
    return base[0], base[1], np.einsum("im,ij,jm->m", slopes, fit.covariance, slopes)


def _logs(squares: ArrayLike) -> Array:
    return np.log(np.maximum(np.asarray(squares, dtype=np.float64), np.finfo(np.float64).tiny))


def _size(x: Array) -> float:
    """The root of the mean square, 0 of nothing."""
    return float(np.sqrt(np.mean(x**2))) if x.size else 0.0


def _matrix(logs: Array, pairs: NDArray[np.intp], count: int) -> Array:
    found = np.zeros((count, count))
    found[pairs[:, 0], pairs[:, 1]] = found[pairs[:, 1], pairs[:, 0]] = np.exp(logs)
    return found
