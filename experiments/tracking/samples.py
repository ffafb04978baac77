"""The samples of a trajectory in a table: those that can be compared, the gaps, and where it diverged."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric import Pair, State
from repdyn.numeric.quantities import CAUCHY_SCHWARZ_TOLERANCE

Array = NDArray[np.float64]

KEYS = ["pair", "layer"]
SCALARS = ["dh2", "dy2", "w"]
CONSTANTS = ["dx2", "dy2_target"]

UNLABELLED = "-"
"""The pair and the layer of a table that names none."""

_SHOWN = 20
"""Of more columns than this the first are named."""

_FEWEST = 3
"""Samples that a fit takes."""

SMALLEST, LARGEST = 1e-50, 1e50
"""Sizes of which a fit can take products of six."""


@dataclass(frozen=True)
class Samples:
    """One trajectory, without its gaps and without what diverged.

    Attributes:
        steps: training steps, shape (n,), finite.
        observed: the measured state, fields of shape (n,).
        constants: the pair's squared distances of inputs and targets.
        loss: the measured loss, shape (n,), NaN where there is none; None without a column of that name.
        gaps: how many samples were left out for a step, dh2, dy2 or w that is not finite.
        cut: how many more were left out at the end: dh2, dy2 or w stays not finite, as after a divergence.
    """

    steps: Array
    observed: State
    constants: Pair
    loss: Array | None
    gaps: int
    cut: int


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
    recorded = ["step", *SCALARS]
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
    names = [name for name in (*recorded, *CONSTANTS, "loss") if name in frame]
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


def samples(rows: pd.DataFrame) -> Samples:
    """The trajectory in the rows of one pair and layer of a :func:`checked_table`.

    A row that lacks a finite step, dh2, dy2 or w is a gap, wherever it is; what stays not finite to the end is cut.
    Rows of one step that complete each other, as loggers write them, are one sample. A gap in dx2 or dy2_target
    contradicts nothing. A squared distance that is negative by rounding is 0.

    Raises:
        ValueError: if fewer than three samples are left, dx2 or dy2_target changes, a squared distance is negative,
            or a size is beyond what a fit can compute with.
    """
    given = len(rows)
    constants = {name: _constant(rows[name]) for name in CONSTANTS}
    rows = _merged(rows)
    columns = {name: rows[name].to_numpy(dtype=np.float64) for name in ("step", *SCALARS)}
    finite = {name: np.isfinite(values) for name, values in columns.items()}
    recorded = np.logical_and.reduce([finite[name] for name in SCALARS])
    whole = recorded & finite["step"]
    if whole.sum() < _FEWEST:
        raise ValueError(_too_few(int(whole.sum()), given, {name: int(x.sum()) for name, x in finite.items()}))
    end = int(np.nonzero(recorded)[0][-1]) + 1
    steps, dh2, dy2, w = (values[whole] for values in columns.values())
    for name, values in (("step", steps), ("dh2", dh2), ("dy2", dy2), ("w", w)):
        _check_size(name, values, steps)
    _check_size("dh2", dh2[:1], steps)
    for name, value in constants.items():
        _check_size(name, np.array([value]), None)
    return Samples(
        steps=steps,
        observed=State(_distance("dh2", dh2, steps), _distance("dy2", dy2, steps), w),
        constants=Pair(constants["dx2"], constants["dy2_target"]),
        loss=rows["loss"].to_numpy(dtype=np.float64)[whole] if "loss" in rows else None,
        gaps=end - int(whole.sum()),
        cut=len(rows) - end,
    )


def _merged(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one step as one, if no column has two values there."""
    repeated = rows["step"].duplicated(keep=False) & rows["step"].notna()
    if not repeated.any():
        return rows
    names = [name for name in (*SCALARS, "loss") if name in rows]
    counts = rows.loc[repeated, names].notna().groupby(rows.loc[repeated, "step"]).sum()
    complete = counts.index[(counts <= 1).all(axis=1)]
    parts = rows["step"].isin(complete)
    filled = rows.copy()
    filled.loc[parts, names] = rows[parts].groupby("step")[names].transform("first")
    return filled[~(parts & rows["step"].duplicated())]


def _too_few(kept: int, given: int, finite: dict[str, int]) -> str:
    reason = f"{kept} of {given} samples have a finite step, dh2, dy2 and w, and a fit takes {_FEWEST}"
    if kept == given:
        return reason
    reason += f" ({', '.join(f'{name} is finite in {count}' for name, count in finite.items())})"
    return reason + ("; put the values of a step into one row" if min(finite.values()) >= _FEWEST else "")


def _constant(column: pd.Series) -> float:
    """The one value in a column, or NaN if there is none."""
    found = np.unique(column.dropna().to_numpy(dtype=np.float64))
    if found.size > 1:
        some = ", ".join(f"{value:g}" for value in found[:3])
        raise ValueError(f"{column.name} must be the same in all rows of a pair, got {some}")
    return float(found[0]) if found.size else np.nan


def _check_size(name: str, values: Array, steps: Array | None) -> None:
    sizes = np.abs(values)
    largest = int(np.argmax(sizes))
    size = float(sizes[largest])
    if np.isfinite(size) and size and not SMALLEST <= size <= LARGEST:
        where = "" if steps is None else f" at step {steps[largest]:g}"
        extreme = "large" if size > 1 else "small"
        raise ValueError(
            f"{name} is {values[largest]:g}{where}, and products of such numbers are too {extreme} for double "
            f"precision: give it in other units, between {SMALLEST:g} and {LARGEST:g}"
        )


def _distance(name: str, values: Array, steps: Array) -> Array:
    """A squared distance, 0 where rounding made it negative."""
    wrong = values < -CAUCHY_SCHWARZ_TOLERANCE * np.abs(values).max()
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ValueError(
            f"{name} is a squared distance and must not be negative, got {values[first]:g} at step {steps[first]:g}"
        )
    return np.maximum(values, 0.0)
