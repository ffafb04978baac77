"""Rates that grow with the maps they change: the next order of the theory, and the one that fits deep networks."""

from __future__ import annotations

from functools import cache

import sympy as sp

from ..derivation import Derivation, Step, first_nonzero
from ..functions import dot, elementary, exprel, logrel
from ..pair import MEASURED, dh2, dh2_0, dx2, dy2_target, rate_h, rate_y, t
from ..program import Program
from ..theory import Theory
from . import flow, notation
from .flow import FLOW, flow_with
from .notation import (
    BEGIN,
    GROWING,
    READOUT,
    SQUARED,
    b2,
    b2_0,
    e,
    f,
    f_0,
    gram,
    growth_h,
    growth_y,
    rate_b,
    rate_dh,
)

PARAMETERS = (dx2, dy2_target, rate_h, growth_h, rate_y, growth_y, gram)

sigma = sp.Symbol("sigma", real=True)
"""The impulse that both vectors have felt: sigma' = -f e."""

STRETCH = dh2 / (dx2 * rate_h) * logrel(growth_h * dh2 / rate_h) - b2 / rate_y * logrel(growth_y * b2 / rate_y)
"""The stretch invariant for growing rates."""

CONSTANT_STRETCH = dh2 / (dx2 * rate_h) - b2 / rate_y

STRETCHED = {
    dh2: dh2_0 + sigma * exprel(dx2 * growth_h * sigma) * GROWING[rate_dh].subs(dh2, dh2_0),
    b2: b2_0 + sigma * exprel(growth_y * sigma) * GROWING[rate_b].subs(b2, b2_0),
}
"""Both squared lengths, after an impulse."""

_J, _ell, _layers, _depth, _rate = sp.symbols("J l k D eta", positive=True)
_product = sp.Symbol("dh2_b2", positive=True)
_dh = sp.Symbol("dh", positive=True)
_pull = sp.Symbol("pull", real=True)
_dy2 = sp.Symbol("dy2_rich", positive=True)

LATEX: dict[sp.Basic, str] = {
    sigma: r"\sigma",
    _product: r"|\Delta h|^2 |b|^2",
    _ell: r"\ell_1",
    _dh: r"|\Delta h|",
    _pull: "G",
    _dy2: r"|\Delta y|^2",
}


def _rates_residual(relation: sp.Rel) -> sp.Expr:
    return sp.expand(GROWING[relation.lhs] - relation.rhs)


def _stretch_residual(relation: sp.Rel) -> sp.Expr:
    """The invariant's gradient is that of the integrals, 1/P and -1/R; without growth, the known one."""
    claimed = elementary(relation.rhs)
    general = [flow.STRETCH.diff(x).subs(GROWING) for x in (dh2, b2)]
    return first_nonzero(*(sp.cancel(claimed.diff(x) - g) for x, g in zip((dh2, b2), general, strict=True)))


def _constant_residual(relation: sp.Rel) -> sp.Expr:
    limit = elementary(relation.lhs.args[0].args[0])
    for growth in (growth_h, growth_y):
        limit = sp.limit(limit, growth, 0)
    return sp.expand(limit - relation.rhs)


def _stretched_residual(relation: sp.Rel) -> sp.Expr:
    """Its derivative by the impulse is its rate, and it starts where it should."""
    x, claimed = relation.lhs, elementary(relation.rhs)
    rate = {dh2: rate_dh, b2: rate_b}[x]
    start = sp.limit(claimed, sigma, 0) - {dh2: dh2_0, b2: b2_0}[x]
    return first_nonzero(sp.cancel(claimed.diff(sigma) - GROWING[rate].subs(x, claimed)), sp.expand(start))


def _impulse_residual(relation: sp.Rel) -> sp.Expr:
    """Lengths that follow the impulse, at its rate, move as the system says."""
    return first_nonzero(
        *(sp.expand(relation.rhs * rate - FLOW[x]) for x, rate in ((dh2, rate_dh), (b2, rate_b))),
    )


def _end_residual(relation: sp.Rel) -> sp.Expr:
    if relation.lhs == f**2:
        return sp.expand(relation.rhs.subs(gram, flow.GRAM) - f**2)
    stretched = sp.Add(*((dh2 * b2).diff(x) * rate for x, rate in ((dh2, rate_dh), (b2, rate_b))))
    return sp.expand(stretched - relation.rhs)


def _layers_residual(relation: sp.Rel) -> sp.Expr:
    """k equal scalar layers l with the same rate, of which dh = l^k is the product."""
    layer_rate = -_rate * _pull * _ell ** (_layers - 1)
    moved = _layers * _ell ** (_layers - 1) * layer_rate
    return sp.powsimp(sp.expand(moved - relation.rhs.subs(_dh, _ell**_layers)), force=True)


def _exponent_residual(relation: sp.Rel) -> sp.Expr:
    """dh = l^k and dy = l^D for D balanced layers."""
    return sp.powsimp(relation.rhs.subs(_dy2, _ell ** (2 * _depth)) - _ell ** (2 * _layers), force=True)


STEPS = (
    Step(
        "growing",
        "Rates that grow",
        "The tangent kernel of a deep map is not constant: a gradient step on its layers moves the map by an amount "
        "that grows with the map. To next order, in the squared lengths:",
        tuple(sp.Eq(x, rate, evaluate=False) for x, rate in GROWING.items()),
        _rates_residual,
    ),
    Step(
        "layers",
        "Why they grow: layers",
        r"In $k$ linear layers of one size, $|\Delta h| = l^k$, each moves at the rate $\eta$ times its share of the "
        r"pull $G$ on the product (the derivative of the loss). The rate of the product is constant for one layer and "
        r"grows towards $|\Delta h|^2$ for many.",
        (sp.Eq(dot(_dh, t), -_layers * _rate * _dh ** (2 - 2 / _layers) * _pull, evaluate=False),),
        _layers_residual,
    ),
    Step(
        "depth_exponent",
        "What it does to a layer's share",
        r"Layer $k$ of $D$ balanced linear layers has $|\Delta h|^2 = (|\Delta y|^2)^{k/D}$: the exponent that a "
        r"measurement of $d \log |\Delta h|^2/d \log |\Delta y|^2$ finds. With constant rates and a small start it is "
        r"$1/2$, so the two-point theory describes the middle of a deep network best.",
        (sp.Eq(dh2, _dy2 ** (_layers / _depth), evaluate=False),),
        _exponent_residual,
    ),
    Step(
        "growing_stretch",
        "The stretch invariant",
        r"The two integrals of the general invariant, for growing rates; $\operatorname{logrel}(x) = \ln(1 + x)/x$.",
        (sp.Eq(_J, STRETCH, evaluate=False),),
        _stretch_residual,
    ),
    Step(
        "without_growth",
        "Without growth",
        "The limit is the invariant of constant rates.",
        (
            sp.Eq(
                sp.Limit(sp.Limit(STRETCH, growth_h, 0), growth_y, 0),
                CONSTANT_STRETCH,
                evaluate=False,
            ),
        ),
        _constant_residual,
    ),
    Step(
        "impulse",
        "One variable is left",
        r"Both lengths are functions of the impulse $\sigma$ that the vectors have felt.",
        (sp.Eq(dot(sigma, t), -f * e, evaluate=False),),
        _impulse_residual,
    ),
    Step(
        "stretched",
        "The lengths after an impulse",
        r"Each length obeys $d |\Delta h|^2/d\sigma = P$, a linear equation. With $\Gamma$ conserved, $f^2 = |\Delta "
        r"h|^2 |b|^2 - \Gamma$, and the time follows by one quadrature, $t = -\int d\sigma/(f e)$.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in STRETCHED.items()),
        _stretched_residual,
    ),
    Step(
        "growing_end",
        "The end state",
        r"Training ends where $f = |\Delta y^*|$, that is $|\Delta h|^2 |b|^2 = |\Delta y^*|^2 + \Gamma$. The product "
        r"rises with the impulse, so exactly one $\sigma$ has it; a pair that agrees merges only if $\Gamma = 0$.",
        (
            sp.Eq(f**2, dh2 * b2 - gram, evaluate=False),
            sp.Eq(dot(_product, sigma), rate_dh * b2 + rate_b * dh2, evaluate=False),
        ),
        _end_residual,
    ),
)


_lack = sp.Symbol("lack", real=True)


def approach() -> Program:
    """What the squared output still lacks after an impulse, and the lengths: the end is where nothing lacks."""
    begin = {b2_0: BEGIN[b2]}
    lack = STRETCHED[dh2] * STRETCHED[b2] - gram - dy2_target
    return Program((sigma, *MEASURED, *PARAMETERS), begin, {_lack: lack, **STRETCHED})


@cache
def growing_rates() -> Theory:
    """Two points with a single output and effective learning rates that grow with the maps they change.

    The rate of dh is ``dx2 (rate_h + growth_h dh2)``, that of the decoder's gradient b is ``rate_y + growth_y
    b2``. With growth_h = growth_y = 0 this is ``scalar_output``, with gram = 0 too the two-point theory of an
    aligned pair. rate_h and rate_y are in 1/(training step); growth_h and growth_y too, per unit of dh2 and b2.

    Source: this package's. The system it extends is that of van Rossem & Saxe (arXiv 2402.09142).

    >>> theory = growing_rates()
    >>> [str(x) for x in theory.coefficients]
    ['rate_h', 'growth_h', 'rate_y', 'growth_y', 'gram']
    >>> theory.derivation.check()
    """
    return Theory(
        name="growing_rates",
        states=(dh2, b2, f),
        start=(dh2_0, b2_0, f_0),
        parameters=PARAMETERS,
        time=t,
        rhs=flow_with(GROWING, SQUARED),
        readout=READOUT,
        begin={dh2_0: BEGIN[dh2], b2_0: BEGIN[b2], f_0: BEGIN[f]},
        invariants={"J": STRETCH, "gram": flow.GRAM},
        approach=approach(),
        special_cases=("scalar_output", "two_point"),
        derivation=Derivation(
            title="Rates that grow in training",
            introduction=(
                "In a deep network the maps on both sides of the split have several layers, and their tangent kernels "
                "grow with them. The family of theories below needs no ansatz and takes any rates; its first member "
                "beyond constant rates has two coefficients more. Balanced layers as in Saxe et al. (arXiv 1312.6120)."
            ),
            notation={**notation.LATEX, **flow.LATEX, **LATEX},
            steps=flow.STEPS + STEPS,
        ),
    )
