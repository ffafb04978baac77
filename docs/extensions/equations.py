"""The directive ``{equations} THEORY WHAT``: equations as they stand in a theory, each linked to its proof."""

from typing import Any

from docutils import nodes
from repdyn.symbolic import chapters
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from .derivation import link


class Equations(SphinxDirective):
    """A theory's ``motion``, or the statement of a step of its derivation by the step's name.

    The content, if there is any, is numbers of the statement's equations, counted from 1.
    """

    required_arguments = 2
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Make a displayed formula of each equation."""
        name, what = self.arguments
        theory = chapters()[name]
        if what == "motion":
            formulas, anchor = theory.latex.splitlines(), name
        else:
            formulas = [theory.derivation.latex(relation) for relation in theory.derivation[what].statement]
            anchor = f"{name}-{what}"
        if self.content:
            formulas = [formulas[int(number) - 1] for number in " ".join(self.content).split()]
        proof = link(self.env.docname, anchor)
        return [nodes.math_block(latex, latex, nowrap=False, number=None, proof=proof) for latex in formulas]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("equations", Equations)
    return {"parallel_read_safe": True}
