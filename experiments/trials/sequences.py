"""A recurrent network that learns what a finite machine says, and the machine it becomes."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from repdyn.numeric import Automaton, all_strings, minimal_automaton
from torch import Tensor

from ..sweep.outcome import Outcome, trained
from ..tasks.automata import SYMBOLS, task_of
from ..training.lightning import Supervised, fit, repeatable
from ..training.sequences import Recurrent, StringBatches, one_hot
from .sequence_records import Seen, Watch

if TYPE_CHECKING:
    from ..settings import Sequences

Integers = NDArray[np.int64]

_LONG, _AT_THE_END = 100, 20
"""Strings of each length that are read at each record, and of each that is read at the end."""


def run_trial(setting: Sequences) -> Outcome:
    """Train; what the network says of longer and longer strings, and which machine it is, over training.

    Tables:

    - ``course``: a row a record: epoch, loss and accuracy (over the strings that are trained on), those of each longer
      length; for each threshold states, conflicts and whole (every string leads on); distance, the mean squared
      distance of pairs of strings drawn once, distance_agreeing and distance_others;
    - ``machines``: machines by the threshold of the whole training at five times or fewer (:meth:`Seen.machines`), a
      row for each epoch and state: state, output, zero and one (the states after these symbols, -1 if none is known);
    - ``mergers``: at the end, a row for each shorter and longer length: agreeing, merged, disagreeing, wrong;
    - ``parted``: merged pairs, some if there are many: shorter, longer, apart (how many thresholds they once were);
    - ``reading``: a row for each length at the end: accuracy of the network and of its machine, and how often both say
      the same.

    Values are the losses at both ends and of the best guess, which is the same for all strings; whether training ended
    because the loss was below the bound (reached); of the last machine by
    each threshold the states before (states) and after reduction (minimal), and whether it says what the task does
    after every string (is_task); and the states of the task. The empty string, of which the network is not asked, is
    taken to say what the task says.
    """
    task = minimal_automaton(task_of(setting.states, setting.task_seed))
    draws = np.random.default_rng(setting.seed)
    strings = all_strings(SYMBOLS, setting.length)
    rows = [_drawn(len(block), setting.share, draws) for block in strings[1:]]
    longer = {length: draws.integers(0, SYMBOLS, (_LONG, length)) for length in setting.tested}
    x, y = [one_hot(block) for block in strings], [_targets(task, block) for block in strings]
    taught = [(x[n][torch.from_numpy(k)], y[n][torch.from_numpy(k)]) for n, k in enumerate(rows, 1) if len(k)]
    if not taught:
        raise ValueError(
            f"share must leave strings to train on, got none of {sum(map(len, x)) - 1} at {setting.share:g}"
        )
    with repeatable(setting.threads):
        torch.manual_seed(setting.seed)
        network = Recurrent(setting.width, setting.nonlinearity, setting.gain)
        batches = StringBatches(
            [a for a, _ in taught], [b for _, b in taught], setting.batch, setting.epochs, setting.seed
        )
        module = Supervised(network, setting.lr, loss=setting.loss)
        long = {n: (one_hot(s), _targets(task, s)) for n, s in longer.items()}
        watch = Watch(network, x, long, setting.every, loss=module.loss, until=setting.until)
        watch.look(0)
        diverged_at = fit(module, batches, [watch])
        if diverged_at is not None:
            return trained(diverged_at, {}, {})
        which = np.zeros(sum(map(len, strings)), dtype=np.bool_)
        which[np.concatenate([SYMBOLS**n - 1 + k for n, k in enumerate(rows, 1)])] = True  # after all shorter ones
        seen = Seen(strings, task, which, watch)
        machine = seen.extraction("history", -1).automaton
        reading = pd.DataFrame([_read(network, machine, task, length, draws) for length in setting.read])
    course = seen.course(draws)
    losses = {name: float(course["loss"].iloc[k]) for name, k in (("loss_start", 0), ("loss", -1))}
    tables = {"course": course, "machines": seen.machines(), **seen.mergers(draws), "reading": reading}
    return Outcome(values={**seen.ends(), **losses, "reached": watch.reached}, tables=tables)


def _drawn(count: int, share: float, draws: np.random.Generator) -> Integers:
    """Which of so many strings are trained on: all, or as many as a coin for each would take."""
    if share == 1:
        return np.arange(count)
    return np.sort(draws.permutation(count)[: draws.binomial(count, share)])


def _targets(task: Automaton, strings: Integers) -> Tensor:
    return one_hot(task.read(strings))


def _read(
    network: Recurrent, machine: Automaton, task: Automaton, length: int, draws: np.random.Generator
) -> dict[str, float]:
    """How network and machine do on strings of a length; where a transition is missing the machine is wrong."""
    strings = draws.integers(0, SYMBOLS, (_AT_THE_END, length))
    with torch.no_grad():
        said = network(one_hot(strings)).argmax(1).numpy()
    by_machine, right = machine.read(strings), task.read(strings)
    return {
        "length": length,
        "accuracy": float((said == right).mean()),
        "accuracy_machine": float((by_machine == right).mean()),
        "alike": float((by_machine == said).mean()),
    }
