"""What the flow of a data set conserves, whatever the loss."""

from __future__ import annotations

from typing import cast

import sympy as sp

from ..derivation import Step
from ..free_algebra import Rules, matrix_residual
from ..matrix_calculus import derivative
from ..pair import rate_h, rate_y
from .flow import MATRIX_FLOW, WEIGHTS_FLOW
from .notation import D, F, H, K, K_pinv, N, W, n, r

C = sp.MatrixSymbol("C", n, n)
Rest = sp.MatrixSymbol("Rest", N, n)

CONSERVED_WEIGHTS = W.T * W / rate_h - D.T * D / rate_y
"""By the encoder's weights, no inverse is needed."""

CONSERVED = H.T * K_pinv * H / rate_h - D.T * D / rate_y
"""By the representations, for H in the range of K."""

G = sp.MatrixSymbol("G", N, r)
IN_FACTORS = {K: F * F.T, K_pinv: G * G.T}
"""The kernel and its pseudoinverse are symmetric and not negative: each is a factor times its transpose."""

_PROJECTED: Rules = {(F, F.T, G, G.T, F): F}
"""K K^+ F = F: the pseudoinverse undoes the kernel on its range."""

IN_RANGE: Rules = {(F, F.T, G, G.T, H): H}
"""K K^+ H = H: the representations are in the range of the kernel."""

LATEX: dict[sp.Basic, str] = {Rest: r"H_\perp"}


def _weights_residual(relation: sp.Rel) -> sp.Expr:
    moved = derivative(cast(sp.MatrixExpr, relation.rhs), WEIGHTS_FLOW)
    return matrix_residual(moved.xreplace({H: F * W}), {})


def _conserved_residual(relation: sp.Rel) -> sp.Expr:
    moved = derivative(cast(sp.MatrixExpr, relation.rhs), MATRIX_FLOW).xreplace(IN_FACTORS)
    return matrix_residual(moved, _PROJECTED if relation.lhs == Rest else IN_RANGE)


STEPS = (
    Step(
        "conserved_weights",
        "A conserved matrix",
        "The encoder's weights and the decoder feel the same product $H^T E D$, each at its own rate. Their "
        "difference stays, entry by entry, for any loss: a symmetric matrix in the space of the hidden units.",
        (sp.Eq(C, CONSERVED_WEIGHTS, evaluate=False),),
        _weights_residual,
    ),
    Step(
        "conserved_data_set",
        "The same, by the representations",
        r"If $H$ is in the range of $K$, as $\Phi W$ always is, $K K^+ H = H$ for the pseudoinverse $K^+$, and $W^T W$ "
        r"may be replaced by $H^T K^+ H$: the part of $W$ that the features do not reach does not move. If $H$ starts "
        "with a part outside that range, this part does not move either, and only the rest of $H$ counts.",
        (sp.Eq(C, CONSERVED, evaluate=False), sp.Eq(Rest, H - K * K_pinv * H, evaluate=False)),
        _conserved_residual,
    ),
)
