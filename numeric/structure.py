"""The structure of a whole data set: the rich end state of every pair of points, smoothed over near neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .compiled import CompiledFunction, compile_program

if TYPE_CHECKING:
    from repdyn.symbolic import Program

Array = NDArray[np.float64]

_CHUNK = 2**21
"""Numbers of a chunk: 16 MB."""


@dataclass(frozen=True)
class Points:
    """Data points with their targets.

    Attributes:
        inputs: shape (n, d), in the data's own units.
        targets: shape (n, outputs).

    Raises:
        ValueError: if shapes do not match or a value is not finite.
    """

    inputs: Array
    targets: Array

    def __post_init__(self) -> None:
        for name in ("inputs", "targets"):
            value = np.asarray(getattr(self, name), dtype=np.float64)
            if value.ndim != 2 or not np.isfinite(value).all():
                raise ValueError(f"{name} must be finite numbers of shape (points, values), got shape {value.shape}")
            object.__setattr__(self, name, value)
        if len(self.inputs) != len(self.targets):
            raise ValueError(f"each point must have a target, got {len(self.inputs)} and {len(self.targets)}")

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: Any) -> Points:
        return Points(self.inputs[index], self.targets[index])


@dataclass(frozen=True)
class SmoothedDistances:
    """Predicted squared hidden distances of displayed points.

    Attributes:
        summed: shape (m, m), the sum over near neighbours of both points; it grows with their numbers.
        normalised: shape (m, m), their weighted mean.
        weights: shape (m,), the summed weight of each point's neighbours.
    """

    summed: Array
    normalised: Array
    weights: Array


def rich_distances(first: Points, second: Points) -> Array:
    """Where rich pairs end: ``A_low = |dx| |dy*|`` of each point with each other, shape (m, n).

    The ratio of the two rates, a common factor, is left out.

    >>> one = Points(np.zeros((1, 1)), np.zeros((1, 1)))
    >>> rich_distances(one, Points(np.array([[3.0], [4.0]]), np.array([[2.0], [0.0]])))
    array([[6., 0.]])
    """
    return _of_pairs(compile_program("rich_scale", _programs()[0]), first, second)


def smoothed_distances(shown: Points, data: Points) -> SmoothedDistances:
    """The distances of displayed points, each taken as one of the data points near it.

    With ``A = A_low`` of two points (:func:`rich_distances`) and ``K = exp(-A)``, the sum is ``S = K A K^T``: over
    the m displayed points with each of the N data points, and the N data points with each other. The normalised
    version divides by the sums of the rows of K. In time of order ``(m + d) N^2``, without a matrix of N by N.

    K has a unit: the paper puts in raw pixels and leaves out the rates. A is then so large across the classes of a
    data set that K is 1 within a class and 0 across, whatever the common factor: the normalised version is the mean
    over both classes, the sum that times their sizes.

    Raises:
        ValueError: if a displayed point has no data point near it.

    Source: van Rossem & Saxe (arXiv 2402.09142), the comparison on MNIST.

    >>> data = Points(np.array([[0.0], [1.0], [100.0], [102.0]]), np.array([[0.0], [0.0], [1.0], [1.0]]))
    >>> found = smoothed_distances(data[[0, 2]], data)
    >>> found.summed.round(6).tolist(), found.normalised.round(6).tolist()
    ([[0.0, 402.0], [402.0, 0.0]], [[0.0, 100.5], [100.5, 0.0]])
    """
    scale, kernel = (compile_program(*x) for x in zip(("rich_scale", "kernel"), _programs(), strict=True))
    weight = _of_pairs(kernel, shown, data)
    weights = weight.sum(1)
    if not (weights > 0).all():
        alone = int(np.argmin(weights))
        raise ValueError(f"displayed point {alone} has no data point near it: add it, or others like it, to the data")
    summed = np.zeros((len(shown), len(shown)))
    size = max(1, _CHUNK // len(data))
    for begin in range(0, len(data), size):
        part = slice(begin, begin + size)
        summed += weight[:, part] @ (_of_pairs(scale, data[part], data) @ weight.T)
    return SmoothedDistances(summed, summed / np.outer(weights, weights), weights)


def _programs() -> tuple[Program, Program]:
    from repdyn.symbolic.smoothing import KERNEL, RICH_SCALE

    return RICH_SCALE, KERNEL


def _of_pairs(function: CompiledFunction, first: Points, second: Points) -> Array:
    (values,) = function(
        _squared_distances(first.inputs, second.inputs), _squared_distances(first.targets, second.targets)
    )
    return values


def _squared_distances(first: Array, second: Array) -> Array:
    """Of each with each, by one matrix product; exact for whole numbers such as pixels and classes."""
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * (first @ second.T)
    return np.maximum(squares, 0.0)
