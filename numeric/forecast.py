"""The rest of a trajectory and its end, from its first part, with intervals; or why that cannot be said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic import Theory
from scipy.special import ndtri, stdtrit

from .arguments import number, real
from .coefficients import DEFAULT_THEORY, named
from .loss import loss_curve
from .measurement import Measurement
from .quantities import Pair, State
from .solution import has_end
from .stretch import Stretch, stretch

Array = NDArray[np.float64]

_BEGUN = 0.1
"""If less than this share of the difference was learnt, nothing has happened from which a rest could follow."""

_ORIGINS = (0.5, 0.75)
"""Of what was learnt: where the forecast is made once more, of what was known then."""

_FEWEST = 6
"""Samples of a stretch that is fitted."""

_EXPLAINED = 0.8
"""The theory fails where it explains less of dh2, dy2 or w since half of what is learnt now was..."""

_ALIKE = 0.05
"""...and what it leaves is no noise: it stays alike for more than this share of that time."""

_GROWTH = 0.4
"""By which share of the logarithm by which dh2 is to grow the theory misses..."""

_CLOCK = 0.7
"""...and by how much, as a logarithm, what is to come is faster or slower..."""

_MEASURED_AT = 0.9
"""...at most, in this share of the networks of tests/experiments/runs/test_forecast_coverage.py."""

_WIDEST = 5.0
"""An interval of the end whose bounds are this factor away from the forecast says nothing."""


@dataclass(frozen=True)
class Forecast:
    """The rest of a trajectory.

    Attributes:
        theory: the name of the theory.
        coefficients: its coefficients, fitted to what happened since half of what is learnt now was.
        learnt: the share of the squared error of the output difference that was learnt when the forecast was made.
        level: the probability with which each interval is meant to hold what will be measured.
        t: the training steps asked for, shape (m,).
        expected: the state at those.
        lower: the lower bounds of dh2, dy2 and w.
        upper: the upper bounds.
        final: dh2 at the end of training.
        final_interval: its bounds.
    """

    theory: str
    coefficients: Mapping[str, float]
    learnt: float
    level: float
    t: Array
    expected: State
    lower: State
    upper: State
    final: float
    final_interval: tuple[float, float]


@dataclass(frozen=True)
class Refusal:
    """Why there is no forecast.

    Attributes:
        theory: the name of the theory.
        learnt: the share of the squared error of the output difference that was learnt.
        reason: a sentence.
    """

    theory: str
    learnt: float
    reason: str


def forecast_trajectory(
    t: ArrayLike,
    observed: State,
    pair: Pair,
    *,
    until: ArrayLike,
    theory: Theory | str = DEFAULT_THEORY,
    level: float = 0.9,
    theory_error: float = 1.0,
) -> Forecast | Refusal:
    """Say from the first part of a trajectory how it goes on and where it ends.

    The theory is fitted to what happened since half of what is learnt now was, where it began being fitted as well, and
    goes on from there. An interval allows for three errors: of the fit, with residuals that stay alike for a while; of
    what is measured, by noise as large as so far; and of the theory. The last is how much the forecast has moved since
    half and three quarters of what is learnt now were, but at least what it was measured to be in networks: dh2 misses
    by up to 0.4 of the logarithm by which it is to grow, and what is to come is faster or slower by up to a factor of
    2, each in nine of ten (``pytest -s -m slow tests/experiments/runs/test_forecast_coverage.py``).

    Where dh2 is hardly to change the interval is narrow, and networks with layer normalisation were found outside.

    Args:
        t: training steps, shape (n,), increasing.
        observed: the measured state at those times, fields of shape (n,).
        pair: squared distances of inputs and of targets.
        until: the training steps that are asked for, shape (m,), none before the last observed one.
        theory: one that has an end and does not depend on time itself, by name or one of your own.
        level: the probability with which each interval is to hold what is measured, between 0 and 1.
        theory_error: how much of the error of the theory is allowed for: 1 in networks, 0 where the theory is known to
            hold, as in simulations.

    A trajectory without a forecast has a :class:`Refusal` with the reason, which is no exception, as among many there
    are always some: less than a tenth of the difference is learnt; the theory does not describe what happened (R^2
    below 0.8 of a scalar, and what is left is no noise) or cannot at all; the samples are too few, do not determine its
    coefficients, or leave the end open by more than a factor of 5; or dh2 is to vanish, of which intervals are factors.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: as :func:`fit_rates`; if a time in ``until`` is before the last observed one, level is not between
            0 and 1, the error is negative, or the theory has no end or depends on time itself.

    Source: rolling origins (Tashman, Int. J. Forecast. 16 (2000) 437); the theory of van Rossem & Saxe (arXiv
    2402.09142).

    >>> from repdyn.numeric import Pair, Rates, State, forecast_trajectory, trajectory
    >>> t, pair = np.arange(0.0, 2000.0, 10.0), Pair(1.0, 0.5)
    >>> run = trajectory(t, State(1e-3, 1e-3, 0.0), pair, Rates(2e-3, 4e-2))
    >>> seen = t <= 700
    >>> found = forecast_trajectory(t[seen], run[seen], pair, until=t[~seen])
    >>> round(found.learnt, 2), round(found.final, 3), [round(x, 2) for x in found.final_interval]
    (0.16, 0.136, [0.05, 0.34])
    >>> exact = forecast_trajectory(t[seen], run[seen], pair, until=t[~seen], theory_error=0.0)
    >>> [round(x, 6) for x in exact.final_interval], round(found.final, 6)
    ([0.135501, 0.135501], 0.135501)
    >>> forecast_trajectory(t[:20], run[:20], pair, until=[2000.0]).reason
    'only 0.9% of the difference is learnt so far, and a forecast takes 10%: train on'
    """
    data = Measurement(t, observed, pair, None)
    found = named(theory)
    if found.depends_on_time or not has_end(found):
        lacks = "depends on time itself" if found.depends_on_time else "has no end that is known"
        raise ValueError(f"theory {found.name!r} {lacks}: a forecast takes one such as 'two_point'")
    asked = real("until", until)
    wrong = ~(np.isfinite(asked) & (asked >= data.times[-1]))
    if asked.ndim != 1 or wrong.any():
        got = f"{asked[wrong][0]:g}" if asked.ndim == 1 else f"shape {asked.shape}"
        raise ValueError(
            f"until must be of shape (m,), of steps not before the last observed one, {data.times[-1]:g}, got {got}"
        )
    share, own = number("level", level), number("theory_error", theory_error)
    if not 0 < share < 1:
        raise ValueError(f"level must be between 0 and 1, got {share:g}")
    if not 0 <= own < np.inf:
        raise ValueError(f"theory_error must be finite and not negative, got {own:g}")
    learnt = _learnt(data)
    try:
        return _forecast(data, found, asked, learnt, share, own)
    except (ValueError, ArithmeticError) as error:
        return Refusal(found.name, float(learnt[-1]), str(error))


def _forecast(data: Measurement, theory: Theory, asked: Array, learnt: Array, level: float, own: float) -> Forecast:
    """The forecast.

    Raises:
        ValueError: saying why there is none.
    """
    now = float(learnt[-1])
    if not now >= _BEGUN:
        raise ValueError(
            f"only {now:.1%} of the difference is learnt so far, and a forecast takes {_BEGUN:.0%}: train on"
        )
    latest, *earlier = _stretches(data, theory, learnt)
    if latest.r2.min() < _EXPLAINED and latest.alike > _ALIKE:
        shares = ", ".join(f"{x:.2f} of {name}" for name, x in zip(("dh2", "dy2", "w"), latest.r2, strict=True))
        raise ValueError(
            f"theory {theory.name!r} does not describe what happened since {now / 2:.0%} of the difference was learnt: "
            f"R^2 is {shares}, and what is left is no noise"
        )
    origins = [x for x in earlier if x.covariance is not None]
    if latest.covariance is None or not origins:
        names = ", ".join(latest.coefficients)
        raise ValueError(f"the samples do not determine {names}: record more often, or train on")
    if not latest.course.end(latest.unknowns) > 0:
        raise ValueError("the two representations are to merge, and intervals of dh2 are factors: there is none of 0")
    own *= float(ndtri((1 + level) / 2) / ndtri((1 + _MEASURED_AT) / 2))
    view = _View(latest, origins, float(data.times[-1]), float(stdtrit(latest.freedom, (1 + level) / 2)), own)
    (end,), (off,) = view.end()
    if not off < np.log(_WIDEST):
        raise ValueError(f"what was learnt so far leaves the end open by more than a factor of {_WIDEST:g}: train on")
    curve, under, over = view.curve(asked)
    return Forecast(
        theory=theory.name,
        coefficients=latest.coefficients,
        learnt=now,
        level=level,
        t=asked,
        expected=_state(curve),
        lower=_state(curve - under),
        upper=_state(curve + over),
        final=float(np.exp(end)),
        final_interval=(float(np.exp(end - off)), float(np.exp(end + off))),
    )


def _learnt(data: Measurement) -> Array:
    """The share of the squared error of the output difference that was learnt, shape (n,)."""
    error = np.asarray(loss_curve(data.elapsed, State(*data.observed), data.pair, 0.0, 1.0))
    return 1 - error / error[0] if error[0] > 0 else np.zeros_like(error)


def _stretches(data: Measurement, theory: Theory, learnt: Array) -> list[Stretch]:
    """The theory since half of what is learnt now was, and the same as it was at each origin.

    Raises:
        ValueError: if the theory cannot describe one, or there are too few samples.
    """
    found: list[Stretch] = []
    for share in (1.0, *_ORIGINS):
        level = share * learnt[-1]
        first, last = _reached(learnt, level / 2), _reached(learnt, level)
        if last - first + 1 < _FEWEST:
            raise ValueError(
                f"there are {last - first + 1} samples between {level / 2:.0%} and {level:.0%} of the difference "
                f"learnt, and a forecast takes {_FEWEST}: record more often"
            )
        part = slice(first, last + 1)
        near = found[0] if found else None
        found.append(stretch(data.times[part], data.observed[:, part], data.pair, theory, near))
    return found


def _reached(learnt: Array, level: float) -> int:
    """The last sample at which not more is learnt than a level."""
    return int(np.nonzero(learnt <= level)[0][-1])


@dataclass(frozen=True)
class _View:
    """What is seen of the future from now, dh2 as its logarithm, and how far it may be off to both sides.

    Attributes:
        latest: the theory as it is fitted now.
        origins: as it was fitted before.
        now: the last observed time.
        errors: within how many of its errors the fit is at the level asked for, as Student's t tells.
        own: by what the error of the theory is multiplied.
    """

    latest: Stretch
    origins: list[Stretch]
    now: float
    errors: float
    own: float

    def end(self) -> tuple[Array, Array]:
        """The logarithm of dh2 at the end, shape (1,), and how far it may be off to either side."""
        expected, fit, moved = self._seen(lambda s, x: _logarithm(np.array([s.course.end(x)])))
        growth = _GROWTH * np.abs(expected - self._from_now(np.zeros(1))[0])
        return expected, self._off(fit, growth**2, np.abs(moved).max(0))

    def curve(self, times: Array) -> tuple[Array, Array, Array]:
        """The three scalars, shape (3, m), and how far they may be below and above."""
        expected, fit, moved = self._seen(lambda s, x: _scalars(s, times, x))
        later = times - self.now
        clock = np.stack([self._from_now(later * factor) - expected for factor in np.exp([_CLOCK, -_CLOCK])])
        growth = np.zeros_like(expected)
        growth[0] = _GROWTH * (expected[0] - self._from_now(np.zeros(1))[0])
        known = self.latest.noise[:, None] / np.stack([np.exp(2 * expected[0]), *np.ones_like(expected[1:])])
        under, over = (
            self._off(fit + known, growth**2 + _largest(side, clock) ** 2, _largest(side, moved)) for side in (-1, 1)
        )
        return expected, under, over

    def _off(self, variance: Array, measured2: Array, moved: Array) -> Array:
        """How far something may be off: by the fit, and by the larger of the theory's measured and its shown error."""
        return np.sqrt(self.errors**2 * variance + self.own**2 * np.maximum(measured2, moved**2))

    def _from_now(self, later: Array) -> Array:
        return _scalars(self.latest, self.now + later, self.latest.unknowns)

    def _seen(self, of: Callable[[Stretch, Array], Array]) -> tuple[Array, Array, Array]:
        """What is expected, its variance by the fit, and how far it was off before, beyond what chance explains."""
        expected = of(self.latest, self.latest.unknowns)
        moved: list[Array] = []
        for x in self.origins:
            with np.errstate(invalid="ignore"):
                by = of(x, x.unknowns) - expected
                beyond = by**2 - x.variance(lambda unknowns, x=x: of(x, unknowns))
            moved.append(np.sign(by) * np.sqrt(np.maximum(np.nan_to_num(beyond, nan=0.0, neginf=0.0), 0.0)))
        return expected, self.latest.variance(lambda unknowns: of(self.latest, unknowns)), np.array(moved)


def _largest(side: int, off: Array) -> Array:
    """The largest of some differences to one side, 0 if there is none."""
    return np.maximum(side * off, 0.0).max(0)


def _scalars(seen: Stretch, times: Array, unknowns: Array) -> Array:
    """The three, dh2 as its logarithm: it is off by factors."""
    dh2, dy2, w = seen.course.at(times - seen.begin, unknowns)
    return np.stack([_logarithm(dh2), dy2, w])


def _logarithm(dh2: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log(dh2)


def _state(curve: Array) -> State:
    return State(np.exp(curve[0]), np.maximum(curve[1], 0.0), curve[2])
