"""The means of a data set: when they go their own way, and when the bias takes care of them."""

from __future__ import annotations

import sympy as sp

from ..derivation import Step
from ..free_algebra import Rules, matrix_residual
from ..pair import rate_h, rate_y
from .flow import ERROR, MATRIX_FLOW
from .notation import D, E, F, H, K, N, Y, b, c, ones, rate_b, velocity

J = sp.MatrixSymbol("J", N, N)
"""What takes the mean off each column."""

_Q = sp.MatrixSymbol("Q", N, N - 1)
_Z = sp.MatrixSymbol("Z", N - 1, c)
_CENTRE: Rules = {(_Q.T, _Q): sp.Identity(N - 1)}
"""J = Q Q^T for an orthonormal basis Q of what has no mean."""

_CENTRED: Rules = {
    (F.T, ones): sp.ZeroMatrix(F.shape[1], 1),
    (H.T, ones): sp.ZeroMatrix(H.shape[1], 1),
    (ones.T, ones): N,
}
"""K 1 = 0 and H^T 1 = 0."""


def _mean_residual(relation: sp.Rel) -> sp.Expr:
    moving = {velocity(x): rate for x, rate in MATRIX_FLOW.items()}
    rest = (relation.lhs - relation.rhs).xreplace(moving)
    if relation.lhs == ones.T * velocity(H):
        return matrix_residual(rest.xreplace({K: F * F.T}), {})
    return matrix_residual(rest.xreplace({E: ERROR, K: F * F.T}), _CENTRED)


def _following_residual(relation: sp.Rel) -> sp.Expr:
    moving = {velocity(x): rate for x, rate in MATRIX_FLOW.items()}
    rest = (relation.lhs - relation.rhs).xreplace(moving)
    return matrix_residual(rest.xreplace({E: _Q * _Z, J: _Q * _Q.T}), _CENTRE)


STEPS = (
    Step(
        "centred",
        "Centred data: the bias learns the mean by itself",
        r"The kernel of centred features has $K \mathbf{1} = 0$. By the first equation the mean of $H$ then does not "
        "move; if it is 0 at the start, the bias relaxes to the mean of the targets by itself, for the squared "
        "error, and what moves $H$ and $D$ is the flow without a bias.",
        (
            sp.Eq(ones.T * velocity(H), -(rate_h / N) * ones.T * K * E * D, evaluate=False),
            sp.Eq(velocity(b), -rate_b * (b - Y.T * ones / N), evaluate=False),
            sp.Eq(K * E, K * (H * D.T - Y), evaluate=False),
            sp.Eq(E.T * H, (H * D.T - Y).T * H, evaluate=False),
        ),
        _mean_residual,
    ),
    Step(
        "bias_follows",
        "A bias that follows: everything centred",
        "Let instead the bias be learnt at once, so that the errors have no mean, and let $J$ take the mean off each "
        "column. The centred representations $J H$ with the centred kernel $J K J$ obey the same flow: below, $H$, "
        "$K$ and $Y^*$ may stand for the centred ones.",
        (
            sp.Eq(J * velocity(H), -(rate_h / N) * J * K * J * E * D, evaluate=False),
            sp.Eq(velocity(D), -(rate_y / N) * E.T * J * H, evaluate=False),
        ),
        _following_residual,
    ),
)
