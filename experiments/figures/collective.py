"""Whole data sets: places on the geodesic, distances, sweeps and trajectories of the collective theory."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import LABELS, MEASURED_COLOUR, NETWORK_LINE, STYLE, THEORY_COLOUR, THEORY_LINE

_OTHER, _THIRD = "#dd8452", "#2f8f4e"
_LINES = {"growing": THEORY_LINE, "constant": {"color": _OTHER, "lw": 1.2, "ls": ":"}}


def rows_of(table: pd.DataFrame, column: str, value: Any) -> pd.DataFrame:
    """The rows of a table that hold a value in a column.

    >>> rows_of(pd.DataFrame({"a": [1, 2], "b": [3, 4]}), "a", 2)["b"].tolist()
    [4]
    """
    return cast(pd.DataFrame, table[table[column].to_numpy() == value])


def draw_places(places: pd.DataFrame) -> Figure:
    """The place of every layer on the geodesic, at the end over depth and over training.

    Args:
        places: of one setting; columns seed, layer, step, weight, low, high.
    """
    layers = sorted(places["layer"].unique())
    colours = sns.color_palette("flare", len(layers))
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 3.6), layout="constrained")
        depth, course = figure.subplots(1, 2, width_ratios=(1, 1.6))
        last = rows_of(places, "step", places["step"].max())
        for seed in dict.fromkeys(last["seed"].tolist()):
            own = rows_of(last, "seed", seed).sort_values("layer")
            gaps = [own["weight"] - own["low"], own["high"] - own["weight"]]
            shift = own["layer"] + 0.06 * seed
            depth.errorbar(shift, own["weight"], gaps, fmt="o-", ms=4, lw=1.2, color=MEASURED_COLOUR, alpha=0.6)
        count = len(layers)
        balanced = (np.array(layers) + 1) / (count + 1)
        depth.plot(layers, balanced, "--", color="0.5", lw=1.0, label="deep linear network")
        depth.set(title="at the end of training", xlabel="hidden layer", ylabel="place: 0 inputs, 1 outputs")
        depth.set(xticks=layers, ylim=(-0.05, 1.05))
        depth.legend(frameon=False, loc="upper left")
        middle = places.groupby(["layer", "step"])["weight"].median().reset_index()
        for layer, colour in zip(layers, colours, strict=True):
            own = rows_of(middle[middle["step"] > 0], "layer", layer)
            course.plot(own["step"], own["weight"], "o-", ms=2.5, lw=1.4, color=colour, label=f"layer {layer}")
        course.set(title="over training, median of networks", xlabel="training step", ylim=(-0.05, 1.05))
        course.legend(frameon=False, loc="upper right")
        sns.despine(figure)
    return figure


def draw_distances(pairs: pd.DataFrame, r: Mapping[tuple[str, str], float], layer: int) -> Figure:
    """Measured against predicted distances of pairs of digits, of the collective theory and pair by pair.

    Args:
        pairs: of one network and layer; columns same, measured, outputs, pair.
        r: Pearson's r by prediction (outputs or pair) and kind (r, r_different).
        layer: its number.
    """
    titles = {"outputs": "collective theory", "pair": "theory of pairs"}
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(8.4, 3.9), layout="constrained")
        for ax, (name, title) in zip(figure.subplots(1, 2, sharey=True), titles.items(), strict=True):
            x, y = pairs[name].to_numpy(), pairs["measured"].to_numpy()
            scale = float(x @ y / (x @ x))
            for same, colour, label in ((False, MEASURED_COLOUR, "of two classes"), (True, _OTHER, "of one class")):
                some = pairs["same"].to_numpy() == same
                ax.scatter(scale * x[some], y[some], s=5, alpha=0.5, lw=0, color=colour, label=label, rasterized=True)
            top = 1.04 * float(y.max())
            ax.plot([0, top], [0, top], color="0.6", lw=0.8, zorder=0)
            said = f"r = {r[name, 'r']:.2f}, of two classes {r[name, 'r_different']:.2f}"
            ax.set(title=f"{title}: {said}", xlabel=r"predicted $|\Delta h|^2$ (scaled)")
            ax.set(xlim=(0, 1.04 * max(top, float((scale * x).max()))), ylim=(0, 1.04 * top))
        figure.axes[0].set_ylabel(rf"measured $|\Delta h|^2$, layer {layer}")
        figure.axes[0].legend(frameon=False, loc="upper left", markerscale=2.5)
        sns.despine(figure)
    return figure


def draw_sweep(best: pd.DataFrame) -> Figure:
    """How well each setting's best layer is predicted, by the collective theory and by the paper.

    Args:
        best: columns setting, prediction, r, r_different; medians over networks, in the order of the settings.
    """
    names = {
        "outputs": ("collective theory", THEORY_COLOUR, "o"),
        "outputs_start": ("and what is left of the start", "#8172b3", "D"),
        "smoothed": ("paper, smoothed", _OTHER, "s"),
        "pair": ("paper, pair by pair", _THIRD, "^"),
        "start": ("start", "0.6", "v"),
    }
    settings = list(dict.fromkeys(best["setting"]))
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 1.4 + 0.28 * len(settings)), layout="constrained")
        titles = {"r": "all pairs", "r_different": "pairs of two classes"}
        bounds = {"r": 0.95, "r_different": 0.9}
        for ax, (kind, title) in zip(figure.subplots(1, 2, sharey=True), titles.items(), strict=True):
            for prediction, (label, colour, marker) in names.items():
                own = best[best["prediction"] == prediction].set_index("setting")[kind].reindex(settings)
                ax.plot(own, np.arange(len(settings)), marker, ms=5, color=colour, label=label, ls="none")
            ax.axvline(bounds[kind], color="0.5", lw=0.8, ls="--")
            ax.set(title=title, xlabel="Pearson's r at the setting's best layer", xlim=(min(0.0, ax.get_xlim()[0]), 1))
            ax.grid(axis="y", lw=0.3)
        figure.axes[0].set_yticks(range(len(settings)), [x.replace("_", " ") for x in settings])
        figure.axes[0].invert_yaxis()
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
        sns.despine(figure)
    return figure


def draw_courses(curves: pd.DataFrame, r2: pd.DataFrame, measured: str, pairwise: str) -> Figure:
    """Pairs of digits over training against the collective theory, and the R^2 of its forms.

    Args:
        curves: of one network; columns form, pair, same, step, dh2, dy2.
        r2: columns form, numbers, r2_dh2, r2_dy2, r2_w; a row a network and form.
        measured: what stands in place of a form for what was measured.
        pairwise: the form of pairs fitted one by one.
    """
    kinds = curves[curves["form"] == measured].drop_duplicates("pair")
    shown = [*kinds[~kinds["same"]]["pair"][:2], *kinds[kinds["same"]]["pair"][:1]]
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 5.0), layout="constrained")
        axes = figure.subplots(2, len(shown) + 1)
        for column, pair in zip(axes.T, shown, strict=False):
            own = rows_of(curves, "pair", pair)
            for ax, name in zip(column, ("dh2", "dy2"), strict=True):
                for form in (measured, *(x for x in _LINES if x in set(own["form"]))):
                    line, style = rows_of(own, "form", form), _LINES.get(form, NETWORK_LINE)
                    ax.plot(line["step"], line[name], label="network" if form == measured else form, **style)
                ax.set_ylim(bottom=0)
            same = bool(own["same"].iloc[0])
            column[0].set_title("two digits of one class" if same else "digits of two classes")
            column[1].set_xlabel("training step")
        for ax, name in zip(axes[:, 0], ("dh2", "dy2"), strict=True):
            ax.set_ylabel(LABELS[name])
        axes[0, 0].legend(frameon=False, loc="best")
        _draw_r2(axes[0, -1], r2, pairwise)
        axes[1, -1].set_axis_off()
        sns.despine(figure)
    return figure


def _draw_r2(ax: Axes, r2: pd.DataFrame, pairwise: str) -> None:
    """R^2 of each scalar over all pairs and records, median over networks."""
    colours = {"growing": THEORY_COLOUR, "constant": _OTHER, pairwise: "0.6"}
    for form, colour in colours.items():
        own = r2[r2["form"] == form]
        if len(own):
            values = [float(own[f"r2_{name}"].median()) for name in ("dh2", "dy2", "w")]
            numbers = int(own["numbers"].iloc[0])
            ax.plot(range(3), values, "o-", ms=4, lw=1.2, color=colour, label=f"{form} ({numbers} numbers)")
    ax.axhline(0, color="0.8", lw=0.8, zorder=0)
    ax.set_xticks(range(3), [r"$|\Delta h|^2$", r"$|\Delta y|^2$", "$w$"])
    ax.set(title="$R^2$, all pairs and records", ylim=(min(-0.1, ax.get_ylim()[0]), 1.05), xlim=(-0.3, 2.3))
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(0.0, -0.15))


def draw_orders(errors: pd.DataFrame) -> Figure:
    """How far deep linear networks are from the geodesic, over the size of their start.

    Args:
        errors: columns gain, layer, balanced_error; medians over networks.
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(4.6, 3.6), layout="constrained")
        ax = figure.subplots()
        layers = sorted(errors["layer"].unique())
        for layer, colour in zip(layers, sns.color_palette("flare", len(layers)), strict=True):
            own = rows_of(errors, "layer", layer).sort_values("gain")
            ax.plot(own["gain"], own["balanced_error"], "o-", color=colour, lw=1.4, label=f"layer {layer}")
        gains = np.array([errors["gain"].min(), errors["gain"].max()])
        top = float(rows_of(errors, "gain", gains[1])["balanced_error"].max())
        ax.plot(gains, top * (gains / gains[1]) ** 2, "--", color="0.5", lw=1.0, label="order 2")
        ax.set(xscale="log", yscale="log", xlabel="gain of the weights at the start", ylabel="relative error")
        ax.set_xticks(sorted(errors["gain"].unique()), [f"{x:g}" for x in sorted(errors["gain"].unique())])
        ax.set_xticks([], minor=True)
        ax.legend(frameon=False)
        sns.despine(figure)
    return figure
