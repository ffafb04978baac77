"""The three-scalar system, its invariants and its loss, against the formulas as printed."""

import numpy as np
import printed_theory
import pytest
import sympy as sp
from repdyn.symbolic import two_point

theory = two_point()
symbols = (*theory.states, *theory.parameters)


def along_the_flow(quantity):
    return sum(quantity.diff(state) * rate for state, rate in theory.rhs.items())


@pytest.mark.parametrize("index", range(3), ids=map(str, theory.states))
def test_the_system_derived_from_the_loss_is_the_printed_one(index) -> None:
    derived = theory.rhs[theory.states[index]]
    assert sp.expand(derived - printed_theory.system(*symbols)[index]) == 0


def test_names_and_their_order_are_a_promise() -> None:
    assert tuple(map(str, theory.states)) == ("dh2", "dy2", "w")
    assert tuple(map(str, theory.parameters)) == ("dx2", "dy2_target", "rate_h", "rate_y")
    assert theory.solution.arguments == (theory.time, *theory.start, *theory.parameters)
    assert theory.final.arguments == (*theory.start, *theory.parameters)
    assert tuple(theory.solution.results) == theory.states


def test_I_is_the_printed_quantity_and_conserved() -> None:
    assert sp.expand(theory.invariants["I"] - printed_theory.conserved(*symbols)) == 0
    assert sp.expand(along_the_flow(theory.invariants["I"])) == 0


def test_G_is_the_printed_quantity_and_obeys_a_linear_equation() -> None:
    dh2, _, w = theory.states
    dx2, _, rate_h, rate_y = theory.parameters
    G = theory.invariants["G"]
    assert sp.expand(G - printed_theory.misalignment(*symbols)) == 0
    assert sp.expand(along_the_flow(G) + (rate_y * dh2 + rate_h * dx2 * w / dh2) * G) == 0


def test_the_loss_is_the_printed_one() -> None:
    t, dy2, w, dy2_target, mean_error, rate_mean = theory.loss.arguments
    (loss,) = theory.loss.results.values()
    mean = mean_error * sp.exp(-2 * rate_mean * t) / 2
    assert sp.expand(theory.loss.expand(loss) - mean - printed_theory.pair_loss(dy2, w, dy2_target)) == 0


def test_the_loss_is_half_the_squared_error_averaged_over_two_points() -> None:
    first, second, first_target, second_target = np.array([[6, -8], [1, 12], [4, 4], [-2, 8]])
    error, other = first - first_target, second - second_target
    dy, dy_target = second - first, second_target - first_target
    mean_error = sp.Rational(int((error + other) @ (error + other)), 4)
    state = int(dy @ dy), int(dy @ (dy - dy_target)), int(dy_target @ dy_target)
    numbers = dict(zip(theory.loss.arguments, (0, *state, mean_error, 1), strict=True))
    (loss,) = theory.loss.results.values()
    assert theory.loss.expand(loss).subs(numbers) == sp.Rational(int(error @ error + other @ other), 4)
