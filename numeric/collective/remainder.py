"""What a network has learnt beside what is left of its start: a layer's Gram matrix as both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometric_mean import joint_modes
from ..geometry import gram_distances
from ..kernels import Kernel

Array = NDArray[np.float64]

_GRID = 201
"""Places that are compared."""


@dataclass(frozen=True)
class Remainder:
    """A Gram matrix as the learnt part and what is left of the start.

    Attributes:
        weight: the learnt part's place on the geodesic.
        start: how many times the Gram matrix of the start is left.
        distances: the squared distances of both together.
    """

    weight: float
    start: float
    distances: Array


def with_start(gram: Array, start: Array, kernel: Kernel, outputs: Array) -> Remainder:
    """The mixture of a geometric mean and the start's Gram matrix that is nearest to a layer's; all about the mean.

    Two numbers are fitted beside the scale: the place and how much of the start is left.

    >>> x = np.random.default_rng(0).normal(size=(20, 3))
    >>> x -= x.mean(0)
    >>> y = x * [1.0, 2.0, 4.0]
    >>> start = np.diag(np.arange(20.0))
    >>> found = with_start(2 * (x * [1.0, 2.0, 4.0]) @ x.T + 0.5 * start, start, Kernel(x), y)
    >>> round(found.weight, 2), round(found.start, 2)
    (0.5, 0.5)
    """
    modes = joint_modes(kernel.centred, outputs - outputs.mean(0))
    weights = np.linspace(0.0, 1.0, _GRID)
    powers = modes.strengths ** (2 * weights[:, None])
    overlaps = np.square(modes.directions.T @ modes.directions)
    mm: Array = ((powers @ overlaps) * powers).sum(1)
    mg: Array = powers @ (modes.directions * (gram @ modes.directions)).sum(0)
    ms: Array = powers @ (modes.directions * (start @ modes.directions)).sum(0)
    ss, sg = float(np.sum(start**2)), float(np.sum(start * gram))
    determinant: Array = mm * ss - ms**2
    both_left: Array = (mm * sg - ms * mg) / determinant
    left: Array = np.maximum(both_left, 0.0)
    learnt: Array = np.where(both_left > 0, (ss * mg - ms * sg) / determinant, mg / mm)
    explained: Array = 2 * (learnt * mg + left * sg) - learnt**2 * mm - 2 * learnt * left * ms - left**2 * ss
    best = int(np.argmax(explained))
    factor = modes.directions * np.sqrt(learnt[best] * powers[best])
    both = factor @ factor.T + left[best] * start
    return Remainder(float(weights[best]), float(left[best]), gram_distances(both))
