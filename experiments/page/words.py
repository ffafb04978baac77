"""Counts, seeds and times in words, for the page and for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ..studies.claim import AGREES, DISAGREES, IN_PART, OUTCOMES, UNDECIDED, Claim
from .contents import FATES, Contents, Fate

MARKS = {AGREES: "✓", IN_PART: "◐", DISAGREES: "✗", UNDECIDED: "\N{EN DASH}"}
"""The mark of each outcome of a claim."""


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


def agreeing(outcome: str, number: int) -> str:
    """So many claims with one outcome.

    >>> agreeing("agrees", 3), agreeing("disagrees", 1), agreeing("in part", 2)
    ('3 agree', '1 disagrees', '2 in part')
    """
    return f"{number:,} {outcome.removesuffix('s') if number != 1 else outcome}"


def agreement_in_words(contents: Contents) -> str:
    """How many claims there are, and how many agree with what was measured."""
    if not contents.claims:
        return "no claim was compared with a measurement"
    return f"{counted(len(contents.claims), 'claim')}: {outcomes_in_words(contents.claims)}"


def outcomes_in_words(claims: Iterable[Claim]) -> str:
    """How many claims have each outcome; those that none has are left out.

    >>> from repdyn.experiments.studies.claim import Verdict
    >>> outcomes_in_words([Claim("", "", (Verdict("", "", True),)), Claim("", "", (Verdict("", "", None),))])
    '1 agrees, 1 undecided'
    """
    found = Counter(claim.outcome for claim in claims)
    return ", ".join(agreeing(outcome, found[outcome]) for outcome in OUTCOMES if found[outcome])


def where_in_words(claim: Claim) -> str:
    """In how many of its settings a claim agrees, or in which one it was asked.

    >>> from repdyn.experiments.studies.claim import Verdict
    >>> where_in_words(Claim("", "", (Verdict("elu", "", True), Verdict("tanh", "", None))))
    '1 of 2 settings'
    >>> where_in_words(Claim("", "", (Verdict("elu", "", None),)))
    'elu'
    """
    if len(claim.verdicts) == 1:
        return claim.verdicts[0].setting
    return f"{claim.agreeing} of {len(claim.verdicts)} settings"


def listed(names: Sequence[str], most: int) -> str:
    """Names, those beyond the first few only counted.

    >>> listed(["a", "b", "c", "d"], 2), listed(["a", "b", "c"], 2), listed(["a"], 2)
    ('a, b and 2 more', 'a, b, c', 'a')
    """
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


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
