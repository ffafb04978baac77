"""What is said of mergers: the question, how it was asked, the answer, and the tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ..parity.numbers import LEARNT
from ..spread import spread
from ..study import Table
from .networks import MAIN, Key, Networks
from .numbers import begun_at, explained, mergers_told, parted_cells, theory_ends

QUESTION = (
    "In a network that learns parity, hidden states of strings merge that no future tells apart, some of them and not "
    "others. The theory of van Rossem & Saxe (arXiv 2507.09897) says which: those whose outputs differ at the start by "
    "more than their states do, which, if each symbol read makes differences smaller by a factor, are the long ones; "
    "and that pairs part before they merge if their strings are of unequal length. Is it so?"
)
METHOD = (
    "The networks of the study parity, from small and larger weights. Pairs of every two lengths are looked at after "
    "every epoch, all pairs at the end. A pair has merged when its states stay nearer than 0.01 times the spread of "
    "all states over the whole training. What the theory takes for granted is measured in the untrained network. That "
    "short strings do not merge and of long ones not all, that a quarter of merged pairs were far apart before, and "
    f"that distances do not merely shrink is judged in the study parity. A network whose last loss is not below "
    f"{LEARNT:g} decides nothing but of its start."
)
ENDS = (
    "Ends by the theory: from the squared distances of states and outputs at the start, with the number of futures "
    "that two strings share and one fitted number for all pairs of a network, the ratio of the rates of states and "
    "outputs; the rates of states by length, as the paper assumes, or all the same."
)

_ALONE = {"chance by the shorter length": "shorter", "by what they share": "common"}
"""What a pair that merges may have more of than others, without any theory."""


def answer(networks: Networks) -> str:
    """Who merges, and how well that is known before."""
    own = networks.learnt(MAIN)
    if not own:
        return "No network learnt parity."
    begun = [begun_at(networks.of("counts", key)) for key in own]
    pairs = [networks.of("pairs", key) for key in own]
    told = [mergers_told(theory_ends(x, by_length=True), x) for x in pairs]
    shared = [mergers_told(-x["common"].to_numpy(np.float64), x) for x in pairs]
    return (
        f"{spread([networks.share(key) for key in own], '.0%')} of agreeing pairs merge, from a shorter length of "
        f"{spread(begun, '.0f')} on; the theory's final distance from the start is lower of those than of other "
        f"agreeing pairs with a chance of {spread(told, '.0%')}, and they share more of their last symbols with one of "
        f"{spread(shared, '.0%')}."
    )


def mergers_table(networks: Networks) -> Table:
    """Who merges in every setting, and when."""

    def of(key: Key) -> dict[str, float]:
        counts, cells, merged = (
            networks.of("counts", key),
            parted_cells(networks.of("pairs", key)),
            networks.merged(key),
        )
        return {
            "loss fell": networks.value(key, "fell"),
            "near": float(merged["near_at"].median()),
            "near for good": float(merged["merged_at"].median()),
            "merged": networks.share(key),
            "from length": begun_at(counts),
            "stretch": float(networks.stretched(key)["stretch"].median()),
            "parted first": float(np.average(cells["share"], weights=cells["pairs"])) if len(cells) else float("nan"),
        }

    forms = {"merged": ".1%", "from length": ".0f", "parted first": ".0%", "near": ".0f", "near for good": ".0f"}
    caption = (
        "Networks that learnt parity: the epoch of the loss's fall; the median epochs at which merged pairs are nearer "
        "than the threshold for the first time after they were furthest, and for good; the share of agreeing pairs "
        "that merged, and the least shorter length of which some did; how many times as far apart as at the start "
        "merged pairs once were, a median, and how many of them 10 thresholds."
    )
    return Table(caption, _rows(networks, of, forms))


def ends_table(networks: Networks) -> Table:
    """How well ends and mergers are known from the start."""

    def of(key: Key) -> dict[str, float]:
        pairs = networks.of("pairs", key)
        row: dict[str, float] = {}
        for name, by_length in (("by length", True), ("all the same", False)):
            ends = theory_ends(pairs, by_length=by_length)
            row[f"R², rates {name}"] = explained(ends, pairs["dh2_end"].to_numpy(np.float64))
            row[f"chance, rates {name}"] = mergers_told(ends, pairs)
        for name, column in _ALONE.items():
            row[name] = mergers_told(-pairs[column].to_numpy(np.float64), pairs)
        return row

    caption = (
        "R² of the theory's final squared distances, and the chance that one is lower of a merged than of another "
        "agreeing pair, by what is assumed of the rates of states; last, the chance that its shorter string is longer, "
        "and that its strings share more of their last symbols."
    )
    forms = dict.fromkeys(("chance, rates by length", "chance, rates all the same", *_ALONE), ".0%")
    return Table(caption, _rows(networks, of, forms))


def _rows(networks: Networks, of: Callable[[Key], dict[str, float]], forms: dict[str, str]) -> pd.DataFrame:
    """A row a setting: how many learnt, and a spread of each number of those."""
    rows: list[dict[str, str]] = []
    for setting in networks.trained:
        own = pd.DataFrame([of(key) for key in networks.learnt(setting)])
        learnt = f"{len(own)} of {len(networks.keys(setting))}"
        rows.append({"setting": setting, "learnt": learnt, **{x: spread(own[x], forms.get(x)) for x in map(str, own)}})
    return pd.DataFrame(rows).fillna("-")
