"""What the study of the collective theory asks, how, and its answer in a sentence."""

from __future__ import annotations

import pandas as pd

from ...figures.collective import rows_of
from ...tracking.table import SCALARS
from ...trials.collective_ends import DEPTH, RIDGE
from ...trials.collective_fits import PAIRWISE
from ..spread import number, spread
from .claims import LEAST
from .numbers import medians

QUESTION = (
    "The paper's theory takes each pair of points as if it were alone, which digits are not: all move the same "
    "weights. The collective theory keeps its idea, a smooth encoder and decoder with effective rates, and drops the "
    "isolation. Its end state is a mean of two matrices, the kernel K of the inputs and the Gram matrix of what is "
    "learnt: a layer has the inner products K #ₐ YYᵀ, the point at a of the way along the geodesic from one to the "
    "other. For two points that is the paper's formula. Is it so of many real digits, at which layer, and in which "
    "networks?"
)


def method(source: str, shown: int, speed: float, values: pd.DataFrame) -> tuple[str, ...]:
    """How it was asked."""
    known = spread(values["known"], ".1%")
    fast = f" Learning rates are {speed:g} times the settings', steps as many times fewer." if speed != 1 else ""
    return (
        f"Networks learn {source}; of the first {shown} digits all inner products are recorded at every hidden layer. "
        f"At the end the networks know {known} of the labels as they were taught.{fast}",
        f"K is the tangent kernel of {DEPTH} infinitely wide hidden layer on these digits, whatever the network; the "
        "outputs at the same time take the place of the targets, since not everything is learnt. One number is fitted, "
        "the place a, to the Gram matrix and not to its distances. Without any number fitted, K # Y*Y*ᵀ is the mean at "
        f"a = 1/2 with the targets, modes with {RIDGE:g} of the largest eigenvalue of K half learnt, over the first "
        "1,000 digits of the data set. The paper's formulas are those of the study digit_structure, on raw pixels.",
        "Early layers keep what they began with: beside the learnt part their Gram matrix holds a multiple of that of "
        "the start, which the place says nothing of. The last prediction of the table fits both.",
        "Whole trajectories: the flow of the collective theory at the deepest layer, from the start as it is measured "
        "at the recorded digits and carried on to the others, up to 2,000, by kernel regression; K is the tangent "
        "kernel of as many infinitely wide layers as the encoder has below the layer. Constant rates are three "
        "numbers, of encoder, decoder and its bias; growing ones seven, with two terms of growth of the encoder and "
        "the power of each.",
    )


def answer(best: pd.DataFrame, fits: pd.DataFrame) -> str:
    """How well the distances, and the trajectories, are predicted."""
    scores = {(row["setting"], row["prediction"]): row for row in medians(best).to_dict("records")}
    main = best["setting"].iloc[0]
    ours, pair = (scores[main, name] for name in ("outputs", "pair"))
    met = [
        all(float(row[kind]) >= least for kind, least in LEAST.items())
        for (_, prediction), row in scores.items()
        if prediction == "outputs"
    ]
    said = (
        f"At the best layer of the default network one fitted number gives r = {number(float(ours['r']))} with the "
        f"distances of all pairs of digits and {number(float(ours['r_different']))} with those of two classes, where "
        f"the paper's formula for pairs gives {number(float(pair['r']))} and {number(float(pair['r_different']))}; as "
        f"much in {sum(met)} of {len(met)} settings"
    )
    own = fits[fits["form"] != PAIRWISE] if len(fits) else fits
    if own.empty:
        return f"{said}."
    last = rows_of(own, "form", own["form"].iloc[-1])
    r2 = ", ".join(f"{number(float(last[f'r2_{name}'].median()))} ({name})" for name in SCALARS)
    return f"{said}; {last['numbers'].iloc[0]} numbers give whole trajectories an R² of {r2}."
