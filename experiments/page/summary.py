"""What holds, and where: the lines that the report opens with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..figures.overview import THEORIES, holdings_by_theory
from ..studies.claim import AGREES, DISAGREES, IN_PART, UNDECIDED, Claim
from ..studies.holding import HOLDS
from .contents import Chapter, Contents
from .words import counted, listed, outcomes_in_words, where_in_words

_NAMED = 2
"""Settings that are named in a line; more are counted."""

_LEADS = {
    AGREES: "Agrees in every setting",
    IN_PART: "Agrees in part",
    DISAGREES: "Agrees nowhere",
    UNDECIDED: "Undecided",
}


def summary(contents: Contents, beside: Contents | None = None) -> list[tuple[str, str]]:
    """About ten lines, each a few words of what it is about and what is to be said; none without a claim.

    Args:
        contents: what the report says.
        beside: the same at another scale, to say where they differ.
    """
    paper = [claim for claim in contents.claims if claim.of_paper]
    ours = [claim for claim in contents.claims if not claim.of_paper]
    return [
        *_tally("Claims of the paper", paper),
        *_by_outcome(contents),
        *_tally("Claims of this package", ours),
        *_by_theory(contents),
        *(_differing(contents, beside) if beside else ()),
    ]


def answer(chapter: Chapter) -> str:
    """A study's answer in one sentence; without one, how its claims did, or why there is nothing to say."""
    if chapter.problem:
        return "The section could not be made."
    if chapter.section and chapter.section.answer:
        return chapter.section.answer
    if chapter.claims:
        return f"{counted(len(chapter.claims), 'claim')}: {outcomes_in_words(chapter.claims)}."
    return "Nothing to say yet."


def _tally(lead: str, claims: Sequence[Claim]) -> Iterator[tuple[str, str]]:
    if claims:
        yield f"{lead} ({len(claims)})", f"{outcomes_in_words(claims)}."


def _by_outcome(contents: Contents) -> Iterator[tuple[str, str]]:
    """The paper's claims; what several studies ask is said with the name of each."""
    asked = [(chapter.study.name, x) for chapter in contents.chapters for x in chapter.claims if x.of_paper]
    studies = Counter(claim.text for _, claim in asked)
    for outcome, lead in _LEADS.items():
        said = [
            f"{claim.text}{_where(claim, study if studies[claim.text] > 1 else '')}"
            for study, claim in asked
            if claim.outcome == outcome
        ]
        if said:
            yield lead, f"{'; '.join(said)}."


def _where(claim: Claim, study: str) -> str:
    """The study, if it is to be told, and where a claim that agrees in part does not."""
    said = [f"in {study}"] if study else []
    if claim.outcome == IN_PART:
        against = [verdict.setting for verdict in claim.verdicts if verdict.agrees is False]
        undecided = sum(verdict.agrees is None for verdict in claim.verdicts)
        said += [where_in_words(claim)]
        said += [f"not {listed(against, _NAMED)}"] if against else []
        said += [f"{undecided} undecided"] if undecided else []
    return f" ({'; '.join(said)})" if said else ""


def _by_theory(contents: Contents) -> Iterator[tuple[str, str]]:
    for theory, rows in holdings_by_theory(contents.holdings):
        known = rows.dropna(subset="r2").sort_values("r2")
        holds = int((known["r2"] >= HOLDS).sum())
        said = f"R² at least {HOLDS:g} in {holds} of {counted(len(rows), 'setting')}"
        failing = known[known["r2"] < HOLDS]
        if len(failing):
            worst = [f"{row['setting']} of {row['name']}" for row in failing.to_dict("records")]
            said += f"; least in {listed(worst, _NAMED)}"
        if len(known) < len(rows):
            said += f"; no number in {len(rows) - len(known)}"
        yield THEORIES[theory].replace("-\n", "-").replace("\n", " ").capitalize(), f"{said}."


def _differing(contents: Contents, beside: Contents) -> Iterator[tuple[str, str]]:
    changed: list[str] = []
    common = 0
    for chapter in contents.chapters:
        for claim in chapter.claims:
            for verdict in claim.verdicts:
                other = beside.verdict(chapter.study.name, claim.text, verdict.setting)
                common += other is not None
                if other and other.outcome != verdict.outcome:
                    changed.append(
                        f"{verdict.setting} of {chapter.study.name} ({verdict.outcome}, there {other.outcome})"
                    )
    lead = f"Beside scale {beside.scale}"
    if not changed:
        yield lead, f"{counted(common, 'verdict')} in common, all the same."
    else:
        yield lead, f"{len(changed)} of {counted(common, 'verdict')} in common differ: {listed(changed, _NAMED)}."
