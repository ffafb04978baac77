"""Where the representations of a data set end: the geometric mean of the encoder's kernel and the targets."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import instance
from repdyn.symbolic.arguments import shown as written

from ..arguments import flag, number
from ..compiled import CompiledFunction, compile_program
from ..geometric_mean import joint_modes
from ..geometry import squared_distances
from ..kernels import Kernel, points_alike
from ..quantities import Rates

Array = NDArray[np.float64]


def final_gram(
    kernel: Kernel,
    targets: ArrayLike,
    rates: Rates,
    *,
    conserved: float = 0.0,
    ridge: float = 0.0,
    bias: bool = True,
    shown: ArrayLike | None = None,
) -> Array:
    """The inner products of hidden representations at the end of training, ``sqrt(P/R) K # Y* Y*^T``, shape (m, m).

    It holds of an encoder and a decoder that move as the linearised flow says and forget their start, or start
    balanced. Each mode of the data set ends as a pair would.

    Args:
        kernel: K of N points, the encoder's.
        targets: Y*, shape (N, c); the outputs at that time where not everything is learnt.
        rates: P and R, those of encoder and decoder, numbers, of which only the ratio matters where ``conserved`` is
            0: the step size of gradient descent on half the squared error, averaged over the points. (For two points
            those of :func:`trajectory` are half of it.)
        conserved: lambda of a balanced start, ``H^T K^+ H / P - D^T D / R = lambda 1``, in the units of D^2/R:
            positive of a lazy start, negative of one whose decoder is large. What the targets say nothing of, and
            stays as it was, is left out.
        ridge: as for :func:`geometric_mean_factor`: modes that are not learnt.
        bias: whether the decoder has a bias, which learns the mean of the targets before the rest is learnt: all is
            then about the mean of the points. Of a slow bias that is an approximation.
        shown: which of the points, shape (m,); all if it is not given.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a number is not finite or out of its range, the targets are not of the kernel's points, or the
            kernel can express none of them.

    Source: the end of each mode is that of ``repdyn.symbolic.data_sets``, of a pair that of van Rossem & Saxe (arXiv
    2402.09142); lambda-balanced starts are those of Domine et al. (arXiv 2409.14623).

    >>> kernel = Kernel([[-1.0], [1.0]])
    >>> final_gram(kernel, [[-0.5], [0.5]], Rates(0.04, 0.01)).round(6).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    factor = _end_factor(kernel, targets, rates, conserved, ridge, bias)[points_shown(kernel, shown)]
    return factor @ factor.T


def final_distances(
    kernel: Kernel,
    targets: ArrayLike,
    rates: Rates,
    *,
    conserved: float = 0.0,
    ridge: float = 0.0,
    bias: bool = True,
    shown: ArrayLike | None = None,
) -> Array:
    """The squared distances of hidden representations at the end of training, shape (m, m).

    Args:
        kernel: as for :func:`final_gram`, and so are the others.
        targets: shape (N, c).
        rates: P and R.
        conserved: lambda.
        ridge: for modes that are not learnt.
        bias: whether the decoder has one.
        shown: which of the points.

    Raises:
        TypeError: as :func:`final_gram`.
        ValueError: as :func:`final_gram`.

    >>> final_distances(Kernel([[-1.0], [1.0]]), [[-0.5], [0.5]], Rates(0.04, 0.01)).round(6).tolist()
    [[0.0, 4.0], [4.0, 0.0]]
    """
    factor = _end_factor(kernel, targets, rates, conserved, ridge, bias)
    return squared_distances(factor[points_shown(kernel, shown)])


def points_shown(kernel: Kernel, shown: ArrayLike | None) -> NDArray[np.intp]:
    """The numbers of some of the kernel's points, all for None.

    Raises:
        ValueError: if they are not whole numbers of points, shape (m,).
    """
    if shown is None:
        return np.arange(len(kernel))
    return checked_points("shown", shown, len(kernel), 1)


def checked_points(name: str, value: ArrayLike, count: int, axes: int) -> NDArray[np.intp]:
    """Numbers of points.

    Raises:
        ValueError: if they are not whole numbers from 0 to one below the count, in an array of so many axes.
    """
    try:
        index = np.asarray(value)
    except Exception:  # an object may raise anything when it is asked for an array
        index = np.asarray(None)
    if index.dtype.kind not in "iu" or index.ndim != axes or ((index < 0) | (index >= count)).any():
        shape = "(m,)" if axes == 1 else "(m, 2)"
        raise ValueError(
            f"{name} must be numbers of points, whole and from 0 to {count - 1}, of shape {shape}, got {written(value)}"
        )
    return index.astype(np.intp)


def constant_rates(rates: Rates) -> tuple[float, float]:
    """P and R.

    Raises:
        TypeError: if they are no rates.
        ValueError: if they are arrays.
    """
    instance("rates", rates, Rates)
    if np.ndim(rates.h) or np.ndim(rates.y):
        raise ValueError("rates must be numbers, one of each for a whole data set, got arrays")
    return float(rates.h), float(rates.y)


def _end_factor(kernel: Kernel, targets: ArrayLike, rates: Rates, conserved: float, ridge: float, bias: bool) -> Array:
    given, (rate_h, rate_y) = points_alike(kernel, "targets", targets), constant_rates(rates)
    balance = number("conserved", conserved)
    if not np.isfinite(balance):
        raise ValueError(f"conserved must be finite, got {balance}")
    if flag("bias", bias):
        kernel, given = kernel.centred, given - given.mean(0)
    modes = joint_modes(kernel, given, ridge)
    (m2, _) = _mode_end()(modes.strengths, balance, rate_h, rate_y)
    return modes.directions * np.sqrt(m2)


@cache
def _mode_end() -> CompiledFunction:
    from repdyn.symbolic.data_sets.end_state import MODE_END

    return compile_program("mode_end", MODE_END)
