"""What the report says, before it is written in any form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..figures import svg
from ..storage.folders import RecordError
from ..studies.study import Plate, Results, Section, Study, Verdict
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
    def verdicts(self) -> tuple[Verdict, ...]:
        return self.section.verdicts if self.section else ()


@dataclass(frozen=True)
class Contents:
    """The report: a chapter a study, and the fates of all trials, each once though studies may share it."""

    chapters: tuple[Chapter, ...]
    fates: tuple[Fate, ...]

    @property
    def verdicts(self) -> list[Verdict]:
        return [verdict for chapter in self.chapters for verdict in chapter.verdicts]

    @property
    def agreement(self) -> Counter[bool | None]:
        """How many claims agree (True), do not (False) and are not decided (None)."""
        return Counter(verdict.agrees for verdict in self.verdicts)


def gather(studies: Iterable[Study], store: Store) -> Contents:
    """What the store holds for the studies, and what they say about it.

    A study whose section cannot be made or drawn keeps its place in the report, with the reason.
    """
    found: dict[tuple[str, str], Fate] = {}
    chapters = [_chapter(study, store, found) for study in studies]
    return Contents(tuple(chapters), tuple(found.values()))


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
