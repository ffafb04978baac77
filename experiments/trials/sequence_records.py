"""What is recorded of a network that reads strings, and what it says of the machine that the network is."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from repdyn.numeric import (
    Automaton,
    Extraction,
    automaton_of_states,
    equivalent_automata,
    merged_pairs,
    minimal_automaton,
    state_scale,
)
from repdyn.numeric.automata.automaton import MISSING
from torch import Tensor

from ..training.epochs import EpochWatch
from ..training.lightning import half_squared_error
from ..training.sequences import Recurrent, one_hot

THRESHOLDS = {"history": 0.01, "now": 0.01, "coarse": 0.1}
"""States that are nearer than so many times the spread are one: of the whole training, or of the network as it is."""

_FOLLOWED = 1000
"""Pairs of strings, drawn once, whose mean distance is told over training; and merged ones that are looked back at."""

_FEW = 40
"""Of the machines with at most so many states, the last before there are most is kept."""


Loss = Callable[[Tensor, Tensor], Tensor]


class Watch(EpochWatch):
    """Looks at a network at the start and every few epochs: losses, and the state after every string.

    At the first epoch whose mean loss over strings is below ``until`` it looks a last time and ends training;
    ``reached`` says whether there was one.
    """

    def __init__(
        self,
        network: Recurrent,
        blocks: Sequence[Tensor],
        long: dict[int, tuple[Tensor, Tensor]],
        every: int,
        *,
        loss: Loss,
        until: float = 0.0,
    ) -> None:
        super().__init__(every, until)
        self.network, self.blocks, self.long, self.loss = network, blocks, long, loss
        self.epochs: list[int] = []
        self.states: list[Tensor] = []
        self.said: list[Tensor] = []
        self.tested: list[dict[str, float]] = []

    def look(self, epoch: int) -> None:
        """Record the network as it is."""
        with torch.no_grad():
            states = torch.cat([self.network.state(x) for x in self.blocks])
            self.states.append(states)
            self.said.append(self.network.read(states))
            rows: dict[str, float] = {}
            for length, (x, y) in self.long.items():
                said = self.network(x)
                rows[f"loss_{length}"] = float(self.loss(said, y))
                rows[f"accuracy_{length}"] = float((said.argmax(1) == y.argmax(1)).double().mean())
            self.tested.append(rows)
        self.epochs.append(epoch)


class Seen:
    """What was recorded of a training, and what it says of the machine.

    Args:
        strings: all, by length from 0 on.
        task: the least machine that is learnt.
        taught: which of all strings were trained on.
        watch: what was recorded.
    """

    def __init__(
        self, strings: Sequence[NDArray[np.int64]], task: Automaton, taught: NDArray[np.bool_], watch: Watch
    ) -> None:
        self.task, self.taught, self.watch = task, taught, watch
        self.strings: list[tuple[int, ...]] = [tuple(map(int, s)) for block in strings for s in block]
        self.lengths = np.array([len(s) for s in self.strings])
        self.classes = np.concatenate([task.states_after(block) for block in strings])
        self.answers = task.outputs[self.classes]
        self.states = [h.double().numpy() for h in watch.states]
        self.scale = state_scale(np.concatenate(self.states))

    def threshold(self, kind: str, record: int) -> float:
        """The distance below which states are one."""
        return THRESHOLDS[kind] * (self.scale if kind == "history" else state_scale(self.states[record]))

    def extraction(self, kind: str, record: int) -> Extraction:
        """The machine of a record, strings in the paper's order: the empty one is last."""
        order = [*range(1, len(self.strings)), 0]
        said = self.watch.said[record].argmax(1).numpy()
        said[0] = self.answers[0]
        return automaton_of_states(
            [self.strings[k] for k in order],
            self.states[record][order],
            said[order],
            threshold=self.threshold(kind, record),
        )

    @cached_property
    def history(self) -> list[Extraction]:
        """The machine of every record, by the threshold of the whole training."""
        return [self.extraction("history", record) for record in range(len(self.states))]

    def course(self, draws: np.random.Generator) -> pd.DataFrame:
        """A row a record."""
        taught = torch.from_numpy(np.nonzero(self.taught)[0])
        targets = one_hot(self.answers)[taught]
        first, second = draws.integers(1, len(self.strings), (2, _FOLLOWED))
        agree = self.classes[first] == self.classes[second]
        rows: list[dict[str, Any]] = []
        for record, (epoch, h) in enumerate(zip(self.watch.epochs, self.states, strict=True)):
            said = self.watch.said[record][taught]
            row: dict[str, Any] = {"epoch": epoch, "loss": float(self.watch.loss(said, targets))}
            row["accuracy"] = float((said.argmax(1) == targets.argmax(1)).double().mean())
            row |= self.watch.tested[record]
            for kind in THRESHOLDS:
                found = self.history[record] if kind == "history" else self.extraction(kind, record)
                row |= {f"states_{kind}": len(found.automaton), f"conflicts_{kind}": found.conflicts}
                row[f"whole_{kind}"] = found.automaton.is_complete
            apart = np.square(h[first] - h[second]).sum(1)
            parts = {"distance": apart, "distance_agreeing": apart[agree], "distance_others": apart[~agree]}
            rows.append({**row, **{name: float(x.mean()) if x.size else float("nan") for name, x in parts.items()}})
        return pd.DataFrame(rows)

    def machines(self) -> pd.DataFrame:
        """The machine at the start, the last small one before there are most states, when there are, the first after
        which every string leads on, and the last."""
        each = [found.automaton for found in self.history]
        counts = np.array([len(machine) for machine in each])
        most = int(counts.argmax())
        few = np.nonzero(counts[:most] <= _FEW)[0]
        whole = [k for k in range(most + 1, len(each)) if each[k].is_complete]
        parts: list[pd.DataFrame] = []
        for record in sorted({0, *map(int, few[-1:]), most, *whole[:1], len(each) - 1}):
            machine = each[record]
            order = machine.reachable
            new = np.full(len(machine) + 1, MISSING)  # the last is what is missing
            new[order] = np.arange(len(order))  # the start is state 0
            zero, one = new[machine.transitions[order]].T
            columns = {"state": np.arange(len(order)), "output": machine.outputs[order], "zero": zero, "one": one}
            parts.append(pd.DataFrame({"epoch": self.watch.epochs[record], **columns}))
        return pd.concat(parts, ignore_index=True)

    def mergers(self, draws: np.random.Generator) -> dict[str, pd.DataFrame]:
        """Which strings, but the empty one, have come together at the end, and how far apart they once were."""
        near, h = self.threshold("history", -1), self.states[-1][1:]
        lengths, classes = self.lengths[1:], self.classes[1:]
        found = merged_pairs(h, lengths, classes, threshold=near)
        shorter, longer = np.triu_indices(int(lengths.max()) + 1)
        kept = shorter > 0
        counts = {name: x[shorter, longer][kept] for name, x in vars(found).items()}
        first, second = draws.integers(0, len(h), (2, 200 * _FOLLOWED))
        merged = (first < second) & (classes[first] == classes[second])
        first, second = first[merged], second[merged]
        merged = np.sqrt(np.square(h[first] - h[second]).sum(1)) < near
        first, second = first[merged][:_FOLLOWED], second[merged][:_FOLLOWED]
        most = np.zeros(len(first))
        for x in self.states:
            most = np.maximum(most, np.sqrt(np.square(x[1:][first] - x[1:][second]).sum(1)))
        both = np.sort([lengths[first], lengths[second]], axis=0)
        return {
            "mergers": pd.DataFrame({"shorter": shorter[kept], "longer": longer[kept], **counts}),
            "parted": pd.DataFrame({"shorter": both[0], "longer": both[1], "apart": most / near}),
        }

    def ends(self) -> dict[str, Any]:
        """The machine at the end, by each threshold."""
        values: dict[str, Any] = {"task": len(self.task), "strings": int(self.taught.sum()), "guess": self._guess()}
        for kind in THRESHOLDS:
            machine = self.extraction(kind, -1).automaton
            values |= {f"states_{kind}": len(machine), f"minimal_{kind}": len(minimal_automaton(machine))}
            values[f"is_task_{kind}"] = equivalent_automata(machine, self.task)
        return values

    def _guess(self) -> float:
        """The loss of the best answer that is the same for all strings."""
        targets = one_hot(self.answers[self.taught])
        best = targets.mean(0, keepdim=True).expand_as(targets)
        return float(self.watch.loss(best if self.watch.loss is half_squared_error else best.log(), targets))
