"""The ablated systems beside the theory: how much worse they fit, and how they look."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from .style import LABELS, MEASURED_COLOUR, STYLE, THEORY_COLOUR
from .trajectories import draw_measured, over_seeds

BEST, RECORDED = "best fit", "recorded procedure"
"""Ways to fit."""

_DOTS = {BEST: (MEASURED_COLOUR, -0.14), RECORDED: ("#dd8452", 0.14)}


def draw_ratios(
    ratios: pd.DataFrame, settings: Sequence[str], names: Mapping[str, str], recorded: Mapping[str, float]
) -> Figure:
    """How many times the theory's SSE that of each ablation is: a panel a setting, a dot a seed.

    Args:
        ratios: columns setting, theory, fit (:data:`BEST` or :data:`RECORDED`) and ratio.
        settings: what to draw, from the left; the recorded ratios belong to the first.
        names: of the ablations, by theory, from the top.
        recorded: ratios by theory.
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 2.9), layout="constrained")
        axes = figure.subplots(1, len(settings), squeeze=False, sharex=True, sharey=True)[0]
        for ax, setting in zip(axes, settings, strict=True):
            for fit, (color, shift) in _DOTS.items():
                rows = ratios[(ratios["setting"] == setting) & (ratios["fit"] == fit)]
                heights = np.array([list(names).index(x) for x in rows["theory"]]) + shift
                if len(rows):
                    ax.scatter(rows["ratio"], heights, s=24, color=color, alpha=0.8, linewidths=0, label=fit)
            if setting == settings[0] and recorded:
                shown = [x for x in names if x in recorded]
                heights = [list(names).index(x) for x in shown]
                marks = {"marker": "|", "s": 190, "color": "0.2", "linewidths": 1.6}
                ax.scatter([recorded[x] for x in shown], heights, label="recorded", **marks)
            ax.axvline(1, color="0.7", lw=0.8, zorder=0)
            ax.set(xscale="log", title=setting, xlabel="")
        axes[0].set_yticks(range(len(names)), list(names.values()))
        axes[0].set_ylim(len(names) - 0.5, -0.5)
        figure.supxlabel("sum of squares, in that of the theory", fontsize=9)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
        sns.despine(figure)
    return figure


def draw_ablated(curves: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """The three scalars of one setting over training, with the best fit of each system: a column a system.

    Args:
        curves: columns seed, theory, step, dh2, dy2, w; measured and fitted.
        names: of the systems, by theory, from the left.
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 5.2), layout="constrained")
        axes = figure.subplots(3, len(names), squeeze=False, sharex=True, sharey="row")
        for row, scalar in zip(axes, LABELS, strict=True):
            row[0].set_ylabel(LABELS[scalar])
            for ax, theory in zip(row, names, strict=True):
                draw_measured(ax, curves, scalar, "step")
                fitted = over_seeds(curves, theory, scalar, "step")
                at = fitted.index.to_numpy(dtype=np.float64)
                ax.plot(at, fitted["middle"], color=THEORY_COLOUR, ls="--", lw=1.5, label="fitted system")
                ax.xaxis.get_major_locator().set_params(nbins=3)
        for ax, name in zip(axes[0], names.values(), strict=True):
            ax.set_title(name)
        figure.supxlabel("training step", fontsize=9)
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
        sns.despine(figure)
    return figure
