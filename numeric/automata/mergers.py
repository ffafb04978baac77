"""Which strings have come to one hidden state: pairs that merged, by their lengths and by whether they agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import shown
from scipy.spatial.distance import cdist

from ..arguments import number
from .automaton import Integers, integers
from .extraction import checked_states

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mergers:
    """Numbers of pairs of strings by the shorter and the longer length, arrays of shape (lengths, lengths).

    Attributes:
        agreeing: pairs that no future tells apart.
        merged: those of them whose hidden states are nearer than the threshold.
        disagreeing: the other pairs.
        wrong: those of the others that are as near.
    """

    agreeing: Integers
    merged: Integers
    disagreeing: Integers
    wrong: Integers

    @property
    def share(self) -> float:
        """The share of agreeing pairs that merged; NaN if there are none."""
        return _share(self.merged.sum(), self.agreeing.sum())

    @property
    def right(self) -> float:
        """The share of merged pairs that agree; NaN if none merged."""
        return _share(self.merged.sum(), self.merged.sum() + self.wrong.sum())

    @property
    def share_by_shorter(self) -> Array:
        """The share of agreeing pairs that merged by the length of the shorter string, NaN where there are none."""
        merged, agreeing = self.merged.sum(1), self.agreeing.sum(1)
        return np.where(agreeing > 0, merged / np.maximum(agreeing, 1), np.nan)


def merged_pairs(hidden: ArrayLike, lengths: ArrayLike, classes: ArrayLike, *, threshold: float) -> Mergers:
    """Count the pairs of strings whose hidden states are nearer than a threshold, by lengths and agreement.

    Args:
        hidden: shape (strings, units).
        lengths: of the strings, shape (strings,).
        classes: what no future tells apart has one number, shape (strings,): the state of the task's minimal automaton
            (:func:`minimal_automaton`), not what it says now.
        threshold: positive.

    Raises:
        TypeError: if hidden states or the threshold are no real numbers.
        ValueError: if shapes do not match, a number is not finite, a length is negative, or the threshold is not
            positive.

    Source: van Rossem & Saxe (arXiv 2507.09897), section 5.

    >>> found = merged_pairs([[0.0], [0.01], [1.0]], [1, 2, 2], [0, 0, 1], threshold=0.1)
    >>> found.share, found.right, found.merged[1, 2]
    (1.0, 1.0, np.int64(1))
    """
    h = checked_states(hidden)
    read, kind = integers("lengths", lengths), integers("classes", classes)
    if read.shape != (len(h),) or kind.shape != (len(h),):
        raise ValueError(f"lengths and classes must be of {len(h)} strings, got shapes {read.shape} and {kind.shape}")
    if read.min() < 0:
        raise ValueError(f"lengths must not be negative, got {shown(int(read.min()))}")
    near = number("threshold", threshold)
    if not 0 < near < np.inf:
        raise ValueError(f"threshold must be a positive number, got {near:g}")
    size = int(read.max()) + 1
    counts = np.zeros((2, 2, size, size), dtype=np.int64)
    for k in range(len(h) - 1):
        close = cast(Array, cdist(h[k : k + 1], h[k + 1 :]))[0] < near
        agree = kind[k + 1 :] == kind[k]
        shorter, longer = np.minimum(read[k], read[k + 1 :]), np.maximum(read[k], read[k + 1 :])
        np.add.at(counts, (agree.astype(int), close.astype(int), shorter, longer), 1)
    return Mergers(counts[1].sum(0), counts[1, 1], counts[0].sum(0), counts[0, 1])


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else float("nan")
