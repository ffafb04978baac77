"""How the trials of a study ended: none is dropped without a word."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ..sweep.outcome import FINISHED
from ..sweep.trial import Trial
from .study import Results

MISSING = "not run"


def fates(trials: Iterable[Trial], results: Results) -> pd.DataFrame:
    """A row a trial: experiment, setting, seed, status (finished, diverged, failed or not run) and reason."""
    rows: list[dict[str, object]] = []
    for trial in trials:
        outcome = results.outcomes.get(trial)
        status, reason = (outcome.status, outcome.reason) if outcome else (MISSING, "")
        of = {"experiment": trial.experiment, "setting": trial.configuration.name, "seed": trial.configuration.seed}
        rows.append({**of, "status": status, "reason": reason})
    return pd.DataFrame(rows, columns=["experiment", "setting", "seed", "status", "reason"])


def count(ended: pd.DataFrame) -> str:
    """How many of some trials finished and how the others ended, in few words.

    >>> count(pd.DataFrame({"status": ["finished", "diverged", "finished"]}))
    '2 of 3 (1 diverged)'
    >>> count(pd.DataFrame({"status": ["finished", "finished"]}))
    '2'
    """
    status = ended["status"].tolist()
    others = [f"{status.count(x)} {x}" for x in dict.fromkeys(status) if x != FINISHED]
    finished = status.count(FINISHED)
    return f"{finished} of {len(status)} ({', '.join(others)})" if others else f"{finished}"


def unfinished(ended: pd.DataFrame) -> tuple[str, ...]:
    """A paragraph that names the trials that did not finish, with their reasons; nothing if all did.

    >>> row = {"experiment": "fits", "setting": "elu", "seed": 1, "status": "diverged", "reason": "no number"}
    >>> unfinished(pd.DataFrame([row]))
    ('Not finished, and so in no number here: fits/elu, seed 1: diverged (no number).',)
    """
    others = ended[ended["status"] != FINISHED]
    named: list[str] = []
    for _, group in others.groupby(["experiment", "setting", "status", "reason"], sort=False):
        row = group.iloc[0]
        seeds = f"seed{'s' if len(group) > 1 else ''} {', '.join(map(str, group['seed']))}"
        reason = f" ({row['reason']})" if row["reason"] else ""
        named.append(f"{row['experiment']}/{row['setting']}, {seeds}: {row['status']}{reason}")
    return (f"Not finished, and so in no number here: {'; '.join(named)}.",) if named else ()
