"""The plan of a sweep: what is done, what is missing or damaged, and how long that may take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, cast

from ..storage.folders import RecordError
from .outcome import FINISHED
from .store import Store
from .trial import Trial


@dataclass(frozen=True)
class Plan:
    """Trials in an order in which each comes after those it needs.

    Attributes:
        trials: all of them, each once.
        missing: those that must be run: not in the store, failed there, or damaged.
        damaged: what is wrong with those that are damaged.
        seconds: estimated seconds of each missing trial on one core, from earlier ones like it.
        guessed: those of them that there are no earlier ones of, so that their seconds are a rough guess.
    """

    trials: tuple[Trial, ...]
    missing: tuple[Trial, ...]
    damaged: tuple[str, ...]
    seconds: Mapping[Trial, float]
    guessed: frozenset[Trial]


def plan(trials: Iterable[Trial], store: Store) -> Plan:
    """Find what is missing in the store, with all that the trials need.

    Raises:
        OSError: if the outcome of one could not be written, saying what is in the way.
    """
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
    for trial in missing:
        store.check(trial)
    earlier = store.records()
    timed = {trial: _estimate(trial, earlier) for trial in missing}
    guessed = frozenset(trial for trial, seconds in timed.items() if seconds is None)
    seconds = {trial: trial.configuration.rough_seconds() if x is None else x for trial, x in timed.items()}
    return Plan(ordered, tuple(missing), tuple(damaged), seconds, guessed)


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
    """The median time of the earlier trials of the same experiment whose configuration is most alike, as if in
    proportion to their training steps."""
    own = {**trial.configuration.identity(), "setting": trial.configuration.name}
    times: dict[int, list[float]] = {}
    for record in earlier:
        if record["experiment"] == trial.experiment and record["status"] == FINISHED:
            other = {**record["configuration"], "setting": record["setting"]}
            alike = sum(_same(own[name], other.get(name)) for name in own if name not in _WITHOUT_COST)
            times.setdefault(alike, []).append(record["seconds"] * own.get("steps", 1) / _steps(other))
    return median(times[max(times)]) if times else None


_WITHOUT_COST = ("seed", "steps", "lr", "gain")
"""What two trials may differ in and take as long, but for their steps."""


def _steps(written: Mapping[str, Any]) -> float:
    """The training steps of a configuration that was written, which may be of any version of the code."""
    steps = written.get("steps", 1)
    return steps if isinstance(steps, int) and steps > 0 else 1


def _same(value: Any, written: Any) -> bool:
    """Whether a value is the one that was written as JSON."""
    return (list(cast(tuple[Any, ...], value)) if isinstance(value, tuple) else value) == written
