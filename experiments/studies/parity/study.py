"""Recurrent networks that learn parity of strings, and the machines that they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ...settings import Sequences, override
from ...sweep.trial import Trial
from ..spread import interval_name
from ..study import Plate, Results, Section, Study, size
from .claims import MAIN, Judgement
from .numbers import of_setting
from .plates import course_plate, development_plate, of_network
from .prose import METHOD, NONE, QUESTION, diverged_text, machine_text, states_table


@dataclass(frozen=True)
class StreamingTasks(Study):
    """Recurrent networks that learn parity of all strings up to a length."""

    name: ClassVar[str] = "parity"
    title: ClassVar[str] = "Streaming parity: networks that become finite machines"

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
            return Section(self.title, (QUESTION, NONE))
        reading, mergers, parted = (results.table("sequences", name) for name in ("reading", "mergers", "parted"))
        judged = Judgement(values, course, reading, mergers, parted)
        own = of_setting(course, MAIN)
        plates: list[Plate] = []
        if len(own):
            seed = int(own["seed"].min())
            who = f"The network of seed {seed}"
            plates += [
                course_plate(of_network(own, MAIN, seed), self.length, who),
                development_plate(of_network(results.table("sequences", "machines"), MAIN, seed), who),
            ]
        return Section(
            self.title,
            (QUESTION, METHOD, machine_text(), f"Intervals: {interval_name(self.seeds)}.", *diverged_text(results)),
            judged.claims(),
            tuple(plates),
            (states_table(values, reading),),
            judged.answer(MAIN, "parity"),
        )
