"""Distances of points, each to the last digits of its own size, whatever their offset and their unit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import real
from .scaling import Array, Exponent, scaled

_NEAR = 1 / 64
"""Below this share of the squared distances from the origin a matrix product has lost digits to cancelling."""

_FLOOR = 1e-280
"""Squares below this have lost digits to the smallest numbers there are."""

_ORIGIN = 5
"""The origin is a multiple of ``2^-5`` of the spread: whole numbers, such as pixels and classes, stay exact."""

_FINEST = -900
"""The origin need not be known any better."""

_CHUNK, _PAIRS = 2**20, 2**16
"""Numbers looked at together: 8 MB of a table, half a MB of differences."""

_LEAST, _MOST = float(np.finfo(np.float64).tiny), float(np.finfo(np.float64).max)

Measure = Callable[[Array, Exponent], Array]


class Distances:
    """The distances of each of some points from each of others.

    A matrix product about a common origin gives those that are far apart for their distance from it; the others are
    taken from their differences, pair by pair. Where both are the same array the table is symmetric to the bit. The
    memory it takes is that of the points and of the rows that are told.

    Args:
        first: shape (m, values).
        second: shape (n, values).

    Raises:
        ValueError: if a point is not finite, or the points do not have the same number of values.

    >>> x = 1e9 + np.array([[0.0], [1.0], [1e9]])
    >>> Distances(x, x).lengths(slice(0, 1)).tolist()
    [[0.0, 1.0, 1000000000.0]]
    """

    def __init__(self, first: ArrayLike, second: ArrayLike) -> None:
        a = _points(first)
        b = a if second is first else _points(second)
        if a.shape[1] != b.shape[1]:
            raise ValueError(f"all points must have the same number of values, got {a.shape[1]} and {b.shape[1]}")
        self._first, self._second = a, b
        parts = (a,) if b is a else (a, b)
        size = max(int(scaled(x)[1].item()) for x in parts)
        units = [np.ldexp(x, -size) for x in parts]
        middle = sum(x.sum(0) for x in units) / max(1, sum(map(len, units)))
        spread = max(int(scaled(x - middle)[1].item()) for x in units)
        grid = np.ldexp(1.0, max(spread - _ORIGIN, _FINEST))
        units = [x - np.rint(middle / grid) * grid for x in units]
        spread = max(int(scaled(x)[1].item()) for x in units)
        units = [np.ldexp(x, -spread) for x in units]
        squares = [np.square(x).sum(1) for x in units]
        self._exponent = np.array(size + spread, dtype=np.int32)
        (self._a, self._b), (self._of_a, self._of_b) = (units[0], units[-1]), (squares[0], squares[-1])

    def lengths(self, rows: slice = slice(None)) -> Array:
        """The distances of some of the first points, shape (rows, n).

        Raises:
            ValueError: if one is beyond the largest number there is.
        """
        return self._table(rows, _lengths)

    def squares(self, rows: slice = slice(None)) -> Array:
        """The squared distances of some of the first points, shape (rows, n).

        Raises:
            ValueError: if one is too large or too small for a number.
        """
        return self._table(rows, _squares)

    def _table(self, rows: slice, measure: Measure) -> Array:
        table = self._a[rows] @ self._b.T
        first, of_a = self._first[rows], self._of_a[rows]
        step = max(1, _CHUNK // max(1, len(self._b)))
        for begin in range(0, len(table), step):
            part = slice(begin, begin + step)
            sizes = of_a[part, None] + self._of_b
            squares = sizes - 2 * table[part]
            near = squares <= _NEAR * np.maximum(sizes, _FLOOR)
            squares[near] = 0.0
            table[part] = measure(squares, self._exponent)
            self._tell_near(table[part], first[part], near, measure)
        return table

    def _tell_near(self, table: Array, first: Array, near: NDArray[np.bool_], measure: Measure) -> None:
        i, j = np.nonzero(near)
        step = max(1, _PAIRS // max(1, first.shape[1]))
        for begin in range(0, len(i), step):
            k, n = i[begin : begin + step], j[begin : begin + step]
            table[k, n] = measure(*_sums(first[k] - self._second[n]))


def squared_lengths(vectors: ArrayLike) -> Array:
    """``|v|^2`` of vectors, such as differences of points, shape (..., n).

    Raises:
        ValueError: if a vector is not finite, or its squared length is too large or too small for a number.

    >>> squared_lengths([[3e-100, 4e-100], [0.0, 0.0]]).tolist()
    [2.5e-199, 0.0]
    """
    v = real("vectors", vectors)
    if not np.isfinite(v).all():
        raise ValueError(f"vectors must be finite to have a length, got {v[~np.isfinite(v)].flat[0]}")
    return _squares(*_sums(v))


def _points(x: ArrayLike) -> Array:
    points = real("points", x)
    if points.ndim != 2 or not np.isfinite(points).all():
        raise ValueError(f"points must be finite numbers of shape (points, values), got shape {points.shape}")
    return points


def _sums(vectors: Array) -> tuple[Array, Exponent]:
    """The squared length of each vector in units of ``4^k``, and k: 0 where that is not needed."""
    with np.errstate(over="ignore", under="ignore"):
        sums = np.asarray(np.square(vectors).sum(-1))
        k = np.zeros(sums.shape, dtype=np.int32)
        extreme = ~((sums > _FLOOR) & (sums < 1 / _FLOOR))
        if extreme.any():
            unit, exponent = scaled(vectors[extreme], -1)
            sums[extreme], k[extreme] = np.square(unit).sum(-1), exponent[..., 0]
    return sums, k


def _squares(sums: Array, k: Exponent) -> Array:
    with np.errstate(over="ignore", under="ignore"):
        found = np.ldexp(sums, 2 * k)
    _check(((found < _LEAST) & (sums > 0)) | (found > _MOST), sums, k, "squared distance")
    return found


def _lengths(sums: Array, k: Exponent) -> Array:
    with np.errstate(over="ignore", under="ignore"):
        found = np.ldexp(np.sqrt(sums), k)
    _check(found > _MOST, sums, k, "distance")
    return found


def _check(wrong: NDArray[np.bool_], sums: Array, k: Exponent, what: str) -> None:
    if wrong.any():
        power = np.log10(sums[wrong].flat[0]) / 2 + np.broadcast_to(k, sums.shape)[wrong].flat[0] * np.log10(2)
        raise ValueError(
            f"a {what} must be 0 or a number from {_LEAST:.2g} to {_MOST:.2g}, got points about 1e{power:.0f} apart; "
            "give them in another unit"
        )
