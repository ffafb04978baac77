"""The samples of one trajectory: those that can be compared, the gaps, and where it diverged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric import Pair, State
from repdyn.numeric.quantities import CAUCHY_SCHWARZ_TOLERANCE

from .table import CONSTANTS, LOSS, SCALARS, STEP

Array = NDArray[np.float64]

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
    columns = {name: rows[name].to_numpy(dtype=np.float64) for name in (STEP.name, *SCALARS)}
    finite = {name: np.isfinite(values) for name, values in columns.items()}
    recorded = np.logical_and.reduce([finite[name] for name in SCALARS])
    whole = recorded & finite[STEP.name]
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
        loss=rows[LOSS.name].to_numpy(dtype=np.float64)[whole] if LOSS.name in rows else None,
        gaps=end - int(whole.sum()),
        cut=len(rows) - end,
    )


def _merged(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one step as one, if no column has two values there."""
    repeated = rows[STEP.name].duplicated(keep=False) & rows[STEP.name].notna()
    if not repeated.any():
        return rows
    names = [name for name in (*SCALARS, LOSS.name) if name in rows]
    counts = rows.loc[repeated, names].notna().groupby(rows.loc[repeated, "step"]).sum()
    complete = counts.index[(counts <= 1).all(axis=1)]
    parts = rows[STEP.name].isin(complete)
    filled = rows.copy()
    filled.loc[parts, names] = rows[parts].groupby(STEP.name)[names].transform("first")
    return filled[~(parts & rows[STEP.name].duplicated())]


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
