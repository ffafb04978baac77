"""Memory that the gradients of one step leave to those of the next."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Of ``mallopt``, by its documentation."""

_KEPT = 2**28
"""Bytes that may stay with the process: the gradients of any network here."""

_LARGEST = 2**25
"""Bytes of the largest allocation that glibc lets come from what is kept."""


def keep_freed_memory() -> None:
    """Let the C library keep what is freed, where it is glibc; elsewhere nothing is done.

    PyTorch frees all gradients before each step. Where they happen to lie at the end of the heap glibc gives them back
    to the operating system, which hands them out again page by page, all of them zeroed: a step of the default network
    then takes twice the time. It changes no number.

    >>> keep_freed_memory()
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _KEPT)
