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
_FACTOR = 1.25
"""Of the largest distance, at the start or now: the threshold that is shown."""


def draw_parts(course: pd.DataFrame, states: pd.DataFrame) -> Figure:
    """The losses of one network, how many states its inputs are in each part by two thresholds, and largest distances.

    Args:
        course: columns step, loss, loss_other.
        states: columns step, part, of, factor, share, largest.
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(11.4, 3.0), layout="constrained")
        loss, start, now, largest = figure.subplots(1, 4)
        loss.plot(course["step"], course["loss"], color="black", lw=1.6, label="trained on")
        loss.plot(course["step"], course["loss_other"], color="0.55", lw=1.6, label="other pairs")
        loss.set(title="loss", ylabel="cross-entropy", ylim=(0, None))
        loss.legend(frameon=False)
        for ax, of, column in ((start, "start", "share"), (now, "now", "share"), (largest, "now", "largest")):
            for part, colour in _PARTS.items():
                own = rows_of(rows_of(rows_of(states, "factor", _FACTOR), "of", of), "part", part)
                ax.plot(own["step"], own[column], color=colour, lw=1.4, label=part)
        start.set(title="states, threshold of the start", ylim=(0, 1.05), ylabel="states over inputs")
        now.set(title="states, threshold of now", ylim=(0, 1.05))
        largest.set(title="largest distance", ylim=(0, None), ylabel="over that at the start")
        now.legend(frameon=False)
        for ax in (loss, start, now, largest):
            ax.set_xlabel("step")
        sns.despine(figure)
    return figure
