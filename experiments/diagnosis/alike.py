"""How alike the representations of a layer are: now, at the start, and as the theory predicts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from repdyn.numeric import (
    Pair,
    Rates,
    Similarity,
    State,
    final_distance,
    representation_similarity,
    squared_distances,
)

from ..tracking.observation import Observation

Array = NDArray[np.float64]

_FEWEST = 4
"""Points that similarity takes."""


@dataclass(frozen=True)
class Alike:
    """Similarities of a layer's representations of all points.

    Attributes:
        points: how many.
        start: of the last observation and the first; None without two.
        prediction: of the last observation and what the theory predicts from the first for infinite time, with the
            layer's median rates for every two points; None where rates or the distances of inputs are not known.
    """

    points: int
    start: Similarity | None
    prediction: Similarity | None


def alike(layer: str, observations: Sequence[Observation], rates: Rates | None) -> Alike | None:
    """The similarities that two observations of a layer show, or None where there are no two, or too few points."""
    if len(observations) < 2 or len(observations[0].outputs) < _FEWEST:
        return None
    first, last = observations[0], observations[-1]
    now = last.distances[layer]
    if not (np.isfinite(now).all() and np.isfinite(first.distances[layer]).all()):
        return None
    expected = None if rates is None else _predicted(layer, first, rates)
    return Alike(
        points=len(now),
        start=representation_similarity(now, first.distances[layer]),
        prediction=None if expected is None else representation_similarity(now, expected),
    )


def _predicted(layer: str, first: Observation, rates: Rates) -> Array | None:
    """The final squared distances of all points, or None where the theory does not say them."""
    if first.inputs is None:
        return None
    upper = np.triu_indices(len(first.inputs), 1)
    y, t = first.outputs, first.targets
    dy, dt = y[upper[1]] - y[upper[0]], t[upper[1]] - t[upper[0]]
    dh2, dx2, dy2 = first.distances[layer][upper], first.inputs[upper], (dy**2).sum(1)
    if not ((dh2 > 0) & (dx2 > 0)).all():
        return None
    found = np.zeros_like(first.inputs)
    state = State(dh2, dy2, dy2 - (dy * dt).sum(1))
    found[upper] = final_distance(state, Pair(dx2, squared_distances(t)[upper]), rates)
    return found + found.T
