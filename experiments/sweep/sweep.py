"""A sweep: the missing trials of a plan, run wherever there are workers, and kept as they come in."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait

from tqdm import tqdm

from ..storage.claims import Claim
from ..storage.folders import RecordError
from .outcome import FAILED, FINISHED, Outcome
from .plan import Plan
from .store import Store
from .trial import Trial, run_trial
from .workers import LOST, Pool, Workers

_PAUSE = 0.5
"""Seconds between two looks at trials that another sweep runs."""


def sweep(plan: Plan, store: Store, workers: Workers) -> Counter[str]:
    """Run the missing trials of a plan, each as soon as what it needs is there; counts how they ended.

    Every outcome is kept as soon as it comes in. Where a process is lost, what was on its way is run again, each
    trial alone; one that loses its process then too is recorded as failed. Sweeps that run at once share the work: a
    trial is run by the sweep that claims it; the others wait for its outcome, and run it if that sweep ends without.

    Raises:
        OSError: if the scheduler of a cluster is lost, or an outcome cannot be written.
    """
    ended: Counter[str] = Counter()
    with _Bar(plan) as bar, _UnderWay(store, dict.fromkeys(plan.missing), ended, bar) as under_way:
        while under_way.waiting:
            for trial in under_way.run(list(under_way.waiting), workers):
                if under_way.run([trial], workers):
                    under_way.keep(trial, Outcome(FAILED, "its process was lost twice; is there enough memory?"))
    return ended


class _Bar:
    """Progress over the whole sweep, in the estimated time of its trials."""

    def __init__(self, plan: Plan) -> None:
        self._weights = plan.seconds
        self._all, self._done = len(plan.missing), 0
        form = "{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left{postfix}"
        self._bar = tqdm(total=sum(self._weights.values()), desc="trials", disable=None, bar_format=form)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def say(self, words: str) -> None:
        """Say something beside the bar."""
        self._bar.write(words)

    def advance(self, trial: Trial, outcome: Outcome) -> None:
        """Count a trial, and say so if it did not finish."""
        if outcome.status != FINISHED:
            self.say(f"{trial.label} {outcome.status}: {outcome.reason}")
        self._done += 1
        self._bar.set_postfix_str(f"{self._done} of {self._all}, {trial.label}", refresh=False)
        self._bar.update(self._weights[trial])


class _UnderWay:
    """What of a sweep is still to be done."""

    def __init__(self, store: Store, waiting: dict[Trial, None], ended: Counter[str], bar: _Bar) -> None:
        self.store, self.waiting, self.ended, self.bar = store, waiting, ended, bar
        self._claims: dict[Trial, Claim] = {}
        self._shares = False

    def __enter__(self) -> _UnderWay:
        return self

    def __exit__(self, *_: object) -> None:
        for trial in list(self._claims):
            self._claims.pop(trial).give_back()

    def keep(self, trial: Trial, outcome: Outcome) -> None:
        """Store an outcome, and wait for it no longer."""
        self.store.write(trial, outcome)
        self._count(trial, outcome)

    def _count(self, trial: Trial, outcome: Outcome) -> None:
        """Wait for a trial no longer, since its outcome is in the store."""
        self._claims.pop(trial).give_back()
        del self.waiting[trial]
        self.ended[outcome.status] += 1
        self.bar.advance(trial, outcome)

    def run(self, trials: list[Trial], workers: Workers) -> list[Trial]:
        """Run trials until none is left or a process is lost; returns what was on its way then."""
        running: dict[Future[Outcome], Trial] = {}
        try:
            with workers() as pool:
                while trials or running:
                    pause = _PAUSE if self._submit(trials, running, pool) else None
                    if not running:
                        time.sleep(pause or 0)
                        continue
                    for future in wait(running, pause, return_when=FIRST_COMPLETED).done:
                        self.keep(running[future], _outcome(future))
                        del running[future]
        except BrokenExecutor:
            lost = [trial for future, trial in running.items() if not _came_back(future)]
            for future, trial in running.items():
                if _came_back(future):
                    self.keep(trial, future.result())
            return lost
        return []

    def _submit(self, trials: list[Trial], running: dict[Future[Outcome], Trial], pool: Pool) -> bool:
        """Give the pool what is ready, in order, as far as it takes it; whether others run some of it."""
        others = False
        at_once = pool.at_once()
        for trial in [x for x in trials if not any(needed in self.waiting for needed in x.needs)]:
            if len(running) >= at_once:
                break
            if not self._claim(trial):
                others = True
                continue
            trials.remove(trial)
            if self._is_there(trial):
                continue
            try:
                needed = [self.store.outcome(x) for x in trial.needs]
            except RecordError as error:  # damaged since it was planned
                self.keep(trial, Outcome(FAILED, f"not run: {error}"))
            else:
                running[pool.executor.submit(run_trial, trial, trial.digest, *needed)] = trial
        if others and not self._shares:
            self._shares = True
            self.bar.say("another sweep runs some of the trials; each is run once")
        return others

    def _claim(self, trial: Trial) -> bool:
        """Whether this sweep has a trial, now or before."""
        if trial not in self._claims:
            claim = self.store.claim(trial)
            if not claim.take():
                return False
            self._claims[trial] = claim
        return True

    def _is_there(self, trial: Trial) -> bool:
        """Whether another sweep has run a trial since it was planned; if so it is counted."""
        try:
            outcome = self.store.summary(trial)
        except RecordError:
            return False
        if outcome is None or outcome.status == FAILED:
            return False
        self._count(trial, outcome)
        return True


def _came_back(future: Future[Outcome]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _outcome(future: Future[Outcome]) -> Outcome:
    """What a trial gave, or that the workers would not run it; that they are gone is raised."""
    try:
        return future.result()
    except BrokenExecutor:
        raise
    except CancelledError:
        raise OSError(LOST) from None
    except Exception as error:  # such as a trial of which a cluster lost several workers
        return Outcome(FAILED, f"not run: {type(error).__name__}: {error}")
