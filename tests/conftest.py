"""How every test draws: no deadlines, since machines are shared, and the same examples each time, or others with
``--seed``. No test touches the user's cache of generated code: all processes of a session share one of their own."""

import os
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import settings

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
    if (seed := config.getoption("--seed")) is not None:
        settings.load_profile("others")
        usual = np.random.default_rng
        np.random.default_rng = lambda of=None: usual([of, seed] if isinstance(of, int) else of)
