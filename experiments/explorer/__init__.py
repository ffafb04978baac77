"""The explorer: one HTML page that moves the theory's parameters, computed in the browser by generated code."""

from __future__ import annotations

from .page import TITLE, explorer_html
from .trajectories import Recorded, recorded

__all__ = ["TITLE", "Recorded", "explorer_html", "recorded"]
