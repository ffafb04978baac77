"""End states: the hidden distances that a theory says pairs end at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric import Pair, State, final_distance

Array = NDArray[np.float64]


def end_distances(pairs: pd.DataFrame, coefficients: Mapping[str, float], theory: str = "two_point") -> Array:
    """The final squared hidden distance of each pair, from where it starts, shape (pairs,).

    Args:
        pairs: columns dx2, dy2_target, dh2_start, dy2_start and w_start; where the theory has the coefficient gram
            and ``coefficients`` does not, a column gram too: it belongs to a pair, not to a network.
        coefficients: the theory's coefficients. A common factor of all rates does not matter. growth_h is that of
            a pair with dx2 = 1, per squared slope of the encoder dh2/dx2; a pair's own is growth_h / dx2.
        theory: the name of a theory with a known end.

    Raises:
        ValueError: as :func:`repdyn.numeric.final_distance`.

    >>> pairs = pd.DataFrame({"dx2": [1.0], "dy2_target": 0.25, "dh2_start": 1e-9, "dy2_start": 0.0, "w_start": 0.0})
    >>> end_distances(pairs, {"rate_h": 0.04, "rate_y": 0.01}).round(6).tolist()
    [1.0]
    """
    start = State(*(pairs[f"{name}_start"].to_numpy(np.float64) for name in ("dh2", "dy2", "w")))
    pair = Pair(pairs["dx2"].to_numpy(np.float64), pairs["dy2_target"].to_numpy(np.float64))
    own: dict[str, Array] = {}
    if "gram" in pairs and theory != "two_point":
        own["gram"] = pairs["gram"].to_numpy(np.float64)
    if "growth_h" in coefficients:
        own["growth_h"] = coefficients["growth_h"] / pairs["dx2"].to_numpy(np.float64)
    return np.asarray(final_distance(start, pair, {**coefficients, **own}, theory=theory))
