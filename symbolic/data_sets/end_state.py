"""Where the representations of a data set end: the geometric mean of kernel and targets, and every mode like a pair."""

from __future__ import annotations

import sympy as sp

from ..derivation import Step, first_nonzero
from ..free_algebra import Rules, matrix_residual
from ..functions import elementary, hypot, quotient
from ..pair import rate_h, rate_y
from ..program import Program
from ..two_points import end_state, network
from ..two_points.end_state import END
from ..two_points.notation import P, R, delta, lam
from ..two_points.scalars import A_high, A_low, by_regime, dh2_end
from .conserved import CONSERVED, IN_FACTORS, C, G
from .geometric_mean import Mean
from .notation import D, H, K, K_pinv, Y

strength = sp.Symbol("strength", nonnegative=True)
m2, d2, larger, smaller = sp.symbols("m2 d2 larger smaller", nonnegative=True)
"""A singular value of K^(-1/2) Y*; the squared singular values of K^(-1/2) H and of D in that mode, at the end."""

SCALES = {A_high: rate_h * lam, A_low: END[A_low].subs({P: rate_h, R: rate_y, network.D: strength})}
"""The two scales of a mode: those of a pair with its rates and its target."""

_delta = strength / sp.sqrt(rate_h * rate_y)
_ABOVE = lam >= 0

MODE_END = Program(
    (strength, lam, rate_h, rate_y),
    {
        delta: _delta,
        larger: sp.Abs(lam) / 2 + hypot(lam / 2, delta),
        smaller: delta * quotient(delta, larger),
    },
    {
        m2: rate_h * sp.Piecewise((larger, _ABOVE), (smaller, True)),
        d2: rate_y * sp.Piecewise((smaller, _ABOVE), (larger, True)),
    },
)
"""Where a mode ends, without a difference of what is nearly equal."""

LATEX: dict[sp.Basic, str] = {
    strength: r"\sigma",
    m2: "m^2",
    d2: "d^2",
    larger: r"\ell_+",
    smaller: r"\ell_-",
}
