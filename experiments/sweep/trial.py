"""A trial: one configuration of one experiment, and the outcomes of other trials that it starts from."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from importlib import import_module

from ..settings import Configuration
from ..storage.versions import installed_versions
from .code import code_digest
from .outcome import FAILED, FINISHED, Outcome


@dataclass(frozen=True)
class Trial:
    """One configuration of an experiment, and the trials whose outcomes its function is given after it.

    The function ``run_trial(configuration, *outcomes) -> Outcome`` of the configuration's module runs in any process on
    any machine, reads no file of another trial and writes none.
    """

    configuration: Configuration
    needs: tuple[Trial, ...] = ()

    @property
    def experiment(self) -> str:
        return self.configuration.experiment

    @property
    def digest(self) -> str:
        """What two trials share only if they are of one configuration, one version of the code and the same needs."""
        facts = {
            **self.configuration.identity(),
            "code": code_digest(self.configuration.module),
            "needs": [needed.digest for needed in self.needs],
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def label(self) -> str:
        """The experiment, the setting and the seed, for a reader."""
        return f"{self.experiment}/{self.configuration.name}-{self.configuration.seed}"


_one_at_a_time = threading.Lock()
"""Torch's threads and random numbers are those of a process."""


def run_trial(trial: Trial, digest: str, *needed: Outcome) -> Outcome:
    """Run a trial in this process; an error becomes an outcome with its reason.

    Args:
        trial: what to run.
        digest: that of the trial where it was planned, which a process with other code does not have.
        needed: the outcomes of ``trial.needs``.
    """
    with _one_at_a_time, redirect_stderr(io.StringIO()):  # no bars and warnings of several processes in one terminal
        began = time.perf_counter()
        try:
            if trial.digest != digest:
                raise RuntimeError("this worker has another version of repdyn than the planner; install the same")
            outcome = _unfinished(trial, needed)
            if outcome is None:
                function: Callable[..., Outcome] = import_module(trial.configuration.module).run_trial
                outcome = function(trial.configuration, *needed)
        except Exception as error:  # whatever it is, it belongs to this trial and not to the sweep
            outcome = Outcome(FAILED, f"{type(error).__name__}: {error}", traceback=traceback.format_exc())
        seconds = time.perf_counter() - began
    return replace(outcome, seconds=round(seconds, 2), versions=installed_versions())


def _unfinished(trial: Trial, needed: tuple[Outcome, ...]) -> Outcome | None:
    """The outcome of a trial that starts from one that did not finish, or None."""
    for needs, outcome in zip(trial.needs, needed, strict=True):
        if outcome.status != FINISHED:
            return Outcome(outcome.status, f"{needs.label} {outcome.status}: {outcome.reason}")
    return None
