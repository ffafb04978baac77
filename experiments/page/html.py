"""The report as one HTML file that needs nothing else: figures as SVG, no script, no network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from html import escape
from itertools import count
from typing import cast

from repdyn.symbolic.references import REFERENCES, Reference

from ..studies.claim import OUTCOMES, Claim
from ..studies.study import Study, Table
from ..sweep.outcome import DIVERGED, FAILED
from .contents import DAMAGED, MISSING, Chapter, Contents, Drawing, Fate
from .elements import document, illustrated, navigation, plain, prose, tabulated
from .summary import answer, summary
from .words import MARKS, agreeing, agreement_in_words, counted, duration, ranges, trials_in_words, where_in_words

TITLE = "Representation learning dynamics, tested"

_PAPER, _FOLLOW_UP = (REFERENCES[f"arXiv {number}"] for number in ("2402.09142", "2507.09897"))
_WORDS = {
    "setting": "a network and how it is trained, or the numbers that a claim is about",
    "seed": "one network of a setting, from its own random start",
    "dh2, |Δh|²": "squared distance of the hidden representations of two points; dx2 of their inputs",
    "dy2, |Δy|²": "squared distance of the network's outputs for them; with a star, of their targets",
    "w": "misfit, |Δy|² \N{MINUS SIGN} Δy·Δy*: zero where the difference is learnt",
    "1/τ_h, 1/τ_y": "effective learning rates of encoder and decoder, the two that are fitted, per training step",
    "R²": "1 less the squared errors as a share of the squared differences from the mean: 1 is exact",
    "r, p": "Pearson's correlation, and how often chance gives as much",
    "SSE": "sum over all training steps of the squared errors of dh2, dy2 and w",
    "AIC": "misfit that allows for the number of coefficients; smaller is better",
    "a (b to c)": "the median and, of fewer than five numbers, their range, of more their quartiles",
}
"""What a newcomer has to know to read the claims."""

_NAMED = 12
"""More missing trials than this are counted, not named."""


def html(contents: Contents, made: datetime, commands: str, beside: Contents | None = None) -> str:
    """The report in HTML, well-formed as XML too.

    Args:
        contents: what it says.
        made: when, in UTC.
        commands: what makes it again.
        beside: the same studies at another scale, whose verdicts are set beside.

    >>> html(Contents("quick", (), ()), datetime(2024, 2, 14), "repdyn report").count("<h2")
    6
    """
    numbers = _Numbers()
    body = [
        *_header(contents, made, beside),
        *_summary(contents, numbers, beside),
        *_answers(contents),
        _contents(contents),
        *_claims(contents, beside),
        *(line for chapter in contents.chapters for line in _chapter(chapter, numbers)),
        *_failures(contents),
        *_made_with(contents, commands),
    ]
    return document(TITLE, body)


class _Numbers:
    """The running numbers of figures and tables."""

    def __init__(self) -> None:
        self.figures, self.tables = count(1), count(1)


def _header(contents: Contents, made: datetime, beside: Contents | None) -> list[str]:
    agreement = agreement_in_words(contents)
    scales = f"Scale <b>{escape(contents.scale)}</b>"
    if beside:
        scales += f" beside <b>{escape(beside.scale)}</b>"
    introduction = (
        f"The claims of {escape(_PAPER.authors.replace(', ', ' and '))}, {_cited(_PAPER)} and, of streaming tasks, "
        f"{_cited(_FOLLOW_UP)}, held against networks trained to test "
        f"them. {counted(len(contents.chapters), 'study')} at scale <code>{escape(contents.scale)}</code> "
        f"{'asks' if len(contents.chapters) == 1 else 'ask'} for {trials_in_words(contents.fates)}. "
        f"{agreement[0].upper()}{agreement[1:]}."
    )
    found = contents.outcomes
    tally = (
        f'<li class="{_slug(outcome)}">{MARKS[outcome]} {agreeing(outcome, found[outcome])}</li>'
        for outcome in OUTCOMES
    )
    return [
        "<header>",
        f"<h1>{TITLE}</h1>",
        f'<p class="made">{scales}, made on '
        f'<time datetime="{made.isoformat(timespec="minutes")}">{made.day} {made:%B %Y, %H:%M} UTC</time></p>',
        f'<p class="introduction">{introduction}</p>',
        '<ul class="tally" aria-hidden="true">',
        *tally,
        "</ul>",
        "</header>",
    ]


def _summary(contents: Contents, numbers: _Numbers, beside: Contents | None) -> Iterator[str]:
    """What holds and where: some lines and a picture."""
    yield "<section>"
    yield '<h2 id="summary">What holds, and where</h2>'
    lines = summary(contents, beside)
    if lines:
        yield '<ul class="holds">'
        yield from (f"<li><b>{prose(lead)}.</b> {prose(said)}</li>" for lead, said in lines)
        yield "</ul>"
    else:
        yield "<p>No claim was compared with a measurement yet.</p>"
    if contents.overview:
        yield _figure(contents.overview, "overview", next(numbers.figures))
    yield "</section>"


def _answers(contents: Contents) -> Iterator[str]:
    yield "<section>"
    yield '<h2 id="answers">Each study in a sentence</h2>'
    yield '<dl class="answers">'
    for chapter in contents.chapters:
        yield f'<dt><a href="#{_anchor(chapter)}">{prose(chapter.title)}</a></dt><dd>{prose(answer(chapter))}</dd>'
    yield "</dl>"
    yield "</section>"


def _contents(contents: Contents) -> str:
    entries = [
        ("summary", "What holds, and where"),
        ("answers", "Each study in a sentence"),
        ("claims", "Claims and measurements"),
        *((_anchor(chapter), chapter.title) for chapter in contents.chapters),
        ("failures", "Failures"),
        ("made-with", "Made with"),
    ]
    return navigation(entries)


def _anchor(chapter: Chapter) -> str:
    return f"study-{_slug(chapter.study.name)}"


def _cited(paper: Reference) -> str:
    return f'<cite>{escape(paper.title)}</cite> (<a href="{paper.url}">arXiv {paper.arxiv}</a>)'


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "-", name)


def _claims(contents: Contents, beside: Contents | None) -> Iterator[str]:
    yield "<section>"
    yield '<h2 id="claims">Claims and measurements</h2>'
    if contents.claims:
        yield "<p>A row a claim; open it for the rule by which it is judged and for each setting it was asked in.</p>"
        yield '<dl class="words">'
        yield from (f"<dt>{prose(word)}</dt><dd>{prose(meaning)}</dd>" for word, meaning in _WORDS.items())
        yield "</dl>"
    else:
        yield "<p>No claim was compared with a measurement yet.</p>"
    for chapter in contents.chapters:
        if chapter.claims:
            yield f'<h3><a href="#{_anchor(chapter)}">{prose(chapter.title)}</a></h3>'
            yield '<ol class="claims">'
            for claim in chapter.claims:
                yield from _claim(claim, chapter, beside)
            yield "</ol>"
    yield "</section>"


def _claim(claim: Claim, chapter: Chapter, beside: Contents | None) -> Iterator[str]:
    """A row for the claim, and folded under it its rule and a row for each setting."""
    yield "<li><details><summary>"
    yield _outcome(claim.outcome, "span")
    yield f'<span class="claim">{prose(claim.text)}</span>'
    yield f'<span class="where">{prose(where_in_words(claim))}</span>'
    yield f'<span class="origin">{"paper" if claim.of_paper else "ours"}</span></summary>'
    yield f'<p class="rule">{prose(claim.rule)}</p>'
    names = ["Verdict", "Setting", "Recorded", "Measured", "By how much"]
    if not any(verdict.recorded for verdict in claim.verdicts):
        names.remove("Recorded")
    if beside:
        names.append(f"At scale {beside.scale}")
    # A table whose rows become cards on a narrow screen remains a table for screen readers by its roles.
    head = "".join(f'<th scope="col" role="columnheader">{prose(name)}</th>' for name in names)
    yield f'<table class="verdicts" role="table" aria-label="{plain(claim.text)}">'
    yield f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">'
    for verdict in claim.verdicts:
        said = {
            "Recorded": verdict.recorded,
            "Measured": verdict.measured,
            "By how much": verdict.by,
        }
        cells = {name: prose(words) for name, words in said.items() if name in names}
        if beside:
            other = beside.verdict(chapter.study.name, claim.text, verdict.setting)
            cells[names[-1]] = f"{_outcome(other.outcome, 'b')} {prose(other.measured)}" if other else "not asked"
        yield (
            f'<tr role="row">{_outcome(verdict.outcome, "td")}'
            f'<th scope="row" role="rowheader">{prose(verdict.setting)}</th>'
            + "".join(f'<td role="cell" data-label="{plain(name)}">{words}</td>' for name, words in cells.items())
            + "</tr>"
        )
    yield "</tbody></table></details></li>"


def _outcome(outcome: str, element: str) -> str:
    """The mark of an outcome, for the eye alone, and its word."""
    role = ' role="cell"' if element == "td" else ""
    return (
        f'<{element}{role} class="verdict {_slug(outcome)}">'
        f'<span aria-hidden="true">{MARKS[outcome]}</span> {outcome}</{element}>'
    )


def _chapter(chapter: Chapter, numbers: _Numbers) -> Iterator[str]:
    yield "<section>"
    yield f'<h2 id="{_anchor(chapter)}">{prose(chapter.title)}</h2>'
    trials = f"{trials_in_words(chapter.fates)}."
    if chapter.problem:
        yield f'<p class="trials">{trials}</p>'
        yield f'<p class="problem"><b>This section could not be made:</b> {prose(chapter.problem)}</p>'
    elif chapter.section is None:
        yield f'<p class="nothing">Nothing to show yet. {trials}</p>'
    else:
        yield f'<p class="trials">{trials}</p>'
        yield from (f"<p>{prose(paragraph)}</p>" for paragraph in chapter.section.paragraphs)
        yield from (_figure(drawing, chapter.study.name, next(numbers.figures)) for drawing in chapter.drawings)
        yield from (_table(table, next(numbers.tables)) for table in chapter.section.tables)
    yield "</section>"


def _figure(drawing: Drawing, of: str, number: int) -> str:
    plate = drawing.plate
    return illustrated(plate.figure, drawing.svg, plate.alt, plate.caption, f"figure-{_slug(of)}-{number}", number)


def _table(table: Table, number: int) -> str:
    columns = [str(name) for name in table.rows.columns]
    rows = [[str(value) for value in row] for row in table.rows.itertuples(index=False)]
    return tabulated(f"<b>Table {number}.</b> {prose(table.caption)}", columns, rows, f"Table {number}")


def _failures(contents: Contents) -> Iterator[str]:
    unfinished = [fate for fate in contents.fates if fate.status in (DIVERGED, FAILED)]
    missing = [fate for fate in contents.fates if fate.status == MISSING]
    damaged = [fate for fate in contents.fates if fate.status == DAMAGED]
    yield "<section>"
    yield '<h2 id="failures">Failures</h2>'
    if unfinished:
        rows = [(fate.label, fate.status, fate.reason) for fate in unfinished]
        caption = f"{counted(len(rows), 'trial')} that ran and did not finish."
        yield tabulated(caption, ("trial", "what", "reason"), rows, "Trials that did not finish")
    else:
        yield "<p>Every trial that ran finished.</p>"
    if missing:
        yield f"<p>{_missing(missing, contents)}</p>"
    if damaged:
        rows = [(fate.label, fate.reason) for fate in damaged]
        caption = f"{counted(len(rows), 'trial')} with damaged files, which count as missing."
        yield tabulated(caption, ("trial", "reason"), rows, "Damaged trials")
    for chapter in contents.chapters:
        if chapter.problem:
            link = f'<a href="#{_anchor(chapter)}">{prose(chapter.title)}</a>'
            yield f'<p class="problem">The section {link} could not be made: {prose(chapter.problem)}</p>'
    yield "</section>"


def _missing(missing: Sequence[Fate], contents: Contents) -> str:
    begins = f"{counted(len(missing), 'trial')} {'is' if len(missing) == 1 else 'are'} not in the store"
    if len(missing) <= _NAMED:
        return f"{begins}: {', '.join(f'<code>{plain(fate.label)}</code>' for fate in missing)}."
    counts = ((chapter, sum(fate.status == MISSING for fate in chapter.fates)) for chapter in contents.chapters)
    shares = ", ".join(f"{number:,} of {prose(chapter.title)}" for chapter, number in counts if number)
    return f"{begins} ({shares})."


def _made_with(contents: Contents, commands: str) -> Iterator[str]:
    yield "<section>"
    yield '<h2 id="made-with">Made with</h2>'
    yield '<h3 id="commands">To make it again</h3>'
    yield "<p>Trials that are in the store are not run again.</p>"
    yield f'<div class="scroll" tabindex="0" role="group" aria-label="Commands"><pre>{plain(commands)}</pre></div>'
    yield '<h3 id="times">Trials, seeds and computing time</h3>'
    yield _times(contents)
    yield '<h3 id="versions">Versions</h3>'
    yield _versions(contents.fates)
    yield '<h3 id="sizes">Size of each study</h3>'
    yield from (_size(chapter.study) for chapter in contents.chapters)
    yield "</section>"


def _times(contents: Contents) -> str:
    rows = [
        (
            chapter.title,
            f"{len(chapter.fates):,}",
            duration(sum(fate.seconds for fate in chapter.fates)),
            ranges(fate.seed for fate in chapter.fates),
        )
        for chapter in contents.chapters
    ]
    total = duration(sum(fate.seconds for fate in contents.fates))
    caption = f"The trials took {total} of computing in all; one that studies share counts with each, in all once."
    return tabulated(caption, ("study", "trials", "time", "seeds"), rows, "Trials, seeds and computing time")


def _versions(fates: Iterable[Fate]) -> str:
    """The versions found in the outcomes; a column for each set of them."""
    sets: dict[tuple[tuple[str, str], ...], int] = {}
    for fate in fates:
        if fate.versions:
            key = tuple(fate.versions.items())
            sets[key] = sets.get(key, 0) + 1
    if not sets:
        return "<p>No trial says which versions it was made with.</p>"
    names = dict.fromkeys(name for versions in sets for name, _ in versions)
    rows = [(name, *(dict(versions).get(name, "") for versions in sets)) for name in names]
    caption = "All trials were made with the same versions."
    if len(sets) > 1:
        caption = f"The trials were made with {len(sets)} sets of versions."
    return tabulated(caption, ("package", *(counted(n, "trial") for n in sets.values())), rows, "Versions")


def _size(study: Study) -> str:
    rows = [(f.name, _value(getattr(study, f.name)), f.metadata.get("meaning", "")) for f in fields(study)]
    return tabulated(prose(study.title), ("field", "value", "meaning"), rows, f"Size of {study.name}")


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(_value(item) for item in cast(tuple[object, ...], value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"
