"""Where pairs end: predicted from their start with the rates of other pairs, against where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from repdyn.numeric import Pair, State
from repdyn.numeric.coefficients import DEFAULT_THEORY
from repdyn.numeric.determination import varies
from repdyn.numeric.end_states import end_distances
from scipy import stats

from ..comparison import Comparison

Array = NDArray[np.float64]

FEWEST = 8
"""Pairs whose end was seen, below which nothing is said of their ends."""


@dataclass(frozen=True)
class Ends:
    """How well the ends of the pairs of a layer are predicted, over those whose end was seen.

    Attributes:
        predicted: final dh2 from the start and the median rates of the other half of the pairs, shape (pairs,).
        measured: the last dh2, shape (pairs,).
        start: the first dh2, shape (pairs,).
        correlation: Pearson's, of predicted and measured.
        of_start: the same of the distances at the start, which need no theory.
        off: by which factor a prediction is off, the median over pairs.
    """

    predicted: Array
    measured: Array
    start: Array
    correlation: float
    of_start: float
    off: float


def ends(found: Sequence[Comparison]) -> Ends | None:
    """The predicted and the measured ends, or None where too few were seen.

    Each half of the pairs is predicted with the median rates of the other, so that no pair has a part in its own
    prediction but by its start, its inputs and its targets.
    """
    seen = [c for c in found if c.ended and float(np.asarray(c.observed.dh2).flat[0]) > 0]
    halves = seen[::2], seen[1::2]
    rates = [_rates(half) for half in halves]
    if len(seen) < FEWEST or not all(rates):
        return None
    predicted = np.concatenate([_predicted(half, other) for half, other in zip(halves, rates[::-1], strict=True)])
    measured = np.array([c.final_measured for half in halves for c in half])
    start = np.array([float(c.observed[0].dh2) for half in halves for c in half])
    return Ends(
        predicted=predicted,
        measured=measured,
        start=start,
        correlation=_correlation(predicted, measured),
        of_start=_correlation(start, measured),
        off=float(np.exp(np.median(np.abs(np.log(predicted / measured))))) if (measured > 0).all() else np.nan,
    )


def _rates(half: Sequence[Comparison]) -> dict[str, float]:
    """The median rates of those fits that determine them; none of none."""
    known = [c.fit.coefficients for c in half if c.fit.determined]
    return {name: float(np.median([rates[name] for rates in known])) for name in ("rate_h", "rate_y") if known}


def _predicted(half: Sequence[Comparison], rates: Mapping[str, float]) -> Array:
    start = State(*(np.array([float(getattr(c.observed[0], name)) for c in half]) for name in ("dh2", "dy2", "w")))
    pair = Pair(*(np.array([float(getattr(c.constants, name)) for c in half]) for name in ("dx2", "dy2")))
    return end_distances(start, pair, rates, DEFAULT_THEORY)


def _correlation(x: Array, y: Array) -> float:
    return float(stats.pearsonr(x, y).statistic) if varies(x) and varies(y) else np.nan
