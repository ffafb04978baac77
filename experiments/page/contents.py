"""What the report says, before it is written in any form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from ..figures import svg
from ..figures.overview import BOUNDS, draw_overview
from ..storage.folders import RecordError
from ..studies.claim import Claim, Verdict
from ..studies.study import Plate, Results, Section, Study
from ..sweep.outcome import DIVERGED, FAILED, FINISHED
from ..sweep.plan import in_order
from ..sweep.store import Store
from ..sweep.trial import Trial

MISSING, DAMAGED = "missing", "damaged"
FATES = (FINISHED, DIVERGED, FAILED, MISSING, DAMAGED)
"""What can become of a trial."""


@dataclass(frozen=True)
class Fate:
    """What became of a trial.

    Attributes:
        label: experiment, setting and seed.
        seed: of the trial.
        status: one of :data:`FATES`.
        reason: why it did not finish, or what is damaged.
        seconds: how long it took.
        versions: of the packages it was made with.
    """

    label: str
    seed: int
    status: str
    reason: str = ""
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Drawing:
    """A plate and its SVG."""

    plate: Plate
    svg: str


@dataclass(frozen=True)
class Chapter:
    """A study in the report.

    Attributes:
        study: with its size.
        fates: of its trials and all that they need.
        section: what it says; None if nothing can be shown.
        drawings: its plates.
        problem: why a section could not be made of what there is; empty if it could or there is nothing yet.
    """

    study: Study
    fates: tuple[Fate, ...]
    section: Section | None = None
    drawings: tuple[Drawing, ...] = ()
    problem: str = ""

    @property
    def title(self) -> str:
        return self.section.title if self.section else self.study.title

    @property
    def claims(self) -> tuple[Claim, ...]:
        return self.section.claims if self.section else ()


@dataclass(frozen=True)
class Contents:
    """The report.

    Attributes:
        scale: of the studies.
        chapters: one a study.
        fates: of all trials, each once though studies may share it.
        overview: how well each theory holds in each setting, in one picture; None if no study says.
    """

    scale: str
    chapters: tuple[Chapter, ...]
    fates: tuple[Fate, ...]
    overview: Drawing | None = None

    @property
    def claims(self) -> list[Claim]:
        return [claim for chapter in self.chapters for claim in chapter.claims]

    @property
    def outcomes(self) -> Counter[str]:
        """How many claims agree, do so in part, do not, and are not decided."""
        return Counter(claim.outcome for claim in self.claims)

    @property
    def holdings(self) -> pd.DataFrame:
        """How well each theory holds: columns study (its title), name (its), setting, theory, r2."""
        rows = [
            (chapter.title, chapter.study.name, holding.setting, holding.theory, holding.r2)
            for chapter in self.chapters
            for holding in (chapter.section.holdings if chapter.section else ())
        ]
        return pd.DataFrame(rows, columns=["study", "name", "setting", "theory", "r2"])

    def verdict(self, study: str, claim: str, setting: str) -> Verdict | None:
        """The verdict on a claim of a study in a setting; None if there is none."""
        return next(
            (
                verdict
                for chapter in self.chapters
                for said in chapter.claims
                for verdict in said.verdicts
                if (chapter.study.name, said.text, verdict.setting) == (study, claim, setting)
            ),
            None,
        )


def gather(studies: Iterable[Study], store: Store, scale: str) -> Contents:
    """What the store holds for the studies at a scale, and what they say about it.

    A study whose section cannot be made or drawn keeps its place in the report, with the reason.
    """
    found: dict[tuple[str, str], Fate] = {}
    chapters = [_chapter(study, store, found) for study in studies]
    contents = Contents(scale, tuple(chapters), tuple(found.values()))
    return contents if contents.holdings.empty else replace(contents, overview=_overview(contents.holdings))


def _overview(holdings: pd.DataFrame) -> Drawing:
    plate = Plate(
        "overview",
        draw_overview(holdings),
        "A table of R² by study and setting (rows) and theory (columns), coloured from red, where a theory fails, to "
        "blue, where it holds; the numbers are in the tables of the studies.",
        "How well each theory (columns) holds in each setting (rows) of each study, as R²: 1 is exact, 0 no better "
        f"than the mean of what is measured. Blue from {BOUNDS[-2]:g}, red below {BOUNDS[-3]:g}; numbers are rounded "
        "down. For trajectories (also of changed equations, at single layers and of digits) it is the lesser of R² of "
        "the hidden and of the output distance, the median over networks and pairs; for XOR, the context task and the "
        "grid, R² of the final hidden distances about the predicted ones; for data sets, whose theory "
        "has no scale, the square of Pearson's r (below 0 where r is). A dot: not asked.",
    )
    return Drawing(plate, svg(plate.figure))


def _chapter(study: Study, store: Store, found: dict[tuple[str, str], Fate]) -> Chapter:
    """The chapter of a study; ``found`` has the fates of trials by digest and label, and is added to."""
    trials = study.trials()
    fates: list[Fate] = []
    for trial in in_order(trials):
        key = trial.digest, trial.label
        if key not in found:
            found[key] = _fate(trial, store)
        fates.append(found[key])
    chapter = Chapter(study, tuple(fates))
    results = Results.of(trials, store)
    if not any(outcome is not None and outcome.status == FINISHED for outcome in results.outcomes.values()):
        return chapter
    try:
        section = study.section(results)
        _check_names(section)
        drawings = tuple(Drawing(plate, svg(plate.figure)) for plate in section.plates)
    except Exception as error:  # whatever it is, the other studies are not to be lost by it
        return Chapter(study, tuple(fates), problem=f"{type(error).__name__}: {error}")
    return Chapter(study, tuple(fates), section, drawings)


def _fate(trial: Trial, store: Store) -> Fate:
    label, seed = trial.label, trial.configuration.seed
    try:
        outcome = store.summary(trial)
    except RecordError as error:
        return Fate(label, seed, DAMAGED, str(error))
    if outcome is None:
        return Fate(label, seed, MISSING)
    return Fate(label, seed, outcome.status, outcome.reason, outcome.seconds, outcome.versions)


def _check_names(section: Section) -> None:
    names = Counter(plate.name for plate in section.plates)
    for name, count in names.items():
        if count > 1:
            raise ValueError(f"figures of a study must have different names, got {count} called {name!r}")
