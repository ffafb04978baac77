"""From the loss of a data set to the flow of its representations, as matrices."""

from __future__ import annotations

from typing import cast

import sympy as sp

from ..derivation import Step
from ..free_algebra import Rules, contracted, matrix_residual
from ..functions import dot
from ..matrix_calculus import derivative, directional_residual, gradient, trace
from ..pair import rate_h, rate_y, t
from .notation import D, E, F, H, K, N, W, Y, b, c, ones, rate_b, velocity

outputs = sp.MatrixSymbol("Y_hat", N, c)
L = sp.Symbol("L")

WEIGHTS = (W, D, b)
OUTPUTS = H * D.T + ones * b.T
"""The decoder acts on every representation, a row of H."""

ERROR = OUTPUTS - Y
"""The errors for half the squared error."""

LOSS = (outputs - Y).T * (outputs - Y) / (2 * N)
"""Its trace is the loss: half the squared error, averaged over the points."""

_OF_WEIGHTS = {H: F * W}
_LEARNING_RATES = {W: rate_h, D: rate_y, b: rate_b}
KERNEL: Rules = {(F, F.T): K, (F, W): H}
"""What the products of the encoder's features are called."""


def _partial(x: sp.MatrixSymbol) -> sp.MatrixSymbol:
    return sp.MatrixSymbol(f"partial_{x.name}", *x.shape)


_CHANGE = E.T * OUTPUTS.xreplace(_OF_WEIGHTS) / N
"""Its trace moves as the loss does when the weights move and E is held: the chain rule."""

GRADIENTS = {x: contracted(gradient(_CHANGE, x), KERNEL) for x in WEIGHTS}
"""The gradient of any differentiable loss, by the errors E."""

WEIGHTS_FLOW = {x: -_LEARNING_RATES[x] * GRADIENTS[x] for x in WEIGHTS}
"""Gradient flow of the encoder's weights, the decoder and its bias."""

MATRIX_FLOW = {
    H: contracted(derivative(F * W, WEIGHTS_FLOW), KERNEL),
    D: WEIGHTS_FLOW[D],
    b: WEIGHTS_FLOW[b],
}
"""How representations, decoder and bias move: a closed system, by the kernel of the encoder."""

_FELT = {
    H: D.T * E.T * K * E * D,
    D: H.T * E * E.T * H,
    b: ones.T * E * E.T * ones,
}
"""What each map does to the loss; the traces are squares."""

LATEX: dict[sp.Basic, str] = {
    outputs: r"\hat Y",
    **{
        _partial(x): rf"\frac{{\partial L}}{{\partial {name}}}"
        for x, name in ((W, "W"), (D, "D"), (b, "b"), (outputs, r"\hat Y"))
    },
}


def _error_residual(relation: sp.Rel) -> sp.Expr:
    if relation.lhs == L:
        return traced(relation.rhs - sp.Trace(LOSS))
    return directional_residual(LOSS, outputs, cast(sp.MatrixExpr, relation.rhs).xreplace({E: outputs - Y}))


def _gradient_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in WEIGHTS if _partial(x) == relation.lhs)
    return directional_residual(_CHANGE, variable, cast(sp.MatrixExpr, relation.rhs).xreplace(_OF_WEIGHTS))


def _weights_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in WEIGHTS if velocity(x) == relation.lhs)
    gradients = {_partial(x): value for x, value in GRADIENTS.items()}
    return matrix_residual(relation.rhs.xreplace(gradients) - WEIGHTS_FLOW[variable], {})


def _flow_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in MATRIX_FLOW if velocity(x) == relation.lhs)
    return matrix_residual(MATRIX_FLOW[variable] - relation.rhs, {})


def traced(expr: sp.Expr) -> sp.Expr:
    """A scalar expression with each trace worked out; the kernel is symmetric."""

    def work_out(matrix: sp.MatrixExpr) -> sp.Expr:
        return trace(matrix.xreplace({K: F * F.T}), {})

    return sp.expand(expr.replace(sp.Trace, work_out))


def _descent_residual(relation: sp.Rel) -> sp.Expr:
    """The loss moves by tr(E^T dY_hat)/N."""
    moved = E.T * derivative(OUTPUTS, MATRIX_FLOW) / N
    return traced(sp.Trace(moved) - relation.rhs)


STEPS = (
    Step(
        "data_set_loss",
        "The loss of a data set",
        r"The rows of $\hat Y$ are the outputs for $N$ points, those of $Y^*$ their targets. The loss is the mean over "
        r"the points of half the squared error. Its derivative by the outputs is $E/N$ with $E = \hat Y - Y^*$; for "
        r"another loss $E$ stands for $N$ times that derivative, and what is said below of any $E$ holds for any "
        "differentiable loss.",
        (
            sp.Eq(L, sp.Trace((outputs - Y).T * (outputs - Y)) / (2 * N), evaluate=False),
            sp.Eq(_partial(outputs), E / N, evaluate=False),
        ),
        _error_residual,
    ),
    Step(
        "data_set_gradient",
        "Its gradient",
        r"The encoder is linearised: it takes features $\Phi$, a row for each point, to representations $H = \Phi W$. "
        r"The decoder gives $\hat Y = H D^T + \mathbf{1} b^T$. A change of the weights changes the loss by "
        r"$\operatorname{tr}(E^T d\hat Y)/N$.",
        tuple(sp.Eq(_partial(x), GRADIENTS[x], evaluate=False) for x in WEIGHTS),
        _gradient_residual,
    ),
    Step(
        "data_set_weights",
        "Gradient flow with effective rates",
        r"One effective learning rate for the encoder, one for the decoder, one for its bias, in 1/(training step). "
        r"Gradient descent on $L$ with step size $\eta$ has $1/\tau = \eta$ for a linear layer.",
        tuple(sp.Eq(velocity(x), -_LEARNING_RATES[x] * _partial(x), evaluate=False) for x in WEIGHTS),
        _weights_residual,
    ),
    Step(
        "data_set_flow",
        "How the representations move",
        r"The features enter through the encoder's kernel $K = \Phi \Phi^T$ alone. Nothing was approximated but the "
        r"encoder: for $\Phi$ the inputs this is a linear encoder, for other features any map that is linear in its "
        "weights.",
        tuple(sp.Eq(velocity(x), rate, evaluate=False) for x, rate in MATRIX_FLOW.items()),
        _flow_residual,
    ),
    Step(
        "data_set_descent",
        "The loss never increases",
        r"$E$ times each map's change of the outputs, summed: the traces are those of squares. For any loss.",
        (
            sp.Eq(
                dot(L, t),
                -sp.Add(
                    rate_h * sp.Trace(_FELT[H]),
                    rate_y * sp.Trace(_FELT[D]),
                    rate_b * sp.Trace(_FELT[b]),
                    evaluate=False,
                )
                / N**2,
                evaluate=False,
            ),
        ),
        _descent_residual,
    ),
)
