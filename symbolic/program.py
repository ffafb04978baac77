"""Straight-line programs: a solution as named intermediate values, ready to be generated as code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import sympy as sp

from .arguments import instance, members
from .expressions import expressions
from .functions import ACCURATE, regular


@dataclass(frozen=True)
class Program:
    """Arguments in order, definitions in order, and the results, each a SymPy expression.

    A definition may use the arguments and the definitions before it. The form of
    an expression is kept to the letter: it was chosen for its accuracy in
    floating point, so nothing here simplifies.

    Raises:
        TypeError: if an argument or a key is no symbol, or a value no expression.
    """

    arguments: tuple[sp.Symbol, ...]
    definitions: Mapping[sp.Symbol, sp.Expr]
    results: Mapping[sp.Symbol, sp.Expr]

    def __post_init__(self) -> None:
        members("arguments", self.arguments, sp.Symbol)
        for name in ("definitions", "results"):
            object.__setattr__(self, name, expressions(name, getattr(self, name), sp.Symbol))

    def expand(self, expr: sp.Expr) -> sp.Expr:
        """``expr`` with every definition put in, as an expression of the arguments alone.

        Raises:
            TypeError: if it is no expression.
        """
        definitions = reversed(list(self.definitions.items()))
        return reduce(lambda e, item: e.xreplace({item[0]: item[1]}), definitions, instance("expr", expr, sp.Expr))

    def evaluated(self) -> Program:
        """The program for its values: of a :class:`~.functions.regular` definition the quicker form."""
        forms = {x: value.args[2] if isinstance(value, regular) else value for x, value in self.definitions.items()}
        return Program(self.arguments, forms, self.results)

    def differentiable(self) -> Program:
        """The program whose derivatives are accurate too: both forms, and which of them holds."""
        forms: dict[sp.Symbol, sp.Expr] = {}
        for x, value in self.definitions.items():
            if isinstance(value, regular):
                size, *both = value.args
                near, far = sp.symbols(f"{x}_near {x}_far", real=True)
                forms |= zip((near, far), both, strict=True)
                forms[x] = sp.Piecewise((near, size < regular.small), (far, True))
            else:
                forms[x] = value
        return Program(self.arguments, forms, self.results)

    def jacobian(self, variables: tuple[sp.Symbol, ...]) -> Program:
        """The program that also returns the derivatives of its results.

        Derivatives are taken definition by definition (forward mode), so they
        share every intermediate value and keep its accurate form. A derivative
        ``d result / d variable`` is named ``result_variable``.

        Raises:
            TypeError: if the variables are no tuple of symbols.

        >>> import sympy as sp
        >>> x, y, r = sp.symbols("x y r")
        >>> square = Program((x, y), {}, {r: x**2 * y})
        >>> square.jacobian((x,)).results
        {r: x**2*y, r_x: 2*x*y}
        """
        members("variables", variables, sp.Symbol)
        program = self.differentiable()
        definitions: dict[sp.Symbol, sp.Expr] = {}
        shared: dict[sp.Expr, sp.Expr] = {}
        tangents: dict[sp.Symbol, dict[sp.Symbol, sp.Expr]] = {v: {v: sp.S.One} for v in variables}

        def tangent(expr: sp.Expr, known: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
            """The derivative along ``known``, with each function value in it defined only once."""
            derivative = _tangent(expr, known).xreplace(shared)
            # Inner values first; by name among equals, so that the program is the same in every process.
            for value in sorted(derivative.atoms(*ACCURATE), key=lambda x: (sp.count_ops(x), str(x))):
                reduced = value.xreplace(shared)
                if not reduced.is_Symbol:
                    symbol = sp.Symbol(f"shared_{len(definitions)}", real=True)
                    definitions[symbol] = reduced
                    shared[reduced] = symbol
                shared[value] = shared.get(reduced, reduced)
            return derivative.xreplace(shared)

        for name, expr in program.definitions.items():
            definitions[name] = expr
            if expr.args:
                shared[expr] = name
            for variable, known in tangents.items():
                derivative = tangent(expr, known)
                if derivative != 0:
                    known[name] = symbol = sp.Symbol(f"{name}_{variable}", real=True)
                    definitions[symbol] = derivative
        derivatives = {
            sp.Symbol(f"{name}_{variable}", real=True): tangent(expr, known)
            for name, expr in program.results.items()
            for variable, known in tangents.items()
        }
        return Program(self.arguments, definitions, {**program.results, **derivatives})


def _tangent(expr: sp.Expr, known: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """The directional derivative of ``expr`` where each symbol moves as ``known`` says.

    That of ``|x|`` at 0 is 1 and not SymPy's sign(0) = 0, so that it belongs with the branches for ``x >= 0``.
    """
    if isinstance(expr, sp.Piecewise):
        return sp.Piecewise(*((_tangent(value, known), condition) for value, condition in expr.args))
    moving = sorted(known.keys() & expr.free_symbols, key=str)
    derivative = sp.Add(*(expr.diff(x) * known[x] for x in moving))
    return derivative.replace(sp.sign, _side)


def _side(x: sp.Expr) -> sp.Expr:
    return sp.Piecewise((1, x >= 0), (-1, True))
