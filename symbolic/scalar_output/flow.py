"""Three scalars that need no ansatz, for any rates and any differentiable loss of a single output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import sympy as sp

from ..derivation import Step
from ..field import DifferentialField
from ..free_algebra import Rules, scalar
from ..functions import dot
from ..matrix_calculus import directional_residual
from ..pair import dh2, dh2_0, dy2, dy2_0, t
from ..program import Program
from .notation import BEGIN, READOUT, b, b2, dh, e, f, gram, rate_b, rate_dh

_INNER: Rules = {(dh.T, dh): dh2, (b.T, b): b2, (b.T, dh): f}
"""What the products of the two vectors are called."""

VECTORS = {dh: -(rate_dh * e / 2) * b, b: -(rate_b * e / 2) * dh}
"""Gradient flow on the loss of f = dh . b with a rate for each of the two vectors."""

_PRODUCTS = {
    dh2: 2 * dh.T * VECTORS[dh],
    b2: 2 * b.T * VECTORS[b],
    f: VECTORS[dh].T * b + dh.T * VECTORS[b],
}
"""The product rule."""

FLOW = {x: sp.factor(scalar(rate, _INNER)) for x, rate in _PRODUCTS.items()}
"""The time derivatives of |dh|^2, |b|^2 and f."""

GRAM = dh2 * b2 - f**2
"""The squared area that dh and b span."""

MEASURED_GRAM = Program((dh2, dy2, b2), {}, {gram: GRAM.subs(READOUT[dy2], dy2)})
"""The same, from the measured scalars and the decoder's gradient."""

MEASURED_SLOPE = Program((dh2_0, dy2_0, gram), {}, {b2: BEGIN[b2]})
"""The squared length of that gradient, from the measured scalars and the area."""

_x = sp.Symbol("x", positive=True)
STRETCH = sp.Integral(1 / rate_dh.func(_x), (_x, 0, dh2)) - sp.Integral(1 / rate_b.func(_x), (_x, 0, b2))
"""Both vectors are stretched by the same impulse, each counted in its own rate."""

_gram, _loss = sp.symbols("Gram ell")
_field = DifferentialField(FLOW)

_partial = {x: sp.MatrixSymbol(f"partial_{x.name}", *x.shape) for x in (dh, b)}
_dot = {x: sp.MatrixSymbol(f"dot_{x.name}", *x.shape) for x in (dh, b)}

LATEX: dict[sp.Basic, str] = {
    _gram: r"\Gamma",
    _loss: r"\ell",
    _partial[dh]: r"\frac{\partial f}{\partial \Delta h}",
    _partial[b]: r"\frac{\partial f}{\partial b}",
    _dot[dh]: r"\frac{d}{dt}\Delta h",
    _dot[b]: r"\frac{d}{dt}b",
}


def flow_with(rates: Mapping[sp.Expr, sp.Expr], error: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """The flow with particular rates and the error of a particular loss."""
    return {x: rate.subs(rates).subs(e, error) for x, rate in FLOW.items()}


def _gradient_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in (dh, b) if _partial[x] == relation.lhs)
    return directional_residual(dh.T * b, variable, cast(sp.MatrixExpr, relation.rhs))


def _vectors_residual(relation: sp.Rel) -> sp.Expr:
    """The flow of each vector, projected on both: what any vector along the other leaves."""
    variable = next(x for x in (dh, b) if _dot[x] == relation.lhs)
    other, rate = (b, rate_dh) if variable == dh else (dh, rate_b)
    return scalar(other.T * (relation.rhs + 2 * rate * (e / 4) * other), _INNER)


def _flow_residual(relation: sp.Rel) -> sp.Expr:
    return sp.expand(scalar(_PRODUCTS[relation.lhs.args[0]], _INNER) - relation.rhs)


STEPS = (
    Step(
        "output_gradient",
        "A single output",
        r"The decoder's gradient at the pair is a vector $b$, and the difference of the outputs is $f = \Delta h \cdot "
        r"b$, counted along $\Delta y^*$. Nothing is assumed of the directions of $\Delta h$ and $b$.",
        (sp.Eq(_partial[dh], b, evaluate=False), sp.Eq(_partial[b], dh, evaluate=False)),
        _gradient_residual,
    ),
    Step(
        "vectors",
        "How both vectors move",
        r"Gradient flow on any differentiable loss $\ell(f)$, with $e = 4 \ell'(f)$, which is $f - |\Delta y^*|$ for "
        r"the squared error of two points. The rates $P$ and $R$ may depend in any way on the length of the vector "
        r"that they move: constant for one linear layer, growing for a deep map. With the rates of the two-point "
        r"system, $P = |\Delta x|^2/\tau_h$ and $R = 1/\tau_y$.",
        tuple(sp.Eq(_dot[x], rate, evaluate=False) for x, rate in VECTORS.items()),
        _vectors_residual,
    ),
    Step(
        "scalars",
        "Three scalars close",
        "No ansatz is needed, and nothing is divided by: the system is regular where the two points meet.",
        tuple(sp.Eq(dot(x, t), rate, evaluate=False) for x, rate in FLOW.items()),
        _flow_residual,
    ),
    Step(
        "gram",
        "The area is conserved",
        r"$\Delta h$ and $b$ turn and stretch, but the area that they span stays, for any rates and any loss. It is 0 "
        "under the ansatz.",
        (sp.Eq(_gram, GRAM, evaluate=False),),
        lambda relation: _field.normal(_field.derivative(relation.rhs)),
    ),
    Step(
        "stretch_invariant",
        "A second conserved quantity",
        r"Both vectors feel the same impulse $f e$; each answers with its own rate. For constant rates this is the "
        "invariant $I$ of the two-point system.",
        (sp.Eq(sp.Symbol("J"), STRETCH, evaluate=False),),
        lambda relation: _field.normal(_field.derivative(relation.rhs)),
    ),
    Step(
        "any_descent",
        "The loss never increases",
        r"A product of a square and of rates, whatever the loss.",
        (sp.Eq(dot(_loss, t), -(rate_dh * b2 + rate_b * dh2) * e**2 / 8, evaluate=False),),
        lambda relation: sp.expand(e / 4 * FLOW[f] - relation.rhs),
    ),
)
