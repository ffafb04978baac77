"""What is recorded of the paper's experiments, in ``recorded.toml``: only ever set beside what is measured."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def recorded() -> dict[str, Any]:
    """The recorded numbers by study; the file says where each is from.

    >>> recorded()["trajectories"]["default"]["sse"]
    1.56
    """
    return tomllib.loads((resources.files("repdyn.experiments.studies") / "recorded.toml").read_text("utf-8"))
