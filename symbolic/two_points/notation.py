"""The symbols of the two-point theory, in one place."""

from __future__ import annotations

from typing import Final

import sympy as sp

from .. import pair

d, n, m = sp.symbols("d n m", integer=True, positive=True)
"""Dimensions of input, hidden layer and output."""

D_h = sp.MatrixSymbol("D_h", n, d)
D_y = sp.MatrixSymbol("D_y", m, n)
dx = sp.MatrixSymbol("dx", d, 1)
dh = sp.MatrixSymbol("dh", n, 1)
dy = sp.MatrixSymbol("dy", m, 1)
dy_target = sp.MatrixSymbol("dy_target", m, 1)
y_1, y_2, y_1_target, y_2_target = (sp.MatrixSymbol(f"y_{x}", m, 1) for x in ("1", "2", "1_target", "2_target"))
y_mean = sp.MatrixSymbol("y_mean", m, 1)
y_mean_target = sp.MatrixSymbol("y_mean_target", m, 1)
"""Derivatives of encoder and decoder; differences of the two points; each prediction and their mean."""

rate_mean = sp.Symbol("rate_mean", positive=True)
"""The effective learning rate of the mean prediction."""

P, R, g, omega = sp.symbols("P R g omega", positive=True)
delta, s = sp.symbols("delta s", nonnegative=True)
lam = sp.Symbol("lam", real=True)
"""P = dx2 rate_h, R = rate_y, g = sqrt(P R), s = g^2 t/2, delta = |dy_target|/g, lam = alpha^2 - |beta|^2
and omega^2 = lam^2/4 + delta^2."""

a, B_par, B_perp = sp.symbols("a B_par B_perp", real=True)
alpha, beta_par, beta_perp = sp.symbols("alpha beta_par beta_perp", real=True)
alpha_0, beta_par_0, beta_perp_0 = sp.symbols("alpha_0 beta_par_0 beta_perp_0", real=True)
"""The width-1 network, its rescaled form, and that at the start."""

mu = sp.Symbol("mu")
"""An eigenvalue."""

cos_phi, sin_phi, u, v, N = sp.symbols("cos_phi sin_phi u v N", real=True)
"""Angle of the growing mode, the modes' initial amplitudes, the squared normalisation."""

LATEX: Final[dict[sp.Basic, str]] = {
    **pair.LATEX,
    rate_mean: r"\tau_{\bar y}^{-1}",
    dx: r"\Delta x",
    dh: r"\Delta h",
    dy: r"\Delta y",
    dy_target: r"\Delta y^*",
    y_1_target: r"y_1^*",
    y_2_target: r"y_2^*",
    y_mean: r"\bar y",
    y_mean_target: r"\bar y^*",
    B_par: r"B_\parallel",
    B_perp: r"B_\perp",
    beta_par: r"\beta_\parallel",
    beta_perp: r"\beta_\perp",
    beta_par_0: r"\beta_{\parallel 0}",
    beta_perp_0: r"\beta_{\perp 0}",
    lam: r"\lambda",
    cos_phi: r"c_\phi",
    sin_phi: r"s_\phi",
}
"""How a symbol is printed; the others print under their own name."""
