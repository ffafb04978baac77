"""The fit of van Rossem & Saxe (arXiv 2402.09142), the baseline: a grid, implicit integration, quasi-Newton steps."""

from typing import NamedTuple

import numpy as np
import printed_theory
from repdyn.numeric import Rates
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
