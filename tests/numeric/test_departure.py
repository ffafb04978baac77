"""Where prediction and measurement part ways, and the straight line that needs no fit."""

import numpy as np
import pytest
from repdyn.numeric import Pair, Rates, State, conserved_line, departures, trajectory

T = np.linspace(0, 4000, 801)
PATH = trajectory(T, State(1e-3, 1e-3, 0.0), Pair(1.5, 0.5), Rates(1e-3, 2e-2))


def test_what_is_met_exactly_has_no_departure() -> None:
    found = departures(T, PATH, PATH)
    assert [(d.worst, d.first_at) for d in found] == [(0.0, None)] * 3
    assert [d.delay for d in found] == [0.0, 0.0, None]  # w comes back to where it began: it has no half-way


def test_a_bump_is_found_where_it_is_with_its_size_and_sign() -> None:
    span = np.ptp(PATH.dy2)
    bump = -0.3 * span * np.exp(-(((T - 3000) / 100) ** 2))
    dh2, dy2, w = departures(T, State(PATH.dh2, PATH.dy2 + bump, PATH.w), PATH)
    assert dy2.worst == pytest.approx(-0.3, rel=1e-3)
    assert dy2.worst_at == 3000.0
    # exp(-x^2) = 1/3 where the bump reaches a tenth of the range
    assert dy2.first_at == pytest.approx(3000 - 100 * np.sqrt(np.log(3)), abs=5.0)
    assert dh2.first_at is None
    assert w.first_at is None


def test_a_shift_in_time_is_the_delay() -> None:
    later = trajectory(np.maximum(T - 200, 0), State(1e-3, 1e-3, 0.0), Pair(1.5, 0.5), Rates(1e-3, 2e-2))
    for found in departures(T, later, PATH)[:2]:
        assert found.delay == pytest.approx(200, abs=1.0)
    for found in departures(T, PATH, later)[:2]:
        assert found.delay == pytest.approx(-200, abs=1.0)


def test_a_level_that_is_never_reached_has_no_delay() -> None:
    dh2, *_ = departures(T, PATH, State(PATH.dh2[0], PATH.dy2, PATH.w))
    assert dh2.delay is None


def test_every_trajectory_of_the_theory_is_a_straight_line_with_the_slope_of_its_rates() -> None:
    line = conserved_line(PATH)
    assert line.r2 == pytest.approx(1.0, abs=1e-12)
    assert line.slope == pytest.approx(1.5 * 1e-3 / 2e-2, rel=1e-9)
    assert line.intercept == pytest.approx(PATH.dh2[0] - line.slope * PATH.dy2[0] / PATH.dh2[0], rel=1e-9)


def test_the_line_is_the_least_squares_line() -> None:
    rng = np.random.default_rng(0)
    dh2, dy2 = rng.uniform(0.5, 2.0, 50), rng.uniform(0.0, 1.0, 50)
    slope, intercept = np.polyfit(dy2 / dh2, dh2, 1)
    line = conserved_line(State(dh2, dy2, 0.0))
    assert (line.slope, line.intercept) == pytest.approx((slope, intercept), rel=1e-9)
    assert line.r2 == pytest.approx(np.corrcoef(dy2 / dh2, dh2)[0, 1] ** 2, rel=1e-9)


def test_a_vanished_distance_has_no_line() -> None:
    with pytest.raises(ValueError, match=r"dh2 must be positive to test the conserved line, got 0\.0"):
        conserved_line(State([1.0, 0.0], 0.5, 0.0))
