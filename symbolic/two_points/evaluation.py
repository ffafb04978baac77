"""The form of the trajectory for floating point: no exponential grows, no sum loses its terms, derivatives exist."""

from __future__ import annotations

import sympy as sp

from ..derivation import Step, first_nonzero
from ..functions import elementary, exprel, quotient, regular
from ..pair import dh2_0, dy2_0, dy2_target, t, w_0
from .modes import AMPLITUDES, BY_ANGLE, FIELD, MODES, N_IN_FIELD, E, X, algebraic, root
from .network import INITIAL, D
from .notation import (
    P,
    R,
    alpha,
    alpha_0,
    beta_par,
    beta_par_0,
    beta_perp,
    beta_perp_0,
    cos_phi,
    delta,
    lam,
    omega,
    s,
    u,
)

alpha2_0, beta2_0, delta2, area = sp.symbols("alpha2_0 beta2_0 delta2 area", nonnegative=True)
pull = sp.Symbol("pull", real=True)

SMOOTH = {
    alpha2_0: dh2_0 / P,
    beta2_0: dy2_0 / (dh2_0 * R),
    delta2: dy2_target / (P * R),
    pull: (dy2_0 - w_0) / (dh2_0 * R),
    area: (dy2_0 * dy2_target - (dy2_0 - w_0) ** 2) / (dh2_0 * P * R**2),
}
"""alpha_0^2, |beta_0|^2, delta^2, delta beta_par_0/alpha_0 and delta^2 beta_perp_0^2: no roots, nothing over |dy*|."""

_MEANING = {
    alpha2_0: alpha_0**2,
    beta2_0: beta_par_0**2 + beta_perp_0**2,
    delta2: delta**2,
    pull: delta * beta_par_0 / alpha_0,
    area: delta**2 * beta_perp_0**2,
}

level, gap, decay_level, span_level, decay_gap, span_gap, share, mixed = sp.symbols(
    "level gap decay_level span_level decay_gap span_gap share mixed", nonnegative=True
)
rise, crest, bell, core, lag, wide, push, narrow, bend_above, bend_below, bend = sp.symbols(
    "rise crest bell core lag wide push narrow bend_above bend_below bend", nonnegative=True
)
base, other, decay_perp, stretch, norm = sp.symbols("base other decay_perp stretch norm", nonnegative=True)
alpha_n, pulled, beta_n = sp.symbols("alpha_n pulled beta_n", real=True)
beta2_n, square_n, smooth_n = sp.symbols("beta2_n square_n smooth_n", nonnegative=True)

RATES = {level: sp.Abs(lam) / 2, gap: delta2 / (omega + level)}
"""|lam|/2 and what omega exceeds it by, without a difference."""

WAVES = {
    decay_level: sp.exp(-2 * level * s),
    span_level: s * exprel(-2 * level * s),
    decay_gap: sp.exp(-gap * s),
    span_gap: s * exprel(-gap * s),
    share: 1 / (1 + decay_level * decay_gap**2),
    mixed: span_gap * (1 + decay_gap) * decay_level,
    rise: share * (gap * mixed + 2 * level * span_level) / omega,
    crest: 2 * share * decay_gap,
    bell: crest**2,
    core: bell * decay_level,
    lag: (span_level - share * mixed) / (omega * (omega + level)),
    wide: 1 + level * rise,
    push: delta2 * rise,
    narrow: (core + push * rise) / wide,
    bend_above: decay_level * rise**2 + 2 * level * lag * narrow,
    bend_below: (2 * share * span_gap - rise) * (crest + wide) / (omega + level),
}
"""What depends on time alone: the rise is tanh(omega s)/omega, the core 1/cosh(omega s)^2."""

_ABOVE = lam >= 0
OPPOSED = 2 * sp.Abs(beta_n) < -pulled
"""Where beta_par is about to change its sign."""

STABLE = {
    base: sp.Piecewise((wide, _ABOVE), (narrow, True)),
    other: sp.Piecewise((narrow, _ABOVE), (wide, True)),
    decay_perp: sp.Piecewise((core * decay_level, _ABOVE), (bell, True)),
    bend: sp.Piecewise((bend_above, _ABOVE), (bend_below, True)),
    alpha_n: base + pull * rise,
    pulled: pull * other,
    beta_n: push + pulled,
    square_n: (alpha2_0 * beta_n**2 + area * decay_perp) / delta2,
    smooth_n: beta2_0 * decay_perp + alpha2_0 * (bend * pull**2 + rise * (beta_n + pulled)),
    beta2_n: sp.Piecewise((square_n, OPPOSED), (smooth_n, True)),
    stretch: alpha2_0 * alpha_n**2,
    norm: core
    + (
        area * lag * sp.Piecewise((core, _ABOVE), (bell, True))
        + rise
        * (sp.Piecewise((beta2_0, _ABOVE), (alpha2_0, True)) * core + sp.Piecewise((stretch, _ABOVE), (beta2_n, True)))
    )
    / wide,
}
"""The same trajectory over cosh(omega s), by squares alone: every exponential decays, no sum loses its terms."""

grow, growing2 = sp.symbols("grow growing2", nonnegative=True)
lean = sp.Symbol("lean", real=True)

GROWING = {
    grow: sp.Piecewise((omega + level, _ABOVE), (gap, True)),
    lean: grow + pull,
    growing2: quotient(alpha2_0 * lean**2, 2 * omega * grow),
}
"""omega + lam/2, and by it the growing mode at the start: 2 omega cos(phi) u/alpha_0 and u^2."""

instant, reach_level, reach, under_level, under, ratio, slant, lift = sp.symbols(
    "instant reach_level reach under_level under ratio slant lift", nonnegative=True
)

NEAR = {
    instant: s**2,
    reach_level: level**2 * instant,
    reach: reach_level + delta2 * instant,
    under_level: 105 + reach_level * (45 + reach_level),
    under: 105 + reach * (45 + reach),
    ratio: (105 + 10 * reach) / under,
    slant: sp.sqrt(1 - reach * ratio**2),
    lift: sp.exp(level * s),
    rise: s * ratio,
    crest: slant * lift,
    lag: s
    * instant
    * (1 + decay_level)
    * (3675 + 105 * (reach + reach_level) + 10 * reach * reach_level)
    / (2 * under * under_level),
    bend_below: (rise**2 - 2 * level * lag * wide) * lift**2,
}
"""What of it divides by omega, where omega s is small: to the order (omega s)^8."""

LATE = {
    span_level: (1 - decay_level) / (2 * level),
    span_gap: (1 - decay_gap) / gap,
    rise: (2 * share - 1) / omega,
    bend_above: (narrow**2 - core * decay_level) / delta2,
}
"""What of it has long times in it that cancel."""

_WHEN_LATE = {
    span_level: 1 / (1 + 2 * level * s),
    span_gap: 1 / (1 + gap * s),
    rise: sp.S.Zero,
    bend_above: 1 - quotient(push * rise, narrow * wide),
}
"""What is small where that holds; the rise has its form for small omega s besides."""

omega2, _omega2, _delta2, _size, _early = sp.symbols("omega2 omega2_held delta2_held size early", nonnegative=True)


def waves(*wanted: sp.Symbol) -> dict[sp.Symbol, sp.Expr]:
    """Those of WAVES as definitions of a program, after those of P, R, level, delta2 and omega2 = level^2 + delta2.

    Where omega s is small, derivatives are those of the form for that. The other form is then taken at omega = 1,
    where it has derivatives; for values alone omega is held above 0. Late, derivatives are those of the forms in which
    no time cancels.
    """
    forms: dict[sp.Symbol, sp.Expr] = {}
    for x in wanted:
        value = WAVES[x]
        if x in LATE:
            above, below = sp.fraction(LATE[x])
            size, held = sp.symbols(f"{x}_size {x}_below", nonnegative=True)
            forms |= {size: _WHEN_LATE[x], held: regular(size, below, 1)}
            value = regular(size, above / held, value)
        if x in LATE and x in NEAR:
            late = sp.Symbol(f"{x}_late", nonnegative=True)
            forms[late], value = value, late
        forms[x] = regular(_size, NEAR[x].subs(s, _early), value) if x in NEAR else value
    return {
        s: P * R * t / 2,
        _size: sp.sqrt(omega2) * s,
        _early: regular(_size, s, 0),
        _delta2: sp.Piecewise((delta2, omega2 > 0), (sp.Rational(1, 10**300), True)),
        _omega2: regular(_size, 1, level**2 + _delta2),
        omega: sp.sqrt(_omega2),
        gap: RATES[gap].subs(delta2, _delta2),
        **{x: value.subs(s, _early) for x, value in NEAR.items() if x not in WAVES},
        **forms,
    }


LATEX: dict[sp.Basic, str] = {
    alpha2_0: r"\alpha_0^2",
    beta2_0: r"|\beta_0|^2",
    delta2: r"\delta^2",
    pull: r"\kappa",
    area: r"\Gamma",
    level: r"\ell",
    gap: r"\epsilon",
    decay_level: r"E_\ell",
    span_level: r"S_\ell",
    decay_gap: r"E_\epsilon",
    span_gap: r"S_\epsilon",
    share: r"\eta",
    mixed: r"\zeta",
    rise: "r",
    crest: "c",
    bell: "c^2",
    core: "C",
    lag: "q",
    wide: r"b_>",
    push: r"p",
    narrow: r"b_<",
    bend_above: r"k_>",
    bend_below: r"k_<",
    bend: "k",
    base: r"b_\alpha",
    other: r"b_\beta",
    decay_perp: r"E_\perp",
    alpha_n: r"\tilde\alpha",
    pulled: r"\kappa b_\beta",
    beta_n: r"\tilde\beta_\parallel",
    beta2_n: r"|\tilde\beta|^2",
    square_n: r"|\tilde\beta|^2_\square",
    smooth_n: r"|\tilde\beta|^2_\circ",
    stretch: r"A",
    norm: r"\tilde N",
    omega2: r"\omega_0^2",
    _omega2: r"\omega^2",
    _delta2: r"\delta_>^2",
    grow: r"\mu",
    lean: r"\nu",
    growing2: "u^2",
    instant: "s^2",
    reach_level: "y",
    reach: "x",
    under_level: "d_y",
    under: "d_x",
    ratio: r"\tau",
    slant: r"1/\cosh(\omega s)",
    lift: r"e^{\ell s}",
}

_lam_size = sp.Symbol("lam_size", positive=True)

_cosh = (E + 1 / E) / 2
_tanh = (E - 1 / E) / (E + 1 / E)


def _of_size(sign: int) -> dict[sp.Symbol, sp.Expr]:
    """What STABLE and WAVES stand for where ``lam`` has that sign, in the field."""
    size = sign * BY_ANGLE[lam]
    x = X**sign  # exp(-|lam| s/2)
    known = {level: size / 2, gap: omega - size / 2, rise: _tanh / omega, core: 1 / _cosh**2, crest: 1 / (x * _cosh)}
    waves = {
        decay_level: x**2,
        span_level: (1 - x**2) / size,
        decay_gap: 1 / (E * x),
        span_gap: (1 - 1 / (E * x)) / known[gap],
        bell: known[crest] ** 2,
        share: 1 / (1 + E**-2),
        mixed: (1 - (E * x) ** -2) / known[gap] * x**2,
        wide: 1 + size / 2 * known[rise],
        push: BY_ANGLE[delta] ** 2 * known[rise],
        narrow: 1 - size / 2 * known[rise],
    }
    over = BY_ANGLE[delta] ** 2
    beta2 = algebraic(MODES[beta_par]) ** 2 + algebraic(MODES[beta_perp]) ** 2
    along = {base: 1 + BY_ANGLE[lam] / 2 * known[rise], other: 1 - BY_ANGLE[lam] / 2 * known[rise]}
    return {
        **known,
        **waves,
        **along,
        lag: (waves[span_level] * waves[wide] - known[rise]) / over,
        bend_above: (waves[narrow] ** 2 - known[core] * x**2) / over,
        bend_below: (waves[wide] ** 2 - known[crest] ** 2) / over,
        decay_perp: X**2 / _cosh**2,
        bend: (along[other] ** 2 - X**2 / _cosh**2) / over,
        **{x: value.subs(BY_ANGLE) for x, value in _MEANING.items()},
        alpha_n: algebraic(MODES[alpha]) * root / (alpha_0 * _cosh),
        pulled: BY_ANGLE[delta] * beta_par_0 / alpha_0 * along[other],
        beta_n: BY_ANGLE[delta] * algebraic(MODES[beta_par]) * root / (alpha_0 * _cosh),
        **dict.fromkeys((beta2_n, square_n, smooth_n), beta2 * root**2 / _cosh**2),
        stretch: algebraic(MODES[alpha]) ** 2 * root**2 / _cosh**2,
        norm: N_IN_FIELD / _cosh**2,
        grow: omega + BY_ANGLE[lam] / 2,
        lean: 2 * omega * cos_phi * u / alpha_0,
        growing2: u**2,
    }


_EXACT = {sign: _of_size(sign) for sign in (1, -1)}


def _worth(expr: sp.Expr, sign: int) -> sp.Expr:
    """An expression in the field, where ``lam`` has that sign."""
    given = elementary(expr.subs(lam, sign * _lam_size)).subs({gap: omega - level}).subs(level, _lam_size / 2)
    return algebraic(given.xreplace({_lam_size: sign * lam})).xreplace(_EXACT[sign]).xreplace(AMPLITUDES)


def _smooth_residual(relation: sp.Rel) -> sp.Expr:
    """Against what it stands for, by the start of the network, with |dy*| = D."""
    meaning = _MEANING[relation.lhs].subs(beta_perp_0**2, INITIAL[beta_perp_0**2]).subs(INITIAL)
    return sp.cancel((relation.rhs - meaning.subs(delta, D / sp.sqrt(P * R))).subs(dy2_target, D**2))


def _stable_residual(relation: sp.Rel) -> sp.Expr:
    """Compare with the modes, once for each sign of lam."""
    return first_nonzero(*(FIELD.normal(_worth(relation.lhs - relation.rhs, sign)) for sign in (1, -1)))


_ORDER = 8
"""That in omega s to which tanh(omega s)/(omega s) is kept."""


def _tanh_residual(fraction: sp.Expr) -> sp.Expr:
    """What y = z fraction(z^2) leaves of y' = 1 - y^2 below that order: nothing if y is tanh z to there."""
    z = sp.Symbol("z")
    y = z * fraction.subs(reach, z**2)
    rest = sp.Poly(sp.fraction(sp.cancel(y.diff(z) - 1 + y**2))[0], z)
    return sp.Add(*(c * z**k for (k,), c in rest.terms() if k < _ORDER))


def _near_residual(relation: sp.Rel) -> sp.Expr:
    """The ratio has the first terms of tanh(omega s)/(omega s); with that all else is exact, lag by its quotient."""
    polynomials = {x: NEAR[x] for x in (under_level, under)}
    if relation.lhs in polynomials:  # what the others need: these are no quantities of their own
        return sp.expand(relation.rhs - polynomials[relation.lhs])
    if relation.lhs == ratio:
        return _tanh_residual(relation.rhs.subs(polynomials))
    if relation.lhs == lag:
        fraction = NEAR[ratio].subs(polynomials)
        steps = (fraction.subs(reach, reach_level) - fraction) / (reach - reach_level)
        return sp.cancel(relation.rhs.subs(polynomials) - s * instant * (1 + decay_level) / 2 * steps)
    exact = {
        instant: s**2,
        reach_level: (level * s) ** 2,
        reach: (omega * s) ** 2,
        ratio: _tanh / (omega * s),
        slant: 1 / _cosh,
        lift: sp.exp(level * s),
    }
    return FIELD.normal(_worth((relation.rhs - relation.lhs).subs(exact), 1))


STEPS = (
    Step(
        "smooth_start",
        "The start without roots",
        r"The trajectory depends on the start through five numbers in which there is no root and nothing is divided "
        r"by $|\Delta y^*|$: $\alpha_0^2$, $|\beta_0|^2$, $\delta^2$, $\kappa = \delta \beta_{\parallel 0}/\alpha_0$ "
        r"and $\Gamma = \delta^2 \beta_{\perp 0}^2$, not negative by Cauchy-Schwarz. So it has derivatives where "
        r"$\Delta y^* = 0$ or $\Delta y_0 = 0$.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in SMOOTH.items()),
        _smooth_residual,
    ),
    Step(
        "waves",
        "The functions of time",
        r"$\ell = |\lambda|/2$ and $\epsilon = \omega - \ell$. Then $r = \tanh(\omega s)/\omega$, $c = e^{\ell "
        r"s}/\cosh(\omega s)$ and $C = 1/\cosh^2(\omega s)$; $b_> = 1 + \ell r$, $b_< = 1 - \ell r$, $q = (S_\ell b_> "
        r"- r)/\delta^2$, $k_> = (b_<^2 - C E_\ell)/\delta^2$ and $k_< = (b_>^2 - c^2)/\delta^2$, with "
        r"$\operatorname{exprel}(x) = (e^x - 1)/x$: no exponential grows and no sum loses its terms.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in (RATES | WAVES).items()),
        _stable_residual,
    ),
    Step(
        "late",
        "Late times",
        r"What derivatives are taken of where $2 \ell s$, $\epsilon s$, $\omega s$ and $\delta r/\sqrt{C}$ are not "
        r"small: no time cancels.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in LATE.items()),
        _stable_residual,
    ),
    Step(
        "floating_point",
        "The form that is evaluated",
        r"The same trajectory, over $\cosh(\omega s)$, for both signs of $\lambda$: $\tilde\alpha = "
        r"\alpha/\alpha_0$, $\tilde\beta_\parallel = \delta \beta_\parallel/\alpha_0$ and $|\tilde\beta|^2$, each with "
        r"the root of $N$ taken out. Of the two forms of $|\tilde\beta|^2$, which are equal, the first is a sum of "
        r"squares where $\beta_\parallel$ passes through zero, the second has no limit to take at $\Delta y^* = 0$.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in STABLE.items()),
        _stable_residual,
    ),
    Step(
        "growing_mode",
        "The growing mode at the start",
        r"The same for its amplitude. It has the sign of $\nu = 2 \omega c_\phi u/\alpha_0$, since $c_\phi > 0$ where "
        r"$\Delta y^* \neq 0$.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in GROWING.items()),
        _stable_residual,
    ),
    Step(
        "near_balance",
        "Where nothing grows yet",
        r"All of it is a smooth function of $x = (\omega s)^2$, while $\omega$ is not smooth where $\lambda = 0$ and "
        r"$\Delta y^* = 0$. So where $x < 2^{-10}$ derivatives are taken of the same quantities written in $x$, with a "
        r"fraction that agrees with $\tau(x) = \tanh(\sqrt x)/\sqrt x$ to better than $x^4/10^5$; $q$ has its divided "
        r"difference $(\tau(y) - \tau(x))/(x - y)$.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in NEAR.items()),
        _near_residual,
    ),
)
