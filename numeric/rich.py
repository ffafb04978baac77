"""The ratio of rates of a rich pair, from where it ends."""

from __future__ import annotations

from functools import cache

from .compiled import CompiledFunction, compile_program
from .quantities import Number


def rich_rate(end: Number, dx2: Number, dy2_target: Number, rate_y: Number) -> Number:
    """The encoder's effective rate at which a pair that forgets its start ends at a squared hidden distance.

    Args:
        end: dh2 at the end, positive.
        dx2: the squared distance of the inputs, positive.
        dy2_target: that of the targets, positive.
        rate_y: the decoder's effective rate, in 1/(training step); arguments broadcast.

    >>> round(float(rich_rate(0.5, 1.0, 0.25, 0.01)), 6)
    0.01
    """
    return _rate()(end, dx2, dy2_target, rate_y)[0]


@cache
def _rate() -> CompiledFunction:
    from repdyn.symbolic.rich import RICH_RATE

    return compile_program("rich_rate", RICH_RATE)
