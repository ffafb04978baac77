"""trajectory and final_distance: shapes, size, and what they refuse; accuracy and laws have files of their own."""

import itertools
import re

import numpy as np
import pytest
from repdyn.numeric import Pair, Rates, State, final_distance, regime_number, trajectory

START, PAIR, RATES = State(0.1, 0.2, 0.1), Pair(1.0, 0.5), Rates(0.01, 0.02)
ENDS = [final_distance, regime_number]


def as_array(state):
    return np.stack(np.broadcast_arrays(state.dh2, state.dy2, state.w))


def test_every_argument_broadcasts_as_if_called_one_by_one() -> None:
    t, dh2, w, dx2, dy2_target, rate_h, rate_y = np.ix_(
        [0.0, 30.0], [0.1, 0.2], [0.1, 0.25], [0.5, 1.0], [0.4, 0.5], [0.01, 0.1], [0.02, 0.3]
    )
    whole = trajectory(t, State(dh2, 0.2, w), Pair(dx2, dy2_target), Rates(rate_h, rate_y))
    ends = [f(State(dh2, 0.2, w)[0], Pair(dx2[0], dy2_target[0]), Rates(rate_h[0], rate_y[0])) for f in ENDS]
    assert whole.dh2.shape == (2,) * 7
    for i in itertools.product(range(2), repeat=7):
        time, *numbers = (
            x[tuple(np.minimum(i, np.array(x.shape) - 1))] for x in (t, dh2, w, dx2, dy2_target, rate_h, rate_y)
        )
        start, pair, rates = State(numbers[0], 0.2, numbers[1]), Pair(*numbers[2:4]), Rates(*numbers[4:])
        np.testing.assert_allclose(as_array(whole[i]), as_array(trajectory(time, start, pair, rates)), rtol=1e-14)
        for end, f in zip(ends, ENDS, strict=True):
            assert end[i[1:]] == pytest.approx(f(start, pair, rates), rel=1e-14)


def test_numbers_give_numbers() -> None:
    assert all(type(x) is float for x in vars(trajectory(1, START, PAIR, RATES)).values())
    assert all(type(f(START, PAIR, RATES)) is float for f in ENDS)


def test_no_times_give_no_states() -> None:
    assert trajectory([], START, PAIR, RATES).dh2.shape == (0,)


def test_a_million_points_in_one_call() -> None:
    t = np.linspace(0, 1e4, 1_000_000)
    whole = trajectory(t, START, PAIR, RATES)
    assert whole.dh2.shape == t.shape
    some = slice(None, None, 99_999)
    np.testing.assert_array_equal(as_array(whole[some]), as_array(trajectory(t[some], START, PAIR, RATES)))


def test_many_starts_at_many_times_are_as_one_by_one() -> None:
    """More than are computed at once, along either axis, with what is one number along it."""
    t, dh2, rate_y = (
        np.linspace(0, 500, 7),
        np.linspace(0.1, 0.3, 3000)[:, None],
        np.linspace(0.01, 0.02, 3000)[:, None],
    )
    whole = trajectory(t, State(dh2, 0.2, 0.1), PAIR, Rates(0.01, rate_y))
    turned = trajectory(t[:, None], State(dh2.T, 0.2, 0.1), PAIR, Rates(0.01, rate_y.T))
    assert whole.dh2.shape == (3000, 7)
    np.testing.assert_array_equal(as_array(turned), as_array(whole).transpose(0, 2, 1))
    for i in (0, 1234, 2999):
        one = trajectory(t, State(dh2[i, 0], 0.2, 0.1), PAIR, Rates(0.01, rate_y[i, 0]))
        np.testing.assert_allclose(as_array(one), as_array(whole[i]), rtol=1e-14)


def test_times_far_beyond_the_end_are_the_end() -> None:
    with np.errstate(all="raise", under="ignore"):
        far = trajectory([1e6, 1e100, 1e300], START, PAIR, RATES)
    np.testing.assert_allclose(far.dh2, final_distance(START, PAIR, RATES), rtol=1e-14)
    np.testing.assert_allclose(far.dy2, PAIR.dy2, rtol=1e-14)


@pytest.mark.parametrize("t", [np.inf, np.nan, -1.0, [0.0, -2.5]])
def test_times_must_be_finite_and_not_negative(t) -> None:
    words = f"t must be finite and not negative, in training steps, got {np.min(t)}"
    hint = "; for t = inf use final_distance" if np.max(t) == np.inf else ""
    with pytest.raises(ValueError, match=f"{re.escape(words + hint)}$"):
        trajectory(t, START, PAIR, RATES)


REFUSED = {
    "Cauchy-Schwarz": (
        State(1, 1, [1, 3, 5]),
        PAIR,
        r"|dy2 - w| must be at most |dy| |dy*| (Cauchy-Schwarz), got 4 > 0.707107 at the start; check that w is "
        "dy2 - dy . dy* and that Pair.dy2 is the squared distance of the targets",
    ),
    "Cauchy-Schwarz, dy* = 0": (State(1, 1, 0.5), Pair(1, 0), "(Cauchy-Schwarz), got 0.5 > 0"),
    "dh2 = 0": (
        State([1, 0], 0, 0),
        PAIR,
        "the initial dh2 must be positive, got 0.0; two points with the same hidden representation cannot be told "
        "apart by the decoder",
    ),
    "dh2 < 0": (State(-1, 0, 0), PAIR, "dh2 is a squared distance and must not be negative, got -1.0"),
    "dy2 < 0": (State(1, [0, -2], 0), PAIR, "dy2 is a squared distance and must not be negative, got -2.0"),
}


@pytest.mark.parametrize(("start", "pair", "words"), REFUSED.values(), ids=REFUSED)
def test_an_impossible_start_is_refused_with_the_rule(start, pair, words) -> None:
    calls = [lambda: trajectory(1, start, pair, RATES), *(lambda f=f: f(start, pair, RATES) for f in ENDS)]
    for call in calls:
        with pytest.raises(ValueError, match=re.escape(words)):
            call()


def test_rounding_beyond_cauchy_schwarz_is_forgiven() -> None:
    """A measured start on the bound may exceed it in the last places; it counts as on the bound."""
    aligned = State(1.0, 0.32, 0.32 - np.sqrt(0.32 * 0.5))
    beyond = State(1.0, 0.32, aligned.w - 1e-8)
    later = [trajectory(50, start, PAIR, RATES) for start in (aligned, beyond)]
    np.testing.assert_allclose(as_array(later[1]), as_array(later[0]), rtol=1e-6)


def test_more_than_rounding_is_not_forgiven() -> None:
    with pytest.raises(ValueError, match="Cauchy-Schwarz"):
        trajectory(50, State(1.0, 0.32, 0.32 - 1.0001 * np.sqrt(0.32 * 0.5)), PAIR, RATES)


TWO, THREE = [0.5, 0.6], [0.5, 0.6, 0.7]


@pytest.mark.parametrize(
    ("t", "start", "pair", "rates", "shapes"),
    [
        (THREE, State(TWO, 0, 0), PAIR, RATES, "t (3,), start (2,)"),
        (0, State(TWO, 0, 0), Pair(THREE, 0.5), RATES, "start (2,), pair (3,)"),
        (0, State(TWO, 0, 0), Pair(1, THREE), RATES, "start (2,), pair (3,)"),
        (TWO, START, PAIR, Rates(1, THREE), "t (2,), rates (3,)"),
    ],
    ids=["t and start", "start and dx2", "start and dy2", "t and rates"],
)
def test_shapes_that_do_not_broadcast_are_named(t, start, pair, rates, shapes) -> None:
    words = f"shapes must broadcast as NumPy does, got {shapes}; add axes of length 1"
    with pytest.raises(ValueError, match=re.escape(words)):
        trajectory(t, start, pair, rates)
