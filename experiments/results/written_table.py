"""A table in a file of the user's choice."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from ..storage.files import check_file, successor


def check_table_file(path: Path) -> None:
    """Check, before there is anything to write, that a table can be written there.

    Raises:
        ValueError: if it is neither CSV nor Parquet by its name.
        OSError: saying what is in the way.
    """
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise ValueError(f"{path} must end in .csv or .parquet")
    check_file(path)


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV or Parquet, whole or not at all.

    Raises:
        OSError: if it cannot be written.
    """
    with successor(path) as new:
        if path.suffix.lower() == ".csv":
            table.to_csv(new, index=False)
        else:
            table.to_parquet(new, index=False)
        os.replace(new, path)
