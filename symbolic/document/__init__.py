"""Derivations as one document of chapters, equations, figures and references: Markdown, LaTeX or HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .contents import CheckedStep, CheckedTheory, Document, Illustration, compose, prove, tally
from .html import html
from .latex import latex
from .markdown import markdown

__all__ = ["FORMATS", "CheckedStep", "CheckedTheory", "Illustration", "prove", "render", "tally"]

FORMATS: Mapping[str, Callable[[Document], str]] = {"md": markdown, "tex": latex, "html": html}
"""What writes each form of the document."""


def render(
    chapters: Sequence[CheckedTheory], form: str = "md", illustrations: Mapping[str, Illustration] | None = None
) -> str:
    """The document, in the form asked for.

    Args:
        chapters: theories with what came of proving their steps, in order.
        form: one of :data:`FORMATS`.
        illustrations: figures by the name of the theory whose chapter they close.

    Raises:
        ValueError: if ``form`` is not one of :data:`FORMATS`, a cited paper is not in
            ``repdyn.symbolic.references``, or a formula has no MathML.

    >>> from repdyn.symbolic import two_point
    >>> theory = two_point()
    >>> render([CheckedTheory(theory, tuple(prove(theory.derivation)))]).splitlines()[0]
    '# Representation learning dynamics, derived'
    """
    if form not in FORMATS:
        raise ValueError(f"a document is written as one of {', '.join(FORMATS)}, got {form!r}")
    return FORMATS[form](compose(chapters, illustrations or {}))
