"""The two-point theory, put together."""

from __future__ import annotations

from functools import cache

import sympy as sp

from ..derivation import Derivation
from ..functions import nonnegative, quotient
from ..pair import MEASURED, SCALARS, dh2, dx2, dy2, dy2_target, rate_h, rate_y, t, w
from ..program import Program
from ..theory import Chart, Theory
from . import end_state, evaluation, from_loss, modes, network, notation, regimes, scalars
from .end_state import END
from .evaluation import (
    GROWING,
    OPPOSED,
    RATES,
    SMOOTH,
    STABLE,
    WAVES,
    alpha2_0,
    alpha_n,
    area,
    beta2_0,
    beta2_n,
    beta_n,
    delta2,
    gap,
    grow,
    growing2,
    lean,
    level,
    norm,
    omega2,
    square_n,
    stretch,
    waves,
)
from .from_loss import SYSTEM
from .network import COORDINATES, FLOW, INITIAL, READOUT, D
from .notation import (
    B_par,
    B_perp,
    P,
    R,
    a,
    alpha,
    alpha_0,
    beta_par,
    beta_par_0,
    beta_perp,
    beta_perp_0,
    delta,
    g,
    lam,
    omega,
    rate_mean,
    s,
)
from .scalars import ALIGNMENT, INVARIANT, LOSS_CURVE, A_high, L, mean_error_0

PARAMETERS = (dx2, dy2_target, rate_h, rate_y)

_beta_0, _beta_perp2_0 = sp.symbols("beta_0 beta_perp2_0", nonnegative=True)
_measured = sp.Symbol("beta_par_measured", real=True)
_alpha2, _cross, _beta2, _total, _dy2 = sp.symbols("alpha2 cross beta2 total dy2_t", real=True)
_divisor = sp.Symbol("divisor", positive=True)

_LATEX: dict[sp.Basic, str] = {
    _beta_0: r"|\beta_0|",
    _beta_perp2_0: r"\beta_{\perp 0}^2",
    _measured: r"\hat\beta_{\parallel 0}",
    _alpha2: r"\alpha^2",
    _cross: r"\delta \alpha \beta_\parallel",
    _beta2: r"|\beta|^2",
    _divisor: r"\delta_\nu^2",
    _total: r"\tilde N_>",
    _dy2: r"|\Delta y|^2",
}

relaxation, crossing, half_way, across = sp.symbols("relaxation crossing half_way across", nonnegative=True)
_across, _rate = sp.symbols("share rate", nonnegative=True)
_shortfall = sp.Symbol("signed_shortfall", real=True)
_ROUNDING = sp.Rational(1, 10**12)
"""Of |beta|^2, the share across dy* that an aligned pair may have by rounding."""


def _enter() -> dict[sp.Symbol, sp.Expr]:
    """The start of the rescaled network, for floating point.

    0/0 at dy* = 0 is 0, and |beta_par| is held below |beta|, which rounding can exceed.
    """
    return {
        P: dx2 * rate_h,
        R: rate_y,
        s: P * R * t / 2,
        g: sp.sqrt(P * R),
        D: sp.sqrt(dy2_target),
        delta: D / g,
        alpha_0: INITIAL[alpha_0],
        _beta_0: sp.sqrt(sp.expand(INITIAL[beta_par_0] ** 2 + INITIAL[beta_perp_0**2])),
        _measured: quotient(*sp.fraction(INITIAL[beta_par_0])),
        beta_par_0: sp.Piecewise((_beta_0, _measured > _beta_0), (-_beta_0, _measured < -_beta_0), (_measured, True)),
        _beta_perp2_0: (_beta_0 - beta_par_0) * (_beta_0 + beta_par_0),
        lam: sp.expand(END[A_high] / P),
    }


def _read_out(alpha2: sp.Expr, parallel: sp.Expr, beta2: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """The three scalars from alpha^2, dy . dy* and |beta|^2."""
    squares = {a**2: P * alpha2, B_par**2 + B_perp**2: R * beta2}
    return {x: READOUT[x].subs(squares).subs(D * a * B_par, parallel) for x in SCALARS}


def _start() -> dict[sp.Symbol, sp.Expr]:
    """What the trajectory depends on, and the square of omega: no root has been taken."""
    return {
        P: dx2 * rate_h,
        R: rate_y,
        **SMOOTH,
        area: nonnegative(SMOOTH[area]),
        lam: sp.expand(END[A_high] / P),
        level: RATES[level],
        omega2: level**2 + delta2,
    }


def _solution() -> Program:
    path: dict[sp.Symbol, sp.Expr] = {}
    for x, value in STABLE.items():
        if x == square_n:
            path[_divisor] = sp.Piecewise((delta2, OPPOSED), (1, True))
        path[x] = value.subs(1 / delta2, 1 / _divisor) if x == square_n else value
    path |= {
        _total: sp.Piecewise((norm, norm > 0), (1, True)),
        _alpha2: stretch / _total,
        _cross: alpha2_0 * alpha_n * beta_n / _total,
        _beta2: beta2_n / _total,
    }
    readout = _read_out(_alpha2, P * R * _cross, _beta2)
    path[_dy2] = readout[dy2]
    results = {dh2: readout[dh2], dy2: _dy2, w: _dy2 + (readout[w] - readout[dy2])}
    return Program((t, *MEASURED, *PARAMETERS), {**_start(), **waves(*WAVES), **path}, results)


def _growing() -> dict[sp.Symbol, sp.Expr]:
    """The start and its growing mode."""
    return {**_start(), omega: sp.sqrt(omega2), gap: quotient(*sp.fraction(RATES[gap])), **GROWING}


def _final() -> Program:
    number = sp.Piecewise(
        (sp.asinh(lam / (2 * sp.sqrt(delta2))), delta2 > 0), (sp.oo, lam > 0), (-sp.oo, lam < 0), (0, True)
    )
    return Program((*MEASURED, *PARAMETERS), _growing(), {dh2: P * grow, end_state.regime: number})


def _moments() -> Program:
    """When things happen. A part across dy* that is only rounding counts as none."""
    slowest = sp.Piecewise((sp.Piecewise((gap, lam < 0), (omega, True)), _across > _ROUNDING), (omega, True))
    half_way_aligned = dict(regimes.HALF_WAY_ALIGNED)
    definitions = {
        **_growing(),
        omega: sp.Piecewise((sp.sqrt(omega2), omega2 > 0), (0, True)),
        g: sp.sqrt(P * R),
        _across: quotient(area, delta2 * beta2_0),
        _rate: P * R * sp.Piecewise((slowest, delta2 > 0), (2 * omega, True)),
        _shortfall: half_way_aligned.pop(regimes.shortfall),
        regimes.shortfall: sp.Piecewise((_shortfall, _shortfall > 0), (0, True)),
        **half_way_aligned,
        regimes.overshoot: sp.Piecewise((regimes.CROSSING_STABLE[regimes.overshoot], lean < 0), (0, True)),
        regimes.t_zero: regimes.CROSSING_STABLE[regimes.t_zero],
    }
    results = {
        relaxation: sp.Piecewise((quotient(1, _rate), _rate > 0), (sp.oo, True)),
        crossing: sp.Piecewise((regimes.t_zero, lean < 0), (sp.oo, True)),
        half_way: sp.Piecewise((regimes.t_half, growing2 > 0), (sp.oo, _shortfall > 0), (0, True)),
        across: sp.Piecewise((_across, _across > _ROUNDING), (0, True)),
    }
    return Program((*MEASURED, *PARAMETERS), definitions, results)


def _chart() -> Chart:
    enter = _enter()
    coordinates = {alpha: alpha_0, beta_par: beta_par_0, beta_perp: sp.sqrt(_beta_perp2_0)}
    constants = {x: enter[x] for x in (P, R, g, D)}
    return Chart(
        states=COORDINATES,
        parameters=(delta,),
        time=s,
        rhs=FLOW,
        enter=Program((t, *MEASURED, *PARAMETERS), enter, {s: s, **coordinates, delta: delta}),
        leave=Program(
            (*COORDINATES, *PARAMETERS),
            constants,
            _read_out(alpha**2, D * g * alpha * beta_par, beta_par**2 + beta_perp**2),
        ),
    )


@cache
def two_point() -> Theory:
    """The effective theory of two data points in any network, derived, proved and solved.

    States are dh2 = |dh|^2, dy2 = |dy|^2 and w = |dy|^2 - dy . dy*, where dh and
    dy are the differences of the two points' hidden representations and outputs
    and dy* is that of their targets. Parameters are dx2 = |dx|^2, dy2_target =
    |dy*|^2 and the effective learning rates rate_h = 1/tau_h, rate_y = 1/tau_y,
    in units of 1/(training step). Gradient flow on the loss with rate e has 1/tau = e/2.

    Source: van Rossem & Saxe, "When Representations Align: Universality in
    Representation Learning Dynamics", ICML 2024, arXiv 2402.09142, for the
    system and its end state; the trajectory is this package's.

    >>> theory = two_point()
    >>> theory.rhs[theory.states[0]]
    -dx2*rate_h*w
    >>> theory.derivation.check()
    """
    return Theory(
        name="two_point",
        states=SCALARS,
        start=MEASURED,
        parameters=PARAMETERS,
        time=t,
        rhs=SYSTEM,
        readout={x: x for x in SCALARS},
        begin={x: x for x in MEASURED},
        invariants={"I": INVARIANT, "G": ALIGNMENT},
        chart=_chart(),
        solution=_solution(),
        final=_final(),
        moments=_moments(),
        loss=Program((t, dy2, w, dy2_target, mean_error_0, rate_mean), {}, {L: LOSS_CURVE}),
        derivation=Derivation(
            title="Two points in a network: from the loss to the trajectory",
            introduction=(
                r"A network is split at a hidden layer into an encoder $x \to h$ and a decoder $h \to y$, any smooth "
                r"maps, linearised about the mean of two data points with derivatives $D_h$ and $D_y$. $\Delta x$, "
                r"$\Delta h$, $\Delta y$ and $\Delta y^*$ are the differences of the points' inputs, hidden "
                r"representations, outputs and targets, $\bar y$ and $\bar y^*$ the means of outputs and targets. The "
                "system and its end state are those of van Rossem & Saxe (arXiv 2402.09142); the aligned scalar case "
                "is in Saxe et al. (arXiv 1312.6120)."
            ),
            notation={
                **notation.LATEX,
                **from_loss.LATEX,
                **scalars.LATEX,
                **network.LATEX,
                **evaluation.LATEX,
                **end_state.LATEX,
                **regimes.LATEX,
                **_LATEX,
            },
            steps=(
                *(*from_loss.STEPS, *scalars.STEPS, *network.STEPS, *modes.STEPS),
                *(*evaluation.STEPS, *end_state.STEPS, *regimes.STEPS),
            ),
        ),
    )
