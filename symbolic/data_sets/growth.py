"""Rates that grow with the maps they move, for whole data sets."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
from sympy.printing.latex import LatexPrinter

from .. import growing_vectors
from ..derivation import Step, first_nonzero
from ..free_algebra import Rules, matrix_residual, scalar, words
from ..matrix_calculus import derivative, gradient, trace
from ..pair import dh2, dx2, dy2, dy2_target, rate_h, rate_y, w
from ..program import Program
from ..scalar_output.flow import flow_with
from ..scalar_output.notation import GROWING, b2, e, f, growth_h, growth_y
from ..scalar_output.notation import b as slope
from ..two_points.from_loss import rates_of_scalars
from ..two_points.notation import D_y, dh, m
from .as_pair import of_two, pair_flow, sign
from .conserved import IN_FACTORS, IN_RANGE, G
from .depth import H_before, W_l, layer
from .flow import MATRIX_FLOW
from .notation import P0, P1, P2, R0, R1, R2, D, E, H, K, K_pinv, N, b, n, velocity

GROWING_FLOW = {
    H: -(P0 * K * E * D + (P1 / N) * K * E * D * H.T * H + (P2 / N) * H * H.T * E * D) / N,
    D: -(R0 * E.T * H + R1 * D * D.T * E.T * H + R2 * E.T * H * D.T * D) / N,
    b: MATRIX_FLOW[b],
}
"""The kernel of a deep encoder aligns with its own representation (P2), its directions that are large grow faster (P1);
so do the decoder's in the space of the outputs (R1) and in that of the representations (R2)."""

S1, S2 = sp.MatrixSymbol("S1", n, n), sp.MatrixSymbol("S2", n, n)
p1, p2 = sp.symbols("p1 p2", positive=True)
"""``(H^T H / N)^p1`` and ``(H^T H / N)^(p2 - 1)``, and the powers with which the encoder's rates grow."""

POWER_FLOW = {
    H: -(P0 * K * E * D + P1 * K * E * D * S1 + (P2 / N) * H * S2 * H.T * E * D) / N,
    D: GROWING_FLOW[D],
    b: GROWING_FLOW[b],
}
"""The same with powers of their own."""

_FIRST_ORDER = {S1: H.T * H / N, S2: sp.Identity(n)}
"""Both where the powers are 1."""

Rest = sp.MatrixSymbol("Rest", n, n)
eta, layers, kappa, size, q, rate = sp.symbols("eta encoder_layers kappa size q rate", positive=True)
"""What leads from a layer of a deep encoder to the representation; its rate; how many layers it has; a mode of it: of
K, of the representation, what each layer multiplies the square by, its rate."""


MODE_RATE = eta * layers * kappa ** (1 / layers) * size ** (2 - 2 / layers)
"""How fast a balanced encoder moves a mode."""


class logdet(sp.Function):
    """The logarithm of the determinant of a matrix, as it stands in a statement."""

    nargs = 1

    def _latex(self, printer: LatexPrinter) -> str:
        return rf"\ln \det\left({printer.doprint(self.args[0])}\right)"


def _stretched(growth: sp.Expr) -> sp.MatrixExpr:
    return P0 * sp.Identity(n) + (growth / N) * H.T * K_pinv * H


_SLOPES = R0 * sp.Identity(n) + (R1 + R2) * D.T * D


def _determinants(growth: sp.Expr) -> sp.Expr:
    return (N / growth) * logdet(_stretched(growth)) - (1 / (R1 + R2)) * logdet(_SLOPES)


GROWING_CONSERVED = _determinants(P2)
"""Constant for P1 = 0 and H in the range of K."""

_J_FLAT = sp.Symbol("J_flat")
FLAT_CONSERVED = _determinants(P2 + kappa * P1)
"""Constant for K that is kappa times a projection."""

_FLAT: Rules = {(H.T, H): kappa * H.T * G * G.T * H}
"""H^T H = kappa H^T K^+ H."""

Pencil, _encoder, _decoder = (sp.MatrixSymbol(x, n, n) for x in ("Lambda", "A", "B"))
"""A B^(-1), and what the determinants are taken of."""

_EQUAL = {P1: sp.S.Zero, R1: sp.S.Zero, R2: P2 / N}
"""Where the growth of both maps is alike."""

_J = sp.Symbol("J")

LATEX: dict[sp.Basic, str] = {
    S1: "S_1",
    S2: "S_2",
    p1: "p_1",
    p2: "p_2",
    Rest: "B",
    eta: r"\eta",
    layers: "k",
    rate: r"\hat P",
    kappa: r"\kappa",
    size: "a",
    slope: "b",
    _J_FLAT: r"J_\kappa",
    Pencil: r"\Lambda",
    velocity(_encoder): r"\dot A",
    velocity(_decoder): r"\dot B",
}


def _growing_residual(relation: sp.Rel) -> sp.Expr:
    variable = next(x for x in GROWING_FLOW if velocity(x) == relation.lhs)
    return matrix_residual(relation.rhs - GROWING_FLOW[variable], {})


def _layer_residual(relation: sp.Rel) -> sp.Expr:
    """The representation H_before W_l Rest moves by that layer's share; tr(E^T dY)/N with Y = H D^T."""
    moved = -eta * gradient(E.T * H_before * W_l * Rest * D.T / N, W_l)
    return matrix_residual(H_before * moved * Rest - relation.rhs, {})


def _mode_residual(relation: sp.Rel) -> sp.Expr:
    """Layer l of k has the kernel kappa q^(l-1) before it and q^(k-l) behind it; the mode's square is kappa q^k."""
    each = eta * kappa * q ** (layer - 1) * q ** (layers - layer)
    grown = relation.rhs.subs(size, sp.sqrt(kappa * q**layers))
    return sp.expand(sp.powsimp(sp.powdenest(sp.expand_power_base(layers * each - grown, force=True), force=True)))


_BY_LAYERS = {p1: 1 - 1 / layers, P1: eta * layers * (N / kappa) ** (1 - 1 / layers)}
"""What a balanced encoder has in a mode."""


def _powers_residual(relation: sp.Rel) -> sp.Expr:
    """Where both powers are 1 it is the first order."""
    variable = next(x for x in POWER_FLOW if velocity(x) == relation.lhs)
    return first_nonzero(
        matrix_residual(relation.rhs - POWER_FLOW[variable], {}),
        matrix_residual(relation.rhs.xreplace(_FIRST_ORDER) - GROWING_FLOW[variable], {}),
    )


def _layers_residual(relation: sp.Rel) -> sp.Expr:
    """P1 kappa (a^2/N)^p1 is the rate of the mode."""
    claimed = _BY_LAYERS | {relation.lhs: relation.rhs}
    grown = (P1 * kappa * (size**2 / N) ** p1).subs(claimed)
    return sp.simplify(sp.expand_power_base(grown / MODE_RATE, force=True) - 1)


def _rate_of_logdet(of: sp.MatrixExpr, known: Mapping[sp.Symbol, sp.Expr], rules: Rules) -> sp.Expr:
    """tr(V dX) for the inverse V = U U^T of X = p + q M, by V M = (1 - p V)/q."""
    flow = {x: rate.xreplace({**known, **IN_FACTORS}) for x, rate in GROWING_FLOW.items()}
    total = words(of.xreplace(IN_FACTORS))
    p = total.pop((), sp.S.Zero)
    ((word, factor),) = total.items()
    U = sp.MatrixSymbol("U", n, n)
    inverse: Rules = {(U, U.T, *word): (1 / factor) * sp.Identity(n) - (p / factor) * U * U.T}
    return trace(U * U.T * derivative(of.xreplace(IN_FACTORS), flow), {**IN_RANGE, **rules, **inverse})


def _conserved_residual(relation: sp.Rel) -> sp.Expr:
    flat = relation.lhs == _J_FLAT
    known: dict[sp.Symbol, sp.Expr] = {} if flat else {P1: sp.S.Zero}
    rules: Rules = _FLAT if flat else {}

    def rate_of(matrix: sp.MatrixExpr) -> sp.Expr:
        return _rate_of_logdet(matrix, known, rules)

    return sp.cancel(relation.rhs.replace(logdet, rate_of))


def _pencil_residual(relation: sp.Rel) -> sp.Expr:
    """By H^T K^+ H = (N/P2) (Pencil X - P0), X being the decoder's matrix: the definition of the pencil."""
    flow = {x: rate.xreplace(_EQUAL | IN_FACTORS) for x, rate in GROWING_FLOW.items()}
    encoder, decoder = (x.xreplace(_EQUAL | IN_FACTORS) for x in (_stretched(P2), _SLOPES))
    total = words(encoder)
    del total[()]
    ((word, factor),) = total.items()
    defined: Rules = {word: (Pencil * decoder - P0 * sp.Identity(n)) / factor}
    moving = {velocity(_encoder): derivative(encoder, flow), velocity(_decoder): derivative(decoder, flow)}
    rest = (relation.lhs - relation.rhs).xreplace({**moving, _decoder: decoder}).xreplace(_EQUAL)
    return matrix_residual(rest, {**IN_RANGE, **defined})


_ONE_SIDE = {P1: sp.S.Zero, R2: sp.S.Zero}


def _of_vectors(rates: Mapping[sp.Expr, sp.Expr]) -> dict[sp.Symbol, sp.Expr]:
    """What a pair's rates leave of the difference of both flows of dh2, dy2 and w, under the ansatz."""
    moved = rates_of_scalars(pair_flow(GROWING_FLOW))
    return {x: sp.expand(moved[x] - growing_vectors.FLOW[x].subs(rates)) for x in moved}


_PAIR_RATES = {
    rate_h: P0 / 2,
    growth_h: P1 / 8 + P2 / (4 * dx2),
    rate_y: R0 / 2,
    growth_y: R2 / 2,
}
RATES_OF_PAIR = Program(
    (rate_h, growth_h, rate_y, growth_y),
    {},
    {x: pair / _PAIR_RATES[pair].coeff(x) for pair, x in ((rate_h, P0), (growth_h, P1), (rate_y, R0), (growth_y, R2))},
)
"""The rates of a data set that are those of a pair, P1 for the growth of the encoder's."""

_ALIGNED = {growth_y: (R1 + R2) / 2}
_SINGLE = {**_PAIR_RATES, growth_h: P2 / (4 * dx2), growth_y: R1 / 2}


def _pair_residual(relation: sp.Rel) -> sp.Expr:
    left = _of_vectors({**_PAIR_RATES, relation.lhs: relation.rhs})
    return first_nonzero(*(x.subs(R1, 0) for x in left.values()))


def _aligned_residual(relation: sp.Rel) -> sp.Expr:
    left = _of_vectors({**_PAIR_RATES, relation.lhs: relation.rhs})
    return first_nonzero(*(sp.factor(x.subs(dy2_target, (dy2 - w) ** 2 / dy2)) for x in left.values()))


_error = sp.MatrixSymbol("e", 1, 1)
_INNER: Rules = {
    (dh.T, dh): dh2,
    (slope.T, slope): b2,
    (slope.T, dh): f,
    (_error,): e,
    (sign.T, sign): sp.Integer(2),
}


def _single_residual(relation: sp.Rel) -> sp.Expr:
    """One output: the decoder is a row, the errors are a number for each point."""
    one = {
        of_two(H): sign * dh.T / 2,
        of_two(K): (dx2 / 4) * sign * sign.T,
        of_two(E): sign * _error.T / 2,
        of_two(D): D_y,
    }
    row = {m: sp.S.One}
    moved = {
        x: of_two(GROWING_FLOW[x].xreplace(_ONE_SIDE))
        .xreplace(one)
        .xreplace(row)
        .xreplace({D_y.xreplace(row): slope.T})
        for x in (H, D)
    }
    flow = {dh: moved[H].T * sign, slope: moved[D].T}
    products = {dh2: dh.T * dh, b2: slope.T * slope, f: dh.T * slope}
    claimed = flow_with(GROWING, e)
    rates = {**_SINGLE, relation.lhs: relation.rhs}
    return first_nonzero(
        *(sp.expand(scalar(derivative(value, flow), _INNER) - claimed[x].subs(rates)) for x, value in products.items())
    )


STEPS = (
    Step(
        "growing_data_set",
        "Rates that grow",
        "The tangent kernel of a deep map grows with the map. To next order in $H$ and $D$ there are two ways for "
        "each: what the representation has already separated moves faster ($H H^T$ takes its place beside $K$), and "
        "hidden directions that are large move faster ($H^T H$); for the decoder, directions of the outputs ($D "
        r"D^T$) and hidden ones ($D^T D$). With $P_0 = 1/\tau_h$, $R_0 = 1/\tau_y$ and the others 0 it is the flow "
        "above.",
        tuple(sp.Eq(velocity(x), GROWING_FLOW[x], evaluate=False) for x in (H, D)),
        _growing_residual,
    ),
    Step(
        "layer_of_encoder",
        "Where they come from: layers",
        r"Let the encoder be $k$ linear layers of rate $\eta$, $H = H_{\ell-1} W_\ell B$. What layer $\ell$ adds to "
        "the motion of $H$ has the Gram matrix of what enters it on one side and $B^T B$ on the other. For the first "
        "layer that is $K$ and a power of $H^T K^+ H$ (the form of $P_1$), for the last $H_{k-1} H_{k-1}^T$ and the "
        "identity (that of $P_2$); those between have both.",
        (
            sp.Eq(
                velocity(H),
                -(eta / N) * H_before * H_before.T * E * D * Rest.T * Rest,
                evaluate=False,
            ),
        ),
        _layer_residual,
    ),
    Step(
        "modes_of_encoder",
        "What they do to a mode",
        r"In a mode of balanced layers, $K$ being $\kappa$ and $H$ being $a$, each layer multiplies the square by one "
        "number, and all $k$ terms are alike: the rate of the mode grows as $a^{2 - 2/k}$, not at all for one layer "
        "and towards $a^2$ for many. $P_1$ and $P_2$ are the first order of that, exact for no $k > 1$.",
        (sp.Eq(rate, MODE_RATE, evaluate=False),),
        _mode_residual,
    ),
    Step(
        "growing_powers",
        "Powers of their own",
        r"So that few layers are met too, the rates grow with powers $p_1$ and $p_2$ of the representation, "
        r"$S_1 = (H^T H/N)^{p_1}$ and $S_2 = (H^T H/N)^{p_2 - 1}$; $H S_2 H^T/N$ is the power $p_2$ of $H H^T/N$. "
        "For $p_1 = p_2 = 1$ this is the flow before.",
        (sp.Eq(velocity(H), POWER_FLOW[H], evaluate=False),),
        _powers_residual,
    ),
    Step(
        "powers_of_layers",
        "The power of an encoder of layers",
        r"In a mode the term of $P_1$ is $P_1 \kappa (a^2/N)^{p_1}$. With these two numbers and $P_0 = P_2 = 0$ it is "
        r"the rate of $k$ balanced layers, of any number: exact in every mode where $\kappa$ is the same for all.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in _BY_LAYERS.items()),
        _layers_residual,
    ),
    Step(
        "growing_conserved",
        "What is conserved then",
        "Let $P_1 = 0$ and $H$ in the range of $K$. Both matrices in the space of the hidden units move by the one "
        "product $H^T E D$, and the logarithms of their determinants at rates whose ratio is fixed. For any loss "
        "this number is constant; without growth it tends to the trace of $C$, up to a constant. The other entries "
        "of $C$ are not known to have a counterpart. With $P_1$ the Gram matrix $H^T H$ enters, which knows more of "
        r"$K$ than $H^T K^+ H$ does: the second number is constant where $K$ is $\kappa$ times a projection, as for "
        "whitened inputs, and for other kernels there is one for each mode, below.",
        (sp.Eq(_J, GROWING_CONSERVED, evaluate=False), sp.Eq(_J_FLAT, FLAT_CONSERVED, evaluate=False)),
        _conserved_residual,
    ),
    Step(
        "growing_spectrum",
        "Where both maps grow alike",
        r"Let $A$ and $B$ be the two matrices, $P_1 = R_1 = 0$ and $R_2 = P_2/N$. Then $\Lambda = A B^{-1}$ moves by a "
        r"commutator, since $\dot \Lambda B = \dot A - \Lambda \dot B$: all its eigenvalues are constant, $n$ numbers "
        r"instead of one. To first order in the growth $\Lambda$ is $(P_0/R_0)(I + (P_2/N) C)$.",
        (
            sp.Eq(
                velocity(_encoder) - Pencil * velocity(_decoder),
                (P2 / N**2) * (Pencil * D.T * E.T * H - D.T * E.T * H * Pencil) * _decoder,
                evaluate=False,
            ),
        ),
        _pencil_residual,
    ),
    Step(
        "growing_pair",
        "Two points with growing rates",
        "For $N = 2$ and under the ansatz, with $R_1 = 0$, the three scalars of this flow obey the two-point system "
        "with growing rates, for outputs of any number. $P_1$ and $P_2$ do the same there: a pair knows only their "
        r"sum, $P_2$ counted by $2/|\Delta x|^2$, the inverse of the one eigenvalue of $K$.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in _PAIR_RATES.items()),
        _pair_residual,
    ),
    Step(
        "growing_aligned_pair",
        "An aligned pair",
        r"$R_1$ turns the decoder's answer from the error towards the output. Where $\Delta y$ is parallel to $\Delta "
        "y^*$ it adds to $R_2$; otherwise it changes $w$ in another way.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in _ALIGNED.items()),
        _aligned_residual,
    ),
    Step(
        "growing_single_output",
        "A single output, without the ansatz",
        "For one output the theory of growing rates needs no ansatz. It is this flow with $P_1 = R_2 = 0$: the "
        "kernel's own growth, $P_2$ and $R_1$, depends on the length of the vector that moves and on nothing else. "
        "$P_1$ and $R_2$ move one vector along itself and leave the family.",
        tuple(sp.Eq(x, value, evaluate=False) for x, value in _SINGLE.items()),
        _single_residual,
    ),
)
