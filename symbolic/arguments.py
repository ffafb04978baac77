"""What a function is given: a value of another kind is refused by the name of its argument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

_LONGEST = 80

Kind = TypeVar("Kind")


def instance(name: str, value: Any, kind: type[Kind]) -> Kind:
    """The value, which must be of a kind.

    Raises:
        TypeError: if it is of another.
    """
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be of type {kind.__name__}, got {shown(value)}")
    return value


def members(name: str, value: Any, kind: type[Kind]) -> tuple[Kind, ...]:
    """The value, which must be a tuple of members of a kind.

    Raises:
        TypeError: if it is anything else.
    """
    if not isinstance(value, tuple) or not all(isinstance(x, kind) for x in cast(tuple[Any, ...], value)):
        raise TypeError(f"{name} must be a tuple of members of type {kind.__name__}, got {shown(value)}")
    return cast(tuple[Kind, ...], value)


def keyed(name: str, value: Any, kind: type[Kind]) -> Mapping[Kind, Any]:
    """The value, which must be a mapping with keys of a kind.

    Raises:
        TypeError: if it is anything else.
    """
    if not isinstance(value, Mapping) or not all(isinstance(x, kind) for x in cast(Mapping[Any, Any], value)):
        raise TypeError(f"{name} must be a mapping with keys of type {kind.__name__}, got {shown(value)}")
    return cast(Mapping[Kind, Any], value)


def shown(value: Any) -> str:
    """A value as it is written, in one line and cut if it would fill the screen.

    >>> shown(10**5000)
    'an integer of 16610 bits'
    """
    if type(value) is int and abs(value) >= 10**40:
        return f"an integer of {value.bit_length()} bits"
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
