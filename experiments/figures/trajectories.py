"""Trajectories of several seeds and settings with the theories fitted to them, and the errors of these."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..trials.fits import MEASURED
from .style import COLOURS, LABELS, MEASURED_COLOUR, STYLE, THEORY_COLOUR

THEORY_LINES: dict[str, tuple[str, dict[str, Any]]] = {
    "two_point": ("two-point theory", {"color": THEORY_COLOUR, "ls": "--", "lw": 1.5}),
    "growing_rates": ("growing rates", {"color": COLOURS["growing_rates"], "ls": "-.", "lw": 1.4}),
    "scalar_output": ("without the ansatz", {"color": COLOURS["scalar_output"], "ls": ":", "lw": 1.6}),
}
"""The name of each theory in a legend, and its line."""

_FEW = 5
"""Fewer seeds than this are shown by their range, more by their quartiles."""

_SEEN = 0.01
"""Two curves that are nowhere further apart than this share of their range are one to the eye."""


def draw_trajectory(curves: pd.DataFrame, title: str) -> Figure:
    """The three scalars and the loss of one setting over training: median and interval over seeds, and theories.

    Args:
        curves: columns seed, theory (:data:`MEASURED` or a theory's name), step, dh2, dy2, w and, optionally, loss.
        title: of the figure.

    The form without the ansatz is drawn where it can be told from the two-point theory.
    """
    drawn = [name for name in THEORY_LINES if name in set(curves["theory"])]
    scalars = [*LABELS, *(["loss"] if "loss" in curves and curves["loss"].notna().any() else [])]
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 5.4), layout="constrained")
        axes = figure.subplots(2, 2)
        for ax in axes.flat[len(scalars) :]:
            ax.set_axis_off()
        for ax, scalar in zip(axes.flat, scalars, strict=False):
            draw_measured(ax, curves, scalar, "step")
            for name in drawn:
                if name != "scalar_output" or _differ(curves, scalar):
                    _theory(ax, curves, name, scalar, "step")
            ax.set(title=LABELS.get(scalar, scalar), xlabel="training step", ylabel="")
        _legend(figure, axes.flat[: len(scalars)], "outside lower center")
        figure.suptitle(title)
        sns.despine(figure)
    return figure


def draw_settings(curves: pd.DataFrame, settings: Sequence[str], scalar: str) -> Figure:
    """One scalar of every setting over training, a small panel each: network, two-point theory, growing rates.

    Args:
        curves: as :func:`draw_trajectory`, with a column setting.
        settings: what to draw, in order.
        scalar: dh2, dy2 or w.
    """
    wide = min(5, len(settings))
    high = -(-len(settings) // wide)
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 1.55 * high + 0.8), layout="constrained")
        axes = figure.subplots(high, wide, squeeze=False)
        for ax in axes.flat[len(settings) :]:
            ax.set_axis_off()
        for ax, setting in zip(axes.flat, settings, strict=False):
            part = curves[curves["setting"] == setting]
            part = part.assign(share=part["step"] / part["step"].max())
            draw_measured(ax, part, scalar, "share")
            for name in ("two_point", "growing_rates"):
                _theory(ax, part, name, scalar, "share")
            ax.set(title=setting, xticks=[0, 0.5, 1], xlabel="", ylabel="", ylim=_window(part, scalar))
            ax.set_xticklabels(["0", "½", "1"])
            ax.yaxis.get_major_locator().set_params(nbins=3)
        figure.supxlabel("share of training", fontsize=9)
        figure.supylabel(LABELS[scalar], fontsize=9)
        _legend(figure, axes.flat[: len(settings)], "outside upper center")
        sns.despine(figure)
    return figure


def draw_errors(fits: pd.DataFrame, settings: Sequence[str], recorded: Mapping[str, float]) -> Figure:
    """The sum of squares of each theory for every setting, a dot a seed, and what is recorded of the two-point theory.

    Args:
        fits: columns setting, theory, sse; a row a seed.
        settings: what to draw, from the top.
        recorded: sums of squares by setting.
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 0.27 * len(settings) + 1.3), layout="constrained")
        ax: Axes = figure.subplots()
        for name, shift in (("two_point", -0.22), ("scalar_output", 0.0), ("growing_rates", 0.22)):
            label, line = THEORY_LINES[name]
            rows = fits[(fits["theory"] == name) & fits["setting"].isin(list(settings)) & (fits["sse"] > 0)]
            heights = np.array([settings.index(x) for x in rows["setting"]]) + shift
            ax.scatter(rows["sse"], heights, s=20, color=line["color"], label=label, alpha=0.8, linewidths=0)
        known = [(recorded[x], settings.index(x)) for x in settings if x in recorded]
        if known:
            x, y = np.array(known).T
            ax.scatter(x, y - 0.22, marker="|", s=90, color="0.2", label="recorded, two-point theory", linewidths=1.6)
        for row in range(1, len(settings)):
            ax.axhline(row - 0.5, color="0.92", lw=0.7, zorder=0)
        ax.set(xscale="log", xlabel="sum of squared differences over all steps", ylabel="")
        ax.set_yticks(range(len(settings)), list(settings))
        ax.set_ylim(len(settings) - 0.5, -0.5)
        figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False)
        sns.despine(figure)
    return figure


def over_seeds(curves: pd.DataFrame, theory: str, scalar: str, x: str) -> pd.DataFrame:
    """The median over seeds of a curve, and its interval: range of fewer than five seeds, quartiles of more.

    Columns low, middle and high; the index is ``x``.
    """
    part = curves[curves["theory"] == theory].dropna(subset=[scalar])
    low, high = (0.0, 1.0) if part["seed"].nunique() < _FEW else (0.25, 0.75)
    grouped = part.groupby(x)[scalar]
    return pd.DataFrame({"low": grouped.quantile(low), "middle": grouped.median(), "high": grouped.quantile(high)})


def draw_measured(ax: Axes, curves: pd.DataFrame, scalar: str, x: str) -> None:
    """What the networks did, as :func:`over_seeds` has it: a line and a band."""
    found = over_seeds(curves, MEASURED, scalar, x)
    at = found.index.to_numpy(dtype=np.float64)
    ax.fill_between(at, found["low"], found["high"], color=MEASURED_COLOUR, alpha=0.25, lw=0)
    ax.plot(at, found["middle"], color=MEASURED_COLOUR, lw=2.4, alpha=0.85, label="network")


def _theory(ax: Axes, curves: pd.DataFrame, theory: str, scalar: str, x: str) -> None:
    found = over_seeds(curves, theory, scalar, x)
    if len(found):
        label, line = THEORY_LINES[theory]
        ax.plot(found.index.to_numpy(dtype=np.float64), found["middle"], label=label, **line)


def _differ(curves: pd.DataFrame, scalar: str) -> bool:
    """Whether the form without the ansatz can be told from the two-point theory."""
    with_it, without = (over_seeds(curves, x, scalar, "step")["middle"] for x in ("two_point", "scalar_output"))
    return bool((with_it - without).abs().max() > _SEEN * (float(np.ptp(with_it)) or 1.0))


def _window(curves: pd.DataFrame, scalar: str) -> tuple[float, float]:
    """The range of what was measured, with room; a theory that leaves it is cut."""
    values = curves.loc[curves["theory"] == MEASURED, scalar].astype(float)
    room = 0.12 * (float(values.max() - values.min()) or 1.0)
    return float(values.min()) - room, float(values.max()) + 1.5 * room


def _legend(figure: Figure, axes: Any, where: Literal["outside upper center", "outside lower center"]) -> None:
    """One legend, of all that any panel shows, outside of all."""
    shown = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(shown.values(), shown.keys(), loc=where, ncols=len(shown), frameon=False)
