"""When a pair is half-way, passes through zero and nears its end: against the trajectory and the integrator."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from repdyn.numeric import (
    Pair,
    Rates,
    State,
    crossing_time,
    final_distance,
    half_way_time,
    integrate,
    relaxation_time,
    trajectory,
)
from starts import agreeing_pairs, aligned_pairs, all_pairs, crossing_pairs, differing_pairs, spread

PAIR, RATES = Pair(1.0, 0.5), Rates(0.01, 0.02)
START = State(0.1, 0.2, 0.1)
TIMES = (relaxation_time, half_way_time, crossing_time)


def learnt(state, pair):
    """dy . dy* as a share of |dy*|^2."""
    return (state.dy2 - state.w) / pair.dy2


@given(aligned_pairs)
def test_an_aligned_pair_is_half_way_once(drawn) -> None:
    half = half_way_time(*drawn)
    if half == 0:
        assert learnt(drawn.start, drawn.pair) >= 0.5 - 1e-12
        return
    assert learnt(trajectory(half, *drawn), drawn.pair) == pytest.approx(0.5, rel=1e-9)
    before = trajectory(np.linspace(0, 0.999, 50) * half, *drawn)
    assert (learnt(before, drawn.pair) < 0.5).all()


@given(differing_pairs())
def test_any_pair_is_half_way_when_it_says_and_not_before(drawn) -> None:
    half = half_way_time(*drawn)
    if half == 0:
        assert learnt(drawn.start, drawn.pair) >= 0.5 - 1e-12
        return
    assert learnt(trajectory(half, *drawn), drawn.pair) == pytest.approx(0.5, rel=1e-9)
    before = trajectory(np.linspace(0, 0.999, 50) * half, *drawn)
    assert (learnt(before, drawn.pair) < 0.5).all()


@given(aligned_pairs)
def test_the_closed_form_and_the_search_agree_where_a_pair_is_nearly_aligned(drawn) -> None:
    """A share of 1e-9 across dy* is beyond rounding, so it is searched; it changes nothing to speak of."""
    start = drawn.start
    inner = start.dy2 - start.w
    tilted = drawn.at(State(start.dh2, start.dy2 * (1 + 1e-9), start.dy2 * (1 + 1e-9) - inner))
    assume(half_way_time(*drawn) > 1e-3 * relaxation_time(*drawn))
    assert half_way_time(*tilted) == pytest.approx(half_way_time(*drawn), rel=1e-4)


@given(spread(-6, -3), spread(-1, 1), spread(-1, 1))
def test_a_small_rich_pair_is_half_way_at_the_time_of_the_logistic_curve(size, target, rate) -> None:
    g = 1e-2 * np.sqrt(rate)
    start = State(size / np.sqrt(rate), size**2 * target, size**2 * target - size * target)
    wanted = np.log(1 / size - 1) / (g * np.sqrt(target))
    dh2 = size * np.sqrt(target / rate)
    balanced = State(dh2, start.dy2, start.w)
    assert half_way_time(balanced, Pair(1.0, target), Rates(1e-2, 1e-2 * rate)) == pytest.approx(wanted, rel=1e-9)


@given(crossing_pairs())
def test_dh_is_zero_at_the_crossing_time_and_nowhere_else(drawn) -> None:
    crossing = crossing_time(*drawn)
    assert np.isfinite(crossing)
    at = trajectory(crossing, *drawn)
    around = trajectory(np.array([0.9, 1.1]) * crossing, *drawn)
    assert at.dh2 < 1e-6 * around.dh2.min()


@given(all_pairs)
def test_dh_crosses_if_and_only_if_the_start_points_away_from_the_growing_mode(drawn) -> None:
    assume(drawn.pair.dy2 > 0)
    assert np.isfinite(crossing_time(*drawn)) == (drawn.growing_amplitude < 0)


def test_the_integrator_passes_through_zero_at_the_same_time() -> None:
    start = State(0.1, 0.5, 1.0)
    crossing = crossing_time(start, PAIR, RATES)
    solved = integrate(np.array([0.8, 1.0, 1.2]) * crossing, start, PAIR, RATES)
    assert solved.dh2[1] < 1e-12 * solved.dh2[[0, 2]].min()
    half = half_way_time(start, PAIR, RATES)
    assert half > crossing
    assert learnt(integrate(half, start, PAIR, RATES), PAIR) == pytest.approx(0.5, rel=1e-7)


def measured_rate(problem, scale):
    """The rate at which what dh2, dy2 and w miss of their end shrinks, between 12 and 16 relaxation times."""
    end = final_distance(*problem)
    late = trajectory(np.array([12.0, 16.0]) * scale, *problem)
    missing = np.abs([late.dh2 / end - 1, late.dy2 / problem[1].dy2 - 1, late.w / problem[1].dy2]).max(axis=0)
    return np.log(missing[0] / missing[1]) / (4 * scale)


@pytest.mark.parametrize(
    "start",
    [
        State(1e-2, 1e-3, 1e-3 - np.sqrt(5e-4)),
        State(2.0, 0.1, 0.1 - np.sqrt(0.05)),
        State(0.05, 0.4, 0.4 - np.sqrt(0.2)),
        State(0.05, 0.4, 0.4 + np.sqrt(0.2)),
        State(0.2, 0.5, 0.3),
        State(0.3, 1.0, 1.0),
    ],
    ids=["rich", "lazy", "collapsing", "crossing", "across", "across, collapsing"],
)
def test_what_is_missing_of_the_end_shrinks_at_its_rate(start) -> None:
    time = relaxation_time(start, PAIR, RATES)
    assert measured_rate((start, PAIR, RATES), time) == pytest.approx(1 / time, rel=1e-3)


@given(agreeing_pairs)
def test_a_pair_that_agrees_relaxes_at_the_rate_of_bernoulli_and_has_nothing_to_learn(drawn) -> None:
    assert np.isnan(half_way_time(*drawn))
    assert crossing_time(*drawn) == np.inf
    noise = drawn.rates.y * 1e-13 * (drawn.start.dh2 + drawn.rho * drawn.start.dy2 / drawn.start.dh2)
    assert 1 / relaxation_time(*drawn) == pytest.approx(drawn.rates.y * abs(drawn.lazy_scale), rel=1e-9, abs=noise)


def test_a_balanced_pair_that_agrees_never_gets_near_its_end() -> None:
    assert relaxation_time(State(1.0, 1.0, 1.0), Pair(1.0, 0.0), Rates(1.0, 1.0)) == np.inf


def test_a_start_opposite_and_balanced_waits_for_rounding_to_decide() -> None:
    problem = State(1.0, 1.0, 2.0), Pair(1.0, 1.0), Rates(1.0, 1.0)
    assert half_way_time(*problem) > 15 * relaxation_time(*problem)
    assert crossing_time(*problem) > 15 * relaxation_time(*problem)


@given(all_pairs, st.sampled_from((0.25, 4.0)))
def test_twice_as_fast_takes_half_as_long(drawn, factor) -> None:
    rates = Rates(drawn.rates.h * factor, drawn.rates.y * factor)
    for time in TIMES:
        before, after = time(*drawn), time(drawn.start, drawn.pair, rates)
        assert after * factor == pytest.approx(before, rel=1e-9, nan_ok=True)


def test_times_broadcast_and_numbers_give_numbers() -> None:
    dh2 = np.array([[0.1], [0.3]])
    target = np.array([0.5, 1.0, 2.0])
    for time in TIMES:
        whole = time(State(dh2, 0.2, 0.1), Pair(1.0, target), RATES)
        assert whole.shape == (2, 3)
        alone = time(State(0.3, 0.2, 0.1), Pair(1.0, 2.0), RATES)
        assert type(alone) is float
        assert whole[1, 2] == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize("time", TIMES)
def test_an_impossible_start_is_refused_with_the_rule(time) -> None:
    with pytest.raises(ValueError, match=r"the initial dh2 must be positive, got 0\.0"):
        time(State(0.0, 0.0, 0.0), PAIR, RATES)
    with pytest.raises(ValueError, match="Cauchy-Schwarz"):
        time(State(1.0, 1.0, 5.0), PAIR, RATES)
    with pytest.raises(ValueError, match=r"shapes must broadcast as NumPy does, got start \(2,\), rates \(3,\)"):
        time(State([0.1, 0.2], 0.2, 0.1), PAIR, Rates([1, 2, 3], 1))
