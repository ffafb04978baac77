"""Distance matrices of the four points of XOR, measured and predicted."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..tasks.xor import POINTS
from .style import COLOURS, STYLE, THEORY_COLOUR

_MATRICES = {"measured": "measured", "two_point": "two-point theory", "collective": "collective theory"}

_THEORIES = {
    "two_point": (THEORY_COLOUR, "o", 7.5, "two-point theory"),
    "scalar_output": (COLOURS["scalar_output"], "+", 7.5, "without its ansatz"),
    "growing_rates": (COLOURS["growing_rates"], "^", 4.0, "with growing rates"),
    "collective": (COLOURS["collective"], "x", 5.5, "collective theory"),
}
"""Colour, marker, its size and name: open or thin, so that those that agree are seen over each other."""


def draw_xor(ends: pd.DataFrame, settings: Sequence[str]) -> Figure:
    """A column a setting: the measured matrix, those of two theories, and predicted against measured distances.

    Args:
        ends: columns setting, seed, pair, theory, measured, predicted.
        settings: which, in their order.
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(max(2.4 * len(settings), 4.8), 7.9), layout="constrained")
        axes = figure.subplots(1 + len(_MATRICES), len(settings), squeeze=False)
        for column, setting in zip(axes.T, settings, strict=True):
            own = ends[ends["setting"] == setting]
            shown = {name: _middle(own, name) for name in _MATRICES}
            top = max(float(middle.max()) for middle in shown.values())
            for ax, middle in zip(column, shown.values(), strict=False):
                _draw_matrix(ax, distance_matrix(middle), top)
            column[0].set_title(setting.replace("_", ", "))
            _draw_ends(column[-1], own)
        for ax, label in zip(axes[:, 0], (*_MATRICES.values(), r"predicted $|\Delta h|^2$"), strict=True):
            ax.set_ylabel(label)
        handles, labels = axes[-1, 0].get_legend_handles_labels()
        beside = len(labels) if len(settings) > 2 else 2
        figure.legend(handles, labels, loc="outside lower center", ncols=beside, frameon=False)
    return figure


def _middle(own: pd.DataFrame, name: str) -> pd.Series[float]:
    """The distances that were measured, or those of a theory: of each pair the median over seeds."""
    of = own if name == "measured" else own[own["theory"] == name]
    return of.groupby("pair")["measured" if name == "measured" else "predicted"].median()


def distance_matrix(distances: pd.Series[float]) -> NDArray[np.float64]:
    """The symmetric matrix of the distances of pairs such as 00-01, shape (4, 4).

    >>> distance_matrix(pd.Series({"00-11": 3.0, "01-10": 2.0}))[0].tolist()
    [0.0, 0.0, 0.0, 3.0]
    """
    matrix = np.zeros((len(POINTS), len(POINTS)))
    for pair, distance in distances.items():
        i, j = (POINTS.index(point) for point in str(pair).split("-"))
        matrix[i, j] = matrix[j, i] = distance
    return matrix


def _draw_matrix(ax: Axes, matrix: NDArray[np.float64], top: float) -> None:
    sns.heatmap(
        matrix,
        ax=ax,
        vmin=0.0,
        vmax=top,
        cmap="rocket_r",
        square=True,
        linewidths=0.8,
        xticklabels=POINTS,
        yticklabels=POINTS,
        cbar_kws={"shrink": 0.75, "format": "%g"},
    )
    ax.tick_params(length=0)


def _draw_ends(ax: Axes, own: pd.DataFrame) -> None:
    for theory, (colour, marker, size, label) in _THEORIES.items():
        rows = own[own["theory"] == theory]
        ax.plot(rows["measured"], rows["predicted"], marker, color=colour, ms=size, mfc="none", mew=1.1, label=label)
    top = 1.08 * float(own[["measured", "predicted"]].to_numpy().max())
    low = -0.05 * top
    ax.plot([low, top], [low, top], color="0.6", lw=0.8, zorder=0)
    ax.set(xlim=(low, top), ylim=(low, top), xlabel=r"measured $|\Delta h|^2$", aspect="equal")
    ax.locator_params(nbins=4)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:g}")
    sns.despine(ax=ax)
