"""A theory through a stretch of a measured trajectory, where it begins being fitted like its coefficients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from repdyn.symbolic import Theory
from scipy.optimize import least_squares

from .determination import r_squared
from .fit import fit_rates
from .path import follow
from .quantities import Pair, State
from .solution import final_distance
from .uncertainty import uncertainty

Array = NDArray[np.float64]

_COARSE = 64
"""Samples of the fit at whose coefficients the search begins."""

_SMOOTHED = 20
"""The search begins at the mean of the first one in so many samples."""

_ACROSS = 1e-6
"""Outputs have a part across their targets if its square is more than this share of theirs."""

_STEP = 1e-5
"""Of finite differences; all unknowns are of order 1."""

_ALIKE = 1e-7
"""The samples do not tell unknowns apart that together move them by less than this share of what each does alone."""

_HELD = 1e-9
"""An unknown this near its lowest value is held there, and has no error."""

_LARGEST = 100.0
"""Of unknowns, so that exponentials are numbers."""

_FAR = 1e3
"""How far off, in units of how far the pair moves, is as far as any."""


@dataclass(frozen=True)
class Course:
    """The trajectories of a theory, as a function of unknowns of order 1.

    The unknowns are the logarithm of dh2 at the start, the share of dy* that dy has there, the square of its part
    across dy* in units of the size of the outputs, and the coefficients, as logarithms where they are positive.

    Attributes:
        theory: one that does not depend on time itself.
        pair: squared distances of inputs and of targets.
        turned: whether dy has a part across dy*; there is no such unknown otherwise.
        size: the squared size of the outputs.
    """

    theory: Theory
    pair: Pair
    turned: bool
    size: float

    def parts(self, unknowns: Array) -> tuple[State, dict[str, float]]:
        """The start and the coefficients."""
        unknowns = np.minimum(unknowns, _LARGEST)
        target2, values = float(self.pair.dy2), unknowns.tolist()
        dh2 = float(np.exp(values.pop(0)))
        share = values.pop(0) if target2 else 0.0
        dy2 = share**2 * target2 + (values.pop(0) * self.size if self.turned else 0.0)
        symbols = zip(self.theory.coefficients, values, strict=True)
        return State(dh2, dy2, dy2 - share * target2), {
            x.name: float(np.exp(value)) if x.is_positive else value for x, value in symbols
        }

    def unknowns(self, dh2: float, dy2: float, w: float, coefficients: dict[str, float]) -> Array:
        """Those of a start, of which what cannot be is left out, and of coefficients."""
        target2 = float(self.pair.dy2)
        share = [(dy2 - w) / target2] if target2 else []
        across2 = dy2 - (dy2 - w) ** 2 / target2 if target2 else dy2
        across = [max(across2, 0.0) / self.size] if self.turned else []
        values = [
            np.log(coefficients[x.name]) if x.is_positive else coefficients[x.name] for x in self.theory.coefficients
        ]
        return np.array([np.log(max(dh2, np.finfo(np.float64).tiny)), *share, *across, *values])

    @cached_property
    def lowest(self) -> Array:
        """What each unknown is at least."""
        share = [-np.inf] if self.pair.dy2 else []
        across = [0.0] if self.turned else []
        bounds = [-np.inf if x.is_positive or not x.is_nonnegative else 0.0 for x in self.theory.coefficients]
        return np.array([-np.inf, *share, *across, *bounds])

    def at(self, elapsed: Array, unknowns: Array) -> Array:
        """The three scalars some time after the start, shape (3, n); infinite where the theory breaks down."""
        try:
            with np.errstate(all="ignore"):
                found = follow(elapsed, *self._called(unknowns))
        except (ArithmeticError, ValueError):
            return np.full((3, elapsed.size), np.inf)
        return np.stack(np.broadcast_arrays(*vars(found).values(), elapsed)[:3])

    def end(self, unknowns: Array) -> float:
        """dh2 at the end of training; infinite where the theory breaks down."""
        try:
            start, pair, coefficients, theory = self._called(unknowns)
            return float(final_distance(start, pair, coefficients, theory=theory))
        except (ArithmeticError, ValueError):
            return np.inf

    def _called(self, unknowns: Array) -> tuple[State, Pair, dict[str, float], Theory]:
        start, coefficients = self.parts(unknowns)
        return start, self.pair, coefficients, self.theory


@dataclass(frozen=True)
class Stretch:
    """A theory fitted to some samples in a row.

    Attributes:
        course: the theory's trajectories.
        begin: the time of the first sample.
        unknowns: at the optimum, shape (m,).
        covariance: of the unknowns, shape (m, m), with residuals that stay alike for a while; None if the samples do
            not tell the unknowns apart.
        noise: the variances of the residuals of dh2, dy2 and w, shape (3,).
        r2: the share of what varies over the samples that is explained, of each scalar.
        alike: the correlation time of the residuals, as a share of the stretch.
        freedom: how many independent numbers are left to tell how large errors are, at least 2.
    """

    course: Course
    begin: float
    unknowns: Array
    covariance: Array | None
    noise: Array
    r2: Array
    alike: float
    freedom: float

    @property
    def coefficients(self) -> dict[str, float]:
        """Of the theory, at the optimum."""
        return self.course.parts(self.unknowns)[1]

    def variance(self, of: Callable[[Array], Array]) -> Array:
        """The variance of a function of the unknowns, seen a standard error to both sides along each axis.

        A function that flattens within that varies by what it can and not by its slope. Infinite where it is no number.
        """
        assert self.covariance is not None
        values, axes = np.linalg.eigh(self.covariance)
        steps = axes.T * np.sqrt(np.maximum(values, 0.0))[:, None]
        sides = ([of(np.maximum(self.unknowns + x, self.course.lowest)) for x in (step, -step)] for step in steps)
        with np.errstate(invalid="ignore"):
            found = np.sum([((one - other) / 2) ** 2 for one, other in sides], axis=0)
        return np.where(np.isfinite(found), found, np.inf)


def stretch(times: Array, observed: Array, pair: Pair, theory: Theory, near: Stretch | None = None) -> Stretch:
    """A theory fitted to some samples, each scalar in units of how much it changes over them.

    Args:
        times: shape (n,), increasing.
        observed: dh2, dy2 and w, shape (3, n).
        pair: squared distances of inputs and of targets.
        theory: one that does not depend on time itself.
        near: another stretch, at whose coefficients the search begins; otherwise where :func:`fit_rates` ends.

    Raises:
        ValueError: if the theory cannot describe them.

    >>> from repdyn.numeric import Pair, Rates, State, named, trajectory
    >>> from repdyn.numeric.stretch import stretch
    >>> t, pair = np.arange(100.0, 400.0, 10.0), Pair(1.0, 0.5)
    >>> run = trajectory(t, State(1e-2, 0.0, 0.0), pair, Rates(2e-3, 2e-2))
    >>> found = stretch(t, np.stack(list(vars(run).values())), pair, named("two_point"))
    >>> {name: round(value, 9) for name, value in found.coefficients.items()}
    {'rate_h': 0.002, 'rate_y': 0.02}
    """
    dh2, dy2, w = observed[:, : max(1, times.size // _SMOOTHED)].mean(1).tolist()
    target2, size = float(pair.dy2), max(float(pair.dy2), float(observed[1].max()))
    across2 = observed[1] - ((observed[1] - observed[2]) ** 2 / target2 if target2 else 0.0)
    course = Course(theory, pair, bool(across2.mean() > _ACROSS * observed[1].mean()), size)
    if near is None:
        chosen = np.unique(np.linspace(0, times.size - 1, _COARSE).astype(int))
        begun = observed[:, chosen].copy()
        start, _ = course.parts(course.unknowns(dh2, dy2, w, dict.fromkeys((x.name for x in theory.coefficients), 1.0)))
        begun[:, 0] = start.dh2, start.dy2, start.w
        coefficients = dict(fit_rates(times[chosen], State(*begun), pair, theory=theory).coefficients)
    else:
        coefficients = near.coefficients
    return _fitted(course, times, observed, course.unknowns(dh2, dy2, w, coefficients))


def _fitted(course: Course, times: Array, observed: Array, first: Array) -> Stretch:
    """Least squares over the unknowns."""
    ranges = np.ptp(observed, axis=1)
    weight = np.where(ranges > 0, 1 / np.where(ranges > 0, ranges, 1.0), 0.0)[:, None]
    elapsed = times - times[0]

    def residuals(x: Array) -> Array:
        return (weight * (course.at(elapsed, x) - observed)).clip(-_FAR, _FAR).ravel()

    found = least_squares(
        residuals,
        np.maximum(first, course.lowest),
        bounds=(course.lowest, np.inf),
        diff_step=np.full(first.size, _STEP),
    )
    predicted = course.at(elapsed, found.x)
    left = predicted - observed
    r2 = np.array([r_squared(o, float(np.sum(x**2))) for o, x in zip(observed, left, strict=True)])
    free = found.x - course.lowest > _HELD
    jacobian = np.asarray(found.jac)[:, free]
    norms = np.linalg.norm(jacobian, axis=0)
    apart = np.linalg.svd(jacobian / np.where(norms > 0, norms, 1.0), compute_uv=False)
    numbers = (3 if course.turned else 2) * times.size
    covariance, alike, freedom = None, 0.0, 2.0
    if norms.all() and apart[-1] > _ALIKE and numbers > first.size:
        seen = uncertainty(
            times,
            weight * left,
            jacobian.reshape(3, times.size, -1),
            weight=np.broadcast_to(weight, observed.shape),
            rounding=np.finfo(np.float64).eps * (weight * np.abs(observed)).max(axis=1),
            numbers=numbers,
        )
        covariance = np.zeros((first.size, first.size))
        covariance[np.ix_(free, free)] = seen.covariance
        alike = float(seen.correlation_time) / float(elapsed[-1])
        freedom = max(float(seen.samples) - first.size, 2.0)
    return Stretch(course, float(times[0]), found.x, covariance, np.mean(left**2, axis=1), r2, alike, freedom)
