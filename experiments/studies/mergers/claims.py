"""The claims of the follow-up on pairs of strings, and how each is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...settings import StringPairs
from ..claim import Claim, Verdict, tested
from ..parity.numbers import LEARNT
from ..spread import number, spread
from .numbers import (
    APART,
    BEGUN,
    begun_at,
    explained,
    factor_of,
    futures_correlation,
    line,
    mergers_told,
    parted_cells,
    predicted_begin,
    rank_correlation,
    theory_ends,
    with_theory,
)

MAIN = "gain_0.1"
"""The setting of which most is said, and by which the constant of the condition is known for the others."""

_SYMBOLS, _RANKED, _AT_ONCE, _COME_NEAR, _LINEAR = 1.0, 0.5, 0.05, 0.01, 0.1
"""Lengths agree within so many symbols; a rank correlation counts from so much on; mergers come at the fall if their
median epoch is off by such a share; pairs stay apart if so few come near; the second order is small below this."""

_SLOPE, _R2, _TOLD, _POWER = 0.2, 0.5, 0.9, (0.5, 1.5)
"""Slopes agree within such a share; ends are told from so much R^2 on, mergers from such an area under the curve;
something is proportional to length if it goes with such a power."""

Key = tuple[str, int]
Found = tuple[float, bool | None]


@dataclass(frozen=True)
class Judgement:
    """What was measured of all networks, and what it says of the claims."""

    settings: Mapping[str, StringPairs]
    values: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]

    def claims(self) -> tuple[Claim, ...]:
        """Each claim in the settings that test it: by networks that learnt parity, unless it is of the start alone."""
        return tested(
            Claim(
                "At small weights shorter strings merge: where mergers begin follows the condition",
                f"The least shorter length of which {BEGUN:.0%} of agreeing pairs merged is within {_SYMBOLS:g} of "
                f"what the condition says by that of {MAIN}, whose constant it takes; or none merge and none should.",
                self._verdicts(self._begins, "mergers begin at length"),
            ),
            Claim(
                "The more futures two strings share, the rather they merge",
                "At the same shorter length, the share of agreeing pairs that merged falls with the longer one: rank "
                f"correlation at most {-_RANKED:g}, a mean over shorter lengths.",
                self._verdicts(self._by_futures, "rank correlation"),
            ),
            Claim(
                "Pairs merge when the loss falls",
                f"The median epoch of mergers differs from that of the fall by at most {_AT_ONCE:.0%} of it.",
                self._verdicts(self._at_the_fall, "epoch of mergers over that of the fall"),
            ),
            Claim(
                "Strings of unequal length part first the rather",
                f"The share of merged pairs that were once {APART:g} thresholds apart goes with the difference of "
                f"their lengths: rank correlation at least {_RANKED:g} over every two lengths.",
                self._verdicts(self._by_difference, "rank correlation"),
            ),
            Claim(
                "Who parts first is what the nine scalars say",
                "The same share goes with the median of how far the theory's pairs of the same lengths part: rank "
                f"correlation at least {_RANKED:g}.",
                self._verdicts(self._by_theory, "rank correlation"),
            ),
            Claim(
                "States become fewer by pairs that agree; others stay apart",
                f"Of other pairs of any strings at most {_COME_NEAR:.0%} come near again, and of agreeing ones more.",
                self._verdicts(self._stay_apart, "share of other pairs that come near again"),
            ),
            Claim(
                "Outputs are linear between two states that merge",
                "What a first-order expansion leaves is at every record, as a median over merging pairs, less than "
                f"{_LINEAR:g} of the first order.",
                self._verdicts(self._linear, "largest median ratio"),
            ),
            Claim(
                "At the start each symbol read multiplies squared distances of states by one factor",
                "Of strings that differ in their first symbol alone, the slope of the mean logarithm by symbols read "
                f"is that of the factor, gain²/2 for ReLU and gain² for tanh, within {_SLOPE:.0%}.",
                self._verdicts(self._forgets_states, "slope over predicted", of_start=True),
            ),
            Claim(
                "And those of outputs, relative to states",
                "The same of the squared distance of outputs over that of the states before the future is read.",
                self._verdicts(self._forgets_outputs, "slope over predicted", of_start=True),
            ),
            Claim(
                "So the squared distance of any two strings at the start goes with the shorter length",
                "Of agreeing pairs of every two lengths, the slope of its logarithm by the shorter length is that of "
                f"the factor within {_SLOPE:.0%}.",
                self._verdicts(self._by_shorter, "slope over predicted", of_start=True),
            ),
            Claim(
                "It goes with the last symbols that they share",
                f"The slope by their number is that of the factor within {_SLOPE:.0%}.",
                self._verdicts(self._by_common, "slope over predicted", of_start=True),
                of_paper=False,
            ),
            Claim(
                "Where pairs end is told by their start",
                "Final squared distances of pairs of every two lengths against those of the theory, whose one ratio of "
                f"rates is fitted to them, rates by length: R² about equality at least {_R2:g}.",
                self._verdicts(self._ends, "R²"),
            ),
            Claim(
                "And so is which of the agreeing pairs merge",
                "The theory's final distance is lower of a pair that merged than of one that did not with a chance of "
                f"at least {_TOLD:.0%}.",
                self._verdicts(self._told, "chance"),
            ),
            Claim(
                "The rate of a state is proportional to the length of its string",
                "The tangent kernel of states of the untrained network goes with a power of the length between "
                f"{_POWER[0]:g} and {_POWER[1]:g}.",
                self._verdicts(self._rates, "power", of_start=True),
            ),
        )

    def answer(self) -> str:
        """Who merges, and how well that is known before."""
        own = self.networks(MAIN)
        if not own:
            return "No network learnt parity."
        begun = [begun_at(self.of("counts", key)) for key in own]
        share = [self._share(key) for key in own]
        r2, told = ([x(key)[0] for key in own] for x in (self._ends, self._told))
        return (
            f"{spread(share, '.0%')} of agreeing pairs merge, from a shorter length of {spread(begun, '.0f')} on; the "
            f"theory's ends from the start have R² {spread(r2)} and tell a merged from another agreeing pair with a "
            f"chance of {spread(told, '.0%')}."
        )

    # One network each: what was measured, and whether it agrees.

    def _begins(self, key: Key) -> Found:
        begun, expected = begun_at(self.of("counts", key)), self.expected_begin(key[0])
        if key[0] == MAIN or np.isnan(expected):
            return begun, None
        return begun, begun == expected or abs(begun - expected) <= _SYMBOLS

    def expected_begin(self, setting: str) -> float:
        """Where mergers should begin in a setting, by where they do in the main one; NaN if that is not known."""
        own = [begun_at(self.of("counts", key)) for key in self.networks(MAIN)]
        begun = float(np.median(own)) if own else float("inf")
        if not np.isfinite(begun) or self.settings[setting].nonlinearity != self.settings[MAIN].nonlinearity:
            return float("nan")  # another architecture has another constant
        return predicted_begin(begun, self._factor(MAIN), self._factor(setting), self.settings[setting].length)

    def _by_futures(self, key: Key) -> Found:
        return _at_least(-futures_correlation(self.of("counts", key)), _RANKED, -1)

    def _at_the_fall(self, key: Key) -> Found:
        merged_at = self._merged(key)["merged_at"]
        fell = float(self.of_values(key)["fell"])
        if merged_at.empty:
            return float("nan"), None
        ratio = float(merged_at.median()) / fell
        return ratio, abs(ratio - 1) <= _AT_ONCE

    def _by_difference(self, key: Key) -> Found:
        cells = parted_cells(self.of("pairs", key))
        difference = (cells["longer"] - cells["shorter"]).to_numpy(np.float64)
        return _at_least(rank_correlation(difference, cells["share"].to_numpy(np.float64)), _RANKED)

    def _by_theory(self, key: Key) -> Found:
        setting = self.settings[key[0]]
        cells = with_theory(parted_cells(self.of("pairs", key)), setting.length, setting.lr)
        predicted, measured = (cells[name].to_numpy(np.float64) for name in ("stretch", "share"))
        return _at_least(rank_correlation(predicted, measured), _RANKED)

    def _stay_apart(self, key: Key) -> Found:
        course = self.of("course", key)
        others, agreeing = (_fall(course[name]) for name in ("beyond_others", "beyond_agreeing"))
        return others, others <= _COME_NEAR and agreeing > others

    def _linear(self, key: Key) -> Found:
        linearity = self.of("linearity", key)
        ratios = linearity[linearity["kind"] == "merging"]["ratio"].dropna()
        return (float(ratios.max()), bool(ratios.max() < _LINEAR)) if len(ratios) else (float("nan"), None)

    def _forgets_states(self, key: Key) -> Found:
        return self._slope(key, *(self.of("forgetting", key)[name].to_numpy(np.float64) for name in ("read", "dh2")))

    def _forgets_outputs(self, key: Key) -> Found:
        return self._slope(key, *(self.of("forgetting", key)[name].to_numpy(np.float64) for name in ("read", "dy2")))

    def _by_shorter(self, key: Key) -> Found:
        return self._by(key, "shorter")

    def _by_common(self, key: Key) -> Found:
        return self._by(key, "common")

    def _by(self, key: Key, column: str) -> Found:
        pairs = self.of("pairs", key)
        pairs = pairs[pairs["agrees"] & (pairs["dh2_start"] > 0)]
        return self._slope(key, pairs[column].to_numpy(np.float64), np.log(pairs["dh2_start"].to_numpy(np.float64)))

    def _ends(self, key: Key) -> Found:
        pairs = self.of("pairs", key)
        return _at_least(explained(theory_ends(pairs, by_length=True), pairs["dh2_end"].to_numpy(np.float64)), _R2)

    def _told(self, key: Key) -> Found:
        pairs = self.of("pairs", key)
        return _at_least(mergers_told(theory_ends(pairs, by_length=True), pairs), _TOLD)

    def _rates(self, key: Key) -> Found:
        rates = self.of("rates", key)
        power, _ = line(np.log(rates["length"].to_numpy(np.float64)), np.log(rates["rate"].to_numpy(np.float64)))
        return power, _POWER[0] <= power <= _POWER[1]

    # What is common to all.

    def _slope(self, key: Key, x: np.ndarray, y: np.ndarray) -> Found:
        ratio = line(x, y)[0] / np.log(self._factor(key[0]))
        return ratio, abs(ratio - 1) <= _SLOPE if np.isfinite(ratio) else None

    def _factor(self, setting: str) -> float:
        return factor_of(self.settings[setting].nonlinearity, self.settings[setting].gain)

    def _share(self, key: Key) -> float:
        counts = self.of("counts", key)
        return float(counts["merged"].sum() / counts["agreeing"].sum())

    def _merged(self, key: Key) -> pd.DataFrame:
        pairs = self.of("pairs", key)
        return pairs[pairs["agrees"] & np.isfinite(pairs["merged_at"])]

    def _verdicts(self, of_one: Callable[[Key], Found], what: str, *, of_start: bool = False) -> tuple[Verdict, ...]:
        found: list[Verdict] = []
        for setting in map(str, dict.fromkeys(self.values["setting"])):
            if of_one == self._begins and setting == MAIN:
                continue  # which sets the constant
            keys = self.keys(setting) if of_start else self.networks(setting)
            measured = [of_one(key) for key in keys]
            decided = [agrees for _, agrees in measured if agrees is not None]
            agrees = all(decided) if decided and all(decided) == any(decided) else None
            few = len(self.keys(setting)) - len(keys)
            by = f"{sum(decided)} of {len(decided)} networks" + (f"; {few} did not learn parity" if few else "")
            told = f"{what} {spread([x for x, _ in measured])}"
            if of_one == self._begins:
                told += f"; expected {_length(self.expected_begin(setting))}"
            found.append(Verdict(setting, told, agrees, by))
        return tuple(found)

    def keys(self, setting: str) -> list[Key]:
        """All networks of a setting."""
        return [(setting, int(seed)) for seed in self.values[self.values["setting"] == setting]["seed"]]

    def networks(self, setting: str) -> list[Key]:
        """The networks of a setting that learnt parity."""
        return [key for key in self.keys(setting) if float(self.of_values(key)["loss"]) < LEARNT]

    def of_values(self, key: Key) -> pd.Series:
        """The values of a network."""
        return _rows(self.values, key).iloc[0]

    def of(self, table: str, key: Key) -> pd.DataFrame:
        """A table of a network."""
        return _rows(self.tables[table], key)


def _rows(table: pd.DataFrame, key: Key) -> pd.DataFrame:
    return table[(table["setting"] == key[0]) & (table["seed"] == key[1])]


def _at_least(value: float, least: float, sign: int = 1) -> Found:
    """A number of which there must be so much, shown with a sign; undecided if it is none."""
    return sign * value, None if np.isnan(value) else value >= least


def _fall(shares: pd.Series) -> float:
    """The largest fall of a share from what it was at its most."""
    values = shares.to_numpy(np.float64)
    return float(np.max(np.maximum.accumulate(values) - values))


def _length(begun: float) -> str:
    return "none" if np.isinf(begun) else number(begun)
