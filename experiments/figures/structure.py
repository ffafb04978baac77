"""Final hidden distances over a grid of pairs: measured against predicted."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import STYLE

FORMULAS = {
    "rich": "rich limit",
    "two_point": "from the measured start",
    "scalar_output": "without the ansatz",
    "growing_rates": "growing rates",
}
"""The predictions of a final distance, and what they are called."""

_SHOWN = {"rich": "predicted", "two_point": "predicted", "growing_rates": "reached"}
_MARKERS = ("o", "s", "^", "D", "v")


def draw_structure(rows: pd.DataFrame) -> Figure:
    """A row of panels for each setting, one a prediction, with the line y = x.

    Args:
        rows: columns setting, formula, dx, measured, learnt, predicted and reached (the prediction where the network
            stopped); a row a network and formula.
    """
    settings, distances = list(dict.fromkeys(rows["setting"])), sorted(set(rows["dx"]))
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(7.6, 0.7 + 2.45 * len(settings)), layout="constrained")
        axes = figure.subplots(len(settings), len(_SHOWN), squeeze=False)
        for line, setting in zip(axes, settings, strict=True):
            for ax, (formula, column) in zip(line, _SHOWN.items(), strict=True):
                _draw_points(ax, rows.query("setting == @setting and formula == @formula"), column, distances)
                ax.set_title(FORMULAS[formula] if column == "predicted" else f"{FORMULAS[formula]}, where it stopped")
            line[0].set_ylabel(f"{setting}:\nmeasured " + r"$|\Delta h|^2$")
        for ax in axes[-1]:
            ax.set_xlabel(r"predicted $|\Delta h|^2$")
        labels = {label: h for ax in axes.flat for h, label in zip(*ax.get_legend_handles_labels(), strict=True)}
        figure.legend(labels.values(), labels.keys(), frameon=False, ncols=len(labels), loc="outside upper center")
        sns.despine(figure)
    return figure


def _draw_points(ax: Axes, rows: pd.DataFrame, column: str, distances: list[float]) -> None:
    """One panel: colour and marker say the input distance, a hollow one that training stopped before the end."""
    top = float(np.nanmax([1e-12, *rows[column], *rows["measured"]])) * 1.06
    ax.plot([0, top], [0, top], color="0.7", lw=1, zorder=0)
    palette = sns.color_palette("flare", len(distances))
    for dx, colour, marker in zip(distances, palette, np.resize(_MARKERS, len(distances)), strict=True):
        for learnt in (True, False):
            chosen = rows[np.isclose(rows["dx"], dx) & (rows["learnt"] == learnt)]
            ax.plot(
                chosen[column],
                chosen["measured"],
                ls="none",
                marker=marker,
                ms=5.5,
                color=colour,
                markerfacecolor=colour if learnt else "none",
                alpha=0.9,
                label=rf"$|\Delta x|$ = {dx:g}" if learnt else None,
            )
    ax.set(xlim=(-0.02 * top, top), ylim=(-0.02 * top, top), aspect="equal")
    ax.locator_params(nbins=4)
