"""Finite machines: the least one, what is taken from hidden states, and which strings merged, each by brute force."""

import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repdyn.numeric import (
    Automaton,
    all_strings,
    automaton_of_states,
    equivalent_automata,
    indistinguishable,
    merged_pairs,
    minimal_automaton,
    random_automaton,
    state_scale,
)

PARITY = Automaton([[0, 1], [1, 0]], [0, 1])


@st.composite
def machines(draw, complete=False):
    states, symbols = draw(st.integers(1, 6)), draw(st.integers(1, 2))
    transitions = st.integers(0 if complete else -1, states - 1)
    table = [[draw(transitions) for _ in range(symbols)] for _ in range(states)]
    return Automaton(table, [draw(st.integers(0, 1)) for _ in range(states)], draw(st.integers(0, states - 1)))


def walked(machine, string):
    """What it says, step by step."""
    state = machine.start
    for symbol in string:
        state = int(machine.transitions[state, symbol])
        if state == -1:
            return -1
    return int(machine.outputs[state])


def says(machine, length):
    """What it says after every string up to a length."""
    return {s: walked(machine, s) for n in range(length + 1) for s in product(range(machine.symbols), repeat=n)}


@settings(deadline=None, max_examples=60)
@given(machines())
def test_the_least_machine_says_the_same_with_a_state_for_each_future(machine) -> None:
    least = minimal_automaton(machine)
    length = 2 * len(machine)
    answers = says(machine, min(length, 10))
    assert says(least, min(length, 10)) == answers
    # A state for each way in which what follows can be answered: futures of the length of the machine tell all apart.
    reach = len(machine)
    suffixes = [s for n in range(reach + 1) for s in product(range(machine.symbols), repeat=n)]
    futures = {
        tuple(walked(Automaton(machine.transitions, machine.outputs, k), s) for s in suffixes)
        for k in map(int, machine.reachable)
    }
    assert len(least) == len(futures)
    again = minimal_automaton(least)
    assert again.transitions.tolist() == least.transitions.tolist()


@settings(deadline=None, max_examples=60)
@given(machines(), st.randoms(use_true_random=False))
def test_machines_that_say_the_same_are_equivalent_and_others_not(machine, random) -> None:
    order = list(range(len(machine)))
    random.shuffle(order)
    place = np.append(np.argsort(order), -1)
    other = Automaton(place[machine.transitions[order]], machine.outputs[order], int(place[machine.start]))
    assert equivalent_automata(machine, other)
    outputs = machine.outputs.copy()
    outputs[machine.start] = 1 - outputs[machine.start]
    assert not equivalent_automata(machine, Automaton(machine.transitions, outputs, machine.start))


@settings(deadline=None, max_examples=60)
@given(machines())
def test_many_strings_are_read_at_once(machine) -> None:
    for strings in all_strings(machine.symbols, 4):
        assert machine.read(strings).tolist() == [walked(machine, s) for s in strings.tolist()]
    assert machine.is_complete == (-1 not in says(machine, len(machine)).values())


def test_all_strings_are_each_there_once_in_lexical_order() -> None:
    for length, strings in enumerate(all_strings(3, 3)):
        assert [tuple(s) for s in strings.tolist()] == list(product(range(3), repeat=length))


@pytest.mark.parametrize("seed", range(5))
def test_a_drawn_machine_closes_and_its_start_is_never_met_again(seed: int) -> None:
    machine = random_automaton(7, seed=seed)
    assert machine.is_complete
    assert sorted(machine.reachable.tolist()) == list(range(len(machine)))
    assert 0 not in machine.transitions
    assert machine.transitions[0].tolist() == [1, 2]
    assert equivalent_automata(machine, random_automaton(7, seed=seed))
    assert len(random_automaton(7, new=1.0, seed=seed)) == 7
    assert len(random_automaton(7, new=0.0, seed=seed)) == 3


# From hidden states.

STRINGS = [tuple(s) for block in all_strings(2, 6) for s in block.tolist()]


def lived(machine, *, copies, noise, seed=0):
    """Hidden states of a network that is the machine, with some states there several times."""
    draws = np.random.default_rng(seed)
    places = draws.normal(size=(len(machine), copies, 8))
    of = np.array([int(machine.states_after([s])[0]) for s in STRINGS])
    which = np.array([sum(s[-2:]) % copies for s in STRINGS])
    return places[of, which] + noise * draws.normal(size=(len(STRINGS), 8)) / 8, machine.outputs[of]


@pytest.mark.parametrize("seed", range(6))
def test_what_a_network_has_become_is_found_though_states_are_there_twice(seed: int) -> None:
    task = random_automaton(5, seed=seed)
    hidden, outputs = lived(task, copies=2, noise=0.01, seed=seed)
    found = automaton_of_states(STRINGS, hidden, outputs, threshold=0.2)
    assert len(found.automaton) > len(minimal_automaton(task))
    assert found.ambiguous == 0
    assert equivalent_automata(found.automaton, task)


def greedily(hidden, near):
    """Clusters as they are defined, string by string."""
    founders, clusters = [], []
    for h in hidden:
        close = [k for k, f in enumerate(founders) if np.linalg.norm(h - f) < near]
        if not close:
            founders.append(h)
        clusters.append(close[0] if close else len(founders) - 1)
    return clusters


@pytest.mark.parametrize("near", [0.3, 1.0, 3.0])
def test_a_string_joins_the_first_cluster_that_is_near(near: float) -> None:
    hidden = np.random.default_rng(0).normal(size=(len(STRINGS), 3))
    found = automaton_of_states(STRINGS, hidden, np.zeros(len(STRINGS), dtype=int), threshold=near)
    assert found.clusters.tolist() == greedily(hidden, near)
    votes = {}
    for s, k in zip(STRINGS, found.clusters.tolist(), strict=True):
        if s:
            votes.setdefault((int(found.clusters[STRINGS.index(s[:-1])]), s[-1]), []).append(k)
    most = {key: max(map(after.count, after)) for key, after in votes.items()}
    assert found.conflicts == sum(len(after) - most[key] for key, after in votes.items())
    for (state, symbol), after in votes.items():
        assert after.count(int(found.automaton.transitions[state, symbol])) == most[state, symbol]
    assert (found.automaton.transitions == -1).sum() == 2 * len(found.automaton) - len(votes)


def test_outputs_of_a_cluster_are_those_of_most_and_the_others_are_counted() -> None:
    strings = [(), (0,), (0, 0)]
    found = automaton_of_states(strings, np.zeros((3, 1)), [1, 3, 3], threshold=1.0, symbols=1)
    assert (found.automaton.outputs.tolist(), found.ambiguous, found.conflicts) == ([3], 1, 0)


def test_the_scale_of_states_is_that_of_their_distances() -> None:
    hidden = np.random.default_rng(0).normal(size=(50, 4))
    apart = [np.sum((a - b) ** 2) for i, a in enumerate(hidden) for b in hidden[:i]]
    assert state_scale(hidden) == pytest.approx(np.sqrt(np.mean(apart) / 2))  # mean over pairs: twice the variance


def test_merged_pairs_are_counted_pair_by_pair() -> None:
    draws = np.random.default_rng(0)
    hidden, lengths, classes = draws.normal(size=(40, 2)), draws.integers(0, 4, 40), draws.integers(0, 3, 40)
    found = merged_pairs(hidden, lengths, classes, threshold=0.8)
    tables = {name: np.zeros((4, 4), dtype=int) for name in ("agreeing", "merged", "disagreeing", "wrong")}
    for i in range(40):
        for j in range(i):
            cell = tuple(sorted((int(lengths[i]), int(lengths[j]))))
            near = np.linalg.norm(hidden[i] - hidden[j]) < 0.8
            names = ("agreeing", "merged") if classes[i] == classes[j] else ("disagreeing", "wrong")
            tables[names[0]][cell] += 1
            tables[names[1]][cell] += near
    for name, table in tables.items():
        assert getattr(found, name).tolist() == table.tolist()
    assert found.share == tables["merged"].sum() / tables["agreeing"].sum()
    assert found.right == tables["merged"].sum() / (tables["merged"] + tables["wrong"]).sum()
    np.testing.assert_allclose(found.share_by_shorter, tables["merged"].sum(1) / tables["agreeing"].sum(1))


def test_where_nothing_agrees_no_share_is_told() -> None:
    found = merged_pairs([[0.0], [1.0]], [1, 2], [0, 1], threshold=0.1)
    assert np.isnan([found.share, found.right, found.share_by_shorter[1]]).all()


def test_states_that_nothing_tells_apart_are_one_class() -> None:
    assert indistinguishable(Automaton([[1, 2], [1, 1], [1, 2]], [0, 1, 0])).tolist() == [0, 1, 0]


GOOD = {"strings": [(), (0,)], "hidden": [[0.0], [1.0]], "outputs": [0, 1], "threshold": 0.5}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Automaton([0, 1], [0, 1]), "transitions must be of shape (states, symbols), of one at least, got sha"),
        (lambda: Automaton([[2]], [0]), "transitions must lead to states from 0 to 0, or be -1 where none is known, g"),
        (lambda: Automaton([[0]], [0, 1]), "outputs must be a number for each of the 1 states, got shape (2,)"),
        (lambda: Automaton([[0.5]], [0]), "transitions must be whole numbers, got"),
        (lambda: Automaton([[0]], [0], 1), "start must be a state, from 0 to 0, got 1"),
        (lambda: PARITY.read([0, 1]), "strings must be of shape (strings, length), got shape (2,)"),
        (lambda: PARITY.read([[0, 2]]), "strings must be of the symbols 0 to 1, got 0 to 2"),
        (lambda: random_automaton(2), "symbols must be at most states - 1, 1, got 2: the start has a state for each"),
        (lambda: random_automaton(5, new=1.5), "new must be a probability, from 0 to 1, got 1.5"),
        (lambda: automaton_of_states(**{**GOOD, "outputs": [0]}), "hidden and outputs must be of the 2 strings, got s"),
        (lambda: automaton_of_states(**{**GOOD, "threshold": 0.0}), "threshold must be a positive number, got 0"),
        (lambda: automaton_of_states(**{**GOOD, "strings": [(), ()]}), "strings must each be there once, got 1 again"),
        (
            lambda: automaton_of_states(**{**GOOD, "strings": [(), (0, 1)]}),
            "strings must be there with what they begin with, got (0, 1) without (0,)",
        ),
        (lambda: automaton_of_states(**{**GOOD, "strings": [(), (2,)]}), "strings must be of the symbols 0 to 1, got"),
        (lambda: automaton_of_states(**{**GOOD, "hidden": [[np.nan], [0]]}), "hidden must be finite numbers of shape"),
        (lambda: state_scale([[1.0]]), "hidden must be states of two strings at least, got 1"),
        (lambda: merged_pairs([[0.0]], [0, 1], [0], threshold=1.0), "lengths and classes must be of 1 strings, got sh"),
        (lambda: merged_pairs([[0.0]], [-1], [0], threshold=1.0), "lengths must not be negative, got -1"),
        (lambda: merged_pairs([[0.0]], [1], [0], threshold=np.inf), "threshold must be a positive number, got inf"),
    ],
)  # fmt: skip
def test_what_is_refused(call, words) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        call()
