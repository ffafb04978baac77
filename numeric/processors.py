"""How many threads a computation may take."""

import os


def processors() -> int:
    """As many as ``OMP_NUM_THREADS`` says, otherwise those that this process may use; 1 at least.

    >>> processors() >= 1
    True
    """
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdecimal():
        return max(int(wanted), 1)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
