"""The symbols of the theories with a single output, in one place."""

from __future__ import annotations

from typing import Final

import sympy as sp

from ..pair import dh2, dh2_0, dx2, dy2, dy2_0, dy2_target, rate_h, rate_y, w, w_0
from ..two_points import notation
from ..two_points.notation import n

dh = sp.MatrixSymbol("dh", n, 1)
b = sp.MatrixSymbol("b", n, 1)
"""The hidden difference and the gradient of the decoder."""

b2 = sp.Symbol("b2", positive=True)
f, e = sp.symbols("f e", real=True)
"""|b|^2, the signed difference of the outputs dh . b, and 4 times the derivative of the loss by it."""

b2_0 = sp.Symbol("b2_0", nonnegative=True)
f_0 = sp.Symbol("f_0", real=True)
"""Initial values."""

growth_h, growth_y, gram = sp.symbols("growth_h growth_y gram", nonnegative=True)
"""How fast the two rates grow with dh2 and b2, and the Gram determinant dh2 b2 - f^2 at the start."""

TARGET = sp.sqrt(dy2_target)
"""|dy*|, the size of the difference of the targets."""

rate_dh = sp.Function("P", positive=True)(dh2)
rate_b = sp.Function("R", positive=True)(b2)
"""Rates that depend in any way on the squared length of what they move."""

CONSTANT = {rate_dh: dx2 * rate_h, rate_b: rate_y}
"""Rates that do not change in training."""

GROWING = {rate_dh: dx2 * (rate_h + growth_h * dh2), rate_b: rate_y + growth_y * b2}
"""Rates that grow with the map that they change: the next order for deep maps."""

SQUARED = f - TARGET
"""The error of half the squared error."""

BEGIN = {
    dh2: dh2_0,
    b2: (dy2_0 + gram) / dh2_0,
    f: sp.Piecewise((sp.sqrt(dy2_0), w_0 <= dy2_0), (-sp.sqrt(dy2_0), True)),
}
"""The start, from the measured scalars: f has the sign of dy . dy*."""

READOUT = {dh2: dh2, dy2: f**2, w: f * (f - TARGET)}
"""The measured scalars of a single output."""

LATEX: Final[dict[sp.Basic, str]] = {
    **notation.LATEX,
    dh: r"\Delta h",
    b2: "|b|^2",
    b2_0: "|b_0|^2",
    growth_h: r"\gamma_h",
    growth_y: r"\gamma_y",
    gram: r"\Gamma",
}
"""How a symbol is printed; the others print under their own name."""
