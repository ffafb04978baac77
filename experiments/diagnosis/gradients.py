"""What the gradients of a network say of a layer, over its pairs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gradients:
    """Medians over pairs whose targets differ, at the last look at gradients.

    Attributes:
        alignment: the cosine of dh with the decoder's gradient.
        taylor: what is not of first order in the output over a pair, as a share of what is.
        passed_by: the share of the output difference that does not pass through the layer.
        kernel_movement: how far the tangent kernel has turned since the first look: 0 not at all, 1 to another.
    """

    alignment: float
    taylor: float
    passed_by: float
    kernel_movement: float
