"""What the languages have in common: which programs they can express, and how an expression is printed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from math import factorial

import sympy as sp
from repdyn.symbolic import Program
from repdyn.symbolic.functions import elementary, exprel, exprel_prime, hypot, logrel, quotient
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

FUNCTIONS: tuple[type[sp.Function], ...] = (
    *(sp.exp, sp.log, sp.sinh, sp.cosh, sp.tanh, sp.asinh, sp.Abs, sp.sign, sp.Heaviside, sp.Min, sp.Max),
    *(exprel, exprel_prime, logrel, hypot, quotient),
)
"""What a program may call, besides powers and roots; sign and Heaviside are the derivatives of Abs, Min and Max."""

_STRUCTURE: tuple[type[sp.Basic], ...] = (
    *(sp.Symbol, sp.Rational, sp.Float, sp.NumberSymbol, type(sp.oo), type(-sp.oo), sp.Add, sp.Mul, sp.Pow),
    *(sp.Piecewise, sp.Tuple, sp.Rel, sp.And, sp.Or, sp.Not, type(sp.true), type(sp.false)),
)

_TERMS = 24
"""So many terms of a power series are exact to the last place for ``|x| < 1``, and so are their two derivatives."""

_SLOW_TERMS = 32
"""The same for ``|x| < 1/4`` of a series that converges no faster than a geometric one."""


def series() -> dict[str, str]:
    """The coefficients of the power series of each function, the highest first, as they are written."""
    terms = range(_TERMS - 1, -1, -1)
    exact = {
        "exprel": [Fraction(1, factorial(k + 1)) for k in terms],
        "exprel_prime": [Fraction(k + 1, factorial(k + 2)) for k in terms],
        "logrel": [Fraction((-1) ** k, k + 1) for k in range(_SLOW_TERMS - 1, -1, -1)],
    }
    return {name: ", ".join(repr(float(x)) for x in coefficients) for name, coefficients in exact.items()}


def checked(name: str, program: Program, backend: str, reserved: Collection[str]) -> Program:
    """The program without the definitions that nothing uses, if the language can express it.

    Raises:
        ValueError: saying what the language cannot express: a function, a name, a symbol without a value.
    """
    names = [*map(str, program.arguments), *map(str, program.definitions)]
    for x in (name, *names, *map(str, program.results)):
        if not (x.isidentifier() and x.isascii()):
            raise ValueError(f"{x!r} of {name!r} must be a name of letters, digits and underscores; rename it")
    for x in (name, *names):
        if x in reserved:
            raise ValueError(f"the backend {backend!r} has another use for the name {x!r} of {name!r}; rename it")
        if names.count(x) > 1:
            raise ValueError(f"the name {x!r} stands for two things in {name!r}; rename one")
    if not program.arguments:
        raise ValueError(f"{name!r} has no arguments, so it is a constant and no function; add an argument")
    given = set(program.arguments)
    for symbol, expr in program.definitions.items():
        _check(f"the definition of {symbol}", name, expr, backend, given)
        given.add(symbol)
    for symbol, expr in program.results.items():
        _check(f"the result {symbol}", name, expr, backend, given)
    return needed(program)


def _check(place: str, name: str, expr: sp.Basic, backend: str, given: set[sp.Symbol]) -> None:
    unknown = sorted(map(str, expr.free_symbols - given))
    if unknown:
        raise ValueError(
            f"{place} in {name!r} has {', '.join(unknown)}, which is neither an argument nor defined before it; "
            "symbols are the same only if their assumptions are"
        )
    for node in sp.preorder_traversal(expr):
        if isinstance(node, sp.Piecewise) and node.args[-1].cond != sp.true:
            raise ValueError(
                f"{place} in {name!r} must say what holds in every other case, got {node}; add (value, True)"
            )
        if not isinstance(node, FUNCTIONS + _STRUCTURE):
            known = ", ".join(function.__name__ for function in FUNCTIONS)
            raise ValueError(
                f"the backend {backend!r} cannot express {type(node).__name__} in {place} in {name!r}, only powers, "
                f"roots, Piecewise, {known}"
            )


def needed(program: Program) -> Program:
    """The program without the definitions that no result uses."""
    wanted = {x for expr in program.results.values() for x in expr.free_symbols}
    kept: list[tuple[sp.Symbol, sp.Expr]] = []
    for symbol, expr in reversed(list(program.definitions.items())):
        if symbol in wanted:
            kept.insert(0, (symbol, expr))
            wanted |= expr.free_symbols
    return replace(program, definitions=dict(kept))


class Printer(StrPrinter):
    """Prints an expression as it stands, and remembers which functions it called.

    Attributes:
        calls: how the language names each function, by the name of SymPy's class, and ``sqrt``.
        infinity: and how it writes that.
        called: the names that were printed.
    """

    def __init__(self, calls: Mapping[str, str], infinity: str) -> None:
        super().__init__()
        self.calls = calls
        self.infinity = infinity
        self.called: set[str] = set()

    def argument(self, expr: sp.Basic) -> str:
        """An expression where a function is called with it."""
        return self._print(expr)

    def call(self, function: str, *arguments: sp.Basic) -> str:
        """A call of a function."""
        return self._call(function, *map(self.argument, arguments))

    def _call(self, function: str, *arguments: str) -> str:
        name = self.calls[function]
        self.called.add(name)
        return f"{name}({', '.join(arguments)})"

    def power(self, base: sp.Expr, exponent: sp.Expr) -> str:
        """A power that is neither a square root nor an inverse."""
        raise NotImplementedError

    def literal(self, expr: sp.Expr) -> str:
        """The value of an expression without symbols."""
        if expr.is_infinite:
            return self._print(expr)
        value = elementary(expr).evalf(25)
        if not value.is_Float and not value.is_Integer:
            raise ValueError(f"a constant must be a real number, got {expr}")
        return repr(float(value))

    def joined(self, operator: str, expr: sp.Basic) -> str:
        """Conditions with brackets, in an order that does not depend on the process."""
        return f"({operator.join(f'({self._print(x)})' for x in sorted(expr.args, key=str))})"

    def _print_Symbol(self, expr: sp.Symbol) -> str:
        return expr.name

    def _print_Integer(self, expr: sp.Integer) -> str:
        return str(expr) if abs(int(expr)) < 2**31 else repr(float(expr))

    def _print_Rational(self, expr: sp.Rational) -> str:
        return f"{self._print(sp.Integer(expr.p))}/{self._print(sp.Integer(expr.q))}"

    def _print_Float(self, expr: sp.Expr) -> str:
        return repr(float(expr))

    def _print_NumberSymbol(self, expr: sp.Expr) -> str:
        return self.literal(expr)

    def _print_Infinity(self, expr: sp.Expr) -> str:
        return self.infinity

    def _print_NegativeInfinity(self, expr: sp.Expr) -> str:
        return f"-{self.infinity}"

    _print_Zero = _print_One = _print_NegativeOne = _print_Integer
    _print_Half = _print_Rational
    _print_Pi = _print_Exp1 = _print_NumberSymbol

    def _print_Pow(self, expr: sp.Pow, rational: bool = False) -> str:
        if expr.is_number:
            return self.literal(expr)
        if expr.exp == sp.S.Half:
            return self.call("sqrt", expr.base)
        if expr.exp.could_extract_minus_sign():
            inverse = expr.base if expr.exp == -1 else sp.Pow(expr.base, -expr.exp, evaluate=False)
            return f"{self._print(sp.S.One)}/{self.parenthesize(inverse, PRECEDENCE['Mul'])}"
        return self.power(expr.base, expr.exp)

    def _print_Function(self, expr: sp.Function) -> str:
        if expr.is_number:
            return self.literal(expr)
        return self.call(type(expr).__name__, *expr.args)

    def _print_Heaviside(self, expr: sp.Function) -> str:
        return self._print(expr.rewrite(sp.Piecewise))

    def _print_Min(self, expr: sp.Function) -> str:
        return reduce(lambda x, y: self._call(type(expr).__name__, x, y), map(self.argument, expr.args))

    _print_Max = _print_Min

    def _print_Relational(self, expr: sp.Rel) -> str:
        lhs, rhs = (self.parenthesize(x, PRECEDENCE["Relational"]) for x in (expr.lhs, expr.rhs))
        return f"{lhs} {expr.rel_op} {rhs}"
