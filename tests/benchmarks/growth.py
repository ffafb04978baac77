"""How time and memory grow with the size of a problem: a power law each, fitted where it is more than a fixed cost."""

import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from repdyn.numeric import State, squared_distances, trajectory

from .timing import seconds
from .trajectories import PAIR, RATES, START, STEPS, in_closed_form

_FITTED = 3
"""The largest sizes, by which the exponent is told."""


@dataclass(frozen=True)
class Growth:
    """One curve.

    Attributes:
        name: by which it is asked for.
        what: what is computed.
        size: what it grows with.
        sizes: how much of that.
        problem: what is called for a size.
    """

    name: str
    what: str
    size: str
    sizes: Sequence[int]
    problem: Callable[[int], Callable[[], object]]


@dataclass(frozen=True)
class Curve:
    """What was measured: seconds and bytes at most in use beyond what is given, and the powers with which they grow."""

    sizes: list[int]
    seconds: list[float]
    bytes: list[int]
    exponents: dict[str, float]


def measured(growth: Growth) -> Curve:
    """The curve of a problem."""
    times, memory = [], []
    for size in growth.sizes:
        function = growth.problem(size)
        times.append(seconds(function, 5, perf_counter).median)
        tracemalloc.start()
        function()
        memory.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    sizes = list(growth.sizes)
    return Curve(sizes, times, memory, {"seconds": exponent(sizes, times), "bytes": exponent(sizes, memory)})


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float:
    """The slope of a straight line through the logarithms at the largest sizes.

    >>> round(exponent([1, 10, 100, 1000], [5.0, 5.0, 50.0, 500.0]), 9)
    1.0
    """
    return float(np.polyfit(np.log(sizes[-_FITTED:]), np.log(values[-_FITTED:]), 1)[0])


def _pairs(backend: str) -> Callable[[int], Callable[[], object]]:
    def problem(count: int) -> Callable[[], object]:
        starts = State(np.geomspace(1e-4, 1e-2, count)[:, None], START.dy2, START.w)
        t = np.linspace(0, STEPS, 100)
        return lambda: trajectory(t, starts, PAIR, RATES, backend=backend)

    return problem


def _distances(pairs: int) -> Callable[[], object]:
    points = np.random.default_rng(0).normal(size=(round((2 * pairs) ** 0.5), 64))
    return lambda: squared_distances(points)


GROWTHS = (
    Growth("steps", "trajectory, NumPy", "steps", [10**k for k in range(2, 7)], in_closed_form),
    Growth("steps_c", "trajectory, C", "steps", [10**k for k in range(2, 7)], lambda n: in_closed_form(n, "c")),
    Growth("pairs", "100 steps of each pair, NumPy", "pairs", [10**k for k in range(5)], _pairs("numpy")),
    Growth("pairs_c", "100 steps of each pair, C", "pairs", [10**k for k in range(5)], _pairs("c")),
    Growth("distances", "squared distances, 64 units", "pairs", [10**k for k in range(2, 7)], _distances),
)
