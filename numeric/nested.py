"""Whether a larger theory fits better than one that is a special case of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from .fit import RateFit


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


def nested_test(smaller: RateFit, larger: RateFit) -> NestedTest:
    """Compare two fits to the same trajectory of which one theory is a special case of the other.

    Raises:
        ValueError: if the larger fit has not all fitted coefficients of the smaller one and more, or other samples.

    >>> from repdyn.numeric import Pair, State, fit_rates, integrate
    >>> t, pair = np.arange(0.0, 2000.0, 10.0), Pair(1.0, 0.5)
    >>> coefficients = {"rate_h": 1e-3, "growth_h": 5e-3, "rate_y": 2e-2}
    >>> run = integrate(t, State(1e-2, 0.0, 0.0), pair, coefficients, theory="growing_rates")
    >>> small, large = (fit_rates(t, run, pair, theory=name) for name in ("scalar_output", "growing_rates"))
    >>> nested_test(small, large).ratio > 1e6
    True
    """
    if not set(smaller.fitted) < set(larger.fitted) or smaller.samples != larger.samples:
        raise ValueError(
            "a nested test needs a smaller and a larger fit of the same samples, with the coefficients of the one "
            f"among those of the other, got {', '.join(smaller.fitted)} ({smaller.samples} samples) and "
            f"{', '.join(larger.fitted)} ({larger.samples} samples)"
        )
    more = len(larger.fitted) - len(smaller.fitted)
    freedom = larger.samples - len(larger.fitted)
    if larger.sse == 0:
        return NestedTest(np.inf, 0.0, np.inf, np.inf)
    statistic = (smaller.sse - larger.sse) / more / (larger.sse / freedom)
    return NestedTest(
        statistic=statistic,
        p_value=float(stats.f.sf(statistic, more, freedom)),
        aic=smaller.aic - larger.aic,
        ratio=smaller.sse / larger.sse,
    )
