"""The directive ``{help} COMMAND``: what the command line says of itself."""

import os
from contextlib import redirect_stdout, suppress
from io import StringIO
from typing import Any

from docutils import nodes
from repdyn.experiments.cli import main
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def said(words: list[str]) -> str:
    """What ``repdyn WORDS --help`` prints."""
    os.environ["COLUMNS"] = "88"
    with redirect_stdout(StringIO()) as out, suppress(SystemExit):
        main([*words, "--help"])
    return out.getvalue()


class Help(SphinxDirective):
    """The help of a command, or of ``repdyn`` itself if none is named."""

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Make a block of the text."""
        text = said(self.arguments[0].split() if self.arguments else [])
        return [nodes.literal_block(text, text, language="text", classes=["help"])]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("help", Help)
    return {"parallel_read_safe": True}
