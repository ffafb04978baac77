"""Where a start stands in the phase diagram, as programs: its two scales and its angle, and back again."""

from __future__ import annotations

import sympy as sp

from ..functions import quotient
from ..pair import dh2, dh2_0, dx2, dy2, dy2_0, dy2_target, rate_h, rate_y, w
from ..program import Program
from .end_state import END
from .network import D
from .notation import P, R
from .scalars import DY2_AT, SLOPE, A_high, A_low

rho, slope = sp.symbols("rho slope", nonnegative=True)
cosine = sp.Symbol("cosine", real=True)
"""The slope of the conserved line and the abscissa on it; the cosine of the angle between dy and dy*."""

_IN_RATES = {P: dx2 * rate_h, R: rate_y, D: sp.sqrt(dy2_target), dh2_0: dh2, dy2_0: dy2}
_BOUND = sp.sqrt(dy2) * sp.sqrt(dy2_target)

PLACE = Program(
    (dh2, dy2, w, dx2, dy2_target, rate_h, rate_y),
    {},
    {
        slope: dy2 / dh2,
        rho: SLOPE,
        A_high: END[A_high].subs(_IN_RATES),
        A_low: END[A_low].subs(_IN_RATES),
        cosine: quotient(dy2 - w, _BOUND),
    },
)
"""A state on its conserved line ``dh2 = A_high + rho dy2/dh2``, its scales and its angle (a cosine of 0 if there is
none)."""

ANGLE = Program((dy2, cosine, dy2_target), {}, {w: dy2 - cosine * _BOUND})
"""w of outputs at an angle to their targets."""

START = Program(
    (dh2, A_high, cosine, dx2, dy2_target, rate_h, rate_y),
    dict(DY2_AT.results),
    {dy2: dy2, w: ANGLE.results[w]},
)
"""dy2 and w of a start of which the size, A_high and the angle are known."""
