"""How the hidden distance grows with the output distance: the power law that tells how deep a layer lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .determination import determination, varies
from .quantities import State, series

_FROM, _TO = 0.01, 0.99
"""The exponent is measured while dy2 grows from and to these shares of its last value."""

_LEAST = 2.0
"""A growth of dy2 by less than this factor tells nothing of a power."""


@dataclass(frozen=True)
class GrowthExponent:
    """The power of dy2 that dh2 grows with.

    Attributes:
        value: d log dh2 / d log dy2.
        r2: the share of the variation of log dh2 that the power law explains; NaN if dh2 does not vary.
        first: index of the first sample used.
        last: index of the last sample used.
    """

    value: float
    r2: float
    first: int
    last: int


def growth_exponent(observed: State) -> GrowthExponent | None:
    """Measure d log dh2 / d log dy2 while the pair's difference is learnt.

    Args:
        observed: the measured state, fields of shape (n,), in the order of training.

    The samples are those from dy2 at 1% of its last value (last time below it) to
    99% (first time there). Before, dh2 is still what it was at the start and dy2,
    often next to zero, has grown by many powers of ten alone; after, nothing
    moves. Samples count by how far log dy2 moves between them, not by how many
    steps that takes. None if dy2 does not at least double there or dh2 vanishes.

    What to compare it with: where the start is forgotten the theory with constant
    rates has dh2 in proportion to |dy|, the exponent 1/2, at every layer (its
    conserved line through zero). A deep linear network with balanced weights has
    |dh| in proportion to ``|dy|^(k/D)`` after k of its D layers of weights, so
    dh2 to dy2^(k/D): both agree in the middle, k = D/2.

    Raises:
        TypeError: if it is no state.
        ValueError: if there is no sample, or fields are of another shape.

    Source: for the deep linear network Saxe et al. (arXiv 1312.6120); the conserved
    quantity is derived in ``repdyn.symbolic.two_point()``.

    >>> dy = np.geomspace(1e-3, 1.0, 50)
    >>> round(growth_exponent(State(0.3 * dy, dy**2, 0.0)).value, 9)
    0.5
    """
    dh2, dy2 = series("observed", observed)
    if not dy2.size:
        raise ValueError("observed must have at least one sample, got none")
    below = np.nonzero(dy2 < _FROM * dy2[-1])[0]
    first = int(below[-1]) + 1 if below.size else 0
    last = first + int(np.argmax(dy2[first:] >= _TO * dy2[-1]))
    h, y = dh2[first : last + 1], dy2[first : last + 1]
    if h.size < 3 or not (h > 0).all() or not (y > 0).all() or y[-1] < _LEAST * y[0]:
        return None
    x, z = np.log(y), np.log(h)
    weight = np.abs(np.gradient(x))
    weight = weight / weight.sum()
    x, z = x - weight @ x, z - weight @ z
    value = float((weight * x) @ z / ((weight * x) @ x))
    r2 = determination(float(weight @ (z - value * x) ** 2), float(weight @ z**2)) if varies(h) else np.nan
    return GrowthExponent(value, r2, first, last)
