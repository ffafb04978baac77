"""Where pairs that have not ended are going."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from repdyn.numeric import Forecast, forecast_trajectory

from ..comparison import Comparison
from .measures import Spread, spread_evenly

PAIRS = 12
"""Pairs of a layer that are forecast, at most."""


@dataclass(frozen=True)
class Outlook:
    """Forecasts of some pairs of a layer that have not ended.

    Attributes:
        pairs: how many were asked.
        forecasts: how many have one.
        growth: the final dh2 over the last that was measured, of those.
        low, high: medians of the ends of its 90 % intervals.
        reasons: why others have none, and how often.
    """

    pairs: int
    forecasts: int
    growth: Spread
    low: float
    high: float
    reasons: dict[str, int]


def outlook(found: Sequence[Comparison]) -> Outlook | None:
    """The forecasts of the pairs that have not ended, evenly chosen; None if all have."""
    going = [c for c in found if not c.ended and not c.cut]
    if not going:
        return None
    some = [going[k] for k in spread_evenly(len(going), PAIRS)]
    finals: list[tuple[float, float, float]] = []
    reasons: dict[str, int] = {}
    for c in some:
        said = forecast_trajectory(c.steps, c.observed, c.constants, until=c.steps[-1:])
        if isinstance(said, Forecast):
            low, high = said.final_interval
            finals.append((said.final / c.final_measured, low / c.final_measured, high / c.final_measured))
        else:
            reasons[said.reason] = reasons.get(said.reason, 0) + 1
    middle, low, high = (np.array(x) for x in zip(*finals, strict=True)) if finals else (np.full(1, np.nan),) * 3
    return Outlook(
        pairs=len(some),
        forecasts=len(finals),
        growth=Spread.of(middle.tolist()),
        low=float(np.median(low)),
        high=float(np.median(high)),
        reasons=reasons,
    )
