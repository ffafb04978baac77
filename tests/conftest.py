"""How every test draws: no deadlines, since machines are shared, and the same examples each time. No test touches the
user's cache of generated code: all processes of a session share one of their own."""

import os
from tempfile import TemporaryDirectory

from hypothesis import settings

settings.register_profile("repdyn", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("repdyn")


def pytest_configure(config) -> None:
    if not hasattr(config, "workerinput"):
        folder = TemporaryDirectory(prefix="repdyn-cache-")
        config.add_cleanup(folder.cleanup)
        os.environ["REPDYN_CACHE"] = folder.name
