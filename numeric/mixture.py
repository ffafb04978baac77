"""What was measured as a sum of parts, none of which is there less than not at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Array = NDArray[np.float64]


def nearest_mixture(measured: Array, *parts: Array) -> Array:
    """The sum of parts, each so many times as fits best by least squares and none less than 0 times.

    Args:
        measured: shape (n,).
        parts: each of shape (n,), such as squared distances; a part of zeros adds nothing.

    >>> nearest_mixture(np.array([2.0, 4.0]), np.array([1.0, 2.0]), np.array([1.0, 0.0])).round(9).tolist()
    [2.0, 4.0]
    """
    columns = np.stack(parts, axis=1)
    sizes, size = np.linalg.norm(columns, axis=0), float(np.linalg.norm(measured)) or 1.0
    columns = columns / np.where(sizes > 0, sizes, 1.0)
    return columns @ nnls(columns, measured / size)[0] * size
