"""The table of trajectories: a row for each training step, pair and layer; what its columns are called and mean."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        name: as it stands in the table.
        meaning: what it holds.
        unit: of its numbers; empty for what is no number.
    """

    name: str
    meaning: str
    unit: str = ""


STEP = Column("step", "training step", "steps")

KEYED = (
    Column("pair", "which two points"),
    Column("layer", "which layer's representation, by its name in the module"),
)

MEASURED = (
    Column("dh2", "squared distance of the two representations", "of the layer, squared"),
    Column("dy2", "squared distance of the two outputs", "of the outputs, squared"),
    Column("w", "dy2 less the product of the output difference with that of the targets", "of the outputs, squared"),
)

LOSS = Column("loss", "half the squared error, averaged over the two points", "of the outputs, squared")

GIVEN = (
    Column("dx2", "squared distance of the two inputs", "of the inputs, squared"),
    Column("dy2_target", "squared distance of the two targets", "of the outputs, squared"),
)

COUNTED = Column("counted", "what is counted as a step, where that is not the steps of the one optimiser")
"""The last column of a table of which it has to be said."""

COLUMNS = (STEP, *KEYED, *MEASURED, LOSS, *GIVEN)
"""All other columns, in their order. A table may lack pair, layer and loss."""

KEYS, SCALARS, CONSTANTS = ([column.name for column in columns] for columns in (KEYED, MEASURED, GIVEN))
"""Names: what tells trajectories apart, what evolves, and what stays."""

UNLABELLED = "-"
"""The pair and the layer of a table that names none."""

_SHOWN = 20
"""Of more columns than this the first are named."""


def checked_table(frame: pd.DataFrame) -> pd.DataFrame:
    """A table of trajectories with numbers in all columns of numbers.

    Categories, decimals, strings of numbers and the like become numbers, what is missing NaN.

    Raises:
        ValueError: if a column is missing, stands there twice, or holds anything but numbers.

    >>> table = pd.DataFrame({"step": [0, 1], "dh2": ["0.1", None], "dy2": 0.0, "w": 0.0, "dx2": 1, "dy2_target": 1})
    >>> checked_table(table)["dh2"].tolist()
    [0.1, nan]
    """
    frame = flat(frame)
    recorded = [STEP.name, *SCALARS]
    missing = [name for name in recorded if name not in frame]
    if missing:
        shown = [str(column) for column in frame.columns[:_SHOWN]] + ["..."] * (frame.shape[1] > _SHOWN)
        raise ValueError(
            f"the table lacks the columns {', '.join(missing)}; it has {', '.join(shown)}. A trajectory has step, dh2, "
            "dy2 and w"
        )
    absent = [name for name in CONSTANTS if name not in frame]
    if absent:
        raise ValueError(
            f"the table lacks the columns {', '.join(absent)}: the squared distances of the inputs and of the targets"
        )
    names = [name for name in (*recorded, *CONSTANTS, LOSS.name) if name in frame]
    for name in (*names, *KEYS):
        if list(frame.columns).count(name) > 1:
            raise ValueError(f"the table has the column {name} twice: leave out one of them")
    return frame.assign(**{name: numbers(frame[name]) for name in names if not _is_plain(frame[name])})


def flat(frame: pd.DataFrame) -> pd.DataFrame:
    """A table whose index, if it has names, is columns, and whose rows are numbered.

    Raises:
        ValueError: if its columns have several levels.

    >>> flat(pd.DataFrame({"step": [0, 5], "dh2": 0.1}).set_index("step")).columns.tolist()
    ['step', 'dh2']
    """
    if frame.columns.nlevels > 1:
        raise ValueError(f"the columns of the table have {frame.columns.nlevels} levels: give each one name")
    named = [name for name in frame.index.names if name is not None and name not in frame]
    return frame.reset_index(level=named).reset_index(drop=True) if named else frame.reset_index(drop=True)


def _is_plain(column: pd.Series) -> bool:
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"


def numbers(column: pd.Series) -> Array:
    """A column as numbers in double precision, NaN where it holds nothing.

    Raises:
        ValueError: naming the first value that is no number.

    >>> from decimal import Decimal
    >>> numbers(pd.Series([Decimal("0.5"), "2", None])).tolist()
    [0.5, 2.0, nan]
    """
    if _is_plain(column):
        return column.to_numpy(dtype=np.float64)
    found = np.empty(len(column))
    for row, value in enumerate(column.tolist()):
        try:
            found[row] = _number(value)
        except (TypeError, ValueError):
            raise ValueError(
                f"column {column.name} must hold numbers, got {value!r} in row {row + 1} of {len(column)}{_hint(value)}"
            ) from None
        except OverflowError:
            raise ValueError(
                f"column {column.name} must hold numbers in double precision, up to 1.8e308; that in row {row + 1} of "
                f"{len(column)} is larger"
            ) from None
    return found


def _number(value: Any) -> float:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, str) and not value.strip()):
        return np.nan
    if isinstance(value, bool) or not isinstance(value, Real | Decimal | str):
        raise TypeError
    return float(value)


def _hint(value: Any) -> str:
    if isinstance(value, str) and "," in value:
        return "; write numbers with a decimal point and without commas"
    return "; count training steps" if isinstance(value, pd.Timestamp | pd.Timedelta) else ""


def labels(frame: pd.DataFrame, key: str) -> list[str | None]:
    """The labels in a column as text, None where there is none; of a table without the column a dash.

    >>> labels(pd.DataFrame({"pair": [0.0, np.nan, "a"]}), "pair")
    ['0', None, 'a']
    """
    if key not in frame or frame[key].isna().all():
        return [UNLABELLED] * len(frame)
    return [None if missing else _label(x) for x, missing in zip(frame[key].tolist(), frame[key].isna(), strict=True)]


def _label(value: Any) -> str:
    """A whole number that a gap in its column made a float is still a whole number."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
