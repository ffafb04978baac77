"""``repdyn reproduce``: the studies of the paper, run as far as their results are missing."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from .choice import add_choice, chosen

if TYPE_CHECKING:
    from ..sweep.plan import Plan
    from ..sweep.store import Store


def add(commands: Any) -> None:
    """Add the command to the parser."""
    reproduce = commands.add_parser("reproduce", help="run the studies of the paper, as far as results are missing")
    add_choice(reproduce)
    reproduce.add_argument(
        "--processes", type=int, default=_cores(), metavar="N", help="of this machine (default: one a core)"
    )
    reproduce.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, tcp://HOST:PORT, instead")
    reproduce.add_argument("--dry-run", action="store_true", help="show what would be run and about how long it takes")
    reproduce.set_defaults(action=_reproduce)


def _reproduce(options: argparse.Namespace, _: list[str]) -> int:
    from ..sweep.outcome import FAILED
    from ..sweep.plan import plan
    from ..sweep.store import Store
    from ..sweep.sweep import sweep
    from ..sweep.workers import cluster_workers, local_workers

    workers = cluster_workers(options.scheduler) if options.scheduler else local_workers(options.processes)
    store = Store(options.store)
    if not options.dry_run:
        store.tidy()
    planned = plan([trial for study in chosen(options) for trial in study.trials()], store)
    for reason in planned.damaged:
        print(f"to be done again: {reason}")
    if options.dry_run:
        print(_listing(planned, options.processes))
        return 0
    ended = sweep(planned, store, workers)
    counts = ", ".join(f"{number} {status}" for status, number in sorted(ended.items())) or "nothing was missing"
    print(f"{len(planned.trials)} trials in {options.store}: {counts}")
    if ended[FAILED]:
        if options.traceback:
            _print_tracebacks(planned, store)
        print("repdyn: what failed is tried again by the same command; --traceback shows where", file=sys.stderr)
    return 1 if ended[FAILED] else 0


def _print_tracebacks(planned: Plan, store: Store) -> None:
    """Where the errors came from by which trials failed."""
    for trial in planned.missing:
        outcome = store.summary(trial)
        if outcome is not None and outcome.traceback:
            print(f"{trial.label}:\n{outcome.traceback}", file=sys.stderr)


def _cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _listing(planned: Plan, processes: int) -> str:
    """What is missing, and about how long it takes."""
    lines = [
        f"{trial.label:<48} {'roughly' if trial in planned.guessed else 'about'} {planned.seconds[trial]:.0f} s"
        for trial in planned.missing
    ]
    total = f"{len(planned.missing)} of {len(planned.trials)} trials are missing"
    if planned.missing:
        minutes = sum(planned.seconds.values()) / processes / 60
        total += f"; about {minutes:.0f} min with {processes} processes, by earlier trials"
    if planned.guessed:
        total += f" but for {len(planned.guessed)} of a kind never run here, which are a rough guess"
    return "\n".join([*lines, total])
