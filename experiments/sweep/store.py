"""The store of trials: a folder each, of JSON and Parquet, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from ..storage.claims import Claim
from ..storage.files import beside, check_folder_place, tidy
from ..storage.folders import RecordError, to_json, whole_folder
from .outcome import FAILED, Outcome
from .record import TRIAL, read_facts, read_record, read_table
from .trial import Trial


class Store:
    """Outcomes of trials under a folder: ``<experiment>/<setting>-<seed>-<digest>/``.

    Each holds ``trial.json`` (configuration, needs, status, values, names of tables, versions, seconds), a Parquet file
    for each table and ``manifest.json`` (checksums): pandas alone reads them.

    >>> import tempfile
    >>> from repdyn.experiments import TwoPoints
    >>> trial = Trial(TwoPoints(name="mine"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(Path(folder))
    ...     store.write(trial, Outcome(values={"loss": 0.5}))
    ...     store.read(trial).values
    {'loss': 0.5}
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, trial: Trial) -> Path:
        """Where a trial is kept, if it is."""
        name = f"{trial.configuration.name}-{trial.configuration.seed}-{trial.digest}"
        return self.root / trial.experiment / name

    def check(self, trial: Trial) -> None:
        """Check that the outcome of a trial could be written.

        Raises:
            OSError: saying what is in the way.
        """
        check_folder_place(self.folder(trial))

    def claim(self, trial: Trial) -> Claim:
        """The claim of the process that runs a trial."""
        folder = self.folder(trial)
        folder.parent.mkdir(parents=True, exist_ok=True)
        return Claim(beside(folder, "claim"))

    def tidy(self) -> None:
        """Remove what killed processes left; an earlier outcome they were about to replace comes back."""
        for folder in self.root.glob("*/"):
            tidy(folder)

    def write(self, trial: Trial, outcome: Outcome) -> None:
        """Keep the outcome of a trial, in the place of an earlier one."""
        record = {
            "experiment": trial.experiment,
            "setting": trial.configuration.name,
            "seed": trial.configuration.seed,
            "digest": trial.digest,
            "configuration": trial.configuration.identity(),
            "needs": {needed.label: needed.digest for needed in trial.needs},
            "status": outcome.status,
            "reason": outcome.reason,
            "traceback": outcome.traceback,
            "values": outcome.values,
            "tables": list(outcome.tables),
            "seconds": outcome.seconds,
            "versions": outcome.versions,
        }
        with whole_folder(self.folder(trial), {"trial": trial.label}) as folder:
            (folder / TRIAL).write_text(to_json(record), "utf-8")
            for name, table in outcome.tables.items():
                table.to_parquet(folder / f"{name}.parquet", index=False)

    def read(self, trial: Trial) -> Outcome | None:
        """The outcome of a trial, or None if there is none.

        Raises:
            RecordError: if there is one and it is damaged, naming the file.
        """
        record = self._record(trial)
        if record is None:
            return None
        folder = self.folder(trial)
        return replace(_outcome(record), tables={name: read_table(folder, name) for name in record["tables"]})

    def outcome(self, trial: Trial) -> Outcome:
        """As :meth:`read`, of a trial that is there."""
        found = self.read(trial)
        assert found is not None, f"{trial.label} is not in the store"
        return found

    def summary(self, trial: Trial) -> Outcome | None:
        """As :meth:`read`, but without the tables."""
        record = self._record(trial)
        return None if record is None else _outcome(record)

    def holds(self, trial: Trial) -> bool:
        """Whether a trial need not be run: it is there and did not fail.

        Raises:
            RecordError: if it is damaged, naming the file.
        """
        outcome = self.summary(trial)
        return outcome is not None and outcome.status != FAILED

    def records(self) -> list[dict[str, Any]]:
        """What ``trial.json`` says of every trial, of any version of the code, if it can be read.

        Nothing else is read, and no checksum compared.
        """
        found: list[dict[str, Any]] = []
        for path in sorted(self.root.glob(f"*/[!.]*/{TRIAL}")):
            if path.is_file():
                with suppress(RecordError):
                    found.append(read_facts(path.parent))
        return found

    def _record(self, trial: Trial) -> dict[str, Any] | None:
        folder = self.folder(trial)
        if not folder.exists():
            return None
        record = read_record(folder)
        if record["digest"] != trial.digest:
            raise RecordError(f"{TRIAL} of {folder} is of another trial; run the setting again")
        return record


def _outcome(record: Mapping[str, Any]) -> Outcome:
    values = {name: _value(value) for name, value in record["values"].items()}
    facts = (record[name] for name in ("seconds", "versions", "traceback"))
    return Outcome(record["status"], record["reason"], values, {}, *facts)


def _value(written: Any) -> Any:
    """A value, or a list of such, as it was before it was written."""
    if isinstance(written, list):
        return [_number(item) for item in cast(list[Any], written)]
    return _number(written)


def _number(value: Any) -> Any:
    """What JSON has no number for was written as text."""
    return float(value) if value in ("nan", "inf", "-inf") else value
