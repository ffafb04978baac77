"""At t = 0 a pair stands where it starts."""

import pytest
from agreement import assert_agree
from hypothesis import given
from repdyn.numeric import integrate, trajectory
from starts import all_pairs


@pytest.mark.parametrize("solve", [trajectory, integrate])
@given(all_pairs)
def test_at_the_start_nothing_has_moved(solve, problem) -> None:
    assert_agree(solve(0, *problem), problem.start, 1e-12)
