"""Bars in docstrings are lengths, as in ``|dh|^2``, and no substitutions of reStructuredText."""

import re
from typing import Any

from sphinx.application import Sphinx


def escape(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Escape the bars that stand in no literal and no example."""
    lines[:] = [
        line if line.lstrip().startswith((">>>", "...")) else re.sub(r"(``.*?``)|\|", lambda m: m[1] or r"\|", line)
        for line in lines
    ]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register it for every docstring."""
    app.connect("autodoc-process-docstring", escape)
    return {"parallel_read_safe": True}
