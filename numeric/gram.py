"""The Gram determinant of a pair with a single output: how far dh and the decoder's gradient are from parallel."""

from __future__ import annotations

from functools import cache

from .compiled import CompiledFunction, compile_program
from .quantities import Number


def gram_determinant(dh2: Number, dy2: Number, slope2: Number) -> Number:
    """The squared area that dh and the decoder's gradient b span, ``dh2 b2 - dy2``; arguments broadcast.

    Args:
        dh2: the squared hidden distance.
        dy2: the squared distance of the outputs.
        slope2: ``b2``, the squared length of the decoder's gradient.

    Source: the step ``gram`` of the derivation of ``scalar_output``.

    >>> float(gram_determinant(2.0, 1.0, 3.0))
    5.0
    """
    return _gram()(dh2, dy2, slope2)[0]


def squared_slope(dh2: Number, dy2: Number, gram: Number) -> Number:
    """The squared length of the decoder's gradient, where the Gram determinant is known; arguments broadcast.

    >>> float(squared_slope(2.0, 1.0, 5.0))
    3.0
    """
    return _slope()(dh2, dy2, gram)[0]


@cache
def _gram() -> CompiledFunction:
    from repdyn.symbolic.scalar_output.flow import MEASURED_GRAM

    return compile_program("gram", MEASURED_GRAM)


@cache
def _slope() -> CompiledFunction:
    from repdyn.symbolic.scalar_output.flow import MEASURED_SLOPE

    return compile_program("slope", MEASURED_SLOPE)
