"""The claims of the follow-up on pairs of strings, and how each is judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..claim import Claim, Verdict, tested
from ..spread import number, spread
from .networks import MAIN, Key, Networks
from .numbers import (
    APART,
    BEGUN,
    begun_at,
    explained,
    futures_correlation,
    line,
    mergers_told,
    parted_cells,
    rank_correlation,
    theory_ends,
    with_theory,
)

_SYMBOLS, _RANKED, _AT_ONCE, _COME_NEAR, _LINEAR = 1.0, 0.5, 0.05, 0.01, 0.1
"""Lengths agree within so many symbols; a rank correlation counts from so much on; mergers come at the fall if their
median epoch is off by such a share; pairs stay apart if so few come near; the second order is small below this."""

_SLOPE, _R2, _TOLD, _POWER = 0.2, 0.5, 0.9, (0.5, 1.5)
"""Slopes agree within such a share; ends are told from so much R^2 on, mergers from such a chance; something is
proportional to length if it goes with such a power."""

Found = tuple[float, bool | None]
"""What was measured of a network, and whether it agrees; None if it decides nothing."""

Measure = Callable[[Networks, Key], Found]


def claims_of(networks: Networks) -> tuple[Claim, ...]:
    """Each claim in the settings that test it: by networks that learnt parity, unless it is of the start alone."""

    def judged(measure: Measure, what: str, *, of_start: bool = False) -> tuple[Verdict, ...]:
        return _verdicts(networks, measure, what, of_start=of_start)

    return tested(
        Claim(
            "Where mergers begin follows the condition: the smaller the weights, the shorter the strings that merge",
            f"The least shorter length of which {BEGUN:.0%} of agreeing pairs merged is within {_SYMBOLS:g} of what "
            f"the condition says by that of {MAIN}, whose constant it takes; or none merge and none should.",
            judged(_begins, "mergers begin at length"),
        ),
        Claim(
            "The more futures two strings share, the rather they merge",
            "At the same shorter length, the share of agreeing pairs that merged falls with the longer one: rank "
            f"correlation at most {-_RANKED:g}, a mean over shorter lengths.",
            judged(_by_futures, "rank correlation"),
        ),
        Claim(
            "Pairs merge when the loss falls",
            "The median epoch from which on merged pairs stay nearer than the threshold differs from that of the fall "
            f"by at most {_AT_ONCE:.0%} of it.",
            judged(_at_the_fall, "epoch of mergers over that of the fall"),
        ),
        Claim(
            "Strings of unequal length part first the rather",
            f"The share of merged pairs that were once {APART:g} thresholds apart goes with the difference of their "
            f"lengths: rank correlation at least {_RANKED:g} over every two lengths.",
            judged(_by_difference, "rank correlation"),
        ),
        Claim(
            "Who parts first is what the nine scalars say",
            "The same share goes with the median of how far the theory's pairs of the same lengths part: rank "
            f"correlation at least {_RANKED:g}.",
            judged(_by_theory, "rank correlation"),
        ),
        Claim(
            "States become fewer by pairs that agree; others stay apart",
            f"Of other pairs of any strings at most {_COME_NEAR:.0%} come near again, and of agreeing ones more; in a "
            "network in which pairs merged.",
            judged(_stay_apart, "share of other pairs that come near again"),
        ),
        Claim(
            "Outputs are linear between two states that merge",
            "What a first-order expansion leaves is at every record, as a median over merging pairs, less than "
            f"{_LINEAR:g} of the first order.",
            judged(_linear, "largest median ratio"),
        ),
        Claim(
            "At the start each symbol read multiplies squared distances of states by one factor",
            "Of strings that differ in their first symbol alone, the slope of the mean logarithm by symbols read is "
            f"that of the factor, gain²/2 for ReLU and gain² for tanh, within {_SLOPE:.0%}.",
            judged(_forgets_states, "slope over predicted", of_start=True),
        ),
        Claim(
            "And those of outputs, relative to states",
            "The same of the squared distance of outputs over that of the states before the future is read.",
            judged(_forgets_outputs, "slope over predicted", of_start=True),
        ),
        Claim(
            "So the squared distance of any two strings at the start goes with the shorter length",
            "Of agreeing pairs of every two lengths, the slope of its logarithm by the shorter length is that of the "
            f"factor within {_SLOPE:.0%}.",
            judged(_by_shorter, "slope over predicted", of_start=True),
        ),
        Claim(
            "Rather it goes with the last symbols that two strings share",
            f"The slope by their number is that of the factor within {_SLOPE:.0%}.",
            judged(_by_common, "slope over predicted", of_start=True),
            of_paper=False,
        ),
        Claim(
            "Where pairs end is told by their start",
            "Final squared distances of pairs of every two lengths against those of the theory, whose one ratio of "
            f"rates is fitted to them, rates of states by length: R² about equality at least {_R2:g}.",
            judged(_ends, "R²"),
        ),
        Claim(
            "And so is which of the agreeing pairs merge",
            "The theory's final distance is lower of a pair that merged than of one that did not with a chance of at "
            f"least {_TOLD:.0%}.",
            judged(_told, "chance"),
        ),
        Claim(
            "The rate of a state is proportional to the length of its string",
            "The tangent kernel of states of the untrained network goes with a power of the length between "
            f"{_POWER[0]:g} and {_POWER[1]:g}.",
            judged(_rates, "power", of_start=True),
        ),
    )


# One network each: what was measured, and whether it agrees.


def _begins(networks: Networks, key: Key) -> Found:
    begun, expected = begun_at(networks.of("counts", key)), networks.expected_begin(key[0])
    if np.isnan(expected):
        return expected, None
    return begun, begun == expected or abs(begun - expected) <= _SYMBOLS


def _by_futures(networks: Networks, key: Key) -> Found:
    found = futures_correlation(networks.of("counts", key))
    return found, None if np.isnan(found) else found <= -_RANKED


def _at_the_fall(networks: Networks, key: Key) -> Found:
    merged_at = networks.merged(key)["merged_at"]
    if merged_at.empty:
        return float("nan"), None
    ratio = float(merged_at.median()) / networks.value(key, "fell")
    return ratio, abs(ratio - 1) <= _AT_ONCE


def _by_difference(networks: Networks, key: Key) -> Found:
    cells = parted_cells(networks.of("pairs", key))
    return _correlated(cells["longer"] - cells["shorter"], cells["share"])


def _by_theory(networks: Networks, key: Key) -> Found:
    cells = with_theory(parted_cells(networks.of("pairs", key)), networks.settings[key[0]].length)
    return _correlated(cells["stretch"], cells["share"])


def _stay_apart(networks: Networks, key: Key) -> Found:
    if not networks.share(key):
        return float("nan"), None
    others, agreeing = (_fall(networks.column("course", f"beyond_{x}", key)) for x in ("others", "agreeing"))
    return others, others <= _COME_NEAR and agreeing > others


def _linear(networks: Networks, key: Key) -> Found:
    linearity = networks.of("linearity", key)
    ratios = linearity[linearity["kind"] == "merging"]["ratio"].dropna()
    return (float(ratios.max()), bool(ratios.max() < _LINEAR)) if len(ratios) else (float("nan"), None)


def _forgets_states(networks: Networks, key: Key) -> Found:
    return _slope(networks, key, *(networks.column("forgetting", name, key) for name in ("read", "dh2")))


def _forgets_outputs(networks: Networks, key: Key) -> Found:
    return _slope(networks, key, *(networks.column("forgetting", name, key) for name in ("read", "dy2")))


def _by_shorter(networks: Networks, key: Key) -> Found:
    return _of_start(networks, key, "shorter")


def _by_common(networks: Networks, key: Key) -> Found:
    return _of_start(networks, key, "common")


def _ends(networks: Networks, key: Key) -> Found:
    pairs = networks.of("pairs", key)
    return _at_least(explained(theory_ends(pairs, by_length=True), pairs["dh2_end"].to_numpy(np.float64)), _R2)


def _told(networks: Networks, key: Key) -> Found:
    pairs = networks.of("pairs", key)
    return _at_least(mergers_told(theory_ends(pairs, by_length=True), pairs), _TOLD)


def _rates(networks: Networks, key: Key) -> Found:
    length, rate = (networks.column("rates", name, key) for name in ("length", "rate"))
    power, _ = line(np.log(length), np.log(rate))
    return power, _POWER[0] <= power <= _POWER[1]


# What is common to several.


def _of_start(networks: Networks, key: Key, column: str) -> Found:
    """By what the squared distance of agreeing pairs goes at the start."""
    pairs = networks.of("pairs", key)
    pairs = pairs[pairs["agrees"] & (pairs["dh2_start"] > 0)]
    x, dh2 = (pairs[name].to_numpy(np.float64) for name in (column, "dh2_start"))
    return _slope(networks, key, x, np.log(dh2))


def _slope(networks: Networks, key: Key, x: NDArray[np.float64], y: NDArray[np.float64]) -> Found:
    ratio = line(x, y)[0] / float(np.log(networks.factor(key[0])))
    return ratio, abs(ratio - 1) <= _SLOPE if np.isfinite(ratio) else None


def _correlated(x: pd.Series[Any], y: pd.Series[Any]) -> Found:
    return _at_least(rank_correlation(x.to_numpy(np.float64), y.to_numpy(np.float64)), _RANKED)


def _at_least(value: float, least: float) -> Found:
    return value, None if np.isnan(value) else value >= least


def _fall(shares: NDArray[np.float64]) -> float:
    """The largest fall of a share from what it was at its most."""
    return float(np.max(np.maximum.accumulate(shares) - shares))


def _verdicts(networks: Networks, measure: Measure, what: str, *, of_start: bool) -> tuple[Verdict, ...]:
    found: list[Verdict] = []
    for setting in networks.trained:
        if measure is _begins and setting == MAIN:
            continue  # which sets the constant
        keys = networks.keys(setting) if of_start else networks.learnt(setting)
        measured = [measure(networks, key) for key in keys]
        if keys and np.isnan([x for x, _ in measured]).all():
            continue  # nothing to tell: no pairs merged, or nothing is expected
        decided = [agrees for _, agrees in measured if agrees is not None]
        few = len(networks.keys(setting)) - len(keys)
        told = f"{what} {_told_lengths(networks, setting, measured) if measure is _begins else _spread(measured)}"
        found.append(
            Verdict(
                setting,
                told,
                all(decided) if decided and all(decided) == any(decided) else None,
                f"{sum(decided)} of {len(decided)} networks" + (f"; {few} did not learn parity" if few else ""),
            )
        )
    return tuple(found)


def _spread(measured: list[Found]) -> str:
    return spread([x for x, _ in measured])


def _told_lengths(networks: Networks, setting: str, measured: list[Found]) -> str:
    """Where mergers begin, and where they should; there may be none."""
    none = sum(np.isinf(x) for x, _ in measured)
    without = f" (none in {none})" if none else ""
    expected = networks.expected_begin(setting)
    return f"{_spread(measured)}{without}; expected {'none' if np.isinf(expected) else number(expected)}"
