"""The context task: the representation in three dimensions, and its task axes."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from .style import COLOURS, MEASURED_COLOUR, STYLE

_COLOURINGS = {"context": "by context", "mx": "by $m_x$", "my": "by $m_y$"}
_THEORIES = {
    "pairs_scaled": (COLOURS["two_point"], "theory of pairs"),
    "collective": (COLOURS["collective"], "collective theory"),
}
_CONTEXTS = {1: "#dd8452", 2: "#55a868"}


def draw_embeddings(embedding: pd.DataFrame, titles: Sequence[str]) -> Figure:
    """A row a setting and a column a colouring: the points in three dimensions.

    Args:
        embedding: columns setting, context, mx, my and ``axis_0`` to ``axis_2``, from one seed.
        titles: what stands beside each row; the settings are in the order in which they come.
    """
    settings = list(embedding.groupby("setting", sort=False))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.4, 2.75 * len(settings)), layout="constrained")
        for row, ((_, own), title) in enumerate(zip(settings, titles, strict=True)):
            for column, (colouring, label) in enumerate(_COLOURINGS.items()):
                ax: Any = figure.add_subplot(len(settings), 3, 3 * row + column + 1, projection="3d")
                shown = _draw_points(ax, own, colouring)
                ax.set_title(f"{title}\n{label}" if column == 0 else f"\n{label}")
                if colouring == "context":
                    _label_contexts(ax)
                else:
                    figure.colorbar(shown, ax=ax, shrink=0.5, pad=0.02, ticks=[-0.9, 0, 0.9])
    return figure


def _draw_points(ax: Any, own: pd.DataFrame, colouring: str) -> Any:
    places = own.filter(like="axis_").to_numpy()
    colours = ListedColormap(list(_CONTEXTS.values())) if colouring == "context" else "viridis"
    shown = ax.scatter(*places.T, c=own[colouring], cmap=colours, s=11, lw=0, alpha=0.9, depthshade=False)
    half = 1.05 * float(np.abs(places).max())
    ax.set(xlim=(-half, half), ylim=(-half, half), zlim=(-half, half), xticklabels=[], yticklabels=[], zticklabels=[])
    ax.set_box_aspect((1, 1, 1), zoom=1.15)
    ax.tick_params(length=0)
    return shown


def _label_contexts(ax: Any) -> None:
    for context, colour in _CONTEXTS.items():
        ax.scatter([], [], [], color=colour, s=22, label=f"context {context}")
    ax.legend(
        frameon=False, loc="upper left", bbox_to_anchor=(-0.12, -0.02), ncols=2, handletextpad=0.0, columnspacing=0.6
    )


def draw_task_axes(axes_of: pd.DataFrame, ends: pd.DataFrame, titles: Sequence[str]) -> Figure:
    """The angle of the task axes and the compression of the irrelevant feature, start and end; distances predicted.

    Args:
        axes_of: a row a network: columns setting, angle_start, angle_end, compression_start, compression_end.
        ends: columns setting, theory, measured and predicted: some pairs of one network a setting.
        titles: of the settings, in the order in which they come.
    """
    settings: list[str] = list(axes_of["setting"].unique())
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 5.4), layout="constrained")
        upper, lower = (figure.add_subfigure(place) for place in figure.add_gridspec(2, 1))
        angle, compression = upper.subplots(1, 2)
        _draw_change(angle, axes_of, "angle", settings, titles)
        angle.axhline(90, color="0.6", lw=0.8, ls=":", zorder=0)
        angle.set(title="angle of the two relevant axes", ylabel="degrees", ylim=(0, 95))
        _draw_change(compression, axes_of, "compression", settings, titles)
        compression.set(title="irrelevant over relevant variance", ylim=(0, None))
        compression.legend(frameon=False, loc="upper right", bbox_to_anchor=(1.0, 0.9))
        below: list[Axes] = list(lower.subplots(1, len(settings), squeeze=False).flat)
        for ax, setting, title in zip(below, settings, titles, strict=True):
            own = ends[(ends["setting"] == setting) & ends["theory"].isin(_THEORIES)]
            top = 1.05 * float(own[["measured", "predicted"]].to_numpy().max()) if len(own) else 1.0
            for theory, (colour, label) in _THEORIES.items():
                of = own[own["theory"] == theory]
                look: dict[str, Any] = {"color": colour, "ms": 3, "alpha": 0.35, "mew": 0, "rasterized": True}
                ax.plot(of["measured"], of["predicted"], ".", **look)
                ax.plot([], [], ".", color=colour, ms=9, label=label)
            ax.plot([0, top], [0, top], color="0.6", lw=0.8, zorder=0)
            ax.set(title=title, xlabel=r"measured $|\Delta h|^2$", xlim=(0, top), ylim=(0, top))
            ax.locator_params(nbins=5)
        below[0].set_ylabel(r"predicted $|\Delta h|^2$")
        below[0].legend(frameon=False, loc="upper left", handletextpad=0.1)
        sns.despine(figure)
    return figure


def _draw_change(ax: Axes, values: pd.DataFrame, name: str, settings: Sequence[str], titles: Sequence[str]) -> None:
    """A value of every network at the start and at the end, a place a setting."""
    for place, setting in enumerate(settings):
        own = values[values["setting"] == setting]
        for stage, colour, shift in (("start", "0.6", -0.12), ("end", MEASURED_COLOUR, 0.12)):
            found = own[f"{name}_{stage}"]
            label = stage if place == 0 else None
            ax.plot([place + shift] * len(found), found, "o", color=colour, ms=5, alpha=0.7, mew=0, label=label)
            ax.plot([place + shift - 0.08, place + shift + 0.08], [found.median()] * 2, color=colour, lw=2)
    ax.set_xticks(range(len(settings)), titles)
    ax.set_xlim(-0.5, len(settings) - 0.5)
