"""What is said of the context task: the question, how to read the answer, claims and tables."""

from __future__ import annotations

import pandas as pd

from ..claim import Claim, Verdict
from ..fitted_ends import errors_text, numbers_fitted, theory_name
from ..spread import spread
from ..study import Table
from .numbers import SOLVED, two_point

_ORTHOGONAL, _DROPPED, _KEPT = 75, 0.1, 0.5
"""The angle from which on axes count as orthogonal; below and above which a feature counts as dropped and as kept."""

QUESTION = (
    "A picture of 5 x 5 pixels shows a blob at (mx, my), and a context says which of the two is asked for. Does a "
    "network lay out the relevant feature of each context on an axis of its own and drop the other one (rich), or "
    "does it keep the grid of its input (lazy)?"
)

READING = (
    "30 x 30 positions from -1 to 1 in two contexts, 1,800 inputs of 25 pixels that sum to 1 and a one-hot context; "
    "minibatches of 64. The paper lists tanh; its networks were run with leaky ReLU, and so are these. It does not "
    "say where the pixels are: here they are 1 apart, which is the width of the blob. With the pixels from -1 to 1 "
    "the smallest gain learns nothing in its 2,000 epochs."
)

GEOMETRY = (
    "In each context h is regressed on mx and my. The angle is that of the mx axis in context 1 and the my axis in "
    "context 2, the two relevant axes: 90 degrees if they are orthogonal, 0 if both contexts share one axis. It does "
    "not tell rich from lazy by itself: mx and my are orthogonal in the input already, and the theory of pairs expects "
    "one shared axis, since points with the same target merge whatever their context. What does is the variance that "
    "the irrelevant feature explains, by any function of it, over that of the relevant one: about 1 in the grid of "
    "the input and 0 if it is dropped."
)

METHOD = (
    "The theory's distances are the end states of all pairs of 200 inputs from their own starts. Only the ratio of "
    "the two rates matters. It is not taken from another architecture: the two-point theory is fitted to 20 pairs "
    "that are followed in training, and the median of their ratios is used for all pairs of that network. The theory "
    "takes every pair to be alone in the data set, which 1,800 inputs in one network are not. Rates that grow are "
    "fitted to the same pairs and the medians of their coefficients are used, that of the encoder's growth per squared "
    "slope. The area that Δh and the decoder's gradient span (gram) is fitted to a pair but not known of the others, "
    "where it is taken to be 0; without it the theory without the ansatz is the two-point theory, so that it has no "
    "row of its own."
)

COLLECTIVE = (
    "The collective theory takes all points together: their inner products end as K #ₐ YYᵀ, beside what is left of the "
    "start. With one output that is a multiple of YYᵀ for any kernel K that can express it, and no place a can be "
    "told: points are as far apart as their outputs, (y_i - y_j)², on one axis that both contexts share and from which "
    "the inputs have gone, where the theory of pairs has |Δx| |Δy*|. How much is learnt and how much of the start is "
    "left are fitted to the distances; beside it the theory of pairs with as many numbers fitted to the same. The "
    "picture of all theories has it with its two numbers, the theory of pairs with rates of the pairs followed."
)


def ratios_text(ratios: pd.DataFrame) -> tuple[str, ...]:
    """The fitted ratio of the rates in each setting, as a paragraph."""
    if ratios.empty:
        return ("No fit is done yet, so no distance is predicted.",)
    said = [
        f"{setting}: {spread(own['ratio'])}, where the middle half of the pairs of a network spreads by a factor of "
        f"{spread(own['high'] / own['low'])}, and {int(own['failed'].sum())} of "
        f"{int((own['fitted'] + own['failed']).sum())} fits failed"
        for setting, own in ratios.groupby("setting", sort=False)
    ]
    return (f"Ratio of the rates, τ_y/τ_h. {'; '.join(said)}.",)


def growing_text(fits: pd.DataFrame) -> tuple[str, ...]:
    """How many fits of growing rates failed in each setting, as a paragraph; nothing if there are none."""
    growing = fits[fits["theory"] == "growing_rates"] if len(fits) else fits
    said = [
        f"{setting}: {int((~own['success'].astype(bool)).sum())} of {len(own)} failed"
        for setting, own in (growing.groupby("setting", sort=False) if len(growing) else ())
    ]
    where = "a network without one that succeeded has no prediction"
    return (f"Fits of growing rates ({where}): {'; '.join(said)}.",) if said else ()


def _decided(met: pd.Series[bool]) -> bool | None:
    """What all networks agree on, or None."""
    return bool(met.all()) if met.all() == met.any() else None


def axes_claims(values: pd.DataFrame) -> tuple[Claim, ...]:
    """What the paper says of the axes and of the feature that is not asked for."""
    rich, lazy = (values[values["setting"] == name] for name in ("rich", "lazy"))
    variance = "Variance that the irrelevant feature explains over that of the relevant one"
    return (
        Claim(
            "In rich training the task axes of the two contexts are orthogonal",
            f"The angle of the axes is at least {_ORTHOGONAL} degrees (90 is orthogonal) in every network.",
            _measured(rich, "angle_end", rich["angle_end"] >= _ORTHOGONAL, "angle {} degrees"),
        ),
        Claim(
            "In rich training what the context does not ask for is dropped",
            f"{variance}: below {_DROPPED} in every network.",
            _measured(rich, "compression_end", rich["compression_end"] < _DROPPED, "variance ratio {}"),
        ),
        Claim(
            "In lazy training the grid of the input is kept",
            f"{variance}: above {_KEPT} in every network.",
            _measured(lazy, "compression_end", lazy["compression_end"] > _KEPT, "variance ratio {}"),
        ),
    )


def _measured(own: pd.DataFrame, column: str, met: pd.Series[bool], form: str) -> tuple[Verdict, ...]:
    """The verdict of the networks of one setting, or none if there are none; ``form`` names the number."""
    if own.empty:
        return ()
    at_start = form.format(spread(own[column.replace("_end", "_start")]))
    return (
        Verdict(
            str(own["setting"].iloc[0]),
            form.format(spread(own[column])),
            _decided(met),
            f"{int(met.sum())} of {len(met)} networks; at the start {at_start}; the loss went from "
            f"{spread(own['loss_start'])} to {spread(own['loss_end'])}",
        ),
    )


def end_claim(scores: pd.DataFrame) -> Claim:
    """What the two-point theory says of where pairs end."""
    return Claim(
        "The end states of the two-point theory say where pairs of inputs end",
        "Relative error of the predicted squared distances: smaller than that of no change at all, in every network.",
        tuple(
            Verdict(
                str(setting),
                f"relative error {spread(own['error'])}, r = {spread(own['r'])}",
                _decided(own["error"] < own["start_error"]),
                f"no change at all has relative error {spread(own['start_error'])}, r = {spread(own['start_r'])}",
            )
            for setting, own in two_point(scores).groupby("setting", sort=False)
        ),
        of_paper=False,
    )


def answer(values: pd.DataFrame, scores: pd.DataFrame) -> str:
    """What is left of the irrelevant feature in each setting, and how far the distances are those of the theories."""
    medians = values.groupby("setting", sort=False)[["compression_end", "angle_end"]].median()
    said = [
        f"{row['compression_end']:.2g} ({setting}, axes at {row['angle_end']:.0f} degrees)"
        for setting, row in medians.iterrows()
    ]
    left = f"The irrelevant feature ends with this share of the relevant one's variance: {', '.join(said)}."
    return f"{left} {errors_text(scores)}"


def geometry_table(values: pd.DataFrame) -> Table:
    """Axes and variances before and after training, a row a setting and stage."""
    rows = [
        {
            "setting": setting,
            "stage": stage,
            "loss": spread(own[f"loss_{stage}"]),
            "angle, degrees": spread(own[f"angle_{stage}"]),
            "relevant share": spread(own[f"relevant_{stage}"]),
            "irrelevant share": spread(own[f"irrelevant_{stage}"]),
            "stress in 3-d": spread(own["stress"]) if stage == "end" else "",
        }
        for setting, own in values.groupby("setting", sort=False)
        for stage in ("start", "end")
    ]
    return Table("The representation before and after training", pd.DataFrame(rows))


def scores_table(scores: pd.DataFrame) -> Table:
    """How well each theory gives the distances, beside no change at all, a row a setting."""
    rows = [
        {
            "setting": setting,
            "theory": theory_name(str(theory)),
            "fitted to these": numbers_fitted(str(theory)),
            "r": spread(own["r"], ".4g"),
            "relative error": spread(own["error"]),
            "R²": spread(own["r2"]),
            "r of no change": spread(own["start_r"]),
            "relative error of no change": spread(own["start_error"]),
        }
        for setting, of_setting in scores.groupby("setting", sort=False)
        for theory, own in of_setting.groupby("theory", sort=False)
    ]
    return Table(
        f"Predicted against measured squared distances: all pairs of 200 inputs, about {SOLVED} for growing rates",
        pd.DataFrame(rows),
    )
