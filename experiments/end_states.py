"""End states: the hidden distances that a theory says pairs end at, and how well they agree with measured ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from repdyn.numeric import Pair, State, final_distance

Array = NDArray[np.float64]


def end_distances(pairs: pd.DataFrame, coefficients: Mapping[str, float], theory: str = "two_point") -> Array:
    """The final squared hidden distance of each pair, from where it starts, shape (pairs,).

    Args:
        pairs: columns dx2, dy2_target, dh2_start, dy2_start and w_start; where the theory has the coefficient gram
            and ``coefficients`` does not, a column gram too: it belongs to a pair, not to a network.
        coefficients: the theory's coefficients. A common factor of all rates does not matter.
        theory: the name of a theory with a known end.

    Raises:
        ValueError: as :func:`repdyn.numeric.final_distance`.

    >>> pairs = pd.DataFrame({"dx2": [1.0], "dy2_target": 0.25, "dh2_start": 1e-9, "dy2_start": 0.0, "w_start": 0.0})
    >>> end_distances(pairs, {"rate_h": 0.04, "rate_y": 0.01}).round(6).tolist()
    [1.0]
    """
    start = State(*(pairs[f"{name}_start"].to_numpy(np.float64) for name in ("dh2", "dy2", "w")))
    pair = Pair(pairs["dx2"].to_numpy(np.float64), pairs["dy2_target"].to_numpy(np.float64))
    own = {"gram": pairs["gram"].to_numpy(np.float64)} if "gram" in pairs and theory != "two_point" else {}
    return np.asarray(final_distance(start, pair, {**coefficients, **own}, theory=theory))


class Agreement(NamedTuple):
    """How well predicted and measured values agree."""

    pearson: float
    """Their correlation; not a number where either does not vary."""
    error: float
    """The root of the summed squared differences over that of the summed squared measured values."""


def agreement(predicted: ArrayLike, measured: ArrayLike) -> Agreement:
    """How well predicted and measured values agree.

    >>> agreement([1.0, 2.0, 3.0], [2.0, 4.0, 6.0])
    Agreement(pearson=1.0, error=0.5)
    """
    p, m = (np.asarray(x, dtype=np.float64) for x in (predicted, measured))
    of_p, of_m = p - p.mean(), m - m.mean()
    size = np.sqrt((of_p @ of_p) * (of_m @ of_m))
    pearson = float(np.clip(of_p @ of_m / size, -1, 1)) if size > 0 else np.nan
    return Agreement(pearson, float(np.linalg.norm(p - m) / np.linalg.norm(m)))
