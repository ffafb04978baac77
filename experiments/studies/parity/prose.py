"""What is said of streaming tasks: the question, how it was asked, and the table of states."""

from __future__ import annotations

import pandas as pd

from ...sweep.outcome import DIVERGED
from ..spread import spread
from ..study import Results, Table
from .network import KINDS
from .numbers import LEARNT, longest_of, of_setting

QUESTION = (
    "A recurrent network reads a string of 0 and 1 and says, after its last symbol, whether the number of ones is odd. "
    "How does it come to be right on strings far longer than any it was trained on? Van Rossem & Saxe (arXiv "
    "2507.09897) say: hidden states of strings that agree on all futures merge, until few are left, a finite machine; "
    "whatever the nonlinearity, and also where what is read jumps with the state."
)
NONE = "No network is trained: nothing to compare yet."
METHOD = (
    "One recurrent layer of 100 units from small weights, gradient descent on the squared error after the last symbol "
    "of all strings up to a length, minibatches of one length, shortest first. Pairs are judged by the least machine "
    "of the task: two strings agree if they lead to one of its states. A network whose last loss on its training "
    f"strings is not below {LEARNT:g} did not learn the task and decides nothing."
)


def machine_text() -> str:
    """What counts as a state."""
    return (
        "Strings whose hidden states are nearer than a threshold are one state of a machine: 0.01 times the spread of "
        "all states over the whole training, of the network as it is, and 0.1 times that. Machines are judged by each, "
        "pairs by the first. "
        "Where strings of a state lead to several others, most of them decide. No one threshold is right: with small "
        "ones a network can be right on every length while many states have not merged."
    )


def diverged_text(results: Results) -> tuple[str, ...]:
    """Which trainings diverged, if any did."""
    names = [
        f"{trial.configuration.name} (seed {trial.configuration.seed})"
        for trial, outcome in results.outcomes.items()
        if outcome is not None and outcome.status == DIVERGED
    ]
    return (f"Training diverged: {', '.join(names)}.",) if names else ()


def states_table(values: pd.DataFrame, reading: pd.DataFrame) -> Table:
    """The states of every setting's machines, and how right they are."""
    rows: list[dict[str, str]] = []
    for setting, own in values.groupby("setting", sort=False):
        row = {"setting": str(setting), "strings": spread(own["strings"]), "task": spread(own["task"], ".0f")}
        for kind, name in KINDS.items():
            row[name] = f"{spread(own[f'states_{kind}'], '.0f')} → {spread(own[f'minimal_{kind}'], '.0f')}"
        read = of_setting(reading, str(setting))
        longest = longest_of(read)
        row["network right"] = spread(longest["accuracy"], ".0%")
        row["machine right"] = spread(longest["accuracy_machine"], ".0%")
        rows.append({**row, "loss": spread(own["loss"], ".2g")})
    caption = (
        "States at the end by three thresholds, before and after reduction, beside those of the task's least machine; "
        f"and how many strings of length {int(reading['length'].max()):,} network and machine (of the first threshold) "
        "get right."
    )
    return Table(caption, pd.DataFrame(rows))
