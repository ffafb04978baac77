"""Figures of one network of a streaming task: its training, and the machines that it was."""

from __future__ import annotations

import numpy as np
import pandas as pd
from repdyn.numeric import Automaton, minimal_automaton

from ...figures.automata import draw_course, draw_machines
from ..study import Plate


def of_network(table: pd.DataFrame, setting: str, seed: int) -> pd.DataFrame:
    """The rows of one network, of a table that may be empty."""
    return table[(table["setting"] == setting) & (table["seed"] == seed)] if len(table) else table


def course_plate(course: pd.DataFrame, length: int, who: str) -> Plate:
    """A network over training: losses, states, distances."""
    lengths, thresholds = (
        [name.removeprefix(kind) for name in course.columns if name.startswith(kind)] for kind in ("loss_", "states_")
    )
    read = [int(n) for n in lengths if course[f"loss_{n}"].notna().all()]
    return Plate(
        "course",
        draw_course(course, read, 2 ** (length + 1) - 1, thresholds),
        "Loss over training on strings that were trained on and on longer ones; the number of states; the mean "
        "distance of pairs of strings.",
        f"{who}. Left: the loss, on strings up to length {length} and on longer ones that it never read. Middle: "
        "states after all strings up to that length, by three thresholds. Right: pairs of strings.",
    )


def development_plate(machines: pd.DataFrame, who: str) -> Plate:
    """The machines that a network was, from the first to the last, and the least one that says the same as the last."""
    shown = [(f"epoch {epoch:,}", machine_of(own)) for epoch, own in machines.groupby("epoch")]
    shown.append(("reduced", minimal_automaton(shown[-1][1])))
    return Plate(
        "development",
        draw_machines([(f"{when}\n{counted(machine)}", machine) for when, machine in shown]),
        "Finite machines of one network at several times of its training, as graphs of states.",
        f"{who}, as a machine over training, by the threshold of the whole training: at the start; while states become "
        "more; when there are most, many of which lead nowhere that is known; when first every string leads on; at the "
        "end; and the least machine that says the same as that. Large ones are drawn as a tree from the start, with "
        "transitions back in grey. States that no string leads to, where most decide, are left out.",
    )


def machine_of(rows: pd.DataFrame) -> Automaton:
    """The machine that rows of states are.

    >>> len(machine_of(pd.DataFrame({"zero": [0, 1], "one": [1, 0], "output": [0, 1]})))
    2
    """
    return Automaton(rows[["zero", "one"]].to_numpy(np.int64), rows["output"].to_numpy(np.int64))


def counted(machine: Automaton) -> str:
    """How many states a machine has, in words.

    >>> counted(Automaton([[0]], [0]))
    '1 state'
    """
    return f"{len(machine)} state{'' if len(machine) == 1 else 's'}"
