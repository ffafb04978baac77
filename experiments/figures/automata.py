"""Recurrent networks that become finite machines: losses and states over training, and the machines."""

# matplotlib and networkx annotate their functions only in part:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import networkx as nx
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from repdyn.numeric import Automaton
from repdyn.numeric.arguments import whole
from repdyn.symbolic.arguments import instance

from .style import MEASURED_COLOUR, STYLE, THEORY_COLOUR

_SYMBOLS = ("#4c72b0", "#dd8452")
"""Colours of the transitions by 0 and by 1."""

_SAYS = ("white", "0.55")
"""Fillings of states that say 0 and 1."""

_LABELLED, _SPREAD = 12, 60
"""Machines of at most so many states have numbers, and are spread out; larger ones are drawn as a tree."""

_PANEL, _WIDE = 2.35, 9.6
"""Inches: a machine is so wide, and several share the other width."""


def draw_course(course: pd.DataFrame, lengths: Sequence[int], strings: int, thresholds: Sequence[str]) -> Figure:
    """The loss on strings of every length, the states and the mean distance of a network over training.

    Args:
        course: of one network; columns epoch, loss, ``loss_`` and a length, ``states_`` and a threshold, distance,
            distance_agreeing, distance_others.
        lengths: of longer strings.
        strings: how many there are, of which each may be a state.
        thresholds: names.
    """
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 3.1), layout="constrained")
        loss, states, distance = figure.subplots(1, 3)
        loss.plot(course["epoch"], course["loss"], color="black", lw=2.0, label="trained on")
        for length, colour in zip(lengths, sns.color_palette("flare", len(lengths)), strict=True):
            loss.plot(course["epoch"], course[f"loss_{length}"], color=colour, lw=1.2, label=f"length {length:,}")
        loss.set(title="what is wrong", ylabel="loss", ylim=(0, None))
        loss.legend(frameon=False)
        for name, style in zip(thresholds, ("-", "--", ":"), strict=False):
            label = {"history": "0.01 of all training", "now": "0.01", "coarse": "0.1"}.get(name, name)
            states.plot(course["epoch"], course[f"states_{name}"], style, color=MEASURED_COLOUR, lw=1.4, label=label)
        states.axhline(strings, color="0.6", lw=1.0)
        states.text(float(course["epoch"].iloc[-1]), strings, "every string", ha="right", va="bottom", color="0.4")
        states.set(title="states, by threshold", ylabel="states", yscale="log", ylim=(1, 2.5 * strings))
        states.legend(frameon=False)
        for name, colour, label in (
            ("distance_others", THEORY_COLOUR, "that some future tells apart"),
            ("distance_agreeing", MEASURED_COLOUR, "that agree on all futures"),
        ):
            distance.plot(course["epoch"], course[name], color=colour, lw=1.6, label=label)
        distance.set(title="pairs of strings", ylabel=r"mean $|\Delta h|^2$")
        distance.set_ylim(0, 1.25 * float(np.nanmax(course[["distance_others", "distance_agreeing"]].to_numpy())))
        distance.legend(frameon=False)
        for ax in (loss, states, distance):
            ax.set_xlabel("epoch")
        sns.despine(fig=figure)
    return figure


def draw_machines(machines: Sequence[tuple[str, Automaton]], *, columns: int = 6) -> Figure:
    """Finite machines side by side: a dot a state, an arrow a transition.

    One of many states is drawn as a tree: around the start lies what one symbol leads to, around that what two do, and
    so on; transitions back are grey.

    Args:
        machines: what stands over each, and the machine.
        columns: how many stand in a row.

    Raises:
        TypeError: if they are no sequence of texts and machines, one at least.
        ValueError: if columns is not a whole number of at least 1.

    >>> parity = Automaton(np.array([[0, 1], [1, 0]]), np.array([0, 1]))
    >>> draw_machines([("parity", parity)]).axes[0].get_title()
    'parity'
    """
    try:
        machines = [(title, instance("machine", machine, Automaton)) for title, machine in tuple(machines)]
    except (TypeError, ValueError):
        machines = []
    if not machines:
        raise TypeError('machines must be a sequence of one or more texts and automata, as in [("parity", parity)]')
    columns = whole("columns", columns, 1)
    with mpl.rc_context(STYLE):
        across = max(min(columns, len(machines)), 2)
        rows = -(-len(machines) // across)
        width = min(_PANEL, _WIDE / across)
        figure = Figure(figsize=(width * across, (width + 0.25) * rows + 0.4), layout="constrained")
        axes = figure.subplots(rows, across, squeeze=False).ravel()
        for ax in axes:
            ax.set_axis_off()
        for ax, (title, machine) in zip(axes, machines, strict=False):
            ax.set_title(title)
            _draw(ax, machine, width / _PANEL)
        handles = [
            *(Line2D([], [], color=c, marker=">", ms=4, label=f"reads {k}") for k, c in enumerate(_SYMBOLS)),
            *(Line2D([], [], ls="", marker="o", mec="black", mfc=c, label=f"says {k}") for k, c in enumerate(_SAYS)),
            Line2D([], [], ls="", marker="o", mec="black", mfc="none", mew=2.2, label="start"),
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return figure


def _draw(ax: Axes, machine: Automaton, scale: float) -> None:
    """Draw a machine into a panel of so many times the usual width."""
    order = [int(k) for k in machine.reachable]
    arrows = [
        (k, int(after), symbol) for k in order for symbol, after in enumerate(machine.transitions[k]) if after >= 0
    ]
    if len(order) > _SPREAD:
        _draw_tree(ax, machine, order, arrows)
    else:
        _draw_spread(ax, machine, order, arrows, scale)
    ax.margins(0.3 if len(order) <= _LABELLED else 0.06)
    ax.set_aspect("equal", adjustable="datalim")


def _draw_spread(
    ax: Axes, machine: Automaton, order: list[int], arrows: list[tuple[int, int, int]], scale: float
) -> None:
    """States where springs between them would keep them, with an arrow for each transition."""
    graph = nx.Graph()
    graph.add_nodes_from(order)
    graph.add_edges_from((a, b) for a, b, _ in arrows if a != b)
    places = nx.kamada_kawai_layout(graph) if len(order) > 1 else {order[0]: np.zeros(2)}
    few = len(order) <= _LABELLED
    size, line, head = (13.0 * scale, 0.9, 7) if few else (3.6, 0.5, 3.5)
    both = {(a, b) for a, b, _ in arrows}
    seen: dict[tuple[int, int], int] = {}
    for a, b, symbol in arrows:
        again = seen[a, b] = seen.get((a, b), 0) + 1
        if a == b:
            _loop(ax, places[a], places, again, _SYMBOLS[symbol], 13.0 if few else size)
            continue
        bend = 0.18 * again if (b, a) in both or again > 1 else 0.06
        ax.add_patch(
            FancyArrowPatch(
                (places[a][0], places[a][1]),
                (places[b][0], places[b][1]),
                connectionstyle=f"arc3,rad={bend}",
                arrowstyle="-|>",
                mutation_scale=head,
                shrinkA=size / 2 + 1,
                shrinkB=size / 2 + 1,
                color=_SYMBOLS[symbol],
                lw=line,
            )
        )
    for k in order:
        says = _SAYS[int(machine.outputs[k]) % len(_SAYS)]
        edge = (2.0 if few else 1.6) if k == machine.start else (0.8 if few else 0.5)
        ax.plot(*places[k], "o", ms=size, mfc=says, mec="black", mew=edge)
        if few:
            ax.annotate(
                str(order.index(k)), (places[k][0], places[k][1]), ha="center", va="center", fontsize=7.5 * scale
            )


def _draw_tree(ax: Axes, machine: Automaton, order: list[int], arrows: list[tuple[int, int, int]]) -> None:
    """States in circles around the start, by the shortest string that leads to them."""
    above: dict[int, int] = {}
    for a, b, _ in arrows:  # in the order of a search by breadth
        if b != machine.start:
            above.setdefault(b, a)
    leaves = dict.fromkeys(order, 0)
    for k in reversed(order):
        leaves[k] = leaves[k] or 1
        if k != machine.start:
            leaves[above[k]] += leaves[k]
    depth, begin = {machine.start: 0}, {machine.start: 0.0}
    taken = dict.fromkeys(order, 0.0)
    places: dict[int, np.ndarray] = {machine.start: np.zeros(2)}
    for k in order[1:]:
        parent = above[k]
        depth[k] = depth[parent] + 1
        begin[k] = begin[parent] + taken[parent]
        taken[parent] += leaves[k]
        angle = np.pi / 2 - 2 * np.pi * (begin[k] + leaves[k] / 2) / leaves[machine.start]
        places[k] = depth[k] * np.array([np.cos(angle), np.sin(angle)])
    outwards = [(a, b, symbol) for a, b, symbol in arrows if above.get(b) == a]
    back = [(places[a], places[b]) for a, b, _ in arrows if above.get(b) != a]
    ax.add_collection(LineCollection(back, colors="0.6", lw=0.3, alpha=0.35, zorder=1))
    for symbol, colour in enumerate(_SYMBOLS):
        lines = [(places[a], places[b]) for a, b, read in outwards if read == symbol]
        ax.add_collection(LineCollection(lines, colors=colour, lw=0.6, zorder=2))
    where = np.array([places[k] for k in order])
    size = 9.0 if len(order) <= 300 else 2.5
    fills = [_SAYS[int(machine.outputs[k]) % len(_SAYS)] for k in order]
    widths = [1.6 if k == machine.start else 0.4 for k in order]
    ax.scatter(*where.T, s=size, c=fills, edgecolors="black", linewidths=widths, zorder=3)


def _loop(ax: Axes, at: np.ndarray, places: dict[int, np.ndarray], again: int, colour: str, size: float) -> None:
    """A transition from a state to itself: an arc on the side away from the others."""
    away = at - np.mean(list(places.values()), axis=0)
    angle = np.arctan2(away[1], away[0]) if np.linalg.norm(away) > 1e-9 else np.pi / 2
    angle += (again - 1) * 1.3
    near, far = 0.009 * size, 0.05 * size
    begin, end = (at + near * np.array([np.cos(angle + turn), np.sin(angle + turn)]) for turn in (-0.6, 0.6))
    out, back = (at + far * np.array([np.cos(angle + turn), np.sin(angle + turn)]) for turn in (-0.6, 0.6))
    curve = Path([begin, out, back, end], [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    ax.add_patch(FancyArrowPatch(path=curve, arrowstyle="-|>", mutation_scale=7, color=colour, lw=0.9))
