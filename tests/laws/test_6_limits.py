"""Where simpler laws are known, the trajectory is theirs."""

import mpmath as mp
import numpy as np
import pytest
from agreement import assert_agree
from hypothesis import assume, given
from hypothesis import strategies as st
from repdyn.numeric import Pair, Rates, State, final_distance, trajectory
from scipy.integrate import solve_ivp
from starts import agreeing_pairs, aligned_pairs, cosines, crossing_pairs, differing_pairs, problem, spread

moments = np.linspace(0, 10, 11)


@st.composite
def rich_pairs(draw):
    """Aligned with the target and balanced: A_high = 0."""
    drawn = draw(differing_pairs(spread(-3, 1), st.just(1.0)))
    return drawn.at(State(np.sqrt(drawn.rho * drawn.start.dy2), drawn.start.dy2, drawn.start.w))


@given(rich_pairs())
def test_a_rich_pair_follows_the_logistic(drawn) -> None:
    """Saxe et al. (arXiv 1312.6120)."""
    size, target = np.sqrt(drawn.start.dy2), np.sqrt(drawn.pair.dy2)
    rate = target * np.sqrt(drawn.pair.dx2 * drawn.rates.h * drawn.rates.y)
    t = moments / rate
    learnt = target / (1 + (target / size - 1) * np.exp(-rate * t))
    expected = State(np.sqrt(drawn.rho) * learnt, learnt**2, learnt**2 - learnt * target)
    assert_agree(trajectory(t, *drawn), expected, 1e-9)


@given(rich_pairs())
def test_a_small_rich_pair_is_half_way_at_the_printed_time(drawn) -> None:
    small = drawn.pair.dy2 * 1e-6
    start = State(np.sqrt(drawn.rho * small), small, small - np.sqrt(small * drawn.pair.dy2))
    half_way = np.log(1e3 - 1) / np.sqrt(drawn.pair.dy2 * drawn.pair.dx2 * drawn.rates.h * drawn.rates.y)
    assert trajectory(half_way, *drawn.at(start)).dy2 == pytest.approx(drawn.pair.dy2 / 4, rel=1e-9)


@given(differing_pairs())
def test_a_lazy_pair_relaxes_exponentially(drawn) -> None:
    """dh2 so large that it hardly changes: dy - dy* shrinks at the rate dh2/(2 tau_y)."""
    dh2 = 1e5 * np.sqrt(drawn.rho * (drawn.start.dy2 + drawn.pair.dy2))
    dy2, w, target2 = drawn.start.dy2, drawn.start.w, drawn.pair.dy2
    rate = dh2 * drawn.rates.y / 2
    left = np.exp(-moments)
    error2, error_times_target = 2 * w - dy2 + target2, dy2 - w - target2
    dy2_t = target2 + 2 * error_times_target * left + error2 * left**2
    expected = State(np.full_like(left, dh2), dy2_t, dy2_t - target2 - error_times_target * left)
    found = trajectory(moments / rate, *drawn.at(State(dh2, dy2, w)))
    np.testing.assert_allclose(found.dh2, expected.dh2, rtol=1e-8)
    np.testing.assert_allclose(found.dy2, expected.dy2, rtol=1e-8, atol=1e-8 * (dy2 + target2))
    np.testing.assert_allclose(found.w, expected.w, rtol=1e-8, atol=1e-8 * (dy2 + target2))


@given(st.one_of(aligned_pairs, crossing_pairs()))
def test_an_aligned_pair_obeys_one_equation(drawn) -> None:
    """The signed output f = +-|dy| alone, through zero as well: f' = (|dy*| - f)/tau_y sqrt(A_high^2/4 + rho f^2)."""
    high, rho, target, rate = drawn.lazy_scale, drawn.rho, np.sqrt(drawn.pair.dy2), drawn.rates.y
    start = np.sign(drawn.start.dy2 - drawn.start.w) * np.sqrt(drawn.start.dy2)
    t = moments * drawn.relaxation / 2

    def root(f):
        return np.sqrt(high**2 / 4 + rho * f**2)

    solved = solve_ivp(
        lambda _, f: -rate * (f - target) * root(f), (0, t[-1]), [start], "DOP853", t, rtol=1e-12, atol=1e-12 * target
    )
    (f,) = solved.y
    found = trajectory(t, *drawn)
    scale = max(start**2, drawn.pair.dy2)
    np.testing.assert_allclose(found.dy2, f**2, atol=1e-8 * scale)
    np.testing.assert_allclose(found.w, f**2 - f * target, atol=1e-8 * scale)
    np.testing.assert_allclose(found.dh2, high / 2 + root(f), atol=1e-7 * found.dh2.max() + 1e-15 * abs(high))


def bernoulli(t, high, dh2, rate_y):
    """The distance of an agreeing pair, as printed, in mpmath's working precision."""
    return high / (1 + (high / dh2 - 1) * mp.exp(-high * rate_y * t))


@given(agreeing_pairs)
def test_an_agreeing_pair_follows_the_bernoulli_equation(drawn) -> None:
    assume(abs(drawn.lazy_scale) > 1e-6 * drawn.start.dh2)
    with mp.workdps(50):
        high, dh2, rate_y, rho = map(mp.mpf, (drawn.lazy_scale, drawn.start.dh2, drawn.rates.y, drawn.rho))
        t = moments * drawn.relaxation
        dh2_t = [bernoulli(time, high, dh2, rate_y) for time in t]
        dy2_t = [x * (x - high) / rho for x in dh2_t]
    found = trajectory(t, *drawn)
    np.testing.assert_allclose(found.dh2, np.array(dh2_t, float), rtol=1e-8)
    np.testing.assert_allclose(found.dy2, np.array(dy2_t, float), rtol=1e-8, atol=1e-12 * drawn.start.dy2)
    np.testing.assert_allclose(found.w, found.dy2, rtol=1e-12)


@given(agreeing_pairs)
def test_an_agreeing_pair_merges_if_the_decoder_dominates(drawn) -> None:
    end = trajectory(1e6 * drawn.relaxation, *drawn).dh2
    assert end == pytest.approx(max(drawn.lazy_scale, 0), rel=1e-9, abs=1e-2 * drawn.start.dh2)
    assert final_distance(*drawn) == pytest.approx(max(drawn.lazy_scale, 0), rel=1e-9, abs=1e-14 * drawn.start.dh2)


@given(spread(-3, 3), spread(-3, 3))
def test_an_agreeing_balanced_pair_merges_slowly(dh2, duration) -> None:
    """A_high = 0: dh2 falls as 1/t."""
    dh2 = float(2 ** round(np.log2(dh2)))
    dy2 = dh2**2
    found = trajectory(duration / dh2, State(dh2, dy2, dy2), Pair(1, 0), Rates(1, 1))
    assert found.dh2 == pytest.approx(dh2 / (1 + duration), rel=1e-12)
    assert found.dy2 == pytest.approx(found.dh2**2, rel=1e-12)


@given(differing_pairs(), spread(2, 6), cosines)
def test_a_pair_dominated_by_its_decoder_collapses(drawn, dominance, cosine) -> None:
    """A_high << -A_low: the end is A_low^2/|A_high|, far below the start."""
    low = drawn.rich_scale
    dh2 = drawn.start.dh2
    dy2 = dh2 * (dh2 + dominance * low) / drawn.rho
    collapsing = problem(dh2, dy2, cosine, *drawn.numbers[3:])
    end = final_distance(*collapsing)
    assert end == pytest.approx(low / dominance, rel=2 / dominance**2)


@given(differing_pairs(), spread(-9, -4))
def test_a_small_start_is_forgotten(drawn, smallness) -> None:
    """|A_high| << A_low: the end is A_low."""
    low = drawn.rich_scale
    small = problem(smallness * low, 0.0, 1.0, *drawn.numbers[3:])
    assert final_distance(*small) == pytest.approx(low, rel=smallness)


@given(differing_pairs(), spread(4, 7))
def test_a_large_start_is_kept(drawn, size) -> None:
    """A_high >> A_low: the end is the start."""
    large = problem(size * drawn.rich_scale, 0.0, 1.0, *drawn.numbers[3:])
    assert final_distance(*large) == pytest.approx(large.start.dh2, rel=2 / size**2)
