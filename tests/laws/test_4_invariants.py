"""I is conserved, and so is the sign of G; both exactly 0 if they start so."""

import numpy as np
import printed_theory
import pytest
from hypothesis import assume, given
from repdyn.numeric import integrate, trajectory
from starts import aligned_pairs, all_pairs

SOLVERS = pytest.mark.parametrize(
    ("solve", "accuracy"), [(trajectory, 1e-9), (integrate, 1e-6)], ids=["trajectory", "integrate"]
)


def states_on_the_way(solve, problem):
    path = solve(np.linspace(0, 8, 9) * problem.relaxation, *problem)
    return path.dh2, path.dy2, path.w


@SOLVERS
@given(all_pairs)
def test_I_is_conserved(solve, accuracy, problem) -> None:
    dh2, dy2, w = states_on_the_way(solve, problem)
    assume(dh2.min() > 1e-3 * problem.start.dh2)  # I is a difference of terms that grow without bound as dh vanishes
    before = printed_theory.conserved(*problem.numbers)
    after = printed_theory.conserved(dh2, dy2, w, *problem.numbers[3:])
    *_, dx2, _, rate_h, rate_y = problem.numbers
    assert (np.abs(after - before) <= accuracy * (dh2 / (rate_h * dx2) + dy2 / (rate_y * dh2))).all()


def misalignment(solve, problem):
    """G, relative to the larger of its two terms."""
    dh2, dy2, w = states_on_the_way(solve, problem)
    G = printed_theory.misalignment(dh2, dy2, w, *problem.numbers[3:])
    return G / np.maximum((np.abs(dy2) + np.abs(w)) ** 2 + dy2 * problem.pair.dy2, np.finfo(float).tiny)


@SOLVERS
@given(all_pairs)
def test_G_is_never_positive(solve, accuracy, problem) -> None:
    assert (misalignment(solve, problem) <= accuracy).all()


@SOLVERS
@given(aligned_pairs)
def test_an_aligned_pair_stays_aligned(solve, accuracy, problem) -> None:
    assert (np.abs(misalignment(solve, problem)) <= accuracy).all()
