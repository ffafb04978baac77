"""The plan of a sweep: what is done, what is missing or damaged, and how long that may take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from ..folders import RecordError
from .store import Store
from .trial import Trial


@dataclass(frozen=True)
class Plan:
    """Trials in an order in which each comes after those it needs.

    Attributes:
        trials: all of them, each once.
        missing: those that must be run: not in the store, failed there, or damaged.
        damaged: what is wrong with those that are damaged.
        seconds: estimated seconds of each missing trial on one core, from earlier ones; None if there are none.
    """

    trials: tuple[Trial, ...]
    missing: tuple[Trial, ...]
    damaged: tuple[str, ...]
    seconds: Mapping[Trial, float | None]


def plan(trials: Iterable[Trial], store: Store) -> Plan:
    """Find what is missing in the store, with all that the trials need."""
    ordered = tuple(in_order(trials))
    missing: list[Trial] = []
    damaged: list[str] = []
    for trial in ordered:
        try:
            if not store.holds(trial):
                missing.append(trial)
        except RecordError as error:
            missing.append(trial)
            damaged.append(str(error))
    earlier = store.records()
    return Plan(ordered, tuple(missing), tuple(damaged), {trial: _estimate(trial, earlier) for trial in missing})


def in_order(trials: Iterable[Trial]) -> Iterable[Trial]:
    """The trials and what they need, each once and after what it needs."""
    found: dict[tuple[str, str], Trial] = {}

    def visit(trial: Trial) -> None:
        for needed in trial.needs:
            visit(needed)
        found.setdefault((trial.digest, trial.label), trial)

    for trial in trials:
        visit(trial)
    return found.values()


def _estimate(trial: Trial, earlier: Iterable[Mapping[str, Any]]) -> float | None:
    """The median time of earlier trials of the same experiment, if possible of the same setting, as if in proportion
    to their training steps."""
    steps = getattr(trial.configuration, "steps", 1)
    times: dict[str, list[float]] = {}
    for record in earlier:
        if record["experiment"] == trial.experiment and record["status"] == "finished":
            each = record["seconds"] / record["configuration"].get("steps", 1)
            times.setdefault(record["setting"], []).append(each * steps)
    of_setting = times.get(trial.configuration.name) or [x for found in times.values() for x in found]
    return median(of_setting) if of_setting else None
