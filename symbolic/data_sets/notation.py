"""The symbols of the collective theory, in one place."""

from __future__ import annotations

from typing import Final

import sympy as sp

from ..pair import LATEX as _PAIR
from ..pair import rate_h, rate_y

N, n, c, r = sp.symbols("N n c r", integer=True, positive=True)
"""How many points, hidden units, outputs, and columns a factor of the kernel has."""

H = sp.MatrixSymbol("H", N, n)
D = sp.MatrixSymbol("D", c, n)
b = sp.MatrixSymbol("b", c, 1)
Y = sp.MatrixSymbol("Y", N, c)
E = sp.MatrixSymbol("E", N, c)
"""Hidden representations, a row for each point; decoder and its bias; targets; errors, N times the loss's derivative
by the outputs."""

K = sp.MatrixSymbol("K", N, N)
K_pinv = sp.MatrixSymbol("K_pinv", N, N)
F = sp.MatrixSymbol("F", N, r)
W = sp.MatrixSymbol("W", r, n)
ones = sp.MatrixSymbol("ones", N, 1)
"""The encoder's kernel F F^T and its pseudoinverse, its features and its weights; a column of ones."""

rate_b = sp.Symbol("rate_b", positive=True)
"""The effective learning rate of the bias."""

P0, R0 = sp.symbols("P0 R0", positive=True)
P1, P2, R1, R2 = sp.symbols("P1 P2 R1 R2", nonnegative=True)
"""Rates that grow: what they begin with, and how they grow with the map that they move."""


def velocity(x: sp.MatrixSymbol) -> sp.MatrixSymbol:
    """The time derivative of a matrix, as it stands in a statement."""
    return sp.MatrixSymbol(f"dot_{x.name}", *x.shape)


LATEX: Final[dict[sp.Basic, str]] = {
    **{x: _PAIR[x] for x in (rate_h, rate_y)},
    rate_b: r"\tau_b^{-1}",
    Y: "Y^*",
    K_pinv: "K^+",
    F: r"\Phi",
    ones: r"\mathbf{1}",
    **{x: rf"{x.name[0]}_{x.name[1]}" for x in (P0, P1, P2, R0, R1, R2)},
    **{velocity(x): rf"\dot {x.name}" for x in (H, D, b, W)},
}
"""How a symbol is printed; the others print under their own name."""
