"""What the trials of streaming tasks come to, in numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...figures.collective import rows_of

LEARNT = 0.01
"""The loss below which a task is learnt."""


def fell_at(course: pd.DataFrame, loss: str, below: float) -> float:
    """The epoch of the first record from which on a loss is below a bound; infinity if there is none.

    >>> fell_at(pd.DataFrame({"epoch": [0, 10, 20], "loss": [0.5, 0.1, 0.0]}), "loss", 0.125)
    10.0
    """
    above = np.nonzero(course[loss].to_numpy(np.float64) >= below)[0]
    first = int(above[-1]) + 1 if above.size else 0
    return float(course["epoch"].iloc[first]) if first < len(course) else float("inf")


def of_setting(table: pd.DataFrame, setting: str) -> pd.DataFrame:
    """The rows of one setting, of a table that may be empty."""
    return rows_of(table, "setting", setting) if len(table) else table


def longest_of(reading: pd.DataFrame) -> pd.DataFrame:
    """The rows of the longest strings."""
    return rows_of(reading, "length", reading["length"].max())
