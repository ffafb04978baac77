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

    Two numbers are fitted beside the scale: the place and how much of the start is left. Neither part is negative.

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
    none = np.zeros_like(mm)
    with np.errstate(divide="ignore", invalid="ignore"):  # a start that is 0, or the learnt part itself
        determinant: Array = mm * ss - ms**2
        both = np.stack([(ss * mg - ms * sg) / determinant, (mm * sg - ms * mg) / determinant])
        alone = np.stack([np.maximum(mg / mm, 0.0), none])
        unlearnt = np.stack([none, np.full_like(mm, max(sg / ss, 0.0) if ss else 0.0)])
    meaning = (both >= 0).all(0) & np.isfinite(both).all(0)
    ways = np.stack([np.where(meaning, both, 0.0), alone, unlearnt])
    learnt, left = ways[:, 0], ways[:, 1]
    explained: Array = 2 * (learnt * mg + left * sg) - learnt**2 * mm - 2 * learnt * left * ms - left**2 * ss
    way, place = np.unravel_index(int(np.argmax(explained)), explained.shape)
    factor = modes.directions * np.sqrt(learnt[way, place] * powers[place])
    whole = factor @ factor.T + left[way, place] * start
    return Remainder(float(weights[place]), float(left[way, place]), gram_distances(whole))
