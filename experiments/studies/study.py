"""A study: a question, the trials that answer it, and what they say, as a section of the report."""

from __future__ import annotations

import tomllib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from importlib import resources
from typing import TYPE_CHECKING, Any, ClassVar, cast, get_args, get_origin

import pandas as pd

from ..settings import SettingError
from ..settings.values import checked, types_of
from ..storage.folders import RecordError
from ..sweep.outcome import FINISHED, Outcome
from ..sweep.store import Store
from ..sweep.trial import Trial
from .claim import Claim, Verdict
from .holding import Holding

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCALES = ("quick", "standard", "paper")


@dataclass(frozen=True)
class Plate:
    """A figure with what a reader who does not see it is told, and what stands under it."""

    name: str
    figure: Figure
    alt: str
    caption: str


@dataclass(frozen=True)
class Table:
    """A table of text, ready to be shown."""

    caption: str
    rows: pd.DataFrame


@dataclass(frozen=True)
class Section:
    """What a study says.

    Attributes:
        title: of the study.
        paragraphs: its question, how it was asked, and what a reader must know of the answer.
        claims: each once, with its verdicts.
        plates: figures.
        tables: numbers.
        answer: to the study's question, in one sentence.
        holdings: how well each theory holds in each setting.
    """

    title: str
    paragraphs: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    plates: tuple[Plate, ...] = ()
    tables: tuple[Table, ...] = ()
    answer: str = ""
    holdings: tuple[Holding, ...] = ()

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Those of all claims."""
        return tuple(verdict for claim in self.claims for verdict in claim.verdicts)


@dataclass(frozen=True)
class Results:
    """The outcomes of a study's trials, as far as the store holds them whole."""

    outcomes: Mapping[Trial, Outcome | None]

    @classmethod
    def of(cls, trials: Iterable[Trial], store: Store) -> Results:
        """Read the outcomes; a damaged one counts as missing."""
        found: dict[Trial, Outcome | None] = {}
        for trial in trials:
            try:
                found[trial] = store.read(trial)
            except RecordError:
                found[trial] = None
        return cls(found)

    def finished(self, experiment: str) -> dict[Trial, Outcome]:
        """Trials of an experiment that finished, with their outcomes."""
        return {
            trial: outcome
            for trial, outcome in self.outcomes.items()
            if trial.experiment == experiment and outcome is not None and outcome.status == FINISHED
        }

    def table(self, experiment: str, name: str) -> pd.DataFrame:
        """One table of all finished trials of an experiment, with columns ``setting`` and ``seed``."""
        parts = [
            outcome.tables[name].assign(setting=trial.configuration.name, seed=trial.configuration.seed)
            for trial, outcome in self.finished(experiment).items()
            if name in outcome.tables
        ]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def values(self, experiment: str) -> pd.DataFrame:
        """A row of plain values for each finished trial of an experiment, with columns ``setting`` and ``seed``."""
        return pd.DataFrame(
            [
                {"setting": trial.configuration.name, "seed": trial.configuration.seed, **outcome.values}
                for trial, outcome in self.finished(experiment).items()
            ]
        )


def size(default: Any, meaning: str) -> Any:
    """A field of a study, with the sentence that says what it is."""
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Study(ABC):
    """A question that a sweep answers. Its fields are its size; ``studies.toml`` has them for each scale.

    A study that starts from what another one computes names those trials among its own: whichever is asked for
    first computes them.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    def __post_init__(self) -> None:
        """Raises SettingError if a size has another type or is out of range, or two settings share a name."""
        types = types_of(type(self))
        for f in fields(self):
            value = getattr(self, f.name)
            if any(get_origin(of) is Mapping for of in get_args(types[f.name])):
                self._check_names(f.name, [of.get("name", "") for of in cast(tuple[Mapping[str, Any], ...], value)])
                continue
            try:
                value = checked(f.name, value, types[f.name], positive=f.default != 0)
            except SettingError as error:
                raise SettingError(f"study {self.name}: {error}") from None
            object.__setattr__(self, f.name, value)

    def _check_names(self, of: str, names: list[str]) -> None:
        """Check that outcomes can be told apart by the names of what was set."""
        if "" in names or len(set(names)) < len(names):
            raise SettingError(f"study {self.name}: the {of} must have a name each, another one, got {names}")

    @abstractmethod
    def trials(self) -> list[Trial]:
        """What must be run; what those need comes by itself."""

    @abstractmethod
    def section(self, results: Results) -> Section:
        """What the outcomes say. Called only when at least one trial finished."""


def load_studies(kinds: Iterable[type[Study]], scale: str, data_dir: str = "") -> dict[str, Study]:
    """The studies at a scale, by name.

    Args:
        kinds: the classes of studies.
        scale: quick, standard or paper.
        data_dir: folder of the MNIST files, for the studies that can use it.

    Raises:
        SettingError: if there is no such scale, or the file says what a study does not have.
    """
    if scale not in SCALES:
        raise SettingError(f"scale must be one of {', '.join(SCALES)}, got {scale!r}")
    tables = tomllib.loads((resources.files("repdyn.experiments.studies") / "studies.toml").read_text("utf-8"))
    return {kind.name: _sized(kind, tables[kind.name], scale, data_dir) for kind in kinds}


def _sized(kind: type[Study], table: Mapping[str, Any], scale: str, data_dir: str) -> Study:
    common = {key: value for key, value in table.items() if key not in SCALES}
    values = {**common, **cast(Mapping[str, Any], table.get(scale, {}))}
    known = [f.name for f in fields(kind)]
    if data_dir and "data_dir" in known:
        values["data_dir"] = data_dir
    unknown = [key for key in values if key not in known]
    if unknown:
        raise SettingError(f"study {kind.name} has no field {unknown[0]!r}; its fields are {', '.join(known)}")
    return kind(**{key: tuple(cast(list[Any], v)) if isinstance(v, list) else v for key, v in values.items()})
