"""The derivation in the site, as ``repdyn derive`` writes it, and the role ``{proof}`` that links to a part of it."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from repdyn.experiments.cli import main
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util.docutils import SphinxRole
from sphinx.util.logging import getLogger

PAGE = "derivation.html"


def link(docname: str, anchor: str) -> str:
    """The address of a part of the derivation from a page."""
    return "../" * docname.count("/") + PAGE + (f"#{anchor}" if anchor else "")


class Proof(SphinxRole):
    """A link to a chapter or step of the derivation: ``{proof}`words <two_point-invariant>```."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Make the link, and remember where it leads."""
        words, _, anchor = self.text.partition(" <")
        uri = link(self.env.docname, anchor.rstrip(">"))
        return [nodes.reference(self.rawtext, words, refuri=uri, internal=True)], []


def write(app: Sphinx) -> None:
    """Write the derivation of every theory, each step proved."""
    if isinstance(app.builder, StandaloneHTMLBuilder) and main(["derive", "--output", str(app.outdir / PAGE)]):
        raise RuntimeError("the derivation was not written, or a step of it is not proved")


def check(app: Sphinx, error: Exception | None) -> None:
    """Warn of each link into the derivation that leads nowhere."""
    if error or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    there = set(re.findall(r'id="([^"]*)"', (app.outdir / PAGE).read_text("utf-8")))
    for page in sorted(Path(app.outdir).rglob("*.html")):
        for anchor in set(re.findall(rf'href="[./]*{PAGE}#([^"]*)"', page.read_text("utf-8"))) - there:
            getLogger(__name__).warning("%s links to %s#%s, which is not there", page.name, PAGE, anchor)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the role, and write the page first."""
    app.add_role("proof", Proof())
    app.connect("builder-inited", write)
    app.connect("build-finished", check)
    return {"parallel_read_safe": True}
