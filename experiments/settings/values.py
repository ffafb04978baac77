"""What a field of a setting may hold: numbers that networks can be trained with, text that can be written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, cast, get_args, get_origin, get_type_hints

from repdyn.symbolic.arguments import shown

_SMALLEST, _LARGEST = 1e-30, 1e30
"""What a number other than 0 may be: networks are trained in single precision, which ends at 1e-38 and 1e38."""

_NAME_BYTES = 100
"""Of the 255 of a file's name, which a digest and what else there is are added to."""


class SettingError(ValueError):
    """A setting that does not exist or a value it cannot take."""


def checked(name: str, value: Any, kind: Any, *, positive: bool) -> Any:
    """The value of a field, an integer turned into the float that is asked for.

    Args:
        name: of the field.
        value: what it is given.
        kind: its type: int, float, bool, str, or ``tuple[..., ...]`` of one of them.
        positive: whether its numbers must be positive; they are never negative.

    Raises:
        SettingError: if the value is of another type or out of range.

    >>> checked("gain", 2, float, positive=True)
    2.0
    """
    outer = get_origin(kind) or kind
    given = float(value) if outer is float and type(value) is int and abs(value) <= _LARGEST else value
    if type(given) is not outer and not (outer is float and type(given) is int):
        raise SettingError(f"{name} must be of type {kind if get_args(kind) else kind.__name__}, got {shown(value)}")
    if outer is tuple:
        return tuple(checked(name, x, get_args(kind)[0], positive=positive) for x in cast(Iterable[Any], given))
    if outer in (int, float):
        _check_number(name, given, outer, positive=positive)
        return given + 0  # of the two zeros the positive one
    if isinstance(given, str) and not _is_text(given):
        raise SettingError(f"{name} must be text that can be written as UTF-8, got {shown(given)}")
    return given


@cache
def types_of(kind: type) -> dict[str, Any]:
    """The types of a class's fields, whether its module keeps annotations as text or not."""
    return get_type_hints(kind)


def check_name(name: str) -> None:
    """Check the name of a setting, which is a part of the names of folders; it may be empty.

    Raises:
        SettingError: if no folder can be named so, or only one that is hidden or outside the results.
    """
    if not re.fullmatch(r"(\w[\w.-]*)?", name) or len(name.encode()) > _NAME_BYTES:
        raise SettingError(
            "the name of a setting is made of letters, digits, '.', '_' and '-', begins with none of '.' and '-', and "
            f"is at most {_NAME_BYTES} bytes long, got {shown(name)}"
        )


def _check_number(name: str, value: float, kind: type, *, positive: bool) -> None:
    lowest = "positive" if positive else "not negative"
    # The comparison is written so that NaN fails it.
    if not (value > 0 if positive else value >= 0) or value == float("inf"):
        raise SettingError(f"{name} must be {lowest} and finite, got {shown(value)}")
    if kind is int and value >= 2**63:
        raise SettingError(f"{name} must be below 2^63, got {shown(value)}")
    if kind is float and value and not _SMALLEST <= value <= _LARGEST:
        raise SettingError(
            f"{name} must be between {_SMALLEST:g} and {_LARGEST:g}{'' if positive else ', or 0'}, as networks are "
            f"trained in single precision, got {shown(value)}"
        )


def _is_text(value: str) -> bool:
    """Whether a text can be written into a file: not if it holds bytes of a name that is no UTF-8."""
    return not any("\ud800" <= character <= "\udfff" or character == "\0" for character in value)
