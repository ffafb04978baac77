"""The kernel of an encoder on some points, held as a factor: how far one point's learning moves another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg as la
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import instance, shown

from .arguments import number, real, whole
from .geometry import INDEFINITE, ROUNDING, check_definite, check_points, symmetric

Array = NDArray[np.float64]
Function = Callable[[Array, Array], ArrayLike]
"""The kernel of each of some points with each of others: of inputs (m, d) and (n, d) an array (m, n)."""

WHOLE = 2_000
"""Up to so many points the matrix itself is made and its eigenvectors are taken."""

DEFAULT_RANK = 500
"""Columns that are kept of more points, unless others are asked for."""

_BLOCK = 64
"""Points whose kernel with each other is asked for, where only that of each with itself is needed."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """A symmetric positive semidefinite kernel ``K = F F^T`` of N points, as its factor F.

    Attributes:
        factor: F, shape (N, r).
        residual: the share of the trace of the kernel that F leaves out, from 0 to 1: 0 of a kernel that is held whole.

    Raises:
        TypeError: if they are no real numbers.
        ValueError: if the factor is not finite numbers of that shape, or the residual is not from 0 to 1.

    >>> kernel = Kernel([[1.0, 0.0], [1.0, 2.0]])
    >>> kernel.rank, kernel.matrix().tolist()
    (2, [[1.0, 1.0], [1.0, 5.0]])
    """

    factor: Array
    residual: float = 0.0

    def __post_init__(self) -> None:
        factor = np.array(real("factor", self.factor))
        if factor.ndim != 2 or not factor.size or not np.isfinite(factor).all():
            raise ValueError(f"factor must be finite numbers of shape (points, rank), got shape {factor.shape}")
        factor.setflags(write=False)
        residual = number("residual", self.residual)
        if not 0 <= residual <= 1:
            raise ValueError(f"residual must be a share, from 0 to 1, got {residual}")
        object.__setattr__(self, "factor", factor)
        object.__setattr__(self, "residual", residual)

    @classmethod
    def from_matrix(cls, matrix: ArrayLike, rank: int | None = None) -> Kernel:
        """The factor of a kernel that was measured, or computed elsewhere, from its eigenvectors.

        Args:
            matrix: shape (N, N), symmetric, positive semidefinite.
            rank: how many eigenvectors are kept, those of the largest eigenvalues; all if it is not given.

        Raises:
            TypeError: if it is no array of real numbers.
            ValueError: if it is not square, finite, symmetric and positive semidefinite, is 0, or ``rank`` is not a
                whole number of at least 1.

        >>> Kernel.from_matrix([[2.0, 1.0], [1.0, 2.0]], rank=1).matrix().round(6).tolist()
        [[1.5, 1.5], [1.5, 1.5]]
        """
        most = None if rank is None else whole("rank", rank, 1)
        given = symmetric("matrix", matrix)
        check_points("matrix", given)
        values, vectors = la.eigh(given)
        check_definite("matrix", values)
        kept = values > ROUNDING * values[-1]
        if most is not None:
            kept[:-most] = False
        values, vectors = values[kept][::-1], vectors[:, kept][:, ::-1]
        return cls(vectors * np.sqrt(values), _share(float(np.trace(given) - values.sum()), float(np.trace(given))))

    @property
    def rank(self) -> int:
        """The number of columns of the factor."""
        return self.factor.shape[1]

    def __len__(self) -> int:
        return len(self.factor)

    def matrix(self) -> Array:
        """K itself, shape (N, N)."""
        return self.factor @ self.factor.T

    @cached_property
    def centred(self) -> Kernel:
        """The kernel about the mean of the points, ``C K C`` with ``C = 1 - 1 1^T/N``.

        Raises:
            ValueError: if it is then 0: the kernel is the same number for all points.

        >>> Kernel([[1.0], [3.0]]).centred.matrix().tolist()
        [[1.0, -1.0], [-1.0, 1.0]]
        """
        centred = self.factor - self.factor.mean(0)
        if not np.abs(centred).max() > ROUNDING * np.abs(self.factor).max():
            raise ValueError("kernel must tell points apart, got one that is the same number for all of them")
        return Kernel(centred, self.residual)

    @cached_property
    def modes(self) -> tuple[Array, Array]:
        """Orthonormal eigenvectors, shape (N, k), and their eigenvalues, positive and falling, shape (k,)."""
        vectors, roots, _ = la.svd(self.factor, full_matrices=False)
        kept = roots > ROUNDING * roots[0]
        return vectors[:, kept], roots[kept] ** 2


def linear_kernel(inputs: ArrayLike, bias: float = 0.0) -> Kernel:
    """The kernel of an encoder that is linear in the inputs: ``x1^T x2 + bias``, of rank d or d + 1.

    Args:
        inputs: shape (N, d); further axes are values too.
        bias: what the encoder's own bias adds: its learning rate relative to that of its weights, 1 where they share
            one, 0 where it has none.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a number is not finite, the bias is negative, or the kernel is 0.

    >>> linear_kernel([[1.0], [2.0]], bias=1.0).matrix().tolist()
    [[2.0, 3.0], [3.0, 5.0]]
    """
    x, constant = checked_inputs(inputs), number("bias", bias)
    if not (np.isfinite(constant) and constant >= 0):
        raise ValueError(f"bias must be finite and not negative, got {constant}")
    factor = np.hstack([x, np.full((len(x), 1), np.sqrt(constant))]) if constant else x
    if not factor.any():
        raise ValueError("inputs must not all be 0 where there is no bias: their kernel is 0")
    if factor.shape[1] <= len(factor):
        return Kernel(factor)
    vectors, roots, _ = la.svd(factor, full_matrices=False)
    return Kernel((vectors * roots)[:, roots > ROUNDING * roots[0]])


def kernel_of(function: Function, inputs: ArrayLike, rank: int | None = None) -> Kernel:
    """The kernel of any function of two sets of points, as a factor.

    Up to 2,000 points it is taken from the eigenvectors of the matrix, which is the best that a rank can do. Of more
    points that matrix is never made: the factor is a Cholesky decomposition with pivots that is stopped early, which
    asks for one column after the other, each that of the point which the others say least of.

    Args:
        function: takes inputs of shapes (m, d) and (n, d) and returns the kernel of each with each, shape (m, n).
        inputs: shape (N, d); further axes are values too.
        rank: the most columns; if it is not given, all for up to 2,000 points and 500 for more. What is left out is
            the kernel's ``residual``.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if what the function returns is not of that shape, finite, symmetric and positive semidefinite, or
            ``rank`` is not a whole number of at least 1.

    >>> points = np.linspace(0.0, 1.0, 50)[:, None]
    >>> smooth = kernel_of(lambda x1, x2: np.exp(-((x1 - x2.T) ** 2)), points, rank=5)
    >>> smooth.rank, smooth.residual < 1e-5
    (5, True)

    Source: the early stop is that of Harbrecht, Peters & Schneider (Appl. Numer. Math. 62 (2012) 428).
    """
    x = checked_inputs(inputs)
    if not callable(function):
        raise TypeError(f"function must be a function of two sets of points, got {shown(function)}")
    most = None if rank is None else whole("rank", rank, 1)
    if len(x) <= WHOLE:
        return Kernel.from_matrix(_block(function, x, x), most)
    return _pivoted(function, x, min(most or DEFAULT_RANK, len(x)))


def checked_inputs(inputs: ArrayLike) -> Array:
    """Inputs as rows.

    Raises:
        TypeError: if they are no array of real numbers.
        ValueError: if they are not finite or not of shape (points, values).
    """
    x = real("inputs", inputs)
    if x.ndim < 2 or not x.size or not np.isfinite(x).all():
        raise ValueError(f"inputs must be finite numbers of shape (points, values), got shape {x.shape}")
    return x.reshape(len(x), -1)


def points_alike(kernel: Kernel, name: str, value: ArrayLike) -> Array:
    """Values of the kernel's points, shape (N, values).

    Raises:
        TypeError: if the kernel is none, or the values are no array of real numbers.
        ValueError: if there are not as many, or one is not finite.
    """
    instance("kernel", kernel, Kernel)
    array = real(name, value)
    if array.ndim != 2 or not array.shape[1] or not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite numbers of shape (points, values), got shape {array.shape}")
    if len(array) != len(kernel):
        raise ValueError(f"{name} must be of the kernel's {len(kernel)} points, got {len(array)}")
    return array


def _share(left: float, trace: float) -> float:
    """What is left of a trace, 0 where that is rounding."""
    return left / trace if left > ROUNDING * trace else 0.0


def _block(function: Function, first: Array, second: Array) -> Array:
    block = real("function of inputs", function(first, second))
    if block.shape != (len(first), len(second)) or not np.isfinite(block).all():
        raise ValueError(
            f"function must return finite numbers of shape {(len(first), len(second))} for inputs {first.shape} and "
            f"{second.shape}, got shape {block.shape}"
        )
    return block


def _pivoted(function: Function, x: Array, most: int) -> Kernel:
    """The decomposition from columns, of the point of which most is left each."""
    parts = [x[i : i + _BLOCK] for i in range(0, len(x), _BLOCK)]
    left = np.concatenate([np.diag(_block(function, part, part)) for part in parts])
    largest, trace = left.max(), left.sum()
    if not left.min() >= 0 or not largest > 0:
        raise ValueError(f"function must be positive of a point with itself, got {left.min():.3g}")
    factor = np.zeros((len(x), most), order="F")
    for j in range(most):
        i = int(np.argmax(left))
        if left[i] <= ROUNDING * largest:
            factor = factor[:, :j]
            break
        column = _block(function, x, x[i : i + 1])[:, 0] - factor[:, :j] @ factor[i, :j]
        factor[:, j] = column / np.sqrt(left[i])
        left -= factor[:, j] ** 2
        if left.min() < -INDEFINITE * largest:
            raise ValueError(
                f"function must be positive semidefinite, got {left.min():.3g} left of a point's kernel with itself "
                f"after {j + 1} columns; a kernel is a matrix of inner products"
            )
    return Kernel(factor, _share(float(np.maximum(left, 0.0).sum()), float(trace)))
