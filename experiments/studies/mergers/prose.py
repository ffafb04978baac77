"""What is said of mergers: the question, how it was asked, and the table of settings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..parity.numbers import LEARNT
from ..spread import spread
from ..study import Table
from .claims import Judgement
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


def settings_table(judged: Judgement) -> Table:
    """Who merges in every setting, and how well it is known before."""
    rows: list[dict[str, str]] = []
    for setting in map(str, dict.fromkeys(judged.values["setting"])):
        keys = judged.networks(setting)
        counts = [judged.of("counts", key) for key in keys]
        pairs = [judged.of("pairs", key) for key in keys]
        cells = [parted_cells(x) for x in pairs]
        row = {
            "setting": setting,
            "learnt": f"{len(keys)} of {len(judged.keys(setting))}",
            "fell at epoch": spread([float(judged.of_values(key)["fell"]) for key in keys]),
            "merged": spread([x["merged"].sum() / x["agreeing"].sum() for x in counts], ".1%"),
            "from length": spread([begun_at(x) for x in counts], ".0f"),
            "parted first": spread([np.average(x["share"], weights=x["pairs"]) for x in cells if len(x)], ".0%"),
        }
        for name, by_length in (("by length", True), ("all the same", False)):
            ends = [theory_ends(x, by_length=by_length) for x in pairs]
            r2 = [explained(e, x["dh2_end"].to_numpy(np.float64)) for e, x in zip(ends, pairs, strict=True)]
            row[f"R², rates {name}"] = spread(r2)
            told = [mergers_told(e, x) for e, x in zip(ends, pairs, strict=True)]
            row[f"chance, rates {name}"] = spread(told, ".0%")
        alone = [mergers_told(-x["shorter"].to_numpy(np.float64), x) for x in pairs]
        rows.append({**row, "chance, shorter length alone": spread(alone, ".0%")})
    caption = (
        "Of networks that learnt parity: the epoch of the loss's fall, the share of agreeing pairs that merged and the "
        "least shorter length of which some did, how many merged pairs had been 10 thresholds apart; and of the "
        "theory's ends R² and the chance to tell a merged from another agreeing pair, by what is assumed of the rates; "
        "beside them that of the shorter length alone."
    )
    return Table(caption, pd.DataFrame(rows))
