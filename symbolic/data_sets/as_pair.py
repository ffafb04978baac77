"""Two points are a data set: the theory of a pair without its ansatz."""

from __future__ import annotations

from typing import cast

import sympy as sp

from ..derivation import Step
from ..free_algebra import Rules, contracted, matrix_residual, scalar
from ..functions import dot
from ..matrix_calculus import derivative
from ..pair import dh2, dx2, rate_h, rate_y, t
from ..two_points import from_loss
from ..two_points.from_loss import CONSERVED_MATRIX, SYSTEM, rates_of_scalars
from ..two_points.notation import D_y, dh, dy, dy_target, m
from ..two_points.scalars import INVARIANT
from .conserved import CONSERVED, C
from .flow import MATRIX_FLOW
from .notation import D, E, H, K, K_pinv, N, c, ones, velocity

sign = sp.MatrixSymbol("sign", 2, 1)
"""-1 for the first point and 1 for the second."""

_error_mean = sp.MatrixSymbol("error_mean", m, 1)


def of_two(expr: sp.MatrixExpr) -> sp.MatrixExpr:
    """An expression for two points, with as many outputs as the pair has."""
    return expr.xreplace({N: sp.Integer(2), c: m})


PAIR = {
    of_two(H): sign * dh.T / 2,
    of_two(K): (dx2 / 4) * sign * sign.T,
    of_two(K_pinv): (1 / dx2) * sign * sign.T,
    of_two(E): sign * (dy - dy_target).T / 2 + of_two(ones) * _error_mean.T,
    of_two(D): D_y,
}
"""Two points whose inputs and representations have the mean 0, with errors of any mean."""

_RULES: Rules = {
    **from_loss.PAIR,
    (sign.T, sign): sp.Integer(2),
    (of_two(ones).T, sign): sp.ZeroMatrix(1, 1),
}

HALVED = {rate_h: rate_h / 2, rate_y: rate_y / 2}
"""The rates of a pair are those of the data set over N = 2."""

LATEX: dict[sp.Basic, str] = {sign: r"\begin{pmatrix} -1 \\ 1 \end{pmatrix}"}


def pair_flow(flow: dict[sp.MatrixSymbol, sp.MatrixExpr]) -> dict[sp.MatrixSymbol, sp.MatrixExpr]:
    """How dh, dy and the decoder move, by a flow of a data set's matrices."""
    difference = of_two(flow[H]).xreplace(PAIR).T * sign
    moved = {
        dh: contracted(difference, _RULES),
        D_y: contracted(of_two(flow[D]).xreplace(PAIR), _RULES),
    }
    return moved | {dy: contracted(derivative(D_y * dh, moved), _RULES)}


PAIR_FLOW = pair_flow(MATRIX_FLOW)
_RATES = rates_of_scalars(PAIR_FLOW)


def _flow_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in (dh, D_y) if velocity(x) == relation.lhs)
    return matrix_residual(PAIR_FLOW[variable] - relation.rhs, _RULES)


def _conserved_residual(relation: sp.Rel) -> sp.Expr:
    found = of_two(CONSERVED).xreplace(PAIR)
    if relation.lhs == C:
        return matrix_residual(found - relation.rhs, _RULES)
    along = cast(sp.MatrixExpr, relation.lhs).xreplace({C: found})
    return sp.expand(scalar(along, _RULES) - relation.rhs)


STEPS = (
    Step(
        "two_of_a_data_set",
        "Two points without the ansatz",
        "For $N = 2$ with centred inputs and representations (or those of a bias that follows) the two rows of $H$ "
        r"are $\mp \Delta h/2$, and $K$ has the one eigenvalue $|\Delta x|^2/2$. The mean of the errors drops out. "
        "What is left is the flow of a pair's matrices in the two-point theory, before its ansatz, each rate divided "
        r"by $N = 2$: the rates $1/\tau$ of that theory are half of these.",
        tuple(
            sp.Eq(velocity(x), contracted(from_loss.MATRIX_FLOW[x], {}).subs(HALVED), evaluate=False) for x in (dh, D_y)
        ),
        _flow_residual,
    ),
    Step(
        "scalars_of_two",
        "The three scalars follow",
        r"With the ansatz that $D_y^T(\Delta y - \Delta y^*)$ lies along $\Delta h$, and the same rates:",
        tuple(sp.Eq(dot(x, t), rate.subs(HALVED), evaluate=False) for x, rate in SYSTEM.items()),
        lambda relation: sp.expand(_RATES[relation.lhs.args[0]] - relation.rhs),
    ),
    Step(
        "conserved_of_two",
        "Its conserved matrix is that of the pair",
        r"$C$ is the conserved matrix of two points, and along $\Delta h$ it is the invariant $I$.",
        (
            sp.Eq(C, CONSERVED_MATRIX, evaluate=False),
            sp.Eq(dh.T * C * dh, sp.expand(dh2 * INVARIANT), evaluate=False),
        ),
        _conserved_residual,
    ),
)
