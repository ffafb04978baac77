"""The symbols of the theories of two sequences; those of the stacked outputs are the two-point theory's."""

from __future__ import annotations

from typing import Final

import sympy as sp

from ..two_points.notation import m, n

k, futures = sp.symbols("k futures", integer=True, positive=True)
"""Outputs of one future, and the number N of futures: there are m = N k outputs in all."""

rate_h1, rate_h2, rate_b = sp.symbols("rate_h1 rate_h2 rate_b", positive=True)
"""Effective learning rates of the two states, and of the outputs at a fixed expansion point."""

F = sp.MatrixSymbol("F", k, m)
"""The rows of the identity that belong to future i: its outputs are F times the stacked ones, times sqrt(N)."""

y_1i, y_2i, y_1i_target, y_2i_target = (sp.MatrixSymbol(f"y_{x}", k, 1) for x in ("1i", "2i", "1i_target", "2i_target"))
dy_i, dy_i_target = sp.MatrixSymbol("dy_i", k, 1), sp.MatrixSymbol("dy_i_target", k, 1)
v_i = sp.MatrixSymbol("v_i", k, n)
"""Outputs of one future, their differences, and any variable that each future has one of."""

v = sp.MatrixSymbol("v", m, n)
"""The same variable of all futures, stacked."""

h_1, h_2 = sp.MatrixSymbol("h_1", n, 1), sp.MatrixSymbol("h_2", n, 1)
"""The hidden states of the two sequences, as vectors."""

b, u, e_1, e_2 = (sp.MatrixSymbol(x, m, 1) for x in ("b", "u", "e_1", "e_2"))
"""Outputs at the expansion point, their derivative along the fixed direction, and the errors of the two states."""

h1, h2 = sp.symbols("h1 h2", real=True)
b_u, b_y1, b_y2, y1_u, y2_u, y1_y2 = sp.symbols("b_u b_y1 b_y2 y1_u y2_u y1_y2", real=True)
b_b, u_u, y1_y1, y2_y2 = sp.symbols("b_b u_u y1_y1 y2_y2", nonnegative=True)
"""The two states as numbers, and means over the futures of products of b, u and the two targets."""

LATEX: Final[dict[sp.Basic, str]] = {
    futures: "N",
    rate_h1: r"\tau_{h_1}^{-1}",
    rate_h2: r"\tau_{h_2}^{-1}",
    rate_b: r"\tau_b^{-1}",
    F: "F_i",
    y_1i: "y_{1i}",
    y_2i: "y_{2i}",
    y_1i_target: "y_{1i}^*",
    y_2i_target: "y_{2i}^*",
    dy_i: r"\Delta y_i",
    dy_i_target: r"\Delta y_i^*",
    h1: "h_1",
    h2: "h_2",
    b_u: r"\langle b u \rangle",
    b_y1: r"\langle b y_1^* \rangle",
    b_y2: r"\langle b y_2^* \rangle",
    b_b: r"\langle b^2 \rangle",
    u_u: r"\langle u^2 \rangle",
    y1_u: r"\langle y_1^* u \rangle",
    y2_u: r"\langle y_2^* u \rangle",
    y1_y1: r"\langle y_1^{*2} \rangle",
    y2_y2: r"\langle y_2^{*2} \rangle",
    y1_y2: r"\langle y_1^* y_2^* \rangle",
}
"""How a symbol is printed; the others print under their own name."""
