"""The numbers that a theory needs besides the start of a trajectory: the pair's constants and its own coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .quantities import Number, Pair, Rates, State, broadcast

if TYPE_CHECKING:
    from repdyn.symbolic import Theory

Coefficients = Rates | Mapping[str, ArrayLike]
"""Effective learning rates, or every coefficient of a theory by name."""


def named(theory: Theory | str) -> Theory:
    """A theory, given itself or its name.

    Raises:
        ValueError: if there is no theory of that name.
    """
    from repdyn.symbolic import Theory, theories  # SymPy is not loaded for code that is kept between processes

    if isinstance(theory, Theory):
        return theory
    if theory not in theories():
        raise ValueError(f"there is no theory {theory!r}; there are {', '.join(theories())}, and those you make")
    return theories()[theory]


def check_shapes(start: State, pair: Pair, coefficients: Coefficients, **more: Number) -> None:
    """Check that everything broadcasts.

    Raises:
        ValueError: naming the shapes, if it does not.
    """
    own: Mapping[str, ArrayLike] = (
        {"rates": np.add(coefficients.h, coefficients.y)}
        if isinstance(coefficients, Rates)
        else {f"coefficient {name}": value for name, value in coefficients.items()}
    )
    whole: dict[str, Number] = {"start": start.dh2 + start.dy2 + start.w, "pair": pair.dx2 + pair.dy2}
    broadcast(**more, **whole, **{name: np.asarray(value, dtype=np.float64) for name, value in own.items()})


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
    return [_checked(theory, x.name, values, x.is_positive, x.is_nonnegative) for x in theory.parameters]


def _checked(
    theory: Theory, name: str, values: Mapping[str, ArrayLike], positive: bool | None, nonnegative: bool | None
) -> Number:
    """One parameter's value, within what SymPy knows of its symbol."""
    if name not in values:
        if nonnegative and not positive:
            return 0.0
        raise ValueError(f"theory {theory.name!r} needs a value for its coefficient {name}")
    array = np.asarray(values[name], dtype=np.float64)
    rule = "positive" if positive else "non-negative" if nonnegative else "finite"
    broken = ~np.isfinite(array) | ((array <= 0) if positive else (array < 0) if nonnegative else False)
    if broken.any():
        raise ValueError(f"{name} of theory {theory.name!r} must be {rule}, got {array[broken].flat[0]}")
    return array if array.ndim else float(array)
