"""integrate, the oracle: it agrees with the closed form, which knows nothing of it."""

import re

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from repdyn.numeric import Pair, Rates, State, evolve, integrate, trajectory
from repdyn.symbolic import two_point
from starts import all_pairs, crossing_pairs
from variants import variant

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


SHORTER = "; integrate over a shorter time, or use trajectory where there is a closed form"


def test_a_solver_that_does_not_arrive_says_before_which_time() -> None:
    words = f"^the integrator gave up before it reached t = 1: what it found is no number{SHORTER}$"
    with pytest.raises(ArithmeticError, match=words):
        integrate(1.0, State(1e-300, 1, 1), Pair(1, 1), Rates(1e-300, 1))


DH2, DY2, W = two_point().states


@pytest.mark.parametrize(
    ("rate", "t", "words"),
    [
        (1 - 10**300 * DH2**3, [2.0, 1.0], "before it reached t = 1: "),
        (W - DY2, [1.0, 1e9], "between t = 1 and t = 1e+09: 50,000 steps did not suffice"),
    ],
    ids=["falls", "turns"],
)
def test_what_a_solver_says_is_true_and_in_training_steps(rate, t, words) -> None:
    with pytest.raises(ArithmeticError, match="^the integrator gave up " + re.escape(words)) as found:
        evolve(moving("mine", rate), t, {"dh2": 1.0, "dy2": 1.0, "w": 2.0}, NUMBERS)
    assert str(found.value).endswith(SHORTER)
    assert not re.search(r"e-3\d\d|internal|Dfun|Jacobian", str(found.value))


@pytest.mark.parametrize(
    "rate", [DH2**2, -sp.sqrt(DH2) - 1, sp.log(DH2) - 3, -sp.cbrt(DH2) - 1], ids=["overflow", "sqrt", "log", "cbrt"]
)
def test_a_rate_that_ceases_to_be_a_number_is_said(rate) -> None:
    words = r"^the integrator gave up where a rate of the theory is no number: [^()]+$"
    with pytest.raises(ArithmeticError, match=words):
        evolve(moving("mine", rate), [0.5, 1.0, 5.0], {"dh2": 1.0, "dy2": 1.0, "w": 2.0}, NUMBERS)


@pytest.mark.parametrize("rate", [sp.log(DH2 - 2), sp.exp(800 * DH2), 1 / (DH2 - 1)], ids=str)
def test_a_rate_that_is_no_number_from_the_start_is_said(rate) -> None:
    with pytest.raises(ArithmeticError, match=r"^the integrator gave up where a rate of the theory is no number: "):
        evolve(moving("mine", rate), 1.0, {"dh2": 1.0, "dy2": 1.0, "w": 1.0}, NUMBERS)


def test_a_theory_that_depends_on_time_begins_where_it_starts() -> None:
    start = {"dh2": 1.0, "dy2": 2.0, "w": 3.0}
    theory = moving("mine", DH2 * sp.exp(-two_point().time))
    assert {x: value.tolist() for x, value in evolve(theory, [0.0, 0.0], start, NUMBERS).items()} == {
        x: [value] * 2 for x, value in start.items()
    }


NUMBERS = {"dx2": 1.0, "dy2_target": 1.0, "rate_h": 1.0, "rate_y": 1.0, "k": 1.0}


def moving(name, rate):
    """A theory in which dh2 moves at a rate of one's own, while dy2 and w turn about each other."""
    return variant(name, sp.Symbol("k"), {DH2: rate, DY2: W - 1, W: 1 - DY2})


def opposed(seed):
    """A pair that collapses at first, and about ten times as long as it takes to move."""
    rng = np.random.default_rng(seed)
    rates = {"rate_h": float(10 ** rng.uniform(-5, 0)), "rate_y": float(10 ** rng.uniform(-5, 0))}
    rich_scale = np.sqrt(rates["rate_h"] / rates["rate_y"] * PAIR.dy2)
    dh2, dy2 = rich_scale * 10 ** rng.uniform(-3, 0.7), 10 ** rng.uniform(-3, 0.3)
    start = State(dh2, dy2, dy2 + rng.uniform() * np.sqrt(dy2 * PAIR.dy2))
    pace = np.sqrt(rates["rate_h"] * rates["rate_y"]) + rates["rate_y"] * dh2 + rates["rate_h"] * dy2 / dh2
    return np.linspace(0, 10 / pace, 50), start, rates


def test_a_trajectory_past_a_singularity_is_refused_and_any_other_does_not_hang_on_its_tolerance() -> None:
    """Where equations divide by dh2, a solver steps over its zeros: what follows is whatever the step was."""
    refused = 0
    for seed in range(60):
        t, start, rates = opposed(seed)
        try:
            found, finer = (integrate(t, start, PAIR, rates, theory="doubled_dy2", rtol=x) for x in (1e-10, 1e-12))
        except ArithmeticError:
            refused += 1
            continue
        for one, other in zip(vars(found).values(), vars(finer).values(), strict=True):
            assert np.abs(one - other).max() <= 1e-3 * np.abs(other).max(), seed
    assert 0 < refused < 60  # both kinds are among them


def test_a_singularity_is_said_with_the_times_between_which_it_is() -> None:
    said = set()
    for seed in range(60):
        t, start, rates = opposed(seed)
        try:
            integrate(t, start, PAIR, rates, theory="doubled_dy2")
        except ArithmeticError as error:
            said.add(str(error))
    rule = (
        r"the trajectory comes too near a singularity between t = \S+ and t = \S+: what follows hangs on the tolerance"
    )
    assert any(re.match(rule, words) for words in said), said


def test_no_theory_that_is_solved_in_a_chart_is_refused_where_dh_passes_through_zero() -> None:
    t, rates = np.linspace(0, 2000, 30), {"rate_h": 1e-3, "rate_y": 1e-2, "growth_h": 1e-3}
    path = integrate(t, State(0.1, 0.2, 0.2 + np.sqrt(0.2 * 0.5)), PAIR, rates, theory="growing_vectors")
    assert path.dh2.min() < 1e-2 * path.dh2[0]
    assert path.dh2[-1] > path.dh2[0]


def test_a_loose_tolerance_is_no_way_past_a_singularity() -> None:
    refused = {1e-2: 0, 1e-4: 0, 1e-10: 0}
    for seed in range(40):
        t, start, rates = opposed(seed)
        for rtol in refused:
            try:
                integrate(t, start, PAIR, rates, theory="doubled_dy2", rtol=rtol)
            except ArithmeticError:
                refused[rtol] += 1
    assert min(refused.values()) > 0.7 * refused[1e-10] > 5
