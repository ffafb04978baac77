"""The pairs of a table as the end states of a theory take them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric import Pair, State, end_states

from ..tracking.table import SCALARS

Array = NDArray[np.float64]


def end_distances(pairs: pd.DataFrame, coefficients: Mapping[str, float], theory: str = "two_point") -> Array:
    """The final squared hidden distance of each pair, from where it starts, shape (pairs,).

    Args:
        pairs: columns dx2, dy2_target, dh2_start, dy2_start and w_start; where the theory has the coefficient gram
            and ``coefficients`` does not, a column gram too: it belongs to a pair, not to a network.
        coefficients: as :func:`repdyn.numeric.end_states.end_distances`.
        theory: the name of a theory with a known end.

    Raises:
        ValueError: as :func:`repdyn.numeric.final_distance`.

    >>> pairs = pd.DataFrame({"dx2": [1.0], "dy2_target": 0.25, "dh2_start": 1e-9, "dy2_start": 0.0, "w_start": 0.0})
    >>> end_distances(pairs, {"rate_h": 0.04, "rate_y": 0.01}).round(6).tolist()
    [1.0]
    """
    start = State(*(pairs[f"{name}_start"].to_numpy(np.float64) for name in SCALARS))
    pair = Pair(pairs["dx2"].to_numpy(np.float64), pairs["dy2_target"].to_numpy(np.float64))
    gram = pairs["gram"].to_numpy(np.float64) if "gram" in pairs else None
    return end_states.end_distances(start, pair, coefficients, theory, gram)
