"""The structure of a whole data set: the rich end state of every pair of points, smoothed over near neighbours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from repdyn.symbolic.arguments import instance

from .arguments import real
from .compiled import compile_program
from .distances import Distances

Array = NDArray[np.float64]

_CHUNK = 2**21
"""Numbers of a chunk: 16 MB."""

_LEAST, _MOST = float(np.finfo(np.float64).tiny), float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class Points:
    """Data points with their targets.

    Attributes:
        inputs: shape (n, d), in the data's own units.
        targets: shape (n, outputs).

    Raises:
        TypeError: if they are no arrays of real numbers.
        ValueError: if shapes do not match or a value is not finite.
    """

    inputs: Array
    targets: Array

    def __post_init__(self) -> None:
        for name in ("inputs", "targets"):
            value = real(name, getattr(self, name))
            if value.ndim != 2 or not np.isfinite(value).all():
                raise ValueError(f"{name} must be finite numbers of shape (points, values), got shape {value.shape}")
            object.__setattr__(self, name, value)
        if len(self.inputs) != len(self.targets):
            raise ValueError(
                f"each point must have a target, got {len(self.inputs)} and {len(self.targets)} of inputs and targets"
            )

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

    The ratio of the two rates, a common factor, is left out. Each is known to the last digits of its own size.

    Raises:
        TypeError: if one is no :class:`Points`.
        ValueError: if the points do not have the same numbers of values, or an end is too large or too small for a
            number.

    >>> one = Points(np.zeros((1, 1)), np.zeros((1, 1)))
    >>> rich_distances(one, Points(np.array([[3.0], [4.0]]), np.array([[2.0], [0.0]])))
    array([[6., 0.]])
    """
    _check_alike(first=first, second=second)
    return _ends(first, second)(slice(None))


def smoothed_distances(shown: Points, data: Points) -> SmoothedDistances:
    """The distances of displayed points, each taken as one of the data points near it.

    With ``A = A_low`` of two points (:func:`rich_distances`) and ``K = exp(-A)``, the sum is ``S = K A K^T``: over
    the m displayed points with each of the N data points, and the N data points with each other. The normalised
    version divides by the sums of the rows of K. In time of order ``(m + d) N^2``, without a matrix of N by N.

    K has a unit: the paper puts in raw pixels and leaves out the rates. A is then so large across the classes of a
    data set that K is 1 within a class and 0 across, whatever the common factor: the normalised version is the mean
    over both classes, the sum that times their sizes.

    Raises:
        TypeError: as :func:`rich_distances`.
        ValueError: if a displayed point has no data point near it, or as :func:`rich_distances`.

    Source: van Rossem & Saxe (arXiv 2402.09142), the comparison on MNIST.

    >>> data = Points(np.array([[0.0], [1.0], [100.0], [102.0]]), np.array([[0.0], [0.0], [1.0], [1.0]]))
    >>> found = smoothed_distances(data[[0, 2]], data)
    >>> found.summed.round(6).tolist(), found.normalised.round(6).tolist()
    ([[0.0, 402.0], [402.0, 0.0]], [[0.0, 100.5], [100.5, 0.0]])
    """
    from repdyn.symbolic.smoothing import KERNEL

    _check_alike(shown=shown, data=data)
    (weight,) = compile_program("kernel", KERNEL)(_ends(shown, data)(slice(None)))
    weights = weight.sum(1)
    if not (weights > 0).all():
        alone = int(np.argmin(weights))
        raise ValueError(f"displayed point {alone} has no data point near it: add it, or others like it, to the data")
    share = weight / weights[:, None]
    normalised = np.zeros((len(shown), len(shown)))
    size = max(1, _CHUNK // max(1, len(data)))
    ends = _ends(data, data)
    for begin in range(0, len(data), size):
        part = slice(begin, begin + size)
        normalised += share[:, part] @ (ends(part) @ share.T)
    with np.errstate(over="ignore", under="ignore"):
        summed = weights[:, None] * normalised * weights
    if not np.isfinite(summed).all():
        raise ValueError(f"the sums must be numbers up to {_MOST:.2g}, got more; give inputs or targets in other units")
    return SmoothedDistances(summed, normalised, weights)


def _check_alike(**points: Points) -> None:
    """Check that two sets of points have inputs and targets of as many values."""
    (first, one), (second, other) = ((name, instance(name, x, Points)) for name, x in points.items())
    for field in ("inputs", "targets"):
        sizes = [getattr(x, field).shape[1] for x in (one, other)]
        if sizes[0] != sizes[1]:
            raise ValueError(
                f"{first} and {second} must have {field} of the same number of values, got {sizes[0]} and {sizes[1]}"
            )


def _ends(first: Points, second: Points) -> Callable[[slice], Array]:
    """Where rich pairs of some of the first points, rows of a table, and each of the second ones end."""
    from repdyn.symbolic.rich import RICH_SCALE

    inputs, targets = Distances(first.inputs, second.inputs), Distances(first.targets, second.targets)
    scale = compile_program("rich_scale", RICH_SCALE)

    def ends(rows: slice) -> Array:
        dx, dy = inputs.lengths(rows), targets.lengths(rows)
        with np.errstate(over="ignore", under="ignore"):
            (values,) = scale(dx, dy)
        wrong = (values > _MOST) | ((values < _LEAST) & (dx > 0) & (dy > 0))
        if wrong.any():
            raise ValueError(
                f"|dx| |dy*| of points must be 0 or a number from {_LEAST:.2g} to {_MOST:.2g}, got "
                f"{dx[wrong][0]:.3g} times {dy[wrong][0]:.3g}; give inputs or targets in another unit"
            )
        return values

    return ends
