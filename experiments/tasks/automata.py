"""Finite machines that read strings of 0 and 1: what a network that reads the same strings is asked to say."""

from __future__ import annotations

import numpy as np
from repdyn.numeric import Automaton, random_automaton

SYMBOLS = 2
"""0 and 1; and as many classes."""

PARITY = Automaton(np.array([[0, 1], [1, 0]]), np.array([0, 1]))
"""Whether the number of ones so far is odd."""


def task_of(states: int, seed: int) -> Automaton:
    """The machine that is learnt: parity, or one that is drawn.

    >>> task_of(0, 0) is PARITY, task_of(5, 1).is_complete
    (True, True)
    """
    return random_automaton(states, SYMBOLS, seed=seed) if states else PARITY
