"""Equations in LaTeX, broken into lines that fit a page."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\(?:left|right)(?:\\[a-zA-Z]+|\\.|.)|\\(?:begin|end)\{\w+\}|\\[a-zA-Z]+|\\.|\s+|.", re.DOTALL)
_OPENING, _CLOSING = ("{", r"\left", r"\begin", r"\lvert"), ("}", r"\right", r"\end", r"\rvert")
_LINE = 38
"""How many characters fit on a line, about."""


def broken(latex: str) -> tuple[str, ...]:
    r"""The lines of an equation: broken before equals, plus and minus signs where it is too long for one.

    Bars become fences that know which side they stand on.

    >>> broken(r"|x|^2 = y")
    ('\\lvert x\\rvert^2 = y',)
    """
    lines = [""]
    for term in _terms(fenced(latex)):
        if lines[-1] and _width(lines[-1] + term) > _LINE:
            lines.append("")
        lines[-1] += term
    return tuple(line.strip() for line in lines)


def fenced(latex: str) -> str:
    r"""LaTeX in which each pair of plain bars is a ``\lvert`` and a ``\rvert``, without brackets round it.

    >>> fenced(r"\left(|x|\right)^{2}")
    '\\lvert x\\rvert^{2}'
    """
    bar = r"(?<!\\)(?<!\\left)(?<!\\right)\|"
    whole = re.sub(rf"{bar}([^|]*){bar}", r"\\lvert \1\\rvert", latex)
    return re.sub(r"\\left\((\\lvert [^()|]*\\rvert)\\right\)", r"\1", whole)


def aligned(lines: tuple[str, ...]) -> str:
    r"""The lines of an equation as one piece of LaTeX; those after the first are indented.

    >>> print(aligned(("x = y", "+ z")))
    \begin{aligned}
    & x = y
    \\ & \qquad + z
    \end{aligned}
    """
    first, *rest = lines
    if not rest:
        return first
    return "\n".join([r"\begin{aligned}", f"& {first}", *(rf"\\ & \qquad {line}" for line in rest), r"\end{aligned}"])


def _terms(latex: str) -> list[str]:
    """What stands between the equals, plus and minus signs that are in no brackets; each begins with its sign."""
    terms, depth, ended = [""], 0, False
    for token in _TOKEN.findall(latex):
        name = re.split(r"(?<=[a-z])(?=[{(\[|\\.)\]])", token)[0] if token.startswith("\\") else token
        depth += (name in _OPENING) - (name in _CLOSING)
        sign = depth == 0 and token in "=+-"
        if sign and ended:
            terms.append("")
        terms[-1] += token
        if not token.isspace():
            ended = not sign
    return terms


def _width(latex: str) -> int:
    """About how many characters wide it is: of a fraction the wider part, a small one counts as half."""
    rest = re.sub(
        r"\\(left|right|lvert|rvert)\b ?[.|]?|\\(mathrm|operatorname|text|tilde|bar|dot|hat)\b|\\[,:; ]|\s", "", latex
    )
    rest = re.sub(r"\\begin\{cases\}(.*?)\\end\{cases\}", lambda m: max(m[1].split(r"\\"), key=len), rest)
    before = ""
    while rest != before:
        before = rest
        rest = re.sub(r"([_^])\{([^{}]*)\}", lambda m: m[2][: (len(m[2]) + 1) // 2], rest)
        rest = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda m: max(m[1], m[2], key=len), rest)
        rest = re.sub(r"(?<!\\frac)(?<!\})\{([^{}]*)\}", r"\1", rest)
        rest = re.sub(r"\\(?!frac)[a-zA-Z]+", "x", rest)
    return len(re.sub(r"[{}_^]", "", rest))
