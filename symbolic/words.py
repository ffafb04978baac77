"""Matrix calculus by exact rewriting, for matrices of any size.

A matrix expression is expanded into *words*: products of matrix symbols and
their transposes, each with a scalar coefficient. In that free algebra an
identity holds for all matrices of all sizes if and only if its words cancel.
(SymPy's own matrix derivative returns zero for a multiple of a trace, SymPy
1.14, so a gradient is taken here, word by word.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce

import sympy as sp

Word = tuple[sp.MatrixExpr, ...]
Words = dict[Word, sp.Expr]
Rules = Mapping[Word, sp.Expr | sp.MatrixExpr]


def words(expr: sp.MatrixExpr) -> Words:
    """The words of a matrix expression with their coefficients.

    >>> import sympy as sp
    >>> A, B = sp.MatrixSymbol("A", 2, 3), sp.MatrixSymbol("B", 2, 3)
    >>> words((A + 2*B).T) == {(A.T,): 1, (B.T,): 2}
    True
    """
    if isinstance(expr, sp.MatrixSymbol):
        return {(expr,): sp.S.One}
    if isinstance(expr, sp.ZeroMatrix):
        return {}
    if isinstance(expr, sp.Transpose):
        return {_transposed(word): c for word, c in words(expr.arg).items()}
    if isinstance(expr, sp.MatPow) and isinstance(expr.exp, sp.Integer) and expr.exp.is_positive:
        return reduce(_product, [words(expr.base)] * int(expr.exp))
    if isinstance(expr, sp.MatAdd):
        return _sum(item for term in expr.args for item in words(term).items())
    if isinstance(expr, sp.MatMul):
        factors = [words(f) if isinstance(f, sp.MatrixExpr) else {(): f} for f in expr.args]
        return reduce(_product, factors)
    raise TypeError(f"a matrix expression of symbols, sums, products and transposes is needed, got {expr!r}")


def gradient(scalar: sp.MatrixExpr, variable: sp.MatrixSymbol) -> sp.MatrixExpr:
    """The gradient of a 1 x 1 matrix expression with respect to a matrix symbol.

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
                terms.append(coefficient * sp.MatMul(*_transposed(rest)))
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
    moving = rates | {x.T: {_transposed(word): c for word, c in rate.items()} for x, rate in rates.items()}
    moved = (
        item
        for word, coefficient in words(expr).items()
        for i, factor in enumerate(word)
        if factor in moving
        for item in _product(_product({word[:i]: coefficient}, moving[factor]), {word[i + 1 :]: sp.S.One}).items()
    )
    return _expression(_sum(moved), expr)


def directional_residual(scalar: sp.MatrixExpr, variable: sp.MatrixSymbol, claimed: sp.MatrixExpr) -> sp.Expr:
    """Zero if and only if ``claimed`` is the gradient of ``scalar``: compares both in every direction.

    The part of ``scalar`` that is linear in a direction E, when X is replaced by
    X + E, is compared with tr(claimed^T E) as words up to rotation and transposition.
    """
    direction = sp.MatrixSymbol("E", *variable.shape)
    moved = words(scalar.xreplace({variable: variable + direction}))
    linear = {w: c for w, c in moved.items() if sum(f in (direction, direction.T) for f in w) == 1}
    claim = {w: -c for w, c in words(claimed.T * direction).items()}
    traces = _sum((_cyclic(w), c) for part in (linear, claim) for w, c in part.items())
    return _as_scalar(traces)


def contract(expr: sp.MatrixExpr, rules: Rules) -> Words:
    """Rewrite adjacent factors by ``rules`` (and their transposes) until none applies."""
    both = dict(rules) | {_transposed(w): _transpose(value) for w, value in rules.items()}
    pending, done = words(expr), Words()
    while pending:
        word, coefficient = pending.popitem()
        for pattern, value in both.items():
            at = _find(word, pattern)
            if at is not None:
                middle = words(value) if isinstance(value, sp.MatrixExpr) else {(): value}
                before, after = {word[:at]: coefficient}, {word[at + len(pattern) :]: sp.S.One}
                pending = _sum([*pending.items(), *_product(_product(before, middle), after).items()])
                break
        else:
            done = _sum([*done.items(), (word, coefficient)])
    return done


def contracted(expr: sp.MatrixExpr, rules: Rules) -> sp.MatrixExpr:
    """The expression that :func:`contract` leaves, as a sum of products.

    >>> import sympy as sp
    >>> A, x, y = sp.MatrixSymbol("A", 2, 3), sp.MatrixSymbol("x", 3, 1), sp.MatrixSymbol("y", 2, 1)
    >>> contracted(A.T*A*x, {(A, x): y})
    A.T*y
    """
    return _expression(contract(expr, rules), expr)


def matrix_residual(expr: sp.MatrixExpr, rules: Rules) -> sp.Expr:
    """Zero if and only if ``expr`` vanishes after contraction by ``rules``."""
    return _as_scalar(contract(expr, rules))


def scalar(expr: sp.MatrixExpr, rules: Rules) -> sp.Expr:
    """A 1 x 1 expression as a scalar: what ``rules`` leave of it, up to transposition."""
    return _as_scalar(_sum((min(w, _transposed(w), key=str), c) for w, c in contract(expr, rules).items()))


def _sum(items: Iterator[tuple[Word, sp.Expr]] | list[tuple[Word, sp.Expr]]) -> Words:
    total = Words()
    for word, coefficient in items:
        total[word] = total.get(word, sp.S.Zero) + coefficient
    return {word: c for word, c in total.items() if sp.expand(c) != 0}


def _product(left: Words, right: Words) -> Words:
    return _sum((v + w, c * d) for v, c in left.items() for w, d in right.items())


def _transpose(value: sp.Expr | sp.MatrixExpr) -> sp.Expr | sp.MatrixExpr:
    return value.T if isinstance(value, sp.MatrixExpr) else value


def _transposed(word: Word) -> Word:
    return tuple(sp.Transpose(factor).doit() for factor in reversed(word))


def _cyclic(word: Word) -> Word:
    turns = [v[i:] + v[:i] for v in (word, _transposed(word)) for i in range(len(word))]
    return min(turns, key=str)


def _find(word: Word, pattern: Word) -> int | None:
    spots = (i for i in range(len(word) - len(pattern) + 1) if word[i : i + len(pattern)] == pattern)
    return next(spots, None)


def _expression(total: Words, like: sp.MatrixExpr) -> sp.MatrixExpr:
    """The words as a matrix expression of the same shape as another."""
    terms = [c * sp.MatMul(*word) for word, c in total.items()]
    return sp.MatAdd(*terms).doit() if terms else sp.ZeroMatrix(*like.shape)


def _as_scalar(total: Words) -> sp.Expr:
    """The words as one scalar expression; a word that is left becomes a symbol of its own."""
    rest = (c * (sp.Symbol("*".join(map(str, w))) if w else sp.S.One) for w, c in total.items())
    return sp.Add(*rest)
