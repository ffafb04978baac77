"""Two sequences that share their futures are two data points with other constants."""

import numpy as np
import pytest
import sympy as sp
from repdyn.symbolic import theories, two_point

theory = theories()["recurrent"]
dh2, dy2, w = theory.states
dy2_target, rate_h1, rate_h2, rate_y, futures = theory.parameters
CONSTANTS = (rate_h1 + rate_h2) / 2, rate_y / (2 * futures)
"""dx2/tau_h and 1/tau_y, as printed."""


def printed(expr):
    """An expression of the two-point theory with the constants of two sequences."""
    dx2, target, h, y = two_point().parameters
    return expr.subs({dx2: 1, target: dy2_target, h: CONSTANTS[0], y: CONSTANTS[1]}, simultaneous=True)


def test_names_and_their_order_are_a_promise() -> None:
    assert tuple(map(str, theory.states)) == ("dh2", "dy2", "w")
    assert tuple(map(str, theory.parameters)) == ("dy2_target", "rate_h1", "rate_h2", "rate_y", "futures")
    assert theory.solution.arguments == (theory.time, *theory.start, *theory.parameters)
    assert theory.final.arguments == (*theory.start, *theory.parameters)
    assert theory.chart.enter.arguments == theory.solution.arguments
    assert theory.chart.leave.arguments == (*theory.chart.states, *theory.parameters)


@pytest.mark.parametrize("index", range(3), ids=map(str, theory.states))
def test_the_system_is_the_two_point_system_with_the_printed_constants(index) -> None:
    state = theory.states[index]
    assert sp.expand(theory.rhs[state] - printed(two_point().rhs[state])) == 0


def test_the_loss_is_half_the_squared_error_over_states_and_futures() -> None:
    draws = np.random.default_rng(0)
    N, outputs = 5, 3
    predicted, target = draws.normal(size=(2, 2, N, outputs))
    dy, dy_target = predicted[1] - predicted[0], target[1] - target[0]
    means = predicted.mean(0) - target.mean(0)
    values = (0, (dy**2).sum() / N, (dy * (dy - dy_target)).sum() / N, (dy_target**2).sum() / N, (means**2).sum() / N)
    (loss,) = theory.loss.results.values()
    expected = ((predicted - target) ** 2).sum(-1).mean() / 2
    assert float(loss.subs(dict(zip(theory.loss.arguments, (*values, 1, N), strict=True)))) == pytest.approx(
        expected, rel=1e-12
    )


def test_the_flow_near_the_end_is_what_the_derivation_says() -> None:
    """Trace and determinant against differences of the motion on the line of a pair, no formula of the derivation."""
    values = {dy2_target: 0.7, rate_h1: 0.3, rate_h2: 0.5, rate_y: 0.9, futures: 3}
    high, rho = -0.4, 0.8 * 3 / 0.9
    low2 = rho * 0.7
    end = high / 2 + np.sqrt(high**2 / 4 + low2)
    step = 1e-6

    def motion(h, misfit):
        point = {dh2: h, w: misfit, dy2: h * (h - high) / rho, **values}
        return np.array([float(theory.rhs[x].subs(point)) for x in (dh2, w)])

    columns = [(motion(end + a, b) - motion(end - a, -b)) / (2 * step) for a, b in ((step, 0.0), (0.0, step))]
    expected = {"trace": np.trace(columns), "determinant": np.linalg.det(columns)}
    for relation in theory.derivation["near_the_end"].statement[2:4]:
        symbols = {str(x): x for x in relation.rhs.free_symbols}
        known = {"dh2_end": end, "A_low": np.sqrt(low2), "A_high": high}
        found = relation.rhs.subs(values).subs({x: known[name] for name, x in symbols.items() if name in known})
        assert float(found) == pytest.approx(expected[str(relation.lhs)], rel=1e-6)
