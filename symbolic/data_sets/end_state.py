"""Where the representations of a data set end: the geometric mean of kernel and targets, and every mode like a pair."""

from __future__ import annotations

import sympy as sp

from ..derivation import Step, first_nonzero
from ..free_algebra import matrix_residual
from ..functions import elementary, hypot, quotient
from ..pair import rate_h, rate_y
from ..program import Program
from ..two_points import network
from ..two_points.end_state import END
from ..two_points.notation import P, R, delta, lam
from ..two_points.scalars import A_high, A_low, by_regime, dh2_end
from .conserved import CONSERVED, IN_FACTORS, C, G
from .geometric_mean import Mean, scalar_factor, squared
from .notation import D, H, K, K_pinv, Y, n

strength = sp.Symbol("strength", nonnegative=True)
m2, d2, larger, smaller = sp.symbols("m2 d2 larger smaller", nonnegative=True)
"""A singular value of K^(-1/2) Y*; the squared singular values of K^(-1/2) H and of D in that mode, at the end."""

SCALES = {A_high: rate_h * lam, A_low: END[A_low].subs({P: rate_h, R: rate_y, network.D: strength})}
"""The two scales of a mode: those of a pair with its rates and its target."""

_delta = strength / sp.sqrt(rate_h * rate_y)
_ABOVE = lam >= 0

MODE_END = Program(
    (strength, lam, rate_h, rate_y),
    {
        delta: _delta,
        larger: sp.Abs(lam) / 2 + hypot(lam / 2, delta),
        smaller: delta * quotient(delta, larger),
    },
    {
        m2: rate_h * sp.Piecewise((larger, _ABOVE), (smaller, True)),
        d2: rate_y * sp.Piecewise((smaller, _ABOVE), (larger, True)),
    },
)
"""Where a mode ends, without a difference of what is nearly equal."""

LATEX: dict[sp.Basic, str] = {
    strength: r"\sigma",
    m2: "m^2",
    d2: "d^2",
    larger: r"\ell_+",
    smaller: r"\ell_-",
}


_LEARNT = {(H, D.T): Y}
"""Where training ends with no error: the targets, less their mean where there is a bias."""

_SAME = {(H.T, G, G.T, H): rate_h * lam * sp.Identity(n) + (rate_h / rate_y) * D.T * D}
"""C = lam I."""

_SMALL = {word: value.xreplace({lam: sp.S.Zero}).doit() for word, value in _SAME.items()}
"""C = 0."""


def _riccati_residual(relation: sp.Rel) -> sp.Expr:
    return matrix_residual((relation.lhs - relation.rhs).xreplace({C: CONSERVED}), {})


def _small_residual(relation: sp.Rel) -> sp.Expr:
    if isinstance(relation.lhs, sp.MatMul) and relation.lhs == D * D.T * D * D.T:
        rest = (relation.lhs - relation.rhs).xreplace({Y: H * D.T}).xreplace(IN_FACTORS)
        return matrix_residual(rest, _SMALL)
    factor, (mean,) = scalar_factor(relation.rhs), relation.rhs.atoms(Mean)
    if not factor.is_positive:
        return factor  # the mean is not negative, nor is H H^T
    found = squared(relation.lhs) - factor**2 * mean.args[1]
    return matrix_residual(found.xreplace(IN_FACTORS), _SMALL | _LEARNT)


def _same_residual(relation: sp.Rel) -> sp.Expr:
    return matrix_residual((relation.lhs - relation.rhs).xreplace(IN_FACTORS), _SAME | _LEARNT)


def _root_of(x: sp.Expr) -> sp.Expr:
    """What is left if x is put into the quadratic equation of a mode."""
    return by_regime(x**2 - A_high * x - A_low**2)


def _mode_residual(relation: sp.Rel) -> sp.Expr:
    """The quadratic equation m^4 = P lam m^2 + (P/R) strength^2, whose one root that is not negative it is."""
    if relation.lhs == A_high:
        return sp.expand(relation.rhs - rate_h * lam)
    if relation.lhs == A_low:
        return sp.expand(relation.rhs**2 - rate_h / rate_y * strength**2) if relation.rhs.is_nonnegative else A_low
    if relation.lhs == m2:
        return _root_of(relation.rhs) if by_regime(relation.rhs).is_positive else m2
    if relation.lhs == d2:
        return sp.expand(m2 / rate_h - relation.rhs / rate_y - lam)
    ends = {d2: rate_y * (m2 / rate_h - lam), lam: A_high / rate_h, strength: A_low * sp.sqrt(rate_y / rate_h)}
    rest = relation.lhs - relation.rhs
    for x, value in {**ends, m2: END[dh2_end]}.items():
        rest = rest.subs(x, value)
    return by_regime(rest)


def _accurate_residual(relation: sp.Rel) -> sp.Expr:
    if relation.lhs == larger:
        x = elementary(relation.rhs)
        return sp.expand(x * (x - sp.Abs(lam)) - delta**2) if x.is_nonnegative else x
    if relation.lhs == smaller:
        return sp.expand(elementary(relation.rhs) * larger - delta**2)
    size = sp.Symbol("size", positive=True)
    product = rate_h if relation.lhs == m2 else rate_y
    signs = (size, -size) if relation.lhs == m2 else (-size, size)
    above, below = (relation.rhs.subs(lam, sign) for sign in signs)
    return first_nonzero(sp.expand(above - product * larger), sp.expand(below - product * smaller))


STEPS = (
    Step(
        "riccati",
        "A Riccati equation",
        r"What is conserved says $H^T K^+ H = C/\tau_h + (\tau_y/\tau_h) D^T D$. Multiplied by $H$ from both sides it "
        "is an equation for the Gram matrix $H H^T$ in which the decoder occurs as $H D^T$ alone, that is through "
        "the outputs; multiplied by $D$, one for the decoder. It holds all along training, from any start, for any "
        "loss.",
        (
            sp.Eq(
                H * H.T * K_pinv * H * H.T,
                rate_h * H * C * H.T + (rate_h / rate_y) * H * D.T * D * H.T,
                evaluate=False,
            ),
            sp.Eq(
                D * H.T * K_pinv * H * D.T,
                rate_h * D * C * D.T + (rate_h / rate_y) * D * D.T * D * D.T,
                evaluate=False,
            ),
        ),
        _riccati_residual,
    ),
    Step(
        "end_of_data_set",
        "The end, from a small start",
        "A small start has $C = 0$. Where $H D^T = Y^*$ (with a bias: $Y^*$ less its mean, and likewise $H$ and "
        r"$K$), $H H^T$ solves $X K^+ X = (\tau_y/\tau_h) Y^* Y^{*T}$: it is the geometric mean of the kernel of the "
        "inputs and that of the targets. On the way there, put the outputs in the place of $Y^*$. If $Y^*$ is not in "
        r"the range of $K$, only its part there is learnt. For two points this is the rich scale $A_\mathrm{low}$, "
        "the geometric mean of two numbers.",
        (
            sp.Eq(H * H.T, sp.sqrt(rate_h / rate_y) * Mean(K, Y * Y.T), evaluate=False),
            sp.Eq(D * D.T * D * D.T, (rate_y / rate_h) * Y.T * K_pinv * Y, evaluate=False),
        ),
        _small_residual,
    ),
    Step(
        "end_of_balanced_start",
        "The end, from a start that favours one side",
        r"For $C = \lambda I$ the equation has one term more. Put $X = (K^+)^{1/2} H H^T (K^+)^{1/2}$ and $S = "
        r"(K^+)^{1/2} Y^*$: it says $X^2 = \lambda X/\tau_h + (\tau_y/\tau_h) S S^T$, so $X$ commutes with $S S^T$, "
        "and each singular value of $S$ goes its own way.",
        (
            sp.Eq(
                H * H.T * K_pinv * H * H.T,
                rate_h * lam * H * H.T + (rate_h / rate_y) * Y * Y.T,
                evaluate=False,
            ),
        ),
        _same_residual,
    ),
    Step(
        "end_of_mode",
        "Every mode ends as a pair does",
        r"A singular value $\sigma > 0$ of $S$ ends with that root of the quadratic equation which is not negative: "
        "the final distance of a pair, with the mode's scales. $m$ and $d$ are the singular values of $(K^+)^{1/2} "
        r"H$ and $D$ that belong to it. Where $\sigma = 0$, $m^2 = 0$ or $\lambda/\tau_h$: for $\lambda > 0$, $H^T "
        r"K^+ H$ is at least $\lambda/\tau_h$ in every direction of the hidden space, so that many modes of no target "
        "stay at that.",
        (
            sp.Eq(A_high, SCALES[A_high], evaluate=False),
            sp.Eq(A_low, SCALES[A_low], evaluate=False),
            sp.Eq(m2, END[dh2_end], evaluate=False),
            sp.Eq(d2, rate_y * (m2 / rate_h - lam), evaluate=False),
            sp.Eq(m2 * d2, strength**2, evaluate=False),
        ),
        _mode_residual,
    ),
    Step(
        "end_of_mode_accurately",
        "The same for floating point",
        r"The two sides differ by $\lambda$ and their product is $\delta^2 = \sigma^2 \tau_h \tau_y$, so the smaller "
        "one is found from the larger one by division.",
        (
            *(sp.Eq(x, MODE_END.definitions[x], evaluate=False) for x in (larger, smaller)),
            *(sp.Eq(x, value, evaluate=False) for x, value in MODE_END.results.items()),
        ),
        _accurate_residual,
    ),
)
