"""The growth exponent: exact on power laws, whatever the sampling, and what the theory says it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from repdyn.numeric import Pair, Rates, State, growth_exponent, trajectory


@given(
    power=st.floats(-2, 2),
    factor=st.floats(1e-6, 1e6),
    start=st.floats(1e-12, 0.3),
    seed=st.integers(0, 1000),
)
def test_a_power_law_is_found_exactly_however_it_is_sampled(power, factor, start, seed) -> None:
    share = np.sort(np.random.default_rng(seed).uniform(0, 1, 300))
    share[[0, -1]] = 0, 1
    dy2 = start ** (1 - share)
    found = growth_exponent(State(factor * dy2**power, dy2, 0.0))
    assert found is not None
    assert found.value == pytest.approx(power, abs=1e-9)
    assert found.r2 == pytest.approx(1.0, abs=1e-6) or abs(power) < 1e-3


def test_it_is_measured_from_one_percent_of_the_last_dy2_to_ninety_nine() -> None:
    dy2 = np.array([0.5, 1e-9, 1e-4, 0.009, 0.02, 0.3, 0.7, 0.995, 1.2, 1.0])
    found = growth_exponent(State(1.0 + dy2, dy2, 0.0))
    assert found is not None
    assert (found.first, found.last) == (4, 7)


def test_a_start_that_is_large_needs_no_growth_by_a_hundred() -> None:
    found = growth_exponent(State([1.0, 1.5, 2.0], [0.25, 0.5, 1.0], 0.0))
    assert found is not None
    assert found.first == 0


@pytest.mark.parametrize(
    ("dh2", "dy2"),
    [
        ([1.0, 1.0, 1.0], [0.6, 0.8, 1.0]),
        ([1.0, 2.0, 3.0], [1.0, 0.5, 0.1]),
        ([1.0, 2.0], [0.1, 1.0]),
        ([1.0, 0.0, 3.0], [0.1, 0.5, 1.0]),
        ([1.0, 2.0, 3.0], [0.0, 0.0, 0.0]),
        (1.0, 1.0),
    ],
    ids=["little growth", "a fall", "too few", "vanishing dh2", "no output", "one sample"],
)
def test_what_has_no_exponent_is_none(dh2, dy2) -> None:
    assert growth_exponent(State(dh2, dy2, 0.0)) is None


def test_in_the_theory_it_is_a_half_where_the_start_is_forgotten_and_zero_where_it_is_kept() -> None:
    t = np.append(0.0, np.geomspace(1e-2, 5000, 4000))
    exponents = []
    for dh2 in (1e-8, 1e-1, 1e1, 1e3):
        path = trajectory(t, State(dh2, 1e-12, 1e-12 - 1e-6 * 0.5**0.5), Pair(1.0, 0.5), Rates(1e-2, 1e-2))
        found = growth_exponent(path)
        assert found is not None
        exponents.append(found.value)
    assert exponents[0] == pytest.approx(0.5, abs=1e-3)
    assert exponents[-1] == pytest.approx(0.0, abs=1e-3)
    assert (np.diff(exponents) < 0).all()


def test_a_hidden_distance_that_stands_still_has_no_share_explained() -> None:
    dy2 = np.geomspace(1e-3, 1.0, 40)
    found = growth_exponent(State(0.3 * (1 + 1e-16 * np.sin(np.arange(40))), dy2, 0.0))
    assert found is not None
    assert found.value == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(found.r2)


@pytest.mark.parametrize("size", [1e-300, 1e-12, 1e12, 1e300])
def test_it_knows_no_units(size: float) -> None:
    dy2 = np.geomspace(1e-3, 1.0, 40)
    with np.errstate(all="raise", under="ignore"):
        found = growth_exponent(State(dy2**0.7 * size, dy2 * size, 0.0))
    assert found is not None
    assert found.value == pytest.approx(0.7, abs=1e-9)
