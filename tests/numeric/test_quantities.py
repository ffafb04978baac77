"""State, Pair and Rates: immutable values that say what is wrong with what they are given."""

import copy
import itertools
import pickle
import re
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from repdyn.numeric import Pair, Rates, State, inner_products
from repdyn.numeric.quantities import increasing_times

VALUES = [State(0.1, 0.2, 0.3), Pair(0.1, 0.2), Rates(0.1, 0.2)]
KINDS = pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)


def fields(value):
    return list(vars(value))


@KINDS
def test_fields_cannot_be_assigned(value) -> None:
    for name in fields(value):
        with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(value, name, 1.0)


@KINDS
def test_arrays_are_copied_and_read_only(value) -> None:
    source = np.array([1.0, 2.0])
    for name in fields(value):
        array = getattr(type(value)(**{**vars(value), name: source}), name)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
        source += 1
        assert array[0] == source[0] - 1


@KINDS
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_is_as_read_only_as_what_it_is_of(value, again) -> None:
    arrays = type(value)(**{name: np.array([1.0, 2.0]) for name in fields(value)})
    assert again(value) == value
    copied = again(arrays)
    assert copied == arrays
    assert type(copied) is type(arrays)
    for name in fields(value):
        with pytest.raises(ValueError, match="read-only"):
            getattr(copied, name)[0] = 3.0


@KINDS
def test_numbers_stay_floats_and_lists_become_arrays(value) -> None:
    first, *rest = fields(value)
    kind = type(value)
    assert type(getattr(kind(**{**vars(value), first: 1}), first)) is float
    assert getattr(kind(**{**vars(value), first: [1, 2]}), first).dtype == np.float64
    assert all(type(getattr(kind(**{**vars(value), first: [1, 2]}), name)) is float for name in rest)


@KINDS
def test_equality_is_by_value(value) -> None:
    kind, numbers = type(value), vars(value)
    first = fields(value)[0]
    assert value == kind(**numbers)
    assert value != kind(**{**numbers, first: 0.7})
    assert kind(**{**numbers, first: [0.1, 0.2]}) == kind(**{**numbers, first: np.array([0.1, 0.2])})
    assert kind(**{**numbers, first: [0.1, 0.2]}) != kind(**{**numbers, first: [0.1, 0.3]})


def test_values_of_different_kinds_differ() -> None:
    assert Pair(0.1, 0.2) != Rates(0.1, 0.2)


@KINDS
def test_they_have_no_hash_since_they_may_hold_arrays(value) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(value)


@pytest.mark.parametrize("wrong", ["far", [[1], [1, 2]], 1j, np.array([1j]), "1.5"], ids=repr)
@KINDS
def test_only_real_numbers_are_accepted(value, wrong) -> None:
    for name in fields(value):
        words = f"{type(value).__name__}.{name} must be a real number or an array of them, got {wrong!r}"
        with pytest.raises(TypeError, match=re.escape(words)):
            type(value)(**{**vars(value), name: wrong})


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@KINDS
def test_only_finite_numbers_are_accepted(value, wrong) -> None:
    for name in fields(value):
        words = f"{type(value).__name__}.{name} must be finite, got {wrong}"
        for given in (wrong, [0.1, wrong]):
            with pytest.raises(ValueError, match=words):
                type(value)(**{**vars(value), name: given})


def test_a_diverged_run_is_told_what_to_do() -> None:
    with pytest.raises(ValueError, match="got nan; leave out samples that are gaps, and what follows a divergence"):
        State([0.1, np.nan], 0.2, 0.3)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Pair(0, 1), "Pair.dx2 must be positive, got 0.0; choose two points with different inputs"),
        (lambda: Pair([1, -2], 1), "Pair.dx2 must be positive, got -2.0; choose two points with different inputs"),
        (lambda: Pair(1, -1), "Pair.dy2 must be non-negative, got -1.0; it is the squared distance of the two targets"),
        (lambda: Rates(0, 1), "Rates.h must be positive, got 0.0; a rate is 1/tau, in units of 1/(training step)"),
        (
            lambda: Rates(1, [1, -0.5]),
            "Rates.y must be positive, got -0.5; a rate is 1/tau, in units of 1/(training step)",
        ),
    ],
)
def test_a_number_out_of_range_is_quoted_with_the_rule(make, words) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        make()


def test_agreeing_targets_are_a_pair() -> None:
    assert Pair(1, 0).dy2 == 0


@pytest.mark.parametrize(
    ("make", "shapes"),
    [
        (lambda: State([1, 2], [1, 2, 3], 0), "State.dh2 (2,), State.dy2 (3,)"),
        (lambda: Pair([1, 2], [[1], [2], [3], [4]]), None),
        (lambda: Pair([1, 2], [1, 2, 3]), "Pair.dx2 (2,), Pair.dy2 (3,)"),
        (lambda: Rates([[1, 2]], [1, 2, 3]), "Rates.h (1, 2), Rates.y (3,)"),
    ],
)
def test_fields_broadcast_or_every_shape_is_named(make, shapes) -> None:
    if shapes is None:
        assert np.shape(make().dy2) == (4, 1)
    else:
        words = f"shapes must broadcast as NumPy does, got {shapes}; add axes of length 1"
        with pytest.raises(ValueError, match=re.escape(words)):
            make()


def test_a_measured_state_is_made_of_inner_products() -> None:
    rng = np.random.default_rng(0)
    dh, dy, dy_target = rng.normal(size=(5, 7)), rng.normal(size=(5, 3)), rng.normal(size=3)
    state = State.measured(dh, dy, dy_target)
    for i in range(5):
        assert state.dh2[i] == pytest.approx(sum(x**2 for x in dh[i]))
        assert state.dy2[i] == pytest.approx(sum(x**2 for x in dy[i]))
        assert state.w[i] == pytest.approx(
            sum(x**2 for x in dy[i]) - sum(a * b for a, b in zip(dy[i], dy_target, strict=True))
        )
    assert State(*inner_products(dh, dy, dy_target)) == state


def test_inner_products_of_a_diverged_run_are_not_refused() -> None:
    assert np.isnan(inner_products([np.nan], [1.0], [1.0])[0])


def test_vectors_whose_square_vanishes_are_refused_and_vectors_that_are_0_are_not() -> None:
    words = r"dh must be 0 or long enough for its square to be a number of all digits, got one with an entry of 1e-170"
    with pytest.raises(ValueError, match=words):
        State.measured(dh=[[1.0, 0.0], [0.0, -1e-170]], dy=[1.0], dy_target=[2.0])
    with pytest.raises(ValueError, match="dy must be 0 or long enough"):
        State.measured(dh=[1.0], dy=[1e-155], dy_target=[2.0])
    assert State.measured(dh=[[1.0], [0.0]], dy=[0.0], dy_target=[2.0]).dh2.tolist() == [1.0, 0.0]


def test_outputs_and_targets_of_different_size_are_not_broadcast() -> None:
    with pytest.raises(ValueError, match="dy_target"):
        State.measured(dh=[1.0, 2.0], dy=[1.0], dy_target=[1.0, 2.0, 3.0])


def test_a_state_is_indexed_over_its_broadcast_fields() -> None:
    state = State([[0.1], [0.2]], [0.3, 0.4, 0.5], 0.0)
    assert state[1] == State([0.2] * 3, [0.3, 0.4, 0.5], [0.0] * 3)
    assert state[:, -1] == State([0.1, 0.2], [0.5, 0.5], [0.0, 0.0])
    assert state[0, 1] == State(0.1, 0.4, 0.0)


def test_a_state_of_numbers_has_no_index() -> None:
    with pytest.raises(IndexError, match="too many indices"):
        State(0.1, 0.2, 0.3)[0]


@pytest.mark.parametrize("times", [[0, 2, 1], [0, 1, 1], [5, 4, 3]])
def test_times_that_do_not_increase_are_quoted(times) -> None:
    before, after = next((a, b) for a, b in itertools.pairwise(times) if b <= a)
    with pytest.raises(ValueError, match=f"drop repeated ones: {after} follows {before}$"):
        increasing_times(times)


@pytest.mark.parametrize("wrong", [np.nan, -1.0])
def test_only_an_infinite_time_is_told_of_the_end(wrong: float) -> None:
    with pytest.raises(ValueError, match=f"t must be finite and not negative, in training steps, got {wrong}$"):
        increasing_times([0.0, wrong, 2.0])
    with pytest.raises(ValueError, match=r"got inf; for t = inf use final_distance$"):
        increasing_times([0.0, 1.0, np.inf])


def test_what_others_can_write_to_is_copied() -> None:
    mine, seen = np.array([0.1, 0.2]), np.array([0.1, 0.2])
    seen.setflags(write=False)
    views = [mine, mine[:], np.broadcast_to(mine, (3, 2)), np.broadcast_arrays(mine, np.zeros((3, 1)))[0]]
    states = [State(view, 0.0, 0.0) for view in views]
    mine[0] = 5.0
    assert all(np.max(state.dh2) == 0.2 for state in states)
    assert State(seen, 0.0, 0.0).dh2 is seen
