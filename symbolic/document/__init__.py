"""Derivations as one document of chapters, equations, figures and references: Markdown, LaTeX or HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .contents import Chapter, Document, Plate, Verdict, compose, prove
from .html import html
from .latex import latex
from .markdown import markdown

__all__ = ["FORMATS", "Chapter", "Plate", "Verdict", "prove", "render"]

FORMATS: Mapping[str, Callable[[Document], str]] = {"md": markdown, "tex": latex, "html": html}
"""What writes each form of the document."""


def render(chapters: Sequence[Chapter], form: str = "md", plates: Mapping[str, Plate] | None = None) -> str:
    """The document, in the form asked for.

    Args:
        chapters: theories with the verdicts on their steps, in order.
        form: one of :data:`FORMATS`.
        plates: figures by the name of the theory whose chapter they close.

    Raises:
        ValueError: if ``form`` is not one of :data:`FORMATS`, a cited paper is not in
            ``repdyn.symbolic.references``, or a formula has no MathML.

    >>> from repdyn.symbolic import two_point
    >>> theory = two_point()
    >>> render([Chapter(theory, tuple(prove(theory.derivation)))]).splitlines()[0]
    '# Representation learning dynamics, derived'
    """
    if form not in FORMATS:
        raise ValueError(f"a document is written as one of {', '.join(FORMATS)}, got {form!r}")
    return FORMATS[form](compose(chapters, plates or {}))
