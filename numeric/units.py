"""Units in which a measured trajectory and the coefficients that it asks for are of the order of 1."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray
from repdyn.symbolic import Theory
from repdyn.symbolic.dimensions import scalings
from scipy.linalg import null_space

from .measurement import Measurement

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
    dh2, dy2, w = data.observed
    sizes = {
        "time": float(data.elapsed[-1]),
        "dx2": float(data.pair.dx2),
        "dh2": float(dh2.max()),
        "dy2": max(float(dy2.max()), float(np.abs(w).max()), float(data.pair.dy2)),
    }
    exponents = _exponents(theory)
    anchors = [name for name, size in sizes.items() if name in exponents and size > 0]
    rows = np.stack([exponents[name] for name in anchors])
    chosen = np.linalg.lstsq(rows, np.log([sizes[name] for name in anchors]), rcond=None)[0]
    if fixed := [name for name, value in known.items() if value]:
        free = null_space(rows)
        also = np.stack([exponents[name] for name in fixed])
        wanted = np.log(np.abs([known[name] for name in fixed])) - also @ chosen
        chosen = chosen + free @ np.linalg.lstsq(also @ free, wanted, rcond=None)[0]
    with np.errstate(over="ignore", under="ignore"):
        units = {name: float(np.exp(row @ chosen)) for name, row in exponents.items()}
    lost = [name for name, unit in units.items() if not _SMALLEST < unit < _LARGEST]
    if lost:
        found = ", ".join(f"{name} up to {size:.3g}" for name, size in sizes.items())
        raise ValueError(
            f"the size of {', '.join(lost)} must be within {_SMALLEST:g} and {_LARGEST:g}, so that squares and "
            f"products are numbers in double precision, got {found}; count them in other units"
        )
    return units


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
