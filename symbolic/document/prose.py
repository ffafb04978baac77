"""Prose in pieces: plain text, mathematics, code and citations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ..references import REFERENCES, Reference

Kind = Literal["text", "math", "code", "citation"]

_NAMED = "|".join(re.escape(words) for words in REFERENCES if not words.startswith("arXiv"))
_PIECES = re.compile(
    r"\$(?P<math>[^$]+)\$|`(?P<code>[^`]+)`|"
    rf"\((?P<bracketed>arXiv [\d.]*\d)\)|(?P<bare>arXiv [\d.]*\d)|(?P<named>{_NAMED})"
)


def pieces(prose: str) -> Iterator[tuple[Kind, str]]:
    """The pieces of prose in order, each with its kind; a citation is the words that cite.

    >>> list(pieces("As in Saxe et al. (arXiv 1312.6120), $x$."))
    [('text', 'As in Saxe et al. '), ('citation', 'arXiv 1312.6120'), ('text', ', '), ('math', 'x'), ('text', '.')]
    """
    end = 0
    for found in _PIECES.finditer(prose):
        # The authors' names stay in the text where they are what cites.
        text = prose[end : found.start()] + (f"{found['named']} " if found["named"] else "")
        if text:
            yield "text", text
        if found["math"]:
            yield "math", found["math"]
        elif found["code"]:
            yield "code", found["code"]
        else:
            yield "citation", found["bracketed"] or found["bare"] or found["named"]
        end = found.end()
    if end < len(prose):
        yield "text", prose[end:]


def written(prose: str, writers: Mapping[Kind, Callable[[str], str]]) -> str:
    """Prose with each piece as the writer of its kind writes it."""
    return "".join(writers[kind](words) for kind, words in pieces(prose))


@dataclass(frozen=True)
class Citations:
    """The papers that are cited, numbered from 1 in the order in which they first are."""

    numbers: Mapping[str, int]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Citations:
        """The citations in texts, read in order.

        Raises:
            ValueError: if a paper is cited that is not in the list of references.
        """
        cited = dict.fromkeys(words for text in texts for kind, words in pieces(text) if kind == "citation")
        for words in cited:
            if words not in REFERENCES:
                raise ValueError(
                    f"{words} is cited and is not in the list of references: add it to symbolic/references.py"
                )
        return cls({words: number for number, words in enumerate(cited, 1)})

    def __iter__(self) -> Iterator[tuple[int, Reference]]:
        return ((number, REFERENCES[words]) for words, number in self.numbers.items())
