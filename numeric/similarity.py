"""How alike two representations of the same points are: alignment of kernels, correlation of distances, Procrustes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import orthogonal_procrustes
from scipy.stats import spearmanr

from .geometry import symmetric
from .scaling import Array, scaled

_FEWEST = 4
"""Points of which the unbiased criterion is defined: it is a mean over quadruples."""

_EQUAL = 2.0**-40
"""Squared distances that differ by less than this share, 1e-12, of the largest differ by how they were computed."""


@dataclass(frozen=True)
class Similarity:
    """How alike two representations of the same points are; none of it depends on rotation, shift and unit.

    A number that the representations do not determine is NaN: all three if the points of one are the same, as in a
    layer that is constant or dead; ``cka`` and ``rsa`` also if those of one are all at one distance of each other, and
    ``cka`` if the distances of one are sums of a number for each point, so that nothing is left when it is centred.

    Attributes:
        cka: debiased linear centred kernel alignment, from -1 to 1: 1 for representations that are equal, about 0,
            and as often below, for such that have nothing to do with each other, however few the points.
        rsa: Spearman's correlation of the distances of one with those of the other, from -1 to 1. The distances
            among n points are not independent: :func:`mantel_test` says what chance would do.
        procrustes: the distance that is left when both, each of unit size (the root of the summed squares about the
            mean), have been rotated and reflected onto each other: 0 for equal ones (less than 1e-7 is rounding), and
            at most the root of 2. It is a metric; ``1 - procrustes^2/2`` is the cosine of the angle between the shapes.

    Source: Kornblith et al. (arXiv 1905.00414) with the unbiased criterion of Song et al. (JMLR 13 (2012) 1393), which
    Nguyen et al. (arXiv 2010.15327) take; Kriegeskorte et al. (Front. Syst. Neurosci. 2:4 (2008)); Williams et al.
    (arXiv 2110.14739).
    """

    cka: float
    rsa: float
    procrustes: float


def representation_similarity(first: ArrayLike, second: ArrayLike) -> Similarity:
    """Compare two representations of the same points by their squared distances.

    Those of activations are :func:`squared_distances`, those of a Gram matrix :func:`gram_distances`; all three numbers
    depend on nothing else. Predicted distances are taken as well: where no points have them, ``procrustes`` is that of
    classical scaling, in which negative squares count as 0.

    Args:
        first: squared distances, shape (n, n), with n >= 4.
        second: the same of the same points in the same order.

    SciPy's correlation and Procrustes rotation serve here. The alignment is a few lines: libraries that have one need
    PyTorch or image processing for it.

    Raises:
        TypeError: if one is no array of real numbers.
        ValueError: if one is not square, not symmetric, not finite, negative, not 0 on its diagonal (an array of
            activations is none of it), or they are of fewer than 4 points or not of the same number.

    >>> from repdyn.numeric import representation_similarity, squared_distances
    >>> h = np.random.default_rng(0).normal(size=(50, 10))
    >>> others = np.random.default_rng(1).normal(size=(50, 200))
    >>> turned, unlike = (
    ...     representation_similarity(squared_distances(h), squared_distances(x)) for x in (3 * h[:, ::-1] + 1, others)
    ... )
    >>> round(turned.cka, 9), round(turned.rsa, 9), round(turned.procrustes, 6)
    (1.0, 1.0, 0.0)
    >>> abs(unlike.cka) < 0.1
    True
    """
    one, other = (_checked(name, x) for name, x in (("first", first), ("second", second)))
    if one.shape != other.shape:
        raise ValueError(f"first and second must be of the same points, got {len(one)} and {len(other)}")
    return Similarity(_alignment(one, other), _rank_correlation(one, other), _procrustes(one, other))


def _checked(name: str, value: ArrayLike) -> Array:
    """Squared distances in a unit in which the largest is near 1."""
    what = f"{name}, a matrix of squared distances,"
    matrix = symmetric(name, value)
    if len(matrix) < _FEWEST:
        raise ValueError(f"{what} must be of at least {_FEWEST} points, got {len(matrix)}")
    if (matrix < 0).any() or np.diag(matrix).any():
        raise ValueError(
            f"{what} must be non-negative with 0 on its diagonal, got {matrix.min():.3g} at least and "
            f"{np.diag(matrix).max():.3g} on the diagonal; of activations take squared_distances, of a Gram matrix "
            "gram_distances"
        )
    return scaled(matrix)[0]


def _alignment(one: Array, other: Array) -> float:
    """Debiased linear CKA: the cosine of the two U-centred matrices, whose product is n(n - 3) times the criterion.

    Squared distances do for kernels, of which they are -2 times one plus a number for each point: that is centred away.
    """
    a, b = _u_centred(one), _u_centred(other)
    if min(np.abs(a).max(), np.abs(b).max()) <= _EQUAL:
        return np.nan
    return _cosine(float(np.sum(a * b) / np.sqrt(np.sum(a * a) * np.sum(b * b))))


def _u_centred(squares: Array) -> Array:
    """With rows and columns that sum to 0 while the diagonal is left out (Szekely & Rizzo, Ann. Stat. 42 (2014) 2382).

    >>> _u_centred(np.array([[0, 1, 4, 9], [1, 0, 1, 4], [4, 1, 0, 1], [9, 4, 1, 0.0]])).sum(0).round(12).tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    n = len(squares)
    sums = squares.sum(0) / (n - 2)
    found = squares - sums[:, None] - sums + sums.sum() / (n - 1)
    np.fill_diagonal(found, 0.0)
    return found


def _rank_correlation(one: Array, other: Array) -> float:
    """Spearman's, of which squares do for distances, as long as equal ones stay equal."""
    above = np.triu_indices(len(one), 1)
    a, b = _levels(one[above]), _levels(other[above])
    return _cosine(float(spearmanr(a, b).statistic)) if min(a.max(), b.max()) > 0 else np.nan


def _levels(values: Array) -> Array:
    """Numbers in the order of the values, the same where they are the same but for rounding.

    >>> _levels(np.array([0.3, 0.2, 0.1 + 0.2])).tolist()
    [1.0, 0.0, 1.0]
    """
    order = np.argsort(values)
    found = np.empty(values.size)
    found[order] = np.cumsum(np.diff(values[order], prepend=values[order[0]]) > _EQUAL)
    return found


def _procrustes(one: Array, other: Array) -> float:
    """What is left of two sets of points of unit size that have been turned onto each other."""
    x, y = _points(one), _points(other)
    if x is None or y is None:
        return np.nan
    rotation, _ = orthogonal_procrustes(x, y)
    return float(np.linalg.norm(x @ rotation - y))


def _points(squares: Array) -> Array | None:
    """Points of unit size at these distances, by classical scaling (Torgerson 1952); None if they coincide."""
    middle = squares.mean(0)
    gram = (middle[:, None] + middle - middle.mean() - squares) / 2
    values, vectors = np.linalg.eigh(gram)
    values = np.where(values > len(values) * np.finfo(np.float64).eps * np.abs(values).max(), values, 0.0)
    return vectors * np.sqrt(values / values.sum()) if squares.max() > 0 else None


def _cosine(value: float) -> float:
    """A cosine, which rounding may have moved beyond its bounds."""
    return float(np.clip(value, -1.0, 1.0))
