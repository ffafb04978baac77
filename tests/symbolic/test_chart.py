"""The regular coordinates: they lead back to the three scalars, and their flow is the flow of the theory."""

import mpmath as mp
import printed_theory
import pytest
from exact_numbers import CLOSE, DIGITS, function, random_arguments
from repdyn.symbolic import two_point

theory = two_point()
chart = theory.chart
enter = function(chart.enter, *chart.enter.results.values())
leave = function(chart.leave, *chart.leave.results.values())
SEEDS = range(5)


def test_its_programs_fit_together() -> None:
    assert tuple(chart.enter.results) == (chart.time, *chart.states, *chart.parameters)
    assert chart.leave.arguments == (*chart.states, *theory.parameters)
    assert tuple(chart.leave.results) == theory.states


def test_its_flow_is_polynomial() -> None:
    assert all(rate.is_polynomial(*chart.states, *chart.parameters) for rate in chart.rhs.values())


def test_its_jacobian_has_the_derivatives_of_each_rate_in_a_row() -> None:
    for i, rated in enumerate(chart.states):
        for j, moved in enumerate(chart.states):
            assert chart.jacobian[i, j] == chart.rhs[rated].diff(moved)


@pytest.mark.parametrize("seed", SEEDS)
def test_enter_then_leave_is_the_start(seed) -> None:
    with mp.workdps(DIGITS):
        t, *fixed = random_arguments(seed)
        _, *coordinates, _ = enter(t, *fixed)
        for value, start in zip(leave(*coordinates, *fixed[3:]), fixed[:3], strict=True):
            assert abs(value - start) < CLOSE


@pytest.mark.parametrize("seed", SEEDS)
def test_its_flow_moves_the_three_scalars_as_the_system_does(seed) -> None:
    """d(leave)/dt by the chain rule: through the coordinates, their rates, and the chart's time."""
    with mp.workdps(DIGITS):
        t, *fixed = random_arguments(seed)
        _, *coordinates, delta = enter(t, *fixed)
        pace = mp.diff(lambda time: enter(time, *fixed)[0], t)
        numbers = dict(zip((*chart.states, *chart.parameters), (*coordinates, delta), strict=True))
        velocity = [mp.mpf(chart.rhs[x].evalf(DIGITS, subs=numbers)) * pace for x in chart.states]
        expected = printed_theory.system(*fixed[:3], *fixed[3:])
        for index, rate in enumerate(expected):
            moved = mp.diff(
                lambda step, i=index: leave(
                    *(x + step * v for x, v in zip(coordinates, velocity, strict=True)), *fixed[3:]
                )[i],
                0,
            )
            assert abs(moved - rate) < CLOSE * (1 + abs(rate))
