"""What is claimed of the collective theory, and what came out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...figures.collective import rows_of
from ...tracking.table import SCALARS
from ...trials.collective_fits import LEVEL, PAIRWISE
from ..claim import Claim, Verdict, tested
from ..spread import spread
from .numbers import NAMES, medians, order_of

LEAST = {"r": 0.95, "r_different": 0.9}
"""The r from which on the distances of a layer count as predicted."""

LEAST_R2 = {"dh2": 0.9, "dy2": 0.9, "w": 0.8}
"""R² from which on whole trajectories count as described."""

MOST_NUMBERS = 8

_PAPERS = ("start", "pair", "smoothed")

_COVERED = (0.8, 0.97)
"""Between these a coverage is right."""

_ORDER = (1.5, 3.0)
"""Between these an error falls as the square of the gain."""


def claims(
    best: pd.DataFrame, places: pd.DataFrame, fits: pd.DataFrame, errors: pd.DataFrame, forecasts: pd.DataFrame
) -> tuple[Claim, ...]:
    """All of them.

    Args:
        best: rows of each setting's best layer.
        places: at the end of training.
        fits: of trajectories; may be empty.
        errors: of deep linear networks: gain, layer, balanced_error; may be empty.
        forecasts: from the first part of trainings; may be empty.
    """
    settings = dict.fromkeys(best["setting"])
    own = {str(name): rows_of(best, "setting", name) for name in settings}
    forms = [name for name in dict.fromkeys(fits["form"]) if name != PAIRWISE] if len(fits) else []
    shares = dict.fromkeys(forecasts["share"]) if len(forecasts) else {}
    least = " and ".join(f"{value:g} over {_kind(kind)}" for kind, value in LEAST.items())
    bounds = ", ".join(f"{value:g} of {name}" for name, value in LEAST_R2.items())
    return tested(
        Claim(
            "The distances among many digits are those of K #ₐ YYᵀ, with one number fitted, at one layer of a network",
            f"Pearson's r of predicted with measured squared distances at the best layer, median over networks: at "
            f"least {least}.",
            tuple(_predicted(name, rows) for name, rows in own.items()),
            of_paper=False,
        ),
        Claim(
            "That says more of a data set than the start does, or the paper's formulas",
            "Median r at that layer, over all pairs and over pairs of two classes: both larger than the largest of "
            "the distances at the start, the paper's rich end pair by pair, and smoothed.",
            tuple(_better(name, rows) for name, rows in own.items()),
            of_paper=False,
        ),
        Claim(
            "It is no matter of chance",
            "r above what 95 % of relabellings of the digits give, in every network (Mantel's test).",
            tuple(_by_chance(name, rows) for name, rows in own.items()),
            of_paper=False,
        ),
        Claim(
            "Deeper layers are nearer to the outputs",
            "The place on the geodesic, median over networks, falls from no layer to the next by more than 0.02 and "
            "is larger at the last than at the first. Judged for networks of two and more hidden layers.",
            tuple(
                _grows(str(name), rows)
                for name in dict.fromkeys(places["setting"])
                if (rows := rows_of(places, "setting", name))["layer"].nunique() > 1
            ),
            of_paper=False,
        ),
        Claim(
            f"At most {MOST_NUMBERS} numbers describe how all pairs of digits move",
            f"R² over all pairs and records, median over networks: at least {bounds}.",
            tuple(_described(str(name), rows_of(fits, "form", name)) for name in forms),
            of_paper=False,
        ),
        Claim(
            "They describe pairs better than two rates for each of them",
            "Akaike's information criterion of the same records, lower in every network.",
            tuple(_lower(str(name), fits) for name in forms),
            of_paper=False,
        ),
        Claim(
            "From the first part of a training the intervals of the distances at its end are right",
            f"Of intervals of {LEVEL:.0%}, {_COVERED[0]:.0%} to {_COVERED[1]:.0%} hold what all pairs of recorded "
            "digits come to, median over networks; undecided where no network had a forecast.",
            tuple(_covered(float(share), rows_of(forecasts, "share", share)) for share in shares),
            of_paper=False,
        ),
        Claim(
            "Layer k of L balanced linear layers ends at the place k/L, up to the size of the start",
            f"The relative error of the Gram matrix falls with the gain as its power of {_ORDER[0]:g} to {_ORDER[1]:g} "
            "(2 is the order of the start's own Gram matrix), from the largest gain to the smallest.",
            tuple(
                _exact(str(layer), rows)
                for layer in dict.fromkeys(errors["layer"])
                if (rows := rows_of(errors, "layer", layer))["gain"].nunique() > 1
            ),
            of_paper=False,
        ),
    )


def _kind(kind: str) -> str:
    return {"r": "all pairs", "r_different": "pairs of two classes"}[kind]


def _predicted(setting: str, rows: pd.DataFrame) -> Verdict:
    own = rows[rows["prediction"] == "outputs"]
    met = [float(own[kind].median()) >= least for kind, least in LEAST.items()]
    said = ", ".join(f"{_kind(kind)} {spread(own[kind], '.3f')}" for kind in LEAST)
    more = rows_of(rows, "prediction", "outputs_start")
    left = ", ".join(f"{_kind(kind)} {spread(more[kind], '.3f')}" for kind in LEAST)
    by = f"layer {int(own['layer'].iloc[0])}; with a share of the start fitted too {left}"
    return Verdict(setting, f"r: {said}", all(met), by)


def _better(setting: str, rows: pd.DataFrame) -> Verdict:
    found = {str(row["prediction"]): row for row in medians(rows).to_dict("records")}
    ours = {kind: float(found["outputs"][kind]) for kind in LEAST}
    best = {kind: max(_PAPERS, key=lambda name, kind=kind: float(found[name][kind])) for kind in LEAST}
    others = {kind: float(found[name][kind]) for kind, name in best.items()}
    said = ", ".join(f"{ours[kind]:.3f} over {_kind(kind)}" for kind in LEAST)
    beside = ", ".join(f"{others[kind]:.3f} ({NAMES[best[kind]]})" for kind in LEAST)
    return Verdict(setting, f"r = {said}", all(ours[kind] > others[kind] for kind in LEAST), f"others: {beside}")


def _by_chance(setting: str, rows: pd.DataFrame) -> Verdict:
    own = rows[rows["prediction"] == "outputs"]
    return Verdict(
        setting,
        f"r {spread(own['r'], '.3f')}, by chance below {spread(own['chance'], '.2f')} in 95 %",
        bool((own["p_value"] < 0.05).all()),
        f"largest p = {own['p_value'].max():.2g}",
    )


def _grows(setting: str, rows: pd.DataFrame) -> Verdict:
    places = rows.groupby("layer")["weight"].median()
    values = places.to_numpy(np.float64)
    rises = bool((np.diff(values) >= -0.02).all() and values[-1] > values[0])
    said = ", ".join(f"{value:.2f}" for value in values)
    zero = int((values < 0.005).sum())
    by = f"{zero} of {len(values)} layers stand at the inputs' end" if zero else "no layer stands at the inputs' end"
    return Verdict(setting, f"places {said}", rises, by)


def _described(form: str, rows: pd.DataFrame) -> Verdict:
    numbers = int(rows["numbers"].iloc[0])
    met = all(float(rows[f"r2_{name}"].median()) >= least for name, least in LEAST_R2.items())
    said = ", ".join(f"of {name} {spread(rows[f'r2_{name}'], '.2f')}" for name in SCALARS)
    return Verdict(form, f"R² {said}", met and numbers <= MOST_NUMBERS, f"{numbers} numbers")


def _lower(form: str, fits: pd.DataFrame) -> Verdict:
    joined = rows_of(fits, "form", form).merge(rows_of(fits, "form", PAIRWISE), on="seed", suffixes=("", "_alone"))
    difference = joined["aic"] - joined["aic_alone"]
    numbers = f"{int(joined['numbers'].iloc[0])} numbers against {int(joined['numbers_alone'].iloc[0])}"
    return Verdict(form, f"AIC {spread(difference, '+.0f')}", bool((difference < 0).all()), numbers)


def _covered(share: float, rows: pd.DataFrame) -> Verdict:
    setting = f"{share:.0%} of training seen"
    said = rows[rows["reason"] == ""]
    if said.empty:
        return Verdict(setting, "no forecast", None, str(rows["reason"].iloc[0]))
    coverage = float(said["coverage"].median())
    return Verdict(
        setting,
        f"coverage {spread(said['coverage'], '.0%')}",
        _COVERED[0] <= coverage <= _COVERED[1],
        f"r of expected with measured distances {spread(said['r'], '.2f')}; {len(said)} of {len(rows)} networks, "
        f"which had learnt {spread(said['learnt'], '.0%')}",
    )


def _exact(layer: str, rows: pd.DataFrame) -> Verdict:
    order = order_of(rows)
    own = rows.sort_values("gain", ascending=False)
    said = ", ".join(f"{row['balanced_error']:.3g} (gain {row['gain']:g})" for row in own.to_dict("records"))
    return Verdict(f"layer {layer}", f"error {said}", _ORDER[0] <= order <= _ORDER[1], f"order {order:.2f}")
