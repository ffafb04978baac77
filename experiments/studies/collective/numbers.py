"""What the trials of the collective theory come to, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ...figures.collective import rows_of
from ...tracking.table import SCALARS
from ..spread import spread
from ..study import Table

NAMES = {
    "start": "distances at the start",
    "pair": "paper, pair by pair",
    "smoothed": "paper, smoothed",
    "targets_linear": "K # Y*Y*ᵀ, K linear",
    "targets_tangent": "K # Y*Y*ᵀ, K tangent",
    "outputs": "K #ₐ YYᵀ",
    "outputs_start": "K #ₐ YYᵀ and what is left of the start",
}
"""The predictions, for a reader."""

KINDS = {"r": "r, all pairs", "r_different": "r, two classes", "r_same": "r, one class"}


def best_layers(ends: pd.DataFrame) -> pd.DataFrame:
    """The rows of each setting's layer whose r, of the prediction from outputs, is largest: median over networks."""
    own = ends[ends["prediction"] == "outputs"]
    scores = own.groupby(["setting", "layer"], sort=False)["r"].median().reset_index()
    chosen = scores.loc[scores.groupby("setting", sort=False)["r"].idxmax()]
    return ends.merge(chosen[["setting", "layer"]], on=["setting", "layer"])


def medians(best: pd.DataFrame) -> pd.DataFrame:
    """Over the networks of each setting: columns setting, prediction, r, r_different, r_same."""
    return best.groupby(["setting", "prediction"], sort=False)[list(KINDS)].median().reset_index()


def last_places(places: pd.DataFrame) -> pd.DataFrame:
    """The places at the end of each training."""
    if places.empty:
        return places
    last = places.groupby(["setting", "seed"])["step"].transform("max")
    return places[places["step"] == last]


def orders(places: pd.DataFrame, gains: Mapping[str, float]) -> pd.DataFrame:
    """The error of each layer of deep linear networks at the end, median over networks: gain, layer, balanced_error."""
    if places.empty:
        return pd.DataFrame(columns=["gain", "layer", "balanced_error"])
    last = last_places(places)
    last = last.assign(gain=last["setting"].map(gains))
    return last.groupby(["gain", "layer"])["balanced_error"].median().reset_index()


def order_of(errors: pd.DataFrame) -> float:
    """The power of the gain that the error of a layer falls with, from the largest gain to the smallest.

    >>> order_of(pd.DataFrame({"gain": [0.1, 0.2, 0.4], "balanced_error": [0.01, 0.04, 0.16]}))
    2.0
    """
    own = errors.sort_values("gain")
    logs = np.log(own[["gain", "balanced_error"]].to_numpy(np.float64))
    rise = logs[-1] - logs[0]
    return round(float(rise[1] / rise[0]), 6)


def ends_table(ends: pd.DataFrame, remainders: pd.DataFrame) -> Table:
    """Every layer and prediction of the main setting."""
    rows: list[dict[str, Any]] = []
    for (layer, prediction), own in ends.groupby(["layer", "prediction"], sort=False):
        row = {"layer": str(layer), "prediction": NAMES[str(prediction)]}
        row["numbers fitted"] = str(own["fitted"].iloc[0])
        rows.append({**row, **{title: spread(own[kind], ".3f") for kind, title in KINDS.items()}})
    own = rows_of(remainders, "setting", ends["setting"].iloc[0])
    left = own.groupby("layer")["start"].median()
    caption = (
        "Predicted with measured squared distances at the end of training: Pearson's r. Beside the learnt part the "
        "Gram matrix of the start is left "
        + ", ".join(f"{value:.3g} times (layer {layer})" for layer, value in left.items())
        + ", median over networks. The paper's formulas say nothing of two digits of one class."
    )
    return Table(caption, pd.DataFrame(rows))


def fits_table(fits: pd.DataFrame) -> tuple[Table, ...]:
    """The forms that were fitted to trajectories."""
    if fits.empty:
        return ()
    rows: list[dict[str, Any]] = []
    for form, own in fits.groupby("form", sort=False):
        row = {"form": form, "numbers": str(int(own["numbers"].iloc[0])), "AIC": spread(own["aic"], ".0f")}
        row |= {f"R² {name}": spread(own[f"r2_{name}"], ".2f") for name in SCALARS}
        rows.append({**row, **{f"median pair, {name}": spread(own[f"median_r2_{name}"], ".2f") for name in SCALARS}})
    caption = (
        "Forms of the collective theory fitted to trajectories: all pairs share their numbers. AIC is over the pairs "
        "that are fitted one by one, with the same records and weights for all forms; the collective rates were fitted "
        "to more pairs than these."
    )
    return (Table(caption, pd.DataFrame(rows)),)
