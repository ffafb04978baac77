"""A recurrent network that learns what a finite machine says, and the machine it becomes."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from repdyn.numeric import (
    Automaton,
    Extraction,
    all_strings,
    automaton_of_states,
    equivalent_automata,
    merged_pairs,
    minimal_automaton,
    random_automaton,
    state_scale,
)
from torch import Tensor
from torch.utils.data import IterableDataset

from ..sweep.outcome import Outcome, trained
from ..training.lightning import Batch, Supervised, fit, half_squared_error, repeatable

if TYPE_CHECKING:
    from ..settings import Sequences

Integers = NDArray[np.int64]

SYMBOLS = 2
"""0 and 1."""

PARITY = Automaton(np.array([[0, 1], [1, 0]]), np.array([0, 1]))
"""Whether the number of ones so far is odd."""

THRESHOLDS = {"history": 0.01, "now": 0.01, "coarse": 0.1}
"""States that are nearer than so many times the spread are one: of the whole training, or of the network as it is."""

_LONG, _AT_THE_END = 100, 20
"""Strings of each length that are read at each record, and of each that is read at the end."""

_FOLLOWED = 1000
"""Pairs of strings, drawn once, whose mean distance is told over training; and merged ones that are looked back at."""

_APART = 10.0
"""Pairs that were once so many thresholds apart have parted."""

_SHOWN = 40
"""Machines of at most so many states are kept at every record, to be drawn."""


class Recurrent(torch.nn.Module):
    """One recurrent layer that starts from ones, and a linear map of its last state.

    >>> Recurrent(4, "relu", 0.1)(torch.zeros(3, 5, 2)).shape
    torch.Size([3, 2])
    """

    def __init__(self, width: int, nonlinearity: str, gain: float, outputs: int = 2) -> None:
        super().__init__()
        self.hidden = torch.nn.RNN(SYMBOLS, width, nonlinearity=nonlinearity, batch_first=True)
        self.output = torch.nn.Linear(width, outputs)
        for name, p in self.named_parameters():
            torch.nn.init.xavier_normal_(p, gain) if "weight" in name else torch.nn.init.zeros_(p)

    def state(self, x: Tensor) -> Tensor:
        """The hidden state after strings of one length, one-hot, shape (n, length, 2); shape (n, width)."""
        start = torch.ones(1, len(x), self.hidden.hidden_size)
        return start[0] if not x.shape[1] else self.hidden(x, start)[1][0]

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.state(x))


class StringBatches(IterableDataset[Batch]):
    """Minibatches of strings of one length, length by length, shuffled within each, for so many epochs.

    >>> x, y = [torch.zeros(2, 1, 2), torch.zeros(4, 2, 2)], [torch.zeros(2, 2), torch.zeros(4, 2)]
    >>> batches = StringBatches(x, y, batch=3, epochs=5, seed=0)
    >>> [tuple(x.shape) for x, _ in batches][:3], len(batches)
    ([(2, 1, 2), (3, 2, 2), (1, 2, 2)], 15)
    """

    def __init__(self, x: Sequence[Tensor], y: Sequence[Tensor], batch: int, epochs: int, seed: int) -> None:
        self.x, self.y, self.batch, self.epochs, self.seed = x, y, batch, epochs, seed

    @property
    def of_epoch(self) -> int:
        """Batches of an epoch."""
        return sum(-(-len(x) // self.batch) for x in self.x)

    def __len__(self) -> int:
        return self.epochs * self.of_epoch

    def __iter__(self) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(self.seed)
        for _ in range(self.epochs):
            for x, y in zip(self.x, self.y, strict=True):
                order = torch.randperm(len(x), generator=generator)
                for begin in range(0, len(x), self.batch):
                    rows = order[begin : begin + self.batch]
                    yield x[rows], y[rows]


class Watch(pl.Callback):
    """Looks at a network at the start and every few epochs: losses, and the state after every string."""

    def __init__(
        self, network: Recurrent, blocks: Sequence[Tensor], long: dict[int, tuple[Tensor, Tensor]], every: int
    ) -> None:
        self.network, self.blocks, self.long, self.every = network, blocks, long, every
        self.epochs: list[int] = []
        self.states: list[Tensor] = []
        self.said: list[Tensor] = []
        self.tested: list[dict[str, float]] = []

    def look(self, epoch: int) -> None:
        """Record the network as it is."""
        with torch.no_grad():
            states = torch.cat([self.network.state(x) for x in self.blocks])
            self.states.append(states)
            self.said.append(self.network.output(states))
            rows: dict[str, float] = {}
            for length, (x, y) in self.long.items():
                said = self.network(x)
                rows[f"loss_{length}"] = float(half_squared_error(said, y))
                rows[f"accuracy_{length}"] = float((said.argmax(1) == y.argmax(1)).double().mean())
            self.tested.append(rows)
        self.epochs.append(epoch)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        of_epoch = trainer.train_dataloader.dataset.of_epoch  # pyright: ignore[reportOptionalMemberAccess]  # there is one in training
        epoch, rest = divmod(batch_idx + 1, of_epoch)
        if not rest and epoch % self.every == 0:
            self.look(epoch)


def task_of(states: int, seed: int) -> Automaton:
    """The machine that is learnt: parity, or one that is drawn.

    >>> task_of(0, 0) is PARITY, task_of(5, 1).is_complete
    (True, True)
    """
    return random_automaton(states, SYMBOLS, seed=seed) if states else PARITY


def run_trial(setting: Sequences) -> Outcome:
    """Train; what the network says of longer and longer strings, and which machine it is, over training.

    Tables:

    - ``course``: a row a record: epoch, loss and accuracy (over the strings that are trained on), those of each longer
      length; for each threshold states, conflicts and whole (every string leads on); distance, the mean squared
      distance of pairs of strings drawn once, distance_agreeing and distance_others;
    - ``machines``: machines by the threshold of the whole training that have few states: a row for each epoch and
      state: state, output, zero and one (the states after these symbols);
    - ``mergers``: at the end, a row for each shorter and longer length: agreeing, merged, disagreeing, wrong;
    - ``parted``: merged pairs, some if there are many: shorter, longer, apart (how many thresholds they once were);
    - ``reading``: a row for each length at the end: accuracy of the network and of its machine, and how often both say
      the same.

    Values are the losses at both ends and of the best guess, which is the same for all strings; of the last machine by
    each threshold the states before (states) and after reduction (minimal), and whether it says what the task does
    after every string (is_task); and the states of the task. The empty string, of which the network is not asked, is
    taken to say what the task says.
    """
    task = minimal_automaton(task_of(setting.states, setting.task_seed))
    draws = np.random.default_rng(setting.seed)
    strings = all_strings(SYMBOLS, setting.length)
    rows = [_drawn(len(block), setting.share, draws) for block in strings[1:]]
    longer = {length: draws.integers(0, SYMBOLS, (_LONG, length)) for length in setting.tested}
    x, y = [_one_hot(block) for block in strings], [_targets(task, block) for block in strings]
    taught = [(x[n][torch.from_numpy(k)], y[n][torch.from_numpy(k)]) for n, k in enumerate(rows, 1) if len(k)]
    if not taught:
        raise ValueError(f"share must leave strings to train on, got none of {sum(map(len, x)) - 1} at {setting.share:g}")
    with repeatable(setting.threads):
        torch.manual_seed(setting.seed)
        network = Recurrent(setting.width, setting.nonlinearity, setting.gain)
        batches = StringBatches(
            [a for a, _ in taught], [b for _, b in taught], setting.batch, setting.epochs, setting.seed
        )
        watch = Watch(network, x, {n: (_one_hot(s), _targets(task, s)) for n, s in longer.items()}, setting.every)
        watch.look(0)
        diverged_at = fit(Supervised(network, setting.lr), batches, [watch])
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
    return Outcome(values={**seen.ends(), **losses}, tables=tables)


class Seen:
    """What was recorded of a training, and what it says of the machine.

    Args:
        strings: all, by length from 0 on.
        task: the least machine that is learnt.
        taught: which of all strings were trained on.
        watch: what was recorded.
    """

    def __init__(self, strings: Sequence[Integers], task: Automaton, taught: NDArray[np.bool_], watch: Watch) -> None:
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

    def course(self, draws: np.random.Generator) -> pd.DataFrame:
        """A row a record."""
        taught = torch.from_numpy(np.nonzero(self.taught)[0])
        targets = _classes(self.answers)[taught]
        first, second = draws.integers(1, len(self.strings), (2, _FOLLOWED))
        agree = self.classes[first] == self.classes[second]
        rows: list[dict[str, Any]] = []
        for record, (epoch, h) in enumerate(zip(self.watch.epochs, self.states, strict=True)):
            said = self.watch.said[record][taught]
            row: dict[str, Any] = {"epoch": epoch, "loss": float(half_squared_error(said, targets))}
            row["accuracy"] = float((said.argmax(1) == targets.argmax(1)).double().mean())
            row |= self.watch.tested[record]
            for kind in THRESHOLDS:
                found = self.extraction(kind, record)
                row |= {f"states_{kind}": len(found.automaton), f"conflicts_{kind}": found.conflicts}
                row[f"whole_{kind}"] = found.automaton.is_complete
            apart = np.square(h[first] - h[second]).sum(1)
            parts = {"distance": apart, "distance_agreeing": apart[agree], "distance_others": apart[~agree]}
            rows.append({**row, **{name: float(x.mean()) if x.size else float("nan") for name, x in parts.items()}})
        return pd.DataFrame(rows)

    def machines(self) -> pd.DataFrame:
        """The machines of few states."""
        columns = ["epoch", "state", "output", "zero", "one"]
        parts: list[pd.DataFrame] = []
        for record, epoch in enumerate(self.watch.epochs):
            machine = self.extraction("history", record).automaton
            if len(machine) <= _SHOWN:
                order = machine.reachable
                new = np.append(np.full(len(machine), -1), -1)
                new[order] = np.arange(len(order))  # the start is state 0
                after = new[machine.transitions[order]]
                values = (epoch, np.arange(len(order)), machine.outputs[order], *after.T)
                parts.append(pd.DataFrame(dict(zip(columns, values, strict=True))))
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

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
        ones = float(self.answers[self.taught].mean())
        values: dict[str, Any] = {"task": len(self.task), "strings": int(self.taught.sum()), "guess": ones * (1 - ones)}
        for kind in THRESHOLDS:
            machine = self.extraction(kind, -1).automaton
            values |= {f"states_{kind}": len(machine), f"minimal_{kind}": len(minimal_automaton(machine))}
            values[f"is_task_{kind}"] = equivalent_automata(machine, self.task)
        return values


def _drawn(count: int, share: float, draws: np.random.Generator) -> Integers:
    """Which of so many strings are trained on: all, or as many as a coin for each would take."""
    if share == 1:
        return np.arange(count)
    return np.sort(draws.permutation(count)[: draws.binomial(count, share)])


def _one_hot(strings: Integers) -> Tensor:
    return torch.nn.functional.one_hot(torch.from_numpy(strings), SYMBOLS).float()


def _classes(answers: Integers) -> Tensor:
    return torch.nn.functional.one_hot(torch.from_numpy(answers), 2).float()


def _targets(task: Automaton, strings: Integers) -> Tensor:
    return _classes(task.read(strings))


def _read(
    network: Recurrent, machine: Automaton, task: Automaton, length: int, draws: np.random.Generator
) -> dict[str, float]:
    """How network and machine do on strings of a length; where a transition is missing the machine is wrong."""
    strings = draws.integers(0, SYMBOLS, (_AT_THE_END, length))
    with torch.no_grad():
        said = network(_one_hot(strings)).argmax(1).numpy()
    by_machine, right = machine.read(strings), task.read(strings)
    return {
        "length": length,
        "accuracy": float((said == right).mean()),
        "accuracy_machine": float((by_machine == right).mean()),
        "alike": float((by_machine == said).mean()),
    }
