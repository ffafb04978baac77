"""Standard errors of fitted coefficients, from residuals that are alike for a while."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded
from scipy.optimize import minimize_scalar

Array = NDArray[np.float64]

_GRID = 24
"""Correlation times that are compared before the best is refined."""

_SAME_STEP = 1e-12
"""Distances of times that differ by less than this share of the longest are one."""

_ROUNDED = 10.0
"""Residuals of at most so many roundings are nothing else, of which there is no correlation to speak of."""


@dataclass(frozen=True)
class Uncertainty:
    """How far coefficients may be off.

    Attributes:
        errors: standard errors where residuals are correlated as they seem to be, shape (m,).
        independent: the same were each residual drawn for itself, with one variance, shape (m,).
        correlation_time: how long residuals stay alike: their correlation falls by e in it; 0 if they do not.
        samples: how many independent samples hold as much as those there are.
        covariance: of the coefficients, whose diagonal are the squared errors, shape (m, m).
    """

    errors: Array
    independent: Array
    correlation_time: float
    samples: float
    covariance: Array


def uncertainty(
    times: Array, residuals: Array, jacobian: Array, *, weight: Array, rounding: Array, numbers: int
) -> Uncertainty:
    """Standard errors of least squares, of one kind and of the other.

    Args:
        times: shape (n,), increasing.
        residuals: at the optimum, weighted, shape (3, n).
        jacobian: their derivatives by the m coefficients, shape (3, n, m), of full rank.
        weight: what each residual was multiplied by, shape (3, n).
        rounding: how far each scalar's residuals are off by the rounding of the data, shape (3,).
        numbers: how many of the residuals are independent of each other by themselves, more than m.

    Least squares is off by ``(J^T J)^-1 J^T r``, which has the covariance ``(J^T J)^-1 J^T S J (J^T J)^-1`` with S that
    of the residuals. S is taken for the covariance of the three scalars at one time, times
    ``exp(-|t - s|/correlation_time)``. The correlation time is that of the greatest restricted likelihood (Patterson &
    Thompson, Biometrika 58 (1971) 545), which allows for what the fit took out of the residuals.
    """
    count = jacobian.shape[-1]
    freedom = numbers - count
    orthogonal, triangle = np.linalg.qr(jacobian.reshape(-1, count))
    inverse = np.linalg.inv(triangle)
    independent = np.linalg.norm(inverse, axis=1) * np.sqrt(np.sum(residuals**2) / freedom + np.mean(rounding**2))
    directions = orthogonal.reshape(jacobian.shape)
    used = weight.any(axis=1)
    kept = (weight[used] > 0).all(axis=0)
    kept = kept if kept.sum() > 2 else np.ones_like(kept)
    seen = _Residuals(times[kept], residuals[used][:, kept], directions[used][:, kept])
    measured = (np.mean(residuals[used] ** 2, axis=1) > (_ROUNDED * rounding[used]) ** 2).any()
    time = seen.correlation_time() if measured else 0.0
    spread = np.stack([_correlated(times, x, time) for x in directions[used]])
    middle = seen.middle(time, directions[used], spread) * (numbers / freedom)
    middle += np.einsum("k,kni,knj->ij", rounding[used] ** 2, directions[used], spread)
    of_all = inverse @ middle @ inverse.T
    alike = float(_correlated(times, np.ones((times.size, 1)), time).sum()) / times.size
    return Uncertainty(np.sqrt(np.diag(of_all)), independent, time, numbers / alike, of_all)


@dataclass(frozen=True)
class _Residuals:
    """Residuals of k scalars and the directions that the fit took out of them.

    Attributes:
        times: shape (n,).
        values: shape (k, n).
        directions: shape (k, n, m).
    """

    times: Array
    values: Array
    directions: Array

    def correlation_time(self) -> float:
        """The time of greatest restricted likelihood, from next to nothing, which is 0, to the whole."""
        steps = np.diff(self.times)
        costs = self._likelihood()
        lowest, highest = math.log(float(np.median(steps)) / 5), math.log(float(steps.sum()))
        grid: Array = np.linspace(lowest, highest, _GRID)
        best = int(np.argmin(costs(np.exp(grid))))
        if best == 0:
            return 0.0
        bracket = grid[best - 1], grid[min(best + 1, _GRID - 1)]
        found = minimize_scalar(lambda x: float(costs(np.exp([x]))[0]), bounds=bracket, method="bounded")
        return float(np.exp(found.x))

    def middle(self, time: float, directions: Array, spread: Array) -> Array:
        """``sum_kl C_kl directions_k^T spread_l`` of the scalars' covariance C at one moment, shape (m, m).

        C, of shape (k, k), has what the fit took out put back; of more scalars than moments it is not formed.
        """
        white = self._refitted(time)
        if len(white) <= self.times.size:
            return np.einsum("kl,kni,lnj->ij", white @ white.T, directions, spread) / self.times.size
        one, other = (np.tensordot(white, x, (0, 0)) for x in (directions, spread))
        return np.einsum("sni,snj->ij", one, other) / self.times.size

    def _likelihood(self) -> Callable[[Array], Array]:
        """Minus twice the logarithm of the restricted likelihood, but for a constant, of times of shape (c,).

        What is new at a sample is its difference to the one before and what was forgotten of that, which depends on how
        far apart both are alone: all that is ever asked for are a few sums of products for each distance that occurs.
        """
        sizes = np.sqrt(np.mean(self.values**2, axis=1))
        rows = np.concatenate([self.values[..., None], self.directions], axis=-1)
        rows = rows / np.where(sizes > 0, sizes, 1.0)[:, None, None]
        before, new, steps = rows[:, :-1], np.diff(rows, axis=1), np.diff(self.times)
        order = np.argsort(steps, kind="stable")
        # A distance is one number, whatever the rounding of the times.
        edges = np.nonzero(np.diff(steps[order], prepend=-np.inf) > _SAME_STEP * steps.max())[0]
        distances, counts = steps[order][edges], np.diff(edges, append=steps.size)

        def summed(x: Array, y: Array) -> Array:
            return np.add.reduceat(np.einsum("kni,knj->nij", x, y)[order], edges)

        first, mixed = np.einsum("ki,kj->ij", rows[:, 0], rows[:, 0]), summed(before, new)
        differences, both, before = summed(new, new), mixed + np.swapaxes(mixed, -1, -2), summed(before, before)
        freedom = self.values.size - self.directions.shape[-1]

        def costs(times: Array) -> Array:
            shares = distances / times[:, None]
            forgotten, scales = (-np.expm1(-x * shares)[..., None, None] for x in (1, 2))
            products = first + ((differences + forgotten * (both + forgotten * before)) / scales).sum(axis=1)
            precision, along = products[:, 1:, 1:], products[:, 1:, 0]
            inverse = cast(Array, np.linalg.pinv(precision, hermitian=True))
            fitted = np.einsum("ci,cij,cj->c", along, inverse, along)
            size = len(self.values) * (counts * np.log(scales[..., 0, 0])).sum(axis=1)
            return freedom * np.log(products[:, 0, 0] - fitted) + size + np.linalg.slogdet(precision)[1]

        return costs

    def _refitted(self, time: float) -> Array:
        """The residuals without correlation, shape (k, n), of the fit that allows for it."""
        values, directions = (
            _white(self.times, self.values[..., None], time)[..., 0],
            _white(self.times, self.directions, time),
        )
        flat = directions.reshape(-1, directions.shape[-1])
        return values - directions @ np.linalg.lstsq(flat.T @ flat, flat.T @ values.ravel())[0]


def _scales(times: Array, time: float) -> Array:
    """The standard deviation of what is new at each time, given the time before, shape (n,)."""
    if not time:
        return np.ones(times.size)
    return np.concatenate([[1.0], np.sqrt(-np.expm1(-2 * np.diff(times) / time))])


def _white(times: Array, values: Array, time: float) -> Array:
    """What is new at each time, in units of its standard deviation; values of shape (..., n, m)."""
    if not time:
        return values
    kept = np.exp(-np.diff(times) / time)[:, None] * values[..., :-1, :]
    new = np.concatenate([values[..., :1, :], values[..., 1:, :] - kept], axis=-2)
    return new / _scales(times, time)[:, None]


def _correlated(times: Array, values: Array, time: float) -> Array:
    """The matrix of correlations, whose inverse has three diagonals, times values of shape (n, m)."""
    if not time or times.size < 2:
        return values
    kept, new = np.exp(-np.diff(times) / time), _scales(times, time)[1:] ** 2
    bands = np.zeros((2, times.size))
    bands[1, 0] = 1.0
    bands[1, 1:] = 1 / new
    bands[1, :-1] += kept**2 / new
    bands[0, 1:] = -kept / new
    return solveh_banded(bands, values)
