"""The report as plain text, for a terminal: what holds, each study's answer, the claims."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from ..studies.claim import Claim
from .contents import Contents
from .summary import answer, summary
from .words import where_in_words

_INDENT = 12
"""Columns of the word that says how a claim did."""


def text(contents: Contents, width: int = 100, beside: Contents | None = None) -> str:
    """What holds and where, an answer a study, and each claim with its settings; empty if there is no claim.

    Args:
        contents: what the report says.
        width: columns of a line, at most.
        beside: the same at another scale.
    """
    if not contents.claims:
        return ""
    blocks = [
        [line for lead, said in summary(contents, beside) for line in _hanging(f"{lead}. {said}", width, 2)],
        [line for x in contents.chapters for line in _hanging(f"{x.study.name}: {answer(x)}", width, 2)],
        *(
            [chapter.study.name, *(line for claim in chapter.claims for line in _claim(claim, width))]
            for chapter in contents.chapters
            if chapter.claims
        ),
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def _claim(claim: Claim, width: int) -> Iterator[str]:
    """A claim, and under it each setting where it does not agree, and the names of the others."""
    yield from _marked(claim.outcome, f"{claim.text} ({where_in_words(claim)}). {claim.rule}", width)
    agreeing = [verdict.setting for verdict in claim.verdicts if verdict.agrees]
    if agreeing and len(claim.verdicts) > 1:
        yield from _marked("", f"agrees: {', '.join(agreeing)}", width)
    for verdict in claim.verdicts:
        if not verdict.agrees or len(claim.verdicts) == 1:
            recorded = f"; recorded {verdict.recorded}" if verdict.recorded else ""
            by = f"; {verdict.by}" if verdict.by else ""
            said = f"{verdict.outcome}: {verdict.setting}: measured {verdict.measured}{recorded}{by}"
            yield from _marked("", said, width)


def _marked(outcome: str, said: str, width: int) -> Iterator[str]:
    for i, line in enumerate(wrap(said, width - _INDENT)):
        yield f"{'  ' + outcome if i == 0 else '':<{_INDENT}}{line}"


def _hanging(said: str, width: int, indent: int) -> list[str]:
    return wrap(said, width, subsequent_indent=" " * indent)
