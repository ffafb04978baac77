"""The explorer in the site, as ``repdyn explore`` writes it."""

from typing import Any

from repdyn.experiments.cli import main
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

PAGE = "live-explorer.html"
"""Its name in the site, beside the page that describes it."""


def write(app: Sphinx) -> None:
    """Write it with the first page of the site."""
    if isinstance(app.builder, StandaloneHTMLBuilder) and main(["explore", "--output", str(app.outdir / PAGE)]):
        raise RuntimeError("the explorer was not written")


def setup(app: Sphinx) -> dict[str, Any]:
    """Have it written."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True}
