"""Digits against theory: how pairs move in training, and which digits end up near each other."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..tracking.table import SCALARS
from .style import LABELS, MEASURED_COLOUR, NETWORK_LINE, STYLE, THEORY_COLOUR, THEORY_LINE

_OTHER = "#dd8452"
_MATRICES = {
    "dh2": r"network: mean $|\Delta h|^2$",
    "summed": r"theory, summed ($10^{%d}$)",
    "normalised": "theory, divided by weights",
    "collective": "collective theory",
}


def draw_digit_trajectories(curves: pd.DataFrame, fits: pd.DataFrame, measured: str) -> Figure:
    """Three pairs over training (best, median and worst fit), the fits of all pairs and their delays.

    Args:
        curves: of one network; columns pair, theory, epoch, dh2, dy2.
        fits: columns pair, theory, fit (balanced or plain), r2_dh2, r2_dy2, r2_w, delay (of dy2, in epochs).
        measured: what stands in place of a theory for what was measured.
    """
    balanced = fits[(fits["theory"] == "two_point") & (fits["fit"] == "balanced")]
    r2 = balanced.groupby("pair")[["r2_dh2", "r2_dy2", "r2_w"]].mean().mean(axis=1).sort_values(ascending=False)
    shown = [str(r2.index[i]) for i in (0, len(r2) // 2, -1)]
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 7.6), layout="constrained")
        axes = figure.subplots(3, 3)
        for column, (pair, rank) in enumerate(zip(shown, ("best", "median", "worst"), strict=True)):
            of_pair = curves[curves["pair"] == pair]
            for ax, name in zip(axes[:2, column], ("dh2", "dy2"), strict=True):
                for theory, style in ((measured, NETWORK_LINE), ("two_point", THEORY_LINE)):
                    line = of_pair[of_pair["theory"] == theory]
                    ax.plot(line["epoch"], line[name], label="network" if theory == measured else "theory", **style)
                ax.set_ylim(bottom=0)
            axes[0, column].set_title(f"digits {pair}: {rank} fit")
            axes[1, column].set_xlabel("epoch")
        for ax, name in zip(axes[:2, 0], ("dh2", "dy2"), strict=True):
            ax.set_ylabel(LABELS[name])
        axes[1, 0].legend(frameon=False, loc="lower right")
        _draw_r2(axes[2, 0], fits)
        for ax, fit, colour in zip(axes[2, 1:], ("plain", "balanced"), (_OTHER, THEORY_COLOUR), strict=True):
            _draw_delays(ax, fits, fit, colour)
        axes[2, 1].set_ylabel("pairs and seeds")
        sns.despine(figure)
    return figure


def _draw_r2(ax: Axes, fits: pd.DataFrame) -> None:
    """Median and quartiles over pairs of R^2 of each scalar, for both fits of the two-point theory."""
    kinds = (("plain", _OTHER, -0.12), ("balanced", THEORY_COLOUR, 0.12))
    for fit, colour, shift in kinds:
        found = fits[(fits["theory"] == "two_point") & (fits["fit"] == fit)]
        low, middle, high = (np.array([found[f"r2_{name}"].quantile(q) for name in SCALARS]) for q in (0.25, 0.5, 0.75))
        places = np.arange(3) + shift
        ax.errorbar(places, middle, [middle - low, high - middle], color=colour, fmt="o", ms=4, lw=1.4, label=fit)
    ax.axhline(0, color="0.7", lw=0.8, zorder=0)
    lowest = -6.0
    ax.set_ylim(max(ax.get_ylim()[0], lowest), 1.1)
    ax.set_xticks(range(3), [r"$|\Delta h|^2$", r"$|\Delta y|^2$", "$w$"])
    ax.set(title="fit: median and quartiles of pairs", ylabel="$R^2$", xlim=(-0.5, 2.5))
    ax.legend(frameon=False, loc="lower left", title="sum of squares")


def _draw_delays(ax: Axes, fits: pd.DataFrame, fit: str, colour: str) -> None:
    delays = fits[(fits["theory"] == "two_point") & (fits["fit"] == fit)]["delay"].dropna()
    beyond = 60.0
    ax.hist(delays.clip(-beyond, beyond), bins=np.linspace(-beyond, beyond, 25).tolist(), color=colour)
    ax.axvline(0, color="0.3", lw=0.9)
    ax.axvline(-10, color="0.3", lw=0.9, ls=":")
    ax.set(title=rf"half-way of $|\Delta y|^2$, {fit} fit", xlabel="network minus theory, epochs")


def draw_structure(pairs: pd.DataFrame, means: pd.DataFrame) -> Figure:
    """Matrices of distances of the displayed digits, measured and predicted, and one against the other.

    Args:
        pairs: a row for each two digits; columns first, second, first_class, second_class, dh2 (the mean over
            networks), summed, normalised, collective.
        means: the last four, a row for each two classes.
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(11.6, 6.0), layout="constrained")
        axes = figure.subplots(2, 4, height_ratios=(1.15, 1))
        for ax, name in zip(axes[0], _MATRICES, strict=True):
            _draw_matrix(figure, ax, pairs, name)
        for ax, name in zip(axes[1, :2], ("normalised", "collective"), strict=True):
            _draw_scatter(ax, pairs, name)
        axes[1, 0].set_ylabel(r"network: mean $|\Delta h|^2$")
        axes[1, 0].legend(frameon=False, loc="upper left", markerscale=3)
        for ax, name in zip(axes[1, 2:], ("normalised", "collective"), strict=True):
            ax.scatter(means[name] / _scale(means[name]), means["dh2"], s=16, color=MEASURED_COLOUR)
            r = float(np.corrcoef(means[name], means["dh2"])[0, 1])
            ax.set(title=f"{len(means)} pairs of classes: r = {r:.2f}", xlabel=_title(name, means[name]))
        axes[1, 2].set_ylabel(r"network: mean $|\Delta h|^2$")
        for ax in axes[1]:
            ax.spines[["top", "right"]].set_visible(False)
    return figure


def _scale(values: Any) -> float:
    """A power of ten that leaves summed distances readable."""
    largest = float(np.max(np.abs(values)))
    return 10.0 ** np.floor(np.log10(largest)) if largest >= 1e5 else 1.0


def _title(name: str, values: Any) -> str:
    text = _MATRICES[name]
    return text % round(np.log10(_scale(values))) if "%" in text else text


def _draw_matrix(figure: Figure, ax: Axes, pairs: pd.DataFrame, name: str) -> None:
    count = int(pairs["second"].max()) + 1
    matrix = np.zeros((count, count))
    matrix[pairs["first"], pairs["second"]] = matrix[pairs["second"], pairs["first"]] = pairs[name] / _scale(
        pairs[name]
    )
    image = ax.imshow(matrix, cmap="rocket", interpolation="nearest")
    figure.colorbar(image, ax=ax, shrink=0.8)
    classes = np.empty(count, dtype=int)
    classes[pairs["first"]] = pairs["first_class"]
    classes[pairs["second"]] = pairs["second_class"]
    present, begins, sizes = np.unique(classes, return_index=True, return_counts=True)
    for begin in begins[1:]:
        ax.axhline(begin - 0.5, color="0.6", lw=0.4)
        ax.axvline(begin - 0.5, color="0.6", lw=0.4)
    centres = begins + (sizes - 1) / 2
    ax.set_xticks(centres, [str(x) for x in present])
    ax.set_yticks(centres, [str(x) for x in present])
    ax.tick_params(length=0)
    ax.set_title(_title(name, pairs[name]))


def _draw_scatter(ax: Axes, pairs: pd.DataFrame, name: str) -> None:
    same = pairs["first_class"] == pairs["second_class"]
    for chosen, colour, label in ((~same, MEASURED_COLOUR, "of two classes"), (same, _OTHER, "of one class")):
        ax.scatter(
            pairs[name][chosen],
            pairs["dh2"][chosen],
            s=4,
            alpha=0.4,
            lw=0,
            color=colour,
            label=label,
            rasterized=True,
        )
    r = float(np.corrcoef(pairs[name], pairs["dh2"])[0, 1])
    ax.set(title=f"all pairs of digits: r = {r:.2f}", xlabel=_MATRICES[name])
    ax.set_ylim(bottom=0)
