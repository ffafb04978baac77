"""Pairs of strings of 0 and 1: which are drawn, what they share, how far apart their states are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of strings, each its place among all strings by length, the empty one first; arrays of shape (pairs,).

    >>> pairs = Pairs(np.array([3, 4]), np.array([7, 5]))  # 00 and 000, 01 and 10
    >>> pairs.lengths.tolist(), pairs.common.tolist()
    ([[2, 2], [3, 2]], [2, 0])
    """

    first: Integers
    second: Integers

    def __len__(self) -> int:
        return len(self.first)

    @property
    def lengths(self) -> Integers:
        """Of both strings, shape (2, pairs)."""
        return np.floor(np.log2(np.stack([self.first, self.second]) + 1)).astype(np.int64)

    @property
    def places(self) -> Integers:
        """Of both strings among those of their length, shape (2, pairs): the strings read as binary numbers."""
        return np.stack([self.first, self.second]) - (2**self.lengths - 1)

    @property
    def common(self) -> Integers:
        """How many last symbols both share."""
        shorter, (one, other) = self.lengths.min(axis=0), self.places
        found = np.zeros(len(self), dtype=np.int64)
        for k in range(int(shorter.max(initial=0))):
            found += (shorter > k) & (one % 2 ** (k + 1) == other % 2 ** (k + 1))
        return found

    def apart(self, states: Array) -> Array:
        """The distance of their states, of those of all strings, shape (strings, units)."""
        return np.sqrt(np.square(states[self.first] - states[self.second]).sum(1))

    @classmethod
    def together(cls, parts: Sequence[Pairs]) -> Pairs:
        """All pairs of several."""
        return cls(np.concatenate([x.first for x in parts]), np.concatenate([x.second for x in parts]))


def pairs_of_lengths(
    length: int, classes: Integers, drawn: int, agreeing: int, others: int, draws: np.random.Generator
) -> Pairs:
    """Some pairs of every two lengths from 1 on, each pair once.

    Args:
        length: the longest.
        classes: of all strings, those of one agree.
        drawn: how many are drawn for two lengths, of which some are the same.
        agreeing: at most so many of those that agree.
        others: at most so many of those that do not.
        draws: random numbers.
    """
    parts: list[Pairs] = []
    for shorter in range(1, length + 1):
        for longer in range(shorter, length + 1):
            first = 2**shorter - 1 + draws.integers(0, 2**shorter, drawn)
            second = 2**longer - 1 + draws.integers(0, 2**longer, drawn)
            first, second = np.minimum(first, second), np.maximum(first, second)
            once = np.unique(np.stack([first, second])[:, first < second], axis=1, return_index=True)[1]
            first, second = (x[first < second][np.sort(once)] for x in (first, second))
            agree = classes[first] == classes[second]
            kept = np.concatenate([np.nonzero(agree)[0][:agreeing], np.nonzero(~agree)[0][:others]])
            parts.append(Pairs(first[kept], second[kept]))
    return Pairs.together(parts)


def pairs_of_any(length: int, drawn: int, draws: np.random.Generator) -> Pairs:
    """Pairs of any strings of 1 to so many symbols, as they are drawn."""
    first, second = draws.integers(1, 2 ** (length + 1) - 1, (2, drawn))
    return Pairs(first[first != second], second[first != second])
