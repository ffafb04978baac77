"""Infinitely wide layers: second moments of two points behind a nonlinearity, from those before it.

Before it both are normal numbers with the moments ``first``, ``both`` and ``second``. ``area`` is that of the
parallelogram that two vectors of these inner products span and ``angle`` the one between them.
"""

from __future__ import annotations

import sympy as sp

from .program import Program

first, second = sp.symbols("first second", positive=True)
both = sp.Symbol("both", real=True)
area, angle = sp.symbols("area angle", nonnegative=True)
leak = sp.Symbol("leak", real=True)
"""The slope of a nonlinearity for negative numbers."""

moment, slope = sp.symbols("moment slope", real=True)
"""Of the product behind the nonlinearity, and of the product of its slopes."""

AREA = sp.sqrt(first * second - both**2)
ANGLE = sp.atan2(AREA, both)

STEPS = Program((angle,), {}, {moment: (sp.pi - angle) / sp.pi})
"""Behind ``sqrt(2) (x > 0)``: arc-cosine kernel of degree 0 (Cho & Saul, NeurIPS 2009)."""

RECTIFIED = Program((both, area, angle), {}, {moment: (area + (sp.pi - angle) * both) / sp.pi})
"""Of degree 1: behind ``sqrt(2) max(x, 0)``."""

SQUARED = Program(
    (first, both, second, area, angle),
    {},
    {moment: (3 * area * both + (sp.pi - angle) * (first * second + 2 * both**2)) / sp.pi},
)
"""Of degree 2: behind ``sqrt(2) max(x, 0)^2``."""

_SAME, _OPPOSITE = (1 + leak**2) / (2 * sp.pi), leak / sp.pi

LEAKY = Program(
    (both, area, angle, leak),
    {},
    {
        moment: _SAME * (area + (sp.pi - angle) * both) - _OPPOSITE * (area - angle * both),
        slope: _SAME * (sp.pi - angle) + _OPPOSITE * angle,
    },
)
"""Behind ``max(x, 0) + leak min(x, 0)``."""

rest = sp.Symbol("rest", positive=True)

REST = sp.sqrt((1 + 2 * first) * (1 + 2 * second) - 4 * both**2)
ERF_ANGLE = sp.atan2(2 * both, REST)

ERROR_FUNCTION = Program((rest, angle), {}, {moment: 2 / sp.pi * angle, slope: 4 / sp.pi / rest})
"""Behind ``erf(x)``, with the angle whose tangent is ``2 both / rest`` (Williams, NeurIPS 1996)."""

REST_OF_ERROR_FUNCTION = Program((first, both, second), {}, {rest: REST})
