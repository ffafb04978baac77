"""Two hidden states that share their futures: van Rossem & Saxe (arXiv 2507.09897), section 4."""

from __future__ import annotations

from functools import cache
from typing import cast

import sympy as sp

from ..derivation import Derivation, Step, first_nonzero
from ..field import DifferentialField
from ..free_algebra import contracted, matrix_residual, scalar
from ..functions import dot
from ..matrix_calculus import derivative, directional_residual, gradient
from ..pair import MEASURED, SCALARS, dh2, dh2_0, dy2, dy2_0, dy2_target, rate_h, rate_y, t, w
from ..program import Program
from ..theory import Chart, Theory
from ..two_points import end_state, evaluation, from_loss, notation, scalars
from ..two_points.end_state import END
from ..two_points.from_loss import PAIR, PAIR_FLOW, loss_of, rates_of_scalars
from ..two_points.notation import (
    D_y,
    P,
    R,
    dh,
    dy,
    dy_target,
    rate_mean,
    y_1,
    y_1_target,
    y_2,
    y_2_target,
    y_mean,
    y_mean_target,
)
from ..two_points.regimes import BERNOULLI
from ..two_points.scalars import LOSS_CURVE, A_high, A_low, I, L, dh2_end, mean_error_0
from ..two_points.theory import two_point
from . import futures as stacking
from . import mergers, stability
from .equivalence import (
    CONSERVED,
    ENDS,
    EQUIVALENT,
    HIDDEN,
    OUTPUT,
    PARAMETERS,
    RHO,
    SYSTEM_OF_SEQUENCES,
    put,
)
from .futures import averaged, mean
from .notation import LATEX, dy_i, dy_i_target, futures, h_1, h_2, rate_h1, rate_h2

LOSS = loss_of(D_y * (h_2 - h_1))
"""The loss of the stacked outputs, in their mean and their difference."""

_VARIABLES = (h_1, h_2, D_y, y_mean)
_LEARNING_RATES = {h_1: rate_h1, h_2: rate_h2, D_y: rate_y / futures, y_mean: rate_mean / futures}
_STATES = {dh: h_2 - h_1, dy: D_y * (h_2 - h_1)}

GRADIENTS = {x: gradient(LOSS, x) for x in _VARIABLES}
FLOW = {x: -_LEARNING_RATES[x] * GRADIENTS[x] for x in _VARIABLES}
FLOW_OF_PAIR = {x: contracted(derivative(value, FLOW).xreplace({h_2: h_1 + dh}), PAIR) for x, value in _STATES.items()}
"""How the differences of the two states and of their stacked outputs move."""


CURVE = put(BERNOULLI)
LOSS_OVER_TIME = put(LOSS_CURVE)

_RATES = rates_of_scalars(FLOW_OF_PAIR)
_field = DifferentialField(SYSTEM_OF_SEQUENCES)


def _dot(x: sp.MatrixSymbol) -> sp.MatrixSymbol:
    return sp.MatrixSymbol(f"dot_{x.name}", *x.shape)


def _partial(x: sp.MatrixSymbol) -> sp.MatrixSymbol:
    return sp.MatrixSymbol(f"partial_{x.name}", *x.shape)


def _loss_residual(relation: sp.Rel) -> sp.Expr:
    if relation.lhs in (y_1 / 2 + y_2 / 2, y_2 - y_1):
        middle = (h_1 + h_2) / 2
        each = {y_1: y_mean + D_y * (h_1 - middle), y_2: y_mean + D_y * (h_2 - middle)}
    else:
        each = {
            y_1: y_mean - dy / 2,
            y_2: y_mean + dy / 2,
            y_1_target: y_mean_target - dy_target / 2,
            y_2_target: y_mean_target + dy_target / 2,
        }
    return matrix_residual(relation.lhs.xreplace(each) - relation.rhs, {})


def _means_residual(relation: sp.Rel) -> sp.Expr:
    return sp.expand(relation.lhs - averaged(relation.rhs, PAIR))


def _gradient_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in _VARIABLES if _partial(x) == relation.lhs)
    return directional_residual(LOSS, variable, cast(sp.MatrixExpr, relation.rhs.xreplace(_STATES)))


def _flow_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in _VARIABLES if _dot(x) == relation.lhs)
    gradients = {_partial(x): value for x, value in GRADIENTS.items()}
    return matrix_residual(relation.rhs.xreplace(gradients) - FLOW[variable], {})


def _pair_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in _STATES if _dot(x) == relation.lhs)
    return matrix_residual(FLOW_OF_PAIR[variable] - relation.rhs, PAIR)


def _equivalence_residual(relation: sp.Rel) -> sp.Expr:
    """The flow of two points with these constants, less that of the two states."""
    claimed = EQUIVALENT | {{P: rate_h, R: rate_y}[relation.lhs]: relation.rhs}
    variable = {P: dh, R: dy}[relation.lhs]
    return matrix_residual(PAIR_FLOW[variable].xreplace(claimed) - FLOW_OF_PAIR[variable], PAIR)


def _system_residual(relation: sp.Rel) -> sp.Expr:
    """Less the rates from the flow of the two states, without the equivalence."""
    return sp.expand(_RATES[relation.lhs.args[0]] - relation.rhs)


def _invariant_residual(relation: sp.Rel) -> sp.Expr:
    return _field.normal(_field.derivative(relation.rhs))


def _end_residual(relation: sp.Rel) -> sp.Expr:
    """A_high is conserved; at rest it and A_low decide dh2, which is A_low where A_high is 0."""
    if relation.lhs == A_high:
        return _field.normal(relation.rhs - HIDDEN * CONSERVED.subs({dh2: dh2_0, dy2: dy2_0}))
    at_rest = HIDDEN * CONSERVED.subs({dy2: dy2_target, dh2: dh2_end})
    scale2 = sp.cancel(dh2_end * (dh2_end - at_rest))
    if relation.lhs == A_low:
        return sp.expand(relation.rhs**2 - scale2) if relation.rhs.is_nonnegative else relation.rhs
    rest = _field.normal(SYSTEM_OF_SEQUENCES[w].subs({w: 0, dy2: dy2_target}))
    quadratic = sp.expand(relation.rhs * (relation.rhs - A_high) - A_low**2)
    return first_nonzero(rest, quadratic, relation.rhs.subs(A_high, 0) - A_low)


def _condition_residual(relation: sp.Rel) -> sp.Expr:
    if relation.lhs == A_low**2:
        return sp.expand(ENDS[A_low] ** 2 - averaged(relation.rhs, PAIR))
    if relation.lhs == sp.Limit(dh2_end, A_low, 0):
        return END[dh2_end].subs(A_low, 0) - relation.rhs
    return sp.expand((relation.lhs - relation.rhs).subs(dh2_end, END[dh2_end]))


def _curve_residual(relation: sp.Rel) -> sp.Expr:
    """The claimed curve solves the equation of dh2 with w = dy2 on the conserved line, and starts at dh2_0."""
    on_line = relation.rhs * (relation.rhs - A_high) / RHO
    wanted = SYSTEM_OF_SEQUENCES[dh2].subs(w, on_line)
    return first_nonzero(sp.cancel(relation.rhs.diff(t) - wanted), sp.cancel(relation.rhs.subs(t, 0) - dh2_0))


def _loss_curve_residual(relation: sp.Rel) -> sp.Expr:
    """The error of the means must fall at the rate of its own flow from its initial value; the rest is the pair's."""
    error = (y_mean - y_mean_target).T * (y_mean - y_mean_target)
    decay = scalar(derivative(error, FLOW), {}) / scalar(error, {})
    means, pair = relation.rhs.as_independent(dy2, dy2_target, w, as_Add=True)
    return first_nonzero(
        sp.cancel(means.diff(t) - decay * means),
        sp.expand(means.subs(t, 0) - mean_error_0 / 2),
        sp.expand(pair - from_loss.PAIR_LOSS),
    )


_PRINTED: dict[sp.Basic, str] = {
    **{_dot(x): rf"\dot {name}" for x, name in ((h_1, "h_1"), (h_2, "h_2"))},
    **{_partial(x): rf"\frac{{\partial L}}{{\partial {name}}}" for x, name in ((h_1, "h_1"), (h_2, "h_2"))},
}

STEPS = (
    *stacking.STEPS,
    Step(
        "means",
        "Products of stacked outputs are means",
        r"With $w = |\Delta y|^2 - \Delta y \cdot \Delta y^*$, the scalars of the stacked outputs are the means of "
        "those of the futures.",
        (
            sp.Eq(dy2, mean(dy_i.T * dy_i), evaluate=False),
            sp.Eq(w, mean(dy_i.T * (dy_i - dy_i_target)), evaluate=False),
            sp.Eq(dy2_target, mean(dy_i_target.T * dy_i_target), evaluate=False),
        ),
        _means_residual,
    ),
    Step(
        "loss",
        "The loss of two states",
        r"The outputs are linear about the mean of the two states, wherever that is: $y = \bar y + D_y (h - (h_1 + "
        r"h_2)/2)$, with one $\bar y$ and one $D_y$ for each future. The two states are free vectors: the network can "
        r"set them as it likes. So $\bar y$ and $\Delta y = D_y (h_2 - h_1)$ are the mean and the difference of the "
        r"outputs, as $\bar y^*$ and $\Delta y^*$ are of the targets, and the loss is that of two points.",
        (
            sp.Eq(y_1 / 2 + y_2 / 2, y_mean, evaluate=False),
            sp.Eq(y_2 - y_1, D_y * (h_2 - h_1), evaluate=False),
            sp.Eq(
                (y_1 - y_1_target).T * (y_1 - y_1_target) / 4 + (y_2 - y_2_target).T * (y_2 - y_2_target) / 4,
                loss_of(dy),
                evaluate=False,
            ),
        ),
        _loss_residual,
    ),
    Step(
        "gradient",
        "Its gradient",
        "The two states are pulled in opposite directions with the same strength.",
        (
            sp.Eq(_partial(h_1), -(D_y.T * (dy - dy_target)) / 4, evaluate=False),
            sp.Eq(_partial(h_2), D_y.T * (dy - dy_target) / 4, evaluate=False),
            sp.Eq(_partial(D_y), (dy - dy_target) * dh.T / 4, evaluate=False),
            sp.Eq(_partial(y_mean), y_mean - y_mean_target, evaluate=False),
        ),
        _gradient_residual,
    ),
    Step(
        "gradient_flow",
        "Gradient flow with effective rates",
        r"Each state has its own rate, since the two sequences reach it by different inputs; the outputs have one rate "
        r"for their derivatives and one for their means, divided by $N$ as above. Here $1/\tau$ is the rate of "
        "gradient flow itself, the convention of this paper.",
        tuple(sp.Eq(_dot(x), -_LEARNING_RATES[x] * _partial(x), evaluate=False) for x in _VARIABLES),
        _flow_residual,
    ),
    Step(
        "pair_flow",
        "How the pair moves",
        r"The difference of the flows of the two states, and the product rule for $\Delta y = D_y \Delta h$.",
        (
            sp.Eq(_dot(dh), -(HIDDEN / 2) * D_y.T * (dy - dy_target), evaluate=False),
            sp.Eq(
                _dot(dy),
                -(OUTPUT * dh2 / 2) * (dy - dy_target) - (HIDDEN / 2) * D_y * D_y.T * (dy - dy_target),
                evaluate=False,
            ),
        ),
        _pair_residual,
    ),
    Step(
        "equivalence",
        "They are two points",
        r"This is the flow of a pair of data points with $P = |\Delta x|^2/\tau_h$ and $R = 1/\tau_y$ put as below: "
        r"$|\Delta x|^2/\tau_h \to 1/(2 \tau_h)$ with $1/\tau_h = 1/\tau_{h_1} + 1/\tau_{h_2}$, and $1/\tau_y \to "
        r"1/(2 N \tau_y)$. Whatever was proved of two points holds, the exact trajectory included.",
        (sp.Eq(P, HIDDEN, evaluate=False), sp.Eq(R, OUTPUT, evaluate=False)),
        _equivalence_residual,
    ),
    Step(
        "system",
        "The three-scalar system",
        r"With the same ansatz, $D_y^T(\Delta y - \Delta y^*)$ along $\Delta h$, the product rule gives",
        tuple(sp.Eq(dot(x, t), rate, evaluate=False) for x, rate in SYSTEM_OF_SEQUENCES.items()),
        _system_residual,
    ),
    Step(
        "invariant",
        "The conserved quantity",
        r"$|\Delta h|^2$ against the mean of $|\Delta y|^2$ over $|\Delta h|^2$ is a straight line here too.",
        (sp.Eq(I, CONSERVED, evaluate=False),),
        _invariant_residual,
    ),
    Step(
        "end_state",
        "The final distance",
        "The conserved quantity at rest, where the difference of the outputs is learnt.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in ENDS.items()),
        _end_residual,
    ),
    Step(
        "merging_condition",
        "Which pairs merge",
        r"If the final distance is 0 the left side of the first equation vanishes, so $A_\mathrm{low} = 0$; then the "
        r"distance is the second, which is 0 if and only if $A_\mathrm{high} \leq 0$. And $A_\mathrm{low}$ is a sum of "
        "squares over the futures: it vanishes if and only if the two sequences agree on every future.",
        (
            sp.Eq(dh2_end * (dh2_end - A_high), A_low**2, evaluate=False),
            sp.Eq(sp.Limit(dh2_end, A_low, 0), A_high / 2 + sp.Abs(A_high) / 2, evaluate=False),
            sp.Eq(A_low**2, RHO * mean(dy_i_target.T * dy_i_target), evaluate=False),
        ),
        _condition_residual,
    ),
    Step(
        "merging_curve",
        "How a pair that agrees moves",
        r"With no difference to learn, $w = |\Delta y|^2$ and the distance solves a Bernoulli equation. It ends at "
        r"$A_\mathrm{high}$ where that is positive and otherwise at 0 (the paper calls $A_\mathrm{high}$ the limit).",
        (sp.Eq(dh2, CURVE, evaluate=False),),
        _curve_residual,
    ),
    *stability.STEPS,
    *mergers.STEPS,
    Step(
        "loss_curve",
        "The loss curve",
        r"The mean predictions relax by themselves, at the rate of their own flow; the difference adds its own part.",
        (sp.Eq(L, LOSS_OVER_TIME, evaluate=False),),
        _loss_curve_residual,
    ),
)


def _put_in(program: Program, arguments: tuple[sp.Symbol, ...]) -> Program:
    """The two-point theory's program with the constants of two sequences."""
    return Program(
        arguments,
        {x: value.xreplace(EQUIVALENT) for x, value in program.definitions.items()},
        {x: value.xreplace(EQUIVALENT) for x, value in program.results.items()},
    )


def _chart(chart: Chart) -> Chart:
    return Chart(
        states=chart.states,
        parameters=chart.parameters,
        time=chart.time,
        rhs=chart.rhs,
        enter=_put_in(chart.enter, (t, *MEASURED, *PARAMETERS)),
        leave=_put_in(chart.leave, (*chart.states, *PARAMETERS)),
    )


@cache
def recurrent() -> Theory:
    """Two sequences whose continuations are the same, in a recurrent network.

    States are dh2 = |dh|^2, dy2 and w, where dh is the difference of the two
    hidden states after the sequences, and dy2 = |dy|^2 and w = |dy|^2 - dy . dy* are
    means over the N futures. Parameters are dy2_target, the mean of |dy*|^2 over
    the futures, the effective learning rates rate_h1 and rate_h2 of the two states
    and rate_y of the output maps, in units of 1/(training step), and futures = N.
    Gradient flow on the loss (half the squared error, mean over the two states and
    the futures) with rate e has 1/tau = e. Only rate_h1 + rate_h2 and rate_y/futures
    matter to a trajectory, so a fit cannot tell more than those two.

    Source: van Rossem & Saxe, "Algorithm Development in Neural Networks: Insights
    from the Streaming Parity Task", ICML 2025, arXiv 2507.09897.

    >>> theory = recurrent()
    >>> theory.rhs[theory.states[0]]
    -w*(rate_h1 + rate_h2)/2
    >>> theory.derivation.check()
    """
    base = two_point()
    if base.chart is None or base.solution is None or base.final is None:  # what two_point has; a type cannot say it
        raise TypeError("the two-point theory must have a chart, a solution and an end to put constants into")
    return Theory(
        name="recurrent",
        states=SCALARS,
        start=MEASURED,
        parameters=PARAMETERS,
        time=t,
        rhs=SYSTEM_OF_SEQUENCES,
        readout=base.readout,
        begin=base.begin,
        invariants={name: x.xreplace(EQUIVALENT) for name, x in base.invariants.items()},
        chart=_chart(base.chart),
        solution=_put_in(base.solution, (t, *MEASURED, *PARAMETERS)),
        final=_put_in(base.final, (*MEASURED, *PARAMETERS)),
        loss=Program((t, dy2, w, dy2_target, mean_error_0, rate_mean, futures), {}, {L: LOSS_OVER_TIME}),
        derivation=Derivation(
            title="Two sequences that share their futures: when their states merge",
            introduction=(
                r"A recurrent network has read one of two sequences and is in the state $h_1$ or $h_2$; then it reads "
                r"one of $N$ continuations, the same for both, and each of these futures has an output. $\Delta h$ is "
                r"the difference of the states, $\Delta y$ and $\Delta y^*$ are the differences of the outputs and of "
                "the targets of all futures, stacked. The theory is that of van Rossem & Saxe (arXiv 2507.09897); the "
                "solution is the two-point theory's."
            ),
            notation={
                **notation.LATEX,
                **from_loss.LATEX,
                **scalars.LATEX,
                **evaluation.LATEX,
                **end_state.LATEX,
                **stacking.LATEX,
                **stability.LATEX,
                **mergers.LATEX,
                **LATEX,
                **_PRINTED,
            },
            steps=STEPS,
        ),
    )
