"""Generated code, kept between processes, so that the next one need neither derive nor load SymPy.

It is kept in ``$REPDYN_CACHE``, else in ``$XDG_CACHE_HOME/repdyn``, else in ``~/.cache/repdyn``, and may be deleted at
any time. What is read there is executed: a folder that belongs to another user, or that others may write to, is left
alone. No state of the folder is an error; what cannot be read is generated again.
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
    """What was written under the name, or None if there is nothing whole."""
    try:
        folder = _folder()
        if not _is_safe(folder):
            return None
        found = json.loads((folder / f"{name}.json").read_text("utf-8"))
        return found["record"] if found["checksum"] == _checksum(name, found["record"]) else None
    except (OSError, RuntimeError, ValueError, KeyError, TypeError):
        return None


def write(name: str, record: Record) -> None:
    """Keep a record under the name, whole or not at all."""
    try:
        folder = _folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_safe(folder):
            return
        with TemporaryDirectory(prefix="part-", dir=folder) as part:
            whole = Path(part) / "record"
            whole.write_text(json.dumps({"checksum": _checksum(name, record), "record": record}), "utf-8")
            os.replace(whole, folder / f"{name}.json")
    except (OSError, RuntimeError):  # a runtime error: the user has no home
        return


def _folder() -> Path:
    if own := os.environ.get("REPDYN_CACHE"):
        return Path(own).expanduser()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path("~/.cache").expanduser()) / "repdyn"


def _is_safe(folder: Path) -> bool:
    """Whether nobody else can have put anything into the folder; Windows sees to that by itself."""
    if sys.platform == "win32":
        return True
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _checksum(name: str, record: Record) -> str:
    return key(name, json.dumps(record, sort_keys=True))
