"""Where trials run: processes of this machine, or an existing Dask cluster."""

# distributed annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Generator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_RETRIES = 5
"""How often Dask gives a trial to another worker when its worker is lost."""


@contextmanager
def local_workers(processes: int) -> Generator[Executor]:
    """So many processes of this machine, with one thread of linear algebra each; they end with this process."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))  # read by a process when it starts
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_parent)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def cluster(address: str) -> Generator[Executor]:
    """The workers of a running Dask scheduler, such as ``tcp://HOST:8786``.

    Raises:
        ModuleNotFoundError: if Dask is not installed.
        OSError: if no scheduler answers there.
    """
    from distributed import Client

    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise OSError(f"no Dask scheduler answers at {address} ({error}); give --scheduler tcp://HOST:PORT") from None
    with client:
        yield client.get_executor(retries=_RETRIES, pure=False)


def _end_with_parent() -> None:
    """A process whose parent was killed would otherwise wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch(sentinel: int = parent.sentinel) -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
