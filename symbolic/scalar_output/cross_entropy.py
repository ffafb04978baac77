"""Cross-entropy for two classes: a loss without an end state, whose time law is one quadrature."""

from __future__ import annotations

from functools import cache

import sympy as sp

from ..derivation import Derivation, Step, first_nonzero
from ..functions import dot
from ..pair import dh2, dh2_0, dx2, dy2_target, rate_h, rate_y, t
from ..theory import Theory
from ..two_points.network import D
from ..two_points.notation import P, R, g
from . import flow, notation
from .flow import flow_with
from .notation import BEGIN, CONSTANT, READOUT, TARGET, b2, b2_0, e, f, f_0, gram, rate_b, rate_dh

z_mean = sp.Symbol("z_mean", real=True)
"""The mean of the two points' logits: z_2 - z_1 with two outputs, the logit itself with one."""


def _entropy(logit: sp.Expr) -> sp.Expr:
    """The cross-entropy of a point whose true class has this logit."""
    return sp.log(1 + sp.exp(-logit))


LOSS = (_entropy(D * f / 2 - z_mean) + _entropy(z_mean + D * f / 2)) / 2
"""The mean over the two points, the first of class 1 and the second of class 2; D f is the difference of logits."""

PAIR_LOSS = _entropy(D * f / 2)
ERROR = -2 * D / (1 + sp.exp(D * f / 2))

Lam = sp.Symbol("Lambda", real=True)
_ell, _speed = sp.symbols("l speed")
_phi = sp.Symbol("phi", real=True)
_f_0 = sp.Symbol("f_0", positive=True)
_f = sp.Symbol("f_positive", positive=True)

SPEED = P * R * sp.sqrt(Lam**2 + 4 * (f**2 + gram) / (P * R))
"""P b2 + R dh2, from the two conserved quantities; Lambda = dh2/P - b2/R."""

TIME = sp.Integral((1 + sp.exp(D * _phi / 2)) / (D * SPEED.subs(f, _phi)), (_phi, f_0, f))
RICH = (sp.log(_f / _f_0) + sp.Ei(D * _f / 2) - sp.Ei(D * _f_0 / 2)) / (2 * g * D)

LATEX: dict[sp.Basic, str] = {
    z_mean: r"\bar z",
    _ell: r"\ell",
    _speed: r"\left(P |b|^2 + R |\Delta h|^2\right)",
    D: r"|\Delta y^*|",
    Lam: r"\Lambda",
    _phi: r"\varphi",
    _f: "f",
}

_RATES = {rate_dh: P, rate_b: R}


def _loss_residual(relation: sp.Rel) -> sp.Expr:
    """The loss of the pair where the mean logit is 0, which is where it stays: the loss is even in it."""
    mean_gradient = LOSS.diff(z_mean).subs(z_mean, 0)
    return first_nonzero(sp.simplify(LOSS.subs(z_mean, 0) - relation.rhs), sp.simplify(mean_gradient))


def _error_residual(relation: sp.Rel) -> sp.Expr:
    return sp.simplify(4 * PAIR_LOSS.diff(f) - relation.rhs)


def _speed_residual(relation: sp.Rel) -> sp.Expr:
    """The square of the sum is that of the difference and four times the product; it is positive."""
    if relation.lhs == _speed:
        if not relation.rhs.subs(Lam, 0).is_nonnegative:
            return relation.rhs
        values = {Lam: dh2 / P - b2 / R, gram: flow.GRAM}
        return sp.expand((P * b2 + R * dh2) ** 2 - (relation.rhs**2).subs(values))
    return sp.simplify(-_speed * ERROR / 2 - relation.rhs)


def _time_residual(relation: sp.Rel) -> sp.Expr:
    """dt/df is one over the speed of f, and no time has passed at the start."""
    moving = relation.rhs.diff(f) * (-SPEED * ERROR / 2)
    return first_nonzero(sp.simplify(moving - 1), relation.rhs.subs(f, f_0).doit())


def _rich_residual(relation: sp.Rel) -> sp.Expr:
    balanced = (-SPEED * ERROR / 2).subs({Lam: 0, gram: 0}).subs(f, _f).subs(g, sp.sqrt(P * R))
    claimed = relation.rhs.subs(g, sp.sqrt(P * R))
    return first_nonzero(sp.simplify(claimed.diff(_f) * balanced - 1), sp.simplify(claimed.subs(_f, _f_0)))


STEPS = (
    Step(
        "cross_entropy_loss",
        "Cross-entropy of two points",
        r"One point of each class, two outputs with one-hot targets ($|\Delta y^*| = \sqrt 2$) or one logit with "
        r"targets 0 and 1 ($|\Delta y^*| = 1$): in both cases $|\Delta y^*| f$ is the difference of the logits. The "
        r"loss is even in the mean logit, so that stays 0 once it is.",
        (sp.Eq(_ell, PAIR_LOSS, evaluate=False),),
        _loss_residual,
    ),
    Step(
        "cross_entropy_error",
        "Its error",
        r"$e = 4 \ell'(f)$ is never 0: there is no end, the output and with it the hidden distance grow for ever. Both "
        "conserved quantities hold as for any loss.",
        (sp.Eq(e, ERROR, evaluate=False),),
        _error_residual,
    ),
    Step(
        "speed",
        "The speed of the output",
        r"With constant rates the conserved $\Lambda = |\Delta h|^2/P - |b|^2/R$ and $\Gamma$ leave one equation for "
        r"$f$.",
        (
            sp.Eq(_speed, SPEED, evaluate=False),
            sp.Eq(dot(f, t), _speed * D / (1 + sp.exp(D * f / 2)), evaluate=False),
        ),
        _speed_residual,
    ),
    Step(
        "cross_entropy_time",
        "The time law",
        "One quadrature gives the time at which an output is reached.",
        (sp.Eq(t, TIME, evaluate=False),),
        _time_residual,
    ),
    Step(
        "cross_entropy_rich",
        "The rich limit",
        r"Balanced and aligned ($\Lambda = \Gamma = 0$) the quadrature is elementary but for an exponential integral: "
        r"first $f$ grows exponentially, then like the logarithm of time. Here $g = \sqrt{P R}$.",
        (sp.Eq(t, RICH, evaluate=False),),
        _rich_residual,
    ),
)


@cache
def cross_entropy() -> Theory:
    """Two points of different classes under cross-entropy, with constant rates and without the ansatz.

    Two outputs with softmax and one-hot targets (dy2_target = 2) or one logit with targets 0 and 1 (dy2_target =
    1). f is the difference of the outputs along that of the targets; the mean logit of the two points is taken to
    be 0. The scalars are measured as for any loss, w = dy2 - dy . dy*. There is no end state.

    Source: this package's; the setting is that of van Rossem & Saxe (arXiv 2402.09142).

    >>> theory = cross_entropy()
    >>> theory.solution is None, list(theory.invariants)
    (True, ['I', 'gram'])
    >>> theory.derivation.check()
    """
    return Theory(
        name="cross_entropy",
        states=(dh2, b2, f),
        start=(dh2_0, b2_0, f_0),
        parameters=(dx2, dy2_target, rate_h, rate_y, gram),
        time=t,
        rhs=flow_with(CONSTANT, ERROR.subs(D, TARGET)),
        readout=READOUT,
        begin={dh2_0: BEGIN[dh2], b2_0: BEGIN[b2], f_0: BEGIN[f]},
        invariants={"I": dh2 / (dx2 * rate_h) - b2 / rate_y, "gram": flow.GRAM},
        derivation=Derivation(
            title="Cross-entropy for two classes",
            introduction=(
                "What is conserved does not depend on the loss; what depends on it is the time law. Cross-entropy is "
                "the loss of classifiers: it has no minimum at a finite output."
            ),
            notation={**notation.LATEX, **flow.LATEX, **LATEX},
            steps=flow.STEPS + STEPS,
        ),
    )
