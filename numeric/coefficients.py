"""The numbers that a theory needs besides the start of a trajectory: the pair's constants and its own coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from repdyn.symbolic.arguments import instance, shown

from .arguments import by_name, real
from .quantities import Number, Pair, Rates, State, as_number, broadcast

if TYPE_CHECKING:
    from repdyn.symbolic import Theory
    from sympy import Symbol

DEFAULT_THEORY = "two_point"
"""The theory that is meant where none is named."""

Coefficients = Rates | Mapping[str, ArrayLike]
"""Effective learning rates, or every coefficient of a theory by name."""


def named(theory: Theory | str) -> Theory:
    """A theory, given itself or its name.

    Raises:
        ValueError: if there is no theory of that name.
    """
    from repdyn.symbolic.theory import Theory  # SymPy is not loaded for code that is kept between processes

    if isinstance(theory, Theory):
        return theory
    from repdyn.symbolic import theories

    if not isinstance(theory, str) or theory not in theories():  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
        raise ValueError(f"there is no theory {shown(theory)}; there are {', '.join(theories())}, and those you make")
    return theories()[theory]


def check_shapes(start: State, pair: Pair, coefficients: Coefficients, **more: Number) -> None:
    """Check that coefficients are numbers by name, and that everything broadcasts.

    Raises:
        TypeError: naming what is of another kind.
        ValueError: naming the shapes, if it does not.
    """
    own: Mapping[str, Number] = (
        {f"coefficient {name}": value for name, value in by_name("rates", coefficients).items()}
        if isinstance(coefficients, Mapping)
        else {"rates": np.add(instance("rates", coefficients, Rates).h, coefficients.y)}
    )
    whole: dict[str, Number] = {"start": start.dh2 + start.dy2 + start.w, "pair": pair.dx2 + pair.dy2}
    broadcast(**more, **whole, **own)


def parameter_values(theory: Theory, pair: Pair, coefficients: Coefficients) -> list[Number]:
    """The values of a theory's parameters, in its order.

    A coefficient that may be 0 is 0 unless it is given: without growth, without area between dh and b.

    Raises:
        ValueError: if a coefficient is missing, is none of the theory's, or is not finite or out of its range.
    """
    if isinstance(coefficients, Rates):
        coefficients = {"rate_h": coefficients.h, "rate_y": coefficients.y}
    known = [x.name for x in theory.coefficients]
    strangers = sorted(coefficients.keys() - set(known))
    if strangers:
        raise ValueError(f"theory {theory.name!r} has the coefficients {', '.join(known)}, not {', '.join(strangers)}")
    values: dict[str, ArrayLike] = {"dx2": pair.dx2, "dy2_target": pair.dy2, **coefficients}
    for x in theory.parameters:
        if x.name not in values and (x.is_positive or not x.is_nonnegative):
            raise ValueError(f"theory {theory.name!r} needs a value for its coefficient {x.name}")
    return [checked_value(theory, x, values.get(x.name, 0.0)) for x in theory.parameters]


def checked_value(theory: Theory, symbol: Symbol, value: ArrayLike) -> Number:
    """A parameter's value, within what SymPy knows of its symbol.

    Raises:
        TypeError: if it is no number.
        ValueError: if it is not finite or out of its range.
    """
    rule = "positive" if symbol.is_positive else "non-negative" if symbol.is_nonnegative else "finite"
    array = real(symbol.name, value)
    outside = {"positive": array <= 0, "non-negative": array < 0, "finite": False}[rule]
    broken = ~np.isfinite(array) | outside
    if broken.any():
        raise ValueError(f"{symbol} of theory {theory.name!r} must be {rule}, got {array[broken].flat[0]}")
    return as_number(array)
