"""End states of many pairs of one network: the hidden distances that a theory says they end at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from repdyn.symbolic import Theory

from .coefficients import named
from .quantities import Number, Pair, State
from .solution import final_distance

Array = NDArray[np.float64]


def end_distances(
    start: State, pair: Pair, coefficients: Mapping[str, float], theory: Theory | str, gram: Number | None = None
) -> Array:
    """The final squared hidden distance of each pair of a network, from where it starts.

    Args:
        start: the states at the start, fields of shape (pairs,).
        pair: the squared distances of the inputs and of the targets, of the same shape.
        coefficients: those of the network. A common factor of all rates does not matter. growth_h is that of a pair
            with dx2 = 1, per squared slope of the encoder dh2/dx2; a pair's own is growth_h / dx2.
        theory: a theory with a known end.
        gram: each pair's own, for a theory that has that coefficient, unless ``coefficients`` has it.

    Raises:
        ValueError: as :func:`repdyn.numeric.final_distance`.

    >>> starts, pairs = State([1e-9, 1e-9], 0.0, 0.0), Pair([1.0, 4.0], 0.25)
    >>> end_distances(starts, pairs, {"rate_h": 0.04, "rate_y": 0.01}, "two_point").round(6).tolist()
    [1.0, 2.0]
    """
    theory = named(theory)
    own: dict[str, Number] = dict(coefficients)
    if "growth_h" in own:
        own["growth_h"] = np.divide(own["growth_h"], pair.dx2)
    if gram is not None and "gram" in {x.name for x in theory.coefficients}:
        own.setdefault("gram", gram)
    return np.asarray(final_distance(start, pair, own, theory=theory))
