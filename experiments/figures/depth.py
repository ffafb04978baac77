"""The theories at every hidden layer: error, rates and how the hidden distance grows."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from .style import COLOURS, MEASURED_COLOUR, STYLE, THEORY_COLOUR

_GROWING = COLOURS["growing_rates"]
_COLOURS = {"two_point": (THEORY_COLOUR, "constant rates"), "growing_rates": (_GROWING, "growing rates")}


def draw_depth(fits: pd.DataFrame, balanced: Mapping[int, float], listed: int) -> Figure:
    """Error of the fits, fitted rates and growth exponents over the layers: medians, with the range over seeds.

    Args:
        fits: columns layer, theory, seed, sse, rate_h, rate_y, exponent; a row a layer, theory and seed.
        balanced: the exponent of a deep linear balanced network, by layer.
        listed: the layer of the paper's figures of trajectories.
    """
    constant = fits[fits["theory"] == "two_point"]
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(7.6, 5.6), layout="constrained")
        (error, growth), (encoder, decoder) = figure.subplots(2, 2)
        for theory, (colour, label) in _COLOURS.items():
            _draw_range(error, fits[fits["theory"] == theory], "sse", colour, label)
        error.set(yscale="log", title="error of the fit", ylabel="sum of squared errors")
        error.legend(frameon=False)
        _draw_range(growth, constant, "exponent", MEASURED_COLOUR, "network")
        growth.plot(list(balanced), list(balanced.values()), color="0.4", lw=1, ls="-.", label="linear, balanced: k/D")
        growth.axhline(0.5, color=THEORY_COLOUR, lw=1, ls=":", label="constant rates, rich: 1/2")
        growth.set(title="growth of the hidden distance", ylabel=r"$d\,\log|\Delta h|^2 / d\,\log|\Delta y|^2$")
        growth.legend(frameon=False)
        for ax, column, name in ((encoder, "rate_h", r"1/\tau_h"), (decoder, "rate_y", r"1/\tau_y")):
            _draw_range(ax, constant, column, THEORY_COLOUR, None)
            ax.set(yscale="log", title=f"fitted ${name}$, constant rates", ylabel=f"${name}$ per training step")
            ax.yaxis.set_minor_formatter(NullFormatter())
        for ax in (error, growth, encoder, decoder):
            ax.axvline(listed, color="0.85", lw=1, zorder=0)
            ax.xaxis.get_major_locator().set_params(integer=True)
            ax.set_xlabel("hidden layer")
        sns.despine(figure)
    return figure


def _draw_range(ax: Axes, rows: pd.DataFrame, column: str, colour: str, label: str | None) -> None:
    """The median over seeds at each layer as a line, the range as a band."""
    by_layer: Any = rows.dropna(subset=column).groupby("layer")[column]
    low, middle, high = by_layer.min(), by_layer.median(), by_layer.max()
    ax.fill_between(middle.index, low, high, color=colour, alpha=0.2, lw=0)
    ax.plot(middle.index, middle, color=colour, marker="o", markersize=3.5, lw=1.3, label=label)
