"""Growing rates for outputs of any number, under the ansatz; and what is conserved for any loss."""

from __future__ import annotations

from functools import cache

import sympy as sp

from .derivation import Derivation, Step
from .field import DifferentialField
from .free_algebra import Rules, scalar
from .functions import dot, elementary, quotient
from .pair import MEASURED, SCALARS, dh2, dh2_0, dx2, dy2, dy2_0, dy2_target, rate_h, rate_y, t, w, w_0
from .program import Program
from .scalar_output import growing_rates, notation
from .scalar_output.growing_rates import GROWING, STRETCH
from .scalar_output.notation import b2, gram, growth_h, growth_y, rate_b, rate_dh
from .theory import Chart, Theory
from .two_points.from_loss import SYSTEM
from .two_points.network import NETWORK, READOUT, D
from .two_points.notation import B_par, B_perp, D_y, P, R, a, dh, dy, m
from .two_points.scalars import ALIGNMENT

PARAMETERS = (dx2, dy2_target, rate_h, growth_h, rate_y, growth_y)

e = sp.MatrixSymbol("e", m, 1)
"""4 times the gradient of the loss by dy; dy - dy* for the squared error."""

_INNER: Rules = {
    (dh.T, dh): dh2,
    (dy.T, dy): dy2,
    (dy.T, e): w,
    (D_y, dh): dy,
    (D_y.T, e): (w / dh2) * dh,
}
"""What the products are called; the last is the ansatz, for any loss."""

_dh_rate = -(rate_dh / 2) * D_y.T * e
_dy_rate = -(rate_b / 2) * (dh2 * e) + D_y * _dh_rate
_RATES = {dh2: 2 * dh.T * _dh_rate, dy2: 2 * dy.T * _dy_rate}

ANY_LOSS = {x: sp.factor(scalar(rate, _INNER)) for x, rate in _RATES.items()}
"""dh2 and dy2 for any loss; w stands for dy . e."""

SLOPE = dy2 / dh2
"""|B|^2, the squared slope of the decoder along dh."""

_growth = {rate_dh: GROWING[rate_dh], rate_b: GROWING[rate_b].subs(b2, SLOPE)}
FLOW = {x: rate.subs({rate_h: _growth[rate_dh] / dx2, rate_y: _growth[rate_b]}) for x, rate in SYSTEM.items()}
"""The two-point system with rates that grow."""

_target = sp.sqrt(dy2_target)
_rates = {P: GROWING[rate_dh].subs(dh2, a**2), R: GROWING[rate_b].subs(b2, B_par**2 + B_perp**2)}
NETWORK_FLOW = {x: rate.subs(_rates).subs(D, _target) for x, rate in NETWORK.items()}
"""The network of one hidden unit with the same rates: regular where its unit vanishes."""

_NETWORK_READOUT = {x: value.subs(D, _target) for x, value in READOUT.items()}
_STRETCH = STRETCH.subs(b2, SLOPE)
_J = sp.Symbol("J")

_any_loss = DifferentialField(ANY_LOSS)
_growing = DifferentialField(FLOW)
_network = DifferentialField(NETWORK_FLOW)


def _any_loss_residual(relation: sp.Rel) -> sp.Expr:
    return sp.expand(scalar(_RATES[relation.lhs.args[0]], _INNER) - relation.rhs)


def _slope_residual(relation: sp.Rel) -> sp.Expr:
    return _any_loss.normal(_any_loss.derivative(relation.lhs.args[0]) - relation.rhs)


def _flow_residual(relation: sp.Rel) -> sp.Expr:
    moved = _network.derivative(_NETWORK_READOUT[relation.lhs.args[0]])
    return _network.normal(moved - relation.rhs.subs(_NETWORK_READOUT))


def _stretch_residual(relation: sp.Rel) -> sp.Expr:
    return _growing.normal(_growing.derivative(elementary(relation.rhs)))


def _alignment_residual(relation: sp.Rel) -> sp.Expr:
    return _growing.normal(_growing.derivative(relation.lhs.args[0]) - relation.rhs.subs(_growth))


STEPS = (
    Step(
        "any_loss",
        "Any differentiable loss",
        r"Let $e$ be 4 times the gradient of the loss by $\Delta y$ ($\Delta y - \Delta y^*$ for the squared error), "
        r"$P$ and $R$ the rates, of any kind, and let $w = \Delta y \cdot e$. With the ansatz that $D_y^T e$ lies "
        r"along $\Delta h$:",
        tuple(sp.Eq(dot(x, t), rate, evaluate=False) for x, rate in ANY_LOSS.items()),
        _any_loss_residual,
    ),
    Step(
        "slope",
        "The decoder's slope",
        r"$|\Delta h|^2$ falls at the rate $P w$ and the squared slope of the decoder along it at the rate $R w$. So "
        r"$\int d|\Delta h|^2/P$ less the integral of $1/R$ over the squared slope is conserved for any loss and any "
        "rates; with constant rates that is the invariant $I$ of the two-point system.",
        (sp.Eq(dot(SLOPE, t), -rate_b * w, evaluate=False),),
        _slope_residual,
    ),
    Step(
        "growing_system",
        "The system with growing rates",
        "The two-point system, each rate a function of the squared length of the map that it moves. It is gradient "
        "flow of a network of one hidden unit with the same rates.",
        tuple(sp.Eq(dot(x, t), rate, evaluate=False) for x, rate in FLOW.items()),
        _flow_residual,
    ),
    Step(
        "growing_invariant",
        "Its invariant",
        r"$\operatorname{logrel}(x) = \ln(1 + x)/x$.",
        (sp.Eq(_J, _STRETCH, evaluate=False),),
        _stretch_residual,
    ),
    Step(
        "growing_alignment",
        "Alignment is kept",
        r"As for constant rates, $G = (|\Delta y|^2 - w)^2 - |\Delta y|^2 |\Delta y^*|^2$ keeps its sign.",
        (sp.Eq(dot(ALIGNMENT, t), -(rate_b * dh2 + rate_dh * w / dh2) * ALIGNMENT, evaluate=False),),
        _alignment_residual,
    ),
)


def _chart() -> Chart:
    """The weights of the network of one hidden unit, in training steps."""
    weights = (a, B_par, B_perp)
    size, along = sp.symbols("B_size B_along", real=True)
    enter = {
        size: sp.sqrt(dy2_0 / dh2_0),
        along: quotient(dy2_0 - w_0, _target * sp.sqrt(dh2_0)),
        B_par: sp.Piecewise((size, along > size), (-size, along < -size), (along, True)),
    }
    start = {a: sp.sqrt(dh2_0), B_par: B_par, B_perp: sp.sqrt((size - B_par) * (size + B_par))}
    constants = {x: x for x in PARAMETERS}
    return Chart(
        states=weights,
        parameters=PARAMETERS,
        time=t,
        rhs=NETWORK_FLOW,
        enter=Program((t, *MEASURED, *PARAMETERS), enter, {t: t, **start, **constants}),
        leave=Program((*weights, *PARAMETERS), {}, _NETWORK_READOUT),
    )


def _approach() -> Program:
    parallel = growing_rates.approach()
    kept = {x: value.subs(gram, 0) for x, value in parallel.definitions.items()}
    arguments = tuple(x for x in parallel.arguments if x != gram)
    return Program(arguments, kept, {x: value.subs(gram, 0) for x, value in parallel.results.items()})


@cache
def growing_vectors() -> Theory:
    """Two points with outputs of any number and rates that grow, under the ansatz of the two-point theory.

    The rate of dh is ``dx2 (rate_h + growth_h dh2)``, that of the decoder ``rate_y + growth_y dy2/dh2``. For a
    single output it is ``growing_rates`` with gram = 0; without growth it is the two-point theory.

    Source: this package's. The system it extends is that of van Rossem & Saxe (arXiv 2402.09142).

    >>> theory = growing_vectors()
    >>> theory.states
    (dh2, dy2, w)
    >>> theory.derivation.check()
    """
    return Theory(
        name="growing_vectors",
        states=SCALARS,
        start=MEASURED,
        parameters=PARAMETERS,
        time=t,
        rhs=FLOW,
        readout={x: x for x in SCALARS},
        begin={x: x for x in MEASURED},
        invariants={"J": _STRETCH, "G": ALIGNMENT},
        chart=_chart(),
        approach=_approach(),
        special_cases=("two_point",),
        derivation=Derivation(
            title="Any loss, and growing rates for several outputs",
            introduction=(
                "The ansatz of the two-point theory closes its system for outputs of any number. What it conserves "
                "depends neither on the loss nor on how the rates change in training, so rates may grow here too."
            ),
            notation=notation.LATEX,
            steps=STEPS,
        ),
    )
