"""Pairs of sequences that agree: how far their states part before they merge, over drawn starts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest

from .arguments import number, positive, whole
from .coefficients import named
from .compiled import CompiledFunction, compile, compile_program
from .quantities import broadcast
from .runge_kutta import integrated_path

Array = NDArray[np.float64]

PARTED, MERGED = 1.01, 0.01
"""A pair parts if it is once so many times as far apart as at the start, and has merged at such a share of the most."""

_TARGET = 1.0
"""What both sequences should say: any other number is another unit."""

_SLOW = 4.0
"""By how much the rate of the outputs at the expansion point is lower than that of their derivatives."""

_TIMES, _TOLERANCE = 1001, 1e-6
"""Times at which distances are looked at; the integrator's tolerance for each step."""


@dataclass(frozen=True, eq=False)
class Share:
    """A share of what was drawn, with its 95 % interval (Wilson's); arrays of one shape.

    Attributes:
        value: the share.
        low: the lower end of its interval.
        high: the upper end.
    """

    value: Array
    low: Array
    high: Array


@dataclass(frozen=True, eq=False)
class Parting:
    """How far apart the states of pairs that agree were, and are; arrays of shape (..., draws).

    Attributes:
        most: the largest distance over time, relative to that at the start.
        left: the last distance, relative to the largest.
    """

    most: Array
    left: Array

    @property
    def parted(self) -> Share:
        """The share of pairs that were once further apart than at the start, by 1 %."""
        return _share(self.most > PARTED)

    @property
    def merged(self) -> Share:
        """The share of pairs that are nearer than 1 % of their largest distance."""
        return _share(self.left < MERGED)


def parting(
    first: ArrayLike,
    second: ArrayLike,
    *,
    spread: float = 0.05,
    rate: float = 0.02,
    time: float = 20_000.0,
    draws: int = 200,
    seed: int = 0,
) -> Parting:
    """What the theory of a fixed expansion point says of two sequences that agree, over drawn starts.

    The places of the two states, the output at the expansion point and its derivative are drawn from a normal
    distribution, nothing aligned with anything else; the target of both is 1. The rate of a state is proportional to
    the length of its sequence, which is assumed (:func:`repdyn.symbolic.theories`, ``recurrent``).

    Args:
        first: lengths of one sequence, any shape.
        second: lengths of the other; the two broadcast.
        spread: standard deviation of what is drawn, positive.
        rate: the learning rate, which each symbol adds to the rate of a state, in 1/(training step), positive.
        time: training steps, positive.
        draws: how many starts are drawn for each pair of lengths, the same for all.
        seed: of what is drawn.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a number is not positive and finite, or not a whole one where it must be.
        ArithmeticError: if the integrator gives up, with the reason.

    Source: van Rossem & Saxe (arXiv 2507.09897), figure 10 and its settings.

    >>> found = parting([1.0, 5.5], [10.0, 5.5], draws=20, time=2000.0)
    >>> found.parted.value.tolist()
    [1.0, 0.0]
    """
    lengths = {name: positive(name, value) for name, value in (("first", first), ("second", second))}
    shape = broadcast(**lengths)
    numbers = {name: number(name, value) for name, value in (("spread", spread), ("rate", rate), ("time", time))}
    for name, value in numbers.items():
        positive(name, value)
    count = whole("draws", draws, 1)
    start = _starts(numbers["spread"], count, np.random.default_rng(whole("seed", seed, 0)))
    times = np.linspace(0.0, numbers["time"], _TIMES)
    most, left = np.empty((2, *shape, count))
    pairs = np.broadcast_arrays(*lengths.values())
    for index in np.ndindex(shape):
        of_first, of_second = (float(x[index]) for x in pairs)
        most[index], left[index] = _followed(of_first, of_second, start, times, numbers["rate"])
    return Parting(most, left)


def _starts(spread: float, count: int, draws: np.random.Generator) -> Array:
    """The nine scalars of drawn starts, shape (9, draws): two places, and b and u across each other and the target."""
    h1, h2, b, u = draws.normal(0.0, spread, (4, count))
    products = {"h1": h1, "h2": h2, "b_b": b**2, "u_u": u**2}
    return np.stack([products.get(str(x), np.zeros(count)) for x in named("fixed_expansion").states])


def _followed(first: float, second: float, start: Array, times: Array, rate: float) -> tuple[Array, Array]:
    """The largest distance of each start over the first, and the last over the largest; each of shape (draws,)."""
    theory = named("fixed_expansion")
    constants = {
        "y1_y1": _TARGET**2,
        "y2_y2": _TARGET**2,
        "y1_y2": _TARGET**2,
        "rate_h1": _state_rate()(rate, first)[0],
        "rate_h2": _state_rate()(rate, second)[0],
        "rate_b": rate / _SLOW,
        "rate_y": rate,
        "futures": 1.0,
    }
    values = [constants[str(x)] for x in theory.parameters]
    rates = compile(theory, "rhs")

    def velocity(t: float, q: Array) -> Array:
        return np.concatenate(np.broadcast_arrays(*rates(t, *q.reshape(start.shape), *values)))

    path = integrated_path(velocity, times, start.ravel(), _TOLERANCE).reshape(times.size, *start.shape)
    places = dict(zip(map(str, theory.states), path.swapaxes(0, 1), strict=True))
    apart = np.abs(places["h2"] - places["h1"])
    most = apart.max(axis=0)
    return most / apart[0], apart[-1] / most


@cache
def _state_rate() -> CompiledFunction:
    from repdyn.symbolic.sequences.mergers import RATE_OF_LENGTH

    return compile_program("rate_of_length", RATE_OF_LENGTH)


def _share(which: NDArray[np.bool_]) -> Share:
    """The share along the last axis."""
    so, count = which.sum(axis=-1), which.shape[-1]
    intervals = [binomtest(int(k), count).proportion_ci(method="wilson") for k in so.flat]
    low, high = (np.array([getattr(x, end) for x in intervals]).reshape(so.shape) for end in ("low", "high"))
    return Share(so / count, low, high)
