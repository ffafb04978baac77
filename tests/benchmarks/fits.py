"""Fits: one pair against the procedure of the paper, many pairs at once, and rates that grow."""

from time import perf_counter

import numpy as np
from papers_fit import PAIR, T, growing_rates, papers_fit
from repdyn.numeric import Pair, Rates, State, fit_many, fit_rates, trajectory

from .goal import Goal
from .timing import Spread, ratio, seconds

PAIRS, SAMPLES = 10_000, 100


def noisy(path: State, size: float, seed: int = 0) -> State:
    """The same with normal errors of a share of each scalar's largest value, but for its start."""
    draws = np.random.default_rng(seed)
    rows = np.array(list(vars(path).values()))
    errors = size * np.abs(rows).max(axis=1, keepdims=True) * draws.normal(size=rows.shape)
    errors[:, 0] = 0
    dh2, dy2, w = rows + errors
    return State(np.abs(dh2), np.abs(dy2), w)


def against_the_paper() -> Spread:
    observed = growing_rates(T)
    found = ratio(lambda: fit_rates(T, observed, PAIR), lambda: papers_fit(T, observed, PAIR), turns=5)
    return Spread(1 / found.median, (1 / found.quartiles[1], 1 / found.quartiles[0]))


def pairs_with_noise(count: int) -> tuple[np.ndarray, State, Pair]:
    """The trajectories of so many pairs, with errors of a hundredth: times, states, pairs."""
    draws = np.random.default_rng(0)
    pairs = Pair(1.0, draws.uniform(0.1, 1.0, count))
    rates = Rates(10 ** draws.uniform(-3, -2, count), 10 ** draws.uniform(-2.5, -1.5, count))
    t = np.linspace(0, 1200, SAMPLES)
    return t, noisy(trajectory(t[:, None], State(0.02, 0.01, 0.0), pairs, rates), 0.01), pairs


def many() -> Spread:
    t, observed, pairs = pairs_with_noise(PAIRS)
    return seconds(lambda: fit_many(t, observed, pairs), 3, perf_counter)


def growing() -> Spread:
    observed = growing_rates(T)
    both = [lambda name=name: fit_rates(T, observed, PAIR, theory=name) for name in ("growing_rates", "two_point")]
    return ratio(*both, turns=3)


GOALS = (
    Goal(
        "paper",
        "a fit of two rates to 400 samples of a network whose rates grow",
        "the paper's procedure, an integration at each step of the search",
        "times as fast",
        400,
        against_the_paper,
    ),
    Goal(
        "many_fits",
        f"`fit_many` of {PAIRS:,} pairs of {SAMPLES} samples, on all processors (2,000 a second)",
        "",
        "seconds",
        PAIRS / 2000,
        many,
    ),
    Goal(
        "growing_fit", "a fit of rates that grow to 400 samples", "one of constant rates", "times the time", 3, growing
    ),
)
