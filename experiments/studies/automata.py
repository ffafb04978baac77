"""Recurrent networks that learn what machines drawn at random say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from repdyn.numeric import minimal_automaton

from ..figures.automata import draw_machines
from ..figures.collective import rows_of
from ..settings import Sequences, override
from ..sweep.trial import Trial
from ..tasks.automata import task_of
from .parity.claims import Judgement
from .parity.network import KIND, KINDS
from .parity.numbers import LEARNT, longest_of
from .parity.plates import counted, development_plate, machine_of, of_network
from .parity.prose import METHOD, NONE, diverged_text, machine_text, states_table
from .study import Plate, Results, Section, Study, Table, size

_QUESTION = (
    "Is it so for any finite machine and not for parity alone? Machines are drawn as in the follow-up (van Rossem & "
    "Saxe, arXiv 2507.09897): the oldest state that is not finished leads, symbol by symbol, to a new state with a "
    "chance of 3 in 4 while there are fewer than may be, else to any but the start, and every state says 0 or 1. One "
    "network learns each, so that intervals are over machines: their median and range or, of five and more, quartiles."
)

_SHOWN = 5
"""So many machines are drawn beside their reduction."""


@dataclass(frozen=True)
class RandomMachines(Study):
    """Recurrent networks that learn what machines drawn at random say of all strings up to a length."""

    name: ClassVar[str] = "automata"
    title: ClassVar[str] = "Machines drawn at random"

    settings: tuple[Mapping[str, Any], ...] = size((), "fields of Sequences, with a name")
    machines: int = size(10, "machines that each setting learns")
    states: int = size(7, "most states of a machine")
    length: int = size(10, "longest strings that are trained on")

    def trials(self) -> list[Trial]:
        """A network for each setting and machine."""
        first = Sequences(states=self.states, length=self.length)
        return [
            Trial(replace(override(first, values), task_seed=seed, seed=seed))
            for values in self.settings
            for seed in self.drawn()[0]
        ]

    def drawn(self) -> tuple[list[int], int]:
        """The seeds of the machines, and how many were drawn between them and left out: they always say the same."""
        chosen = list(islice(self._telling(), self.machines))
        return chosen, chosen[-1] + 1 - len(chosen)

    def _telling(self) -> Iterator[int]:
        return (seed for seed in count() if len(minimal_automaton(task_of(self.states, seed))) > 1)

    def section(self, results: Results) -> Section:
        values = results.values("sequences")
        if values.empty:
            return Section(self.title, (_QUESTION, NONE))
        reading = results.table("sequences", "reading")
        judged = Judgement(
            values, results.table("sequences", "course"), reading, *(results.table("sequences", x) for x in _OF_PAIRS)
        )
        chosen, left_out = self.drawn()
        drawn = (
            f"Of {chosen[-1] + 1} machines of at most {self.states} states {left_out} always say the same and are left "
            f"out; the least machines that say what the other {len(chosen)} do have "
            f"{_range(values['task'].astype(int))} states."
        )
        first = str(values["setting"].iloc[0])
        return Section(
            self.title,
            (_QUESTION, METHOD, drawn, machine_text(), *diverged_text(results)),
            judged.claims(),
            tuple(self._plates(results, values[(values["setting"] == first) & (values["loss"] < LEARNT)])),
            (states_table(values, reading), _each_table(values, reading)),
            judged.answer(first, "what a machine says that was drawn at random"),
        )

    def _plates(self, results: Results, learnt: pd.DataFrame) -> list[Plate]:
        """One machine over training, and several at the end, of the networks of one setting that learnt theirs."""
        if learnt.empty:
            return []
        machines = results.table("sequences", "machines")
        largest = int(learnt["task"].to_numpy(np.int64).argmax())
        setting, seed, task = (learnt[name].iloc[largest] for name in ("setting", "seed", "task"))
        plates = [
            development_plate(
                of_network(machines, setting, seed),
                f"The network of machine {seed}, whose least form has {task} states",
            )
        ]
        above: list[tuple[str, Any]] = []
        below: list[tuple[str, Any]] = []
        for one, is_task in list(zip(learnt["seed"], learnt[f"is_task_{KIND}"], strict=True))[:_SHOWN]:
            own = of_network(machines, setting, int(one))
            machine = machine_of(rows_of(own, "epoch", own["epoch"].max()))
            least = minimal_automaton(machine)
            above.append((f"machine {one}\n{counted(machine)}", machine))
            below.append((f"{'the task' if is_task else 'not the task'}\n{counted(least)}", least))
        plates.append(
            Plate(
                "learnt",
                draw_machines([*above, *below], columns=max(len(above), 2)),
                "Finite machines that networks became, as graphs of states, and below each its reduction.",
                "What networks have become that learnt machines drawn at random, by the threshold of the whole "
                "training, and below each the least machine that says the same.",
            )
        )
        return plates


_OF_PAIRS = ("mergers", "parted")


def _range(numbers: pd.Series[Any]) -> str:
    return f"{numbers.min()} to {numbers.max()}"


def _each_table(values: pd.DataFrame, reading: pd.DataFrame) -> Table:
    """Every network: its task, what it has become, and how right it is."""
    longest = longest_of(reading).set_index(["setting", "seed"])
    rows = [
        {
            "setting": row["setting"],
            "machine": str(row["seed"]),
            "task": str(row["task"]),
            **{
                f"states, {name}": f"{row[f'states_{kind}']} → {row[f'minimal_{kind}']}"
                + (", the task" if row[f"is_task_{kind}"] else "")
                for kind, name in KINDS.items()
            },
            "loss": f"{row['loss']:.2g}",
            "network right": f"{longest['accuracy'][row['setting'], row['seed']]:.0%}",
            "machine right": f"{longest['accuracy_machine'][row['setting'], row['seed']]:.0%}",
        }
        for _, row in values.iterrows()
    ]
    caption = (
        "Every machine: the states of its least form, those of what the network has become, by three thresholds, "
        "before and after reduction, and whether it is the task; and "
        f"how many strings of length {int(reading['length'].max()):,} network and machine get right."
    )
    return Table(caption, pd.DataFrame(rows))
