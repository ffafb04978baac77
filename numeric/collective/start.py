"""Where a network stands as the collective theory takes it, from what was measured of it."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arguments import number, real
from ..geometry import gram_factor
from ..kernels import Kernel, points_alike
from .end import checked_points
from .flow import CollectiveState

Array = NDArray[np.float64]


def measured_start(
    hidden: ArrayLike | None = None,
    outputs: ArrayLike | None = None,
    kernel: Kernel | None = None,
    *,
    gram: ArrayLike | None = None,
    points: ArrayLike | None = None,
    rcond: float = 1e-2,
) -> CollectiveState:
    """The state of a network from what its encoder makes of some points and what its decoder makes of that.

    The decoder is the one of least norm that gives the outputs by least squares, its bias what their mean leaves over.
    Where only some points were measured, the others follow by kernel regression, ``K[:, s] K[s, s]^+ H[s]``: of all
    maps that the encoder may learn it is the smallest that is right where it was measured.

    Args:
        hidden: H, shape (m, n); further axes are units too. Or ``gram`` in its place.
        outputs: of the same points, shape (m, c).
        kernel: K of all N points; needed for ``points`` only.
        gram: their inner products, shape (m, m), of which a factor is H in other axes.
        points: which of the kernel's points were measured, shape (m,); if it is not given they are all there are.
        rcond: singular values of H about its mean below this share of the largest count as none, and likewise those
            of the kernel's factor: a decoder that reads what hardly varies is large and says little.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if not one of ``hidden`` and ``gram`` is given, shapes do not fit together, a number is not finite,
            a Gram matrix not symmetric and positive semidefinite, points are given twice or without a kernel, or
            ``rcond`` is not from 0 to 1.

    >>> start = measured_start([[1.0, 0.0], [0.0, 1.0]], [[1.0], [0.0]])
    >>> start.decoder.round(6).tolist(), start.outputs.round(6).tolist()
    ([[0.5, -0.5]], [[1.0], [0.0]])
    """
    if (hidden is None) == (gram is None):
        raise ValueError(f"hidden or gram must be given, one of them, got {'both' if gram is not None else 'neither'}")
    share = number("rcond", rcond)
    if not 0 <= share < 1:
        raise ValueError(f"rcond must be from 0 to below 1, got {share}")
    measured = _rows(hidden) if hidden is not None else gram_factor(() if gram is None else gram)
    given = real("outputs", () if outputs is None else outputs)
    if given.ndim != 2 or len(given) != len(measured) or not given.size or not np.isfinite(given).all():
        raise ValueError(
            f"outputs must be finite numbers of shape (points, values), of the {len(measured)} points that were "
            f"measured, got shape {given.shape}"
        )
    middle, mean = measured.mean(0), given.mean(0)
    decoder = cast(Array, np.linalg.lstsq(measured - middle, given - mean, rcond=share)[0]).T
    bias = mean - decoder @ middle
    if points is not None:
        measured = _extended(kernel, points, measured, share)
    elif kernel is not None:
        points_alike(kernel, "hidden" if hidden is not None else "gram", measured)
    return CollectiveState(measured, decoder, bias)


def _rows(hidden: ArrayLike) -> Array:
    h = real("hidden", hidden)
    if h.ndim < 2 or not h.size or not np.isfinite(h).all():
        raise ValueError(f"hidden must be finite numbers of shape (points, units), got shape {h.shape}")
    return h.reshape(len(h), -1)


def _extended(kernel: Kernel | None, points: ArrayLike, measured: Array, share: float) -> Array:
    """Kernel regression from some points to all: by the factor, ``F F[s]^+ H[s]``."""
    if not isinstance(kernel, Kernel):
        raise TypeError("kernel must be of type Kernel where points are given: the others follow from it")
    index = checked_points("points", points, len(kernel), 1)
    if len(index) != len(measured) or len(np.unique(index)) != len(index):
        raise ValueError(
            f"points must be the numbers of the {len(measured)} points that were measured, each once, got {len(index)}"
        )
    weights = cast(Array, np.linalg.lstsq(kernel.factor[index], measured, rcond=share)[0])
    return kernel.factor @ weights
