"""How alike the representations of a layer are: now, at the start, and as the theory predicts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from repdyn.numeric import Similarity, representation_similarity
from repdyn.numeric.coefficients import DEFAULT_THEORY
from repdyn.numeric.end_states import end_table

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


def alike(layer: str, observations: Sequence[Observation], rates: Mapping[str, float]) -> Alike | None:
    """The similarities that two observations of a layer show, or None where there are no two, or too few points."""
    if len(observations) < 2 or len(observations[0].outputs) < _FEWEST:
        return None
    first, last = observations[0], observations[-1]
    now = last.distances[layer]
    if not (np.isfinite(now).all() and np.isfinite(first.distances[layer]).all()):
        return None
    expected = _predicted(layer, first, rates) if rates else None
    return Alike(
        points=len(now),
        start=representation_similarity(now, first.distances[layer]),
        prediction=None if expected is None else representation_similarity(now, expected),
    )


def _predicted(layer: str, first: Observation, rates: Mapping[str, float]) -> Array | None:
    """The final squared distances of all points, or None where the theory does not say them."""
    apart = ~np.eye(len(first.outputs), dtype=bool)
    if first.inputs is None or not ((first.inputs > 0) & (first.distances[layer] > 0))[apart].all():
        return None
    return end_table(first.distances[layer], first.inputs, first.outputs, first.targets, rates, DEFAULT_THEORY)
