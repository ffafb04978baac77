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


def draw(record: Record) -> Figure:
    """Time and memory against size, with the exponents that were fitted."""
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(7.4, 4.0), layout="constrained")
        panels = dict(zip(("seconds", "bytes"), figure.subplots(1, 2), strict=True))
        for curve, colour in zip(record["growth"], sns.color_palette("deep"), strict=False):
            time, memory = (f"{curve['exponents'][quantity]:.2f}" for quantity in panels)
            for quantity, axes in panels.items():
                axes.loglog(
                    *(curve["sizes"], curve[quantity]),
                    marker="o" if curve["size"] == "steps" else "s",
                    ms=3.5,
                    lw=1.3,
                    color=colour,
                    ls="--" if curve["name"].endswith("_c") else "-",
                    label=f"{curve['what']}: {time}, {memory}",
                )
        for axes, label in zip(panels.values(), ("time [s]", "memory in use at most [bytes]"), strict=True):
            axes.set(xlabel="steps (circles) or pairs (squares)", ylabel=label)
        handles, labels = panels["seconds"].get_legend_handles_labels()
        title = "with the exponents of time and of memory at the three largest sizes"
        figure.legend(handles, labels, loc="outside lower center", ncols=2, title=title, frameon=False)
        sns.despine(figure)
    return figure


def write(record: Record, folder: Path) -> None:
    """The table and the figure beside the record."""
    (folder / "table.md").write_text(table(record), "utf-8")
    write_figure(draw(record), folder / "growth.svg")
