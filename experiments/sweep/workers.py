"""Where trials run: processes of this machine, or an existing Dask cluster."""

# distributed annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from typing import cast

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Pool:
    """What trials are given to.

    Attributes:
        executor: runs them.
        at_once: the most that it is given before the first comes back, as it is now; they hold what they start from.
    """

    executor: Executor
    at_once: Callable[[], int]


ANSWERS_WITHIN = 5.0
"""Seconds after which a scheduler does not answer."""

LOST = "the scheduler was lost; what was finished is kept, run the same command again"

Workers = Callable[[], AbstractContextManager[Pool]]
"""What gives a pool, and takes it back."""


def local_workers(processes: int) -> Workers:
    """So many processes of this machine, with one thread of linear algebra each; they end with this process.

    Raises:
        ValueError: if there is to be no process.
    """
    if processes < 1:
        raise ValueError(f"there must be at least 1 process, got {processes}")
    _start_tracker()
    return partial(_local, processes)


def cluster_workers(address: str) -> Workers:
    """The workers of a running Dask scheduler, such as ``tcp://HOST:8786``."""
    return partial(_cluster, address)


@contextmanager
def _local(processes: int) -> Generator[Pool]:
    others = set(multiprocessing.active_children())
    with _environment(dict.fromkeys(_THREAD_VARIABLES, "1")):
        executor = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare)
        try:
            yield Pool(executor, lambda: processes)
        except BaseException:  # nobody waits for what is running
            for child in set(multiprocessing.active_children()) - others:
                child.kill()  # Lightning would put off a request to end
            raise
        finally:
            executor.shutdown(cancel_futures=True)


def _start_tracker() -> None:
    """Start the process that frees the semaphores of processes that were killed, so that it does it without a word."""
    if sys.platform != "win32":
        from multiprocessing import resource_tracker

        rules = [*filter(None, [os.environ.get("PYTHONWARNINGS")]), "ignore:resource_tracker"]
        with _environment({"PYTHONWARNINGS": ",".join(rules)}):
            resource_tracker.ensure_running()


@contextmanager
def _environment(variables: Mapping[str, str]) -> Generator[None]:
    """Give variables to the processes that are started inside."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _cluster(address: str) -> Generator[Pool]:
    """Raises ModuleNotFoundError without Dask, OSError if no scheduler answers or it is lost."""
    from distributed import Client

    with _silent_dask():
        try:
            client = Client(address, timeout=ANSWERS_WITHIN)
        except (OSError, ValueError) as error:
            words = f"no Dask scheduler answers at {address} ({error}); give --scheduler tcp://HOST:PORT"
            raise OSError(words) from None

        def twice_the_threads() -> int:
            return 2 * max(1, sum(cast(dict[str, int], client.nthreads()).values()))

        try:
            yield Pool(client.get_executor(pure=False), twice_the_threads)
        except Exception:  # whatever a client without a scheduler raises
            if client.status == "running":
                raise
            raise OSError(LOST) from None
        finally:
            with suppress(Exception):  # a scheduler that is lost at the end was not needed any more
                client.close(timeout=2)


@contextmanager
def _silent_dask() -> Generator[None]:
    """Keep Dask's own account of a lost scheduler, many lines, from standing above ours."""
    names = [
        name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "tornado", "asyncio")
    ]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _end(*_: object) -> None:
    os._exit(1)


def _prepare() -> None:
    """Make a new process leave interruptions to its parent, and end at once when it is told to, or when that does, even
    if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)  # Lightning, which handles it too, calls the handler that it finds
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch(sentinel: int = parent.sentinel) -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
