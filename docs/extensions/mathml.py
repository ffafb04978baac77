"""Mathematics as MathML, by the same function as in the derivation: no script, no fonts, no network."""

from typing import Any

from docutils import nodes
from repdyn.symbolic.document.equation import broken, fenced
from repdyn.symbolic.document.mathml import mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    translator.body.append(mathml((fenced(node.astext()),)))
    raise nodes.SkipNode


def visit_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a displayed formula, broken into lines where it is too long for one; a narrow screen scrolls it."""
    formula = mathml(broken(" ".join(node.astext().split())), "block")
    proof = node.get("proof")
    mark = f'<a class="proof" href="{proof}" title="proved here by exact algebra">✓</a>' if proof else ""
    translator.body.append(f'<div class="formula"><div tabindex="0">{formula}</div>{mark}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register it as the renderer ``mathml``."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True}
