"""A derivation as a document: Markdown or LaTeX, each step marked when it is proved."""

from __future__ import annotations

import re
from collections.abc import Callable

from .derivation import Derivation, DerivationError, Step

FORMATS = ("md", "tex")

Verdict = tuple[Step, DerivationError | None]


def prove(derivation: Derivation) -> list[Verdict]:
    """Check every step; each comes with None, or with what went wrong."""
    verdicts: list[Verdict] = []
    for step in derivation.steps:
        try:
            step.check()
        except DerivationError as error:
            verdicts.append((step, error))
        else:
            verdicts.append((step, None))
    return verdicts


def render(derivation: Derivation, verdicts: list[Verdict], form: str = "md") -> str:
    """The document, in the form asked for.

    Raises:
        ValueError: if ``form`` is not one of :data:`FORMATS`.

    >>> from repdyn.symbolic import two_point
    >>> derivation = two_point().derivation
    >>> render(derivation, prove(derivation)).splitlines()[0]
    '# Two points in a network: from the loss to the trajectory'
    """
    if form not in FORMATS:
        raise ValueError(f"a derivation is written as {' or '.join(FORMATS)}, got {form!r}")
    writer: Callable[[Derivation, list[Verdict]], str] = {"md": _markdown, "tex": _latex}[form]
    return writer(derivation, verdicts)


def equations(derivation: Derivation, step: Step) -> list[str]:
    """The relations of a step in LaTeX, in the derivation's notation."""
    return [derivation.latex(relation) for relation in step.statement]


def _summary(verdicts: list[Verdict]) -> str:
    proved = sum(error is None for _, error in verdicts)
    return f"{proved} of {len(verdicts)} steps verified by exact algebra."


def _markdown(derivation: Derivation, verdicts: list[Verdict]) -> str:
    parts = [f"# {derivation.title}", derivation.introduction, f"**{_summary(verdicts)}**"]
    for number, (step, error) in enumerate(verdicts, 1):
        mark = "✓" if error is None else "✗"
        parts += [f"## {number}. {step.title} {mark}", step.reason]
        parts += [f"$$\n{equation}\n$$" for equation in equations(derivation, step)]
        if error is not None:
            parts.append(f"**Not verified:** {error}")
    return "\n\n".join(parts) + "\n"


def _latex(derivation: Derivation, verdicts: list[Verdict]) -> str:
    parts = [
        r"\documentclass{article}",
        r"\usepackage{amsmath,amssymb}",
        r"\allowdisplaybreaks",
        rf"\title{{{_text(derivation.title)}}}",
        r"\date{}",
        r"\begin{document}",
        r"\maketitle",
        _text(derivation.introduction),
        "",
        rf"\textbf{{{_text(_summary(verdicts))}}}",
    ]
    for step, error in verdicts:
        mark = r"$\checkmark$" if error is None else r"$\times$"
        parts += [rf"\section{{{_text(step.title)} {mark}}}", _text(step.reason)]
        parts += [rf"\begin{{equation}}{equation}\end{{equation}}" for equation in equations(derivation, step)]
        if error is not None:
            parts.append(rf"\begin{{verbatim}}Not verified: {error}\end{{verbatim}}")
    return "\n".join([*parts, r"\end{document}", ""])


def _text(text: str) -> str:
    """Prose with LaTeX's special characters escaped; what stands between dollar signs is mathematics already."""
    parts = text.split("$")
    parts[::2] = [re.sub(r"([&%#_])", r"\\\1", part) for part in parts[::2]]
    return "$".join(parts)
