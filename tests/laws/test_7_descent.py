"""The loss never increases."""

import numpy as np
import printed_theory
import pytest
from hypothesis import given
from repdyn.numeric import integrate, loss_curve, trajectory
from starts import all_pairs, spread

SOLVERS = pytest.mark.parametrize(
    ("solve", "accuracy"), [(trajectory, 1e-12), (integrate, 1e-7)], ids=["trajectory", "integrate"]
)


@SOLVERS
@given(all_pairs)
def test_the_loss_of_the_difference_never_increases(solve, accuracy, problem) -> None:
    path = solve(np.concatenate([[0], np.geomspace(1e-3, 1e2, 30)]) * problem.relaxation, *problem)
    loss = printed_theory.pair_loss(path.dy2, path.w, problem.pair.dy2)
    size = problem.start.dy2 + problem.pair.dy2
    assert (np.diff(loss) <= accuracy * size).all()
    assert (loss >= -accuracy * size).all()


@given(all_pairs, spread(-2, 2), spread(-4, 0))
def test_the_whole_loss_never_increases(problem, mean_error, rate_mean) -> None:
    t = np.concatenate([[0], np.geomspace(1e-3, 1e2, 30)]) * problem.relaxation
    loss = loss_curve(t, trajectory(t, *problem), problem.pair, mean_error, rate_mean)
    assert (np.diff(loss) <= 1e-12 * (problem.start.dy2 + problem.pair.dy2 + mean_error)).all()
