"""Matplotlib, loaded whatever ``MPLBACKEND`` says: a notebook exports its own backend to all that it starts, also to a
Python that lacks it, where matplotlib would refuse to be loaded. To be imported before anything that loads it, as
Lightning does. Figures here are written to files, which needs none."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def _load() -> None:
    """Load matplotlib and give it the backend that the variable names if there is one, as it would do itself."""
    name = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib as mpl
    except ModuleNotFoundError:
        return
    finally:
        if name is not None:
            os.environ["MPLBACKEND"] = name
    if name:
        with suppress(ValueError):
            mpl.rcParams["backend"] = name


if "matplotlib" not in sys.modules:
    _load()
