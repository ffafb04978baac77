"""Where trials run: processes of this machine, or an existing Dask cluster."""

# distributed annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait

_AT_ONCE = 1000
"""Trials that a cluster is given: more than it has workers, few enough for the memory of the scheduler."""

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Workers:
    """Where trials run.

    Attributes:
        start: gives an executor, and takes it back.
        at_once: the most trials that are given to it before the first comes back.
    """

    start: Callable[[], AbstractContextManager[Executor]]
    at_once: int


def local_workers(processes: int) -> Workers:
    """So many processes of this machine, with one thread of linear algebra each; they end with this process.

    Raises:
        ValueError: if there is to be no process.
    """
    if processes < 1:
        raise ValueError(f"there must be at least 1 process, got {processes}")
    return Workers(partial(_local, processes), processes)


def cluster_workers(address: str) -> Workers:
    """The workers of a running Dask scheduler, such as ``tcp://HOST:8786``."""
    return Workers(partial(_cluster, address), _AT_ONCE)


@contextmanager
def _local(processes: int) -> Generator[Executor]:
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))  # read by a process when it starts
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare)
    try:
        yield executor
    except BaseException:  # nobody waits for what is running
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _cluster(address: str) -> Generator[Executor]:
    """Raises ModuleNotFoundError without Dask, OSError if no scheduler answers."""
    from distributed import Client

    try:
        client = Client(address, timeout=5)
    except (OSError, ValueError) as error:
        raise OSError(f"no Dask scheduler answers at {address} ({error}); give --scheduler tcp://HOST:PORT") from None
    with client:
        yield client.get_executor(pure=False)


def _prepare() -> None:
    """Make a new process leave interruptions to its parent, and end when that does, even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch(sentinel: int = parent.sentinel) -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
