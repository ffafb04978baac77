"""Counts, seeds and times in words, for the page and for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .contents import FATES, Contents, Fate

MARKS: dict[bool | None, tuple[str, str]] = {
    True: ("✓", "agrees"),
    False: ("✗", "disagrees"),
    None: ("\N{EN DASH}", "undecided"),
}
"""The mark of a verdict and its word."""


def counted(number: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "study"), counted(2, "study"), counted(2, "trial")
    ('1 study', '2 studies', '2 trials')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def trials_in_words(fates: Iterable[Fate]) -> str:
    """How many trials there are, and what became of them.

    >>> trials_in_words([Fate("a", 0, "finished"), Fate("b", 0, "missing"), Fate("c", 0, "missing")])
    '3 trials: 1 finished, 2 missing'
    >>> trials_in_words([Fate("b", 0, "missing"), Fate("c", 0, "missing")])
    '2 trials, all missing'
    """
    found = Counter(fate.status for fate in fates)
    number = counted(found.total(), "trial")
    if len(found) == 1 and found.total() > 1:
        return f"{number}, all {next(iter(found))}"
    return f"{number}: {', '.join(f'{found[status]:,} {status}' for status in FATES if found[status])}"


def agreeing(agrees: bool | None, number: int) -> str:
    """So many claims with one verdict.

    >>> agreeing(True, 3), agreeing(False, 1), agreeing(None, 2)
    ('3 agree', '1 disagrees', '2 undecided')
    """
    word = MARKS[agrees][1]
    return f"{number:,} {word.removesuffix('s') if number != 1 else word}"


def agreement_in_words(contents: Contents) -> str:
    """How many claims there are, and how many agree with what was measured."""
    if not contents.verdicts:
        return "no claim was compared with a measurement"
    parts = (agreeing(agrees, contents.agreement[agrees]) for agrees in MARKS)
    return f"{counted(len(contents.verdicts), 'claim')}: {', '.join(parts)}"


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
