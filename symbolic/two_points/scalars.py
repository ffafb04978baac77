"""What the three-scalar system says without being solved: conserved quantities, fixed points, the loss."""

from __future__ import annotations

import sympy as sp

from ..derivation import Step, first_nonzero, sides_agree
from ..field import DifferentialField
from ..functions import dot
from ..pair import dh2, dx2, dy2, dy2_target, rate_h, rate_y, t, w
from ..program import Program
from .from_loss import MEAN_ERROR, MEAN_ERROR_RATE, PAIR_LOSS, SYSTEM
from .notation import mu, rate_mean

SCALARS = DifferentialField(SYSTEM)

INVARIANT = dh2 / (rate_h * dx2) - dy2 / (rate_y * dh2)
"""Conserved along every trajectory."""

ALIGNMENT = (dy2 - w) ** 2 - dy2 * dy2_target
"""Zero when dy is parallel to dy*, negative otherwise; keeps its sign."""

I, L, L_pair = sp.symbols("I L L_pair")
mean_error_0 = sp.Symbol("mean_error_0", nonnegative=True)
A_high = sp.Symbol("A_high", real=True)
A_low, dh2_end, spread, q = sp.symbols("A_low dh2_end S q", positive=True)
dh2_other = sp.Symbol("dh2_other", negative=True)

_chi = sp.Symbol("chi_end")
"""The characteristic polynomial at the end state."""

LATEX: dict[sp.Basic, str] = {
    _chi: r"\det(J - \mu)",
    L_pair: r"L_\Delta",
    mean_error_0: r"|\bar y_0 - \bar y^*|^2",
    A_high: r"A_\mathrm{high}",
    A_low: r"A_\mathrm{low}",
    dh2_end: r"|\Delta h|^2_\infty",
    dh2_other: r"|\Delta h|^2_-",
}

LOSS_CURVE = mean_error_0 * sp.exp(-2 * rate_mean * t) / 2 + (2 * w - dy2 + dy2_target) / 8
"""The loss over training: the mean prediction's part relaxes by itself."""

SLOPE = rate_h * dx2 / rate_y
"""rho, that of dh2 against dy2/dh2."""

_REDUCED_DY2 = dh2 * (dh2 - A_high) / SLOPE

DY2_AT = Program((dh2, A_high, dx2, rate_h, rate_y), {}, {dy2: _REDUCED_DY2})
"""The output distance of a pair whose hidden distance and A_high are known."""


def _invariant_residual(relation: sp.Rel) -> sp.Expr:
    return SCALARS.normal(SCALARS.derivative(relation.rhs))


def _alignment_residual(relation: sp.Rel) -> sp.Expr:
    return SCALARS.normal(SCALARS.derivative(relation.lhs.args[0]) - relation.rhs)


def by_regime(expr: sp.Expr) -> sp.Expr:
    """Put A_high = A_low (q - 1/q) with q > 0, any real number, which makes the square root rational."""
    expr = expr.subs({spread: A_low * (q + 1 / q) / 2, dh2_end: A_low * q, A_high: A_low * (q - 1 / q)})
    return sp.cancel(expr.replace(lambda e: e.is_Pow and e.exp == sp.S.Half, lambda e: sp.sqrt(sp.factor(e.base))))


def _reduced(expr: sp.Expr) -> sp.Expr:
    """An expression of the system on the surface of constant A_high, where dx2 rate_h/rate_y = A_low^2/dy2_target."""
    return expr.subs(dy2, _REDUCED_DY2).subs(rate_h, rate_y * A_low**2 / (dy2_target * dx2))


def _fixed_point_residual(relation: sp.Rel) -> sp.Expr:
    if relation.lhs == dy2:
        return SCALARS.normal((relation.lhs - relation.rhs).subs(A_high, dh2 - SLOPE * dy2 / dh2))
    point = by_regime(relation.rhs)
    if relation.lhs == spread:
        return sp.cancel(point - by_regime(spread))
    if not (point.is_positive if relation.lhs == dh2_end else point.is_negative):
        return point
    return first_nonzero(*(by_regime(_reduced(SYSTEM[x]).subs(w, 0).subs(dh2, point)) for x in (dh2, w)))


def _stability_residual(relation: sp.Rel) -> sp.Expr:
    rates = sp.Matrix([_reduced(SYSTEM[x]) for x in (dh2, w)])
    jacobian = rates.jacobian((dh2, w)).subs(w, 0).subs(dh2, dh2_end)
    characteristic = (jacobian - mu * sp.eye(2)).det()
    return by_regime(characteristic - relation.rhs)


def _loss_curve_residual(relation: sp.Rel) -> sp.Expr:
    """The mean error must fall at the rate of its own flow from its initial value, the rest must be the pair's loss."""
    mean, pair = relation.rhs.as_independent(dh2, dy2, dy2_target, w, as_Add=True)
    return first_nonzero(
        sp.expand(MEAN_ERROR_RATE + 2 * rate_mean * MEAN_ERROR),
        sp.expand(mean.diff(t) + 2 * rate_mean * mean),
        sp.expand(mean.subs(t, 0) - mean_error_0 / 2),
        sp.expand(pair - PAIR_LOSS),
    )


def _descent_residual(relation: sp.Rel) -> sp.Expr:
    return SCALARS.normal(SCALARS.derivative(PAIR_LOSS) - relation.rhs)


STEPS = (
    Step(
        "invariant",
        "A conserved quantity",
        r"The derivative of $I$ along the system is 0: $|\Delta h|^2$ against $|\Delta y|^2/|\Delta h|^2$ is a "
        r"straight line of slope $\rho = |\Delta x|^2 \tau_y/\tau_h$, on any network that obeys the theory, and its "
        r"intercept is $A_\mathrm{high}$.",
        (sp.Eq(I, INVARIANT, evaluate=False),),
        _invariant_residual,
    ),
    Step(
        "alignment",
        "Alignment is kept",
        r"$G = (|\Delta y|^2 - w)^2 - |\Delta y|^2 |\Delta y^*|^2$ is never positive (Cauchy-Schwarz) and solves a "
        r"linear equation, so it keeps its sign, and a pair whose $\Delta y$ is parallel to $\Delta y^*$ ($G = 0$) "
        "stays so.",
        (sp.Eq(dot(ALIGNMENT, t), -(rate_y * dh2 + rate_h * dx2 * w / dh2) * ALIGNMENT, evaluate=False),),
        _alignment_residual,
    ),
    Step(
        "fixed_points",
        "Fixed points",
        r"The invariant eliminates $|\Delta y|^2$. What is left stands still at $w = 0$ and one of two values of "
        r"$|\Delta h|^2$; with $A_\mathrm{low}^2 = \rho |\Delta y^*|^2$ the first is positive, the second negative "
        "and so not a distance. The origin is treated below, in coordinates in which it is not singular.",
        (
            sp.Eq(dy2, _REDUCED_DY2, evaluate=False),
            sp.Eq(spread, sp.sqrt(A_high**2 / 4 + A_low**2), evaluate=False),
            sp.Eq(dh2_end, A_high / 2 + spread, evaluate=False),
            sp.Eq(dh2_other, A_high / 2 - spread, evaluate=False),
        ),
        _fixed_point_residual,
    ),
    Step(
        "stability",
        "The end state is stable",
        r"The characteristic polynomial at the positive fixed point has the roots $-S/\tau_y$ and $-|\Delta "
        r"h|^2_\infty/\tau_y$, both negative: negative trace, positive determinant.",
        (sp.Eq(_chi, (mu + rate_y * spread) * (mu + rate_y * dh2_end), evaluate=False),),
        _stability_residual,
    ),
    Step(
        "loss_of_the_difference",
        "The loss in the three scalars",
        r"$|\Delta y - \Delta y^*|^2 = |\Delta y|^2 - 2 \Delta y \cdot \Delta y^* + |\Delta y^*|^2$, and $\Delta y "
        r"\cdot \Delta y^* = |\Delta y|^2 - w$.",
        (sp.Eq(L_pair, (2 * w - dy2 + dy2_target) / 8, evaluate=False),),
        sides_agree(lambda difference: sp.expand(difference.subs(L_pair, PAIR_LOSS))),
    ),
    Step(
        "loss_curve",
        "The loss curve",
        "The mean prediction relaxes by itself, at the rate of its own flow; the difference adds its own part.",
        (sp.Eq(L, LOSS_CURVE, evaluate=False),),
        _loss_curve_residual,
    ),
    Step(
        "descent",
        "The loss never increases",
        r"Both terms are products of squares: $2w - |\Delta y|^2 + |\Delta y^*|^2$ is $|\Delta y - \Delta y^*|^2$.",
        (
            sp.Eq(
                dot(L_pair, t),
                -(rate_y * dh2 * (2 * w - dy2 + dy2_target) + rate_h * dx2 * w**2 / dh2) / 8,
                evaluate=False,
            ),
        ),
        _descent_residual,
    ),
)
