"""A layer of somebody's network, over all its pairs; and all layers side by side."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from repdyn.symbolic.arguments import instance

from ..comparison import Comparison
from .style import LABELS, MEASURED_COLOUR, NETWORK_LINE, STYLE, THEORY_COLOUR, THEORY_LINE

if TYPE_CHECKING:
    from ..diagnosis.diagnosis import Diagnosis, LayerDiagnosis

_LINES = 40
"""Pairs of which the conserved line is drawn, at most."""

_WIDE = 10.0
"""Rates that differ by more than this are drawn on logarithmic axes."""

_LOWEST = -1.5
"""R^2 below this is drawn here."""


def draw_layer(found: LayerDiagnosis) -> Figure:
    """One layer: three pairs over training, how well all are met, the conserved line, the rates and the ends.

    Raises:
        TypeError: if it is no diagnosis of a layer.
        ValueError: if no pair could be fitted.
    """
    from ..diagnosis.diagnosis import LayerDiagnosis  # torch, which is there where a network was diagnosed

    instance("found", found, LayerDiagnosis)
    fits = [c for c in found.comparisons if isinstance(c, Comparison)]
    chosen = [c for c in fits if float(c.constants.dy2) > 0] or fits
    if not chosen:
        raise ValueError(f"no pair of layer {found.layer!r} could be fitted, so that there is nothing to draw")
    ranked = sorted(chosen, key=lambda c: -c.mean_r2)
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 5.6), layout="constrained")
        axes = figure.subplots(2, 3)
        shown = (("best", ranked[0]), ("median", ranked[len(ranked) // 2]), ("worst", ranked[-1]))
        _draw_pairs(axes[0, 0], shown, "dh2")
        _draw_pairs(axes[0, 1], shown, "dy2")
        _draw_r2(axes[0, 2], chosen)
        _draw_lines(axes[1, 0], ranked)
        _draw_rates(axes[1, 1], chosen)
        _draw_ends(axes[1, 2], found, chosen)
        figure.suptitle(f"{found.layer}: {found.verdict.regime}; the two-point theory {_words(found)}")
        lines = dict(zip(*axes[0, 0].get_legend_handles_labels()[::-1], strict=True))
        lines["theory"] = lines.pop("theory")  # last
        figure.legend(lines.values(), lines, loc="outside lower center", ncols=len(lines), frameon=False)
        sns.despine(figure)
    return figure


def _words(found: LayerDiagnosis) -> str:
    return found.verdict.theory if found.verdict.theory != "cannot be said" else "cannot be judged yet"


def _pairs(found: Sequence[Comparison]) -> str:
    return f"{len(found)} pair{'s' * (len(found) != 1)}"


def _draw_pairs(ax: Axes, shown: Sequence[tuple[str, Comparison]], name: str) -> None:
    for (rank, c), shade in zip(shown, (1.0, 0.65, 0.4), strict=True):
        for values, style in ((c.observed, NETWORK_LINE), (c.fit.predicted, THEORY_LINE)):
            y = np.broadcast_to(getattr(values, name), c.steps.shape)
            label = f"network, {rank} fit" if style is NETWORK_LINE else "theory" if rank == "best" else None
            look: dict[str, Any] = {**style, "alpha": shade, "lw": 2.0 if style is NETWORK_LINE else 1.2}
            ax.plot(c.steps, y, label=label, **look)
    ax.set(title=LABELS[name], xlabel="training step", ylim=(0, None))


def _draw_r2(ax: Axes, chosen: Sequence[Comparison]) -> None:
    rows = [{"scalar": name, "R2": max(getattr(c.fit.r2, name), _LOWEST)} for c in chosen for name in LABELS]
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rows)
    for k, (_, values) in enumerate(table.groupby("scalar", sort=False)):
        x = k + rng.uniform(-0.16, 0.16, len(values))
        ax.scatter(x, values["R2"], s=7, color=MEASURED_COLOUR, alpha=0.55, lw=0)
        low, median, high = values["R2"].quantile([0.25, 0.5, 0.75])
        ax.fill_between([k - 0.25, k + 0.25], low, high, color="0.9", lw=0, zorder=0)
        ax.plot([k - 0.25, k + 0.25], [median, median], color="0.25", lw=1.2)
    ax.set_xticks(range(len(LABELS)), list(LABELS))
    ax.axhline(0.9, color="0.6", lw=0.8, ls=":")
    lowest = float(table["R2"].min())
    cut = f" (or below {_LOWEST})" if (table["R2"] == _LOWEST).any() else ""
    ax.set(
        title=f"fit of {len(chosen)} pair{'s' * (len(chosen) != 1)}",
        ylabel=f"$R^2${cut}",
        ylim=(min(lowest - 0.08, 0.0), 1.06),
    )


def _draw_lines(ax: Axes, ranked: Sequence[Comparison]) -> None:
    """Each pair in units of its own line, so that all that are met lie on one."""
    for c in ranked[:: max(len(ranked) // _LINES, 1)]:
        dh2, dy2 = (np.broadcast_to(getattr(c.observed, name), c.steps.shape) for name in ("dh2", "dy2"))
        if (dh2 > 0).all() and np.isfinite(c.line.r2) and c.line.slope:
            x, y = c.line.slope * dy2 / dh2, dh2 - c.line.intercept
            ax.plot(x / dh2[-1], y / dh2[-1], lw=0.9, alpha=0.35, color=MEASURED_COLOUR)
    low, high = ax.get_xlim()
    ax.plot([low, high], [low, high], color="0.4", lw=1.0, ls="--")
    r2 = np.nanmedian([c.line.r2 for c in ranked]) if any(np.isfinite(c.line.r2) for c in ranked) else np.nan
    ax.set(
        title=f"conserved line   (median $R^2$ = {r2:.2f})",
        xlabel=r"slope $\cdot\,|\Delta y|^2/|\Delta h|^2$",
        ylabel=r"$|\Delta h|^2 - A_\mathrm{high}$",
    )


def _draw_rates(ax: Axes, chosen: Sequence[Comparison]) -> None:
    good = [c for c in chosen if c.fit.determined and min(c.fit.rates.h, c.fit.rates.y) > 0]
    if not good:
        _say(ax, "no fit determines rates")
        return
    h, y = (np.array([float(getattr(c.fit.rates, name)) for c in good]) for name in ("h", "y"))
    errors = [[(c.errors or {}).get(name, 0.0) for c in good] for name in ("rate_h", "rate_y")]
    ax.errorbar(h, y, xerr=errors[0], yerr=errors[1], fmt="o", ms=3, lw=0.7, color=MEASURED_COLOUR, alpha=0.6)
    ax.axvline(float(np.median(h)), color="0.6", lw=0.8, ls=":")
    ax.axhline(float(np.median(y)), color="0.6", lw=0.8, ls=":")
    ax.set(xlabel=r"$1/\tau_h$ per step", ylabel=r"$1/\tau_y$ per step")
    if max(np.ptp(np.log(h)), np.ptp(np.log(y))) > np.log(_WIDE):
        ax.set(xscale="log", yscale="log", xlim=(h.min() / 2, h.max() * 2), ylim=(y.min() / 2, y.max() * 2))
    else:
        ax.margins(0.15)
        ax.set(xlim=(0, None), ylim=(0, None))
    ax.set_title(f"rates of {_pairs(good)}")


def _draw_ends(ax: Axes, found: LayerDiagnosis, chosen: Sequence[Comparison]) -> None:
    final = found.ends
    if final is None:
        learnt = np.array([c.learnt for c in chosen])
        ax.hist(learnt, bins=list(np.linspace(0, 1, 21)), color=MEASURED_COLOUR, alpha=0.75)
        ax.axvline(0.9, color="0.6", lw=0.8, ls=":")
        ax.set(title="how much of the difference is learnt", xlabel="share", ylabel="pairs", xlim=(0, 1))
        return
    ax.scatter(final.predicted, final.measured, s=9, alpha=0.7, lw=0, color=THEORY_COLOUR)
    every = np.concatenate([final.measured, final.predicted])
    ends = [float(every.min()), float(every.max())]
    ax.plot(ends, ends, color="0.5", lw=0.8)
    title = f"final distance   (r = {final.correlation:.2f}; start {final.of_start:.2f})"
    ax.set(title=title, xlabel="predicted from the start", ylabel="network")


def _say(ax: Axes, words: str) -> None:
    ax.set_axis_off()
    ax.text(0.5, 0.5, words, ha="center", va="center", transform=ax.transAxes, color="0.4")


def draw_layers_of(diagnosis: Diagnosis) -> Figure:
    """All layers side by side: how well the theory fits, and how far distances went.

    Raises:
        TypeError: if it is no diagnosis.
    """
    from ..diagnosis.diagnosis import Diagnosis

    instance("diagnosis", diagnosis, Diagnosis)
    names = [found.layer for found in diagnosis.layers]
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 0.9 + 0.34 * max(len(names), 3)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        for name, colour in zip(LABELS, sns.color_palette("deep")[1:7:2], strict=True):
            r2 = [max(getattr(found.different.r2, name), _LOWEST) for found in diagnosis.layers]
            left.plot(r2, range(len(names)), "o-", ms=4, lw=1, color=colour, label=name)
        left.axvline(0.9, color="0.6", lw=0.8, ls=":")
        left.set(yticks=range(len(names)), yticklabels=names, title="median $R^2$", xlim=(None, 1.05))
        left.invert_yaxis()
        left.legend(frameon=False, loc="best")
        for k, found in enumerate(diagnosis.layers):
            for of, colour in ((found.different, THEORY_COLOUR), (found.agreeing, "0.6")):
                spread = of.growth
                right.plot([spread.low, spread.high], [k, k], color=colour, lw=2, alpha=0.5)
                label = ("targets differ" if of is found.different else "targets equal") if not k else None
                right.plot([spread.median], [k], "o", ms=4.5, color=colour, label=label)
        right.axvline(1.0, color="0.6", lw=0.8, ls=":")
        right.set(xscale="log", title=r"last $|\Delta h|^2$ over first, median and quartiles")
        right.legend(frameon=False, loc="best")
        sns.despine(figure)
    return figure
