"""For t -> inf a pair stands at the printed distance with its difference learnt, and stays there."""

import mpmath as mp
import printed_theory
import pytest
from agreement import assert_agree
from hypothesis import given
from repdyn.numeric import State, final_distance, trajectory
from starts import all_pairs, differing_pairs, spread

FOREVER = 1e12


def printed_end(problem):
    dh2, dy2, _, *parameters = problem.numbers
    with mp.workdps(50):
        return float(printed_theory.final_distance(*map(mp.mpf, (dh2, dy2, *parameters))))


@given(differing_pairs())
def test_the_end_is_the_printed_one(problem) -> None:
    end = State(printed_end(problem), problem.pair.dy2, 0.0)
    assert_agree(trajectory(FOREVER * problem.relaxation, *problem), end, 1e-9)


@given(all_pairs)
def test_the_final_distance_is_the_printed_one(problem) -> None:
    scale = max(problem.start.dh2, abs(problem.lazy_scale))
    assert final_distance(*problem) == pytest.approx(printed_end(problem), rel=1e-9, abs=1e-14 * scale)


@given(differing_pairs(), spread(-3, 3))
def test_the_end_is_the_same_from_every_point_on_the_way(problem, relaxations) -> None:
    later = trajectory(relaxations * problem.relaxation, *problem)
    assert final_distance(*problem.at(later)) == pytest.approx(final_distance(*problem), rel=1e-6)


@given(differing_pairs(), spread(-3, 3))
def test_what_has_ended_stays(problem, relaxations) -> None:
    end = State(printed_end(problem), problem.pair.dy2, 0.0)
    assert_agree(trajectory(relaxations * problem.relaxation, *problem.at(end)), end, 1e-9)
