"""The limits in which the trajectory is a textbook curve, each taken from the general solution."""

from __future__ import annotations

import sympy as sp

from ..derivation import Step, first_nonzero
from ..field import DifferentialField
from ..functions import elementary, logrel, quotient
from ..pair import dh2, dh2_0, rate_y, t
from .end_state import END
from .evaluation import alpha2_0, delta2, growing2, lean, pull
from .modes import AMPLITUDES, BY_ANGLE, MODES, NORMALISATION
from .network import D
from .notation import (
    N,
    P,
    R,
    alpha,
    alpha_0,
    beta_par,
    beta_par_0,
    beta_perp_0,
    cos_phi,
    delta,
    g,
    lam,
    omega,
    s,
    sin_phi,
    u,
    v,
)
from .scalars import A_high, A_low, dh2_end, spread

dy, dy_0, dy_par, dy_par_0, t_half, t_zero = sp.symbols("dy dy_0 dy_par dy_par_0 t_half t_zero", positive=True)
"""|dy| of an aligned pair and at the start; the part of dy along dy*; when half is learnt; when dh passes zero."""

growth, excess = sp.symbols("growth excess", positive=True)
shortfall, balance, overshoot = sp.symbols("shortfall balance overshoot", real=True)
"""exp(2 omega s) and what it exceeds 1 by; how much of the half is missing; the linear coefficient; dh beyond zero."""

LATEX: dict[sp.Basic, str] = {
    dy: r"|\Delta y|",
    dy_0: r"|\Delta y_0|",
    dy_par: r"\Delta y_\parallel",
    dy_par_0: r"\Delta y_{\parallel 0}",
    t_half: r"t_{1/2}",
    t_zero: r"t_0",
    growth: "Z",
    excess: "y",
    shortfall: "m",
    balance: "b",
    overshoot: "x",
}

LOGISTIC = D / (1 + (D / dy_0 - 1) * sp.exp(-g * D * t))
HALF_WAY = sp.log(D / dy_0 - 1) / (g * D)
RELAXATION = D + (dy_par_0 - D) * sp.exp(-dh2_0 * R * t / 2)
BERNOULLI = A_high / (1 + (A_high / dh2_0 - 1) * sp.exp(-A_high * R * t))
MERGING = dh2_0 / (1 + dh2_0 * R * t)
CROSSING = sp.log(v * sin_phi / (u * cos_phi)) / (omega * g**2)

_slope_of_growth = 2 * u * v * lam / delta + u**2 - v**2 - 2 * omega
_root = sp.sqrt(balance**2 + 4 * growing2 * shortfall)

HALF_WAY_ALIGNED = {
    shortfall: 2 * omega - quotient(4 * omega * alpha2_0 * pull, delta2),
    balance: alpha2_0 + quotient(alpha2_0 * pull**2, delta2) - shortfall,
    excess: sp.Piecewise(
        (quotient(2 * shortfall, balance + _root), balance >= 0), (quotient(_root - balance, 2 * growing2), True)
    ),
    t_half: quotient(excess * logrel(excess), omega * g**2),
}
"""The positive root of the quadratic for exp(2 omega s) - 1, in the form in which nothing cancels, and its time."""

CROSSING_STABLE = {
    overshoot: quotient(2 * omega, -lean),
    t_zero: quotient(overshoot * logrel(overshoot), omega * g**2),
}
"""The same for the time at which dh passes through zero."""

_E, _X = sp.symbols("E X", positive=True)
_small, _kappa, _slope, _level = sp.symbols("small kappa slope level", positive=True)


def _general(mode: sp.Expr) -> sp.Expr:
    """A square of the modes with sqrt(N) put in, exp(omega s) as E and exp(-lam s/2) as X."""
    powers = {sp.exp(omega * s): _E, sp.exp(-omega * s): 1 / _E, sp.exp(-lam * s / 2): _X, sp.exp(-lam * s): _X**2}
    bare = mode.subs(N, NORMALISATION).subs({sp.exp(2 * omega * s): _E**2, sp.exp(-2 * omega * s): _E**-2})
    return bare.subs(powers).subs(AMPLITUDES)


def _rich_residual(relation: sp.Rel) -> sp.Expr:
    """lam = 0, nothing across dy*, beta_par = alpha: the angle is 45 degrees and the decaying mode is absent."""
    balanced = {cos_phi: 1 / sp.sqrt(2), sin_phi: 1 / sp.sqrt(2), beta_perp_0: 0, beta_par_0: alpha_0, omega: D / g}
    general = (g * _general(MODES[alpha] * MODES[beta_par])).subs(balanced).subs(alpha_0, sp.sqrt(dy_0 / g))
    return sp.cancel(general - relation.rhs.subs(sp.exp(-g * D * t), _E**-2))


def _half_way_residual(relation: sp.Rel) -> sp.Expr:
    return sp.cancel(LOGISTIC.subs(t, relation.rhs) - D / 2)


def _lazy_residual(relation: sp.Rel) -> sp.Expr:
    """rate_h -> 0 with P = small^2, where omega = kappa/small^2 and sin phi = small slope stay finite."""
    scaled = {
        omega: _kappa / _small**2,
        lam: _level / _small**2,
        sin_phi: _small * _slope,
        alpha_0: sp.sqrt(dh2_0) / _small,
        g: _small * sp.sqrt(R),
        beta_par_0: dy_par_0 / sp.sqrt(dh2_0 * R),
    }
    frozen = {_small: 0, _kappa: dh2_0 / 2, _level: dh2_0, cos_phi: 1, _slope: D / (dh2_0 * sp.sqrt(R))}
    mode, claimed = {
        dh2: (_small**2 * MODES[alpha] ** 2, relation.rhs),
        dy_par: (g * MODES[alpha] * MODES[beta_par], relation.rhs.subs(sp.exp(-dh2_0 * R * t / 2), _E**-2)),
    }[relation.lhs]
    return sp.cancel(sp.cancel(_general(mode).subs(scaled)).subs(frozen) - claimed)


def _agreeing_residual(relation: sp.Rel) -> sp.Expr:
    """dy* = 0, once for each sign of lam: the growing mode is alpha itself or absent."""
    start = {beta_par_0: 0, beta_perp_0**2: alpha_0**2 - lam}
    growing = start | {cos_phi: 1, sin_phi: 0, omega: lam / 2}
    absent = start | {cos_phi: 0, sin_phi: 1, omega: -lam / 2}
    claimed = relation.rhs.subs(sp.exp(-A_high * R * t), _X**4).subs({A_high: P * lam, dh2_0: P * alpha_0**2})
    general = P * _general(MODES[alpha] ** 2)
    return first_nonzero(
        sp.cancel(general.subs(growing).subs(_E, 1 / _X) - claimed),
        sp.cancel(general.subs(absent).subs(_E, _X) - claimed),
    )


def _merging_residual(relation: sp.Rel) -> sp.Expr:
    return sp.cancel(sp.limit(BERNOULLI, A_high, 0) - relation.rhs)


def _ends_residual(relation: sp.Rel) -> sp.Expr:
    ratio, variable, point, _ = relation.lhs.args
    return sp.limit(ratio.subs(dh2_end, END[dh2_end]), variable, point) - relation.rhs


def _crossing_residual(relation: sp.Rel) -> sp.Expr:
    squared = sp.exp(omega * g**2 * relation.rhs)  # exp(2 omega s) at that time
    return sp.cancel(u * cos_phi * squared - v * sin_phi)


_START = {
    alpha2_0: alpha_0**2,
    delta2: delta**2,
    pull: delta * beta_par_0 / alpha_0,
    growing2: u**2,
    lean: 2 * omega * cos_phi * u / alpha_0,
}
_circle = DifferentialField({}, {sin_phi: 1 - cos_phi**2})
_HALVES = 4 * omega / delta
"""What makes the polynomial of the half-way time one without fractions."""


def _half_way_polynomial(at: sp.Expr) -> sp.Expr:
    """(alpha beta_par - delta/2) N of an aligned pair, at a given exp(2 omega s)."""
    bare = (MODES[alpha] * MODES[beta_par] - delta / 2).subs(beta_perp_0, 0) * N
    powers = {sp.exp(omega * s): _E, sp.exp(-omega * s): 1 / _E, sp.exp(2 * omega * s): _E**2}
    value = (
        sp.expand(bare.subs(N, NORMALISATION.subs(beta_perp_0, 0))).subs(powers).subs(sp.exp(-2 * omega * s), _E**-2)
    )
    return sp.expand(sp.expand(value * _HALVES) * _E**2).subs(_E**4, at**2).subs(_E**2, at)


def _aligned_residual(relation: sp.Rel) -> sp.Expr:
    if relation.lhs == t_half:  # growth = exp(2 omega s) and s = g^2 t/2
        return sp.cancel(sp.exp(omega * g**2 * relation.rhs) - growth)
    return _circle.normal((relation.lhs - relation.rhs - _half_way_polynomial(growth)).subs(BY_ANGLE))


def _half_way_number_residual(relation: sp.Rel) -> sp.Expr:
    claimed = elementary(relation.rhs).subs(_START)
    if relation.lhs == shortfall:
        return _circle.normal((claimed + _half_way_polynomial(sp.S.One)).subs(AMPLITUDES).subs(BY_ANGLE))
    if relation.lhs == balance:  # growth = 1 + excess in the quadratic, which leaves excess^2, excess and a constant
        exact = (2 * u**2 + _slope_of_growth).subs(AMPLITUDES)
        return _circle.normal((elementary(claimed.subs(HALF_WAY_ALIGNED)).subs(_START) - exact).subs(BY_ANGLE))
    if relation.lhs == t_half:
        return sp.cancel(sp.exp(omega * g**2 * claimed) - 1 - excess)
    if not isinstance(claimed, sp.Piecewise):
        return claimed
    return first_nonzero(*(_excess_rest(value, sign) for (value, _), sign in zip(claimed.args, (1, -1), strict=True)))


def _excess_rest(value: sp.Expr, sign: int) -> sp.Expr:
    """Zero if ``value`` is the root of u^2 y^2 + b y - m that is positive, read off at one point for this sign of b."""
    if not value.subs({u: 1, shortfall: 1, balance: sign}).is_positive:
        return value
    root = sp.Symbol("root", positive=True)
    field = DifferentialField({}, {root: _root**2})
    known = value.subs(_root, root)
    return field.normal(u**2 * known**2 + balance * known - shortfall)


def _crossing_number_residual(relation: sp.Rel) -> sp.Expr:
    claimed = elementary(relation.rhs).subs(_START)
    if relation.lhs == t_zero:
        return sp.cancel(sp.exp(omega * g**2 * claimed) - 1 - overshoot)
    exact = sp.exp(omega * g**2 * CROSSING) - 1
    return _circle.normal((claimed - exact).subs(AMPLITUDES))


def _relaxation_residual(relation: sp.Rel) -> sp.Expr:
    """S is P omega, the root of A_high^2/4 + A_low^2 (the final distance)."""
    known = {spread: P * omega, dh2_end: P * lam / 2 + P * omega, rate_y: R, g: sp.sqrt(P * R)}
    return _circle.normal((relation.lhs - relation.rhs).subs(known).subs(BY_ANGLE))


STEPS = (
    Step(
        "rich",
        "The rich limit",
        r"Balanced ($\lambda = 0$) and aligned: $\phi$ is 45 degrees, only the growing mode is there, and $|\Delta y|$ "
        r"is a logistic curve, as in Saxe et al. (arXiv 1312.6120).",
        (sp.Eq(dy, LOGISTIC, evaluate=False),),
        _rich_residual,
    ),
    Step(
        "half_way",
        "When half is learnt",
        r"A rich pair has learnt half of its difference at this time: smaller starts wait longer, by a logarithm.",
        (sp.Eq(t_half, HALF_WAY, evaluate=False),),
        _half_way_residual,
    ),
    Step(
        "lazy",
        "The lazy limit",
        r"With $1/\tau_h \to 0$ the encoder stands still and $\Delta y$ relaxes to its target exponentially, at the "
        r"rate $|\Delta h|^2/(2 \tau_y)$.",
        (sp.Eq(dh2, dh2_0, evaluate=False), sp.Eq(dy_par, RELAXATION, evaluate=False)),
        _lazy_residual,
    ),
    Step(
        "agreeing",
        "Pairs that agree",
        r"For $\Delta y^* = 0$ the hidden distance solves a Bernoulli equation, for either sign of $A_\mathrm{high}$. "
        r"If that is not positive the two points merge.",
        (sp.Eq(dh2, BERNOULLI, evaluate=False),),
        _agreeing_residual,
    ),
    Step(
        "merging",
        "Balanced pairs that agree",
        r"Between keeping a distance and losing it exponentially, at $A_\mathrm{high} = 0$, it falls as $1/t$.",
        (sp.Eq(dh2, MERGING, evaluate=False),),
        _merging_residual,
    ),
    Step(
        "ends",
        "The three regimes of the end state",
        r"Rich: the start is forgotten. Lazy: the representation stays, $A_\mathrm{high}$ being near "
        r"$|\Delta h_0|^2$. Dominated by the decoder: the pair collapses.",
        (
            sp.Eq(sp.Limit(dh2_end / A_low, A_high, 0), 1, evaluate=False),
            sp.Eq(sp.Limit(dh2_end / A_high, A_high, sp.oo), 1, evaluate=False),
            sp.Eq(sp.Limit(-dh2_end * A_high / A_low**2, A_high, -sp.oo), 1, evaluate=False),
        ),
        _ends_residual,
    ),
    Step(
        "crossing",
        "When the hidden difference passes through zero",
        r"$\alpha$ vanishes once, at this time, if $u < 0$: since $\alpha_0 = u c_\phi - v s_\phi > 0$, the argument "
        r"of the logarithm is then above 1. For $u > 0$ it is below 1 and there is no such time.",
        (sp.Eq(t_zero, CROSSING, evaluate=False),),
        _crossing_residual,
    ),
    Step(
        "crossing_number",
        "That time as it is evaluated",
        r"With $\alpha_0 = u c_\phi - v s_\phi$ no difference of nearly equal numbers is left; "
        r"$\operatorname{logrel}(x) = \log(1 + x)/x$.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in CROSSING_STABLE.items()),
        _crossing_number_residual,
    ),
    Step(
        "half_way_aligned",
        "When an aligned pair has learnt half",
        r"For a pair with nothing across $\Delta y^*$, $\alpha \beta_\parallel = \delta/2$ is a quadratic equation for "
        r"$Z = e^{2 \omega s}$. The product of its roots is $-v^2/u^2$, so there is one positive root: $\Delta y$ is "
        "half-way once.",
        (
            sp.Eq(u**2 * growth**2 + _slope_of_growth * growth, v**2, evaluate=False),
            sp.Eq(t_half, sp.log(growth) / (omega * g**2), evaluate=False),
        ),
        _aligned_residual,
    ),
    Step(
        "half_way_number",
        "That time as it is evaluated",
        r"With $Z = 1 + y$ the equation is $u^2 y^2 + b y - m = 0$, where $m$ is positive as long as less than half "
        r"is learnt. Of the two forms of its positive root the one is taken in which nothing cancels.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in HALF_WAY_ALIGNED.items()),
        _half_way_number_residual,
    ),
    Step(
        "relaxation",
        "How fast the end is approached",
        r"The two roots of the end state (stability) in the modes. The second belongs to what is left across $\Delta "
        r"y^*$; it is the slower one if $\lambda < 0$, where $c_\phi^2 < 1/2$. Where nothing is across, only the first "
        "is there.",
        (
            sp.Eq(spread * rate_y, omega * g**2, evaluate=False),
            sp.Eq(dh2_end * rate_y, 2 * omega * cos_phi**2 * g**2, evaluate=False),
        ),
        _relaxation_residual,
    ),
)
