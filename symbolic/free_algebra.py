"""The free algebra of matrices: expressions as sums of words, for matrices of any size.

A matrix expression is expanded into *words*: products of matrix symbols and
their transposes, each with a scalar coefficient; the identity matrix is the
word of no factors. In that free algebra an identity holds for all matrices of
all sizes if and only if its words cancel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    if isinstance(expr, sp.ZeroMatrix | sp.Identity):
        return {(): sp.S.One} if isinstance(expr, sp.Identity) else {}
    if isinstance(expr, sp.Transpose):
        return {transposed(word): c for word, c in words(expr.arg).items()}
    if isinstance(expr, sp.MatPow) and isinstance(expr.exp, sp.Integer) and expr.exp.is_positive:
        return reduce(product, [words(expr.base)] * int(expr.exp))
    if isinstance(expr, sp.MatAdd):
        return added(item for term in expr.args for item in words(term).items())
    if isinstance(expr, sp.MatMul):
        factors = [words(f) if isinstance(f, sp.MatrixExpr) else {(): f} for f in expr.args]
        return reduce(product, factors)
    raise TypeError(f"a matrix expression of symbols, sums, products and transposes is needed, got {expr!r}")


def contract(expr: sp.MatrixExpr, rules: Rules) -> Words:
    """Rewrite adjacent factors by ``rules`` (and their transposes) until none applies."""
    return contract_words(words(expr), both_ways(rules))


def both_ways(rules: Rules) -> Rules:
    """Rules with their transposes; a word that is its own transpose keeps the value that it is given."""
    return {**rules, **{transposed(w): _transpose(value) for w, value in rules.items()}, **rules}


def contract_words(total: Words, rules: Rules) -> Words:
    """As :func:`contract`, of words and by rules that go both ways."""
    pending, done = dict(total), Words()
    while pending:
        word, coefficient = pending.popitem()
        for pattern, value in rules.items():
            at = _find(word, pattern)
            if at is not None:
                middle = words(value) if isinstance(value, sp.MatrixExpr) else {(): value}
                for part, c in middle.items():
                    whole = word[:at] + part + word[at + len(pattern) :]
                    pending[whole] = pending.get(whole, sp.S.Zero) + coefficient * c
                break
        else:
            done[word] = done.get(word, sp.S.Zero) + coefficient
    return added(done.items())


def contracted(expr: sp.MatrixExpr, rules: Rules) -> sp.MatrixExpr:
    """The expression that :func:`contract` leaves, as a sum of products.

    >>> import sympy as sp
    >>> A, x, y = sp.MatrixSymbol("A", 2, 3), sp.MatrixSymbol("x", 3, 1), sp.MatrixSymbol("y", 2, 1)
    >>> contracted(A.T*A*x, {(A, x): y})
    A.T*y
    """
    return expression(contract(expr, rules), expr)


def matrix_residual(expr: sp.MatrixExpr, rules: Rules) -> sp.Expr:
    """Zero if and only if ``expr`` vanishes after contraction by ``rules``."""
    return as_scalar(contract(expr, rules))


def scalar(expr: sp.MatrixExpr, rules: Rules) -> sp.Expr:
    """A 1 x 1 expression as a scalar: what ``rules`` leave of it, up to transposition."""
    return as_scalar(added((min(w, transposed(w), key=str), c) for w, c in contract(expr, rules).items()))


def added(items: Iterable[tuple[Word, sp.Expr]]) -> Words:
    """The sum of words with their coefficients; what cancels is left out."""
    total = Words()
    for word, coefficient in items:
        total[word] = total.get(word, sp.S.Zero) + coefficient
    return {word: c for word, c in total.items() if sp.expand(c) != 0}


def product(left: Words, right: Words) -> Words:
    """The product of two sums of words."""
    return added((v + w, c * d) for v, c in left.items() for w, d in right.items())


def _transpose(value: sp.Expr | sp.MatrixExpr) -> sp.Expr | sp.MatrixExpr:
    return value.T if isinstance(value, sp.MatrixExpr) else value


def transposed(word: Word) -> Word:
    """The transpose of a word."""
    return tuple(sp.Transpose(factor).doit() for factor in reversed(word))


def _find(word: Word, pattern: Word) -> int | None:
    spots = (i for i in range(len(word) - len(pattern) + 1) if word[i : i + len(pattern)] == pattern)
    return next(spots, None)


def expression(total: Words, like: sp.MatrixExpr) -> sp.MatrixExpr:
    """The words as a matrix expression of the same shape as another."""
    terms = [c * (sp.MatMul(*word) if word else sp.Identity(like.shape[0])) for word, c in total.items()]
    return sp.MatAdd(*terms).doit() if terms else sp.ZeroMatrix(*like.shape)


def as_scalar(total: Words) -> sp.Expr:
    """The words as one scalar expression; a word that is left becomes a symbol of its own."""
    rest = (c * (sp.Symbol("*".join(map(str, w))) if w else sp.S.One) for w, c in total.items())
    return sp.Add(*rest)
