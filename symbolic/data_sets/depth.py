"""Deep linear networks: each layer has its place on the geodesic from the inputs' kernel to that of the targets."""

from __future__ import annotations

from typing import cast

import sympy as sp

from ..derivation import Step
from ..free_algebra import Rules, matrix_residual
from ..matrix_calculus import derivative, directional_residual, gradient
from ..pair import dh2, dx2, dy2
from ..program import Program
from .conserved import IN_FACTORS, G
from .flow import outputs
from .geometric_mean import Mean, scalar_factor
from .notation import E, F, K, K_pinv, N, c, n, r, velocity

W_1 = sp.MatrixSymbol("W_1", r, n)
W_l, W_next = sp.MatrixSymbol("W_l", n, n), sp.MatrixSymbol("W_next", n, n)
V_l = sp.MatrixSymbol("V_l", r, n)
V_before = sp.MatrixSymbol("V_before", r, n)
H_before = sp.MatrixSymbol("H_before", N, n)
After = sp.MatrixSymbol("After", c, n)
X_1, X_l, X_next = (sp.MatrixSymbol(f"X_{x}", N, N) for x in ("1", "l", "next"))
balance = sp.MatrixSymbol("balance", n, n)
"""Weights of the first, a layer and the next; the product of the weights up to a layer, and before it; what enters a
layer and what leads from the next to the outputs; Gram matrices; what neighbours conserve."""

eta_1, eta_l, eta_next, g_l, g_L = sp.symbols("eta_1 eta_l eta_next g_l g_L", positive=True)
"""Learning rates of layers; the products of those up to a layer and of all."""

layer, layers = sp.symbols("layer layers", positive=True)
x_l, x_L, q = sp.symbols("x_l x_L q", positive=True)
"""The number of a layer, and of all; a mode of the Gram matrices of a layer and of the outputs, relative to K; what
each layer multiplies it by, over its rate."""

place, scale = sp.symbols("place scale", positive=True)

PAIR_ON_GEODESIC = scale * dx2 ** (1 - place) * dy2**place
"""The squared distance of two points at a place; or the size of a mode, of that of the kernel and of the outputs."""

ON_GEODESIC = Program((dx2, dy2, place), {}, {dh2: PAIR_ON_GEODESIC.subs(scale, 1)})
"""The same in units of its scale."""

LATEX: dict[sp.Basic, str] = {
    W_l: r"W_\ell",
    W_next: r"W_{\ell+1}",
    V_l: r"V_\ell",
    V_before: r"V_{\ell-1}",
    H_before: r"H_{\ell-1}",
    After: "B",
    X_l: r"X_\ell",
    X_next: r"X_{\ell+1}",
    eta_l: r"\eta_\ell",
    eta_next: r"\eta_{\ell+1}",
    g_l: r"g_\ell",
    layer: r"\ell",
    layers: "L",
    x_l: r"x_\ell",
    place: "p",
    scale: r"\theta",
    balance: r"C_\ell",
    **{velocity(x): rf"\dot W_{i}" for x, i in ((W_l, r"\ell"), (W_next, r"{\ell+1}"))},
}

_OUTPUTS = H_before * W_l * W_next * After.T
_RATES = {W_l: eta_l, W_next: eta_next}
FLOW = {x: -rate * gradient(E.T * _OUTPUTS / N, x) for x, rate in _RATES.items()}
"""Gradient flow of two neighbouring layers, for any loss."""

_NEIGHBOURS: Rules = {
    (W_next, W_next.T): (eta_next / eta_l) * W_l.T * W_l,
    (V_before, W_l, W_l.T): (eta_l / eta_1) * W_1 * W_1.T * V_before,
}
"""Balance, and what is to be shown for the layer before."""

_LAYERS: Rules = {
    (V_l, W_next, W_next.T): (eta_next / eta_1) * W_1 * W_1.T * V_l,
    (W_1.T, F.T, G, G.T, F): W_1.T,
}
"""What was shown; and the first weights are in the range of the features."""

_GRAMS = {
    X_1: F * W_1 * W_1.T * F.T,
    X_l: F * V_l * V_l.T * F.T,
    X_next: F * V_l * W_next * W_next.T * V_l.T * F.T,
}
_MODES = {x_l: g_l * q**layer, x_L: g_L * q**layers}


def _flow_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in _RATES if velocity(x) == relation.lhs)
    change = -_RATES[variable] * E.T * _OUTPUTS / N
    return directional_residual(change, variable, cast(sp.MatrixExpr, relation.rhs))


def _balance_residual(relation: sp.Rel) -> sp.Expr:
    return matrix_residual(derivative(cast(sp.MatrixExpr, relation.rhs), FLOW), {})


def _progression_residual(relation: sp.Rel) -> sp.Expr:
    return matrix_residual((relation.lhs - relation.rhs).xreplace(_GRAMS | IN_FACTORS), _LAYERS)


def _simple(expr: sp.Expr) -> sp.Expr:
    return sp.expand(sp.powsimp(sp.expand_power_base(sp.powdenest(expr, force=True), force=True), force=True))


def _geodesic_residual(relation: sp.Rel) -> sp.Expr:
    """In the modes, in which K is 1: there a weighted mean with K is a power."""
    if relation.lhs == x_l:
        return _simple((relation.lhs - relation.rhs).subs(_MODES))
    factor, (mean,) = scalar_factor(relation.rhs), relation.rhs.atoms(Mean)
    return _simple((x_l - factor * x_L ** mean.args[2]).subs(_MODES))


def _pair_residual(relation: sp.Rel) -> sp.Expr:
    """X = dh2/2 and K = dx2/2 in the one mode of two points, and Y Y^T = dy2/2."""
    mode = scale * (dx2 / 2) * (dy2 / dx2) ** place
    return _simple(mode - relation.rhs / 2)


STEPS = (
    Step(
        "layers_of_a_network",
        "A network of linear layers",
        r"$\hat Y = \Phi W_1 W_2 \cdots W_L$, each layer with a learning rate of its own. $H_{\ell-1}$ enters layer "
        r"$\ell$, and $B^T$ is the product of the layers beyond the next one. For any loss:",
        tuple(sp.Eq(velocity(x), rate, evaluate=False) for x, rate in FLOW.items()),
        _flow_residual,
    ),
    Step(
        "balance",
        "Neighbours stay balanced",
        r"Both feel the same product. From a small start $C_\ell = 0$: the layers are balanced and stay so (Saxe et "
        "al., arXiv 1312.6120). Two layers of a network are the encoder and the decoder above.",
        (sp.Eq(balance, W_next * W_next.T / eta_next - W_l.T * W_l / eta_l, evaluate=False),),
        _balance_residual,
    ),
    Step(
        "balanced_layers",
        "What balance does to products",
        r"Let $V_\ell = W_1 \cdots W_\ell = V_{\ell-1} W_\ell$. Then $V_\ell W_{\ell+1} W_{\ell+1}^T$ is a multiple "
        r"of $W_1 W_1^T V_\ell$, by induction: it is so for $\ell = 0$, where $V_0$ is the identity, and follows for "
        "a layer from the one before and balance.",
        (
            sp.Eq(
                V_before * W_l * W_next * W_next.T,
                (eta_next / eta_1) * W_1 * W_1.T * V_before * W_l,
                evaluate=False,
            ),
        ),
        lambda relation: matrix_residual(relation.lhs - relation.rhs, _NEIGHBOURS),
    ),
    Step(
        "progression",
        "A geometric progression of Gram matrices",
        r"$X_\ell = H_\ell H_\ell^T$ with $H_\ell = \Phi V_\ell$, and $X_0 = K$. With $W_1$ in the range of $\Phi^T$ "
        r"(the rest of it does not move, and is 0 from a small start), $W_1^T \Phi^T K^+ \Phi = W_1^T$. Each layer "
        "multiplies by the same matrix.",
        (sp.Eq(X_next, (eta_next / eta_1) * X_1 * K_pinv * X_l, evaluate=False),),
        _progression_residual,
    ),
    Step(
        "geodesic",
        "Depth is the place on a geodesic",
        r"So $X_\ell = K^{1/2} Q_\ell K^{1/2}$ where all $Q_\ell$ are powers of one matrix, up to the product "
        r"$g_\ell$ of the rates of the layers so far: a mode $x_\ell$ of $Q_\ell$ is a power of that of the outputs. "
        r"That is the weighted geometric mean $A \#_p B = A^{1/2} (A^{-1/2} B A^{-1/2})^p A^{1/2}$, at all times; at "
        r"the end, $\hat Y = Y^*$. For equal rates the factor is 1; for two layers it is $\sqrt{\tau_y/\tau_h}$, and "
        r"$\#_{1/2}$ is $\#$.",
        (
            sp.Eq(x_l, g_l * (x_L / g_L) ** (layer / layers), evaluate=False),
            sp.Eq(
                X_l,
                g_l * g_L ** (-layer / layers) * Mean(K, outputs * outputs.T, layer / layers),
                evaluate=False,
            ),
        ),
        _geodesic_residual,
    ),
    Step(
        "geodesic_of_two",
        "Two points on it",
        r"Two points have one mode: with $p = \ell/L$ and the factor $\theta$, the exponent that a measurement of $d "
        r"\log |\Delta h|^2/d \log |\Delta y|^2$ finds is the place of the layer.",
        (sp.Eq(dh2, PAIR_ON_GEODESIC, evaluate=False),),
        _pair_residual,
    ),
)
