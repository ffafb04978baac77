"""One run against theory: a pair, many pairs, every layer."""

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
from repdyn.numeric import (
    GrowthExponent,
)
from repdyn.numeric.coefficients import DEFAULT_THEORY
from repdyn.symbolic.arguments import instance

from ..comparison import Comparison
from ..runs.run import Run, balanced_exponent
from ..settings import Digits
from ..settings.architecture import hidden_index
from .style import LABELS, MEASURED_COLOUR, NETWORK_LINE, STYLE, THEORY_COLOUR, THEORY_LINE


def draw_run(run: Run) -> Figure:
    """One pair: its trajectories against the theory. Many pairs: how well each is met, and three of them."""
    return draw_comparison(run.main[0]) if len(run.main) == 1 else draw_pairs(run)


def draw_comparison(comparison: Comparison, title: str | None = None) -> Figure:
    """The three scalars and the loss over training, the conserved line, and what the theory leaves.

    Raises:
        TypeError: if it is no comparison, or the title no string.
    """
    instance("comparison", comparison, Comparison)
    if title is not None:
        instance("title", title, str)
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 5.2), layout="constrained")
        axes = figure.subplots(2, 3)
        for ax, name in zip(axes.flat[:3], LABELS, strict=True):
            r2 = getattr(comparison.fit.r2, name)
            _against(ax, comparison.steps, _values(comparison, name), _predictions(comparison, name))
            ax.set(title=f"{LABELS[name]}   ($R^2$ = {r2:.3f})", xlabel="training step")
        _draw_loss(axes[1, 0], comparison)
        _draw_line(axes[1, 1], comparison)
        _draw_residuals(axes[1, 2], comparison)
        axes[0, 0].axhline(comparison.final_predicted, color=THEORY_COLOUR, lw=0.8, ls=":")
        axes[0, 0].legend(frameon=False, loc="lower right")
        figure.suptitle(title or _rates_text(comparison))
        sns.despine(figure)
    return figure


def _values(comparison: Comparison, name: str) -> Any:
    return np.broadcast_to(getattr(comparison.observed, name), comparison.steps.shape)


def _predictions(comparison: Comparison, name: str) -> Any:
    return np.broadcast_to(getattr(comparison.fit.predicted, name), comparison.steps.shape)


def _against(ax: Axes, steps: Any, measured: Any, predicted: Any) -> None:
    for label, values, style in (("network", measured, NETWORK_LINE), ("theory", predicted, THEORY_LINE)):
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
    for values, style in ((_values, NETWORK_LINE), (_predictions, THEORY_LINE)):
        dh2 = np.where(values(comparison, "dh2") > 0, values(comparison, "dh2"), np.nan)
        ax.plot(values(comparison, "dy2") / dh2, dh2, **style)
    r2 = comparison.line.r2
    ax.set(
        title="conserved line" if np.isnan(r2) else f"conserved line   ($R^2$ of any line = {r2:.3f})",
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
    measured = f"{comparison.final_measured:.3g}" if comparison.ended else "not seen"
    end = rf"final $|\Delta h|^2$: theory {comparison.final_predicted:.3g}, network {measured}"
    said = (
        f"{text} per step;  {end}" if comparison.fit.theory == DEFAULT_THEORY else f"{comparison.fit.theory}:  {text}"
    )
    left_out = (f"{n} {name}" for name, n in (("gaps", comparison.gaps), ("cut", comparison.cut)) if n)
    return (
        f"{said}\n{len(comparison.steps)} samples, {', '.join(left_out)}" if comparison.gaps + comparison.cut else said
    )


def draw_pairs(run: Run) -> Figure:
    """Three pairs over training (best, median and worst fit), and for all pairs the fit by layer and the end state."""
    ranked = sorted(run.main, key=lambda c: -c.mean_r2)
    shown = [ranked[0], ranked[len(ranked) // 2], ranked[-1]]
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 7.8), layout="constrained")
        axes = figure.subplots(3, 3)
        for row, name in zip(axes[:2], ("dh2", "dy2"), strict=True):
            for ax, comparison, rank in zip(row, shown, ("best", "median", "worst"), strict=True):
                _against(ax, comparison.steps, _values(comparison, name), _predictions(comparison, name))
                r2 = getattr(comparison.fit.r2, name)
                ax.set(
                    title=f"{run.kind_of_pair} {comparison.pair} ({rank} fit)   $R^2$ = {r2:.3f}",
                    xlabel="training step",
                )
            row[0].set_ylabel(LABELS[name])
        axes[0, 0].legend(frameon=False, loc="lower right")
        _draw_fit_by_layer(axes[2, 0], run)
        _draw_ends(axes[2, 1], run)
        _draw_delays(axes[2, 2], run)
        of = f" of digits ({run.setting.data})" if isinstance(run.setting, Digits) else f" ({run.setting.name})"
        figure.suptitle(f"{len(run.main)} pairs{of}, layer {run.layer}")
        sns.despine(figure)
    return figure


def _draw_fit_by_layer(ax: Axes, run: Run) -> None:
    rows = [
        {"layer": str(hidden_index(c.layer)), "scalar": name, "R2": getattr(c.fit.r2, name)}
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
    sns.scatterplot(x=theory, y=measured, ax=ax, s=18, color=MEASURED_COLOUR)
    ax.set(xscale="log", yscale="log", title="final hidden distance", xlabel="theory (start and fitted rates)")
    ax.set_ylabel("network, last measured")


def _draw_delays(ax: Axes, run: Run) -> None:
    delays = [c.departures[1].delay for c in run.main]
    sns.histplot([d for d in delays if d is not None], ax=ax, color=MEASURED_COLOUR, bins=15)
    ax.axvline(0, color="0.4", lw=0.8)
    ax.set(title=r"half-way of $|\Delta y|^2$: network minus theory", xlabel="training steps", ylabel="pairs")


def draw_layers(run: Run) -> Figure:
    """One pair at every hidden layer: the error of the fit, the fitted rates, and how dh2 grows with dy2."""
    compared = run.by_layer
    layers = [hidden_index(c.layer) for c in compared]
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 3.0), layout="constrained")
        errors, rates, exponents = figure.subplots(1, 3)
        _marked(errors, layers, [c.fit.sse for c in compared], MEASURED_COLOUR, None)
        errors.set(yscale="log", title="error of the fit", ylabel="sum of squares")
        _marked(rates, layers, [c.fit.rates.h for c in compared], MEASURED_COLOUR, r"$1/\tau_h$")
        _marked(rates, layers, [c.fit.rates.y for c in compared], THEORY_COLOUR, r"$1/\tau_y$")
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
    _marked(ax, layers, values([c.exponent for c in run.by_layer]), MEASURED_COLOUR, "network")
    _marked(ax, layers, values([c.exponent_predicted for c in run.by_layer]), THEORY_COLOUR, "two-point theory, fitted")
    ax.set_ylim(top=1.5)  # room for the legend
    ax.set(title=r"growth: $d \log |\Delta h|^2 / d \log |\Delta y|^2$", ylabel="")
    ax.legend(frameon=False)
