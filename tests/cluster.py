"""Processes of a Dask cluster on the loopback interface, and waiting for what other processes do."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

WORKER = ("worker", "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
SCHEDULER = ("scheduler", "--host", "127.0.0.1", "--port", "0")


@contextmanager
def dask(folder: Path, command: str, *options: str) -> Iterator[subprocess.Popen]:
    """A Dask process on the loopback interface."""
    arguments = [command, "--scheduler-file", str(folder / "scheduler.json"), "--no-dashboard", *options]
    with open(folder / f"{command}.log", "ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "dask", *arguments], stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def address(folder: Path) -> str:
    """Where the scheduler of a folder answers, as soon as it has said so to the end."""
    file = folder / "scheduler.json"
    wait_until(lambda: file.exists() and file.read_text().endswith("\n}"))
    return json.loads(file.read_text())["address"]


def wait_until(condition: Callable[[], bool], process: subprocess.Popen | None = None) -> None:
    """Wait for what a process does, which must not end before."""
    deadline = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        assert process is None or process.poll() is None, "it ended too soon"
        time.sleep(0.02)
