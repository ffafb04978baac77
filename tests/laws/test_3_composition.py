"""Stepping t1 and then t2 is stepping t1 + t2."""

import pytest
from agreement import assert_agree
from hypothesis import assume, given
from repdyn.numeric import integrate, trajectory
from starts import all_pairs, durations


@pytest.mark.parametrize(
    ("solve", "accuracy"), [(trajectory, 1e-8), (integrate, 1e-6)], ids=["trajectory", "integrate"]
)
@given(all_pairs, durations, durations)
def test_two_intervals_make_one(solve, accuracy, problem, first, second) -> None:
    first, second = first * problem.relaxation, second * problem.relaxation
    half_way = solve(first, *problem)
    assume(half_way.dh2 > 1e-3 * problem.start.dh2)  # where dh passes through zero its direction is lost
    assert_agree(solve(second, *problem.at(half_way)), solve(first + second, *problem), accuracy)
