"""Settings beyond the paper: trajectories against theories, and how well each theory holds."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..trials.fits import MEASURED
from .style import COLOURS, LABELS, NETWORK_LINE, STYLE, THEORY_COLOUR

THEORIES: Mapping[str, tuple[str, str]] = {
    "two_point": ("two-point theory", THEORY_COLOUR),
    "scalar_output": ("without the ansatz", COLOURS["scalar_output"]),
    "growing_rates": ("growing rates", COLOURS["growing_rates"]),
    "cross_entropy": ("cross-entropy theory", COLOURS["cross_entropy"]),
}
"""What the theories are called, and their colours."""

_LOWEST = -0.25
"""Smaller R^2 are drawn at the edge."""


def draw_curves(curves: pd.DataFrame) -> Figure:
    """The three scalars of one network a setting over training, with the theories fitted to it.

    Args:
        curves: columns setting, theory ("measured" or a theory's name), step, dh2, dy2, w.
    """
    settings = list(dict.fromkeys(curves["setting"]))
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(7.6, 0.6 + 1.45 * len(settings)), layout="constrained")
        axes = figure.subplots(len(settings), len(LABELS), squeeze=False, sharex="row")
        for line, setting in zip(axes, settings, strict=True):
            for ax, scalar in zip(line, LABELS, strict=True):
                _draw_setting(ax, curves.query("setting == @setting"), scalar)
            line[0].set_ylabel(setting.replace("_", " "))
        for ax, label in zip(axes[0], LABELS.values(), strict=True):
            ax.set_title(label)
        for ax in axes[-1]:
            ax.set_xlabel("training step")
        handles = {label: h for ax in axes.flat for h, label in zip(*ax.get_legend_handles_labels(), strict=True)}
        figure.legend(handles.values(), handles.keys(), frameon=False, ncols=len(handles), loc="outside upper center")
        sns.despine(figure)
    return figure


def _draw_setting(ax: Axes, curves: pd.DataFrame, scalar: str) -> None:
    """One scalar of one setting; the axis is that of the network, whatever a failing theory does."""
    network = curves[curves["theory"] == MEASURED]
    ax.plot(network["step"], network[scalar], label="network", **NETWORK_LINE)
    low, high = ax.get_ylim()
    for theory, (label, colour) in THEORIES.items():
        fitted = curves[curves["theory"] == theory]
        if len(fitted):
            ax.plot(fitted["step"], fitted[scalar], color=colour, lw=1.3, ls="--", label=label)
    ax.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
    ax.locator_params(nbins=4)


def draw_holding(fits: pd.DataFrame, plain: Mapping[str, str], bound: float) -> Figure:
    """R^2 of dh2 and dy2 of every network by setting and theory, plain settings last.

    Args:
        fits: columns setting, theory, r2_dh2, r2_dy2; a row a network and theory.
        plain: the nearest plain setting of each.
        bound: R^2 from which a theory is said to hold.
    """
    names = [*plain, *dict.fromkeys(plain.values())]
    known = [name for name in names if name in set(fits["setting"])]
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(7.6, 1.2 + 0.42 * len(known)), layout="constrained")
        axes = figure.subplots(1, 2, sharey=True)
        for ax, scalar in zip(axes, ("dh2", "dy2"), strict=True):
            for i, (theory, (label, colour)) in enumerate(THEORIES.items()):
                rows = fits[(fits["theory"] == theory) & fits["setting"].isin(known)]
                places = np.array([known.index(name) for name in rows["setting"]]) + 0.17 * (i - 1.5)
                r2 = rows[f"r2_{scalar}"].to_numpy(dtype=np.float64)
                below = r2 < _LOWEST
                ax.plot(r2[~below], places[~below], "o", color=colour, ms=4.5, alpha=0.8, label=label)
                ax.plot(np.full(below.sum(), _LOWEST), places[below], "<", color=colour, ms=5, alpha=0.8)
            ax.axvline(bound, color="0.75", lw=1, zorder=0)
            ax.set(xlim=(_LOWEST - 0.04, 1.04), title=LABELS[scalar], xlabel=r"$R^2$   (arrows: below the axis)")
            ax.grid(axis="y", color="0.93", lw=0.8)
        axes[0].set_yticks(range(len(known)), [name if name in plain else f"{name} (plain)" for name in known])
        axes[0].invert_yaxis()
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, frameon=False, ncols=len(labels), loc="outside upper center")
        sns.despine(figure)
    return figure
