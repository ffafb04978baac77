"""The phases of the two-point theory."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from functools import cache
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray
from repdyn.numeric import (
    CompiledFunction,
    Pair,
    Rates,
    State,
    compile_program,
    crossing_time,
    final_distance,
    half_way_time,
    relaxation_time,
)

from .style import STYLE, THEORY_COLOUR

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
    pair, rates = _UNITS
    return State(size, *_start()(size, high, cosine, pair.dx2, pair.dy2, rates.h, rates.y))


@cache
def _start() -> CompiledFunction:
    from repdyn.symbolic.two_points.phase import START

    return compile_program("phase_start", START)


def draw_phase_diagram() -> Figure:
    """The phases of the two-point theory: when pairs learn, where dh passes through zero and where it ends.

    Each panel is a size of the start, ``|dh_0|^2`` in units of A_low. Everything is computed by ``repdyn.numeric``.
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
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
    ax.plot(high[edge > -1], edge[edge > -1], color=THEORY_COLOUR, lw=1.5)
    ax.fill_between(high, -1, edge, facecolor="none", edgecolor=THEORY_COLOUR, hatch="////", lw=0, alpha=0.55)
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
