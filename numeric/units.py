"""Units in which a measured trajectory and the coefficients that it asks for are of the order of 1."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray
from repdyn.symbolic import Theory
from repdyn.symbolic.dimensions import scalings
from scipy.linalg import null_space

from .measurement import Measurement, Measurements
from .uncertainty import alike

Array = NDArray[np.float64]

_SMALLEST, _LARGEST = 1e-140, 1e140
"""Within these the square of a quantity, and its product with another, is a number."""

Units = Mapping[str, float]
"""The unit of each symbol of a theory, by name; time's is under ``time``."""


def natural_units(theory: Theory, data: Measurement, known: Mapping[str, float]) -> Units:
    """The change of units of a theory that brings a trajectory nearest to sizes of 1.

    Each of time, inputs, hidden representations and outputs has a unit of its own in most theories; where an equation
    ties one down, as a logarithm does, it keeps its own. What freedom is left brings known coefficients to 1.

    Raises:
        ValueError: if a coefficient of the order that the data ask for is no number in double precision.
    """
    several = Measurements.of(data, known)
    units = units_of_each(theory, several)
    lost = [name for name, unit in units.items() if not in_range(unit).all()]
    if lost:
        found = ", ".join(f"{name} up to {size[0]:.3g}" for name, size in _sizes(several).items())
        raise ValueError(
            f"the size of {', '.join(lost)} must be within {_SMALLEST:g} and {_LARGEST:g}, so that squares and "
            f"products are numbers in double precision, got {found}; count them in other units"
        )
    return {name: float(unit[0]) for name, unit in units.items()}


def units_of_each(theory: Theory, data: Measurements) -> dict[str, Array]:
    """The same for several pairs at once, by name, shapes (p,); in range or not."""
    sizes, exponents = _sizes(data), _exponents(theory)
    anchors = [name for name in sizes if name in exponents]
    known = [name for name in data.known if name not in _PAIR]
    found = {name: np.empty(data.span.size) for name in exponents}
    given = np.stack([*(sizes[name] > 0 for name in anchors), *(data.known[name] != 0 for name in known)])
    for pattern, of in alike(given.T):
        of_pair, fixed = (
            list(itertools.compress(*both)) for both in ((anchors, pattern), (known, pattern[len(anchors) :]))
        )
        rows = np.stack([exponents[name] for name in of_pair])
        chosen = np.linalg.lstsq(rows, np.log([sizes[name][of] for name in of_pair]), rcond=None)[0]
        if fixed:
            free = null_space(rows)
            also = np.stack([exponents[name] for name in fixed])
            wanted = np.log(np.abs([data.known[name][of] for name in fixed])) - also @ chosen
            chosen = chosen + free @ np.linalg.lstsq(also @ free, wanted, rcond=None)[0]
        with np.errstate(over="ignore", under="ignore"):
            for name, row in exponents.items():
                found[name][of] = np.exp(row @ chosen)
    return found


def in_range(unit: Array) -> NDArray[np.bool_]:
    """Whether squares and products of quantities in this unit are numbers."""
    return (unit > _SMALLEST) & (unit < _LARGEST)


def _sizes(data: Measurements) -> dict[str, Array]:
    """How large the time, the inputs, the hidden representations and the outputs of each pair are, shapes (p,)."""
    dh2, dy2, w = np.abs(data.observed).max(axis=-1)
    outputs = np.maximum(np.maximum(dy2, w), data.known["dy2_target"])
    return {"time": data.span, "dx2": data.known["dx2"], "dh2": dh2, "dy2": outputs}


@cache
def _exponents(theory: Theory) -> Mapping[str, Array]:
    found = {x.name: np.array(row, dtype=np.float64) for x, row in scalings(theory).items()}
    return {"time" if name == theory.time.name else name: row for name, row in found.items()}


def time_exponents(theory: Theory, kept: frozenset[str]) -> Mapping[str, float] | None:
    """The power of the unit of time by which each symbol changes while a pair and some coefficients do not.

    None if there is no such change of units: the coefficients that are kept tell the time.

    >>> from repdyn.symbolic import two_point
    >>> found = time_exponents(two_point(), frozenset())
    >>> round(found["rate_h"], 9), round(found["rate_y"], 9)
    (-1.0, -1.0)
    """
    exponents = _exponents(theory)
    rows = np.stack([exponents["time"], *(exponents[x] for x in sorted(_PAIR | kept) if x in exponents)])
    wanted = np.array([1.0] + [0.0] * (len(rows) - 1))
    chosen = np.linalg.lstsq(rows, wanted, rcond=None)[0]
    if not np.allclose(rows @ chosen, wanted, atol=1e-9):
        return None
    return {name: float(row @ chosen) for name, row in exponents.items()}


_PAIR = {"dx2", "dy2_target", "dh2", "dy2", "w"}
