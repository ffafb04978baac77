"""How every test draws: no deadlines, since machines are shared, and the same examples each time, or others with
``--seed``. No test touches the user's cache of generated code: all processes of a session share one of their own."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import settings

collect_ignore_glob = ["*conftest.py"]
"""Files like this one have no doctests, and are several of one name."""

settings.register_profile("repdyn", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("others", deadline=None, derandomize=False, database=None, max_examples=100)
settings.load_profile("repdyn")


def pytest_addoption(parser) -> None:
    parser.addoption("--seed", type=int, metavar="N", help="draw other random numbers, the same for the same N")


def pytest_configure(config) -> None:
    if not hasattr(config, "workerinput"):
        folder = TemporaryDirectory(prefix="repdyn-cache-")
        config.add_cleanup(folder.cleanup)
        os.environ["REPDYN_CACHE"] = folder.name
        for name, value in QUICKER.items():
            os.environ.setdefault(name, value)
    if (seed := config.getoption("--seed")) is not None:
        settings.load_profile("others")
        usual = np.random.default_rng
        np.random.default_rng = lambda of=None: usual([of, seed] if isinstance(of, int) else of)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is loaded with the tests stays: Python need not look through it for what can be freed."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


QUICKER = {"OMP_NUM_THREADS": "1", "SYMPY_CACHE_SIZE": "100000"}
"""Cores are shared out among processes: threads of linear algebra would wait for each other. And of what SymPy has
computed it forgets, by default, all but the last thousand of each kind, which a proof needs again."""

FORKS = Path(__file__).with_name("scripts_in_forks.py")
OF_LIGHTNING = ("`isinstance(treespec, LeafSpec)` is deprecated", "The 'train_dataloader' does not have many workers")
"""Warnings of Lightning about itself and about small data, which need no second process."""


@pytest.fixture(scope="session")
def run_script() -> Iterator[Callable[..., str]]:
    """Runs a script in a process and a folder of its own, warnings as errors unless they are to be shown: what went
    wrong, or nothing."""
    ignored = [word for message in OF_LIGHTNING for word in ("-W", f"ignore:{message}")]
    with subprocess.Popen(
        [sys.executable, "-W", "error", *ignored, str(FORKS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "MPLBACKEND": "Agg"},
    ) as process:

        def run(script: Path, folder: Path, warned: str = "as given") -> str:
            process.stdin.write(f"{script}\t{folder}\t{warned}\n")
            process.stdin.flush()
            status, said = process.stdout.readline().strip(), (folder / "said.txt").read_text("utf-8")
            return "" if status == "0" else f"status {status}\n{said}"

        yield run
