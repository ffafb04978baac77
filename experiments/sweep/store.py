"""The store of trials: a folder each, of JSON and Parquet, whole or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..folders import RecordError, check_folder, to_json, whole_folder
from .outcome import FAILED, Outcome
from .trial import Trial

TRIAL = "trial.json"


class Store:
    """Outcomes of trials under a folder: ``<experiment>/<setting>-<seed>-<digest>/``.

    Each holds ``trial.json`` (configuration, needs, status, values, versions, seconds), a Parquet file for each table
    and ``manifest.json`` (checksums): pandas alone reads them.

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
            "values": outcome.values,
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
        outcome = self.summary(trial)
        if outcome is None:
            return None
        folder = self.folder(trial)
        return replace(outcome, tables={path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))})

    def outcome(self, trial: Trial) -> Outcome:
        """As :meth:`read`, of a trial that is there."""
        found = self.read(trial)
        assert found is not None, f"{trial.label} is not in the store"
        return found

    def summary(self, trial: Trial) -> Outcome | None:
        """As :meth:`read`, but without the tables."""
        folder = self.folder(trial)
        if not folder.exists():
            return None
        check_folder(folder)
        record: dict[str, Any] = json.loads((folder / TRIAL).read_text("utf-8"))
        record["values"] = {name: _number(value) for name, value in record["values"].items()}
        return Outcome(**{name: record[name] for name in ("status", "reason", "values", "seconds", "versions")})

    def holds(self, trial: Trial) -> bool:
        """Whether a trial need not be run: it is there and did not fail.

        Raises:
            RecordError: if it is damaged, naming the file.
        """
        outcome = self.summary(trial)
        return outcome is not None and outcome.status != FAILED

    def records(self) -> list[dict[str, Any]]:
        """What ``trial.json`` says of every trial, of any version of the code, without those that are damaged."""
        found: list[dict[str, Any]] = []
        for path in sorted(self.root.glob(f"*/[!.]*/{TRIAL}")):
            try:
                check_folder(path.parent)
            except RecordError:
                continue
            found.append(json.loads(path.read_text("utf-8")))
        return found


def _number(value: Any) -> Any:
    """What JSON has no number for was written as text."""
    return float(value) if value in ("nan", "inf", "-inf") else value
