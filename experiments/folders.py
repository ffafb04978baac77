"""Folders that are written whole or not at all, and known to be whole by their checksums."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

MANIFEST = "manifest.json"


class RecordError(ValueError):
    """A file of trajectories or a folder of results that cannot be used as it is."""


@contextmanager
def whole_folder(target: Path, manifest: Mapping[str, Any]) -> Generator[Path]:
    """A temporary folder to write into; with a manifest and checksums it takes the target's place at the end.

    An interruption leaves the target as it was, whole, or (between two renames) absent.

    >>> with tempfile.TemporaryDirectory() as results:
    ...     with whole_folder(Path(results) / "run", {"seed": 3}) as folder:
    ...         _ = (folder / "note.txt").write_text("done")
    ...     check_folder(Path(results) / "run")["seed"]
    3
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield folder
        sums = {path.name: _digest(path) for path in sorted(folder.iterdir())}
        (folder / MANIFEST).write_text(to_json({**manifest, "sha256": sums}), "utf-8")
        folder.chmod(0o755)
        _replace(folder, target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _replace(folder: Path, target: Path) -> None:
    """Put ``folder`` in the place of ``target``."""
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
        os.replace(target, old / "run")
        try:
            os.replace(folder, target)
        except BaseException:
            os.replace(old / "run", target)
            raise
        finally:
            shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(folder, target)


def check_folder(folder: Path) -> dict[str, Any]:
    """Check that a folder is whole; returns its manifest.

    Raises:
        RecordError: naming the file that is missing or damaged.
    """
    if not (folder / MANIFEST).is_file():
        raise RecordError(f"{folder} has no {MANIFEST}: it is not the folder of a finished run; run the setting again")
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        expected_digests: dict[str, str] = manifest["sha256"]
        for name, expected in expected_digests.items():
            path = folder / name
            if not path.is_file():
                raise RecordError(f"{folder} is not whole: {name} is missing; run the setting again")
            if _digest(path) != expected:
                raise RecordError(f"{folder} is not whole: {name} is not as it was written; run the setting again")
    except RecordError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RecordError(f"{MANIFEST} of {folder} is damaged; run the setting again") from None
    return manifest


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
