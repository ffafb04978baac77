"""What is computed of the rich structure: fitted rates, predicted final distances, and how well they do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from repdyn.numeric import Pair, State, named
from repdyn.numeric.agreement import Agreement, agreement, resampled
from repdyn.numeric.gram import gram_determinant, squared_slope

from ...figures.structure import FORMULAS
from ...tracking.table import SCALARS
from ...trials.fits import MEASURED
from ..end_states import end_distances
from ..study import Results

LARGEST_LOSS = 1e-2
"""Fitted runs that end with more are left out of the means, as in the paper."""

_NOWHERE = State(1e-300, 0.0, 0.0)
"""The start of the rich limit: no distance to speak of."""


def fitted_runs(results: Results) -> pd.DataFrame:
    """A row for each fitted run and theory: its coefficients, its start, its last loss, and whether it gives rates."""
    fits, curves = results.table("fits", "fits"), results.table("fits", "curves")
    if fits.empty:
        return pd.DataFrame()
    if curves.empty:  # no fit gave anything
        return fits.assign(loss=np.nan, kept=False)
    runs = curves[curves["theory"] == MEASURED].groupby(["setting", "seed"], sort=False)
    ends = runs.agg(loss=("loss", "last"), dh2_0=("dh2", "first"), dy2_0=("dy2", "first")).reset_index()
    merged = fits.merge(ends, on=["setting", "seed"], how="left")
    return merged.assign(kept=merged["success"].astype(bool) & (merged["loss"] <= LARGEST_LOSS))


def predicted(ends: pd.DataFrame, fits: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The networks of the grid with ``formula``, ``predicted`` and ``reached`` (at the dy2 where they stopped)."""
    for name, networks in ends.groupby("setting", sort=False):
        own = fits[fits["setting"] == name]
        for formula in FORMULAS:
            rates = own[own["theory"] == ("two_point" if formula == "rich" else formula)]
            if len(rates):
                predictions = [_prediction(formula, rates, network) for _, network in networks.iterrows()]
                both = pd.DataFrame(predictions, index=networks.index, columns=["predicted", "reached"])
                yield networks.join(both).assign(formula=formula)


def _prediction(formula: str, fits: pd.DataFrame, network: pd.Series) -> tuple[float, float]:
    """dh2 when all is learnt, and when dy2 is what the network reached."""
    dx2, dy, end = float(network["dx"]) ** 2, float(network["dy"]), float(network["dy2_end"]) ** 0.5
    rate_h, rate_y = float(fits["fitted_rate_h"].mean()), float(fits["fitted_rate_y"].mean())
    if formula == "rich":
        ends = [_final("two_point", _NOWHERE, Pair(dx2, x**2), {"rate_h": rate_h, "rate_y": rate_y}) for x in (dy, end)]
        return ends[0], ends[1]
    dh2, dy2, w = (float(network[column]) for column in SCALARS)
    names = [x.name for x in named(formula).coefficients]
    coefficients = {x: float(fits[f"fitted_{x}"].mean()) for x in names}  # growth_h was fitted at dx2 = 1
    if "gram" in coefficients:
        starts = (fits[x].to_numpy(np.float64) for x in ("dh2_0", "dy2_0", "fitted_gram"))
        slope2 = float(np.mean(squared_slope(*starts)))
        coefficients["gram"] = max(float(gram_determinant(dh2, dy2, slope2)), 0.0)
    # w is -dy . (dy* - dy): with another target along dy* the part of dy along it stays.
    starts = [(w, dy), (dy2 - (dy2 - w) * end / dy, end)] if dy else [(w, dy)] * 2
    found = [_final(formula, State(dh2, dy2, misfit), Pair(dx2, target**2), coefficients) for misfit, target in starts]
    return found[0], found[1]


def _final(formula: str, start: State, pair: Pair, coefficients: dict[str, float]) -> float:
    at = {"dx2": pair.dx2, "dy2_target": pair.dy2, "dh2_start": start.dh2, "dy2_start": start.dy2, "w_start": start.w}
    try:
        return float(end_distances(pd.DataFrame([at]), coefficients, formula)[0])
    except (ValueError, ArithmeticError):
        return np.nan


def some(rows: pd.DataFrame, setting: str, formula: str, *, differing: bool = True) -> pd.DataFrame:
    """The predictions of a formula for a setting that exist; of pairs whose targets differ, or of all."""
    chosen = rows[(rows["setting"] == setting) & (rows["formula"] == formula) & rows["predicted"].notna()]
    return chosen[chosen["dy"] > 0] if differing else chosen


def compared(rows: pd.DataFrame, column: str = "predicted") -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """How predictions in a column agree with what was measured, and the interval of each number, by grid points."""
    x, y = rows[column].to_numpy(dtype=np.float64), rows["measured"].to_numpy(dtype=np.float64)
    return vars(agreement(x, y)), resampled(x, y, list(zip(rows["dx"], rows["dy"], strict=True)))


def limit_agreement(rows: pd.DataFrame, setting: str, formula: str) -> Agreement:
    """Of a formula with the final distances of a setting, where the targets differ."""
    own = some(rows, setting, formula)
    return agreement(own["predicted"], own["measured"]) if len(own) else Agreement(*[np.nan] * 4)


def transfer_ratio(rows: pd.DataFrame) -> pd.Series:
    """Measured over predicted final distance of growing rates where the targets differ."""
    chosen = rows[(rows["formula"] == "growing_rates") & (rows["dy"] > 0) & (rows["reached"] > 0)]
    return chosen["measured"] / chosen["reached"]
