"""XOR: four points, whose target is whether their two bits differ."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

POINTS = ("00", "01", "10", "11")
"""The four points, in the order of rows and columns of a distance matrix."""

PAIRS = tuple(f"{a}-{b}" for a, b in combinations(POINTS, 2))
"""The six pairs."""


def data() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The inputs, shape (4, 2), and the targets, shape (4, 1).

    >>> data()[1].ravel().tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    x = np.array([[float(bit) for bit in point] for point in POINTS])
    return x, (x[:, :1] != x[:, 1:]).astype(np.float64)
