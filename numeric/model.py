"""A theory's prediction as a function of the coefficients that a fit searches."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray
from repdyn.symbolic import Theory
from sympy import Symbol

from .coefficients import parameter_values
from .compiled import CompiledFunction, compile_program
from .integration import integrate
from .measurement import Measurement
from .solution import trajectory

Array = NDArray[np.float64]

_LOG_LIMIT = 100.0
"""Logarithms of rates are kept where their exponentials are numbers."""

_DIFFERENCE = 1e-5
"""The step of a finite difference, in units of a coefficient's size."""

_RTOL = 1e-9
"""Of an integration while fitting: well below the square of the step, so that differences are no noise."""


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

    def coefficients(self, x: Array) -> dict[str, float]:
        """The values of all coefficients at a point of the search."""
        logs = np.exp(np.clip(x, -_LOG_LIMIT, _LOG_LIMIT))
        return {
            **self.fixed,
            **dict(zip(self.names, np.where(self.units == 0, logs, x * self.units).tolist(), strict=True)),
        }

    def scales(self, x: Array) -> Array:
        """What each coefficient changes by as its unknown changes by 1."""
        values = self.coefficients(x)
        return np.where(self.units == 0, [values[name] for name in self.names], self.units)

    def predict(self, data: Measurement, x: Array) -> Array:
        """The three scalars, shape (3, n); infinite where the theory's solution breaks down."""
        solve = integrate if self.theory.solution is None else trajectory
        options = {"rtol": _RTOL} if self.theory.solution is None else {}
        try:
            path = solve(data.elapsed, data.start, data.pair, self.coefficients(x), theory=self.theory, **options)
        except ArithmeticError:
            return np.full(data.observed.shape, np.inf)
        return np.stack(np.broadcast_arrays(path.dh2, path.dy2, path.w))

    def evaluate(self, data: Measurement, x: Array) -> tuple[Array, Array]:
        """The three scalars, shape (3, n), and their derivatives by the unknowns, (3, n, m)."""
        if self.theory.solution is not None:
            return self._differentiated(data, x)
        values = self.predict(data, x)
        moved = np.stack([self.predict(data, x + step) for step in _DIFFERENCE * np.eye(x.size)], axis=-1)
        known = np.isfinite(values)[..., None] & np.isfinite(moved)
        return values, np.where(known, moved - np.where(known, values[..., None], 0.0), 0.0) / _DIFFERENCE

    def _differentiated(self, data: Measurement, x: Array) -> tuple[Array, Array]:
        parameters = parameter_values(self.theory, data.pair, self.coefficients(x))
        start = data.start
        found = _sensitivity(self.theory, self.symbols)(data.elapsed, start.dh2, start.dy2, start.w, *parameters)
        columns = np.stack([np.broadcast_to(value, data.times.shape) for value in found])
        derivatives = columns[3:].reshape(3, x.size, -1).transpose(0, 2, 1) * self.scales(x)
        return columns[:3], derivatives


@cache
def _sensitivity(theory: Theory, symbols: tuple[Symbol, ...]) -> CompiledFunction:
    assert theory.solution is not None
    return compile_program("sensitivity", theory.solution.jacobian(symbols))
