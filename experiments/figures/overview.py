"""How well each theory holds in each setting of every study: one picture for the front of the report."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from .style import STYLE

THEORIES = {
    "two_point": "two constant\nrates (paper)",
    "scalar_output": "without\nthe ansatz",
    "growing_rates": "rates that\ngrow",
    "cross_entropy": "cross-\nentropy",
    "ablation": "best changed\nequations",
    "collective": "collective,\ndata sets",
}
"""The columns, and what stands above them."""

_SAME = {"growing_vectors": "growing_rates"}
"""Versions of a theory that share its column."""

BOUNDS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)
"""Where one colour ends and the next begins."""

_COLOURS = ["#b2463c", "#d9795f", "#f0b095", "#f8dccb", "#e3ecf1", "#9fc6de", "#4a93c3"]
_ROW, _COLUMN, _LABELS = 0.205, 0.74, 1.75
"""Inches of a row, of a column, and of the names of the settings."""

_TITLE, _HEAD, _KEY, _GAP = 1.6, 2.2, 2.2, 0.35
"""Rows that the name of a study takes, the names of the theories and the key of the colours; inches between halves."""

_NARROWEST = 6.8
"""Inches that the key needs, and so the figure."""

_ONE_HALF = 24
"""Rows up to which the studies stand below each other in one half."""


def holdings_by_theory(holdings: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The theories that were asked for, one of :data:`THEORIES` each, with their rows of the holdings."""
    shared = holdings["theory"].replace(_SAME)
    yield from ((theory, holdings[shared == theory]) for theory in THEORIES if (shared == theory).any())


def draw_overview(holdings: pd.DataFrame) -> Figure:
    """R² of each theory (columns) in each setting (rows, by study), as colour and number, in two columns of panels.

    Args:
        holdings: columns study (its title), setting, theory, r2; NaN where a theory was asked and gave no number.
    """
    theories = [theory for theory, _ in holdings_by_theory(holdings)]
    rows = holdings.assign(theory=holdings["theory"].replace(_SAME))
    tables = {
        str(title): own.pivot(index="setting", columns="theory", values="r2").reindex(
            index=list(dict.fromkeys(own["setting"])), columns=theories
        )
        for title, own in rows.groupby("study", sort=False)
    }
    asked = {title: set(zip(own["setting"], own["theory"], strict=True)) for title, own in rows.groupby("study")}
    halves = _halves({title: len(table) + _TITLE for title, table in tables.items()})
    height = max(sum(len(tables[title]) + _TITLE for title in half) for half in halves) + _HEAD + _KEY
    width = max(len(halves) * (_LABELS + _COLUMN * len(theories) + _GAP) - _GAP, _NARROWEST)
    with mpl.rc_context(STYLE), sns.axes_style("white"):
        figure = Figure(figsize=(width, height * _ROW))
        for i, half in enumerate(halves):
            left = i * (_LABELS + _COLUMN * len(theories) + _GAP)
            top = _HEAD
            for column, name in enumerate(theories):
                place = (left + _LABELS + _COLUMN * (column + 0.5)) / width, 1 - (top + 0.35) / height
                figure.text(*place, THEORIES[name], ha="center", va="bottom", fontsize=8)
            for title in half:
                size = len(tables[title])
                figure.text(left / width, 1 - (top + _TITLE - 0.35) / height, title, fontsize=9, fontweight="bold")
                top += _TITLE + size
                box = ((left + _LABELS) / width, 1 - top / height, _COLUMN * len(theories) / width, size / height)
                _draw_study(figure.add_axes(box), tables[title], asked[title])
        _draw_key(figure, width, height)
    return figure


def _halves(heights: dict[str, float]) -> list[list[str]]:
    """The studies in order, in one part if they are few, else in two of about the same height."""
    titles = list(heights)
    if sum(heights.values()) <= _ONE_HALF:
        return [titles]
    cuts = range(1, len(titles))
    taller = {k: max(sum(heights[x] for x in part) for part in (titles[:k], titles[k:])) for k in cuts}
    cut = min(taller, key=taller.__getitem__, default=len(titles))
    return [part for part in (titles[:cut], titles[cut:]) if part]


def _draw_study(ax: Axes, table: pd.DataFrame, asked: set[tuple[str, str]]) -> None:
    values = table.to_numpy(dtype=np.float64)
    norm = BoundaryNorm([-np.inf, *BOUNDS, np.inf], len(_COLOURS))
    sns.heatmap(
        values,
        ax=ax,
        cmap=ListedColormap(_COLOURS),
        norm=norm,
        cbar=False,
        annot=_numbers(values),
        fmt="",
        annot_kws={"size": 8},
        linewidths=0.8,
        linecolor="white",
        yticklabels=[str(name).replace("_", " ") for name in table.index],
        xticklabels=False,
    )
    for row, setting in enumerate(table.index):
        for column, theory in enumerate(table.columns):
            if np.isnan(values[row, column]):
                said = "no number" if (setting, theory) in asked else "\N{MIDDLE DOT}"
                ax.text(column + 0.5, row + 0.5, said, ha="center", va="center", fontsize=7.5, color="0.55")
    ax.set(xlabel="", ylabel="")
    ax.tick_params(axis="y", rotation=0, length=0, labelsize=8.5)


def _draw_key(figure: Figure, width: float, height: float) -> None:
    """The colours and the R² that each stands for, below everything."""
    names = ["below 0", *(f"from {low:g}" for low in BOUNDS)]
    step = (_NARROWEST - 0.5) / len(names)
    for i, (name, colour) in enumerate(zip(names, _COLOURS, strict=True)):
        x, y = (width - step * (len(names) - i)) / width, 0.25 / height
        swatch = Rectangle(
            (x, y), 0.16 / width, 0.7 / height, facecolor=colour, edgecolor="0.6", lw=0.4, transform=figure.transFigure
        )
        figure.add_artist(swatch)
        figure.text(x + 0.22 / width, y + 0.3 / height, name, va="center", fontsize=8)
    x = (width - step * len(names) - 0.3) / width
    figure.text(x, 0.55 / height, "$R^2$", va="center", ha="left", fontsize=8.5)


def _numbers(values: NDArray[np.float64]) -> NDArray[np.str_]:
    said = ["" if np.isnan(x) else "< 0" if x < 0 else f"{_down(x):.2f}" for x in values.ravel().tolist()]
    return np.array(said).reshape(values.shape)


def _down(value: float) -> float:
    """To two digits, never up: a number below a bound does not look as if it reached it."""
    return np.floor(100 * value + 1e-9).item() / 100
