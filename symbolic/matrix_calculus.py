"""Matrix calculus in the free algebra: gradients and time derivatives, word by word.

(SymPy's own matrix derivative returns zero for a multiple of a trace, SymPy 1.14.)
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from .free_algebra import (
    Rules,
    Word,
    Words,
    added,
    as_scalar,
    both_ways,
    contract_words,
    expression,
    product,
    transposed,
    words,
)


def gradient(scalar: sp.MatrixExpr, variable: sp.MatrixSymbol) -> sp.MatrixExpr:
    """The gradient of a 1 x 1 matrix expression, or of the trace of a square one, with respect to a matrix symbol.

    Each occurrence of the variable X in a word is a factor of a trace, which may
    be turned until X stands first: d tr(X M) = tr(dX M), so M^T is added.

    >>> import sympy as sp
    >>> A, x = sp.MatrixSymbol("A", 2, 3), sp.MatrixSymbol("x", 3, 1)
    >>> gradient(x.T*A.T*A*x, A)
    2*A*x*x.T
    """
    terms: list[sp.MatrixExpr] = []
    for word, coefficient in words(scalar).items():
        for i, factor in enumerate(word):
            rest = word[i + 1 :] + word[:i]
            if factor == variable:
                terms.append(coefficient * sp.MatMul(*transposed(rest)))
            elif factor == variable.T:
                terms.append(coefficient * sp.MatMul(*rest))
    return sp.MatAdd(*terms).doit() if terms else sp.ZeroMatrix(*variable.shape)


def derivative(expr: sp.MatrixExpr, flow: Mapping[sp.MatrixSymbol, sp.MatrixExpr]) -> sp.MatrixExpr:
    """The time derivative of an expression whose symbols move as ``flow`` says: the product rule, word by word.

    >>> import sympy as sp
    >>> A, x = sp.MatrixSymbol("A", 3, 3), sp.MatrixSymbol("x", 3, 1)
    >>> derivative(x.T*x, {x: A*x})
    x.T*A*x + x.T*A.T*x
    """
    rates = {x: words(rate) for x, rate in flow.items()}
    moving = rates | {x.T: {transposed(word): c for word, c in rate.items()} for x, rate in rates.items()}
    moved = (
        item
        for word, coefficient in words(expr).items()
        for i, factor in enumerate(word)
        if factor in moving
        for item in product(product({word[:i]: coefficient}, moving[factor]), {word[i + 1 :]: sp.S.One}).items()
    )
    return expression(added(moved), expr)


def directional_residual(scalar: sp.MatrixExpr, variable: sp.MatrixSymbol, claimed: sp.MatrixExpr) -> sp.Expr:
    """Zero if and only if ``claimed`` is the gradient of ``scalar``: compares both in every direction.

    The part of ``scalar`` that is linear in a direction E, when X is replaced by
    X + E, is compared with tr(claimed^T E) as words up to rotation and transposition.
    """
    direction = sp.MatrixSymbol("E", *variable.shape)
    moved = words(scalar.xreplace({variable: variable + direction}))
    linear = {w: c for w, c in moved.items() if sum(f in (direction, direction.T) for f in w) == 1}
    claim = {w: -c for w, c in words(claimed.T * direction).items()}
    traces = added((_cyclic(w), c) for part in (linear, claim) for w, c in part.items())
    return as_scalar(traces)


def trace(expr: sp.MatrixExpr, rules: Rules) -> sp.Expr:
    """The trace of a square expression as a scalar: what ``rules`` leave of it, up to rotation and transposition.

    >>> import sympy as sp
    >>> A, B = sp.MatrixSymbol("A", 2, 3), sp.MatrixSymbol("B", 3, 2)
    >>> trace(A*B - B.T*A.T, {}), trace(A*A.T, {(A, A.T): 2 * sp.Identity(2)})
    (0, 4)
    """
    both = both_ways(rules)
    pending, done = contract_words(words(expr), both), Words()
    number = expr.shape[0] * pending.pop((), sp.S.Zero)
    while pending:
        word, coefficient = pending.popitem()
        for turn in _turns(word):
            found = contract_words({turn: sp.S.One}, both)
            if found != {turn: 1}:
                number += coefficient * turn[0].shape[0] * found.pop((), sp.S.Zero)
                pending = added([*pending.items(), *((w, coefficient * c) for w, c in found.items())])
                break
        else:
            done = added([*done.items(), (_cyclic(word), coefficient)])
    return as_scalar(done) + number


def _turns(word: Word) -> list[Word]:
    return [word[i:] + word[:i] for i in range(len(word))]


def _cyclic(word: Word) -> Word:
    return min((*_turns(word), *_turns(transposed(word))), key=str)
