"""A theory's prediction as a function of the coefficients that a fit searches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from repdyn.symbolic import Theory
from sympy import Symbol

from .coefficients import parameter_values
from .compiled import CompiledFunction, compile, compile_program
from .ensemble import integrated_together, is_integrated_together
from .measurement import Measurement, Measurements
from .path import followed
from .quantities import Number, as_number
from .units import time_exponents

Array = NDArray[np.float64]

_LOG_LIMIT = 100.0
"""Logarithms of rates are kept where their exponentials are numbers."""

_DIFFERENCE = 1e-5
"""The step of a finite difference, in units of a coefficient's size."""

_WIDE = 1e-3
"""The same about the middle, where the error goes with its square and noise counts for less; of a coefficient that
may be 0, in units of itself, down to this share of its size."""

_NEARBY = 1e-4
"""The same of a closed form, which has hardly any noise."""

_RTOL = 1e-9
"""Of an integration while fitting: well below the square of the step, so that differences are no noise."""


_MOST_STEPS = 2_000
"""Steps of an integration from one sample to the next after which the theory is as good as singular there."""


Data = Measurement | Measurements


class Model:
    """A theory's prediction as a function of the coefficients that are fitted.

    Each is fitted as its logarithm (``units`` 0) if it is positive, otherwise in units of a size that shows in the
    trajectory, from 0 up if it cannot be negative.
    """

    def __init__(self, theory: Theory, fixed: Mapping[str, float]) -> None:
        for name, value in fixed.items():
            if np.ndim(value) or not np.isfinite(value):
                raise ValueError(f"a fixed coefficient must be one finite number, got {name} = {value}")
        strangers = sorted(fixed.keys() - {x.name for x in theory.coefficients})
        if strangers:
            known = ", ".join(x.name for x in theory.coefficients)
            raise ValueError(f"theory {theory.name!r} has the coefficients {known}, not {', '.join(strangers)}")
        if len(fixed) == len(theory.coefficients):
            raise ValueError(
                f"all coefficients of theory {theory.name!r} are fixed and none is left to fit: leave one out, or use "
                "trajectory or integrate"
            )
        self.theory = theory
        self.fixed = dict(fixed)
        self.symbols = tuple(x for x in theory.coefficients if x.name not in fixed)
        self.names = tuple(x.name for x in self.symbols)
        self.units = np.array([0.0 if x.is_positive else 1.0 for x in self.symbols])
        self.lowest = np.array([0.0 if x.is_nonnegative and not x.is_positive else -np.inf for x in self.symbols])

    @property
    def closed(self) -> bool:
        """Whether the theory has a closed form, of which many trajectories are computed at once."""
        return self.theory.solution is not None

    @cached_property
    def clock(self) -> Array | None:
        """The power of its speed by which each fitted coefficient changes, or None if a fixed one tells the time."""
        found = time_exponents(self.theory, frozenset(name for name, value in self.fixed.items() if value))
        return None if found is None else -np.array([found[name] for name in self.names])

    @property
    def by_unit(self) -> list[tuple[str, float]]:
        """The names of the fitted coefficients with their units."""
        return list(zip(self.names, self.units.tolist(), strict=True))

    def sped_up(self, values: Array, speed: Array) -> Array:
        """Logarithms and values, shape (..., m), of the coefficients at which everything happens so much faster."""
        assert self.clock is not None
        return np.where(self.units == 0, values + self.clock * np.log(speed), values * speed**self.clock)

    def coefficients(self, x: Array) -> dict[str, Number]:
        """The values of all coefficients at points of the search, shape (..., m)."""
        logs = np.exp(np.clip(x, -_LOG_LIMIT, _LOG_LIMIT))
        values = np.where(self.units == 0, logs, x * self.units)
        return {**self.fixed, **{name: as_number(values[..., i]) for i, name in enumerate(self.names)}}

    def point(self, coefficients: Mapping[str, float]) -> Array | None:
        """The point of the search at some coefficients, with 0 for others that may be 0; None if one may not."""
        values = [coefficients.get(name, 0.0) for name in self.names]
        if any(not value for value, unit in zip(values, self.units, strict=True) if not unit):
            return None
        return np.array([x / unit if unit else np.log(x) for x, unit in zip(values, self.units.tolist(), strict=True)])

    def scales(self, x: Array) -> Array:
        """What each coefficient changes by as its unknown changes by 1, at points of shape (..., m)."""
        values = self.coefficients(x)
        return np.stack([np.broadcast_to(unit or values[name], x.shape[:-1]) for name, unit in self.by_unit], axis=-1)

    def at(self, data: Data, x: Array, times: Array, rtol: float = _RTOL) -> Array:
        """The three scalars at some times after the start, shape (3, ...); infinite where the theory breaks down."""
        if self.closed:
            found = self._solution(times, *data.begun, *self._parameters(data, x))
            return np.stack(np.broadcast_arrays(*found, times)[:3])
        if isinstance(data, Measurements):
            start, values = ([np.asarray(v)[..., 0] for v in vs] for vs in (data.begun, self._parameters(data, x)))
            return integrated_together(self.theory, times[:, 0], start, values, rtol)
        values = parameter_values(self.theory, data.pair, self.coefficients(x))
        try:
            found = followed(self.theory, times, data.start, values, rtol, _MOST_STEPS)
        except ArithmeticError:
            return np.full((3, *times.shape), np.inf)
        return np.stack(np.broadcast_arrays(*found, times)[:3])

    @cached_property
    def _solution(self) -> Callable[..., tuple[Any, ...]]:
        return compile(self.theory, "solution").bare

    def _parameters(self, data: Data, x: Array) -> list[Number]:
        """The theory's parameters at points of the search, which keeps them in their range."""
        values = {**self.coefficients(x), **data.constants}
        return [values[symbol.name] for symbol in self.theory.parameters]

    def predict(self, data: Measurement, x: Array) -> Array:
        """The three scalars at the samples, shape (3, n); infinite where the theory breaks down."""
        return self.at(data, x, data.elapsed)

    def misfits(self, data: Measurement, points: Array, rtol: float) -> Array:
        """The misfits of many points of the search, shape (..., m); infinite where the theory breaks down."""
        if self.closed:
            return data.misfit(self.at(data, points[..., None, :], data.elapsed))
        return np.array([float(data.misfit(self.at(data, x, data.elapsed, rtol))) for x in points])

    def evaluate(self, data: Data, x: Array) -> tuple[Array, Array]:
        """The three scalars, shape (3, n), and their derivatives by the unknowns, (3, n, m)."""
        if self.closed:
            return self._differentiated(data, x)
        assert isinstance(data, Measurement)
        values, *others = self._several(data, [x, *(x + _DIFFERENCE * np.eye(x.size))])
        moved = np.stack(others, axis=-1)
        known = np.isfinite(values)[..., None] & np.isfinite(moved)
        return values, np.where(known, moved - np.where(known, values[..., None], 0.0), 0.0) / _DIFFERENCE

    def evaluate_finely(self, data: Measurement, x: Array) -> tuple[Array, Array]:
        """The same as :meth:`evaluate`; differences are about the middle, which takes twice as long."""
        if self.closed:
            return self._differentiated(data, x)
        steps = np.diag(_WIDE * np.where(self.units == 0, 1.0, np.clip(np.abs(x), _WIDE, 1.0)))
        upper, lower = x + steps, np.maximum(x - steps, self.lowest)
        values, *others = self._several(data, [x, *upper, *lower])
        high, low = (np.stack(some, axis=-1) for some in (others[: x.size], others[x.size :]))
        known = np.isfinite(high) & np.isfinite(low)
        moved = np.where(known, high, 0.0) - np.where(known, low, 0.0)
        return values, moved / np.diag(upper - lower)

    def _several(self, data: Measurement, points: Sequence[Array]) -> list[Array]:
        """The three scalars at the samples, shape (3, n), at points of the search that are next to each other."""
        if is_integrated_together(self.theory):
            several = Measurements.of(data, self.fixed)
            found = self.at(several, np.stack(points)[None, :, None], several.elapsed)[:, 0]
            if np.isfinite(found).all():
                return list(np.moveaxis(found, 1, 0))
        return [self.predict(data, x) for x in points]

    def evaluate_nearby(self, data: Data, x: Array, sides: int = 2) -> tuple[Array, Array]:
        """The same as :meth:`evaluate` at points (..., m), all in one computation: shapes (3, ..., n), (3, ..., n, m).

        Derivatives are differences about the middle, or to one side alone: far quicker than exact, and the optimum that
        is found with them is off by their error times that of the optimum.
        """
        steps = _NEARBY * np.eye(x.shape[-1])
        middle = x[..., None, :]
        upper, lower = middle + steps, np.maximum(middle - steps, self.lowest) if sides > 1 else middle
        places = np.concatenate([middle, upper, lower][: 1 + sides], axis=-2)
        values, high, *low = np.split(
            self.at(data, places[..., None, :], data.elapsed), np.cumsum([1, *[len(steps)] * (sides - 1)]), axis=-2
        )
        with np.errstate(invalid="ignore"):
            moved = np.moveaxis(high - (low[0] if low else values), -2, -1)
        spans = np.diagonal(upper - lower, axis1=-2, axis2=-1)[..., None, :]
        return values[..., 0, :], np.where(np.isfinite(moved), moved, 0.0) / spans

    def _differentiated(self, data: Data, x: Array) -> tuple[Array, Array]:
        sensitivity = _sensitivity(self.theory, self.symbols)
        found = sensitivity.bare(data.elapsed, *data.begun, *self._parameters(data, x[..., None, None, :]))
        shape = *x.shape[:-1], 1, data.elapsed.shape[-1]
        columns = np.stack([np.broadcast_to(value, shape)[..., 0, :] for value in found])
        derivatives = np.moveaxis(columns[3:].reshape(3, x.shape[-1], *columns.shape[1:]), 1, -1)
        return columns[:3], derivatives * self.scales(x)[..., None, :]


@cache
def _sensitivity(theory: Theory, symbols: tuple[Symbol, ...]) -> CompiledFunction:
    assert theory.solution is not None
    return compile_program("sensitivity", theory.solution.jacobian(symbols))
