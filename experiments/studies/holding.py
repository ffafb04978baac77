"""Holding: how well a theory holds in a setting, as one number that all studies share."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

HOLDS = 0.95
"""R² from which a theory holds: it describes a setting if the medians over seeds for dh2 and for dy2 reach it."""


@dataclass(frozen=True)
class Holding:
    """How well a theory holds in a setting.

    Attributes:
        setting: what it is about.
        theory: the theory's name.
        r2: R² of what is measured about what the theory says, the median over networks; NaN if there is no number.
    """

    setting: str
    theory: str
    r2: float


def distances_r2(fits: pd.DataFrame) -> float:
    """The lesser of the medians of R² of dh2 and of dy2 over fits of one theory; NaN if there are none.

    >>> distances_r2(pd.DataFrame({"r2_dh2": [0.9, 0.8, 0.7], "r2_dy2": [1.0, 0.9, 0.9]}))
    0.8
    """
    medians = fits.reindex(columns=["r2_dh2", "r2_dy2"]).astype(float).median()
    return float(medians.min(skipna=False))
