"""Standard errors of fitted coefficients, from residuals that are alike for a while."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solveh_banded

Array = NDArray[np.float64]

_GRID = 24
"""Correlation times that are compared before the best is refined."""

_CLOSER, _ROUNDS = 9, 6
"""It is refined on so many between its neighbours, so many times: to a thousandth of itself."""

_SAME_STEP = 1e-12
"""Distances of times that differ by less than this share of the longest are one."""

_ROUNDED = 10.0
"""Residuals of at most so many roundings are nothing else, of which there is no correlation to speak of."""


@dataclass(frozen=True)
class Uncertainty:
    """How far coefficients may be off, of one fit or of each of several (``...``).

    Attributes:
        errors: standard errors where residuals are correlated as they seem to be, shape (..., m).
        independent: the same were each residual drawn for itself, with one variance, shape (..., m).
        correlation_time: how long residuals stay alike, shape (...): their correlation falls by e in it; 0 if they do
            not.
        samples: how many independent samples hold as much as those there are, shape (...).
        covariance: of the coefficients, whose diagonal are the squared errors, shape (..., m, m).
    """

    errors: Array
    independent: Array
    correlation_time: Array
    samples: Array
    covariance: Array


def uncertainty(
    times: Array, residuals: Array, jacobian: Array, *, weight: Array, rounding: Array, numbers: ArrayLike
) -> Uncertainty:
    """Standard errors of least squares, of one kind and of the other, of one fit or of each of several (``...``).

    Args:
        times: shape (n,), increasing, the same for all.
        residuals: at the optimum, weighted, of k scalars, shape (..., k, n).
        jacobian: their derivatives by the m coefficients, shape (..., k, n, m), of full rank.
        weight: what each residual was multiplied by, shape (..., k, n).
        rounding: how far each scalar's residuals are off by the rounding of the data, shape (..., k).
        numbers: how many of the residuals are independent of each other by themselves, more than m, shape (...).

    Least squares is off by ``(J^T J)^-1 J^T r``, which has the covariance ``(J^T J)^-1 J^T S J (J^T J)^-1`` with S that
    of the residuals. S is taken for the covariance of the scalars at one time, times
    ``exp(-|t - s|/correlation_time)``. The correlation time is that of the greatest restricted likelihood (Patterson &
    Thompson, Biometrika 58 (1971) 545), which allows for what the fit took out of the residuals.
    """
    *many, scalars, samples, count = jacobian.shape
    residuals, weight = (x.reshape(-1, scalars, samples) for x in (residuals, weight))
    rounding, numbers = rounding.reshape(-1, scalars), np.reshape(numbers, -1)
    freedom = numbers - count
    orthogonal, triangle = np.linalg.qr(jacobian.reshape(len(residuals), -1, count))
    inverse = np.linalg.inv(triangle)
    sizes = np.sqrt(np.sum(residuals**2, axis=(1, 2)) / freedom + np.mean(rounding**2, axis=1))
    directions = orthogonal.reshape(-1, scalars, samples, count)
    used: NDArray[np.bool_] = np.any(weight, axis=2)
    kept: NDArray[np.bool_] = np.all((weight > 0) | ~used[..., None], axis=1)
    kept |= kept.sum(axis=1, keepdims=True) <= 2
    measured = (used & (np.mean(residuals**2, axis=2) > (_ROUNDED * rounding) ** 2)).any(axis=1)
    time, middle, long = np.zeros(len(residuals)), np.empty_like(inverse), np.empty(len(residuals))
    for some, of in alike(kept):
        seen = _Residuals(times[some], residuals[of][..., some], directions[of][..., some, :], used[of].sum(axis=1))
        time[of[measured[of]]] = seen.those(measured[of]).correlation_time()
        columns = np.moveaxis(directions[of], 1, 2).reshape(len(of), samples, -1)
        spread = _correlated(times, np.concatenate([columns, np.ones_like(columns[..., :1])], axis=-1), time[of])
        long[of] = spread[..., -1].sum(axis=1) / samples
        spread = np.moveaxis(spread[..., :-1].reshape(len(of), samples, scalars, count), 2, 1)
        middle[of] = seen.middle(time[of], directions[of], spread) * (numbers / freedom)[of, None, None]
        middle[of] += _summed(directions[of] * (used * rounding**2)[of][..., None, None], spread)
    of_all = inverse @ middle @ inverse.mT
    found = Uncertainty(
        errors=np.sqrt(np.diagonal(of_all, axis1=1, axis2=2)),
        independent=np.linalg.norm(inverse, axis=2) * sizes[:, None],
        correlation_time=time,
        samples=numbers / long,
        covariance=of_all,
    )
    return Uncertainty(**{name: x.reshape((*many, *x.shape[1:])) for name, x in vars(found).items()})


def alike(rows: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.intp]]]:
    """The different rows among some, and where they are.

    >>> [(row.tolist(), of.tolist()) for row, of in alike(np.array([[True, False], [True, True], [True, False]]))]
    [([True, False], [0, 2]), ([True, True], [1])]
    """
    left = np.arange(len(rows))
    while left.size:
        same = (rows[left] == rows[left[0]]).all(axis=1)
        yield rows[left[0]], left[same]
        left = left[~same]


def _summed(one: Array, other: Array) -> Array:
    """The sums of products of columns, shape (g, i, j), of rows (g, k, n, i) and (g, k, n, j)."""
    return (one.mT @ other).sum(axis=1)


@dataclass(frozen=True)
class _Residuals:
    """Residuals of k scalars of each of g fits, and the directions that the fit took out of them.

    Attributes:
        times: shape (n,).
        values: shape (g, k, n); 0 for scalars that do not count.
        directions: shape (g, k, n, m).
        used: how many scalars count, shape (g,).
    """

    times: Array
    values: Array
    directions: Array
    used: NDArray[np.intp]

    def those(self, which: NDArray[np.bool_]) -> _Residuals:
        """The residuals of some of the fits."""
        return _Residuals(self.times, self.values[which], self.directions[which], self.used[which])

    def correlation_time(self) -> Array:
        """The time of greatest restricted likelihood, from next to nothing, which is 0, to the whole; shape (g,)."""
        steps = np.diff(self.times)
        if not len(self.values):
            return np.empty(0)
        costs = self._likelihood()
        shortest, longest = float(np.median(steps)) / 5, float(steps.sum())
        grid: Array = np.linspace(math.log(shortest), math.log(longest), _GRID)
        tried, found = np.broadcast_to(grid, (len(self.values), _GRID)), np.zeros(0, np.intp)
        at = np.arange(len(self.values))
        for i in range(_ROUNDS + 1):
            best = np.argmin(costs(np.exp(tried)), axis=1)
            found = found if i else best
            low, high = tried[at, np.maximum(best - 1, 0)], tried[at, np.minimum(best + 1, tried.shape[1] - 1)]
            tried = np.linspace(low, high, _CLOSER, axis=1)
        return np.where(found > 0, np.exp(tried.mean(axis=1)), 0.0)

    def middle(self, time: Array, directions: Array, spread: Array) -> Array:
        """``sum_kl C_kl directions_k^T spread_l`` of the scalars' covariance C at one moment, shape (g, m, m).

        C, of shape (k, k), has what the fit took out put back; of more scalars than moments it is not formed.
        """
        white, rows = self._refitted(time), (*spread.shape[:2], -1)
        if white.shape[1] <= self.times.size:
            mixed = ((white @ white.mT) @ spread.reshape(rows)).reshape(spread.shape)
            return _summed(directions, mixed) / self.times.size
        one, other = ((white.mT @ x.reshape(rows)).reshape(len(x), -1, *x.shape[2:]) for x in (directions, spread))
        return _summed(one, other) / self.times.size

    def _likelihood(self) -> Callable[[Array], Array]:
        """Minus twice the logarithm of the restricted likelihood, but for a constant, of times of shape (g, c).

        What is new at a sample is its difference to the one before and what was forgotten of that, which depends on how
        far apart both are alone: all that is ever asked for are a few sums of products for each distance that occurs.
        """
        sizes = np.sqrt(np.mean(self.values**2, axis=2))
        rows = np.concatenate([self.values[..., None], self.directions], axis=-1)
        rows = rows / np.where(sizes > 0, sizes, 1.0)[..., None, None]
        before, new, steps = rows[:, :, :-1], np.diff(rows, axis=2), np.diff(self.times)
        order = np.argsort(steps, kind="stable")
        # A distance is one number, whatever the rounding of the times.
        edges = np.nonzero(np.diff(steps[order], prepend=-np.inf) > _SAME_STEP * steps.max())[0]
        distances, counts = steps[order][edges], np.diff(edges, append=steps.size)

        def summed(x: Array, y: Array) -> Array:
            """The sums of products for each distance, shape (g, distances, (m + 1)^2)."""
            if edges.size == 1:
                return _summed(x, y).reshape(len(x), 1, -1)
            products = np.einsum("gkni,gknj->gnij", x, y).reshape(len(x), steps.size, -1)
            return np.add.reduceat(products[:, order], edges, axis=1)

        size = rows.shape[-1]
        first = np.einsum("gki,gkj->gij", rows[:, :, 0], rows[:, :, 0]).reshape(len(rows), 1, -1)
        mixed, differences, same = summed(before, new), summed(new, new), summed(before, before)
        both = mixed + mixed.reshape(*mixed.shape[:2], size, size).mT.reshape(mixed.shape)
        freedom = (self.used * self.times.size - self.directions.shape[-1])[:, None]

        def costs(times: Array) -> Array:
            shares = distances / times[..., None]
            forgotten, scales = -np.expm1(-shares), -np.expm1(-2 * shares)
            some = forgotten / scales
            products = first + (1 / scales) @ differences + some @ both + (some * forgotten) @ same
            left, logarithm = _reduced(products.reshape(*times.shape, size, size))
            return (
                freedom * np.log(np.maximum(left, np.finfo(np.float64).tiny))
                + self.used[:, None] * (np.log(scales) @ counts)
                + logarithm
            )

        return costs

    def _refitted(self, time: Array) -> Array:
        """The residuals without correlation, shape (g, k, n), of the fit that allows for it."""
        values, directions = _white(self.times, self.values[..., None], time), _white(self.times, self.directions, time)
        inverse = np.linalg.pinv(_summed(directions, directions), hermitian=True)
        fitted = inverse @ _summed(directions, values)
        return (values - directions @ fitted[:, None])[..., 0]


def _reduced(products: Array) -> tuple[Array, Array]:
    """What is left of the first of some columns without the others, squared, and the logarithm of their determinant.

    Args:
        products: of all columns with each other, shape (..., m + 1, m + 1).
    """
    logarithm = np.zeros(products.shape[:-2])
    while products.shape[-1] > 1:
        pivot, column = products[..., -1, -1], products[..., :-1, -1]
        pivot = np.where(pivot > 0, pivot, np.inf)  # a column that is one of the others has none
        logarithm += np.log(np.where(pivot < np.inf, pivot, 1.0))
        products = products[..., :-1, :-1] - column[..., :, None] * (column / pivot[..., None])[..., None, :]
    return products[..., 0, 0], logarithm


def _forgetting(times: Array, time: Array) -> tuple[Array, Array]:
    """What is kept of each time at the next, and the variance of what is new there; both of shape (g, n - 1)."""
    shares = np.diff(times) / np.where(time > 0, time, 1.0)[:, None]
    correlated = (time > 0)[:, None]
    return np.where(correlated, np.exp(-shares), 0.0), np.where(correlated, -np.expm1(-2 * shares), 1.0)


def _white(times: Array, values: Array, time: Array) -> Array:
    """What is new at each time, in units of its standard deviation; values of shape (g, k, n, m)."""
    kept, new = (x[:, None, :, None] for x in _forgetting(times, time))
    later = (values[:, :, 1:] - kept * values[:, :, :-1]) / np.sqrt(new)
    return np.concatenate([values[:, :, :1], later], axis=2)


def _correlated(times: Array, values: Array, time: Array) -> Array:
    """The matrices of correlations, whose inverses have three diagonals, times values of shape (g, n, m)."""
    if not time.any() or times.size < 2:
        return values
    kept, new = _forgetting(times, time)
    bands = np.zeros((2, *values.shape[:2]))  # those of all below each other: nothing connects one with the next
    bands[1, :, 0] = 1.0
    bands[1, :, 1:] = 1 / new
    bands[1, :, :-1] += kept**2 / new
    bands[0, :, 1:] = -kept / new
    return solveh_banded(bands.reshape(2, -1), values.reshape(-1, values.shape[-1])).reshape(values.shape)
