"""Whether a larger theory fits better than one that is a special case of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from repdyn.numeric.rate_fit import RateFit  # that of the users of fit_rates, the examples below among them
from repdyn.symbolic.arguments import instance
from scipy import stats


@dataclass(frozen=True)
class NestedTest:
    """Whether a larger theory fits better than a smaller one by more than its further coefficients explain.

    Attributes:
        statistic: Fisher's F: how much the misfit falls per further coefficient, over what is left of it per degree
            of freedom.
        p_value: the probability of one as large if the smaller theory were true. It assumes independent residuals,
            which those along a trajectory are not: only a large p value says much.
        aic: Akaike's criterion of the smaller theory less that of the larger.
        ratio: the misfit of the smaller theory over that of the larger.
    """

    statistic: float
    p_value: float
    aic: float
    ratio: float


def are_nested(smaller: RateFit, larger: RateFit) -> bool:
    """Whether one fit is of a special case of the other's theory, with fewer coefficients and the same samples.

    Raises:
        TypeError: if one is no fit.

    >>> from repdyn.numeric import Pair, Rates, State, fit_rates, trajectory
    >>> pair, t = Pair(1.0, 0.5), np.arange(0.0, 2000.0, 20.0)
    >>> run = trajectory(t, State(1e-2, 0.0, 0.0), pair, Rates(1e-3, 2e-2))
    >>> small, large = (fit_rates(t, run, pair, theory=name) for name in ("two_point", "scalar_output"))
    >>> are_nested(small, large), are_nested(large, small)
    (True, False)
    """
    instance("smaller", smaller, RateFit)
    instance("larger", larger, RateFit)
    special = smaller.theory == larger.theory or smaller.theory in larger.special_cases
    return special and set(smaller.fitted) < set(larger.fitted) and smaller.samples == larger.samples


def nested_test(smaller: RateFit, larger: RateFit) -> NestedTest:
    """Compare two fits to the same trajectory of which one theory is a special case of the other.

    Raises:
        TypeError: if one is no fit.
        ValueError: if the smaller theory is no special case of the larger one with fewer fitted coefficients, or the
            samples differ.

    >>> from repdyn.numeric import Pair, State, fit_rates, integrate
    >>> t, pair = np.arange(0.0, 2000.0, 10.0), Pair(1.0, 0.5)
    >>> coefficients = {"rate_h": 1e-3, "growth_h": 5e-3, "rate_y": 2e-2}
    >>> run = integrate(t, State(1e-2, 0.0, 0.0), pair, coefficients, theory="growing_rates")
    >>> small, large = (fit_rates(t, run, pair, theory=name) for name in ("scalar_output", "growing_rates"))
    >>> nested_test(small, large).ratio > 1e6
    True
    """
    if not are_nested(smaller, larger):
        raise ValueError(
            "a nested test needs two fits of the same samples, the first of a special case of the second with fewer "
            f"coefficients, got {smaller.theory} with {', '.join(smaller.fitted)} ({smaller.samples} samples) and "
            f"{larger.theory} with {', '.join(larger.fitted)} ({larger.samples} samples)"
        )
    more = len(larger.fitted) - len(smaller.fitted)
    freedom = larger.samples - len(larger.fitted)
    if larger.sse == 0:
        return NestedTest(np.inf, 0.0, np.inf, np.inf)
    statistic = max(smaller.sse - larger.sse, 0.0) / more / (larger.sse / freedom)
    return NestedTest(
        statistic=statistic,
        p_value=float(stats.f.sf(statistic, more, freedom)),
        aic=smaller.aic - larger.aic,
        ratio=smaller.sse / larger.sse,
    )
