"""The regime number: one number for rich, lazy and collapsing starts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from repdyn.numeric import Pair, Rates, State, final_distance, regime_number

sizes = st.floats(1e-4, 1e4)


@given(sizes, sizes, sizes, sizes, sizes, sizes)
def test_the_final_distance_is_the_rich_scale_times_its_exponential(dh2, dy2, dx2, target, h, y) -> None:
    start, pair, rates = State(dh2, dy2, dy2), Pair(dx2, target), Rates(h, y)
    number = regime_number(start, pair, rates)
    rich_scale = np.sqrt(dx2 * h / y * target)
    lazy_scale = dh2 - dx2 * h / y * dy2 / dh2
    assert final_distance(start, pair, rates) == pytest.approx(rich_scale * np.exp(number), rel=1e-9)
    noise = (dh2 + dx2 * h / y * dy2 / dh2) * 1e-14
    assert 2 * rich_scale * np.sinh(number) == pytest.approx(lazy_scale, rel=1e-9, abs=noise)


def test_small_starts_are_rich_large_ones_lazy_and_strong_decoders_collapse() -> None:
    pair, rates = Pair(1.0, 1.0), Rates(1.0, 1.0)
    assert regime_number(State(1e-8, 0.0, 0.0), pair, rates) == pytest.approx(0.0, abs=1e-8)
    assert regime_number(State(1e4, 0.0, 0.0), pair, rates) == pytest.approx(np.log(1e4), rel=1e-6)
    assert regime_number(State(1e-2, 1e2, 1e2), pair, rates) == pytest.approx(-np.log(1e4), rel=1e-6)


def test_where_the_targets_agree_it_is_infinite_with_the_sign_of_the_lazy_scale() -> None:
    starts = State([2.0, 0.5, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0])
    numbers = regime_number(starts, Pair(1.0, 0.0), Rates(1.0, 1.0))
    np.testing.assert_array_equal(numbers, [np.inf, -np.inf, 0.0])
