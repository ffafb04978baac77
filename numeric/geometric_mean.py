"""The geometric mean of two kernels, with a weight: where between inputs and targets a representation stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import scipy.linalg as la
from numpy.typing import ArrayLike, NDArray

from .arguments import number
from .geometry import ROUNDING, check_definite, check_points, symmetric
from .kernels import Kernel, points_alike

Array = NDArray[np.float64]

_WITHIN = 1e-10
"""A direction whose cosine with a range is as near to 1 is in it."""


@dataclass(frozen=True)
class JointModes:
    """What a kernel K and the Gram matrix G of targets have in common: ``K #_a G = B diag(s^2a) B^T``, a from 0 to 1.

    Attributes:
        directions: B, shape (N, k); ``B B^T`` is the part of K that the targets see.
        strengths: s, the singular values of ``K^-1/2 Y*``, positive and falling, shape (k,).
    """

    directions: Array
    strengths: Array


def geometric_mean(first: ArrayLike, second: ArrayLike, weight: float = 0.5) -> Array:
    """The weighted geometric mean ``A #_a B = A^1/2 (A^-1/2 B A^-1/2)^a A^1/2`` of matrices, shape (N, N).

    Of singular matrices it is the limit from positive definite ones, of ``A + e`` and ``B + e`` for small e. It lives
    where both ranges meet, is 0 if they do not, and is there the mean of what both leave when every other direction is
    free (their shorted operators); a weight of 0 or 1 gives back one of the matrices.

    Args:
        first: A, symmetric, positive semidefinite, shape (N, N).
        second: B, likewise.
        weight: a, the place on the geodesic from A, where it is 0, to B, where it is 1.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a matrix is not square, finite, symmetric and positive semidefinite, or is 0, the sizes differ,
            or the weight is not from 0 to 1.

    Source: Pusz & Woronowicz (Rep. Math. Phys. 8 (1975) 159), Kubo & Ando (Math. Ann. 246 (1980) 205).

    >>> geometric_mean(np.diag([1.0, 4.0]), np.diag([9.0, 1.0])).round(12).tolist()
    [[3.0, 0.0], [0.0, 2.0]]
    """
    a, b = (symmetric(name, value) for name, value in (("first", first), ("second", second)))
    if a.shape != b.shape:
        raise ValueError(f"first and second must be of the same points, got {len(a)} and {len(b)}")
    place = checked_weight(weight)
    ranges = [_range(name, x) for name, x in (("first", a), ("second", b))]
    if place in (0.0, 1.0):
        return b if place else a
    (one, values), (other, others) = ranges
    if values.size == others.size == len(a):
        return _mean(a, b, place)
    cosines, turn = cast(tuple[Array, Array], la.svd(one.T @ other)[1::-1])
    common = one @ turn[:, : int((cosines > 1 - _WITHIN).sum())]
    shorted = [la.inv((common.T @ vectors / sizes) @ (vectors.T @ common)) for vectors, sizes in ranges]
    return common @ _mean(shorted[0], shorted[1], place) @ common.T


def geometric_mean_factor(kernel: Kernel, targets: ArrayLike, weight: float = 0.5, ridge: float = 0.0) -> Array:
    """A factor M of the mean of a kernel and the Gram matrix of targets, ``M M^T = K #_a Y Y^T``, shape (N, k).

    No matrix of points by points is made: it takes the factor of the kernel and its products with the targets, and k is
    at most the number of targets. What of the targets the kernel cannot express, across its range, is left out first,
    as it is never learnt. A weight of 0 is its limit: the part of the kernel that the targets see.

    Args:
        kernel: K of N points.
        targets: Y, shape (N, c).
        weight: a, from 0 to 1.
        ridge: how much of the largest eigenvalue of K those modes have that are half learnt: of a mode with the share v
            of it, ``v/(v + ridge)`` of the targets counts; 0 for all.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a number is not finite or out of its range, the targets are not of the kernel's points, or the
            kernel can express none of them.

    >>> kernel, targets = Kernel(np.diag([1.0, 2.0])), np.diag([3.0, 1.0])
    >>> factor = geometric_mean_factor(kernel, targets)
    >>> (factor @ factor.T).round(12).tolist()
    [[3.0, 0.0], [0.0, 2.0]]
    """
    place = checked_weight(weight)
    modes = joint_modes(kernel, targets, ridge)
    return modes.directions * modes.strengths**place


def joint_modes(kernel: Kernel, targets: ArrayLike, ridge: float = 0.0) -> JointModes:
    """The modes of :func:`geometric_mean_factor`, strongest first.

    Raises:
        TypeError: as :func:`geometric_mean_factor`.
        ValueError: likewise.
    """
    given, soft = points_alike(kernel, "targets", targets), number("ridge", ridge)
    if not (np.isfinite(soft) and soft >= 0):
        raise ValueError(f"ridge must be finite and not negative, got {soft}")
    vectors, values = kernel.modes
    shares = values / values[0]
    seen = vectors.T @ given
    if not np.linalg.norm(seen) > ROUNDING * np.linalg.norm(given):
        raise ValueError("targets must be such that the kernel can express a part of them, got none of that")
    whitened: Array = seen * (shares / (shares + soft) / np.sqrt(values))[:, None]
    turn, strengths, _ = la.svd(whitened, full_matrices=False)
    kept = strengths > ROUNDING * strengths[0]
    return JointModes((vectors * np.sqrt(values)) @ turn[:, kept], strengths[kept])


def checked_weight(weight: float) -> float:
    """A place on a geodesic.

    Raises:
        TypeError: if it is no number.
        ValueError: if it is not from 0 to 1.
    """
    place = number("weight", weight)
    if not 0 <= place <= 1:
        raise ValueError(f"weight must be from 0, the first, to 1, the second, got {place}")
    return place


def _range(name: str, matrix: Array) -> tuple[Array, Array]:
    """The eigenvectors of a matrix, and its eigenvalues, where they are not 0."""
    check_points(name, matrix)
    values, vectors = la.eigh(matrix)
    check_definite(name, values)
    kept = values > ROUNDING * len(values) * values[-1]
    return vectors[:, kept], values[kept]


def _mean(a: Array, b: Array, weight: float) -> Array:
    """Of positive definite matrices, by the basis in which both are diagonal."""
    values, vectors = la.eigh(b, a)
    basis = (a @ vectors) * np.maximum(values, 0.0) ** (weight / 2)
    return basis @ basis.T
