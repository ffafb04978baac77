"""What every theory says of a pair of data points: the measured scalars, their start, and what does not change."""

from __future__ import annotations

from typing import Final

import sympy as sp

t = sp.Symbol("t", nonnegative=True)
"""Time, in training steps."""

dh2, dx2 = sp.symbols("dh2 dx2", positive=True)
dy2, dy2_target = sp.symbols("dy2 dy2_target", nonnegative=True)
w = sp.Symbol("w", real=True)
rate_h, rate_y = sp.symbols("rate_h rate_y", positive=True)
"""The three scalars and the pair's constants; effective learning rates."""

dh2_0 = sp.Symbol("dh2_0", positive=True)
dy2_0 = sp.Symbol("dy2_0", nonnegative=True)
w_0 = sp.Symbol("w_0", real=True)
"""Initial values."""

SCALARS = (dh2, dy2, w)
"""What is measured of a pair: the squared distances of h and y, and the misfit."""

MEASURED = (dh2_0, dy2_0, w_0)
"""The same at the start."""

PAIR = (dx2, dy2_target)
"""What does not change about a pair."""

LATEX: Final[dict[sp.Basic, str]] = {
    dh2: r"|\Delta h|^2",
    dx2: r"|\Delta x|^2",
    dy2: r"|\Delta y|^2",
    dy2_target: r"|\Delta y^*|^2",
    rate_h: r"\tau_h^{-1}",
    rate_y: r"\tau_y^{-1}",
    dh2_0: r"|\Delta h_0|^2",
    dy2_0: r"|\Delta y_0|^2",
    w_0: "w_0",
}
"""How a symbol is printed; the others print under their own name."""
