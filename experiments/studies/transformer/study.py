"""Transformers that learn differences modulo a number, and how many states their inputs are in each part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pandas as pd

from ...figures.transformer import draw_parts
from ...settings import ModularSubtraction, override
from ...sweep.trial import Trial
from ..parity.plates import of_network
from ..parity.prose import NONE, diverged_text
from ..spread import interval_name, spread
from ..study import Plate, Results, Section, Study, Table, size
from .claims import GENERALISES, Judgement

_QUESTION = (
    "A transformer reads a - b = and says the difference modulo a number. It learns some of all pairs and comes to be "
    "right on the others. Do states merge in it as in a recurrent network? Van Rossem & Saxe (arXiv 2507.09897) say: "
    "in attention, and in some of the values; not in keys nor in the hidden representation."
)
_METHOD = (
    "Attention of 4 heads and two layers of units a block, each after a layer norm; AdamW on the cross-entropy at the "
    "last token. The vectors that one part of the network has at an input, of all blocks, heads and tokens (of what "
    "the units read, hidden, of the last block), are one point. Points of up to 512 pairs that are trained on, the "
    "same throughout, are joined by Ward's measure while it is below a factor times their largest distance at the "
    "start, as theirs are, or now, since vectors shrink with weight decay and states then merge by that alone; states "
    "are the clusters over the points. Their code counts, in the hidden representation, coordinates and "
    "not inputs, with blocks applied 100 times; here it is inputs everywhere, and blocks once. A network generalises "
    f"if it gets {GENERALISES:.0%} of the other pairs right at the end; one that does not decides nothing."
)


@dataclass(frozen=True)
class ModularTransformers(Study):
    """Transformers that learn differences modulo a number."""

    name: ClassVar[str] = "transformer"
    title: ClassVar[str] = "A transformer: in which of its parts states merge"

    settings: tuple[Mapping[str, Any], ...] = size((), "fields of ModularSubtraction, with a name")
    seeds: int = size(1, "networks of each")

    def trials(self) -> list[Trial]:
        """The networks."""
        return [
            Trial(replace(override(ModularSubtraction(), values), seed=seed))
            for values in self.settings
            for seed in range(self.seeds)
        ]

    def section(self, results: Results) -> Section:
        values, states = results.values("modular"), results.table("modular", "states")
        if values.empty:
            return Section(self.title, (_QUESTION, NONE))
        course = results.table("modular", "course")
        judged = Judgement(values, states)
        right = {setting: judged.generalising(setting) for setting in dict.fromkeys(map(str, values["setting"]))}
        plates = [
            Plate(
                setting,
                draw_parts(of_network(course, setting, seed), of_network(states, setting, seed)),
                "Losses over training, and states and largest distances in attention, values, keys and hidden units.",
                f"The network of seed {seed} of {setting}. From the left: the loss of the pairs that are trained on "
                "and of the others; the states over inputs in each part by the paper's threshold, 1.25 times the "
                "largest distance at the start, and by as many times the largest distance now; and that distance.",
            )
            for setting, seeds in right.items()
            for seed in (seeds or [int(values[values["setting"] == setting]["seed"].min())])[:1]
        ]
        first = next(iter(right))
        count = int((values["setting"] == first).sum())
        return Section(
            self.title,
            (_QUESTION, _METHOD, f"Intervals: {interval_name(self.seeds)}.", *diverged_text(results)),
            judged.claims(),
            tuple(plates),
            (_table(values, states),),
            f"{len(right[first])} of {count} networks generalise ({first}); at the end they get "
            f"{spread(values[values['setting'] == first]['accuracy_other'], '.0%')} of the other pairs right.",
        )


def _table(values: pd.DataFrame, states: pd.DataFrame) -> Table:
    """The states of every part, by each threshold, at the start, at their most and at the end."""
    rows: list[dict[str, str]] = []
    for setting in dict.fromkeys(map(str, values["setting"])):
        for (part, of), own in states[states["setting"] == setting].groupby(["part", "of"], sort=False):
            row = {"setting": setting, "part": str(part), "largest distance": str(of)}
            for factor, of_factor in own.groupby("factor"):
                each = [x["share"] for _, x in of_factor.groupby("seed")]
                ends = ([x.iloc[0] for x in each], [x.max() for x in each], [x.iloc[-1] for x in each])
                row[f"{factor:g}"] = ", ".join(spread(x) for x in ends)
            last = [float(x["largest"].iloc[-1]) for _, x in own.groupby("seed")]
            rows.append({**row, "largest at the end": spread(last)})
    caption = (
        "States over inputs at the start, at their most and at the end, by thresholds that are so many times the "
        "largest distance at the start or now, and the largest distance at the end over that at the start; all "
        "networks, also those that do not generalise."
    )
    return Table(caption, pd.DataFrame(rows))
