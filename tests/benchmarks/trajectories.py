"""One trajectory in closed form, against an integrator and against the exponentials that are in it."""

from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np
from repdyn.numeric import Pair, Rates, State, compile, trajectory
from scipy.integrate import solve_ivp

from .goal import Goal
from .timing import Spread, ratio

START, PAIR, RATES = State(1e-3, 1e-3, 0.0), Pair(1.0, 0.5), Rates(7e-4, 3.5e-2)
"""The default network's, to a digit."""

STEPS, MANY = 6000, 1_000_000


def times(count: int) -> np.ndarray:
    return np.linspace(0, STEPS, count)


def in_closed_form(count: int, backend: str = "numpy") -> Callable[[], State]:
    t = times(count)
    return lambda: trajectory(t, START, PAIR, RATES, backend=backend)


def by_radau(tolerance: float) -> Callable[[], np.ndarray]:
    """SciPy's solver for stiff equations, with the theory's own equations and Jacobian, one point at a time."""
    values = (*vars(PAIR).values(), *vars(RATES).values())
    rhs, jacobian = (compile("two_point", what, "python").bare for what in ("rhs", "jacobian"))
    first = list(vars(START).values())

    def derivatives(t: float, y: np.ndarray) -> np.ndarray:
        return np.reshape(jacobian(t, *y.tolist(), *values)[-9:], (3, 3))

    return lambda: (
        solve_ivp(
            lambda t, y: rhs(t, *y.tolist(), *values),
            (0, STEPS),
            first,
            method="Radau",
            t_eval=times(STEPS),
            jac=derivatives,
            rtol=tolerance,
            atol=1e-3 * tolerance,
        ).y
    )


def exponentials(count: int) -> Callable[[], list[np.ndarray]]:
    """Those that no form of the trajectory avoids: of its two decays, and of what one of them lacks to 1."""
    decays = [-rate * times(count) for rate in (1e-3, 2e-3, 5e-4)]
    return lambda: [np.exp(x) for x in decays]


def _faster(tolerance: float, backend: str) -> Spread:
    found = ratio(in_closed_form(STEPS, backend), by_radau(tolerance), turns=9)
    return Spread(1 / found.median, (1 / found.quartiles[1], 1 / found.quartiles[0]))


def _cost(count: int, backend: str, turns: int) -> Spread:
    clock = process_time if backend == "numpy" else perf_counter
    return ratio(in_closed_form(count, backend), exponentials(count), turns, clock)


GOALS = (
    Goal(
        "radau",
        "a trajectory of 6,000 steps, in NumPy",
        "Radau to 1e-10, where the closed form has 1e-12 and more",
        "times as fast",
        100,
        lambda: _faster(1e-10, "numpy"),
    ),
    Goal(
        "loose_radau",
        "the same",
        "Radau to 1e-6",
        "times as fast",
        100,
        lambda: _faster(1e-6, "numpy"),
    ),
    Goal(
        "numpy_exponentials",
        "a trajectory of 6,000 steps, in NumPy",
        "three exponentials of as many numbers, in NumPy",
        "times the time",
        2,
        lambda: _cost(STEPS, "numpy", 60),
    ),
    Goal(
        "numpy_million",
        "one of 1,000,000 points, in NumPy",
        "three exponentials of as many numbers, in NumPy",
        "times the time",
        2,
        lambda: _cost(MANY, "numpy", 15),
    ),
    Goal(
        "c_exponentials",
        "a trajectory of 6,000 steps, in C",
        "three exponentials of as many numbers, in NumPy",
        "times the time",
        1,
        lambda: _cost(STEPS, "c", 60),
    ),
    Goal(
        "c_million",
        "one of 1,000,000 points, in C on all processors",
        "three exponentials of as many numbers, in NumPy",
        "times the time",
        1,
        lambda: _cost(MANY, "c", 25),
    ),
)
