"""Two sequences near the end and near the origin: how fast a pair settles, and how fast it leaves."""

from __future__ import annotations

import sympy as sp

from ..derivation import Step
from ..functions import dot
from ..pair import dh2, dy2, dy2_target, t, w
from ..two_points.notation import mu
from ..two_points.scalars import A_high, A_low, by_regime, dh2_end, dh2_other, spread
from .equivalence import CONSERVED, HIDDEN, OUTPUT, RHO, SYSTEM_OF_SEQUENCES

delta_h, delta_w = sp.symbols("delta_h delta_w", real=True)
"""How far dh2 and w are from their values at the end."""

trace, determinant, _chi = sp.symbols("trace determinant chi_end_of_sequences")
steep, flat = sp.symbols("steep flat", real=True)
growing, shrinking = sp.symbols("growing shrinking", real=True)
"""Slopes w/dh2 of the two directions in which a pair goes straight through the origin, and the rates on them."""

LATEX: dict[sp.Basic, str] = {
    delta_h: r"\delta_h",
    delta_w: r"\delta_w",
    trace: r"\operatorname{tr} J",
    determinant: r"\det J",
    _chi: r"\det(J - \mu)",
    spread: "S",
    dh2_other: r"|\Delta h|^2_-",
    steep: "r_+",
    flat: "r_-",
    growing: r"\gamma_+",
    shrinking: r"\gamma_-",
}

ON_LINE = dh2 * (dh2 - A_high) / RHO
"""dy2 where A_high is known."""

LINE = {x: SYSTEM_OF_SEQUENCES[x].subs(dy2, ON_LINE) for x in (dh2, w)}
"""The rates of dh2 and w there."""

_TARGET = {dy2_target: A_low**2 / RHO}
JACOBIAN = sp.Matrix([LINE[x] for x in (dh2, w)]).jacobian((dh2, w)).subs(w, 0).subs(dh2, dh2_end).subs(_TARGET)
"""Of the rates of dh2 and w at the end."""


def _at_regime(expr: sp.Expr) -> sp.Expr:
    """As :func:`by_regime`, with the other fixed point, which is -A_low^2/dh2_end."""
    return by_regime(expr.subs(dh2_other, -(A_low**2) / dh2_end))


def _line_residual(relation: sp.Rel) -> sp.Expr:
    """A_high is what the conserved quantity says it is."""
    known = {A_high: sp.expand(HIDDEN * CONSERVED)}
    left = relation.lhs if relation.lhs == dy2 else SYSTEM_OF_SEQUENCES[w]
    return sp.cancel((left - relation.rhs).subs(known))


def _end_residual(relation: sp.Rel) -> sp.Expr:
    named = {
        trace: JACOBIAN[0, 0] + JACOBIAN[1, 1],
        determinant: JACOBIAN.det(),
        _chi: (JACOBIAN - mu * sp.eye(2)).det(),
    }
    if relation.lhs in named:
        return _at_regime(named[relation.lhs] - relation.rhs)
    row = (delta_h, delta_w).index(relation.lhs.args[0])
    return _at_regime(JACOBIAN[row, 0] * delta_h + JACOBIAN[row, 1] * delta_w - relation.rhs)


def _origin_residual(relation: sp.Rel) -> sp.Expr:
    """Along w = r dh2 both must change at one rate, as dh2 goes to 0; the steep direction is that of negative r."""
    slope = {steep: -dh2_end / RHO, flat: -dh2_other / RHO}
    if relation.lhs in slope:
        r = _at_regime(relation.rhs)
        ahead = {x: (rate.subs(_TARGET).subs(w, relation.rhs * dh2) / dh2) for x, rate in LINE.items()}
        rates = {x: _at_regime(sp.expand(rate).subs(dh2, 0)) for x, rate in ahead.items()}
        right_one = r.is_negative if relation.lhs == steep else r.is_positive
        return sp.cancel(rates[w] - r * rates[dh2]) if right_one else r
    r = slope[{growing: steep, shrinking: flat}[relation.lhs]]
    return _at_regime(LINE[dh2].subs(w, r * dh2) / dh2 - relation.rhs)


def _agreeing_residual(relation: sp.Rel) -> sp.Expr:
    """A_low = 0, for either sign of A_high."""
    ends = {growing: A_high / 2 + sp.sqrt(A_high**2 / 4), shrinking: A_high / 2 - sp.sqrt(A_high**2 / 4)}
    return sp.expand(OUTPUT * ends[relation.lhs.args[0]] - relation.rhs)


STEPS = (
    Step(
        "on_the_line",
        "On the line of a pair",
        r"What is conserved leaves two scalars: $|\Delta y|^2$ is known by $|\Delta h|^2$ (eq. 22, 23 of the paper).",
        (
            sp.Eq(dy2, ON_LINE, evaluate=False),
            sp.Eq(
                dot(w, t),
                -OUTPUT * dh2 * (3 * w + dy2_target - ON_LINE) / 2 - HIDDEN * w * (ON_LINE + w) / (2 * dh2),
                evaluate=False,
            ),
        ),
        _line_residual,
    ),
    Step(
        "near_the_end",
        "Near the end",
        r"The linear flow of the distances $\delta_h$ and $\delta_w$ from the end, whose matrix is $J$, with $S = "
        r"\sqrt{A_\mathrm{high}^2/4 + A_\mathrm{low}^2}$: its trace is negative and its determinant positive, and the "
        r"roots of its characteristic polynomial are both negative. (Eq. 26 to 28 of the paper are those of a time "
        r"that runs half as fast: the trace as printed is twice, the determinant four times this.)",
        (
            sp.Eq(dot(delta_h, t), -HIDDEN * delta_w, evaluate=False),
            sp.Eq(
                dot(delta_w, t),
                OUTPUT / (2 * RHO) * (dh2_end**2 + A_low**2) * delta_h - OUTPUT / 2 * (4 * dh2_end - A_high) * delta_w,
                evaluate=False,
            ),
            sp.Eq(trace, -OUTPUT / 2 * (4 * dh2_end - A_high), evaluate=False),
            sp.Eq(determinant, OUTPUT**2 / 2 * (dh2_end**2 + A_low**2), evaluate=False),
            sp.Eq(_chi, (mu + OUTPUT * spread) * (mu + OUTPUT * dh2_end), evaluate=False),
        ),
        _end_residual,
    ),
    Step(
        "near_the_origin",
        "Near the origin",
        r"Two directions $w = r |\Delta h|^2$ lead straight through the origin. On them the distance changes at the "
        r"rate $\gamma$, which is a fixed point's $|\Delta h|^2$ over $2 N \tau_y$: growth at that of the end, decay "
        r"at the other, negative one. (Eq. 29 to 32 of the paper have the directions, and twice the rates.)",
        (
            sp.Eq(steep, -dh2_end / RHO, evaluate=False),
            sp.Eq(flat, -dh2_other / RHO, evaluate=False),
            sp.Eq(growing, OUTPUT * dh2_end, evaluate=False),
            sp.Eq(shrinking, OUTPUT * dh2_other, evaluate=False),
        ),
        _origin_residual,
    ),
    Step(
        "origin_of_agreeing",
        "The origin of a pair that agrees",
        r"With $A_\mathrm{low} = 0$ nothing grows where $A_\mathrm{high} \leq 0$, and the pair merges. (The paper says "
        "that there always is a direction of growth; not in the case that matters to a merger.)",
        (
            sp.Eq(sp.Limit(growing, A_low, 0), OUTPUT * (A_high + sp.Abs(A_high)) / 2, evaluate=False),
            sp.Eq(sp.Limit(shrinking, A_low, 0), OUTPUT * (A_high - sp.Abs(A_high)) / 2, evaluate=False),
        ),
        _agreeing_residual,
    ),
)
