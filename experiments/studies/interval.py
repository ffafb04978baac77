"""An interval over seeds, in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def interval(values: ArrayLike, digits: int = 3) -> str:
    """The median of finite values with their quartiles, or with their range if there are fewer than five.

    >>> interval([0.5, 0.75, 1.0])
    '0.75 (0.5 to 1, range of 3 seeds)'
    >>> interval([1, 2, 3, 4, 5])
    '3 (2 to 4, quartiles of 5 seeds)'
    >>> interval([float("nan")])
    'none'
    """
    found = np.asarray(values, dtype=np.float64)
    found = found[np.isfinite(found)]
    if not len(found):
        return "none"
    if len(found) == 1:
        return f"{found[0]:.{digits}g} (1 seed)"
    ends, what = ((0, 100), "range") if len(found) < 5 else ((25, 75), "quartiles")
    low, middle, high = np.percentile(found, [ends[0], 50, ends[1]])
    return f"{middle:.{digits}g} ({low:.{digits}g} to {high:.{digits}g}, {what} of {len(found)} seeds)"
