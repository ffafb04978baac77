"""A sweep: the missing trials of a plan, run wherever there are workers, and kept as they come in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager

from tqdm import tqdm

from .outcome import FAILED, FINISHED, Outcome
from .plan import Plan
from .store import Store
from .trial import Trial, run_trial

_ATTEMPTS = 3
"""How often workers may be lost while a trial runs before it is recorded as failed."""


def sweep(plan: Plan, store: Store, workers: Callable[[], AbstractContextManager[Executor]]) -> Counter[str]:
    """Run the missing trials of a plan, each as soon as what it needs is there; counts how they ended.

    Every outcome is kept as soon as it comes in. Where workers are lost, what they ran is run again; after three
    such losses a trial is recorded as failed.
    """
    waiting = dict.fromkeys(plan.missing)
    ended: Counter[str] = Counter()
    losses: Counter[Trial] = Counter()
    with tqdm(total=sum(_weight(plan, x) for x in waiting), desc="trials", disable=None, bar_format=_BAR) as bar:

        def keep(trial: Trial, outcome: Outcome) -> None:
            store.write(trial, outcome)
            del waiting[trial]
            ended[outcome.status] += 1
            if outcome.status != FINISHED:
                bar.write(f"{trial.label} {outcome.status}: {outcome.reason}")
            bar.set_postfix_str(f"{len(plan.missing) - len(waiting)}/{len(plan.missing)}: {trial.label}", refresh=False)
            bar.update(_weight(plan, trial))

        while waiting:
            running: dict[Future[Outcome], Trial] = {}
            try:
                with workers() as executor:
                    _run(executor, store, waiting, running, keep)
            except BrokenExecutor:
                losses.update(trial for trial in running.values() if trial in waiting)
                for trial in [x for x in waiting if losses[x] >= _ATTEMPTS]:
                    keep(trial, Outcome(FAILED, f"its process was lost {_ATTEMPTS} times; is there enough memory?"))
    return ended


_BAR = "{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left {postfix}"


def _weight(plan: Plan, trial: Trial) -> float:
    """The share of a trial in the bar: its estimated time."""
    return plan.seconds[trial] or 1.0


def _run(
    executor: Executor,
    store: Store,
    waiting: dict[Trial, None],
    running: dict[Future[Outcome], Trial],
    keep: Callable[[Trial, Outcome], None],
) -> None:
    """Run what waits until nothing does or the executor breaks; ``running`` shows what is on its way."""
    submitted: set[Trial] = set()
    while waiting:
        for trial in waiting:
            if trial not in submitted and not any(needed in waiting for needed in trial.needs):
                needed = [store.outcome(x) for x in trial.needs]
                running[executor.submit(run_trial, trial, trial.digest, *needed)] = trial
                submitted.add(trial)
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            keep(running[future], future.result())
            del running[future]
