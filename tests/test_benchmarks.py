"""The benchmarks measure what they say, and the documentation shows what they wrote. Nothing is timed here."""

import json
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from benchmarks import GOALS, GROWTHS
from benchmarks.goal import Goal
from benchmarks.growth import exponent
from benchmarks.report import table
from benchmarks.timing import Spread, ratio
from benchmarks.trajectories import STEPS, by_radau, in_closed_form

SHOWN = Path(__file__).parents[1] / "docs" / "speed"


def test_both_sides_take_turns_and_the_ratio_is_that_of_their_times() -> None:
    now, called = [0.0], []

    def work(name, takes):
        def function():
            called.append(name)
            now[0] += next(takes)

        return function

    slow, quick = work("slow", iter([9.0, *[3.0] * 50])), work("quick", (1.0 + k % 2 for k in count()))
    found = ratio(slow, quick, 8, clock=lambda: now[0])
    assert called[4:] == ["quick", "slow", "slow", "quick"] * 4
    assert set(called[4::2]) == {"quick", "slow"}
    assert found.quartiles == (1.5, 3.0)


def test_more_is_better_of_speed_and_less_of_time() -> None:
    found = Spread(2.0, (1.0, 3.0))
    for unit, goal, met in (("times as fast", 2, True), ("times as fast", 3, False), ("times the time", 1, False)):
        assert Goal("", "", "", unit, goal, lambda: found).is_met(found) is met
    assert Goal("", "", "", "seconds", 2, lambda: found).is_met(found)


def test_the_exponent_is_that_of_the_largest_sizes() -> None:
    assert exponent([1, 10, 100, 1000], [7.0, 9.0, 9e2, 9e4]) == pytest.approx(2)


def test_the_integrator_that_is_raced_has_the_same_trajectory() -> None:
    path = in_closed_form(STEPS)()
    np.testing.assert_allclose(by_radau(1e-10)(), list(vars(path).values()), rtol=1e-6, atol=1e-9)


def test_the_documentation_shows_every_goal_and_curve_as_recorded() -> None:
    record = json.loads((SHOWN / "speed.json").read_text("utf-8"))
    assert [row["name"] for row in record["goals"]] == [goal.name for goal in GOALS]
    assert [row["goal"] for row in record["goals"]] == [goal.goal for goal in GOALS]
    assert [row["name"] for row in record["growth"]] == [growth.name for growth in GROWTHS]
    assert (SHOWN / "table.md").read_text("utf-8") == table(record)
    assert (SHOWN / "growth.svg").stat().st_size < 300_000
