"""The search for rates of the collective theory: from a guess, on some of the data first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from ..geometric_mean import joint_modes
from ..kernels import Kernel
from .course import Course
from .flow import GROWTH_OF, POWERS, CollectiveRates

Array = NDArray[np.float64]

NAMES = tuple(field.name for field in fields(CollectiveRates))

GROWTH = ("h1", "h2", "y1", "y2")
"""The rates that may be 0 and grow with the maps."""

OF_POWER = {"p1": "h1", "p2": "h2"}
"""The growth that each power is of."""

_ROOT = 0.5
"""The powers with which the search is begun, those of two layers."""

_EXPLODED = 1e3
"""A residual of rates whose trajectory cannot be computed, in standard deviations of what was measured."""

_SPEEDS = (0.3, 1.0, 3.0)
"""How much faster than the escape says the search is begun."""

_SMALL = 0.1
"""Growth is searched for linearly up to this share of what doubles its rate, then as a logarithm."""

_WIDEST = 15.0
"""A rate that must be positive is searched for down to so many e-folds below its guess."""

_COARSE_STEPS, _COARSE_TOLERANCE = 20, 1e-3
"""Of the search on some of the data."""

_STEP = 1e-6
"""In an unknown, of the differences that are its derivatives."""


@dataclass(frozen=True)
class Problem:
    """What is fitted.

    Attributes:
        course: of the pairs.
        data: shape (3, T, m).
        root: of the weights, shape (3, 1, 1).
    """

    course: Course
    data: Array
    root: Array

    def residuals(self, rates: CollectiveRates) -> Array:
        """Weighted, shape (3 T m,); large where the trajectory cannot be computed."""
        try:
            found = (self.root * (self.course.states(rates)[0] - self.data)).ravel()
        except ArithmeticError:
            found = np.full(self.data.size, _EXPLODED)
        return np.clip(np.nan_to_num(found, nan=_EXPLODED), -_EXPLODED, _EXPLODED)

    def misfit(self, rates: CollectiveRates) -> float:
        return float(np.sum(self.residuals(rates) ** 2))

    def slopes(self, unknowns: Unknowns, x: Array) -> Array:
        """The derivatives of the residuals by the unknowns, shape (k, 3, T, m); 0 where they cannot be computed."""
        near = [unknowns.rates(x), *(unknowns.rates(x + _STEP * row) for row in np.eye(x.size))]
        try:
            found = self.course.states(*near)
        except ArithmeticError:
            return np.zeros((x.size, *self.data.shape))
        return np.nan_to_num(self.root * (found[1:] - found[0]) / _STEP)


@dataclass(frozen=True)
class Unknowns:
    """The unknowns of a search, of order 1: logarithms, and of what may be 0 what is linear near it.

    Attributes:
        names: of the rates that they are.
        scale: at which growth passes from linear to logarithmic, or by which a rate is 1.
    """

    names: tuple[str, ...]
    scale: CollectiveRates

    @property
    def positive(self) -> tuple[str, ...]:
        """Those that cannot be 0: powers, and a rate whose growth is not fitted."""
        alone = (name for name, growth in GROWTH_OF.items() if not any(x in self.names for x in growth))
        return (*alone, *POWERS)

    def rates(self, x: Array) -> CollectiveRates:
        with np.errstate(over="ignore"):
            values = {
                name: np.exp(y) * getattr(self.scale, name) if name in self.positive else self._grown(name, y)
                for name, y in zip(self.names, np.minimum(x, 50.0).tolist(), strict=True)
            }
        return CollectiveRates(**values)

    def _grown(self, name: str, y: float) -> float:
        return float(np.expm1(y)) * getattr(self.scale, name)

    def at(self, rates: CollectiveRates) -> Array:
        values = {name: getattr(rates, name) / getattr(self.scale, name) for name in self.names}
        return np.array([np.log(v) if name in self.positive else np.log1p(v) for name, v in values.items()])

    def slopes(self, x: Array) -> Array:
        """The derivatives of the rates."""
        return np.exp(np.minimum(x, 50.0)) * [getattr(self.scale, name) for name in self.names]

    def lowest(self) -> Array:
        return np.array([-_WIDEST if name in self.positive else 0.0 for name in self.names])


@dataclass(frozen=True)
class Found:
    """Where a search ended.

    Attributes:
        unknowns: what was searched for.
        x: their values.
        cost: half the sum of squares of the residuals.
        ended: whether it ended by itself.
        message: how.
    """

    unknowns: Unknowns
    x: Array
    cost: float
    ended: bool
    message: str


def guessed(problem: Problem, kernel: Kernel, targets: Array) -> CollectiveRates:
    """Rates of the right order, and growth that is as large as they are.

    The ratio is that at which distances end, ``sqrt(P/R) K # Y Y^T``; the product that by which the fastest mode,
    which grows as ``exp(s sqrt(P R) t/N)``, is half learnt when half of the change is made.
    """
    count = len(kernel)
    centred, about = kernel.centred, targets - targets.mean(0)
    modes = joint_modes(centred, about)
    end = (modes.directions * np.sqrt(modes.strengths))[problem.course.pairs]
    gaps: Array = end[:, 1] - end[:, 0]
    expected = float(np.sum(gaps**2)) / len(gaps)
    dh2, dy2, _ = problem.data
    measured = float(dh2[-1].mean())
    ratio = measured / expected if expected > 0 and measured > 0 else 1.0
    fastest = float(np.linalg.svd(centred.factor.T @ about, compute_uv=False)[0])
    sizes = dy2.mean(1)
    half = sizes[0] + (sizes.max() - sizes[0]) / 2
    reached = max(1, int(np.argmax(sizes >= half)))
    time = float(problem.course.elapsed[reached])
    first = max(float(sizes[0]), 1e-6 * float(sizes.max()), np.finfo(np.float64).tiny)
    folds = max(1.0, 0.5 * float(np.log(max(half, first) / first)))
    speed = folds / time * count / fastest / 2
    rate_h, rate_y = speed * ratio, speed / ratio
    hidden = max(measured / 2, np.finfo(np.float64).tiny)
    output = float(np.square(about).sum() / count)
    top = float(centred.modes[1][0]) / count
    read = output / hidden or 1.0
    return CollectiveRates(
        h=rate_h, y=rate_y, b=rate_y, h1=rate_h / hidden, h2=rate_h * top / hidden, y1=rate_y / read, y2=rate_y / read
    )


def searched(problem: Problem, guess: CollectiveRates, names: tuple[str, ...]) -> Found:
    """The best that was found on some of the data, first of constant rates, then of those that grow."""
    constant = tuple(name for name in names if name not in (*GROWTH, *POWERS))
    growing = tuple(name for name in names if name in GROWTH)
    powers = {name: _ROOT for name in names if name in POWERS}
    scale = CollectiveRates(**{name: getattr(guess, name) * (1.0 if name in POWERS else _SMALL) for name in NAMES})

    def of(names: tuple[str, ...], more: float, speed: float) -> CollectiveRates:
        base = {name: getattr(guess, name) * speed for name in constant}
        return CollectiveRates(
            **base, **{name: more * getattr(guess, name) * speed for name in names if name in GROWTH}, **powers
        )

    def best(names: tuple[str, ...], starts: Iterable[CollectiveRates]) -> Found:
        misfit, worth = min(((problem.misfit(x), x) for x in starts), key=lambda x: x[0])
        if not misfit < _EXPLODED**2 * problem.data.size:
            raise ValueError(
                "the collective theory cannot be computed from this start at any rates that were tried: check the "
                "units of the kernel, and that the start is of the first record"
            )
        unknowns = Unknowns(names, scale)
        return refined(problem, unknowns, unknowns.at(worth), _COARSE_STEPS, _COARSE_TOLERANCE)

    found = best(constant, [of(constant, 0.0, x) for x in _SPEEDS])
    if not growing:
        return found
    rates = found.unknowns.rates(found.x)
    kept = {name: getattr(rates, name) for name in constant}
    more = CollectiveRates(**kept, **{name: _SMALL * getattr(scale, name) for name in growing}, **powers)
    slower = [of(names, share, 0.1 * speed) for speed in _SPEEDS for share in (1.0, 10.0)]
    return min((best(names, [more]), best(names, slower)), key=lambda x: x.cost)


def refined(problem: Problem, unknowns: Unknowns, x: Array, most: int, tolerance: float) -> Found:
    """The nearest optimum, after at most so many steps."""
    lowest = unknowns.lowest()
    found = least_squares(
        lambda x: problem.residuals(unknowns.rates(x)),
        np.maximum(x, lowest + 1e-8),
        lambda x: problem.slopes(unknowns, x).reshape(x.size, -1).T,
        bounds=(lowest, np.inf),
        xtol=tolerance,
        ftol=tolerance,
        gtol=None,
        max_nfev=most,
    )
    return Found(unknowns, cast(Array, found.x), float(found.cost), bool(found.success), str(found.message))
