"""How far apart strings begin, by what they share, and how fast their states can be moved, in an untrained network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric import all_strings

from .recurrent_map import RecurrentMap

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_RATED = 16
"""Strings of each length whose states' rates are computed, drawn if there are more."""


def forgetting(network: RecurrentMap, states: Sequence[Array]) -> pd.DataFrame:
    """What is left of a difference in the first symbol, over all strings that differ in it alone.

    Columns: ``read``, symbols read after it; ``dh2``, the mean logarithm of the squared distance of the states;
    ``dy2``, that of the squared distance of the outputs over that of the states right after the difference.
    """
    rows: list[dict[str, float]] = []
    first = np.square(states[1][0] - states[1][1]).sum()
    for read, h in enumerate(states[1:]):
        half = len(h) // 2
        dh2 = np.square(h[:half] - h[half:]).sum(1)
        dy2 = np.square(network.outputs(h[:half]) - network.outputs(h[half:])).sum(1)
        rows.append({"read": read, "dh2": _mean_log(dh2), "dy2": _mean_log(dy2 / first)})
    return pd.DataFrame(rows)


def rates_by_length(network: RecurrentMap, length: int, draws: np.random.Generator) -> pd.DataFrame:
    """How fast states can be moved (:meth:`RecurrentMap.state_rates`), a row for each length: length, rate (a mean)."""
    rows: list[dict[str, float]] = []
    for strings in all_strings(len(network.symbols), length)[1:]:
        some = strings if len(strings) <= _RATED else strings[draws.choice(len(strings), _RATED, replace=False)]
        rows.append({"length": some.shape[1], "rate": float(network.state_rates(some).mean())})
    return pd.DataFrame(rows)


def output_distances(outputs: Sequence[Array], places: Integers, lengths: Integers) -> Array:
    """The mean squared distance of the outputs of pairs over all futures that both strings have, shape (pairs,).

    Args:
        outputs: after all strings of each length from 0 on, in lexical order.
        places: of both strings among those of their length, shape (2, pairs).
        lengths: of both, shape (2, pairs).
    """
    found = np.empty(places.shape[1])
    longest = len(outputs) - 1
    for pair in range(len(found)):
        a, b, one, other = (int(x) for x in (*places[:, pair], *lengths[:, pair]))
        total, count = 0.0, 0
        for k in range(longest - max(one, other) + 1):  # futures of k symbols follow each string in one block
            block = 2**k
            x, y = outputs[one + k][a * block : (a + 1) * block], outputs[other + k][b * block : (b + 1) * block]
            total, count = total + float(np.square(x - y).sum()), count + block
        found[pair] = total / count
    return found


def _mean_log(x: Array) -> float:
    """The mean logarithm of what is not nothing; NaN if there is nothing."""
    known = x[x > 0]
    return float(np.log(known).mean()) if known.size else float("nan")
