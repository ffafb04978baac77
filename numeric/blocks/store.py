"""A table of distances in a Zarr store, written block by block, and gone on with where it was left."""

# zarr annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import errno
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from repdyn.symbolic.arguments import instance

from ..arguments import whole
from .extras import needed
from .source import DistanceSource, blocks, description, told

if TYPE_CHECKING:
    import zarr

_CHECKSUM = 4
"""Bytes of the checksum of a block."""


def write_distances(path: Path, source: DistanceSource, *, block: int = 1024) -> zarr.Array[Any]:
    """Write the distances of all N points into a Zarr store of shape (N, N), in double precision.

    Each block takes its place whole or not at all, with a checksum. Whatever ends this, even ``kill -9``, the same call
    goes on with what is missing: the block in hand is computed again, and any that is damaged. The finished store is,
    bit by bit, that of an undisturbed call. A block that is not there reads as NaN, a damaged one not at all.

    Only the blocks above the diagonal are computed, and mirrored. The memory taken is that of the points and of a few
    blocks. One process writes to a store at a time.

    Args:
        path: a folder, which need not exist.
        source: :class:`RepresentationDistances` or :class:`RichDistances`.
        block: rows and columns of a block; each takes ``8 block^2`` bytes.

    Returns:
        The array, open for reading.

    Raises:
        ModuleNotFoundError: if Zarr is not installed: it is the extra ``store``.
        TypeError: if the path or the source is none.
        ValueError: if the block is no whole number of at least 1, or the store is of other points, other blocks or
            another version; as the source.
        FileExistsError: if something else is at the path.
        OSError: if the disk is too small.

    >>> import tempfile
    >>> from repdyn.numeric import RepresentationDistances, write_distances
    >>> source = RepresentationDistances(np.array([[0.0], [3.0], [5.0]]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = write_distances(Path(folder) / "distances.zarr", source, block=2)
    ...     table.shape, table.chunks, table[2].tolist()
    ((3, 3), (2, 2), [25.0, 4.0, 0.0])
    """
    size, points = whole("block", block, 1), len(instance("source", source, DistanceSource))
    with needed("write_distances", "store"):
        import zarr
        from tqdm import tqdm
        from zarr.storage import MemoryStore
    expected = _made(MemoryStore(), source, size)
    count = blocks(points, size)
    missing = [(i, j) for i in range(count) for j in range(i, count)]
    table = _begun(instance("path", path, Path))
    if table is not None:
        _check_same(path, table, expected)
        missing = _missing(path, table, missing)
    _check_disk(path, sum(1 if i == j else 2 for i, j in missing) * (8 * size**2 + _CHECKSUM), points)
    table = table or _made(path, source, size)
    for i, j in tqdm(missing, desc="distances", unit=" blocks", disable=None, leave=False):
        found = told(source, size, i, j)
        table.set_block_selection((i, j), found)
        if i != j:
            table.set_block_selection((j, i), found.T)
    return zarr.open_array(path, mode="r")


def _made(where: Any, source: DistanceSource, size: int) -> zarr.Array[Any]:
    """A store of the points' distances, without any block; whole blocks of zeros are written too."""
    import zarr
    from zarr.codecs import Crc32cCodec

    return zarr.create_array(
        where,
        shape=(len(source), len(source)),
        chunks=(size, size),
        dtype="float64",
        fill_value=np.nan,
        compressors=[Crc32cCodec()],  # distances hardly get smaller
        attributes=description(source, size),
        zarr_format=3,
        config={"write_empty_chunks": True},
    )


def _begun(path: Path) -> zarr.Array[Any] | None:
    """The store that was begun at a path, without the files that a killed process had not finished."""
    import zarr

    if path.exists() and not path.is_dir():
        raise FileExistsError(f"{path} must be the folder of a store, or not exist, got a file; give another path")
    unfinished = [*path.glob("zarr.*.partial"), *path.glob("c/**/*.partial")]
    others = [x.name for x in path.glob("*") if x not in unfinished]
    try:
        table = zarr.open_array(path, mode="r+", config={"write_empty_chunks": True}) if others else None
    except Exception as error:  # whatever Zarr says of what it cannot read
        raise FileExistsError(
            f"{path} must be the folder of a store, or not exist, got one that holds {min(others)} and is none "
            f"({' '.join(str(error).split())}); give another path"
        ) from None
    for file in unfinished:
        file.unlink()
    return table


def _check_same(path: Path, there: zarr.Array[Any], expected: zarr.Array[Any]) -> None:
    """Refuse to go on with a store of another table, and say what differs."""
    found, asked = dict(there.attrs), dict(expected.attrs)
    unlike = [f"{x} {found.get(x)} where {asked.get(x)} is asked for" for x in asked if found.get(x) != asked[x]]
    if not unlike and _form(there) != _form(expected):
        unlike = ["another form than it was written with"]
    if unlike:
        raise ValueError(
            f"{path} must hold a part of the same table, got one with {', '.join(unlike)}; give another path, or "
            "remove the store"
        )


def _form(table: zarr.Array[Any]) -> Any:
    return table.shape, table.chunks, table.dtype, table.metadata.to_dict().get("codecs")


def _missing(path: Path, table: zarr.Array[Any], asked: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The blocks that are not there whole with their mirror. Damaged ones are said and removed."""
    damaged: list[str] = []

    def is_there(i: int, j: int) -> bool:
        file = path / table.metadata.encode_chunk_key((i, j))
        if not file.exists():
            return False
        try:
            table.get_block_selection((i, j))
        except ValueError:  # its checksum
            damaged.append(f"({i}, {j})")
            file.unlink()
            return False
        return True

    missing = [(i, j) for i, j in asked if not all([is_there(i, j), is_there(j, i)])]
    if damaged:
        warnings.warn(
            f"{path}: blocks {', '.join(damaged)} are damaged and computed again; is the disk sound?", stacklevel=3
        )
    return missing


def _check_disk(path: Path, needed: int, points: int) -> None:
    """Refuse to begin what the disk cannot hold."""
    folder = next(x for x in (path, *path.absolute().parents) if x.is_dir())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(
            errno.ENOSPC,
            f"the distances of {points:,} points must have room on the disk: they take {_size(needed)} more at {path}, "
            f"and {_size(free)} are free; free some, or give another path or fewer points",
        )


def _size(count: int) -> str:
    return f"{count / 2**30:,.3g} GiB"
