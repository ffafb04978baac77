"""Generated code, kept between processes, so that the next one need neither derive nor load SymPy.

It is kept in ``$REPDYN_CACHE``, else in ``$XDG_CACHE_HOME/repdyn``, else in ``~/.cache/repdyn``, and may be deleted at
any time. What is read there is executed, as Python executes its own ``__pycache__``. Formulas kept as data would need
a second generator that does without SymPy, and who could write them could forge every number all the same: what
matters is who can have written. So the folder and each file in it must be the user's and closed to the writing of
others, and whatever leads to the folder must be the user's or root's and either closed or, like ``/tmp``, sticky. No
state of the folder is an error; what cannot be read, or must not be, is generated again.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Record = Mapping[str, Any]

_LARGEST = 2**24
"""Bytes of a file beyond which it is no record: those of this package's theories take less than a hundredth of it."""

_OTHERS = stat.S_IWGRP | stat.S_IWOTH
"""The right to write of all but the owner."""

_ITSELF = 0 if sys.platform == "win32" else os.O_NOFOLLOW | os.O_NONBLOCK
"""How a file is opened: no link is followed and no pipe is waited for."""


def key(*parts: str) -> str:
    """A name for what is determined by the parts, in their order.

    >>> key("two_point", "solution") == key("two_pointsolution")
    False
    """
    return sha256(json.dumps(parts).encode()).hexdigest()


def fingerprint(*folders: Path) -> str:
    """A hash of the Python files in the folders and below them, and of the versions of the package and of SymPy."""
    versions = [metadata.version(name) for name in ("repdyn", "sympy")]
    files = ((f"{i}/{path.relative_to(folder)}", path) for i, folder in enumerate(folders) for path in _files(folder))
    return key(*versions, *(part for name, path in files for part in (name, sha256(path.read_bytes()).hexdigest())))


def _files(folder: Path) -> Iterable[Path]:
    return sorted(folder.rglob("*.py"))


def read(name: str) -> Record | None:
    """What was written under the name, or None if there is nothing whole that only the user can have written."""
    try:
        folder = _folder()
        if not _is_safe(folder):
            return None
        found = json.loads(_bytes(folder / f"{name}.json"))
        record: Record = found["record"]
        return record if found["checksum"] == _checksum(name, record) else None
    except (OSError, RuntimeError, ValueError, KeyError, TypeError):  # a runtime error: there is no end to the nesting
        return None


def write(name: str, record: Record) -> None:
    """Keep a record under the name, whole or not at all."""
    try:
        folder = _folder()
        for path in (*reversed(folder.parents), folder):
            path.mkdir(mode=0o700, exist_ok=True)
        if not _is_safe(folder):
            return
        text = json.dumps({"checksum": _checksum(name, record), "record": record})
        with TemporaryDirectory(prefix="part-", dir=folder) as part:
            whole = Path(part) / "record"
            with open(whole, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(text)
            os.replace(whole, folder / f"{name}.json")
    except (OSError, RuntimeError):  # a runtime error: the user has no home
        return


def _folder() -> Path:
    if own := os.environ.get("REPDYN_CACHE"):
        return Path(own).expanduser().absolute()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path("~/.cache").expanduser()).absolute() / "repdyn"


def _bytes(path: Path) -> bytes:
    """What is in a file of the user's own. The file that is looked at is the one that is read."""
    with open(path, "rb", opener=lambda path, flags: os.open(path, flags | _ITSELF)) as file:
        status = os.fstat(file.fileno())
        if not (stat.S_ISREG(status.st_mode) and _is_own(status) and status.st_size <= _LARGEST):
            raise PermissionError(f"{path} is no record that only the user can have written")
        return file.read()


def _is_safe(folder: Path) -> bool:
    """Whether only the user can have put anything into the folder, or the folder where it is."""
    return _leads(folder) and _is_own(folder.stat())


def _is_own(status: os.stat_result) -> bool:
    """Whether it is the user's, under no rights but his own, and closed to others; Windows sees to that by itself."""
    if sys.platform == "win32":
        return True
    return status.st_uid == os.getuid() == os.geteuid() and not status.st_mode & _OTHERS


def _leads(path: Path) -> bool:
    """Whether nobody but the user and root can put another folder where this one is, nor where any link on the way is.

    Each name is looked at after the folder that it stands in, so that it cannot change once it was looked at.
    """
    if sys.platform == "win32":
        return True
    if path != path.parent and not _leads(path.parent):
        return False
    status = path.lstat()
    if status.st_uid not in (0, os.getuid()):
        return False
    if stat.S_ISLNK(status.st_mode):
        return _leads(path.parent / path.readlink())
    return stat.S_ISDIR(status.st_mode) and bool(status.st_mode & stat.S_ISVTX or not status.st_mode & _OTHERS)


def _checksum(name: str, record: Record) -> str:
    return key(name, json.dumps(record, sort_keys=True))
