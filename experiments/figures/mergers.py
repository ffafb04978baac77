"""Pairs of strings in recurrent networks: who merges, who parts first, how they begin and where they end."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .style import MEASURED_COLOUR, STYLE, THEORY_COLOUR

_KINDS = {"merging": MEASURED_COLOUR, "agreeing": "#55a868", "others": THEORY_COLOUR}
"""Colours of pairs that merge, of others that agree, and of those that do not."""

_NAMES = {"merging": "agree and merge", "agreeing": "agree and do not", "others": "some future tells apart"}


def draw_shares(
    shorter: pd.DataFrame, common: pd.DataFrame, expected: Mapping[str, float], cells: pd.DataFrame
) -> Figure:
    """The share of agreeing pairs that merged: by the shorter length, by both in one network, by what strings share.

    Args:
        shorter: columns setting, seed, symbols (of the shorter string), share.
        common: the same, by the last symbols that both share.
        expected: the shorter length where mergers should begin, by setting.
        cells: of one network; columns shorter, longer, share.
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(10.2, 3.1), layout="constrained")
        lines, table, shared = figure.subplots(1, 3)
        settings = list(dict.fromkeys(shorter["setting"]))
        colours = dict(zip(settings, sns.color_palette("flare", len(settings)), strict=True))
        longest = int(shorter["symbols"].max())
        for ax, shares in ((lines, shorter), (shared, common)):
            for (setting, seed), one in shares.groupby(["setting", "seed"], sort=False):
                label = _label(str(setting)) if seed == shares[shares["setting"] == setting]["seed"].min() else None
                colour = colours[setting]
                ax.plot(one["symbols"], one["share"], "o-", color=colour, lw=1.2, ms=3, alpha=0.85, label=label)
            ax.set(ylabel="share that merged")
            ax.set_xticks(range(int(shares["symbols"].min()), int(shares["symbols"].max()) + 1))
            ax.set_ylim(0, None)
        for setting, begins in expected.items():
            if np.isfinite(begins) and setting in colours:
                lines.axvline(begins, color=colours[setting], lw=1.0, ls=":")
        lines.set(title="by the shorter length", xlabel="symbols of the shorter string")
        lines.legend(frameon=False, title="start", title_fontsize=8.5)
        shared.set(title="by what both share at their ends", xlabel="last symbols in common")
        grid = cells.pivot_table(index="shorter", columns="longer", values="share")
        mesh = table.pcolormesh(grid.columns, grid.index, grid.to_numpy(), cmap="mako_r", vmin=0, shading="nearest")
        figure.colorbar(mesh, ax=table, label="share that merged")
        table.set(title="by both lengths", xlabel="symbols of the longer string", ylabel="of the shorter string")
        table.set_xticks(range(1, longest + 1))
        table.set_yticks(range(1, longest + 1))
        sns.despine(ax=lines)
        sns.despine(ax=shared)
    return figure


def draw_parting(course: pd.DataFrame, linearity: pd.DataFrame, parted: pd.DataFrame) -> Figure:
    """Pairs over training, how linear outputs are between them, and how many part first by the difference in length.

    Args:
        course: of one network; columns epoch, loss, beyond_agreeing, beyond_others.
        linearity: of the same; columns epoch, kind, ratio.
        parted: columns seed, difference, share (once far apart), stretched (once further apart than at the start) and
            parted (what the theory says of that).
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 3.1), layout="constrained")
        apart, linear, first = figure.subplots(1, 3)
        apart.plot(course["epoch"], course["beyond_others"], color=THEORY_COLOUR, lw=1.6, label=_NAMES["others"])
        apart.plot(course["epoch"], course["beyond_agreeing"], color=MEASURED_COLOUR, lw=1.6, label="agree")
        apart.plot(course["epoch"], course["loss"], color="0.5", lw=1.0, ls="--", label="loss")
        apart.set(title="pairs that are two states", ylabel="share", ylim=(0, 1.05))
        apart.legend(frameon=False)
        for kind, own in linearity.groupby("kind", sort=False):
            linear.plot(own["epoch"], own["ratio"], color=_KINDS[str(kind)], lw=1.4, label=_NAMES[str(kind)])
        linear.axhline(0.1, color="0.6", lw=0.8)
        linear.set(title="what is not linear between them", ylabel="over first order", yscale="log")
        linear.set_ylim(1e-4, 50)
        linear.legend(frameon=False, loc="upper left")
        for ax in (apart, linear):
            ax.set_xlabel("epoch")
        for k, (_, own) in enumerate(parted.groupby("seed")):
            for column, name, filling in (
                ("stretched", "further than at the start", "none"),
                ("share", "10 thresholds apart", MEASURED_COLOUR),
            ):
                style: dict[str, Any] = {"color": MEASURED_COLOUR, "mfc": filling, "ms": 4.5, "alpha": 0.8}
                first.plot(own["difference"], own[column], "o", **style, label=name if not k else None)
        theory = parted.groupby("difference")["parted"].mean()
        first.plot(theory.index, theory, color=THEORY_COLOUR, lw=1.6, label="theory: further than at the start")
        first.set(title="merged pairs that were once", xlabel="difference of lengths", ylabel="share")
        first.set_ylim(-0.03, 1.05)
        first.legend(frameon=False, loc="lower right")
        sns.despine(fig=figure)
    return figure


def draw_starts(forgetting: pd.DataFrame, rates: pd.DataFrame, factors: Mapping[str, float]) -> Figure:
    """What untrained networks do with a difference in the first symbol, and how fast states of each length can move.

    Args:
        forgetting: columns setting, seed, read, dh2, dy2 (natural logarithms).
        rates: columns setting, seed, length, rate.
        factors: what each symbol read should multiply squared distances by, by setting.
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 3.1), layout="constrained")
        states, outputs, moved = figure.subplots(1, 3)
        settings = list(dict.fromkeys(forgetting["setting"]))
        colours = dict(zip(settings, sns.color_palette("flare", len(settings)), strict=True))
        for ax, name in ((states, "dh2"), (outputs, "dy2")):
            for setting, own in forgetting.groupby("setting", sort=False):
                means = own.groupby("read")[name].mean()
                ax.plot(means.index, np.exp(means), "o", color=colours[setting], ms=3.5, label=_label(str(setting)))
                at = means.index.to_numpy(np.float64)
                line = np.exp(means.iloc[0]) * factors[str(setting)] ** (at - at[0])
                ax.plot(at, line, color=colours[setting], lw=1.0, ls="--")
            ax.set(yscale="log", xlabel="symbols read since")
        states.set(title="states of strings that differ in the first", ylabel=r"$|\Delta h|^2$ at the start")
        outputs.set(title="their outputs", ylabel=r"$|\Delta y|^2/|\Delta h|^2$ at the start")
        states.legend(frameon=False, title="start", title_fontsize=8.5)
        for setting, own in rates.groupby("setting", sort=False):
            means = own.groupby("length")["rate"].mean()
            moved.plot(means.index, means, "o-", color=colours[setting], lw=1.0, ms=3.5)
        lengths = np.unique(rates["length"])
        _proportional(moved, lengths, float(rates[rates["length"] == lengths[-1]]["rate"].max()))
        moved.set(title="how fast states can be moved", xlabel="symbols of the string", ylabel="tangent kernel")
        moved.set(xscale="log", yscale="log")
        moved.set_xticks(lengths, [str(x) for x in lengths])
        moved.minorticks_off()
        sns.despine(fig=figure)
    return figure


def _proportional(ax: Axes, lengths: np.ndarray, last: float) -> None:
    """What is proportional to the length, for comparison."""
    ax.plot(lengths, last * lengths / lengths[-1], color="0.5", lw=1.0, ls="--", label="proportional to length")
    ax.legend(frameon=False)


def draw_ends(ends: pd.DataFrame, titles: Sequence[str]) -> Figure:
    """Where pairs end against where the theory says, a panel for each way to tell.

    Args:
        ends: of one network; columns kind, measured, and predicted_0, predicted_1, ...
        titles: of the panels.
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(3.7 * len(titles), 3.3), layout="constrained")
        least = 1e-6 * float(ends["measured"].max())
        for k, (ax, title) in enumerate(zip(np.atleast_1d(figure.subplots(1, len(titles))), titles, strict=True)):
            for kind in ("others", "agreeing", "merging"):
                own = ends[ends["kind"] == kind]
                predicted = own[f"predicted_{k}"].clip(lower=least)
                ax.plot(
                    predicted,
                    own["measured"].clip(lower=least),
                    ".",
                    ms=2.5,
                    alpha=0.5,
                    color=_KINDS[kind],
                    rasterized=True,
                )
            ax.plot([least, 1e6 * least], [least, 1e6 * least], color="0.4", lw=0.8)
            ax.set(xscale="log", yscale="log", title=title, xlabel=r"theory, $|\Delta h|^2$ at the end")
            ax.set_ylabel("network" if not k else "")
        handles = [Line2D([], [], ls="", marker="o", ms=4, color=_KINDS[kind], label=_NAMES[kind]) for kind in _KINDS]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
        sns.despine(fig=figure)
    return figure


def _label(setting: str) -> str:
    return setting.replace("_", " ")
