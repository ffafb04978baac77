"""The end state: the two scales of the hidden distance, and where the trajectory leads."""

from __future__ import annotations

import sympy as sp

from ..derivation import Step
from ..pair import dh2_0, dy2_0
from .modes import BY_ANGLE, FIELD, MODES, N_IN_FIELD, STARTS, E, X, algebraic, root
from .network import CONSERVED, COORDINATES, INITIAL, D
from .notation import P, R, alpha, beta_par, delta, g, lam, omega
from .scalars import A_high, A_low, dh2_end

dy2_end = sp.Symbol("dy2_end", nonnegative=True)
regime = sp.Symbol("regime", real=True)
"""The dimensionless number that orders all starts: dh2 ends at A_low exp(regime)."""

END = {
    A_high: dh2_0 - P / R * dy2_0 / dh2_0,
    A_low: sp.sqrt(P / R) * D,
    dh2_end: A_high / 2 + sp.sqrt(A_high**2 / 4 + A_low**2),
    regime: sp.asinh(A_high / (2 * A_low)),
    dy2_end: D**2,
}
"""The two scales of the hidden distance and the state they lead to."""

LATEX: dict[sp.Basic, str] = {dy2_end: r"|\Delta y|^2_\infty", regime: r"\chi"}


def _limit(mode: sp.Expr) -> sp.Expr:
    """The limit of a square of the modes for infinite time, where exp(-omega s) and exp(-(lam/2 + omega) s) vanish."""
    small, slow = sp.symbols("small slow")
    late = {E: 1 / small, X: slow / small}
    numerator, denominator = (
        sp.expand(x.subs(late, simultaneous=True) * small**2) for x in (algebraic(mode) * root**2, N_IN_FIELD)
    )
    return sp.cancel(numerator.subs({small: 0, slow: 0}) / denominator.subs({small: 0, slow: 0}))


def _end_residual(relation: sp.Rel) -> sp.Expr:
    if relation.lhs == A_high:
        conserved = CONSERVED.subs(dict(zip(COORDINATES, STARTS, strict=True))).subs(INITIAL)
        return sp.expand(relation.rhs - P * conserved)
    if relation.lhs == A_low:
        return sp.expand(relation.rhs - P * D / sp.sqrt(P * R))
    if relation.lhs == dy2_end:
        parallel = g * _limit(MODES[alpha] * MODES[beta_par])
        return FIELD.normal((parallel**2 - relation.rhs.subs(D, g * delta)).subs(BY_ANGLE))
    if relation.lhs == regime:  # dh2_end = A_low q solves A_high = A_low (q - 1/q) (fixed points), and q = exp(regime)
        return sp.expand(2 * A_low * sp.sinh(relation.rhs) - A_high)
    scales = relation.rhs.subs({A_high: P * lam, A_low: P * delta}).subs(BY_ANGLE)
    rooted = scales.replace(lambda e: e.is_Pow and e.exp == sp.S.Half, _root_of_square)
    if any(power.exp == sp.S.Half for power in rooted.atoms(sp.Pow)):
        return rooted  # a root that the field does not know
    return FIELD.normal(rooted - P * _limit(MODES[alpha] ** 2))


def _root_of_square(root: sp.Pow) -> sp.Expr:
    """P omega, where that is the (positive) root the field knows."""
    return P * omega if FIELD.normal(root.base - (P * omega) ** 2) == 0 else root


STEPS = (
    Step(
        "end_state",
        "The final distance",
        r"For infinite time the growing mode is all that is left, unless $u = 0$. $A_\mathrm{high}$ is conserved and "
        r"sets the lazy scale, $A_\mathrm{low}$ the rich one; $|\Delta h|^2$ ends at the positive fixed point and "
        r"$\Delta y$ at its target. One number orders all starts: $|\Delta h|^2_\infty = A_\mathrm{low} e^\chi$, "
        r"where $\chi$ is 0 in the rich limit, large in the lazy one and negative where the pair collapses.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in END.items()),
        _end_residual,
    ),
)
