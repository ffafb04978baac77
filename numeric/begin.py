"""Where a theory begins: its own states, from what is measured of a pair at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compile
from .quantities import Number, State

if TYPE_CHECKING:
    from repdyn.symbolic import Theory

_SAME_START = 1e-4
"""How far, relative to the terms compared, a theory's start may be from the measured one."""


def theory_start(theory: Theory, start: State, parameters: list[Number]) -> list[Number]:
    """The start of a theory's own states, from the measured one.

    Raises:
        ValueError: if what is measured of a pair does not determine it, or the theory cannot start there.
    """
    if theory.begin is None:
        raise ValueError(
            f"theory {theory.name!r} is not determined by dh2, dy2 and w at the start; give every state to evolve"
        )
    begun = compile(theory, "begin")(start.dh2, start.dy2, start.w, *parameters)
    if theory.states == tuple(theory.readout.values()):
        return list(begun)
    read = compile(theory, "readout")(*begun, *parameters)
    size = np.abs(start.dy2) + np.abs(np.subtract(start.dy2, start.w))
    for name, value, scale in zip(("dh2", "dy2", "w"), read, (start.dh2, start.dy2, size), strict=True):
        measured = getattr(start, name)
        off = np.abs(value - measured) > _SAME_START * np.asarray(scale)
        if off.any():
            found, wanted = (np.broadcast_to(x, off.shape)[off].flat[0] for x in (value, measured))
            raise ValueError(
                f"theory {theory.name!r} starts with {name} = {found:.6g} where {wanted:.6g} is measured: it is for "
                "pairs whose dy is parallel to dy*, as with a single output; use two_point or growing_vectors"
            )
    return list(begun)
