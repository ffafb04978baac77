"""The verdicts as plain text, for a terminal."""

from __future__ import annotations

from textwrap import wrap

from ..studies.study import Verdict
from .contents import Contents
from .words import MARKS

_INDENT = 12
"""Columns of the word that says how a claim did."""


def text(contents: Contents, width: int = 100) -> str:
    """Every verdict under the name of its study, lines at most so wide; empty if there is none."""
    blocks = [
        "\n".join([chapter.study.name, *(_verdict(verdict, width) for verdict in chapter.verdicts)])
        for chapter in contents.chapters
        if chapter.verdicts
    ]
    return "\n\n".join(blocks)


def _verdict(verdict: Verdict, width: int) -> str:
    _, word = MARKS[verdict.agrees]
    facts = f"predicted {verdict.predicted}; measured {verdict.measured}" + (f"; {verdict.by}" if verdict.by else "")
    lines = [*wrap(verdict.claim, width - _INDENT), *wrap(facts, width - _INDENT)]
    return "\n".join(f"{'  ' + word if i == 0 else '':<{_INDENT}}{line}" for i, line in enumerate(lines))
