"""Pairs from the step at which the mean of their outputs is learnt: where a theory of differences may begin to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from repdyn.numeric.loss import error_of_mean

from ..comparison import Comparison, compare
from ..tracking.table import CONSTANTS, KEYS, SCALARS, STEP
from .measures import R2, measures

_LEARNT = 0.1
"""The mean is learnt when so little of its squared error is left."""

_FEWEST = 10
"""Records that must be left from then on."""

_MANY = 0.5
"""The share of pairs of which that must be seen."""


@dataclass(frozen=True)
class Late:
    """The same pairs from a later start.

    Attributes:
        step: where they begin: the median over pairs, in training steps.
        r2: medians of R^2 of dh2, dy2 and w from there on.
        pairs: of how many pairs.
    """

    step: float
    r2: R2
    pairs: int


def late(found: Sequence[Comparison]) -> Late | None:
    """The fits of pairs from where their mean output is learnt, or None if that is not seen of half of them."""
    tables: list[pd.DataFrame] = []
    for number, c in enumerate(found):
        if (begin := _mean_is_learnt(c)) is not None:
            tables.append(_table(c, begin).assign(**{KEYS[0]: str(number), KEYS[1]: c.layer}))
    if len(tables) < max(_MANY * len(found), 1):
        return None
    fits = measures(compare(pd.concat(tables, ignore_index=True), balanced=True))
    return Late(float(np.median([table[STEP.name].iloc[0] for table in tables])), fits.r2, fits.fitted)


def _mean_is_learnt(c: Comparison) -> int | None:
    """The record from which on the mean is learnt, if it was not from the start and enough are left."""
    if c.loss is None or not np.isfinite(c.loss).all():
        return None
    error = np.asarray(error_of_mean(c.loss, c.observed, c.constants))
    small = error <= _LEARNT * error[0]
    begin = int(np.argmax(small))
    return begin if small.any() and begin and len(c.steps) - begin >= _FEWEST else None


def _table(c: Comparison, begin: int) -> pd.DataFrame:
    columns = {name: np.broadcast_to(getattr(c.observed, name), c.steps.shape)[begin:] for name in SCALARS}
    given = dict(zip(CONSTANTS, (float(c.constants.dx2), float(c.constants.dy2)), strict=True))
    return pd.DataFrame({STEP.name: c.steps[begin:], **columns, **given})
