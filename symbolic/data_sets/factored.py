"""The flows as they are computed: by a factor of the kernel, nothing as large as points times points is formed."""

from __future__ import annotations

import sympy as sp

from ..derivation import Step
from ..free_algebra import Rules, contracted, matrix_residual
from . import flow, growth
from .notation import D, E, F, H, K, b, c, n, r, velocity

FE = sp.MatrixSymbol("FE", r, c)
HE = sp.MatrixSymbol("HE", n, c)
HH = sp.MatrixSymbol("HH", n, n)

PRODUCTS = {FE: F.T * E, HE: H.T * E, HH: H.T * H}
"""The small products that a step needs, of the errors ``flow.ERROR``."""

_BY_PRODUCTS: Rules = {(F.T, E): FE, (H.T, E): HE, (H.T, H): HH}


def _factored(rate: sp.MatrixExpr) -> sp.MatrixExpr:
    return contracted(rate.xreplace({K: F * F.T}), _BY_PRODUCTS)


MATRIX_FLOW = {x: _factored(rate) for x, rate in flow.MATRIX_FLOW.items()}
"""How H, D and b move, by H, D, F, E, ``ones`` and the products; read from the left, no product is large."""

POWER_FLOW = {x: _factored(rate) for x, rate in growth.POWER_FLOW.items()}
"""The same with rates that grow, by the powers ``growth.S1`` and ``growth.S2`` too."""

LATEX: dict[sp.Basic, str] = {FE: "A", HE: "B", HH: "S"}


def _factored_residual(relation: sp.Rel) -> sp.Expr:
    if relation.lhs in PRODUCTS:
        return matrix_residual(PRODUCTS[relation.lhs] - relation.rhs, {})
    variable = next(x for x in (H, D, b) if velocity(x) == relation.lhs)
    rest = flow.MATRIX_FLOW[variable].xreplace({K: F * F.T}) - relation.rhs.xreplace(PRODUCTS)
    return matrix_residual(rest, {})


STEPS = (
    Step(
        "factored",
        "As it is computed",
        r"With $A = \Phi^T E$ and $B = H^T E$ a step takes a number of operations that is proportional to the number "
        "of points: nothing of the size of the kernel is ever formed.",
        (
            *(sp.Eq(x, PRODUCTS[x], evaluate=False) for x in (FE, HE)),
            *(sp.Eq(velocity(x), MATRIX_FLOW[x], evaluate=False) for x in (H, D)),
        ),
        _factored_residual,
    ),
)
