"""What can be changed about a problem without changing its trajectory."""

import numpy as np
from agreement import assert_agree
from hypothesis import given
from hypothesis import strategies as st
from repdyn.numeric import Pair, Rates, State, linearised_flow, trajectory
from starts import all_pairs, durations, spread

factors = spread(-2, 2)


@given(all_pairs, durations, factors)
def test_faster_rates_are_shorter_times(problem, duration, factor) -> None:
    t = duration * problem.relaxation
    fast = Rates(factor * problem.rates.h, factor * problem.rates.y)
    assert_agree(trajectory(t / factor, problem.start, problem.pair, fast), trajectory(t, *problem), 1e-8)


@given(all_pairs, durations, factors)
def test_only_the_product_of_dx2_and_the_rate_of_the_encoder_matters(problem, duration, factor) -> None:
    t = duration * problem.relaxation
    pair, rates = Pair(factor * problem.pair.dx2, problem.pair.dy2), Rates(problem.rates.h / factor, problem.rates.y)
    assert_agree(trajectory(t, problem.start, pair, rates), trajectory(t, *problem), 1e-8)


@given(all_pairs, durations, factors)
def test_the_unit_of_the_hidden_space_is_arbitrary(problem, duration, factor) -> None:
    t = duration * problem.relaxation
    start = State(factor * problem.start.dh2, problem.start.dy2, problem.start.w)
    rates = Rates(factor * problem.rates.h, problem.rates.y / factor)
    scaled, plain = trajectory(t, start, problem.pair, rates), trajectory(t, *problem)
    assert_agree(State(scaled.dh2 / factor, scaled.dy2, scaled.w), plain, 1e-8)


@given(all_pairs, durations, factors)
def test_the_unit_of_the_outputs_is_arbitrary(problem, duration, factor) -> None:
    """Outputs k times as large are those of a decoder whose slope and whose rate in terms of dy are k and 1/k^2."""
    t = duration * problem.relaxation
    k2 = factor**2
    start = State(problem.start.dh2, k2 * problem.start.dy2, k2 * problem.start.w)
    pair, rates = Pair(problem.pair.dx2, k2 * problem.pair.dy2), Rates(problem.rates.h / k2, problem.rates.y)
    scaled, plain = trajectory(t, start, pair, rates), trajectory(t, *problem)
    assert_agree(State(scaled.dh2, scaled.dy2 / k2, scaled.w / k2), plain, 1e-8)


@given(st.integers(0, 99))
def test_it_does_not_matter_which_point_is_first(seed) -> None:
    """Every difference of the pair changes its sign, and no number that is measured does."""
    generator = np.random.default_rng(seed)
    encoder, decoder, dx, dy_target = (generator.normal(size=shape) for shape in ((4, 3), (2, 4), 3, 2))
    rates, t = Rates(0.02, 0.05), np.linspace(0, 40, 5)
    plain, swapped = (linearised_flow(t, encoder, decoder, k * dx, k * dy_target, rates) for k in (1, -1))
    assert swapped.state == plain.state
    np.testing.assert_array_equal(swapped.dh, -plain.dh)
    np.testing.assert_array_equal(swapped.D_y, plain.D_y)
    np.testing.assert_array_equal(swapped.D_h, plain.D_h)
