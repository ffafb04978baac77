"""Which theory of the package describes the pairs of a layer best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from repdyn.numeric import RateFit, fit_rates
from repdyn.numeric.coefficients import DEFAULT_THEORY
from repdyn.numeric.quantities import is_aligned

from ..comparison import Comparison, balance
from .measures import FAIR, OVERSHOT, R2, measures, spread_evenly

Array = NDArray[np.float64]

PAIRS, SAMPLES = 3, 40
"""Pairs of a layer and samples of each on which theories are compared: those that are integrated take their time."""

OF_SCALARS = (DEFAULT_THEORY, "scalar_output", "growing_rates")
"""Theories of outputs whose differences stay parallel to those of the targets,"""
OF_LOGITS = (DEFAULT_THEORY, "cross_entropy")
"""of such that pass by their targets,"""
OF_VECTORS = (DEFAULT_THEORY, "growing_vectors")
"""and of any that do not."""


@dataclass(frozen=True)
class Alternative:
    """One theory, fitted to some pairs of a layer.

    Attributes:
        theory: its name.
        aic: Akaike's criterion less that of the two-point theory, summed over pairs; negative is better. Residuals
            along a trajectory are alike for a while, so that its size says less than its sign.
        r2: medians of R^2 of dh2, dy2 and w over those pairs.
        pairs: how many.
    """

    theory: str
    aic: float
    r2: R2
    pairs: int


def alternatives(found: Sequence[Comparison]) -> tuple[Alternative, ...]:
    """The theories that can be asked of these pairs, the best first: of three at the quartiles of R^2.

    Others than the two-point theory are dropped where they are not fair in the middle one. None is of vectors that pass
    by their targets, as logits of several classes do under cross-entropy.
    """
    if not found:
        return ()
    ranked = sorted(found, key=lambda c: c.mean_r2)
    places = (np.linspace(0.25, 0.75, PAIRS) * (len(ranked) - 1)).round().astype(int)
    chosen = [ranked[int(k)] for k in np.unique(places)]
    parallel, passed = all(is_aligned(c.observed, c.constants) for c in chosen), measures(found).size.median > OVERSHOT
    if passed and not parallel:
        return ()
    names = OF_LOGITS if passed else OF_SCALARS if parallel else OF_VECTORS
    rows = {name: fits for name in names if (fits := _fits(chosen, name))}
    if DEFAULT_THEORY not in rows:
        return ()
    base = sum(fit.aic for fit in rows[DEFAULT_THEORY])
    options = [
        Alternative(
            theory=name,
            aic=sum(fit.aic for fit in fitted) - base,
            r2=R2(*(float(np.median([getattr(fit.r2, x) for fit in fitted])) for x in R2._fields)),
            pairs=len(fitted),
        )
        for name, fitted in rows.items()
    ]
    return tuple(sorted(options, key=lambda option: option.aic))


def _fits(chosen: Sequence[Comparison], theory: str) -> list[RateFit]:
    """The fits of a theory to all of these pairs, the middle one first; none if it cannot describe one."""
    middle = len(chosen) // 2
    try:
        first = _fit(chosen[middle], theory)
        if theory != DEFAULT_THEORY and min(first.r2.dy2, first.r2.w) < FAIR:
            return []
        return [first, *(_fit(c, theory) for k, c in enumerate(chosen) if k != middle)]
    except (ValueError, ArithmeticError):
        return []


def _fit(c: Comparison, theory: str) -> RateFit:
    some = spread_evenly(len(c.steps), SAMPLES)
    observed = c.observed[np.array(some)]
    return fit_rates(c.steps[some], observed, c.constants, theory=theory, weights=balance(observed))
