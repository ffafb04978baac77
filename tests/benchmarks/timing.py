"""Times of two functions, taken in turns, so that whatever else the machine does falls on both."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from resource import RUSAGE_CHILDREN, getrusage
from time import process_time

import numpy as np

LEAST = 2e-3
"""Seconds of one measurement: a function that takes less is called several times in it."""


@dataclass(frozen=True)
class Spread:
    """The median of what was measured, and its quartiles."""

    median: float
    quartiles: tuple[float, float]

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        low, median, high = (float(x) for x in np.quantile(values, [0.25, 0.5, 0.75]))
        return cls(median, (low, high))


def ratio(
    subject: Callable[[], object],
    against: Callable[[], object],
    turns: int,
    clock: Callable[[], float] = process_time,
) -> Spread:
    """The time of the subject in units of that of the other; each turn is one ratio, and begins with the other one.

    Args:
        subject: what is measured.
        against: what it is measured against.
        turns: how often both are.
        clock: of processor time, or of time if several processors work.
    """
    functions = (subject, against)
    calls = [_calls(function, clock) for function in functions]
    found = []
    for turn in range(turns):
        times = [0.0, 0.0]
        for which in (0, 1) if turn % 2 else (1, 0):
            begin = clock()
            for _ in range(calls[which]):
                functions[which]()
            times[which] = (clock() - begin) / calls[which]
        found.append(times[0] / times[1])
    return Spread.of(found)


def _calls(function: Callable[[], object], clock: Callable[[], float]) -> int:
    """How many calls one measurement takes; what is loaded or compiled by a first one is none of it."""
    function()
    begin = clock()
    function()
    return max(1, round(LEAST / max(clock() - begin, 1e-7)))


def seconds(function: Callable[[], object], turns: int, clock: Callable[[], float] = process_time) -> Spread:
    """The time of a function."""
    found = []
    calls = _calls(function, clock)
    for _ in range(turns):
        begin = clock()
        for _ in range(calls):
            function()
        found.append((clock() - begin) / calls)
    return Spread.of(found)


def of_python(code: str, turns: int, beyond: str | None = None) -> Spread:
    """What a Python that runs some code takes, or what it takes beyond one that runs other code, in turns."""
    found = []
    for _ in range(turns):
        took = run_python(code)
        found.append(took - run_python(beyond) if beyond is not None else took)
    return Spread.of(found)


def run_python(code: str, **environment: str) -> float:
    """Processor time of a Python that runs some code, with what it starts."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **environment}
    )
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
