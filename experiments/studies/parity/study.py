"""Recurrent networks that learn what finite machines say, and the machines that they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from repdyn.numeric import Automaton, minimal_automaton

from ...figures.automata import draw_course, draw_machines
from ...settings import Sequences, override
from ...sweep.outcome import DIVERGED
from ...sweep.trial import Trial
from ...trials.sequence_records import THRESHOLDS
from ..spread import interval_name
from ..study import Plate, Results, Section, Study, size
from .claims import MAIN, Judgement
from .numbers import fell_at, of_setting
from .prose import METHOD, QUESTION, machine_text, states_table


@dataclass(frozen=True)
class StreamingTasks(Study):
    """Recurrent networks that learn what finite machines say of all strings up to a length."""

    name: ClassVar[str] = "parity"
    title: ClassVar[str] = "Streaming tasks: networks that become finite machines"

    settings: tuple[Mapping[str, Any], ...] = size((), "fields of Sequences, with a name")
    seeds: int = size(1, "networks of parity")
    others: int = size(1, "networks of each other setting")
    length: int = size(10, "longest strings that are trained on")

    def trials(self) -> list[Trial]:
        """Networks of parity and of the other settings."""
        first = Sequences(name=MAIN, length=self.length)
        of_each = [(first, self.seeds), *((override(first, values), self.others) for values in self.settings)]
        return [Trial(replace(setting, seed=seed)) for setting, count in of_each for seed in range(count)]

    def section(self, results: Results) -> Section:
        values, course = results.values("sequences"), results.table("sequences", "course")
        if values.empty:
            return Section(self.title, (QUESTION, "No network is trained: nothing to compare yet."))
        reading, mergers, parted = (results.table("sequences", name) for name in ("reading", "mergers", "parted"))
        judged = Judgement(values, course, reading, mergers, parted)
        return Section(
            self.title,
            (QUESTION, METHOD, machine_text(), f"Intervals: {interval_name(self.seeds)}.", *_diverged(results)),
            judged.claims(),
            tuple(self._plates(results, values, course)),
            (states_table(values, reading),),
            judged.answer(),
        )

    def _plates(self, results: Results, values: pd.DataFrame, course: pd.DataFrame) -> list[Plate]:
        """The first network of parity over training, and its machine at four times."""
        own = of_setting(course, MAIN)
        if own.empty:
            return []
        seed = int(own["seed"].min())
        own = own[own["seed"] == seed]
        lengths = [int(name.removeprefix("loss_")) for name in own.columns if name.startswith("loss_")]
        strings = int(2 ** (self.length + 1) - 1)
        plates = [
            Plate(
                "course",
                draw_course(own, [n for n in lengths if own[f"loss_{n}"].notna().all()], strings, list(THRESHOLDS)),
                "Loss over training on strings that were trained on and on longer ones; the number of states; the mean "
                "distance of pairs of strings.",
                f"The network of seed {seed}. Left: the loss, on strings up to length {self.length} and on longer ones "
                "that it never read. Middle: states after all strings up to that length, by three thresholds. Right: "
                "pairs of strings.",
            )
        ]
        machines = results.table("sequences", "machines")
        machines = of_setting(machines, MAIN)
        machines = machines[machines["seed"] == seed] if len(machines) else machines
        half = float(of_setting(values, MAIN)["guess"].iloc[0]) / 2
        shown = _moments(machines, fell_at(own, "loss", half))
        if shown:
            plates.append(
                Plate(
                    "machines",
                    draw_machines(shown),
                    "Finite machines of one network at several times of its training, as graphs of states.",
                    f"What the network of seed {seed} is at several times, by the threshold of the whole training, "
                    "where there are at most 40 states; last the least machine that says the same as the one before.",
                )
            )
        return plates


def _diverged(results: Results) -> tuple[str, ...]:
    names = [
        f"{trial.configuration.name} (seed {trial.configuration.seed})"
        for trial, outcome in results.outcomes.items()
        if outcome is not None and outcome.status == DIVERGED
    ]
    return (f"Training diverged: {', '.join(names)}.",) if names else ()


def _moments(machines: pd.DataFrame, fell: float) -> list[tuple[str, Automaton]]:
    """The machine at the start, the last small one before the loss falls, the first after it, the last, the least."""
    if machines.empty:
        return []
    epochs = np.unique(machines["epoch"].to_numpy(np.int64))
    before, after = epochs[epochs < fell], epochs[epochs >= fell]
    chosen = dict.fromkeys(map(int, (*before[:1], *before[-1:], *after[:1], *after[-1:])))
    found = {epoch: _machine(machines[machines["epoch"] == epoch]) for epoch in chosen}
    least = minimal_automaton(next(reversed(found.values())))
    shown = [("at the start" if not epoch else f"epoch {epoch:,}", machine) for epoch, machine in found.items()]
    return [*shown, ("reduced", least)]


def _machine(rows: pd.DataFrame) -> Automaton:
    return Automaton(rows[["zero", "one"]].to_numpy(np.int64), rows["output"].to_numpy(np.int64))
