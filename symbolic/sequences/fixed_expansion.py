"""Two states on a line through a fixed expansion point: van Rossem & Saxe (arXiv 2507.09897), the end of section 4."""

from __future__ import annotations

from functools import cache
from typing import cast

import sympy as sp

from ..derivation import Derivation, Step, first_nonzero
from ..field import DifferentialField
from ..free_algebra import Rules, matrix_residual, scalar
from ..functions import dot
from ..matrix_calculus import derivative, directional_residual, gradient
from ..pair import dh2, dy2, dy2_target, rate_y, t, w
from ..program import Program
from ..theory import Theory
from ..two_points import from_loss, notation, scalars
from ..two_points.notation import y_1_target, y_2_target
from ..two_points.scalars import I, L
from . import futures as stacking
from .equivalence import SYSTEM_OF_SEQUENCES
from .notation import (
    LATEX,
    b,
    b_b,
    b_u,
    b_y1,
    b_y2,
    e_1,
    e_2,
    futures,
    h1,
    h2,
    rate_b,
    rate_h1,
    rate_h2,
    u,
    u_u,
    y1_u,
    y1_y1,
    y1_y2,
    y2_u,
    y2_y2,
)

STATES = (h1, h2, b_u, b_y1, b_y2, b_b, u_u, y1_u, y2_u)
START = tuple(sp.Symbol(f"{x}_0", real=True) for x in STATES)
PARAMETERS = (y1_y1, y2_y2, y1_y2, rate_h1, rate_h2, rate_b, rate_y, futures)

ERRORS = {e_1: b + h1 * u - y_1_target, e_2: b + h2 * u - y_2_target}
"""What the two states' outputs are away from their targets."""

LOSS = (b + h1 * u - y_1_target).T * (b + h1 * u - y_1_target) / 4 + (
    (b + h2 * u - y_2_target).T * (b + h2 * u - y_2_target) / 4
)
"""The mean over the two states of half the squared error of the stacked outputs."""

_FACTORS = {
    b_u: (b, u),
    b_y1: (b, y_1_target),
    b_y2: (b, y_2_target),
    b_b: (b, b),
    u_u: (u, u),
    y1_u: (y_1_target, u),
    y2_u: (y_2_target, u),
    y1_y1: (y_1_target, y_1_target),
    y2_y2: (y_2_target, y_2_target),
    y1_y2: (y_1_target, y_2_target),
}
"""What each mean over the futures is a product of."""

_NAMES: Rules = {(left.T, right): name for name, (left, right) in _FACTORS.items()}

LOSS_OF_SCALARS = scalar(LOSS, _NAMES)

LEARNING_RATES = {h1: rate_h1, h2: rate_h2, b: rate_b / futures, u: rate_y / futures}
GRADIENTS = {b: gradient(LOSS, b), u: gradient(LOSS, u)}
SLOPES = {h1: LOSS_OF_SCALARS.diff(h1), h2: LOSS_OF_SCALARS.diff(h2)}
"""The derivatives of the loss by the two states."""

FLOW = {x: -LEARNING_RATES[x] * GRADIENTS[x] for x in (b, u)}


def _rate_of_product(x: sp.Symbol) -> sp.Expr:
    """The rate of a mean over the futures, by the product rule."""
    left, right = _FACTORS[x]
    return scalar(derivative(left.T * right, FLOW), _NAMES)


def _tidy(rate: sp.Expr) -> sp.Expr:
    """A sum of one term for each learning rate."""
    return sp.collect(sp.expand(rate), (rate_h1, rate_h2, rate_b, rate_y), sp.factor)


SYSTEM = {x: _tidy(-LEARNING_RATES[x] * slope) for x, slope in SLOPES.items()} | {
    x: _tidy(_rate_of_product(x)) for x in STATES if x in _FACTORS
}
"""The time derivatives of the nine scalars."""

_field = DifferentialField(SYSTEM)

INVARIANT = h1**2 / rate_h1 + h2**2 / rate_h2 - futures * u_u / rate_y
"""Conserved along every trajectory: stretching the line and shrinking u changes no output."""

Gram = sp.Symbol("Gamma", nonnegative=True)
GRAM = sp.Matrix(
    [
        [b_b, b_u, b_y1, b_y2],
        [b_u, u_u, y1_u, y2_u],
        [b_y1, y1_u, y1_y1, y1_y2],
        [b_y2, y2_u, y1_y2, y2_y2],
    ]
).det()
"""The Gram determinant of b, u and the two targets."""

DISTANCE = h2 - h1

MEAN_SLOPE = b_u + (h1 + h2) / 2 * u_u - (y1_u + y2_u) / 2
"""The mean of the two errors, along u."""

mean_slope = sp.Symbol("mean_slope", real=True)
mean_error = sp.Symbol("mean_error", nonnegative=True)
MEAN_ERROR = scalar(
    (ERRORS[e_1] + ERRORS[e_2]).T * (ERRORS[e_1] + ERRORS[e_2]) / 4,
    _NAMES,
)
"""The squared size of the mean of the two errors."""

READOUT = {
    dh2: DISTANCE**2,
    dy2: DISTANCE**2 * u_u,
    w: DISTANCE**2 * u_u - DISTANCE * (y2_u - y1_u),
}
"""The three scalars of the pair, dh2 in units of the direction."""

AGREEING = {b_y2: b_y1, y2_u: y1_u, y2_y2: y1_y1, y1_y2: y1_y1}
"""Both sequences have the same target in every future."""

EQUAL_RATES = {rate_h2: rate_h1}

SYMMETRIC = {
    h2: -h1,
    b_u: (y1_u + y2_u) / 2,
    b_y1: (y1_y1 + y1_y2) / 2,
    b_y2: (y1_y2 + y2_y2) / 2,
    b_b: (y1_y1 + 2 * y1_y2 + y2_y2) / 4,
}
"""The expansion point in the middle of the two states, and b the mean of the two targets."""


def _dot(x: sp.Symbol | sp.MatrixSymbol) -> sp.Symbol | sp.MatrixSymbol:
    name = f"dot_{x.name}"
    return sp.MatrixSymbol(name, *x.shape) if isinstance(x, sp.MatrixSymbol) else sp.Symbol(name)


def _partial(x: sp.Symbol | sp.MatrixSymbol) -> sp.Symbol | sp.MatrixSymbol:
    name = f"partial_{x.name}"
    return sp.MatrixSymbol(name, *x.shape) if isinstance(x, sp.MatrixSymbol) else sp.Symbol(name)


def _loss_residual(relation: sp.Rel) -> sp.Expr:
    return sp.expand(scalar(relation.lhs.xreplace(ERRORS), _NAMES) - relation.rhs)


def _gradient_residual(relation: sp.Rel) -> sp.Expr:
    claimed = cast(sp.MatrixExpr, relation.rhs.xreplace(ERRORS))
    variable = next(x for x in LEARNING_RATES if _partial(x) == relation.lhs)
    if isinstance(variable, sp.MatrixSymbol):
        return directional_residual(LOSS, variable, claimed)
    return sp.expand(SLOPES[variable] - scalar(claimed, _NAMES))


def _flow_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in LEARNING_RATES if _dot(x) == relation.lhs)
    if isinstance(variable, sp.MatrixSymbol):
        return matrix_residual(relation.rhs.xreplace({_partial(variable): GRADIENTS[variable]}) - FLOW[variable], {})
    return sp.expand(relation.rhs.xreplace({_partial(variable): SLOPES[variable]}) - SYSTEM[variable])


def _system_residual(relation: sp.Rel) -> sp.Expr:
    x = relation.lhs.args[0]
    if x in SLOPES:
        return sp.expand(-LEARNING_RATES[x] * SLOPES[x] - relation.rhs)
    return sp.expand(_rate_of_product(x) - relation.rhs)


def _invariant_residual(relation: sp.Rel) -> sp.Expr:
    return _field.normal(_field.derivative(relation.rhs))


def _gram_residual(relation: sp.Rel) -> sp.Expr:
    return sp.expand(_field.derivative(GRAM) - relation.rhs.subs(Gram, GRAM))


def _distance_residual(relation: sp.Rel) -> sp.Expr:
    if relation.lhs == mean_slope:
        along = scalar((ERRORS[e_1] + ERRORS[e_2]).T * u / 2, _NAMES)
        return sp.expand(along - relation.rhs)
    return sp.expand(_field.derivative(relation.lhs.args[0]) - relation.rhs.subs(mean_slope, MEAN_SLOPE))


def _agreeing_residual(relation: sp.Rel) -> sp.Expr:
    return sp.expand(_distance_residual(relation).subs(AGREEING))


def _monotone_residual(relation: sp.Rel) -> sp.Expr:
    return sp.expand(_agreeing_residual(relation).subs(EQUAL_RATES))


def _coinciding_residual(relation: sp.Rel) -> sp.Expr:
    return sp.expand(_agreeing_residual(relation).subs(h2, h1))


def _rest_residual(relation: sp.Rel) -> sp.Expr:
    known = {L: LOSS_OF_SCALARS, mean_error: MEAN_ERROR, _partial(h1): SLOPES[h1], _partial(h2): SLOPES[h2]}
    return sp.expand((relation.lhs - relation.rhs).subs(known).subs(AGREEING))


def _symmetric_residual(relation: sp.Rel) -> sp.Expr:
    """The set stays, and on it the readout moves as claimed; the sum of y1_u and y2_u drops out."""

    def there(expr: sp.Expr) -> sp.Expr:
        return sp.cancel(expr.subs(EQUAL_RATES).subs(SYMMETRIC))

    leaves = (there(_field.derivative(x - value)) for x, value in SYMMETRIC.items())
    products = {**READOUT, dy2_target: y1_y1 - 2 * y1_y2 + y2_y2}
    moved = _field.derivative(READOUT[relation.lhs.args[0]])
    return first_nonzero(*leaves, there(moved - relation.rhs.subs(products, simultaneous=True)))


_PRINTED: dict[sp.Basic, str] = {
    **{_dot(x): rf"\dot {name}" for x, name in ((h1, "h_1"), (h2, "h_2"), (b, "b"), (u, "u"))},
    **{
        _partial(x): rf"\frac{{\partial L}}{{\partial {name}}}"
        for x, name in ((h1, "h_1"), (h2, "h_2"), (b, "b"), (u, "u"))
    },
    Gram: r"\Gamma",
    mean_slope: r"\langle \bar e u \rangle",
    mean_error: r"\langle \bar e^2 \rangle",
}

STEPS = (
    *stacking.STEPS,
    Step(
        "loss",
        "The loss of two states on a line",
        r"The outputs are linear about a fixed point, $y = b + h u$, where the number $h$ is a state's place on a line "
        r"and each future has its own $b$ and $u$. The errors of the stacked outputs are $e_a = b + h_a u - y_a^*$. "
        "Angle brackets are means over the futures, which are products of stacked vectors.",
        (sp.Eq((e_1.T * e_1 + e_2.T * e_2) / 4, LOSS_OF_SCALARS, evaluate=False),),
        _loss_residual,
    ),
    Step(
        "gradient",
        "Its gradient",
        "By the two places, and by the vectors in any direction.",
        (
            sp.Eq(_partial(h1), u.T * e_1 / 2, evaluate=False),
            sp.Eq(_partial(h2), u.T * e_2 / 2, evaluate=False),
            sp.Eq(_partial(b), (e_1 + e_2) / 2, evaluate=False),
            sp.Eq(_partial(u), (h1 * e_1 + h2 * e_2) / 2, evaluate=False),
        ),
        _gradient_residual,
    ),
    Step(
        "gradient_flow",
        "Gradient flow with effective rates",
        r"Each with its own rate, those of the outputs divided by $N$ as above. $1/\tau$ is the rate of gradient flow "
        "itself.",
        tuple(sp.Eq(_dot(x), -rate * _partial(x), evaluate=False) for x, rate in LEARNING_RATES.items()),
        _flow_residual,
    ),
    Step(
        "system",
        "Nine scalars",
        "The two places and the products of the vectors with one another move by these alone: by the product rule, "
        "the system closes.",
        tuple(sp.Eq(dot(x, t), rate, evaluate=False) for x, rate in SYSTEM.items()),
        _system_residual,
    ),
    Step(
        "invariant",
        "The conserved quantity",
        r"Stretching the direction and shrinking $u$ changes no output, and this is what is conserved for it.",
        (sp.Eq(I, INVARIANT, evaluate=False),),
        _invariant_residual,
    ),
    Step(
        "independence",
        "What is independent stays independent",
        r"$\Gamma$ is the Gram determinant of $b$, $u$, $y_1^*$ and $y_2^*$. It solves a linear equation, so it keeps "
        r"its sign, and it shrinks at least as $e^{-2 t/(N \tau_b)}$: the area of $b$ and $u$ outside the targets is "
        "forgotten.",
        (
            sp.Eq(
                dot(Gram, t),
                -(2 * rate_b / futures + rate_y * (h1**2 + h2**2) / futures) * Gram,
                evaluate=False,
            ),
        ),
        _gram_residual,
    ),
    Step(
        "distance",
        "How the distance moves",
        r"The first term is that of the recurrent theory, with the outputs linear about the mean of the two states. "
        r"The second is new: if one state learns faster, the mean error $\bar e = (e_1 + e_2)/2$ moves the two states "
        "apart or together.",
        (
            sp.Eq(mean_slope, MEAN_SLOPE, evaluate=False),
            sp.Eq(
                dot(DISTANCE, t),
                -(rate_h1 + rate_h2) * (DISTANCE * u_u - (y2_u - y1_u)) / 4 + (rate_h1 - rate_h2) * mean_slope / 2,
                evaluate=False,
            ),
        ),
        _distance_residual,
    ),
    Step(
        "symmetric",
        "Where it is the recurrent theory",
        r"Equal rates, the expansion point in the middle of the two states and $b$ the mean of the two targets: such a "
        "pair stays so, and its three scalars obey the recurrent theory's system exactly, the ansatz included, since "
        "there is one direction.",
        tuple(
            sp.Eq(dot(x, t), sp.factor_terms(rate.subs(EQUAL_RATES)), evaluate=False)
            for x, rate in SYSTEM_OF_SEQUENCES.items()
        ),
        _symmetric_residual,
    ),
    Step(
        "agreeing",
        "Pairs that agree",
        "With the same targets in every future, the distance grows at first if and only if the term with the mean "
        "error is positive there and larger than the other.",
        (
            sp.Eq(
                dot(DISTANCE**2, t),
                -(rate_h1 + rate_h2) * DISTANCE**2 * u_u / 2 + (rate_h1 - rate_h2) * DISTANCE * mean_slope,
                evaluate=False,
            ),
        ),
        _agreeing_residual,
    ),
    Step(
        "equal_rates",
        "Equal rates: no divergence",
        "Then the second term is absent: two states that agree never move apart, from any start. (Eq. 49 of the paper "
        "prints the right side without the squared distance and its rate, as if it grew.)",
        (sp.Eq(dot(DISTANCE**2, t), -rate_h1 * DISTANCE**2 * u_u, evaluate=False),),
        _monotone_residual,
    ),
    Step(
        "unequal_rates",
        "Unequal rates: divergence first",
        r"Two states in the same place ($h_1 = h_2$) that agree come apart at this speed: they diverge unless the "
        r"rates are equal or their error has no part along $u$. By continuity so do pairs that begin close enough "
        "together.",
        (
            sp.Eq(
                dot(DISTANCE, t),
                (rate_h1 - rate_h2) * (b_u + h1 * u_u - y1_u) / 2,
                evaluate=False,
            ),
        ),
        _coinciding_residual,
    ),
    Step(
        "rest",
        "And merging afterwards",
        r"Where a pair that agrees is at rest, the first equation gives $(h_2 - h_1)^2 \langle u^2 \rangle = 0$, and "
        r"$\partial L/\partial b = \bar e = 0$ the second: $L = 0$. So it can rest only at no error, with $h_1 = h_2$ "
        r"or $u = 0$. If $I < 0$, $\langle u^2 \rangle$ is at least $-I/(N \tau_y)$ at all times, and the two states "
        "of a trajectory that stays bounded merge, however far they came apart.",
        (
            sp.Eq(_partial(h2) - _partial(h1), DISTANCE * u_u / 2, evaluate=False),
            sp.Eq(L, mean_error / 2 + DISTANCE**2 * u_u / 8, evaluate=False),
        ),
        _rest_residual,
    ),
)


@cache
def fixed_expansion() -> Theory:
    """Two states of a recurrent network on a line through a fixed expansion point, each with its own rate.

    States are the places h1 and h2 on the line and the means over the futures of
    the products of the output b at the expansion point, its derivative u along the
    line and the targets y1, y2 of the two sequences: b_u, b_y1, b_y2, b_b, u_u,
    y1_u, y2_u. Parameters are y1_y1, y2_y2 and y1_y2, the effective learning rates
    rate_h1, rate_h2 (places), rate_b and rate_y (b and u of each future), in units
    of 1/(training step), and futures, their number. Gradient flow with rate e on the
    loss, half of |b + h u - y|^2 averaged over the two states and the futures, has
    1/tau = e. A measured pair does not determine nine numbers, so there is no
    ``begin``. ``dh2`` is in units of the direction.

    Source: van Rossem & Saxe, "Algorithm Development in Neural Networks: Insights
    from the Streaming Parity Task", ICML 2025, arXiv 2507.09897.

    >>> theory = fixed_expansion()
    >>> len(theory.states)
    9
    >>> theory.rhs[theory.states[0]]
    -rate_h1*(b_u + h1*u_u - y1_u)/2
    >>> theory.derivation.check()
    """
    return Theory(
        name="fixed_expansion",
        states=STATES,
        start=START,
        parameters=PARAMETERS,
        time=t,
        rhs={x: SYSTEM[x] for x in STATES},
        readout=READOUT,
        begin=None,
        invariants={"I": INVARIANT},
        loss=Program((*STATES, *PARAMETERS[:3]), {}, {L: LOSS_OF_SCALARS}),
        derivation=Derivation(
            title="Two sequences at a fixed expansion point: divergence before merging",
            introduction=(
                r"The same two states as in the recurrent theory, on a line: $h_1$ and $h_2$ are numbers, and the "
                r"outputs are linear about a fixed point instead of the mean of the two states. The two states may "
                "learn at different rates. Nine scalars describe the pair; what is claimed of pairs that agree is "
                "that of van Rossem & Saxe (arXiv 2507.09897)."
            ),
            notation={
                **notation.LATEX,
                **from_loss.LATEX,
                **scalars.LATEX,
                **stacking.LATEX,
                **LATEX,
                **_PRINTED,
            },
            steps=STEPS,
        ),
    )
