"""Which strings merge in a network that learns parity, when, and which part first: the theory against networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from repdyn.numeric.parting import PARTED

from ...figures.mergers import draw_ends, draw_parting, draw_shares, draw_starts
from ...settings import StringPairs, override
from ...sweep.trial import Trial
from ..spread import interval_name
from ..study import Plate, Results, Section, Study, size
from .claims import claims_of
from .networks import MAIN, Key, Networks
from .numbers import merged_shares, parted_cells, shares_by_common, theory_ends, with_theory
from .prose import ENDS, METHOD, QUESTION, answer, ends_table, mergers_table

_TABLES = ("course", "counts", "pairs", "forgetting", "rates", "linearity")


@dataclass(frozen=True)
class MergingStrings(Study):
    """Pairs of strings in networks that learn parity, from starts of several sizes."""

    name: ClassVar[str] = "mergers"
    title: ClassVar[str] = "Mergers: which strings become one state"

    settings: tuple[Mapping[str, Any], ...] = size((), "fields of StringPairs, with a name")
    seeds: int = size(1, "networks of the main setting")
    others: int = size(1, "networks of each other setting")
    length: int = size(10, "longest strings that are trained on")

    def trials(self) -> list[Trial]:
        """Networks of the main setting and of the others."""
        return [
            Trial(replace(setting, seed=seed))
            for setting in self.of_all().values()
            for seed in range(self.seeds if setting.name == MAIN else self.others)
        ]

    def of_all(self) -> dict[str, StringPairs]:
        """The settings by name."""
        first = StringPairs(name=MAIN, length=self.length)
        return {x.name: x for x in (first, *(override(first, values) for values in self.settings))}

    def section(self, results: Results) -> Section:
        values = results.values("string_pairs")
        if values.empty:
            return Section(self.title, (QUESTION, "No network is trained: nothing to compare yet."))
        tables = {name: results.table("string_pairs", name) for name in _TABLES}
        networks = Networks(self.of_all(), values, tables)
        return Section(
            self.title,
            (QUESTION, METHOD, ENDS, f"Intervals: {interval_name(self.seeds)}."),
            claims_of(networks),
            tuple(_plates(networks)),
            (mergers_table(networks), ends_table(networks)),
            answer(networks),
        )


def _plates(networks: Networks) -> list[Plate]:
    own = networks.learnt(MAIN)
    if not own:
        return [_starts(networks)]
    return [_shares(networks), _parting(networks, own), _starts(networks), _ends(networks, own[0])]


def _shares(networks: Networks) -> Plate:
    keys = [key for setting in networks.trained for key in networks.learnt(setting)]
    shorter, common = (
        pd.concat([of(networks.of(table, key), key) for key in keys])
        for of, table in ((_by_shorter, "counts"), (_by_common, "pairs"))
    )
    shown = networks.learnt(MAIN)[0]
    counts = networks.of("counts", shown)
    counts = counts[counts["agreeing"] > 0]
    expected = {setting: networks.expected_begin(setting) for setting in networks.trained if setting != MAIN}
    return Plate(
        "shares",
        draw_shares(shorter, common, expected, counts.assign(share=counts["merged"] / counts["agreeing"])),
        "The share of agreeing pairs that merged, by the length of the shorter string and by the last symbols both "
        "share, for starts of several sizes; and by both lengths for one network.",
        "Left: agreeing pairs that merged; dotted, where they should begin to by the condition, whose constant is that "
        f"of {MAIN}. Middle: the network of {shown[0]}, seed {shown[1]}. Right: the same of the pairs that are "
        "followed, by how many symbols both strings have in common at their ends.",
    )


def _by_shorter(counts: pd.DataFrame, key: Key) -> pd.DataFrame:
    shares = merged_shares(counts, "shorter")
    return pd.DataFrame({"symbols": shares.index, "share": shares.to_numpy(np.float64)}).assign(
        setting=key[0], seed=key[1]
    )


def _by_common(pairs: pd.DataFrame, key: Key) -> pd.DataFrame:
    shares = shares_by_common(pairs)
    return pd.DataFrame({"symbols": shares.index, "share": shares.to_numpy(np.float64)}).assign(
        setting=key[0], seed=key[1]
    )


def _starts(networks: Networks) -> Plate:
    factors = {name: networks.factor(name) for name in networks.trained}
    return Plate(
        "starts",
        draw_starts(networks.tables["forgetting"], networks.tables["rates"], factors),
        "Squared distances at the start by symbols read since strings differed, beside the predicted powers; the "
        "tangent kernel of states by length.",
        "Untrained networks, means over seeds. Dashed: squared distances that each symbol multiplies by gain²/2 (ReLU) "
        "or gain² (tanh); right, what is proportional to length, as the paper assumes of 1/τ of a state.",
    )


def _parting(networks: Networks, own: list[Key]) -> Plate:
    parts: list[pd.DataFrame] = []
    for key in own:
        cells = with_theory(parted_cells(networks.of("pairs", key)), networks.settings[key[0]].length)
        pairs = networks.stretched(key)
        stretched = (pairs["stretch"] > PARTED).groupby(pairs["longer"] - pairs["shorter"]).mean()
        shares = (
            cells.groupby(cells["longer"] - cells["shorter"])[["share", "parted"]].mean().assign(stretched=stretched)
        )
        parts.append(shares.rename_axis("difference").reset_index().assign(seed=key[1]))
    course, linearity = networks.of("course", own[0]), networks.of("linearity", own[0])
    return Plate(
        "parting",
        draw_parting(course, linearity, pd.concat(parts)),
        "Shares of pairs that are two states over training; what is not linear in the outputs between two states; the "
        "share of merged pairs that parted first, by the difference of their lengths.",
        f"{MAIN}. Left and middle: the network of seed {own[0][1]}; the ratio is that of what a first-order expansion "
        "leaves to the first order, over futures of one and two symbols. Right: all networks; the theory's line is "
        "from starts drawn at random.",
    )


def _ends(networks: Networks, key: Key) -> Plate:
    pairs = networks.of("pairs", key)
    agrees, merged = pairs["agrees"].to_numpy(np.bool_), np.isfinite(pairs["merged_at"].to_numpy(np.float64))
    table = pd.DataFrame(
        {
            "kind": np.where(agrees, np.where(merged, "merging", "agreeing"), "others"),
            "measured": pairs["dh2_end"].to_numpy(np.float64),
            "predicted_0": theory_ends(pairs, by_length=True),
            "predicted_1": theory_ends(pairs, by_length=False),
        }
    )
    return Plate(
        "ends",
        draw_ends(table, ("rates of states by length", "all rates of states the same")),
        "Final squared distances of pairs in a network against those of the theory from their start.",
        f"{key[0]}, seed {key[1]}: pairs of every two lengths, one ratio of rates fitted to all. What is less than a "
        "millionth of the largest is drawn there.",
    )
