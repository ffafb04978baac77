"""Two sequences as two data points: the two-point theory's constants, and what is known of it with them."""

from __future__ import annotations

import sympy as sp

from ..pair import dx2, dy2_target, rate_h, rate_y
from ..two_points.end_state import END
from ..two_points.from_loss import SYSTEM
from ..two_points.notation import P, R, rate_mean
from ..two_points.scalars import INVARIANT, A_high, A_low, dh2_end
from .notation import futures, rate_h1, rate_h2

PARAMETERS = (dy2_target, rate_h1, rate_h2, rate_y, futures)

HIDDEN = (rate_h1 + rate_h2) / 2
"""dx2/tau_h of the equivalent two points."""

OUTPUT = rate_y / (2 * futures)
"""1/tau_y of the equivalent two points."""

EQUIVALENT = {dx2: sp.S.One, rate_h: HIDDEN, rate_y: OUTPUT, rate_mean: rate_mean / futures}
"""The two-point theory's constants; its dx2 and rate_h occur as their product alone."""


def put(expr: sp.Expr) -> sp.Expr:
    """An expression of the two-point theory with these constants, each of its terms in lowest terms."""
    claimed = expr.xreplace(EQUIVALENT | {P: HIDDEN, R: OUTPUT})
    return sp.Add(*map(sp.factor_terms, claimed.args)) if claimed.is_Add else sp.factor_terms(claimed)


SYSTEM_OF_SEQUENCES = {x: put(rate) for x, rate in SYSTEM.items()}
"""The time derivatives of dh2, dy2 and w."""

CONSERVED = put(INVARIANT)
RHO = sp.factor_terms(HIDDEN / OUTPUT)
"""The slope of dh2 against dy2/dh2."""

ENDS = {
    A_high: put(END[A_high]),
    A_low: sp.sqrt(RHO * dy2_target),
    dh2_end: END[dh2_end],
}
