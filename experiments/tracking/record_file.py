"""A file to which records are written as they come: a stream of Arrow record batches, one a record."""

# pyarrow annotates nothing:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from repdyn.symbolic.arguments import shown

from ..storage.folders import RecordError
from .table import CONSTANTS, COUNTED, KEYS, STEP

Array = NDArray[np.float64]

SUFFIX = ".arrows"
"""Of streams of Arrow, as registered."""

_FACTS = b"repdyn"

_NUMBERS = ("dy2", "w", "loss")


@dataclass(frozen=True)
class Written:
    """What a file of records holds.

    Attributes:
        facts: what it says of itself: ``identity`` of what was followed, ``layers``, ``counted``.
        steps: of each whole record.
        labels: of the pairs.
        values: of each record, shape (pairs, 3 + layers): dy2, w, the loss, one dh2 a layer.
        constants: squared distances of the inputs and targets, each of shape (pairs,); None without a record.
        ends: where the head and each record end in the file, in bytes.
    """

    facts: dict[str, Any]
    steps: list[int]
    labels: list[str]
    values: list[Array]
    constants: tuple[Array, Array] | None
    ends: list[int]


class RecordFile:
    """The file of one recorder.

    A record is in the hands of the operating system before training goes on: of a process that is killed nothing is
    lost but a record that was being written, which whoever reads the file leaves out.

    Args:
        path: of a file that ends in ``.arrows``.

    Raises:
        TypeError: if it is no path.
        ValueError: if it ends otherwise.
    """

    def __init__(self, path: str | Path) -> None:
        if not isinstance(path, str | os.PathLike):  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
            raise TypeError(f"file must be a path, got {shown(path)}")
        self.path = Path(path)
        if self.path.suffix != SUFFIX:
            raise ValueError(f"file must end in {SUFFIX}, as streams of Arrow do, got {shown(str(path))}")

    def begin(self, records: int, facts: dict[str, Any]) -> None:
        """Keep so many records of those that are there; of none make a new file.

        Raises:
            ValueError: if there are fewer, or a file is there that should be new.
        """
        if records:
            written = self.read(facts["identity"], records)
            os.truncate(self.path, written.ends[records])
            return
        if self.path.exists():
            raise ValueError(
                f"there is a file {self.path} already, whose training is not resumed here: resume from a checkpoint "
                "that belongs to it, or give another file"
            )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(_schema(facts).serialize().to_pybytes())

    def append(self, facts: dict[str, Any], step: int, labels: tuple[str, ...], columns: list[Array]) -> None:
        """Write one record: dy2, w, the loss, one dh2 a layer and dx2 and dy2_target, each of shape (pairs,)."""
        arrays = [pa.array(np.full(len(labels), step)), pa.array(labels, pa.string()), *map(pa.array, columns)]
        record = pa.record_batch(arrays, schema=_schema(facts)).serialize().to_pybytes()
        with self.path.open("ab", buffering=0) as file:
            file.write(record)

    def read(self, identity: str, records: int = 0) -> Written:
        """What the file holds.

        Args:
            identity: of what is followed.
            records: how many there must be.

        Raises:
            ValueError: if there is no such file, it is of others, or holds fewer records.
        """
        if not self.path.is_file():
            raise ValueError(f"there is no file {self.path}, to which the {records} records were written; put it back")
        try:
            written = read_records(self.path)
        except RecordError as error:
            raise ValueError(str(error)) from None
        if written.facts["identity"] != identity:
            raise ValueError(f"{self.path} holds the records of other pairs or layers than are followed here")
        if len(written.steps) < records:
            raise ValueError(
                f"{self.path} holds {len(written.steps)} records and the checkpoint counts {records}: it is not the "
                "file that was written, or was cut"
            )
        return written


def read_records(path: Path) -> Written:
    """The whole records in a file, without one that was cut off.

    Raises:
        RecordError: if it is not a file of records.
    """
    steps, values, ends = list[int](), list[Array](), list[int]()
    labels: list[str] = []
    constants: tuple[Array, Array] | None = None
    with pa.OSFile(str(path), "rb") as file:
        try:
            schema = pa.ipc.read_schema(file)
            facts = json.loads(schema.metadata[_FACTS])
        except (pa.ArrowException, OSError, EOFError, KeyError, TypeError, ValueError):
            raise RecordError(f"{path} is no file of records, as a PairTracker or PairRecorder writes it") from None
        ends.append(file.tell())
        while True:
            try:
                record = pa.ipc.read_record_batch(pa.ipc.read_message(file), schema)
            except (pa.ArrowException, OSError, EOFError):  # the end, or one that was cut off
                break
            ends.append(file.tell())
            columns = [column.to_numpy(zero_copy_only=False) for column in record.columns]
            steps.append(int(columns[0][0]))
            *measured, dx2, dy2 = columns[2:]
            values.append(np.stack(measured, axis=1))
            if constants is None:
                labels, constants = record.column(1).to_pylist(), (dx2.copy(), dy2.copy())
    return Written(facts, steps, labels, values, constants, ends)


def read_record_table(path: Path) -> pd.DataFrame:
    """The table of the records in a file.

    Raises:
        RecordError: if it is not a file of records, or holds none.
    """
    written = read_records(path)
    if written.constants is None:
        raise RecordError(f"{path} holds no record yet")
    return table(
        written.steps,
        written.labels,
        written.facts["layers"],
        written.values,
        written.constants,
        written.facts["counted"],
    )


def table(
    steps: list[int],
    labels: list[str],
    layers: list[str],
    values: list[Array],
    constants: tuple[Array, Array],
    counted: str | None,
) -> pd.DataFrame:
    """The table of records: a row for each step, pair and layer."""
    records = np.stack(values)
    shape = (len(steps), len(labels), len(layers))

    def spread(values: Any, axis: int) -> NDArray[Any]:
        sizes = [1, 1, 1]
        sizes[axis] = -1
        return np.broadcast_to(np.asarray(values).reshape(sizes), shape).ravel()

    keys = {STEP.name: spread(steps, 0)} | dict(zip(KEYS, (spread(labels, 1), spread(layers, 2)), strict=True))
    per_pair = {name: np.repeat(records[:, :, i].ravel(), shape[2]) for i, name in enumerate(_NUMBERS)}
    given = {name: spread(x, 1) for name, x in zip(CONSTANTS, constants, strict=True)}
    frame = pd.DataFrame({**keys, "dh2": records[:, :, 3:].ravel(), **per_pair, **given})
    return frame if counted is None else frame.assign(**{COUNTED.name: counted})


def _schema(facts: dict[str, Any]) -> Any:
    numbers = [*_NUMBERS, *(f"dh2 at {layer}" for layer in facts["layers"]), *CONSTANTS]
    fields = [
        pa.field(STEP.name, pa.int64()),
        pa.field(KEYS[0], pa.string()),
        *(pa.field(x, pa.float64()) for x in numbers),
    ]
    return pa.schema(fields, metadata={_FACTS: json.dumps(facts)})
