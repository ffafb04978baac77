"""The fit of van Rossem & Saxe (arXiv 2402.09142), the baseline: a grid, implicit integration, quasi-Newton steps."""

from typing import NamedTuple

import numpy as np
import printed_theory
from repdyn.numeric import Pair, Rates, State
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

GUESSES = 100


class Fit(NamedTuple):
    """The fitted rates and the sum of squared differences of dh2, dy2 and w."""

    rates: Rates
    sse: float


def papers_fit(t, observed, pair):
    """Fit both rates to times of shape (n,) and a measured state with fields of shape (n,).

    The guesses lie on the line on which dh2 ends, in the rich limit, where it was measured to end. Each is an
    integration of the three scalars by Radau; the best is refined by BFGS in the logarithms of the rates.
    """
    times = np.asarray(t, dtype=float) - np.ravel(t)[0]
    measured = np.stack(np.broadcast_arrays(observed.dh2, observed.dy2, observed.w))

    def sse(logs, rtol=1e-6):
        return np.sum((_integrated(times, measured[:, 0], pair, np.exp(logs), rtol) - measured) ** 2)

    ratio = measured[0, -1] ** 2 / (pair.dx2 * pair.dy2)
    rates_y = np.geomspace(1e-2, 1e4, GUESSES) / (times[-1] * np.sqrt(ratio * pair.dx2 * pair.dy2))
    guesses = np.log([ratio * rates_y, rates_y]).T
    best = min(guesses, key=sse)
    refined = minimize(sse, best, method="BFGS", options={"gtol": 1e-7}).x
    return Fit(Rates(*np.exp(refined)), float(sse(refined, rtol=1e-10)))


def _integrated(times, start, pair, rates, rtol):
    """The three scalars by Radau, shape (3, n); infinite where the solver gives up, as near a zero of dh2."""

    def rhs(_, state):
        return printed_theory.system(*state, pair.dx2, pair.dy2, *rates)

    with np.errstate(all="ignore"):
        solved = solve_ivp(rhs, (0, times[-1]), start, "Radau", times, rtol=rtol, atol=rtol * 1e-2)
    return solved.y if solved.success else np.full((3, times.size), np.inf)


T = np.arange(0.0, 1200.0, 3.0)
PAIR = Pair(1.0, 0.5)


def growing_rates(t):
    """A pair whose rates grow as it learns, as in deep networks, seen with noise: no constant rates fit it."""

    def rhs(_, weights):
        a, b = weights
        error = a * b - np.sqrt(PAIR.dy2)
        return -(1e-3 + 8e-3 * a**2) * b * error / 2, -(2e-2 + 1e-2 * b**2) * a * error / 2

    a, b = solve_ivp(rhs, (0, t[-1]), (0.06, 0.4), t_eval=t, rtol=1e-9, atol=1e-12).y
    noise = 3e-3 * np.random.default_rng(0).normal(size=(3, t.size)) * (t > 0)
    dy2 = (a * b) ** 2
    return State(a**2 + np.abs(noise[0]), dy2 + np.abs(noise[1]), dy2 - a * b * np.sqrt(PAIR.dy2) + noise[2])
