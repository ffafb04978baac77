"""Figures: what was measured, with theory drawn over it. Seaborn and matplotlib are used here and nowhere else."""

from ..training import mpl_backend  # noqa: F401 # pyright: ignore[reportUnusedImport] # before matplotlib is loaded
from .comparison import draw_comparison, draw_layers, draw_pairs, draw_run
from .phases import PHASES_ALT, PHASES_CAPTION, draw_phase_diagram
from .predictions import draw_predictions
from .style import LABELS, save_figure, svg, write_figure

__all__ = [
    "LABELS",
    "PHASES_ALT",
    "PHASES_CAPTION",
    "draw_comparison",
    "draw_layers",
    "draw_pairs",
    "draw_phase_diagram",
    "draw_predictions",
    "draw_run",
    "save_figure",
    "svg",
    "write_figure",
]
