"""The geometry of a representation: the squared distances of its points, of which Gram matrices are another form."""

from __future__ import annotations

import numpy as np
import scipy.linalg as la
from numpy.typing import ArrayLike

from .arguments import real
from .distances import Distances
from .scaling import Array

INDEFINITE = 1e-6
"""A negative eigenvalue up to this share of the largest is rounding."""

ROUNDING = 1e-13
"""Eigenvalues below this share of the largest are none."""

SYMMETRIC = 1e-6
"""Entries that mirror each other may differ by this share of the largest; the mean of both is taken."""


def squared_distances(activations: ArrayLike) -> Array:
    """The squared distances of points, shape (points, points), each to the last digits of its own size.

    Args:
        activations: shape (points, units); further axes, such as channels and positions, are units too.

    Raises:
        TypeError: if it is no array of real numbers.
        ValueError: if there are no units, a number is not finite, or a square is too large or too small for a number.

    >>> squared_distances([[0.0, 0.0], [3.0, 4.0]]).tolist()
    [[0.0, 25.0], [25.0, 0.0]]
    """
    h = real("activations", activations)
    if h.ndim < 2 or not np.isfinite(h).all():
        raise ValueError(f"activations must be finite numbers of shape (points, units), got shape {h.shape}")
    flat = h.reshape(len(h), -1)
    try:
        return Distances(flat, flat).squares()
    except ValueError as error:
        raise ValueError(f"activations: {error}") from None


def gram_distances(gram: ArrayLike) -> Array:
    """The squared distances of points whose inner products are known: ``K_ii + K_jj - 2 K_ij``, shape (points, points).

    Args:
        gram: inner products ``h_i . h_j``, or those of any kernel, centred or not, shape (points, points). Those about
            an origin far from the points have lost digits of their distances; :func:`squared_distances` has not.

    Raises:
        TypeError: if it is no array of real numbers.
        ValueError: if it is not square, not finite, not symmetric, or no Gram matrix: two points would be at a negative
            squared distance.

    >>> h = np.array([[1.0, 1.0], [4.0, 5.0]])
    >>> gram_distances(h @ h.T).tolist()
    [[0.0, 25.0], [25.0, 0.0]]
    """
    matrix = symmetric("gram", gram)
    squares = np.diag(matrix)
    found = squares[:, None] + squares - 2 * matrix
    rounding = SYMMETRIC * np.abs(matrix).max(initial=0.0)
    if found.min(initial=0.0) < -rounding:
        raise ValueError(
            "gram must be a matrix of inner products, of which K_ii + K_jj - 2 K_ij is a squared distance, got "
            f"{found.min():.3g} for it"
        )
    return np.maximum(found, 0.0)


def gram_factor(gram: ArrayLike) -> Array:
    """Representations that have these inner products, shape (points, directions); directions of rounding are left out.

    Args:
        gram: shape (points, points).

    Raises:
        TypeError: if it is no array of real numbers.
        ValueError: if it is not square, finite, symmetric and positive semidefinite, or is 0.

    >>> gram_factor(np.diag([4.0, 1.0, 0.0])).shape
    (3, 2)
    """
    matrix = symmetric("gram", gram)
    check_points("gram", matrix)
    values, vectors = la.eigh(matrix)
    check_definite("gram", values)
    kept = values > ROUNDING * values[-1]
    return vectors[:, kept] * np.sqrt(values[kept])


def check_points(name: str, matrix: Array) -> None:
    """Check that there are points.

    Raises:
        ValueError: if there are none, or all of the matrix is 0.
    """
    if not matrix.size or not matrix.any():
        raise ValueError(f"{name} must be a kernel of points that is not 0, got shape {matrix.shape}")


def check_definite(name: str, values: Array) -> None:
    """Check that no eigenvalue is negative but by rounding; they increase.

    Raises:
        ValueError: if one is.
    """
    if values[0] < -INDEFINITE * np.abs(values).max():
        raise ValueError(
            f"{name} must be positive semidefinite, got the eigenvalue {values[0]:.3g} beside {values[-1]:.3g}; a "
            "kernel is a matrix of inner products"
        )


def symmetric(name: str, value: ArrayLike) -> Array:
    """A symmetric matrix, shape (n, n).

    Raises:
        TypeError: if it is no array of real numbers.
        ValueError: if it is not square, not finite or not symmetric.
    """
    matrix = real(name, value)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name} must be square, of shape (points, points), got shape {matrix.shape}")
    size = np.abs(matrix).max(initial=0.0)
    if not np.isfinite(size) or not (np.abs(matrix - matrix.T) <= SYMMETRIC * size).all():
        raise ValueError(f"{name} must be finite and symmetric")
    return matrix / 2 + matrix.T / 2
