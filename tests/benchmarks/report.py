"""What was measured, as a table and as a figure, made of its record alone."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure
from repdyn.experiments.figures import write_figure
from repdyn.experiments.figures.style import STYLE

Record = dict[str, Any]


def table(record: Record) -> str:
    """The goals as a table in Markdown, with a sentence on where they were measured."""
    lines = ["| what | measured | goal | met |", "|---|---|---|---|"]
    for row in record["goals"]:
        low, high = (_figure(x) for x in row["quartiles"])
        bound = "at least" if row["unit"] == "times as fast" else "at most"
        against = f"; against {row['against']}" if row["against"] and row["unit"] != "seconds" else ""
        against = f", {row['against']}" if row["against"] and row["unit"] == "seconds" else against
        unit = {"seconds": " s", "times as fast": " times as fast", "times the time": " times the time"}[row["unit"]]
        lines.append(
            f"| {row['what']}{against} | **{_figure(row['median'])}**{unit} ({low} to {high}) "
            f"| {bound} {row['goal']:g} | {'yes' if row['met'] else 'no'} |"
        )
    machine = record["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    threads = ", ".join(f"{name} {number}" for name, number in machine["threads"].items())
    lines += [
        "",
        f"Medians and quartiles, measured on {record['date']} on {machine['processor']}, {machine['cores']} cores "
        f"(NumPy computes with {machine['vectors']}), {machine['system']}, Python {machine['python']}, {versions}, "
        f"{machine['compiler']}; {threads}.",
    ]
    return "\n".join(lines) + "\n"


def _figure(value: float) -> str:
    """Three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


_PANELS = {
    "time of a call [s]": lambda curve: curve["seconds"] if curve["bytes"] else None,
    "memory in use at most [bytes]": lambda curve: curve["bytes"] or None,
    "time of 100 training steps [s]": lambda curve: None if curve["bytes"] else curve["seconds"],
}
"""What is drawn in each panel, and of which curves."""

_MARKERS = {"steps": "o", "pairs": "s", "layers": "^", "units": "D"}


def draw(record: Record) -> Figure:
    """Time and memory against size, with the exponents that were fitted."""
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(10.0, 4.6), layout="constrained")
        names = dict.fromkeys(curve["name"].removesuffix("_c") for curve in record["growth"])
        colours = dict(zip(names, sns.color_palette("deep", len(names)), strict=True))
        named = {}
        for axes, (label, chosen) in zip(figure.subplots(1, len(_PANELS)), _PANELS.items(), strict=True):
            sizes = {}
            for curve in record["growth"]:
                if (values := chosen(curve)) is None:
                    continue
                powers = ", ".join(f"{power:.2f}" for power in curve["exponents"].values())
                (line,) = axes.loglog(
                    *(curve["sizes"], values),
                    marker=_MARKERS[curve["size"]],
                    ms=3.5,
                    lw=1.3,
                    color=colours[curve["name"].removesuffix("_c")],
                    ls="--" if curve["name"].endswith("_c") else "-",
                )
                sizes[curve["size"]] = None
                named[f"{curve['what']}: {powers}"] = line
            axes.set(xlabel=" or ".join(sizes), ylabel=label)
        title = "with the exponents of time and, where it is known, of memory at the three largest sizes"
        handles = list(named.values())
        figure.legend(handles, list(named), loc="outside lower center", ncols=3, title=title, frameon=False)
        sns.despine(figure)
    return figure


def write(record: Record, folder: Path) -> None:
    """The table and the figure beside the record."""
    (folder / "table.md").write_text(table(record), "utf-8")
    write_figure(draw(record), folder / "growth.svg")
