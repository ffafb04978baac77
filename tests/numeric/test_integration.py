"""integrate, the oracle: it agrees with the closed form, which knows nothing of it."""

import re

import numpy as np
import pytest
from hypothesis import given
from repdyn.numeric import Pair, Rates, State, integrate, trajectory
from starts import all_pairs, crossing_pairs

START, PAIR, RATES = State(0.1, 0.2, 0.1), Pair(1.0, 0.5), Rates(0.01, 0.02)


def assert_same_path(found, expected, relative):
    """Each scalar within ``relative`` of its largest value on the way; w, of the largest of its two terms."""
    with np.errstate(under="ignore"):
        sizes = expected.dh2, expected.dy2, np.abs(expected.dy2) + np.abs(expected.dy2 - expected.w)
    for name, size in zip(("dh2", "dy2", "w"), sizes, strict=True):
        error = np.abs(getattr(found, name) - getattr(expected, name))
        assert error.max() <= relative * size.max(), name


@given(all_pairs)
def test_it_agrees_with_the_closed_form(problem) -> None:
    t = np.linspace(0, 20, 21) * problem.relaxation
    assert_same_path(integrate(t, *problem), trajectory(t, *problem), 1e-7)


@given(crossing_pairs())
def test_it_agrees_where_dh_passes_through_zero(problem) -> None:
    t = np.linspace(0, 20, 201) * problem.relaxation
    exact = trajectory(t, *problem)
    product = exact.dy2 - exact.w
    assert product[0] < 0 < product[-1]
    assert_same_path(integrate(t, *problem), exact, 1e-7)


def test_times_may_come_in_any_order_and_repeat() -> None:
    t = np.array([[30.0, 0.0, 5.0], [5.0, 100.0, 0.0]])
    assert_same_path(integrate(t, START, PAIR, RATES), trajectory(t, START, PAIR, RATES), 1e-7)


def test_every_argument_broadcasts() -> None:
    t, dh2, dy2_target, rate_y = np.ix_([0.0, 40.0], [0.1, 0.3], [0.4, 0.5], [0.02, 0.2])
    problem = State(dh2, 0.2, 0.1), Pair(1.0, dy2_target), Rates(0.01, rate_y)
    found = integrate(t, *problem)
    assert found.dh2.shape == (2, 2, 2, 2)
    assert_same_path(found, trajectory(t, *problem), 1e-7)


def test_numbers_give_numbers_and_no_times_no_states() -> None:
    assert all(type(x) is float for x in vars(integrate(3, START, PAIR, RATES)).values())
    assert integrate([], START, PAIR, RATES).dh2.shape == (0,)


def test_a_finer_tolerance_is_more_accurate() -> None:
    exact = trajectory(200.0, START, PAIR, RATES)
    coarse, fine = (abs(integrate(200.0, START, PAIR, RATES, rtol=rtol).dh2 - exact.dh2) for rtol in (1e-4, 1e-12))
    assert fine < 1e-9 < coarse


@pytest.mark.parametrize("rtol", [0.0, 1e-14, 0.1, np.nan])
def test_a_tolerance_that_cannot_be_met_is_refused(rtol) -> None:
    with pytest.raises(ValueError, match=f"rtol must be between 1e-13 and 1e-2, got {rtol}"):
        integrate(1.0, START, PAIR, RATES, rtol=rtol)


@pytest.mark.parametrize(
    ("t", "start", "words"),
    [
        (-1.0, START, "t must be finite and not negative, in training steps, got -1.0"),
        (1.0, State(0, 0, 0), "the initial dh2 must be positive, got 0.0"),
        (1.0, State(1, 1, 5), "|dy2 - w| must be at most |dy| |dy*| (Cauchy-Schwarz), got 4 > 0.707107"),
        ([1.0, 2.0, 3.0], State([1, 2], 0, 0), "shapes must broadcast as NumPy does, got t (3,), start (2,)"),
    ],
)
def test_it_refuses_what_the_closed_form_refuses(t, start, words) -> None:
    for solve in (integrate, trajectory):
        with pytest.raises(ValueError, match=re.escape(words)):
            solve(t, start, PAIR, RATES)


@pytest.mark.parametrize("t", [1.0, [0.0, 1.0]], ids=str)
def test_rates_that_are_no_numbers_are_said(t) -> None:
    overflowing = State(1e200, 1.0, 0.5), Pair(1.0, 0.5), Rates(1e100, 1e100)
    with pytest.raises(ArithmeticError, match="the integrator gave up where a rate of the theory is no number: "):
        integrate(t, *overflowing)


def test_a_pair_that_has_no_time_to_move_stays() -> None:
    assert_same_path(integrate([0.0, 1e-200], START, PAIR, RATES), State([0.1] * 2, [0.2] * 2, [0.1] * 2), 1e-15)
    assert integrate(1e-200, State(1, 0, 0), PAIR, RATES).dh2 == 1.0


def test_a_solver_that_does_not_arrive_says_so() -> None:
    words = r"the integrator gave up at time .* \(.*\); integrate over a shorter time, or use trajectory where there is"
    with pytest.raises(ArithmeticError, match=words):
        integrate(1.0, State(1e-300, 1, 1), Pair(1, 1), Rates(1e-300, 1))
