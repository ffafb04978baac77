"""Claims: what one process has at a time, and loses when it ends, however it ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

_PAUSE = 0.05
"""Seconds between two tries."""


class Claim:
    """A lock on a file, which is there as long as somebody has the claim; a killed process leaves it behind, unlocked.

    Processes of several machines see each other's claims if the file system they share has locks (NFS: with its lock
    service).

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mine, other = Claim(Path(folder) / "claim"), Claim(Path(folder) / "claim")
    ...     mine.take(), other.take()
    ...     mine.give_back()
    ...     other.take()
    ...     other.give_back()
    (True, False)
    True
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take the claim; False if somebody has it.

        Raises:
            OSError: if the file cannot be made, or not be locked.
        """
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                locked = _lock(descriptor)
                # Whoever had it may have removed the file between the two lines above.
                if locked and self.path.exists() and os.path.samestat(os.fstat(descriptor), self.path.stat()):
                    self._descriptor, descriptor = descriptor, None
                    return True
            except FileNotFoundError:
                continue
            except OSError as error:
                raise OSError(
                    f"{self.path.parent} is on a file system without locks ({error.strerror}); use another one"
                ) from None
            finally:
                if descriptor is not None:
                    os.close(descriptor)
            if not locked:
                return False

    def give_back(self) -> None:
        """Let others have it."""
        if self._descriptor is not None:
            with suppress(OSError):  # Windows keeps a file that is open; the next claim removes it
                self.path.unlink()
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def claimed(path: Path) -> Generator[None]:
    """Have a claim for as long as it takes, after waiting for it."""
    claim = Claim(path)
    while not claim.take():
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        claim.give_back()


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        return True
