"""What is recorded of the paper's experiments, in ``recorded.toml``: only ever set beside what is measured."""

from __future__ import annotations

import math
import tomllib
from functools import cache
from importlib import resources
from typing import Any

from .spread import number


@cache
def recorded() -> dict[str, Any]:
    """The recorded numbers by study; the file says where each is from.

    >>> recorded()["trajectories"]["default"]["sse"]
    1.56
    """
    return tomllib.loads((resources.files("repdyn.experiments.studies") / "recorded.toml").read_text("utf-8"))


def beside_recorded(error: float, known: float, factor: float) -> tuple[bool | None, str]:
    """Whether an error is at most so many times the recorded one, and how it stands beside it, in words.

    An error smaller than the recorded one is no disagreement, however small. None if there is no error to judge.

    >>> beside_recorded(0.2, 1.0, 2.0), beside_recorded(1.5, 1.0, 2.0)[0], beside_recorded(3.0, 1.0, 2.0)
    ((True, '0.2 times the recorded one: smaller'), True, (False, '3 times the recorded one: more than 2 times'))
    """
    if math.isnan(error):
        return None, "no number to set beside the recorded one"
    ratio = error / known
    more = ": smaller" if ratio < 1 else "" if ratio <= factor else f": more than {factor:g} times"
    return ratio <= factor, f"{number(ratio)} times the recorded one{more}"
