"""A finite machine that reads symbols and says something in each of its states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import shown

from ..arguments import number, whole

Integers = NDArray[np.int64]

MISSING = -1
"""In place of a state: a transition that is not known."""

MOST_SYMBOLS = 1_000_000

_MOST_STRINGS = 2**24


@dataclass(frozen=True, eq=False)
class Automaton:
    """A deterministic finite automaton whose states have outputs (a Moore machine).

    Attributes:
        transitions: the state after each state and symbol, shape (states, symbols); -1 where none is known.
        outputs: what each state says, a whole number, such as the number of a class, shape (states,).
        start: the state before the first symbol.

    Raises:
        ValueError: if these are not whole numbers of such shapes, or name a state that is not there.

    >>> parity = Automaton([[0, 1], [1, 0]], [0, 1])
    >>> parity.read([[1, 0, 1], [1, 1, 1]]).tolist()
    [0, 1]
    """

    transitions: Integers
    outputs: Integers
    start: int = 0

    def __post_init__(self) -> None:
        transitions = integers("transitions", self.transitions)
        if transitions.ndim != 2 or not transitions.size:
            raise ValueError(
                f"transitions must be of shape (states, symbols), of one at least, got shape {transitions.shape}"
            )
        count = len(transitions)
        if transitions.min() < MISSING or transitions.max() >= count:
            raise ValueError(
                f"transitions must lead to states from 0 to {count - 1}, or be -1 where none is known, got "
                f"{transitions.min()} to {transitions.max()}"
            )
        outputs = integers("outputs", self.outputs)
        if outputs.shape != (count,):
            raise ValueError(f"outputs must be a number for each of the {count} states, got shape {outputs.shape}")
        start = whole("start", self.start, 0)
        if start >= count:
            raise ValueError(f"start must be a state, from 0 to {count - 1}, got {start}")
        for name, value in (("transitions", transitions), ("outputs", outputs)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "start", start)

    def __len__(self) -> int:
        return len(self.transitions)

    @property
    def symbols(self) -> int:
        """How many symbols it reads; they are counted from 0."""
        return self.transitions.shape[1]

    @property
    def reachable(self) -> Integers:
        """The states that some string leads to, in the order in which a search by breadth meets them."""
        order = [self.start]
        seen = {MISSING, self.start}
        for state in order:
            for after in map(int, self.transitions[state]):
                if after not in seen:
                    seen.add(after)
                    order.append(after)
        return np.array(order, dtype=np.int64)

    @property
    def is_complete(self) -> bool:
        """Whether no transition of a state that can be reached is missing, so that every string leads somewhere."""
        return bool((self.transitions[self.reachable] != MISSING).all())

    def states_after(self, strings: ArrayLike) -> Integers:
        """The states that strings of one length lead to, shape (n,); -1 where a transition is missing.

        Args:
            strings: symbols from 0 on, shape (n, length).

        Raises:
            ValueError: if they are not whole numbers of that shape, or not symbols of this machine.
        """
        read = integers("strings", strings)
        if read.ndim != 2:
            raise ValueError(f"strings must be of shape (strings, length), got shape {read.shape}")
        if read.size and (read.min() < 0 or read.max() >= self.symbols):
            raise ValueError(
                f"strings must be of the symbols 0 to {self.symbols - 1}, got {read.min()} to {read.max()}"
            )
        after = np.vstack([self.transitions, np.full(self.symbols, MISSING)])  # nothing follows what is missing
        state = np.full(len(read), self.start, dtype=np.int64)
        for symbol in read.T:
            state = after[state, symbol]
        return state

    def read(self, strings: ArrayLike) -> Integers:
        """What it says after strings of one length, shape (n,); -1 where a transition is missing.

        Args:
            strings: symbols from 0 on, shape (n, length).

        Raises:
            ValueError: as :meth:`states_after`.
        """
        states = self.states_after(strings)
        return np.where(states == MISSING, MISSING, self.outputs[states])


def integers(name: str, value: Any) -> Integers:
    """An array of whole numbers.

    Raises:
        ValueError: if it is anything else.
    """
    try:
        array = np.asarray(value)
    except Exception:  # an object may raise anything when it is asked for an array
        array = np.asarray(None)
    if array.dtype.kind not in "iu" and array.size:
        raise ValueError(f"{name} must be whole numbers, got {shown(value)}")
    return array.astype(np.int64)


def checked_symbols(value: Any) -> int:
    """How many symbols there are.

    Raises:
        ValueError: if it is not a whole number of at least 1, or more than can be told apart in a table.
    """
    count = whole("symbols", value, 1)
    if count > MOST_SYMBOLS:
        raise ValueError(f"symbols must be at most {MOST_SYMBOLS:,}, got {shown(count)}")
    return count


def random_automaton(states: int, symbols: int = 2, *, new: float = 0.75, outputs: int = 2, seed: int = 0) -> Automaton:
    """A machine drawn state by state, as a tree that closes.

    The oldest state that is not finished gets its transitions, symbol by symbol: to a new state with some probability
    while there are fewer than may be, and else to one that there is, but not to the start. The start leads to a new
    state by every symbol.

    Args:
        states: the most states.
        symbols: how many symbols it reads, at most ``states - 1``.
        new: the probability of a new state, from 0 to 1.
        outputs: how many different outputs states may have, drawn with equal chance.
        seed: of what is drawn.

    Raises:
        TypeError: if the probability is no real number.
        ValueError: if a number is not a whole one that it may be, or the probability is none.

    Source: van Rossem & Saxe (arXiv 2507.09897), random regular tasks.

    >>> machine = random_automaton(7, seed=1)
    >>> machine.is_complete, len(machine) <= 7
    (True, True)
    """
    count, kinds = whole("states", states, 2), whole("outputs", outputs, 1)
    if kinds > MOST_SYMBOLS:
        raise ValueError(f"outputs must be at most {MOST_SYMBOLS:,}, got {shown(kinds)}")
    read = checked_symbols(symbols)
    if read > count - 1:
        raise ValueError(f"symbols must be at most states - 1, {count - 1}, got {read}: the start has a state for each")
    probability = number("new", new)
    if not 0 <= probability <= 1:
        raise ValueError(f"new must be a probability, from 0 to 1, got {probability:g}")
    draws = np.random.default_rng(whole("seed", seed, 0))
    table: list[list[int]] = []
    there = 1
    while len(table) < there:
        row: list[int] = []
        for _ in range(read):
            fresh = not table or (there < count and draws.random() < probability)
            row.append(there if fresh else int(draws.integers(1, there)))
            there += fresh
        table.append(row)
    return Automaton(np.array(table), draws.integers(0, kinds, there))


def all_strings(symbols: int, length: int) -> Sequence[Integers]:
    """All strings up to a length, one array for each length from 0 on, in lexical order, shape (symbols^l, l).

    Raises:
        ValueError: if a number is not a whole one that it may be.

    >>> [x.tolist() for x in all_strings(2, 1)]
    [[[]], [[0], [1]]]
    """
    count, longest = checked_symbols(symbols), whole("length", length, 0)
    if longest > _MOST_STRINGS or count**longest > _MOST_STRINGS:
        raise ValueError(
            f"length must leave at most {_MOST_STRINGS:,} strings of {count} symbols, got {shown(longest)}"
        )
    found = [np.zeros((1, 0), dtype=np.int64)]
    for _ in range(longest):
        last = found[-1]
        found.append(np.column_stack([np.repeat(last, count, axis=0), np.tile(np.arange(count), len(last))]))
    return found
