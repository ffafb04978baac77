"""What the gradients of a network say of a layer, over its pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..tracking.network_kernel import kernel_movement
from ..tracking.observation import Observation

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Gradients:
    """Medians over pairs whose targets differ, NaN where gradients do not tell.

    Attributes:
        step: of the last observation, after so many training steps.
        since: the step of the first, since which the kernel moved.
        alignment: the size of the cosine of dh with the decoder's gradient, which the theory takes to be 1.
        alignment_at_first: the same at the first observation.
        taylor: what is not of first order in the output over a pair, as a share of what is.
        passed_by: the share of the output difference that does not pass through the layer.
        kernel_movement: how far the network's tangent kernel has turned: 0 not at all, 1 to another.
        encoder_movement, decoder_movement: the same of the parts of the parameters before and after the layer.
        failures: why something is not known.
    """

    step: int
    since: int
    alignment: float
    alignment_at_first: float
    taylor: float
    passed_by: float
    kernel_movement: float
    encoder_movement: float
    decoder_movement: float
    failures: tuple[str, ...]


def gradients(layer: str, observations: Sequence[Observation], differing: NDArray[np.bool_]) -> Gradients | None:
    """What the first and the last observation show of a layer.

    Args:
        layer: its name.
        observations: in the order of their steps.
        differing: which pairs have targets that differ, shape (pairs,).
    """
    if not observations:
        return None
    first, last = observations[0].probe, observations[-1].probe
    movement = kernel_movement(first.kernel, last.kernel) if len(observations) > 1 else None
    reasons = (last.failures.get(layer), last.kernel.failures.get(layer), last.kernel.failures.get(""))
    return Gradients(
        step=observations[-1].step,
        since=observations[0].step,
        alignment=_median(np.abs(last.alignment[layer][differing])),
        alignment_at_first=_median(np.abs(first.alignment[layer][differing])),
        taylor=_median(last.taylor_ratio[layer][differing]),
        passed_by=_median(last.passed_by[layer][differing]),
        kernel_movement=movement.network if movement else np.nan,
        encoder_movement=movement.before.get(layer, np.nan) if movement else np.nan,
        decoder_movement=movement.after.get(layer, np.nan) if movement else np.nan,
        failures=tuple(dict.fromkeys(reason for reason in reasons if reason)),
    )


def _median(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else np.nan
