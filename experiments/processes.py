"""Work of many like parts, shared out among processes where that is worth their start."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import TypeVar, cast

from joblib import Parallel, cpu_count, delayed
from threadpoolctl import threadpool_limits

Part = TypeVar("Part")
Result = TypeVar("Result")

_WORTH = 4.0
"""Processes are started where more seconds than this are still to go: they take one or two to load what they need."""

_AT_ONCE = 16
"""Parts that a process is given at a time."""


def shared_out(work: Callable[[Part], Result], parts: Sequence[Part], portable: bool) -> Generator[Result]:
    """What some work makes of each part, in their order and the same to the last bit, whoever does it.

    The first parts are done here. Where the pace so far leaves more than a few seconds to go, the others are done by
    as many processes as there are cores, unless this is itself a process that another one started, which shares its
    cores out. They do not import the script that is run (joblib's loky), which therefore needs no ``__main__`` guard;
    a fork would inherit the threads of torch in whatever state they are.

    Args:
        work: a function of a module, or a partial of one, of what can be pickled.
        parts: what can be pickled.
        portable: whether it all can, or is to be done here.
    """
    begun, done = 0.0, 0
    with threadpool_limits(1, user_api="blas"):  # sums in one order, on any number of cores
        for part in parts:
            if done == 1:  # the first also loads what it needs
                begun = time.perf_counter()
            elif done and portable and _may_start_processes():
                pace = (time.perf_counter() - begun) / (done - 1)
                if pace * (len(parts) - done) > _WORTH:
                    break
            yield work(part)
            done += 1
    if done < len(parts):
        yield from _by_processes(work, parts[done:])


def _may_start_processes() -> bool:
    return multiprocessing.parent_process() is None and cpu_count() > 1


def _by_processes(work: Callable[[Part], Result], parts: Sequence[Part]) -> Generator[Result]:
    parallel = Parallel(
        n_jobs=cpu_count(), backend="loky", return_as="generator", max_nbytes=None, initializer=_leave_interruptions
    )
    chunks = parallel(
        delayed(_worked)(work, chunk) for chunk in (parts[i : i + _AT_ONCE] for i in range(0, len(parts), _AT_ONCE))
    )
    with closing(cast(Generator[list[Result]], chunks)) as found:
        for chunk in found:
            yield from chunk


def _worked(work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
    with threadpool_limits(1, user_api="blas"):
        return [work(part) for part in parts]


def _leave_interruptions() -> None:
    """An interruption of the terminal is for the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
