"""A terminal that lacks some characters: they are written in those it has."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

_PLAIN = {"±": "+/-", "✓": "[verified]", "✗": "[not verified]", "½": "1/2", "·": "*", "≤": "<=", "≥": ">="}

_NAME = "repdyn.plain"


def write_plainly() -> None:
    """From now on a character that the terminal lacks does not end a command: it is written in others.

    >>> "0.1 ± 0.02, Clémentine, R²".encode("ascii", _NAME)
    b'0.1 +/- 0.02, Clementine, R2'
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_NAME)


def _plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_in_ascii, error.object[error.start : error.end])), error.end


def _in_ascii(character: str) -> str:
    plain = _PLAIN.get(character) or unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain or character.encode("ascii", "backslashreplace").decode()


codecs.register_error(_NAME, _plainly)
