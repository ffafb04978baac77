"""Heat maps over two numbers that a training is set by."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter
from numpy.typing import NDArray

from .collective import rows_of
from .style import STYLE, THEORY_COLOUR

_WRITTEN = 36
"""In maps of at most so many cells the numbers are written."""


def draw_grids(
    cells: pd.DataFrame, panels: Mapping[str, str], lines: Mapping[tuple[str, str], tuple[float, float] | None]
) -> Figure:
    """Accuracy and states by the gain of the start and the share of the data, a row of heat maps for each loss.

    Args:
        cells: columns loss, gain, share, fitted, and one for each panel; a mean is shown of cells that are there often.
        panels: titles by column.
        lines: for a loss and a column the border ``log share = a + b log gain``, as ``(a, b)``, or None.
    """
    losses = list(dict.fromkeys(map(str, cells["loss"])))
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(3.9 * len(panels), 0.3 + 3.1 * len(losses)), layout="constrained")
        axes = figure.subplots(len(losses), len(panels), squeeze=False)
        for row, loss in zip(axes, losses, strict=True):
            own = rows_of(cells, "loss", loss)
            for ax, (column, title) in zip(row, panels.items(), strict=True):
                _draw_map(figure, ax, own, column, lines.get((loss, column)))
                ax.set_title(title if len(losses) == 1 else f"{title}, {loss}")
    return figure


def _draw_map(figure: Figure, ax: Any, own: pd.DataFrame, column: str, line: tuple[float, float] | None) -> None:
    table = own.pivot_table(index="gain", columns="share", values=column)
    gains, shares = (np.array(x, dtype=np.float64) for x in (table.index, table.columns))
    values = table.to_numpy(np.float64)
    edges = [_edges(x) for x in (shares, gains)]
    drawn = ax.pcolormesh(*edges, values, cmap="cividis", vmin=0, vmax=1)
    ax.set(xscale="log", yscale="log", xlabel="share of the strings that are trained on", ylabel="gain of the start")
    for axis, ticks in ((ax.xaxis, shares), (ax.yaxis, gains)):
        axis.set_major_locator(FixedLocator(list(ticks if len(ticks) <= 6 else ticks[:: len(ticks) // 5])))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    if values.size <= _WRITTEN:
        for (i, j), value in np.ndenumerate(values):
            if np.isfinite(value):
                colour = "black" if value > 0.5 else "white"
                ax.text(shares[j], gains[i], f"{value:.2f}", ha="center", va="center", color=colour, fontsize=8)
    unfitted = own[~own["fitted"].astype(bool)]
    inwards = 0.8 if values.size <= _WRITTEN else 1.0  # below what is written
    ax.plot(unfitted["share"], unfitted["gain"] * inwards, "x", color=THEORY_COLOUR, ms=4, ls="none")
    if line is not None:
        gain = np.exp(np.linspace(*(float(np.log(x)) for x in (edges[1][0], edges[1][-1])), num=400))
        ax.plot(np.exp(line[0]) * gain ** line[1], gain, "--", color="white", lw=1.6)
    ax.set(xlim=(edges[0][0], edges[0][-1]), ylim=(edges[1][0], edges[1][-1]))
    figure.colorbar(drawn, ax=ax)


def _edges(values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """The edges of cells around numbers, half-way between their logarithms."""
    logs = np.log(np.asarray(values, dtype=np.float64))
    half = np.diff(logs) / 2 if len(logs) > 1 else np.array([0.5])
    return np.exp([logs[0] - half[0], *(logs[:-1] + half[: len(logs) - 1]), logs[-1] + half[-1]])
