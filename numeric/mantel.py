"""Whether two matrices of distances have to do with each other: the Mantel test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .arguments import real, whole
from .scaling import Array, deviations, scaled

_EQUAL = 40
"""Distances that differ by less than ``2^-40``, 1e-12, of the largest are equal but for how they were computed."""


@dataclass(frozen=True)
class MantelTest:
    """The correlation of two matrices of distances, and what it would be by chance.

    Attributes:
        r: Pearson's correlation of the entries of both above the diagonal.
        p_value: the share of relabellings of the points, the one given among them, whose r is at least as large.
        chance: the 95 % quantile of r over relabellings.
        relabellings: how many were drawn.
    """

    r: float
    p_value: float
    chance: float
    relabellings: int


def mantel_test(first: ArrayLike, second: ArrayLike, *, relabellings: int = 1999, seed: int = 0) -> MantelTest:
    """Test two symmetric matrices of distances between the same points; what is on their diagonals does not count.

    The entries of such a matrix are not independent, so that the p-value of a correlation would be far too small:
    rows and columns of the second are put in another order together instead, again and again.

    Args:
        first: shape (n, n).
        second: shape (n, n).
        relabellings: how many orders are drawn, at least 1; no p-value is below 1/(relabellings + 1).
        seed: of the orders, a whole number from 0 on.

    Raises:
        TypeError: if a matrix is no array of real numbers.
        ValueError: if the matrices are not of one square shape, not symmetric or not finite, have fewer than 4 points,
            or all distances of one are equal; if relabellings or seed is none.

    Source: Mantel, Cancer Research 27 (1967) 209.

    >>> x = np.arange(8.0)
    >>> distances = abs(x[:, None] - x)
    >>> found = mantel_test(distances, distances**2, relabellings=99)
    >>> round(found.r, 3), found.p_value
    (0.971, 0.01)
    """
    relabellings, seed = whole("relabellings", relabellings, 1), whole("seed", seed, 0)
    matrices = [_standardised(name, real(name, x)) for name, x in (("first", first), ("second", second))]
    if matrices[0].shape != matrices[1].shape:
        raise ValueError(f"first and second must be of the same points, got {len(matrices[0])} and {len(matrices[1])}")
    generator = np.random.default_rng(seed)
    r = float(np.sum(matrices[0] * matrices[1]))
    orders = (generator.permutation(len(matrices[0])) for _ in range(relabellings))
    drawn = np.array([np.sum(matrices[0] * matrices[1][np.ix_(order, order)]) for order in orders])
    reached = np.count_nonzero(drawn >= r - 1e-12)
    return MantelTest(r, float(1 + reached) / (1 + relabellings), float(np.quantile(drawn, 0.95)), relabellings)


def _standardised(name: str, matrix: Array) -> Array:
    """With 0 on the diagonal, mean 0 and squares that sum to 1 off it."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 4:
        raise ValueError(
            f"{name}, a matrix of distances, must be square, of at least 4 points, got shape {matrix.shape}"
        )
    off = ~np.eye(len(matrix), dtype=bool)
    unit, size = scaled(np.where(off, matrix, 0.0))
    if not np.isfinite(unit).all() or not np.allclose(unit, unit.T, rtol=1e-6, atol=1e-9):
        raise ValueError(f"{name}, a matrix of distances, must be finite and symmetric; average it with its transpose")
    centred, spread = deviations(matrix[off])
    if not centred.any() or spread.item() <= size.item() - _EQUAL:
        raise ValueError(f"all distances of a matrix are equal in {name}: there is nothing to correlate")
    standard = np.zeros_like(matrix)
    standard[off] = centred / np.sqrt((centred**2).sum())
    return standard
