"""End states of many pairs of one network: the hidden distances that a theory says they end at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from repdyn.symbolic import Theory

from .coefficients import named
from .quantities import Number, Pair, State, inner_products
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


def end_table(
    hidden: Array,
    inputs: Array,
    outputs: Array,
    targets: Array,
    coefficients: Mapping[str, float],
    theory: Theory | str,
) -> Array:
    """The final squared hidden distances of every two of some points, shape (points, points), each pair as if alone.

    Args:
        hidden: squared distances of the representations at the start, shape (points, points).
        inputs: those of the inputs, of the same shape; positive between two points.
        outputs: of the network at the start, shape (points, values).
        targets: of the same shape.
        coefficients: those of the network.
        theory: a theory with a known end.

    Raises:
        ValueError: as :func:`repdyn.numeric.final_distance`.

    >>> apart = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> given = {"rate_h": 0.04, "rate_y": 0.01}
    >>> end_table(1e-9 * apart, apart, np.zeros((2, 1)), np.array([[0.0], [0.5]]), given, "two_point").round(6).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    first, second = np.triu_indices(len(hidden), 1)
    dy, dt = outputs[second] - outputs[first], targets[second] - targets[first]
    _, dy2, w = inner_products(dy, dy, dt)
    target2, _, _ = inner_products(dt, dt, dt)
    start, pair = State(hidden[first, second], dy2, w), Pair(inputs[first, second], target2)
    found = np.zeros_like(hidden)
    found[first, second] = found[second, first] = end_distances(start, pair, coefficients, theory)
    return found
