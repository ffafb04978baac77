"""How figures look, and how they are written."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from ..storage.files import write_file

LABELS = {"dh2": r"hidden distance $|\Delta h|^2$", "dy2": r"output distance $|\Delta y|^2$", "w": r"misfit $w$"}
MEASURED_COLOUR, THEORY_COLOUR = "#4c72b0", "#c44e52"
COLOURS = {
    "two_point": THEORY_COLOUR,
    "scalar_output": "#dd8452",
    "growing_rates": "#2f8f4e",
    "cross_entropy": "#8172b3",
    "collective": "#00838f",
}
"""The colour of each theory in every figure."""
NETWORK_LINE: dict[str, Any] = {"color": MEASURED_COLOUR, "lw": 2.6, "alpha": 0.75}
THEORY_LINE: dict[str, Any] = {"color": THEORY_COLOUR, "lw": 1.4, "ls": "--"}
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9,
    "legend.fontsize": 8.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "repdyn",
    "savefig.dpi": 160,
}


_DATED = {"pdf": "CreationDate", "png": "Software", "svg": "Date"}
"""What would differ from one time or version to the next."""


def save_figure(figure: Figure, stem: Path) -> None:
    """Write ``stem.png`` and ``stem.svg``, the same for the same data, each whole or not at all."""
    drawn = {f"{stem}.{form}": _drawn(figure, form) for form in ("png", "svg")}
    for name, content in drawn.items():
        write_file(Path(name), content)


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure into one file, of the kind that its name ends in, whole or not at all."""
    write_file(path, _drawn(figure, path.suffix[1:]))


def _drawn(figure: Figure, form: str) -> bytes:
    """A figure as a file, the same for the same data; pyplot and its backend have no part in it."""
    file = BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(file, format=form, metadata={_DATED[form]: None})
    return file.getvalue()


def svg(figure: Figure) -> str:
    """A figure as SVG that needs no fonts, to stand inside another document."""
    drawn = StringIO()
    with mpl.rc_context({**STYLE, "svg.fonttype": "path"}):
        figure.savefig(drawn, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return drawn.getvalue()[drawn.getvalue().index("<svg") :]
