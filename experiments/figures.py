"""Figures: measured trajectories with the theory drawn over them."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray
from repdyn.numeric import (
    GrowthExponent,
    Pair,
    Rates,
    State,
    crossing_time,
    final_distance,
    half_way_time,
    relaxation_time,
)

from .comparison import Comparison
from .prediction import AFTER_MEAN, START, Predictions
from .runs import Run, balanced_exponent
from .settings import Digits

LABELS = {"dh2": r"hidden distance $|\Delta h|^2$", "dy2": r"output distance $|\Delta y|^2$", "w": r"misfit $w$"}
_MEASURED, _THEORY = "#4c72b0", "#c44e52"
_NETWORK_LINE: dict[str, Any] = {"color": _MEASURED, "lw": 2.6, "alpha": 0.75}
_THEORY_LINE: dict[str, Any] = {"color": _THEORY, "lw": 1.4, "ls": "--"}
_PREDICTED = {START: "#55a868", AFTER_MEAN: "#8172b3"}
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9,
    "legend.fontsize": 8.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "repdyn",
    "savefig.dpi": 160,
}


def save_figure(figure: Figure, stem: Path) -> None:
    """Write ``stem.png`` and ``stem.svg``, the same for the same data."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_STYLE):
        figure.savefig(f"{stem}.png", metadata={"Software": None})
        figure.savefig(f"{stem}.svg", metadata={"Date": None})


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure into one file, of the kind that its name ends in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nothing = {".pdf": "CreationDate", ".png": "Software", ".svg": "Date"}[path.suffix]
    with mpl.rc_context(_STYLE):
        figure.savefig(path, metadata={nothing: None})


def svg(figure: Figure) -> str:
    """A figure as SVG that needs no fonts, to stand inside another document."""
    drawn = StringIO()
    with mpl.rc_context({**_STYLE, "svg.fonttype": "path"}):
        figure.savefig(drawn, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return drawn.getvalue()[drawn.getvalue().index("<svg") :]


def draw_run(run: Run) -> Figure:
    """One pair: its trajectories against the theory. Many pairs: how well each is met, and three of them."""
    return draw_comparison(run.main[0]) if len(run.main) == 1 else draw_pairs(run)


def draw_comparison(comparison: Comparison, title: str | None = None) -> Figure:
    """The three scalars and the loss over training, the conserved line, and what the theory leaves."""
    with mpl.rc_context(_STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 5.2), layout="constrained")
        axes = figure.subplots(2, 3)
        for ax, name in zip(axes.flat[:3], LABELS, strict=True):
            r2 = getattr(comparison.fit.r2, name)
            _against(ax, comparison.steps, _values(comparison, name), _predictions(comparison, name))
            ax.set(title=f"{LABELS[name]}   ($R^2$ = {r2:.3f})", xlabel="training step")
        _draw_loss(axes[1, 0], comparison)
        _draw_line(axes[1, 1], comparison)
        _draw_residuals(axes[1, 2], comparison)
        axes[0, 0].axhline(comparison.final_predicted, color=_THEORY, lw=0.8, ls=":")
        axes[0, 0].legend(frameon=False, loc="lower right")
        figure.suptitle(title or _rates_text(comparison))
        sns.despine(figure)
    return figure


def _values(comparison: Comparison, name: str) -> Any:
    return np.broadcast_to(getattr(comparison.observed, name), comparison.steps.shape)


def _predictions(comparison: Comparison, name: str) -> Any:
    return np.broadcast_to(getattr(comparison.fit.predicted, name), comparison.steps.shape)


def _against(ax: Axes, steps: Any, measured: Any, predicted: Any) -> None:
    for label, values, style in (("network", measured, _NETWORK_LINE), ("theory", predicted, _THEORY_LINE)):
        sns.lineplot(x=steps, y=values, ax=ax, label=label, errorbar=None, **style)
    ax.legend().remove()
    ax.set_ylabel("")


def _draw_loss(ax: Axes, comparison: Comparison) -> None:
    if comparison.loss is None or comparison.loss_fit is None:
        ax.set_axis_off()
        return
    _against(ax, comparison.steps, comparison.loss, comparison.loss_fit.predicted)
    ax.set(title=f"loss   ($R^2$ = {comparison.loss_fit.r2:.3f})", xlabel="training step")


def _draw_line(ax: Axes, comparison: Comparison) -> None:
    for values, style in ((_values, _NETWORK_LINE), (_predictions, _THEORY_LINE)):
        dh2 = values(comparison, "dh2")
        ax.plot(values(comparison, "dy2") / dh2, dh2, **style)
    ax.set(
        title=f"conserved line   ($R^2$ of any line = {comparison.line.r2:.3f})",
        xlabel=r"$|\Delta y|^2/|\Delta h|^2$",
        ylabel=r"$|\Delta h|^2$",
    )


def _draw_residuals(ax: Axes, comparison: Comparison) -> None:
    for name, color in zip(LABELS, sns.color_palette("deep")[1:7:2], strict=True):
        measured = _values(comparison, name)
        span = np.ptp(measured) or 1.0
        ax.plot(comparison.steps, (measured - _predictions(comparison, name)) / span, color=color, lw=1.3, label=name)
    ax.axhline(0, color="0.7", lw=0.8, zorder=0)
    ax.set(title="network minus theory, share of range", xlabel="training step")
    ax.legend(frameon=False, loc="best")


def _rates_text(comparison: Comparison) -> str:
    names = {"rate_h": r"$1/\tau_h$", "rate_y": r"$1/\tau_y$"}
    coefficients = comparison.fit.coefficients.items()
    text = ",  ".join(f"{names.get(name, name)} = {value:.3g}" for name, value in coefficients)
    end = rf"final $|\Delta h|^2$: theory {comparison.final_predicted:.3g}, network {comparison.final_measured:.3g}"
    return f"{text} per step;  {end}" if comparison.fit.theory == "two_point" else f"{comparison.fit.theory}:  {text}"


def draw_pairs(run: Run) -> Figure:
    """Three pairs over training (best, median and worst fit), and for all pairs the fit by layer and the end state."""
    ranked = sorted(run.main, key=lambda c: -c.mean_r2)
    shown = [ranked[0], ranked[len(ranked) // 2], ranked[-1]]
    with mpl.rc_context(_STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 7.8), layout="constrained")
        axes = figure.subplots(3, 3)
        for row, name in zip(axes[:2], ("dh2", "dy2"), strict=True):
            for ax, comparison, rank in zip(row, shown, ("best", "median", "worst"), strict=True):
                _against(ax, comparison.steps, _values(comparison, name), _predictions(comparison, name))
                r2 = getattr(comparison.fit.r2, name)
                ax.set(title=f"digits {comparison.pair} ({rank} fit)   $R^2$ = {r2:.3f}", xlabel="training step")
            row[0].set_ylabel(LABELS[name])
        axes[0, 0].legend(frameon=False, loc="lower right")
        _draw_fit_by_layer(axes[2, 0], run)
        _draw_ends(axes[2, 1], run)
        _draw_delays(axes[2, 2], run)
        source = run.setting.data if isinstance(run.setting, Digits) else run.setting.name
        figure.suptitle(f"{len(run.main)} pairs of digits ({source}), layer {run.layer}")
        sns.despine(figure)
    return figure


def _draw_fit_by_layer(ax: Axes, run: Run) -> None:
    rows = [
        {"layer": c.layer.rsplit(".", 1)[-1], "scalar": name, "R2": getattr(c.fit.r2, name)}
        for c in run.comparisons
        if isinstance(c, Comparison)
        for name in LABELS
    ]
    sns.pointplot(
        pd.DataFrame(rows),
        x="layer",
        y="R2",
        hue="scalar",
        ax=ax,
        estimator="median",
        errorbar=("pi", 50),
        dodge=0.35,
        linestyle="none",
        markersize=4,
        err_kws={"linewidth": 1.2},
        palette="deep",
    )
    ax.set(title="fit by hidden layer: median and quartiles", xlabel="hidden layer", ylabel="$R^2$")
    ax.set_ylim(max(ax.get_ylim()[0], -1.5), 1.05)
    ax.legend(frameon=False, title=None, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.18))


def _draw_ends(ax: Axes, run: Run) -> None:
    theory = np.array([c.final_predicted for c in run.main])
    measured = np.array([c.final_measured for c in run.main])
    ends = np.array([min(theory.min(), measured.min()), max(theory.max(), measured.max())])
    ax.plot(ends, ends, color="0.7", lw=0.8)
    sns.scatterplot(x=theory, y=measured, ax=ax, s=18, color=_MEASURED)
    ax.set(xscale="log", yscale="log", title="final hidden distance", xlabel="theory (start and fitted rates)")
    ax.set_ylabel("network")


def _draw_delays(ax: Axes, run: Run) -> None:
    delays = [c.departures[1].delay for c in run.main]
    sns.histplot([d for d in delays if d is not None], ax=ax, color=_MEASURED, bins=15)
    ax.axvline(0, color="0.4", lw=0.8)
    ax.set(title=r"half-way of $|\Delta y|^2$: network minus theory", xlabel="training steps", ylabel="pairs")


def draw_layers(run: Run) -> Figure:
    """One pair at every hidden layer: the error of the fit, the fitted rates, and how dh2 grows with dy2."""
    compared = run.by_layer
    layers = [int(c.layer.rsplit(".", 1)[-1]) for c in compared]
    with mpl.rc_context(_STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 3.0), layout="constrained")
        errors, rates, exponents = figure.subplots(1, 3)
        _marked(errors, layers, [c.fit.sse for c in compared], _MEASURED, None)
        errors.set(yscale="log", title="error of the fit", ylabel="sum of squares")
        _marked(rates, layers, [c.fit.rates.h for c in compared], _MEASURED, r"$1/\tau_h$")
        _marked(rates, layers, [c.fit.rates.y for c in compared], _THEORY, r"$1/\tau_y$")
        rates.set(yscale="log", title="fitted rates", ylabel="per training step")
        rates.legend(frameon=False)
        _draw_exponents(exponents, run, layers)
        for ax in (errors, rates, exponents):
            ax.axvline(run.setting.layer, color="0.8", lw=0.8, zorder=0)
            ax.xaxis.get_major_locator().set_params(integer=True)
            ax.set_xlabel("hidden layer")
        sns.despine(figure)
    return figure


def _marked(ax: Axes, x: Any, y: Any, color: str, label: str | None) -> None:
    ax.plot(x, y, color=color, label=label, marker="o", markersize=3.5, lw=1.2)


def _draw_exponents(ax: Axes, run: Run, layers: list[int]) -> None:
    """The measured exponent, that of the fitted trajectory, and the two limits: rich, and deep linear balanced."""

    def values(found: list[GrowthExponent | None]) -> list[float]:
        return [np.nan if one is None else one.value for one in found]

    balanced = [balanced_exponent(run.setting, c.layer) for c in run.by_layer]
    ax.plot(layers, balanced, color="0.55", lw=1, ls="-.", label="deep linear, balanced: $k/D$")
    ax.axhline(0.5, color="0.55", lw=1, ls=":", label="two-point theory, rich: 1/2")
    _marked(ax, layers, values([c.exponent for c in run.by_layer]), _MEASURED, "network")
    _marked(ax, layers, values([c.exponent_predicted for c in run.by_layer]), _THEORY, "two-point theory, fitted")
    ax.set_ylim(top=1.5)  # room for the legend
    ax.set(title=r"growth: $d \log |\Delta h|^2 / d \log |\Delta y|^2$", ylabel="")
    ax.legend(frameon=False)


def draw_predictions(predictions: Predictions) -> Figure:
    """Both distances over training: the network, what its tangent rates predict without a fit, and the fits."""
    setting, found = predictions.setting, predictions.found
    colors = [_THEORY if p.source.startswith("fitted") else _PREDICTED[p.source.split(",")[0]] for p in found]
    styles = ["--" if p.source.endswith(("held", "growing rates")) else "-" for p in found]
    with mpl.rc_context(_STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 3.6), layout="constrained")
        axes = figure.subplots(1, 2)
        for ax, name in zip(axes, ("dh2", "dy2"), strict=True):
            ax.plot(predictions.steps, getattr(predictions.observed, name), label="network", **_NETWORK_LINE)
            for p, color, style in zip(found, colors, styles, strict=True):
                ax.plot(p.steps, getattr(p.path, name), color=color, ls=style, lw=1.3, label=p.source)
            ax.set(title=LABELS[name], xlabel="training step")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", frameon=False)
        figure.suptitle(f"{setting.name}, layer {setting.layer}: tangent rates without a fit, and fits")
        sns.despine(figure)
    return figure


PHASES_ALT = (
    "Three maps of how long a pair takes to learn half of its difference, over the conserved quantity and the angle at "
    "which it starts, for small, middling and large starts; hatched where the hidden difference passes through zero."
)
PHASES_CAPTION = (
    r"Phases of the two-point theory. Across: the conserved $A_\mathrm{high}$ in units of $A_\mathrm{low}$; "
    r"above the panels the final $|\Delta h|^2$ to which it leads, in the same units. Dotted lines at $\chi = "
    r"\pm 1$ part the rich phase from pairs that collapse and pairs whose encoder is lazy. Up: the cosine of "
    r"the angle between $\Delta y$ and $\Delta y^*$ at the start. The panels differ in the third number, "
    r"$|\Delta h_0|^2/A_\mathrm{low}$, beyond which $A_\mathrm{high}/A_\mathrm{low}$ cannot go. Colour: the "
    r"steps until half of $\Delta y^*$ is learnt, in units of the time in which the pair nears its end by a "
    r"factor $e$; white where half is learnt at the start. Hatched, below the line: $\Delta h$ passes through "
    r"zero on the way, and close to the line the pair waits longest."
)
_PHASE_SIZES = (0.1, 1.0, 10.0)
_PHASE_ENDS = (0.1, 0.3, 1.0, 3.0, 10.0)
_PHASE_TIMES = (0.1, 0.3, 1.0, 3.0, 10.0)
_PHASE_HIGHS = (-30, -10, -3, -1, 0, 1, 3, 10)
_UNITS = Pair(1.0, 1.0), Rates(1.0, 1.0)
"""In which A_low is 1, and A_high is dh2 - dy2/dh2."""


def _phase(size: float, high: Any, cosine: Any) -> State:
    """The start with the given dh2, A_high and cosine between dy and dy*."""
    dy2 = size * (size - high)
    return State(size, dy2, dy2 - cosine * np.sqrt(dy2))


def draw_phase_diagram() -> Figure:
    """The phases of the two-point theory: when pairs learn, where dh passes through zero and where it ends.

    Each panel is a size of the start, ``|dh_0|^2`` in units of A_low. Everything is computed by ``repdyn.numeric``.
    """
    with mpl.rc_context(_STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 3.6), layout=ConstrainedLayoutEngine(w_pad=0.1))
        widths = [float(np.arcsinh(size) - np.arcsinh(_PHASE_HIGHS[0])) for size in _PHASE_SIZES]
        axes = figure.subplots(1, len(_PHASE_SIZES), sharey=True, width_ratios=widths)
        shades = [_draw_phases(ax, size) for ax, size in zip(axes, _PHASE_SIZES, strict=True)][-1]
        bar = figure.colorbar(shades, ax=axes, pad=0.015, aspect=28)
        bar.set_label("half-way time / relaxation time")
        bar.set_ticks(_PHASE_TIMES, labels=[f"{time:g}" for time in _PHASE_TIMES])
        axes[0].set_ylabel(r"cosine of $\Delta y_0$ and $\Delta y^*$")
    return figure


def _draw_phases(ax: Axes, size: float) -> Any:
    left = _PHASE_HIGHS[0]
    even = np.linspace(float(np.arcsinh(left)), float(np.arcsinh(size)), 121)
    high: Any = np.clip(np.sinh(even), left, size * (1 - 1e-6))
    # A pair that is aligned has no slow part: just beside it there is one.
    cosine = np.linspace(-1 + 1e-6, 1 - 1e-6, 101)
    starts = _phase(size, high[None, :], cosine[:, None])
    times = np.asarray(half_way_time(starts, *_UNITS)) / relaxation_time(starts, *_UNITS)
    levels = np.geomspace(_PHASE_TIMES[0], _PHASE_TIMES[-1], 13)
    shades = ax.contourf(
        high, cosine, np.maximum(times, 1e-9), levels=levels, norm=LogNorm(), cmap="mako_r", extend="both"
    )
    shades.set_rasterized(True)  # thousands of polygons would make a large file
    learnt = np.broadcast_to(np.asarray(starts.dy2) - starts.w, times.shape)
    ax.contourf(high, cosine, learnt, levels=[0.5, np.inf], colors=["white"])
    edge = _edge(size, high)
    ax.plot(high[edge > -1], edge[edge > -1], color=_THEORY, lw=1.5)
    ax.fill_between(high, -1, edge, facecolor="none", edgecolor=_THEORY, hatch="////", lw=0, alpha=0.55)
    ax.text(0.03, 0.96, "half is learnt\nat the start", transform=ax.transAxes, va="top", fontsize=8)
    note = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
    ax.text(0.05, 0.3, r"$\Delta h$ passes zero", transform=ax.transAxes, va="center", fontsize=8, bbox=note)
    bounds = [left, _high(np.exp(-1.0)), _high(np.exp(1.0)), size]
    for phase, start, end in zip(("collapsing", "rich", "lazy"), bounds[:-1], bounds[1:], strict=True):
        middle = np.sinh((np.arcsinh(start) + np.arcsinh(min(end, size))) / 2)
        if start < size:
            ax.text(middle, 1.03, phase, ha="center", va="bottom", fontsize=8.5, style="italic")
        if left < start < size:
            ax.axvline(start, color="0.25", lw=0.9, ls=":")
    ax.set_xscale("asinh", linear_width=1.0)
    ax.set(xlim=(left, size), ylim=(-1, 1), xlabel=r"$A_\mathrm{high}/A_\mathrm{low}$")
    ax.set_xticks([x for x in _PHASE_HIGHS if x <= size], [f"${x}$" for x in _PHASE_HIGHS if x <= size])
    ax.minorticks_off()
    ends = ax.secondary_xaxis(1.11)
    shown = {_high(end): f"{end:g}" for end in _PHASE_ENDS if _high(end) <= size}
    ends.set_xticks(list(shown), list(shown.values()))
    ends.minorticks_off()
    ends.set_xlabel(r"final $|\Delta h|^2/A_\mathrm{low}$")
    ax.set_title(rf"start $|\Delta h_0|^2 = {size:g}\,A_\mathrm{{low}}$", pad=50)
    return shades


@cache
def _high(end: float) -> float:
    """The A_high that leads to a final distance, which rises with it."""
    high = np.linspace(-50, 50, 20_001)
    return float(np.interp(end, np.asarray(final_distance(_phase(1e3, high, 1.0), *_UNITS)), high))


def _edge(size: float, high: NDArray[np.float64]) -> NDArray[np.float64]:
    """The cosine below which dh passes through zero, for each A_high; -1 where it never does."""
    low, top = np.full(high.shape, -1.0), np.zeros(high.shape)  # at a right angle it never does
    for _ in range(40):
        middle = (low + top) / 2
        crosses = np.isfinite(crossing_time(_phase(size, high, middle), *_UNITS))
        low, top = np.where(crosses, middle, low), np.where(crosses, top, middle)
    return low
