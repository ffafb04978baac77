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


@pytest.mark.parametrize("size", [1e-300, 1e-12, 1e12, 1e300])
def test_line_and_departures_know_no_units(size: float) -> None:
    there = State(PATH.dh2 * size, PATH.dy2 * size, PATH.w * size)
    late = State(PATH.dh2 * size, PATH.dy2 * size * 0.8, PATH.w * size)
    with np.errstate(all="raise", under="ignore"):
        line, found = conserved_line(there), departures(T, there, late)
    base = departures(T, PATH, State(PATH.dh2, PATH.dy2 * 0.8, PATH.w))
    assert line.r2 == pytest.approx(1.0, abs=1e-12)
    assert line.slope == pytest.approx(1.5 * 1e-3 / 2e-2 * size, rel=1e-9)
    assert [d.worst for d in found] == pytest.approx([d.worst for d in base])
    assert [d.first_at for d in found] == [d.first_at for d in base]


@pytest.mark.parametrize("size", [1e-300, 1.0, 1e300])
def test_a_constant_departs_by_a_share_of_its_size(size: float) -> None:
    dh2, dy2, _ = departures([0, 1, 2], State(size, 0.0, 0.0), State(size * 1.2, 0.0, 0.0))
    assert dh2.worst == pytest.approx(-0.2)
    assert dh2.first_at == 0.0
    assert dy2.worst == 0.0


@pytest.mark.parametrize(
    "state",
    [
        State([0.3] * 5, 0.4, 0.1),
        State(np.array([0.1 + 0.2, 0.3, 0.3]), [0.0, 0.1, 0.2], 0.0),
        State([1.0, 2.0], [0.1, 0.9], 0.0),
    ],
    ids=["constant", "constant to rounding", "two samples"],
)
def test_a_line_that_any_line_explains_has_no_r2(state: State) -> None:
    assert np.isnan(conserved_line(state).r2)


def test_a_ratio_that_stands_still_explains_nothing_of_what_moves() -> None:
    assert conserved_line(State([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], 0.0)).r2 == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State([], [], []), "dh2 must be positive to test the conserved line, got no sample"),
        (State([1e-310, 1.0, 2.0], 1.0, 0.0), "dy2/dh2 must be a number in double precision, got dh2 = 1e-310"),
    ],
)
def test_what_has_no_line_is_refused_by_name(state: State, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        conserved_line(state)
