"""The flows as they are computed: by a factor of the kernel, nothing as large as points times points is formed."""

from __future__ import annotations

import sympy as sp

from ..free_algebra import Rules, contracted
from . import flow, growth
from .notation import E, F, H, K, c, n, r

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

GROWING_FLOW = {x: _factored(rate) for x, rate in growth.GROWING_FLOW.items()}
"""The same with rates that grow."""
