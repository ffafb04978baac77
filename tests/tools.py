"""Programs that some tests run: a browser, a C compiler, node, LaTeX."""

import os
import shutil

import pytest


def find(*names: str) -> str:
    """The first of these programs that is here. Without any the test is skipped and the summary says so; it fails if
    ``REPDYN_REQUIRE_TOOLS`` names one of them, or is ``all``, as where changes are checked."""
    for name in names:
        if found := shutil.which(name):
            return found
    required = os.environ.get("REPDYN_REQUIRE_TOOLS", "").split()
    if "all" in required or set(names) & set(required):
        pytest.fail(f"there is no {names[0]} here, and REPDYN_REQUIRE_TOOLS asks for it")
    pytest.skip(f"there is no {names[0]} here")
