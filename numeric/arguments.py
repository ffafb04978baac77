"""What a function is given, as the numbers it computes with: anything else is refused by the argument's name."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from numbers import Integral, Real
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import keyed, shown

Array = NDArray[np.float64]


def real(name: str, value: ArrayLike) -> Array:
    """A real number or an array of them, in double precision: what is that already is not copied.

    Raises:
        TypeError: if it is anything else; text, dates and complex numbers are.
    """
    try:
        array: NDArray[Any] = np.asarray(value)
    except Exception:  # an object may raise anything when it is asked for an array
        array = np.asarray(None)
    if array.dtype == np.float64:
        return array
    if array.dtype.kind in "biuf" or (array.dtype.kind == "O" and all(isinstance(x, Real) for x in array.flat)):
        with suppress(OverflowError), np.errstate(over="ignore"):
            return array.astype(np.float64)
    raise TypeError(f"{name} must be a real number or an array of them, got {shown(value)}")


def positive(name: str, value: ArrayLike) -> Array:
    """A positive number or an array of them.

    Raises:
        TypeError: if it is anything else.
        ValueError: if one is not positive or not finite.
    """
    array = real(name, value)
    wrong = ~((array > 0) & np.isfinite(array))
    if wrong.any():
        raise ValueError(f"{name} must be positive and finite, got {array[wrong].flat[0]:g}")
    return array


def number(name: str, value: ArrayLike) -> float:
    """One real number.

    Raises:
        TypeError: if it is anything else.
        ValueError: if it is an array of numbers.
    """
    array = real(name, value)
    if array.ndim:
        raise ValueError(f"{name} must be one number, got an array of shape {array.shape}")
    return float(array)


def whole(name: str, value: Any, least: int) -> int:
    """A whole number from a least one on.

    Raises:
        ValueError: if it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {shown(value)}")
    return int(value)


def flag(name: str, value: Any) -> bool:
    """Yes or no.

    Raises:
        TypeError: if it is anything else.
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(cast(Any, value))


def by_name(name: str, value: Any) -> Mapping[str, Array]:
    """Numbers, or arrays of them, by name.

    Raises:
        TypeError: if it is no mapping from strings to such.
    """
    return {key: real(f"{name}[{key!r}]", x) for key, x in keyed(name, value, str).items()}
