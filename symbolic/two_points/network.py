"""The same system as a width-1 two-layer linear network, and its linear flow."""

from __future__ import annotations

import sympy as sp

from ..derivation import Step
from ..field import DifferentialField
from ..functions import dot
from ..pair import dh2, dh2_0, dx2, dy2, dy2_0, dy2_target, rate_h, rate_y, t, w, w_0
from .from_loss import SYSTEM
from .notation import (
    B_par,
    B_perp,
    P,
    R,
    a,
    alpha,
    alpha_0,
    beta_par,
    beta_par_0,
    beta_perp,
    beta_perp_0,
    delta,
    lam,
    mu,
    s,
)
from .scalars import ALIGNMENT

D = sp.Symbol("D", positive=True)
"""|dy*|, the size of the difference of the targets."""

_chi = sp.Symbol("chi_origin")
"""The characteristic polynomial at the origin."""

LATEX: dict[sp.Basic, str] = {D: r"|\Delta y^*|", _chi: r"\det(J_0 - \mu)"}

_POTENTIAL = ((a * B_par - D) ** 2 + a**2 * B_perp**2) / 8
_RATES = {rate_h: P / dx2, rate_y: R, dy2_target: D**2}

NETWORK = {
    a: -P * (a * (B_par**2 + B_perp**2) - D * B_par) / 2,
    B_par: -R * a * (a * B_par - D) / 2,
    B_perp: -R * a**2 * B_perp / 2,
}
"""Gradient flow of one hidden unit with two rates; B_perp is what of B is perpendicular to dy*."""

READOUT = {
    dh2: a**2,
    dy2: a**2 * (B_par**2 + B_perp**2),
    w: a**2 * (B_par**2 + B_perp**2) - D * a * B_par,
}
"""The three scalars of that network."""

COORDINATES = (alpha, beta_par, beta_perp)
SCALED = dict(zip(COORDINATES, (a / sp.sqrt(P), B_par / sp.sqrt(R), B_perp / sp.sqrt(R)), strict=True))

FLOW = {
    alpha: -alpha * (beta_par**2 + beta_perp**2) + delta * beta_par,
    beta_par: -(alpha**2) * beta_par + delta * alpha,
    beta_perp: -(alpha**2) * beta_perp,
}
"""The rescaled flow: polynomial, one parameter, no singularity."""

_size2 = alpha**2 + beta_par**2 + beta_perp**2
LINEAR = {
    alpha: lam * alpha / 2 + delta * beta_par - _size2 * alpha / 2,
    beta_par: delta * alpha - lam * beta_par / 2 - _size2 * beta_par / 2,
    beta_perp: -lam * beta_perp / 2 - _size2 * beta_perp / 2,
}
"""The same flow as F Q - |Q|^2 Q/2 with a constant matrix F."""

CONSERVED = alpha**2 - beta_par**2 - beta_perp**2

INITIAL = {
    alpha_0: sp.sqrt(dh2_0 / P),
    beta_par_0: (dy2_0 - w_0) / (D * sp.sqrt(dh2_0 * R)),
    beta_perp_0**2: dy2_0 / (dh2_0 * R) - ((dy2_0 - w_0) / (D * sp.sqrt(dh2_0 * R))) ** 2,
}
"""The network's start, from the three scalars at the start."""

_network = DifferentialField(NETWORK)
_flow = DifferentialField(FLOW)


def _network_residual(relation: sp.Rel) -> sp.Expr:
    x = relation.lhs.args[0]
    rate = P if x == a else R
    return sp.expand(-2 * rate * _POTENTIAL.diff(x) - relation.rhs)


def _equivalence_residual(relation: sp.Rel) -> sp.Expr:
    wanted = SYSTEM[relation.lhs].subs(_RATES).subs(READOUT)
    return _network.normal(_network.derivative(relation.rhs) - wanted)


def _scaling_residual(relation: sp.Rel) -> sp.Expr:
    rate = _network.derivative(SCALED[relation.lhs.args[0]]) * 2 / (P * R)
    return _network.normal(rate - relation.rhs.subs(delta, D / sp.sqrt(P * R)).subs(SCALED))


def _initial_residual(relation: sp.Rel) -> sp.Expr:
    start = {alpha: sp.sqrt(dh2_0 / P), beta_par: INITIAL[beta_par_0]}
    readout = {x: READOUT[x].subs({a: sp.sqrt(P) * alpha, B_par: sp.sqrt(R) * beta_par}) for x in (dh2, dy2, w)}
    if relation.lhs == alpha_0:
        if not relation.rhs.is_positive:
            return relation.rhs
        return sp.expand(readout[dh2].subs(alpha, relation.rhs) - dh2_0)
    if relation.lhs == beta_par_0:
        parallel = (readout[dy2] - readout[w]).subs({alpha: start[alpha], beta_par: relation.rhs})
        return sp.expand(parallel - (dy2_0 - w_0))
    whole = readout[dy2].subs(B_perp, sp.sqrt(R * relation.rhs)).subs(start)
    return sp.expand(whole - dy2_0)


def _linear_residual(relation: sp.Rel) -> sp.Expr:
    x = relation.lhs.args[0]
    return sp.expand(relation.rhs.subs(lam, CONSERVED) - FLOW[x])


def _origin_residual(relation: sp.Rel) -> sp.Expr:
    jacobian = sp.Matrix([FLOW[x] for x in COORDINATES]).jacobian(COORDINATES)
    at_origin = jacobian.subs({alpha: 0, beta_par: 0})
    return sp.expand((at_origin - mu * sp.eye(3)).det() - relation.rhs)


STEPS = (
    Step(
        "network",
        "A network of one hidden unit",
        r"Write $|\Delta h|^2 = a^2$ and $\Delta y = a B$: one linear unit $a$ with a decoder vector $B$, whose part "
        r"along $\Delta y^*$ is $B_\parallel$ and whose part across it is $B_\perp$. Its gradient flow on $|a B - "
        r"\Delta y^*|^2/8$, with the rates $P = |\Delta x|^2/\tau_h$ for $a$ and $R = 1/\tau_y$ for $B$, is",
        tuple(sp.Eq(dot(x, t), rate, evaluate=False) for x, rate in NETWORK.items()),
        _network_residual,
    ),
    Step(
        "equivalence",
        "It is the same system",
        "The three scalars of that network obey the three-scalar system exactly: the theory of any smooth network is "
        "the theory of one hidden unit.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in READOUT.items()),
        _equivalence_residual,
    ),
    Step(
        "cauchy_schwarz",
        "Alignment in this network",
        r"The conserved sign of $G$ is that of minus a square: $G \leq 0$ always, and $G = 0$ if nothing is across "
        r"$\Delta y^*$.",
        (sp.Eq(ALIGNMENT, -((D * a * B_perp) ** 2), evaluate=False),),
        lambda relation: sp.expand((relation.lhs - relation.rhs).subs(_RATES).subs(READOUT)),
    ),
    Step(
        "rescaling",
        "One parameter is left",
        r"With $\alpha = a/\sqrt{P}$, $\beta = B/\sqrt{R}$, $g = \sqrt{P R}$, time $s = g^2 t/2$ and $\delta = "
        r"|\Delta y^*|/g$:",
        tuple(sp.Eq(dot(x, s), rate, evaluate=False) for x, rate in FLOW.items()),
        _scaling_residual,
    ),
    Step(
        "initial_values",
        "The start, from measured scalars",
        r"The readout of the network, solved for its weights; $\alpha$ is taken positive. For $\Delta y^* = 0$ the "
        r"whole of $\beta$ counts as perpendicular.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in INITIAL.items()),
        _initial_residual,
    ),
    Step(
        "conserved",
        "The conserved quantity again",
        r"The invariant $I$ is $\lambda$; with it $A_\mathrm{high} = P \lambda$ and $A_\mathrm{low} = P \delta$.",
        (sp.Eq(lam, CONSERVED, evaluate=False),),
        lambda relation: _flow.normal(_flow.derivative(relation.rhs)),
    ),
    Step(
        "linear_flow",
        "The flow is linear up to a normalisation",
        r"With that constant, $Q = (\alpha, \beta)$ moves by $Q' = F Q - |Q|^2 Q/2$ with $F$ symmetric and constant.",
        tuple(sp.Eq(dot(x, s), rate, evaluate=False) for x, rate in LINEAR.items()),
        _linear_residual,
    ),
    Step(
        "origin",
        "The origin",
        r"At $\alpha = \beta_\parallel = 0$ the linearised flow has the root 0 and two whose product is $-\delta^2$: "
        r"a saddle when $\Delta y^* \neq 0$. When $\Delta y^* = 0$ it is where agreeing pairs merge.",
        (sp.Eq(_chi, -mu * (mu**2 + beta_perp**2 * mu - delta**2), evaluate=False),),
        _origin_residual,
    ),
)
