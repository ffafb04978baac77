"""The time course of a data set, where it is known: each mode is a pair by itself."""

from __future__ import annotations

import sympy as sp

from .. import growing_vectors
from ..derivation import Step, first_nonzero
from ..free_algebra import Rules, matrix_residual
from ..pair import dx2, dy2_target, rate_h, rate_y
from ..program import Program
from ..scalar_output.notation import growth_h, growth_y
from ..two_points import network
from ..two_points.network import NETWORK
from ..two_points.notation import B_par, B_perp, P, R, a
from .conserved import IN_FACTORS
from .end_state import strength
from .flow import ERROR, MATRIX_FLOW
from .growth import GROWING_FLOW
from .notation import P0, P1, P2, R0, R1, R2, D, E, F, H, N, Y, c, n, ones, velocity

u, v = sp.MatrixSymbol("u", N, 1), sp.MatrixSymbol("v", c, 1)
hidden = sp.MatrixSymbol("hidden", n, 1)
B = sp.MatrixSymbol("B", c, 1)
"""A mode: its unit vectors among the points, in the outputs and in the hidden layer; what the decoder makes of that."""

kappa, target = sp.symbols("kappa target", positive=True)
d = sp.Symbol("d", real=True)
B2 = sp.Symbol("B2", nonnegative=True)
"""Its eigenvalue of K and its singular value of Y*; the decoder along v, and |B|^2."""

H_rest, D_rest, Y_rest = (sp.MatrixSymbol(f"{x.name}_rest", *x.shape) for x in (H, D, Y))
"""The other modes."""

LATEX: dict[sp.Basic, str] = {
    hidden: "g",
    target: "y",
    B2: "|B|^2",
    kappa: r"\kappa",
}

_SPLIT = {H: a * u * hidden.T + H_rest, D: B * hidden.T + D_rest, Y: target * u * v.T + Y_rest}


def _zero(left: sp.MatrixExpr, right: sp.MatrixExpr) -> Rules:
    return {(left, right): sp.ZeroMatrix(left.shape[0], right.shape[1])}


_APART: Rules = {
    (u.T, u): sp.S.One,
    (v.T, v): sp.S.One,
    (hidden.T, hidden): sp.S.One,
    (B.T, B): B2,
    (v.T, B): B_par,
    (F, F.T, u): kappa * u,
    **_zero(F.T, ones),
    **_zero(u.T, ones),
    **_zero(H_rest.T, ones),
    **_zero(H_rest.T, u),
    **_zero(H_rest, hidden),
    **_zero(D_rest, hidden),
    **_zero(D_rest.T, v),
    **_zero(D_rest.T, B),
    **_zero(Y_rest.T, u),
    **_zero(Y_rest, v),
    **_zero(Y_rest, B),
}
"""K u = kappa u, the data is centred, and no other mode has a part in this one's directions."""

_PULL = a * B2 - target * B_par


def _moved(flow: dict[sp.MatrixSymbol, sp.MatrixExpr], expr: sp.MatrixExpr) -> sp.MatrixExpr:
    return expr.xreplace({velocity(x): flow[x] for x in (H, D)}).xreplace({E: ERROR}).xreplace(IN_FACTORS | _SPLIT)


def _modes_residual(relation: sp.Rel) -> sp.Expr:
    return matrix_residual(_moved(MATRIX_FLOW, relation.lhs - relation.rhs), _APART)


CONSTANTS = {P: 2 * kappa * rate_h / N, R: 2 * kappa * rate_y / N, network.D: strength}
"""What stands for the constants of a pair's network, a standing for a/sqrt(kappa): a pair with the data set's rates, by
a clock of the mode's own."""


def _constants_residual(relation: sp.Rel) -> sp.Expr:
    """The mode's motion by m = a/sqrt(kappa), against that of the network with these constants."""
    own = CONSTANTS | {relation.lhs: relation.rhs}
    by_size = {a: sp.sqrt(kappa) * a, target: sp.sqrt(kappa) * strength, B2: B_par**2 + B_perp**2}
    moved = {
        a: (-(kappa * rate_h / N) * _PULL).subs(by_size, simultaneous=True) / sp.sqrt(kappa),
        B_par: (-(rate_y / N) * a * (a * B_par - target)).subs(by_size, simultaneous=True),
        B_perp: (-(rate_y / N) * a * a * B_perp).subs(by_size, simultaneous=True),
    }
    return first_nonzero(*(sp.expand(rate - NETWORK[x].subs(own)) for x, rate in moved.items()))


_ALONG = {B: d * v}
_encoder_rate = (kappa * P0 + (kappa * P1 + P2) * a**2 / N) / N
_decoder_rate = (R0 + (R1 + R2) * d**2) / N


def _growing_residual(relation: sp.Rel) -> sp.Expr:
    rest = _moved(GROWING_FLOW, relation.lhs - relation.rhs).xreplace(_ALONG)
    return matrix_residual(rest, {x: y for x, y in _APART.items() if B not in x and B.T not in x})


GROWING_CONSTANTS = {
    dx2: kappa,
    rate_h: 2 * P0 / N,
    growth_h: 2 * (P1 + P2 / kappa) / N**2,
    rate_y: 2 * R0 / N,
    growth_y: 2 * (R1 + R2) / N,
    dy2_target: target**2,
}
"""What stands for a pair's constants in the mode of a data set: its a^2 is the pair's dh2, and (a d)^2 its dy2."""

MODE_PAIR = Program(
    (kappa, target, P0, P1, P2, R0, R1, R2, N),
    {},
    GROWING_CONSTANTS,
)
"""The pair that a mode is."""


def _growing_constants_residual(relation: sp.Rel) -> sp.Expr:
    own = GROWING_CONSTANTS | {relation.lhs: relation.rhs}
    aligned = {B_par: d, B_perp: sp.S.Zero}
    pair = {x: growing_vectors.NETWORK_FLOW[x].subs(own).subs(aligned) for x in (a, B_par)}
    pull = a * d - target
    return first_nonzero(
        sp.expand(pair[a] + _encoder_rate * d * pull), sp.expand(pair[B_par] + _decoder_rate * a * pull)
    )


STEPS = (
    Step(
        "data_set_modes",
        "Modes that do not mix",
        r"Let $K$ and $Y^* Y^{*T}$ commute, so that they share eigenvectors: $K u = \kappa u$ and $Y^{*T} u = y v$ "
        "for unit vectors $u$, $v$. Let the start be aligned: $H^T u = a g$ with a unit vector $g$ and $D g = B$, "
        "each $g$ and $B$ at right angles to those of the other modes, and to their $v$. Let the data be centred, $K "
        r"\mathbf{1} = 0$ and $H^T \mathbf{1} = 0$, or have no bias. Then the motion of the mode stays in the mode: "
        r"$\dot H$ takes $g$ to $u$, and $u$ to $g$, by the same number.",
        (
            sp.Eq(velocity(H) * hidden, -(kappa * rate_h / N) * _PULL * u, evaluate=False),
            sp.Eq(velocity(H).T * u, -(kappa * rate_h / N) * _PULL * hidden, evaluate=False),
            sp.Eq(velocity(D) * hidden, -(rate_y / N) * a * (a * B - target * v), evaluate=False),
            sp.Eq(velocity(D).T * v, -(rate_y / N) * a * (a * B_par - target) * hidden, evaluate=False),
        ),
        _modes_residual,
    ),
    Step(
        "mode_is_a_pair",
        "Each is a pair",
        r"By $a/\sqrt{\kappa}$, the mode's singular value of $(K^+)^{1/2} H$, and $\sigma = y/\sqrt{\kappa}$, this is "
        "the network of one hidden unit of the two-point theory, with these constants. So its exact trajectory is "
        r"that of a pair, with $\lambda$ the eigenvalue of $C$. The rates are the same for all modes; only the clock "
        r"differs, by $\kappa$. $B_\perp$ is what the start has of $B$ across $v$.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in CONSTANTS.items()),
        _constants_residual,
    ),
    Step(
        "growing_modes",
        "Modes with growing rates",
        r"With $B = d v$ along the target the same holds if rates grow.",
        (
            sp.Eq(velocity(H) * hidden, -_encoder_rate * d * (a * d - target) * u, evaluate=False),
            sp.Eq(velocity(H).T * u, -_encoder_rate * d * (a * d - target) * hidden, evaluate=False),
            sp.Eq(velocity(D) * hidden, -_decoder_rate * a * (a * d - target) * v, evaluate=False),
            sp.Eq(velocity(D).T * v, -_decoder_rate * a * (a * d - target) * hidden, evaluate=False),
        ),
        _growing_residual,
    ),
    Step(
        "growing_mode_is_a_pair",
        "Each is a pair with growing rates",
        "Its $a$ and $d$ move as those of a pair with these constants, so it has that pair's invariant and its end. "
        "A mode knows only the sums: $P_1$ counts by itself, $P_2$ over the eigenvalue of $K$, so with $P_2$ the "
        r"modes of small $\kappa$ speed up more.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in GROWING_CONSTANTS.items()),
        _growing_constants_residual,
    ),
)
