"""How time and memory grow with the size of a problem: a power law each, fitted where it is more than a fixed cost."""

import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from repdyn.experiments import PairTracker
from repdyn.experiments.settings.architecture import hidden_layer
from repdyn.experiments.training.lightning import Batches, Supervised, fit, repeatable
from repdyn.experiments.training.networks import MLP
from repdyn.numeric import State, fit_many, squared_distances, trajectory

from .fits import pairs_with_noise
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
        traced: whether its memory is Python's and NumPy's; PyTorch's is not known.
    """

    name: str
    what: str
    size: str
    sizes: Sequence[int]
    problem: Callable[[int], Callable[[], object]]
    traced: bool = True


@dataclass(frozen=True)
class Curve:
    """What was measured: seconds and bytes at most in use beyond what is given, and the powers with which they grow.

    There are no bytes of what is not traced.
    """

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
        if not growth.traced:
            continue
        tracemalloc.start()
        function()
        memory.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    sizes = list(growth.sizes)
    grown = {"seconds": times} | ({"bytes": memory} if growth.traced else {})
    return Curve(sizes, times, memory, {name: exponent(sizes, values) for name, values in grown.items()})


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


def _fits(theory: str) -> Callable[[int], Callable[[], object]]:
    def problem(count: int) -> Callable[[], object]:
        t, observed, pairs = pairs_with_noise(count)
        return lambda: fit_many(t, observed, pairs, theory=theory)

    return problem


def _training(*, layers: int = 4, width: int = 64, pairs: int = 1) -> Callable[[], object]:
    """A hundred steps on all points of so many pairs, each layer tracked at every step."""

    def train() -> None:
        with repeatable(1):
            torch.manual_seed(0)
            x, y = torch.randn(pairs, 2, 8), torch.randn(pairs, 2, 3)
            network = MLP(8, 3, width=width, hidden_layers=layers, nonlinearity="tanh", gain=1.0)
            tracker = PairTracker(x, y, [hidden_layer(k) for k in range(layers)])
            batches = Batches(x.flatten(0, 1), y.flatten(0, 1), batch=2 * pairs, steps=100, seed=0)
            fit(Supervised(network, lr=1e-3), batches, [tracker])

    return train


GROWTHS = (
    Growth("steps", "trajectory, NumPy", "steps", [10**k for k in range(2, 7)], in_closed_form),
    Growth("steps_c", "trajectory, C", "steps", [10**k for k in range(2, 7)], lambda n: in_closed_form(n, "c")),
    Growth("pairs", "100 steps of each pair, NumPy", "pairs", [10**k for k in range(5)], _pairs("numpy")),
    Growth("pairs_c", "100 steps of each pair, C", "pairs", [10**k for k in range(5)], _pairs("c")),
    Growth("distances", "squared distances, 64 units", "pairs", [10**k for k in range(2, 7)], _distances),
    Growth("fits", "fits of constant rates", "pairs", [10**k for k in range(5)], _fits("two_point")),
    Growth("growing_fits", "fits of rates that grow", "pairs", [4**k for k in range(5)], _fits("growing_vectors")),
    Growth("layers", "64 units, 1 pair", "layers", [2**k for k in range(2, 8)], lambda n: _training(layers=n), False),
    Growth("width", "4 layers, 1 pair", "units", [2**k for k in range(5, 11)], lambda n: _training(width=n), False),
    Growth("tracked", "4 layers, 64 units", "pairs", [4**k for k in range(7)], lambda n: _training(pairs=n), False),
)
