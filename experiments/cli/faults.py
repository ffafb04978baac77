"""What ends a command: an answer to what the user gave, or a fault of this package."""

from __future__ import annotations

import dis
import traceback

_RAISE = dis.opmap["RAISE_VARARGS"]


def is_answer(error: Exception) -> bool:
    """Whether an error is an answer to what the user gave: one that this package raises, or the system's.

    The same kinds of error from anywhere else, such as a library that was called wrongly, are faults.

    >>> from repdyn.experiments import find_setting
    >>> for cause in (find_setting, int):
    ...     try:
    ...         cause("one")
    ...     except ValueError as error:
    ...         is_answer(error)
    True
    False
    """
    if isinstance(error, OSError):
        return True
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None or not isinstance(error, ValueError | ArithmeticError):
        return False
    ours = str(last.tb_frame.f_globals.get("__name__", "")).startswith("repdyn.")
    return ours and last.tb_frame.f_code.co_code[last.tb_lasti] == _RAISE


def fault(error: Exception) -> str:
    """What is said of a fault: the error and where it came from."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return (
        f"this is a fault of repdyn ({said}, in {frame.name}, line {frame.lineno} of {frame.filename}): "
        "please report it with the command and what --traceback shows"
    )
