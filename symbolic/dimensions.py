"""Changes of units that leave a theory's equations as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise

import sympy as sp

from .pair import MEASURED, SCALARS
from .theory import Theory

Dimension = Mapping[sp.Symbol, sp.Expr]
"""Exponents of symbols, whose own dimensions are the unknowns."""


@cache
def scalings(theory: Theory) -> Mapping[sp.Symbol, tuple[sp.Expr, ...]]:
    """The exponents of each of a theory's symbols in a basis of its changes of units.

    Multiplying every symbol by ``exp(c . exponents)``, with one number c for each element of the basis, turns solutions
    into solutions: terms that are added have one dimension, and what a function such as exp is taken of has none.
    The symbols are time, states, parameters and the measured scalars.

    >>> from repdyn.symbolic import two_point
    >>> theory = two_point()
    >>> found = scalings(theory)
    >>> len(found[theory.time])  # time, inputs, hidden representations and outputs have units of their own
    4
    """
    symbols = list(dict.fromkeys((theory.time, *theory.states, *theory.parameters, *SCALARS)))
    equal = _Equal()
    for x, rate in theory.rhs.items():
        equal.have(sp.sympify(rate), {x: sp.S.One, theory.time: sp.S.NegativeOne})
    for x, value in theory.readout.items():
        equal.have(sp.sympify(value), {x: sp.S.One})
    if theory.begin is not None:
        measured = dict(zip(MEASURED, SCALARS, strict=True))
        for x, state in zip(theory.start, theory.states, strict=True):
            equal.have(sp.sympify(theory.begin[x]).subs(measured), {state: sp.S.One})
    rows = [[difference.get(x, sp.S.Zero) for x in symbols] for difference in equal.differences]
    basis = [vector.flat() for vector in sp.Matrix(rows).nullspace()]
    return {x: tuple(vector[i] for vector in basis) for i, x in enumerate(symbols)}


class _Equal:
    """Collects which products of powers of the symbols must be without dimension."""

    def __init__(self) -> None:
        self.differences: list[Dimension] = []

    def have(self, expr: sp.Basic, dimension: Dimension) -> None:
        """Ask that an expression has a dimension; 0 has any."""
        if expr != 0:
            self._alike([self._of(expr), dimension])

    def _alike(self, dimensions: Iterable[Dimension]) -> None:
        for one, other in pairwise(dimensions):
            self.differences.append(_sum((one, sp.S.One), (other, sp.S.NegativeOne)))

    def _of(self, expr: sp.Basic) -> Dimension:
        if isinstance(expr, sp.Symbol):
            return {expr: sp.S.One}
        parts = [x for x in expr.args if isinstance(x, sp.Expr)]
        if isinstance(expr, sp.Mul):
            return _sum(*((self._of(x), sp.S.One) for x in parts))
        if isinstance(expr, sp.Pow) and expr.exp.is_number:
            return _sum((self._of(expr.base), expr.exp))
        if isinstance(expr, sp.Piecewise):
            return self._of_cases(expr)
        dimensions = [self._of(x) for x in parts]
        if isinstance(expr, sp.Add | sp.Min | sp.Max | sp.Abs):
            self._alike(dimensions)
            return dimensions[0]
        for dimension in dimensions:  # a function: what it is taken of has no dimension, nor has it itself
            self._alike([dimension, {}])
        return {}

    def _of_cases(self, expr: sp.Piecewise) -> Dimension:
        for condition in (x for _, case in expr.args for x in case.atoms(sp.Rel)):
            if 0 not in condition.args:
                self._alike([self._of(x) for x in condition.args])
        dimensions = [self._of(value) for value, _ in expr.args if value != 0]
        self._alike(dimensions)
        return dimensions[0] if dimensions else {}


def _sum(*terms: tuple[Dimension, sp.Expr]) -> dict[sp.Symbol, sp.Expr]:
    """Dimensions times powers, multiplied."""
    total: dict[sp.Symbol, sp.Expr] = {}
    for dimension, power in terms:
        for x, exponent in dimension.items():
            total[x] = total.get(x, sp.S.Zero) + exponent * power
    return total
