"""The two-point theory, put together."""

from __future__ import annotations

from functools import cache

import sympy as sp

from ..derivation import Derivation
from ..functions import hypot, quotient
from ..program import Program
from ..theory import Chart, Theory
from . import from_loss, modes, network, notation, regimes, scalars
from .from_loss import SYSTEM
from .modes import AMPLITUDES, END, STABLE, alpha_n, beta_par_n, beta_perp2_n, major, minor, norm
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
    cos_phi,
    delta,
    dh2,
    dh2_0,
    dx2,
    dy2,
    dy2_0,
    dy2_target,
    g,
    lam,
    omega,
    rate_h,
    rate_mean,
    rate_y,
    s,
    sin_phi,
    t,
    u,
    w,
    w_0,
)
from .scalars import ALIGNMENT, INVARIANT, LOSS_CURVE, A_high, L, mean_error_0

STATES = (dh2, dy2, w)
START = (dh2_0, dy2_0, w_0)
PARAMETERS = (dx2, dy2_target, rate_h, rate_y)

_ANGLES = (major, minor, cos_phi, sin_phi)
_beta_0, _beta_perp2_0 = sp.symbols("beta_0 beta_perp2_0", nonnegative=True)
_measured = sp.Symbol("beta_par_measured", real=True)
_alpha2, _cross, _beta2 = sp.symbols("alpha2 cross beta2", real=True)

_LATEX: dict[sp.Basic, str] = {
    _beta_0: r"|\beta_0|",
    _beta_perp2_0: r"\beta_{\perp 0}^2",
    _measured: r"\hat\beta_{\parallel 0}",
    _alpha2: r"\alpha^2",
    _cross: r"\alpha \beta_\parallel",
    _beta2: r"|\beta|^2",
}

relaxation, crossing, half_way, across = sp.symbols("relaxation crossing half_way across", nonnegative=True)
_across, _slower, _slowest, _rate = sp.symbols("share slower slowest rate", nonnegative=True)
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


def _modes() -> dict[sp.Symbol, sp.Expr]:
    """The modes of the flow and the trajectory in its floating-point form."""
    stable = {x: value.subs(beta_perp_0**2, _beta_perp2_0) for x, value in STABLE.items()}
    angle = {x: stable.pop(x) for x in _ANGLES}
    return {omega: hypot(lam / 2, delta), **angle, **AMPLITUDES, **stable}


def _read_out(alpha2: sp.Expr, cross: sp.Expr, beta2: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """The three scalars from alpha^2, alpha beta_par and |beta|^2."""
    squares = {a**2: P * alpha2, B_par**2 + B_perp**2: R * beta2}
    return {x: READOUT[x].subs(squares).subs(a * B_par, g * cross) for x in STATES}


def _solution() -> Program:
    products = {
        _alpha2: quotient(alpha_n**2, norm),
        _cross: quotient(alpha_n * beta_par_n, norm),
        _beta2: quotient(beta_par_n**2 + beta_perp2_n, norm),
    }
    return Program((t, *START, *PARAMETERS), {**_enter(), **_modes(), **products}, _read_out(*products))


def _final() -> Program:
    start = {x: value for x, value in _enter().items() if x != s}
    angle = {x: value for x, value in _modes().items() if x in (omega, *_ANGLES)}
    number = sp.Piecewise(
        (sp.asinh(quotient(lam, 2 * delta)), delta > 0), (sp.oo, lam > 0), (-sp.oo, lam < 0), (0, True)
    )
    return Program((*START, *PARAMETERS), {**start, **angle}, {dh2: 2 * P * omega * cos_phi**2, modes.regime: number})


def _moments() -> Program:
    """When things happen. A part across dy* that is only rounding counts as none."""
    before = {x: value for x, value in _enter().items() if x != s}
    angle = {x: value for x, value in _modes().items() if x in (omega, *_ANGLES, *AMPLITUDES)}
    shortfall = sp.Piecewise((_shortfall, _shortfall > 0), (0, True))
    definitions = {
        **before,
        **angle,
        _across: quotient(_beta_perp2_0, _beta_0**2),
        _slower: sp.Piecewise((2 * cos_phi**2, lam < 0), (1, True)),
        _slowest: sp.Piecewise((_slower, _across > _ROUNDING), (1, True)),
        _rate: omega * g**2 * sp.Piecewise((_slowest, delta > 0), (2, True)),
        _shortfall: regimes.HALF_WAY_ALIGNED[regimes.shortfall],
        regimes.shortfall: shortfall,
        **{x: value for x, value in regimes.HALF_WAY_ALIGNED.items() if x != regimes.shortfall},
        regimes.overshoot: sp.Piecewise((regimes.CROSSING_STABLE[regimes.overshoot], u < 0), (0, True)),
        regimes.t_zero: regimes.CROSSING_STABLE[regimes.t_zero],
    }
    results = {
        relaxation: sp.Piecewise((quotient(1, _rate), _rate > 0), (sp.oo, True)),
        crossing: sp.Piecewise((regimes.t_zero, u < 0), (sp.oo, True)),
        half_way: sp.Piecewise((regimes.t_half, sp.Abs(u) > 0), (sp.oo, _shortfall > 0), (0, True)),
        across: sp.Piecewise((_across, _across > _ROUNDING), (0, True)),
    }
    return Program((*START, *PARAMETERS), definitions, results)


def _chart() -> Chart:
    enter = _enter()
    coordinates = {alpha: alpha_0, beta_par: beta_par_0, beta_perp: sp.sqrt(_beta_perp2_0)}
    constants = {x: enter[x] for x in (P, R, g, D)}
    return Chart(
        states=COORDINATES,
        parameters=(delta,),
        time=s,
        rhs=FLOW,
        enter=Program((t, *START, *PARAMETERS), enter, {s: s, **coordinates, delta: delta}),
        leave=Program(
            (*COORDINATES, *PARAMETERS),
            constants,
            _read_out(alpha**2, alpha * beta_par, beta_par**2 + beta_perp**2),
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
        states=STATES,
        start=START,
        parameters=PARAMETERS,
        time=t,
        rhs=SYSTEM,
        readout={x: x for x in STATES},
        begin={x: x for x in START},
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
                **modes.LATEX,
                **regimes.LATEX,
                **_LATEX,
            },
            steps=from_loss.STEPS + scalars.STEPS + network.STEPS + modes.STEPS + regimes.STEPS,
        ),
    )
