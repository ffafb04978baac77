"""The page, put together: styles, libraries, generated formulas, data and the scripts that move them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from importlib import resources

import numpy as np
from repdyn.numeric.quantities import CAUCHY_SCHWARZ_TOLERANCE

from . import formulas
from .data_sets import DataSet, data_sets
from .presets import PRESETS
from .trajectories import Recorded

TITLE = "Representation learning dynamics: the explorer"

LIBRARIES = ("d3.min.js", "plot.umd.min.js")
"""What draws, in the order of loading."""

SCRIPTS = (
    "settings",
    "fragment",
    "runge_kutta",
    "model",
    "words",
    "figure",
    "time_views",
    "line_view",
    "phase_view",
    "vector_views",
    "network_view",
    "data_set",
    "data_set_views",
    "recorded",
    "code",
    "export",
    "controls",
    "playback",
    "page",
)
"""The scripts by concept; each uses those before it."""


def explorer_html(trajectories: Sequence[Recorded] = ()) -> str:
    """The explorer as one HTML page that needs nothing else.

    Args:
        trajectories: measured ones, to be drawn beside the theory.
    """
    parts = {
        "title": TITLE,
        "style": _read("explorer.css"),
        "libraries": "\n".join(f"<script>{_read(f'vendor/{name}')}</script>" for name in LIBRARIES),
        "data": _json(_data(trajectories)),
        "script": "\n".join([formulas.script(), *(_read(f"{name}.js") for name in SCRIPTS)]),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _read("explorer.html"))


def _read(name: str) -> str:
    return (resources.files("repdyn.experiments.explorer") / name).read_text("utf-8")


def _data(trajectories: Sequence[Recorded]) -> dict[str, object]:
    return {
        "presets": [
            {"name": x.name, "title": x.title, "meaning": x.meaning, "settings": x.settings()} for x in PRESETS
        ],
        "dataSets": [_plain(x) for x in data_sets()],
        "trajectories": [x.values() for x in trajectories],
        "tolerance": CAUCHY_SCHWARZ_TOLERANCE,
    }


def _plain(data_set: DataSet) -> dict[str, object]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in asdict(data_set).items()
    }


def _json(data: object) -> str:
    """JSON that can stand in a script, which no text of it ends."""
    return json.dumps(data, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
