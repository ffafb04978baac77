"""The least machine that says the same: states that no future tells apart are one."""

from __future__ import annotations

import numpy as np
from repdyn.symbolic.arguments import instance

from .automaton import MISSING, Automaton, Integers


def minimal_automaton(automaton: Automaton) -> Automaton:
    """The machine with the fewest states that says the same after every string.

    States that cannot be reached are left out, and those that no string tells apart are one. Where a transition is
    missing nothing is said, which is told apart from everything that is. States are numbered as a search by breadth
    meets them from the start, so that machines that say the same have the same arrays.

    Raises:
        TypeError: if it is no automaton.

    Source: Moore (1956), by refining a partition of the states until no symbol parts what is together.

    >>> twice = Automaton([[2, 1], [3, 0], [0, 1], [1, 2]], [0, 1, 0, 1])  # parity, with every state there twice
    >>> minimal_automaton(twice).transitions.tolist()
    [[0, 1], [1, 0]]
    """
    given = instance("automaton", automaton, Automaton)
    classes = indistinguishable(given)
    first = np.unique(classes, return_index=True)[1]  # a state of each class
    after = given.transitions[first]
    merged = Automaton(
        np.where(after == MISSING, MISSING, classes[after]), given.outputs[first], int(classes[given.start])
    )
    order = merged.reachable
    new = np.full(len(merged) + 1, MISSING, dtype=np.int64)  # the last is what is missing
    new[order] = np.arange(len(order))
    return Automaton(new[merged.transitions[order]], merged.outputs[order])


def indistinguishable(automaton: Automaton) -> Integers:
    """The class of each state, shape (states,): two states are in one if after any string they say the same.

    Raises:
        TypeError: if it is no automaton.

    >>> indistinguishable(Automaton([[1, 2], [1, 1], [2, 2]], [0, 1, 1])).tolist()
    [0, 1, 1]
    """
    given = instance("automaton", automaton, Automaton)
    classes = np.unique(given.outputs, return_inverse=True)[1].astype(np.int64)
    while True:
        behind = np.append(classes, MISSING)[given.transitions]
        finer = np.unique(np.column_stack([classes, behind]), axis=0, return_inverse=True)[1].ravel().astype(np.int64)
        if finer.max() == classes.max():
            return classes
        classes = finer


def equivalent_automata(first: Automaton, second: Automaton) -> bool:
    """Whether two machines say the same after every string.

    Raises:
        TypeError: if one is no automaton.

    >>> equivalent_automata(Automaton([[0, 1], [1, 0]], [0, 1]), Automaton([[0, 1], [1, 0]], [1, 0]))
    False
    """
    one = minimal_automaton(instance("first", first, Automaton))
    other = minimal_automaton(instance("second", second, Automaton))
    return np.array_equal(one.transitions, other.transitions) and np.array_equal(one.outputs, other.outputs)
