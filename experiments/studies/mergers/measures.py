"""What is measured of one network for each claim, and whether it agrees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric.parting import PARTED

from .networks import Key, Networks
from .numbers import (
    begun_at,
    explained,
    futures_correlation,
    mergers_told,
    parted_cells,
    rank_correlation,
    slope,
    theory_ends,
    with_theory,
)

SYMBOLS, RANKED, AT_ONCE, COME_NEAR, LINEAR = 1.0, 0.5, 0.05, 0.01, 0.1
"""Lengths agree within so many symbols; a rank correlation counts from so much on; mergers come at the fall if their
median epoch is off by such a share; pairs stay apart if so few come near; the second order is small below this."""

SLOPE, R2, TOLD, POWER = 0.2, 0.5, 0.9, (0.5, 1.5)
"""Slopes agree within such a share; ends are told from so much R^2 on, mergers from such a chance; something is
proportional to length if it goes with such a power."""

Found = tuple[float, bool | None]
"""What was measured of a network, and whether it agrees; None if it decides nothing."""


def begins(networks: Networks, key: Key) -> Found:
    """The least shorter length of which pairs merged, against what is expected."""
    begun, expected = begun_at(networks.of("counts", key)), networks.expected_begin(key[0])
    if np.isnan(expected):
        return expected, None
    return begun, begun == expected or abs(begun - expected) <= SYMBOLS


def by_futures(networks: Networks, key: Key) -> Found:
    """How the share that merged goes with the longer length."""
    found = futures_correlation(networks.of("counts", key))
    return found, None if np.isnan(found) else found <= -RANKED


def at_the_fall(networks: Networks, key: Key) -> Found:
    """The median epoch of mergers over that of the loss's fall."""
    merged_at = networks.merged(key)["merged_at"]
    if merged_at.empty:
        return float("nan"), None
    ratio = float(merged_at.median()) / networks.value(key, "fell")
    return ratio, abs(ratio - 1) <= AT_ONCE


def by_difference(networks: Networks, key: Key) -> Found:
    """How the share that parted first goes with the difference of lengths."""
    cells = parted_cells(networks.of("pairs", key))
    return _correlated(cells["longer"] - cells["shorter"], cells["share"])


def by_theory(networks: Networks, key: Key) -> Found:
    """How it goes with what the theory says of the same lengths."""
    cells = with_theory(parted_cells(networks.of("pairs", key)), networks.settings[key[0]].length)
    return _correlated(cells["stretch"], cells["share"])


def equal_stay(networks: Networks, key: Key) -> Found:
    """The share of merged pairs of equal length that were once further apart than at the start."""
    pairs = networks.stretched(key)
    equal = pairs[pairs["longer"] == pairs["shorter"]]
    if equal.empty:
        return float("nan"), None
    share = float((equal["stretch"] > PARTED).mean())
    return share, share <= AT_ONCE


def stay_apart(networks: Networks, key: Key) -> Found:
    """The share of pairs that do not agree and come near again."""
    if not networks.share(key):
        return float("nan"), None
    others, agreeing = (_fall(networks.column("course", f"beyond_{x}", key)) for x in ("others", "agreeing"))
    return others, others <= COME_NEAR and agreeing > others


def linear(networks: Networks, key: Key) -> Found:
    """The largest median of what is not linear over what is, of merging pairs."""
    linearity = networks.of("linearity", key)
    ratios = linearity[linearity["kind"] == "merging"]["ratio"].dropna()
    return (float(ratios.max()), bool(ratios.max() < LINEAR)) if len(ratios) else (float("nan"), None)


def forgets_states(networks: Networks, key: Key) -> Found:
    """The slope of distances of states by symbols read, over the predicted one."""
    return _slope(networks, key, *(networks.column("forgetting", name, key) for name in ("read", "dh2")))


def forgets_outputs(networks: Networks, key: Key) -> Found:
    """The same of outputs relative to states."""
    return _slope(networks, key, *(networks.column("forgetting", name, key) for name in ("read", "dy2")))


def by_shorter(networks: Networks, key: Key) -> Found:
    """The slope of distances at the start by the shorter length, over the predicted one."""
    return _of_start(networks, key, "shorter")


def by_common(networks: Networks, key: Key) -> Found:
    """The same by the last symbols that two strings share."""
    return _of_start(networks, key, "common")


def ends(networks: Networks, key: Key) -> Found:
    """R^2 of the theory's final distances."""
    pairs = networks.of("pairs", key)
    return _at_least(explained(theory_ends(pairs, by_length=True), pairs["dh2_end"].to_numpy(np.float64)), R2)


def told(networks: Networks, key: Key) -> Found:
    """The chance that they tell a merged pair from another that agrees."""
    pairs = networks.of("pairs", key)
    return _at_least(mergers_told(theory_ends(pairs, by_length=True), pairs), TOLD)


def told_by_common(networks: Networks, key: Key) -> Found:
    """The chance that the last symbols that two strings share do."""
    return _at_least(mergers_told(-networks.column("pairs", "common", key), networks.of("pairs", key)), TOLD)


def rates(networks: Networks, key: Key) -> Found:
    """The power of the length with which states' tangent kernels go."""
    length, rate = (networks.column("rates", name, key) for name in ("length", "rate"))
    power = slope(np.log(length), np.log(rate))
    return power, POWER[0] <= power <= POWER[1]


# What is common to several.


def _of_start(networks: Networks, key: Key, column: str) -> Found:
    """By what the squared distance of agreeing pairs goes at the start."""
    pairs = networks.of("pairs", key)
    pairs = pairs[pairs["agrees"] & (pairs["dh2_start"] > 0)]
    x, dh2 = (pairs[name].to_numpy(np.float64) for name in (column, "dh2_start"))
    return _slope(networks, key, x, np.log(dh2))


def _slope(networks: Networks, key: Key, x: NDArray[np.float64], y: NDArray[np.float64]) -> Found:
    ratio = slope(x, y) / float(np.log(networks.factor(key[0])))
    return ratio, abs(ratio - 1) <= SLOPE if np.isfinite(ratio) else None


def _correlated(x: pd.Series[Any], y: pd.Series[Any]) -> Found:
    return _at_least(rank_correlation(x.to_numpy(np.float64), y.to_numpy(np.float64)), RANKED)


def _at_least(value: float, least: float) -> Found:
    return value, None if np.isnan(value) else value >= least


def _fall(shares: NDArray[np.float64]) -> float:
    """The largest fall of a share from what it was at its most."""
    return float(np.max(np.maximum.accumulate(shares) - shares))
