"""A transformer over training: losses, and the states of its parts."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from .collective import rows_of
from .style import MEASURED_COLOUR, STYLE, THEORY_COLOUR

_PARTS = {"attention": THEORY_COLOUR, "values": "#dd8452", "keys": "#2f8f4e", "hidden": MEASURED_COLOUR}
_SHOWN = (1.25, 0.5)
"""Thresholds, of those that are counted."""


def draw_parts(course: pd.DataFrame, states: pd.DataFrame) -> Figure:
    """The losses of one network, and how many states its inputs are in each part, by two thresholds.

    Args:
        course: columns step, loss, loss_other.
        states: columns step, part, factor, share.
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 3.1), layout="constrained")
        loss, *others = figure.subplots(1, 1 + len(_SHOWN))
        loss.plot(course["step"], course["loss"], color="black", lw=1.6, label="trained on")
        loss.plot(course["step"], course["loss_other"], color="0.55", lw=1.6, label="other pairs")
        loss.set(title="loss", ylabel="cross-entropy", ylim=(0, None))
        loss.legend(frameon=False)
        for ax, factor in zip(others, _SHOWN, strict=True):
            for part, colour in _PARTS.items():
                own = rows_of(rows_of(states, "factor", factor), "part", part)
                ax.plot(own["step"], own["share"], color=colour, lw=1.4, label=part)
            ax.set(title=f"states, threshold {factor:g}", ylim=(0, 1.05))
        others[0].set_ylabel("states over inputs")
        others[-1].legend(frameon=False)
        for ax in (loss, *others):
            ax.set_xlabel("step")
        sns.despine(figure)
    return figure
