"""The machine that a recurrent network has become: strings whose hidden states are near each other are one state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import shown

from ..arguments import number, real
from .automaton import MISSING, Automaton, Integers, checked_symbols, integers

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Extraction:
    """A machine, and how well it stands for what it was taken from.

    Attributes:
        automaton: a state for each cluster; which strings lead nowhere is -1.
        clusters: of each string, shape (n,).
        conflicts: strings that lead elsewhere than most of those that share a state and a symbol with them do.
        ambiguous: strings whose output is not that of most of their cluster.
        threshold: the distance below which hidden states are one.
    """

    automaton: Automaton
    clusters: Integers
    conflicts: int
    ambiguous: int
    threshold: float


def state_scale(hidden: ArrayLike) -> float:
    """How far hidden states spread: the norm over units of their standard deviation over strings.

    Args:
        hidden: shape (strings, units), two strings at least.

    Raises:
        TypeError: if they are no real numbers.
        ValueError: if they are not finite numbers of that shape.

    Source: van Rossem & Saxe (arXiv 2507.09897), whose thresholds are 0.01 and 0.1 times this.

    >>> state_scale([[0.0, 0.0], [3.0, 4.0]]).__round__(6)
    3.535534
    """
    h = checked_states(hidden)
    if len(h) < 2:
        raise ValueError(f"hidden must be states of two strings at least, got {len(h)}")
    return float(np.linalg.norm(h.std(axis=0, ddof=1)))


def automaton_of_states(
    strings: Sequence[Sequence[int]], hidden: ArrayLike, outputs: ArrayLike, *, threshold: float, symbols: int = 2
) -> Extraction:
    """Take a machine from the hidden states that strings lead to.

    String by string, in the order given: one joins the first cluster whose first member is nearer than the threshold,
    or begins one. A cluster is a state; where its strings, read one symbol on, lead to several states, most of them
    decide, and so they do on what it says. What is not so is counted, never silent.

    Args:
        strings: symbols from 0 on, each string once, with every string that one of them begins with, the empty one
            too.
        hidden: the state after each, shape (strings, units).
        outputs: what the network says after each, the number of a class, shape (strings,).
        threshold: positive. Networks have no one right value: compare several (:func:`state_scale`).
        symbols: how many there are.

    Raises:
        TypeError: if strings are no sequences, or hidden states or the threshold no real numbers.
        ValueError: if shapes do not match, a number is not finite, a string is there twice or without its beginning,
            a symbol is none, or the threshold is not positive.

    Source: van Rossem & Saxe (arXiv 2507.09897), whose last string decides where most do here.

    >>> strings = [(), (0,), (1,), (0, 0), (0, 1), (1, 0), (1, 1)]
    >>> hidden = [[sum(s) % 2 + 0.01 * len(s)] for s in strings]  # the parity of what was read
    >>> found = automaton_of_states(strings, hidden, [sum(s) % 2 for s in strings], threshold=0.1)
    >>> found.automaton.transitions.tolist(), found.conflicts
    ([[0, 1], [1, 0]], 0)
    """
    read, h, said = _strings(strings), checked_states(hidden), integers("outputs", outputs)
    if said.ndim != 1 or not len(read) == len(h) == len(said):
        raise ValueError(
            f"hidden and outputs must be of the {len(read)} strings, got shapes {h.shape} and {said.shape}"
        )
    near, alphabet = number("threshold", threshold), checked_symbols(symbols)
    if not 0 < near < np.inf:
        raise ValueError(f"threshold must be a positive number, got {near:g}")
    where = {s: k for k, s in enumerate(read)}
    if len(where) != len(read):
        raise ValueError(f"strings must each be there once, got {len(read) - len(where)} again")
    for s in read:
        if s[:-1] not in where:
            raise ValueError(f"strings must be there with what they begin with, got {shown(s)} without {shown(s[:-1])}")
        if s and not 0 <= s[-1] < alphabet:
            raise ValueError(f"strings must be of the symbols 0 to {alphabet - 1}, got {shown(s)}")
    clusters = _clusters(h, near)
    states = int(clusters.max()) + 1
    transitions = np.full((states, alphabet), MISSING, dtype=np.int64)
    votes = Counter((int(clusters[where[s[:-1]]]), s[-1], int(clusters[where[s]])) for s in read if s)
    for (state, symbol, after), _ in sorted(votes.items(), key=lambda x: (x[1], -x[0][2])):
        transitions[state, symbol] = after  # the last is what most say, of several the first
    outputs_of = np.zeros(states, dtype=np.int64)
    opinions = Counter(zip(map(int, clusters), map(int, said), strict=True))
    for (state, output), _ in sorted(opinions.items(), key=lambda x: (x[1], -x[0][1])):
        outputs_of[state] = output
    followed = sum(n for (state, symbol, after), n in votes.items() if transitions[state, symbol] == after)
    agreed = sum(n for (state, output), n in opinions.items() if outputs_of[state] == output)
    return Extraction(
        Automaton(transitions, outputs_of, int(clusters[where[()]])),
        clusters,
        votes.total() - followed,
        opinions.total() - agreed,
        near,
    )


def _strings(strings: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    try:
        each = [list(s) for s in strings]
    except Exception:  # an object may raise anything when it is gone through
        raise TypeError(f"strings must be a sequence of sequences of symbols, got {shown(strings)}") from None
    return [tuple(map(int, integers("strings", s))) for s in each]


def checked_states(hidden: ArrayLike) -> Array:
    """Hidden states, shape (strings, units).

    Raises:
        TypeError: if they are no real numbers.
        ValueError: if they are not finite numbers of that shape.
    """
    h = real("hidden", hidden)
    if h.ndim != 2 or not h.size or not np.isfinite(h).all():
        raise ValueError(f"hidden must be finite numbers of shape (strings, units), got shape {h.shape}")
    return h


def _clusters(h: Array, near: float) -> Integers:
    """The number of the cluster of each row: that of the first founder that is nearer than a distance."""
    clusters = np.full(len(h), MISSING, dtype=np.int64)
    left = np.arange(len(h))
    found = 0
    while left.size:  # the first that is left founds a cluster, which takes all that no earlier founder took
        close = cast(NDArray[np.bool_], np.square(h[left] - h[left[0]]).sum(1) < near**2)
        close[0] = True
        clusters[left[close]] = found
        left, found = left[~close], found + 1
    return clusters
