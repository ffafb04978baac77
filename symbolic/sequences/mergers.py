"""Which pairs merge, by the lengths of the two sequences and of what may follow them: an assumption on the start."""

from __future__ import annotations

from typing import cast

import sympy as sp

from ..derivation import Step, first_nonzero
from ..functions import elementary, exprel
from ..pair import dh2_0, dy2_0, rate_y
from ..program import Program
from ..two_points.scalars import A_high
from .equivalence import ENDS, RHO
from .futures import mean
from .notation import futures, rate_h1, rate_h2

factor, shorter, future = sp.symbols("factor shorter future", positive=True)
"""What each symbol that is read multiplies squared distances by at the start; the shorter length; that of a future."""

c_h, c_y, C = sp.symbols("c_h c_y C", positive=True)
"""Of an architecture: squared distances at length 0, and what the merger number is compared with."""

number, effective, threshold = sp.symbols("number effective threshold", positive=True)
"""The merger number; the futures, each weighted by what is left of a distance after it; where mergers begin."""

symbols, share = sp.symbols("symbols share", positive=True)
more = sp.Symbol("more", integer=True, nonnegative=True)
growth = sp.Symbol("growth", real=True)
"""Of the complete data: how many symbols there are, which share of strings, by how many symbols the longest string is
longer than the longer of the two; log(symbols factor)."""

length_1, length_2, rate_step = sp.symbols("length_1 length_2 rate_step", positive=True)
"""The lengths of the two sequences, and the rate that each symbol read adds to that of a state."""

LATEX: dict[sp.Basic, str] = {
    factor: "G",
    shorter: r"\ell",
    future: r"\ell_i",
    c_h: "c_h",
    c_y: "c_y",
    number: r"\nu",
    effective: r"N_G",
    threshold: r"\ell_*",
    symbols: "s",
    share: "p",
    more: "K",
    growth: r"\log(s G)",
    length_1: r"\ell_1",
    length_2: r"\ell_2",
    rate_step: r"\tau^{-1}",
}

START = {dh2_0: c_h * factor**shorter, dy2_0: c_h * factor**shorter * c_y * mean(factor**future)}
"""What is assumed of the start."""

CONSTANT = c_h * rate_y / (c_y * (rate_h1 + rate_h2))
NUMBER = effective * factor**-shorter
EFFECTIVE = futures * mean(factor**future)
THRESHOLD = sp.log(effective / C) / sp.log(factor)

_x = symbols * factor
COMPLETE = share**2 * (_x ** (more + 1) - 1) / (_x - 1)
COMPLETE_STABLE = share**2 * (more + 1) * exprel((more + 1) * growth) / exprel(growth)
"""As it is evaluated: no difference of nearly equal numbers where s G is near 1."""

LENGTH_RATES = {rate_h1: rate_step * length_1, rate_h2: rate_step * length_2}
"""What is assumed of the rates of states."""

MERGER_NUMBER = Program((shorter, effective, factor), {}, {number: NUMBER})
MERGER_THRESHOLD = Program((effective, factor, C), {}, {threshold: THRESHOLD})
SHARED_FUTURES = Program(
    (more, factor, share, symbols), {growth: sp.log(symbols * factor)}, {effective: COMPLETE_STABLE}
)
RATE_OF_LENGTH = Program((rate_step, length_1), {}, {rate_h1: LENGTH_RATES[rate_h1]})


def _start_residual(relation: sp.Rel) -> sp.Expr:
    return sp.expand(sp.powsimp(ENDS[A_high].subs(START, simultaneous=True) - relation.rhs))


def _condition_residual(relation: sp.Rel) -> sp.Expr:
    known = {C: CONSTANT, number: NUMBER, effective: EFFECTIVE}
    if relation.lhs == A_high:
        claimed = relation.rhs
        for x, value in known.items():
            claimed = claimed.subs(x, value)
        return sp.simplify(sp.expand(claimed - ENDS[A_high].subs(START, simultaneous=True)))
    return sp.expand(known[cast(sp.Symbol, relation.lhs)] - relation.rhs)


def _threshold_residual(relation: sp.Rel) -> sp.Expr:
    """Where the logarithm of the merger number is that of what it is compared with."""
    return sp.expand(sp.log(effective) - relation.rhs * sp.log(factor) - sp.log(C))


def _complete_residual(relation: sp.Rel) -> sp.Expr:
    """By induction: s^k futures of k symbols, of which a share p has both strings among the data with chance p^2."""
    claimed = relation.rhs
    if isinstance(relation.lhs, sp.Limit):
        return sp.cancel(COMPLETE.subs(factor, 1) - claimed)
    claimed = elementary(claimed).subs(sp.exp(growth), _x).subs(sp.exp((more + 1) * growth), _x ** (more + 1))
    first = claimed.subs(more, 0) - share**2
    next_one = claimed.subs(more, more + 1) - claimed - share**2 * _x ** (more + 1)
    return first_nonzero(*(sp.simplify(sp.powsimp(sp.expand(sp.cancel(x)))) for x in (first, next_one)))


def _rates_residual(relation: sp.Rel) -> sp.Expr:
    return sp.simplify(CONSTANT.subs(LENGTH_RATES, simultaneous=True) - relation.rhs)


STEPS = (
    Step(
        "start_of_sequences",
        "From an assumption on the start",
        r"At small weights a network forgets: let each symbol that is read multiply squared distances by $G$. Then two "
        r"sequences whose common part has $\ell$ symbols start with $|\Delta h_0|^2 = c_h G^\ell$, and a future of "
        r"$\ell_i$ symbols with $|\Delta y_{i0}|^2 = c_y G^{\ell_i} |\Delta h_0|^2$. This is assumed (eq. 8 of the "
        r"paper, where $\ell$ is the length of the shorter sequence), with $G$ the factor of squared distances; what "
        r"follows is proved from it. The constants of the architecture, $c_h$ and $c_y$, are unknown.",
        (sp.Eq(A_high, c_h * factor**shorter - RHO * c_y * mean(factor**future), evaluate=False),),
        _start_residual,
    ),
    Step(
        "merger_number",
        "The condition for a merger",
        r"A pair that agrees merges if and only if $A_\mathrm{high} \leq 0$: if $\nu \geq C$. $N_G$ counts the "
        r"futures, each by what is left of a distance after it; the paper has $N G^n$ in its place, with $n$ the "
        r"length of the shortest, so that its condition (eq. 9) is $C < N G^{n - \ell}$.",
        (
            sp.Eq(A_high, c_h * factor**shorter * (1 - number / C), evaluate=False),
            sp.Eq(C, CONSTANT, evaluate=False),
            sp.Eq(number, NUMBER, evaluate=False),
            sp.Eq(effective, EFFECTIVE, evaluate=False),
        ),
        _condition_residual,
    ),
    Step(
        "merger_threshold",
        "The length where mergers begin",
        r"For $G < 1$ longer sequences merge, from this length on: the smaller the weights, the shorter it is.",
        (sp.Eq(threshold, THRESHOLD, evaluate=False),),
        _threshold_residual,
    ),
    Step(
        "complete_data",
        "The futures of complete data",
        r"All strings of $s$ symbols up to a length, $K$ more than the longer of the two sequences has: $s^k$ futures "
        r"of each length $k \leq K$. Of data of which only a share $p$ is there, a future counts where both strings "
        r"are, in a share $p^2$. As $G \to 1$ this is the number of futures; for $s G < 1$ it is never above $p^2/(1 "
        r"- s G)$, and more data hardly help.",
        (
            sp.Eq(effective, COMPLETE, evaluate=False),
            sp.Eq(effective, COMPLETE_STABLE, evaluate=False),
            sp.Eq(
                sp.Limit(effective, factor, 1),
                share**2 * (symbols ** (more + 1) - 1) / (symbols - 1),
                evaluate=False,
            ),
        ),
        _complete_residual,
    ),
    Step(
        "rates_of_length",
        "From an assumption on the rates of states",
        r"A recurrent network uses its weights once for each symbol. If each use adds as much to the rate of a state, "
        r"then $1/\tau_{h_a} = \ell_a/\tau$ (eq. 51 of the paper). This is assumed, a heuristic count of parameters; "
        "under it the condition gets easier with length once more.",
        (sp.Eq(C, c_h * rate_y / (c_y * rate_step * (length_1 + length_2)), evaluate=False),),
        _rates_residual,
    ),
)
