"""Counts, seeds and times in words, for the page and for the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from .contents import FATES, FINISHED, Contents, Fate

MARKS: dict[bool | None, tuple[str, str]] = {True: ("✓", "agrees"), False: ("✗", "disagrees"), None: ("\N{EN DASH}", "undecided")}
"""The mark of a verdict and its word."""


def counted(number: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "study"), counted(2, "study"), counted(2, "trial")
    ('1 study', '2 studies', '2 trials')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def listed(items: Iterable[str]) -> str:
    """Items in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last


def fates_in_words(fates: Iterable[Fate]) -> str:
    """How many trials finished and what became of the others.

    >>> fates_in_words([Fate("a", 0, "finished"), Fate("b", 0, "missing"), Fate("c", 0, "missing")])
    '1 finished and 2 are missing'
    """
    found = [fate.status for fate in fates]
    verbs = {"missing": "{} missing", "damaged": "{} damaged"}
    parts: list[str] = []
    for status in FATES:
        number = found.count(status)
        if number or status == FINISHED:
            is_or_are = "is" if number == 1 else "are"
            parts.append(f"{number:,} {verbs.get(status, status).format(is_or_are)}")
    return listed(parts)


def agreement_in_words(contents: Contents) -> str:
    """How many claims agree with what was measured."""
    found = contents.agreement
    parts = (
        f"{found[True]} {'agrees' if found[True] == 1 else 'agree'}",
        f"{found[False]} {'disagrees' if found[False] == 1 else 'disagree'}",
        f"{found[None]} {'is' if found[None] == 1 else 'are'} undecided",
    )
    return f"of {counted(len(contents.verdicts), 'claim')} {listed(parts)}"


def ranges(numbers: Iterable[int]) -> str:
    """Integers, those in a row as a range.

    >>> ranges([5, 0, 1, 2, 7, 8])
    '0 to 2, 5, 7, 8'
    """
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def duration(seconds: float) -> str:
    """A time to two digits or so.

    >>> duration(8.2), duration(100), duration(5400), duration(200000)
    ('8 s', '1 min 40 s', '1 h 30 min', '55 h 33 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
