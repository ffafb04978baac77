"""What is computed of the context task: the networks' rates, where the theories say their pairs end, and how well."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from repdyn.numeric import named
from repdyn.numeric.agreement import agreement
from repdyn.numeric.distances import Distances

from ...settings import Context
from ...tasks.context import inputs
from ..end_states import end_distances
from ..fitted_ends import Learnt, fitted_ends
from ..study import Results

SOLVED = 500
"""Pairs, about, whose end is told by growing rates: it is the root of an equation, a few milliseconds each."""


def of_network(rows: pd.DataFrame, setting: str, seed: int) -> pd.DataFrame:
    """The rows of one network."""
    return rows[(rows["setting"] == setting) & (rows["seed"] == seed)]


def rate_ratios(fits: pd.DataFrame) -> pd.DataFrame:
    """The ratio of the two-point theory's rates in each network: the median over the pairs whose fit succeeded.

    Args:
        fits: the table ``fits`` of the trials :class:`Fits`, with setting and seed.

    Returns:
        Columns setting, seed, ratio (rate_h over rate_y), low, high (its quartiles), fitted and failed (pairs).
    """
    rows: list[dict[str, Any]] = []
    constant = fits[fits["theory"] == "two_point"] if len(fits) else fits
    for (setting, seed), own in constant.groupby(["setting", "seed"], sort=False) if len(constant) else ():
        kept = own[own["success"].astype(bool)]
        if len(kept):
            low, middle, high = np.percentile(kept["rate_h"] / kept["rate_y"], [25, 50, 75])
            rows.append(
                {
                    "setting": setting,
                    "seed": seed,
                    "ratio": middle,
                    "low": low,
                    "high": high,
                    "fitted": len(kept),
                    "failed": len(own) - len(kept),
                }
            )
    return pd.DataFrame(rows)


def growing_coefficients(fits: pd.DataFrame, trajectory: pd.DataFrame) -> pd.DataFrame:
    """The coefficients of growing rates in each network: medians over the pairs whose fit succeeded.

    Args:
        fits: the table ``fits`` of the trials :class:`Fits`, with setting and seed.
        trajectory: the table of the pairs that were followed, with setting and seed, for their dx2.

    Returns:
        Columns setting, seed, rate_h, growth_h, rate_y, growth_y; growth_h per squared slope, as at dx2 = 1.
    """
    names = ["rate_h", "growth_h", "rate_y", "growth_y"]
    columns = ["setting", "seed", *names]
    if fits.empty or trajectory.empty:
        return pd.DataFrame(columns=columns)
    kept = fits[(fits["theory"] == "growing_rates") & fits["success"].astype(bool)]
    distances = trajectory[["setting", "seed", "pair", "dx2"]].drop_duplicates()
    kept = kept.drop(columns=names, errors="ignore").rename(columns={f"fitted_{name}": name for name in names})
    kept = kept.reindex(columns=["pair", *columns]).merge(distances, on=["setting", "seed", "pair"])
    kept = kept.assign(growth_h=kept["growth_h"] * kept["dx2"])
    return kept.groupby(["setting", "seed"], sort=False)[names].median().reset_index()


def pairs_of(hidden: pd.DataFrame) -> pd.DataFrame:
    """All pairs of the points that one network kept.

    Args:
        hidden: the table ``hidden`` of one trial: the same points in the same order at the start and at the end.

    Returns:
        Columns dx2, dy2_target, dh2_start, dy2_start, w_start and dh2_end, a row a pair.
    """
    stages = {str(stage): rows.reset_index(drop=True) for stage, rows in hidden.groupby("stage")}
    start, end = stages["start"], stages["end"]
    units = list(hidden.filter(regex=r"^h\d+$"))
    first, second = np.triu_indices(len(start), 1)
    target, y = (start[name].to_numpy(np.float64) for name in ("target", "y"))
    dy, dy_target = y[second] - y[first], target[second] - target[first]

    def squares(points: ArrayLike) -> NDArray[np.float64]:
        return Distances(points, points).squares()[first, second]

    return pd.DataFrame(
        {
            "dx2": squares(inputs(start)),
            "dy2_target": dy_target**2,
            "dh2_start": squares(start[units].to_numpy(np.float64)),
            "dy2_start": dy**2,
            "w_start": dy * (dy - dy_target),
            "dh2_end": squares(end[units].to_numpy(np.float64)),
        }
    )


def end_states(results: Results, ratios: pd.DataFrame, growing: pd.DataFrame) -> pd.DataFrame:
    """The kept pairs of each network, all by two constant rates and every few by growing ones.

    Args:
        results: of the networks.
        ratios: as :func:`rate_ratios`.
        growing: as :func:`growing_coefficients`.

    Returns:
        Columns setting, seed, theory, start, measured, predicted.
    """
    parts: list[pd.DataFrame] = []
    hidden = results.table("context", "hidden")
    known: list[tuple[str, int, str, dict[str, float]]] = [
        *(
            (str(row["setting"]), int(row["seed"]), "two_point", {"rate_h": float(row["ratio"]), "rate_y": 1.0})
            for row in ratios.to_dict("records")
        ),
        *(
            (
                str(row["setting"]),
                int(row["seed"]),
                "growing_rates",
                {"gram": 0.0, **{x: float(row[x]) for x in ("rate_h", "growth_h", "rate_y", "growth_y")}},
            )
            for row in growing.to_dict("records")
        ),
    ]
    for setting, seed, theory, coefficients in known:
        kept = of_network(hidden, setting, seed) if len(hidden) else hidden
        if kept.empty:  # the fits are there, the network is not
            continue
        pairs = pairs_of(kept)
        if named(theory).final is None:  # each end is the root of an equation
            pairs = pairs.iloc[:: max(1, len(pairs) // SOLVED)]
        parts.append(
            pd.DataFrame(
                {
                    "setting": setting,
                    "seed": seed,
                    "theory": theory,
                    "start": pairs["dh2_start"],
                    "measured": pairs["dh2_end"],
                    "predicted": end_distances(pairs, coefficients, theory),
                }
            )
        )
    columns = ["setting", "seed", "theory", "start", "measured", "predicted"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def fitted_end_states(results: Results) -> pd.DataFrame:
    """What both theories say with numbers fitted to each network's own distances: columns as :func:`end_states`."""
    parts: list[pd.DataFrame] = []
    for trial, outcome in results.finished(Context.experiment).items():
        setting, hidden = cast(Context, trial.configuration), outcome.tables["hidden"]
        end = hidden[hidden["stage"] == "end"]
        targets, outputs = (end[[name]].to_numpy(np.float64) for name in ("target", "y"))
        found = fitted_ends(pairs_of(hidden), Learnt(inputs(end), targets, outputs, setting.nonlinearity))
        parts.append(found.assign(setting=setting.name, seed=setting.seed))
    return pd.concat(parts, ignore_index=True)


def agreements(ends: pd.DataFrame) -> pd.DataFrame:
    """r, relative error and R² of each network's distances, of each theory and of no change (start_r, start_error)."""
    rows: list[dict[str, Any]] = []
    for (setting, seed, theory), own in ends.groupby(["setting", "seed", "theory"], sort=False):
        end, start = (agreement(own[name], own["measured"]) for name in ("predicted", "start"))
        rows.append(
            {
                "setting": setting,
                "seed": seed,
                "theory": theory,
                "r": end.pearson,
                "error": end.error,
                "r2": end.r2,
                "start_r": start.pearson,
                "start_error": start.error,
            }
        )
    return pd.DataFrame(rows)


def two_point(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the theory with two constant rates."""
    return rows[rows["theory"] == "two_point"]
