"""What is installed beside the package, and the words that say so where it is not."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def needed(what: str, extra: str) -> Generator[None]:
    """Import inside what something needs of an extra.

    Raises:
        ModuleNotFoundError: naming the extra, if it is not installed.

    >>> with needed("counting", "abacus"):
    ...     import nosuch
    Traceback (most recent call last):
    ModuleNotFoundError: counting needs nosuch, which is not installed: pip install 'repdyn[abacus]'
    """
    try:
        yield
    except ModuleNotFoundError as error:
        words = f"{what} needs {error.name}, which is not installed: pip install 'repdyn[{extra}]'"
        raise ModuleNotFoundError(words, name=error.name) from error
