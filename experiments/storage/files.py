"""Files and folders that take their place whole or not at all; what stands in the way is said before the work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from .claims import Claim, claimed

_OURS = ".repdyn"
"""What the names begin with that are used beside a target, and by nobody else."""


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; what is neither file nor folder, such as a pipe, is written to as it is.

    Raises:
        OSError: naming the file, if it cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_file(Path(folder) / "deep" / "note.txt", b"done")
    ...     (Path(folder) / "deep" / "note.txt").read_text()
    'done'
    """
    check_file(path)
    if path.exists() and not path.is_file():
        with _named(path):
            path.write_bytes(content)
        return
    target = Path(os.path.realpath(path))  # a link remains one
    with successor(target) as new:
        new.write_bytes(content)
        os.replace(new, target)


@contextmanager
def successor(target: Path) -> Generator[Path]:
    """A name beside the target for what shall take its place; nobody else writes there, and nothing stays there.

    Raises:
        OSError: naming the target, if something cannot be written.
    """
    with _named(target):
        Path(os.path.realpath(target.parent)).mkdir(parents=True, exist_ok=True)
        tidy(target.parent)
        with claimed(beside(target, "lock")):
            _settle(target)
            try:
                yield beside(target, "new")
            finally:
                _settle(target)


def beside(target: Path, part: str) -> Path:
    """Another name for a target: lock, claim, new or old.

    >>> print(beside(Path("results/page.html"), "new").as_posix())
    results/.repdyn.new.page.html
    """
    return target.with_name(f"{_OURS}.{part}.{target.name}")


def tidy(folder: Path) -> None:
    """Remove what killed processes left in a folder; what they had moved aside and not replaced comes back."""
    for left in list(folder.glob(f"{_OURS}.*.*")):
        _, _, part, name = left.name.split(".", 3)
        target = folder / name
        claim = Claim(left if part == "claim" else beside(target, "lock"))
        with suppress(OSError):  # what is another user's is left
            if claim.take():
                try:
                    if part != "claim":
                        _settle(target)
                finally:
                    claim.give_back()


def check_file(path: Path) -> None:
    """Check, before there is anything to write, that a file can be written.

    Raises:
        OSError: saying what is in the way.
    """
    with _named(path):
        if path.is_dir():
            raise OSError("it is a folder")
        if not path.exists() or path.is_file():
            _check_place(path)


def check_folder_place(path: Path) -> None:
    """As :func:`check_file` of a folder, which may replace one."""
    with _named(path):
        if path.exists() and not path.is_dir():
            raise OSError("it is a file")
        _check_place(path)


def _check_place(path: Path) -> None:
    """Make a lock where the first of what is missing would be, and check the other names."""
    path = first = Path(os.path.realpath(path))
    while not first.parent.exists():
        first = first.parent
    if not first.parent.is_dir():
        raise OSError(f"{first.parent} is a file")
    for target in (path, *(first.with_name(name) for name in path.parts[len(first.parts) :])):
        with suppress(FileNotFoundError):
            os.stat(beside(target, "claim"))  # raises if a name is too long
    claim = Claim(beside(first, "lock"))
    if claim.take():
        claim.give_back()


@contextmanager
def _named(path: Path) -> Generator[None]:
    """Make an error of the system name what was to be written."""
    try:
        yield
    except (_CannotWrite, BrokenPipeError):  # one that names it; one whose reader has read enough
        raise
    except OSError as error:
        raise _CannotWrite(f"{path} cannot be written: {error.strerror or error}") from error


class _CannotWrite(OSError):
    """An error that already names its file."""


def _settle(target: Path) -> None:
    """Leave nothing beside a target; if it is gone, what was moved aside comes back."""
    _remove(beside(target, "new"))
    old = beside(target, "old")
    if old.exists() and not target.exists():
        os.replace(old, target)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
