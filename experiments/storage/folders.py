"""Folders that are written whole or not at all, and known to be whole by their checksums."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from .files import beside, check_folder_place, successor

MANIFEST = "manifest.json"


class RecordError(ValueError):
    """A file of trajectories or a folder of results that cannot be used as it is."""


@contextmanager
def whole_folder(target: Path, manifest: Mapping[str, Any]) -> Generator[Path]:
    """A temporary folder to write into; with a manifest and checksums it takes the target's place at the end.

    An interruption leaves the target as it was. A kill does, too, but for the moment between two renames: then the
    earlier folder is beside it, and comes back when something is written there again.

    Raises:
        OSError: naming the target, if it or something in it cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as results:
    ...     with whole_folder(Path(results) / "run", {"seed": 3}) as folder:
    ...         _ = (folder / "note.txt").write_text("done")
    ...     check_folder(Path(results) / "run", "note.txt")["seed"]
    3
    """
    check_folder_place(target)
    with successor(target) as folder:
        folder.mkdir()
        yield folder
        sums = {path.name: _digest(path) for path in sorted(folder.iterdir())}
        (folder / MANIFEST).write_text(to_json({**manifest, "sha256": sums}), "utf-8")
        if os.path.lexists(target):
            os.replace(target, beside(target, "old"))
        os.replace(folder, target)


def check_folder(folder: Path, *names: str) -> dict[str, Any]:
    """Check that a folder is whole, and that the files of these names are of it; returns its manifest.

    Raises:
        RecordError: naming the file that is missing or damaged.
    """
    if not (folder / MANIFEST).is_file():
        raise RecordError(f"{folder} has no {MANIFEST}: it is not the folder of a finished run; run the setting again")
    said = read_json(folder / MANIFEST)
    manifest = cast(dict[str, Any], said) if isinstance(said, dict) else {}
    sums = manifest.get("sha256")
    if not isinstance(sums, dict) or not sums or any(not _is_plain(name) for name in cast(dict[str, Any], sums)):
        raise _damaged(folder / MANIFEST)
    check_listed(folder, manifest, *names)
    for name, expected in cast(dict[str, Any], sums).items():
        try:
            if not (folder / name).is_file():
                raise RecordError(f"{folder} is not whole: {name} is missing; run the setting again")
            whole = _digest(folder / name) == expected
        except RecordError:
            raise
        except (OSError, ValueError) as error:
            raise RecordError(
                f"{folder} is not whole: {name} cannot be read ({error}); run the setting again"
            ) from None
        if not whole:
            raise RecordError(f"{folder} is not whole: {name} is not as it was written; run the setting again")
    return manifest


def check_listed(folder: Path, manifest: Mapping[str, Any], *names: str) -> None:
    """Check that files are among those whose checksums a folder's manifest has.

    Raises:
        RecordError: naming the first that is not.
    """
    for name in names:
        if name not in manifest["sha256"]:
            raise RecordError(f"{folder} is not whole: its {MANIFEST} lacks {name}; run the setting again")


def read_json(path: Path) -> Any:
    """What a JSON file of a folder of results says.

    Raises:
        RecordError: if it cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        raise _damaged(path) from None


def _is_plain(name: str) -> bool:
    """Whether a name is that of something in a folder."""
    return name == Path(name).name and name not in ("", "..")


def _damaged(path: Path) -> RecordError:
    return RecordError(f"{path.name} of {path.parent} is damaged; run the setting again")


def to_json(value: Any) -> str:
    """Indented JSON; infinities and what is not a number, which JSON lacks, become text."""
    return json.dumps(_finite(value), indent=2, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in cast(Mapping[str, Any], value).items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast(Sequence[Any], value)]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
