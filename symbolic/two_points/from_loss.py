"""From the loss of two points to the three-scalar system: van Rossem & Saxe (arXiv 2402.09142), sections 2 and 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import sympy as sp

from ..derivation import Step
from ..free_algebra import Rules, contracted, matrix_residual, scalar
from ..functions import dot
from ..matrix_calculus import derivative, directional_residual, gradient
from ..pair import dh2, dx2, dy2, dy2_target, rate_h, rate_y, t, w
from .notation import (
    D_h,
    D_y,
    dh,
    dx,
    dy,
    dy_target,
    n,
    rate_mean,
    y_1,
    y_1_target,
    y_2,
    y_2_target,
    y_mean,
    y_mean_target,
)


def loss_of(difference: sp.MatrixExpr) -> sp.MatrixExpr:
    """The mean of half the squared errors of two points whose predictions have that difference."""
    return (y_mean - y_mean_target).T * (y_mean - y_mean_target) / 2 + (
        (difference - dy_target).T * (difference - dy_target) / 8
    )


LOSS = loss_of(D_y * D_h * dx)
"""The mean of half the squared errors of the two points, in their mean and their difference."""

_VARIABLES = (D_h, D_y, y_mean)
_LEARNING_RATES = {D_h: 2 * rate_h, D_y: 2 * rate_y, y_mean: rate_mean}
"""The step of gradient flow on each variable; a rate counts half of it, the convention of the paper."""

PAIR: Rules = {
    (D_h, dx): dh,
    (D_y, dh): dy,
    (dx.T, dx): dx2,
    (dh.T, dh): dh2,
    (dy.T, dy): dy2,
    (dy.T, dy_target): dy2 - w,
    (dy_target.T, dy_target): dy2_target,
}
"""What the products of the pair's vectors are called."""

ANSATZ: Rules = {(D_y.T, dy): D_y.T * dy_target + (w / dh2) * dh}
"""D_y^T (dy - dy*) lies along dh."""

conserved_matrix = sp.MatrixSymbol("M", n, n)
CONSERVED_MATRIX = (1 / (rate_h * dx2)) * dh * dh.T - (1 / rate_y) * D_y.T * D_y
"""Constant along the flow of the matrices, without the ansatz; dh is D_h dx."""


def _dot(x: sp.MatrixSymbol) -> sp.MatrixSymbol:
    return sp.MatrixSymbol(f"dot_{x.name}", *x.shape)


def _partial(x: sp.MatrixSymbol) -> sp.MatrixSymbol:
    return sp.MatrixSymbol(f"partial_{x.name}", *x.shape)


GRADIENTS = {x: gradient(LOSS, x) for x in _VARIABLES}
FLOW = {x: -_LEARNING_RATES[x] * GRADIENTS[x] for x in _VARIABLES}

MATRIX_FLOW = {dh: contracted(FLOW[D_h] * dx, PAIR), D_y: contracted(FLOW[D_y], PAIR)}
"""How dh and the decoder's matrix move, a closed system without the ansatz; dy is D_y dh."""

PAIR_FLOW = {dh: MATRIX_FLOW[dh], dy: contracted(derivative(D_y * dh, MATRIX_FLOW), PAIR)}
"""How the differences of the pair move."""


def rates_of_scalars(pair_flow: Mapping[sp.MatrixSymbol, sp.MatrixExpr]) -> dict[sp.Symbol, sp.Expr]:
    """The rates of dh2, dy2 and w by the product rule, for a flow of dh and dy and under the ansatz."""
    products = {dh2: dh.T * dh, dy2: dy.T * dy, w: dy.T * (dy - dy_target)}
    return {x: sp.expand(scalar(derivative(value, pair_flow), {**PAIR, **ANSATZ})) for x, value in products.items()}


_RATES = rates_of_scalars(PAIR_FLOW)

SYSTEM = {x: sp.collect(rate, (rate_h, rate_y), sp.factor) for x, rate in _RATES.items()}
"""The three-scalar system: the time derivatives of dh2, dy2 and w."""

PAIR_LOSS = scalar((dy - dy_target).T * (dy - dy_target) / 8, PAIR)
"""The part of the loss that depends on the difference of the two predictions."""

MEAN_ERROR_RATE = scalar(2 * (y_mean - y_mean_target).T * FLOW[y_mean], {})
"""The rate of change of |y_mean - y_mean_target|^2, with the products of the means left as symbols."""

MEAN_ERROR = scalar((y_mean - y_mean_target).T * (y_mean - y_mean_target), {})
"""|y_mean - y_mean_target|^2, with the products of the means left as symbols."""


def _loss_residual(relation: sp.Rel) -> sp.Expr:
    each = {
        y_1: y_mean - dy / 2,
        y_2: y_mean + dy / 2,
        y_1_target: y_mean_target - dy_target / 2,
        y_2_target: y_mean_target + dy_target / 2,
    }
    return matrix_residual(relation.lhs.xreplace(each) - relation.rhs, {(D_y, D_h, dx): dy})


def _gradient_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in _VARIABLES if _partial(x) == relation.lhs)
    return directional_residual(LOSS, variable, cast(sp.MatrixExpr, relation.rhs))


def _flow_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in _VARIABLES if _dot(x) == relation.lhs)
    gradients = {_partial(x): value for x, value in GRADIENTS.items()}
    return matrix_residual(relation.rhs.xreplace(gradients) - FLOW[variable], {})


def _pair_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in PAIR_FLOW if _dot(x) == relation.lhs)
    return matrix_residual(PAIR_FLOW[variable] - relation.rhs, PAIR)


def _conserved_matrix_residual(relation: sp.Rel) -> sp.Expr:
    if relation.lhs == _dot(D_h):
        return matrix_residual(FLOW[D_h] - relation.rhs, PAIR)
    moved = derivative(cast(sp.MatrixExpr, relation.rhs), MATRIX_FLOW)
    return matrix_residual(moved, PAIR)


def _ansatz_residual(relation: sp.Rel) -> sp.Expr:
    return scalar(dh.T * (relation.lhs - relation.rhs), PAIR)


def _system_residual(relation: sp.Rel) -> sp.Expr:
    return sp.expand(_RATES[relation.lhs.args[0]] - relation.rhs)


LATEX: dict[sp.Basic, str] = {
    **{_dot(x): rf"\dot {name}" for x, name in ((D_h, "D_h"), (D_y, "D_y"), (y_mean, r"{\bar y}"))},
    **{_dot(x): rf"\frac{{d}}{{dt}}{name}" for x, name in ((dh, r"\Delta h"), (dy, r"\Delta y"))},
    **{
        _partial(x): rf"\frac{{\partial L}}{{\partial {name}}}"
        for x, name in ((D_h, "D_h"), (D_y, "D_y"), (y_mean, r"\bar y"))
    },
}

STEPS = (
    Step(
        "loss",
        "The loss of two points",
        "The mean over both points of half the squared error splits into the error of the mean prediction and that "
        "of the difference, because the cross terms cancel. Encoder and decoder are replaced by their derivatives at "
        r"the mean of the two points, so the difference of the predictions is $D_y D_h \Delta x$.",
        (
            sp.Eq(
                (y_1 - y_1_target).T * (y_1 - y_1_target) / 4 + (y_2 - y_2_target).T * (y_2 - y_2_target) / 4,
                LOSS,
                evaluate=False,
            ),
        ),
        _loss_residual,
    ),
    Step(
        "gradient",
        "Its gradient",
        r"Moving one of the three variables in any direction $E$ changes the loss by $\operatorname{tr}(G^T E)$ to "
        "first order; $G$ is the gradient. Nothing is assumed about the sizes of the matrices.",
        tuple(sp.Eq(_partial(x), GRADIENTS[x], evaluate=False) for x in _VARIABLES),
        _gradient_residual,
    ),
    Step(
        "gradient_flow",
        "Gradient flow with effective rates",
        "The architecture enters only through three effective learning rates, one for the encoder, one for the "
        r"decoder and one for the mean. Gradient flow with rate $\eta$ gives $1/\tau = \eta/2$ for the first two.",
        tuple(sp.Eq(_dot(x), -_LEARNING_RATES[x] * _partial(x), evaluate=False) for x in _VARIABLES),
        _flow_residual,
    ),
    Step(
        "pair_flow",
        "How the pair moves",
        r"Apply the flow of $D_h$ to $\Delta x$, and that of $D_y$ to $\Delta h$: no approximation so far.",
        (
            sp.Eq(_dot(dh), -(rate_h * dx2 / 2) * D_y.T * (dy - dy_target), evaluate=False),
            sp.Eq(
                _dot(dy),
                -(rate_y * dh2 / 2) * (dy - dy_target) - (rate_h * dx2 / 2) * D_y * D_y.T * (dy - dy_target),
                evaluate=False,
            ),
        ),
        _pair_residual,
    ),
    Step(
        "conserved_matrix",
        "What is conserved without the ansatz",
        r"The encoder moves along $\Delta x$ alone: what it does to inputs across $\Delta x$ stays. And the matrix $M$ "
        r"in hidden space is constant: both of its terms move by the same products of $D_y^T(\Delta y - \Delta y^*)$ "
        r"with $\Delta h$.",
        (
            sp.Eq(_dot(D_h), -(rate_h / 2) * D_y.T * (dy - dy_target) * dx.T, evaluate=False),
            sp.Eq(conserved_matrix, CONSERVED_MATRIX, evaluate=False),
        ),
        _conserved_matrix_residual,
    ),
    Step(
        "ansatz",
        "The ansatz",
        r"The hidden difference only grows or shrinks along itself, so $D_y^T(\Delta y - \Delta y^*)$ is a multiple "
        r"of $\Delta h$. Which multiple, its product with $\Delta h$ decides. This is the one assumption that closes "
        "the system.",
        (sp.Eq(D_y.T * (dy - dy_target), (w / dh2) * dh, evaluate=False),),
        _ansatz_residual,
    ),
    Step(
        "system",
        "The three-scalar system",
        r"Differentiate the three inner products $|\Delta h|^2$, $|\Delta y|^2$ and $w = |\Delta y|^2 - \Delta y "
        r"\cdot \Delta y^*$ and put in the flow of the pair and the ansatz.",
        tuple(sp.Eq(dot(x, t), rate, evaluate=False) for x, rate in SYSTEM.items()),
        _system_residual,
    ),
)
