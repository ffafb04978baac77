"""The folder of a trial as it is read: what it says is checked, whoever wrote it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from reprlib import repr as shortened
from typing import Any, cast

import pandas as pd

from ..storage.folders import RecordError, check_folder, check_listed, read_json
from .outcome import DIVERGED, FAILED, FINISHED

TRIAL = "trial.json"


def read_record(folder: Path) -> dict[str, Any]:
    """What ``trial.json`` says, in a folder that is whole.

    Raises:
        RecordError: if it is not whole, or says what no trial says.
    """
    manifest = check_folder(folder, TRIAL)
    record = read_facts(folder)
    tables: list[str] = record["tables"]
    check_listed(folder, manifest, *(_file(name) for name in tables))
    for name in tables:
        read_table(folder, name, columns=[])
    return record


def read_facts(folder: Path) -> dict[str, Any]:
    """What ``trial.json`` says, whatever became of the other files.

    Raises:
        RecordError: if it says what no trial says.
    """
    said = read_json(folder / TRIAL)
    record = {"traceback": "", **(cast(dict[str, Any], said) if isinstance(said, dict) else {})}
    for name, (is_right, what) in _FIELDS.items():
        value = record.get(name)
        if not is_right(value):
            raise RecordError(
                f"{TRIAL} of {folder}: {name} must be {what}, got {shortened(value)}; run the setting again"
            )
    return record


def read_table(folder: Path, name: str, columns: list[str] | None = None) -> pd.DataFrame:
    """A table of a trial, or some of its columns.

    Raises:
        RecordError: if it is no Parquet file.
    """
    try:
        return pd.read_parquet(folder / _file(name), columns=columns)
    except Exception as error:  # of many kinds; the checksum fits, so it was written so
        reason = str(error).partition("\n")[0]
        raise RecordError(f"{_file(name)} of {folder} is no Parquet ({reason}); run the setting again") from None


def _file(table: str) -> str:
    return f"{table}.parquet"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_status(value: Any) -> bool:
    return value in (FINISHED, DIVERGED, FAILED)


def _is_time(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= sys.float_info.max


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and _are_texts(cast(list[Any], value))


def _is_object_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and _are_texts(cast(dict[str, Any], value).values())


def _are_texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "experiment": (_is_text, "a text"),
    "setting": (_is_text, "a text"),
    "digest": (_is_text, "a text"),
    "configuration": (_is_object, "an object"),
    "status": (_is_status, f"{FINISHED}, {DIVERGED} or {FAILED}"),
    "reason": (_is_text, "a text"),
    "traceback": (_is_text, "a text"),
    "values": (_is_object, "an object"),
    "tables": (_is_list_of_texts, "a list of texts"),
    "seconds": (_is_time, "a number, not negative"),
    "versions": (_is_object_of_texts, "an object of texts"),
}
"""What the fields of ``trial.json`` that are read must be."""
