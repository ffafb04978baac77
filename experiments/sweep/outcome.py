"""What a trial gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

FINISHED, DIVERGED, FAILED = "finished", "diverged", "failed"


@dataclass(frozen=True)
class Outcome:
    """What a trial gave: plain values and tables.

    Attributes:
        status: finished, diverged (training ended in what is not a number) or failed (an error).
        reason: why it did not finish; empty if it did.
        traceback: of the error that it failed by; empty if there was none.
        values: numbers, texts and lists of such, which go into JSON.
        tables: by name, which become Parquet files.
        seconds: how long it took.
        versions: of the packages it was made with.
    """

    status: str = FINISHED
    reason: str = ""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict[str, pd.DataFrame])
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    traceback: str = ""


def trained(diverged_at: int | None, tables: Mapping[str, pd.DataFrame], values: Mapping[str, Any]) -> Outcome:
    """The outcome of a training run that ended or, if a step is given, diverged there."""
    if diverged_at is None:
        return Outcome(values=values, tables=tables)
    reason = f"the loss ceased to be a number at step {diverged_at}"
    return Outcome(DIVERGED, reason, {**values, "diverged_at": diverged_at}, tables)
