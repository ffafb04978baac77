"""The report: one HTML page of what the studies found, with figures, failures and what it was made with."""

from __future__ import annotations

from .contents import Chapter, Contents, Fate, gather
from .html import html
from .text import text

__all__ = ["Chapter", "Contents", "Fate", "gather", "html", "text"]
