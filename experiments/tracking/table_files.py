"""Tables in files of others: read, or refused with what is wrong with the file."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pandas as pd

from ..storage.folders import RecordError
from .record_file import SUFFIX, read_record_table
from .table import CONSTANTS, KEYS, SCALARS, flat

_STEPS = ("step", "t", "_step", "global_step", "trainer/global_step")
"""What a column of training steps is called, the first that there is."""

_PACKED = {b"\x1f\x8b": "gzip", b"PK": "zip", b"BZ": "bzip2", b"\xfd7": "xz"}
"""What a packed file begins with."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}


def read_table(path: Path) -> pd.DataFrame:
    """The table in a CSV or Parquet file, or in one of records, with the columns of a trajectory by their names.

    Names are found in capitals too, and after a prefix that dh2, dy2 and w share, as loggers write them.

    Raises:
        RecordError: if the file is neither or cannot be read, or several prefixes would do.
    """
    readers = {".csv": _read_csv, ".parquet": pd.read_parquet, SUFFIX: read_record_table}
    if path.suffix.lower() not in readers:
        raise RecordError(f"{path} must end in .csv or .parquet, or in {SUFFIX} if it is of records")
    try:
        frame = readers[path.suffix.lower()](path)
    except RecordError:
        raise
    except UnicodeDecodeError:
        raise RecordError(f"{path} is not text in UTF-8 or UTF-16: save it as one of them") from None
    except pd.errors.ParserError as error:
        reason = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        raise RecordError(
            f"{path} has rows of several lengths ({reason}): write numbers with a decimal point, and every row whole"
        ) from None
    except (ValueError, OSError, csv.Error) as error:
        reason = str(error).splitlines()[0]
        raise RecordError(f"{path} cannot be read ({reason}); is it complete?") from None
    try:
        return _renamed(flat(frame))
    except ValueError as error:
        raise RecordError(f"{path}: {error}") from None


def _read_csv(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        first = file.read(4)
    if first == b"PAR1":
        raise RecordError(f"{path} is a Parquet file: let its name end in .parquet")
    for start, name in _PACKED.items():
        if first.startswith(start):
            raise RecordError(f"{path} is packed with {name}: unpack it")
    encoding = "utf-16" if first[:2] in _UTF16 else "utf-8-sig"
    with path.open(encoding=encoding, newline="") as file:
        lines = [line.strip() for line in itertools.islice((line for line in file if line.strip()), 2)]
    header = lines[0] if lines else ""
    if header.startswith("#") and "dh2" not in header.casefold():
        raise RecordError(f"{path} begins with a comment: take out the lines that begin with #")
    if "," not in header:
        for sign, name in _SEPARATORS.items():
            if sign in header.lstrip("# "):
                raise RecordError(
                    f"{path} has {name} between its columns: write it with commas, and with decimal points, as "
                    f"pandas.read_csv({path.name!r}, sep={sign!r}, decimal=...).to_csv(..., index=False) does"
                )
    named, *held = (len(row) for row in csv.reader(lines)) if lines else (0,)
    if any(count > named for count in held):  # pandas would take the first columns for an index
        raise RecordError(
            f"{path} has a row of {held[0]} values under a header of {named} names: write numbers with a decimal "
            "point, and no comma at the end of a row"
        )
    return pd.read_csv(path, encoding=encoding, low_memory=False)


def _renamed(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of a trajectory by their names, all others as they are."""
    plain: dict[str, list[str]] = {}
    for column in frame.columns:
        plain.setdefault(str(column).lstrip("#").strip().casefold(), []).append(column)
    prefixes = [
        name.removesuffix("dh2")
        for name in plain
        if name.endswith("dh2") and not name.removesuffix("dh2")[-1:].isalnum()
    ]
    prefixes = [prefix for prefix in prefixes if all(prefix + name in plain for name in SCALARS)]
    if len(prefixes) > 1 and "" not in prefixes:
        named = ", ".join(plain[prefix + "dh2"][0] for prefix in prefixes)
        raise ValueError(f"dh2, dy2 and w stand there under several names ({named}): keep the columns of one of them")
    prefix = "" if "" in prefixes or not prefixes else prefixes[0]
    wanted: dict[str, tuple[str, ...]] = {name: (prefix + name, name) for name in (*SCALARS, *CONSTANTS, *KEYS, "loss")}
    wanted["step"] = tuple(start + name for name in _STEPS for start in dict.fromkeys((prefix, "")))
    chosen: dict[str, str] = {}
    for name, candidates in wanted.items():
        found = next((x for x in candidates if x in plain), None)
        if found is None:
            continue
        columns = [column for column in plain[found] if column == name] or plain[found]
        if len(columns) > 1 or f"{found}.1" in plain:  # pandas numbers the columns of one name
            raise ValueError(f"the table has the column {columns[0]} twice: leave out one of them")
        chosen[columns[0]] = name
    others = [column for column in frame.columns if column not in chosen and column in chosen.values()]
    return frame.drop(columns=others).rename(columns=chosen)
