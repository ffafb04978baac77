"""What the languages have in common: which programs they can express, and how an expression is printed."""

from __future__ import annotations

import math
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from typing import TypeGuard

import sympy as sp
from repdyn.symbolic import Program
from repdyn.symbolic.functions import ACCURATE, elementary, spelt_out
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.repr import ReprPrinter
from sympy.printing.str import StrPrinter

FUNCTIONS: tuple[type[sp.Function], ...] = (
    *(sp.exp, sp.log, sp.sinh, sp.cosh, sp.tanh, sp.asinh, sp.Abs, sp.sign, sp.Heaviside, sp.Min, sp.Max),
    *ACCURATE,
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

_DIGITS = 1000
"""So many are computed of a constant: what cancels in a function of 64-bit numbers is at most two thirds of them."""


def series() -> dict[str, str]:
    """The coefficients of the power series of each function, the highest first, as they are written."""
    terms, slow = (range(count - 1, -1, -1) for count in (_TERMS, _SLOW_TERMS))
    exact = {
        "exprel": [Fraction(1, math.factorial(k + 1)) for k in terms],
        "exprel_prime": [Fraction(k + 1, math.factorial(k + 2)) for k in terms],
        "logrel": [Fraction((-1) ** k, k + 1) for k in slow],
        "logrel_prime": [Fraction((-1) ** (k + 1) * (k + 1), k + 2) for k in slow],
    }
    return {name: ", ".join(repr(float(x)) for x in coefficients) for name, coefficients in exact.items()}


def checked(name: str, program: Program, backend: str, reserved: Collection[str]) -> Program:
    """The program without the definitions that nothing uses, if the language can express it.

    Raises:
        ValueError: saying what the language cannot express: a function, a name, a constant, a symbol without a value.
    """
    program = Program(
        program.arguments,
        {x: spelt_out(value) for x, value in program.definitions.items()},
        {x: spelt_out(value) for x, value in program.results.items()},
    )
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
    for constant in _constants(expr):
        try:
            number(constant)
        except ValueError as error:
            raise ValueError(f"{place} in {name!r} has the constant {error}") from None


def _constants(expr: sp.Basic) -> Iterator[sp.Expr]:
    """The numbers of an expression as they are printed: those of one product or sum are one."""
    if isinstance(expr, sp.Expr) and expr.is_number:
        yield expr
        return
    parts = expr.args
    if isinstance(expr, sp.Add | sp.Mul):
        constant, parts = _together(expr)
        yield constant
    for part in parts:
        yield from _constants(part)


def _together(expr: sp.Add | sp.Mul) -> tuple[sp.Expr, tuple[sp.Expr, ...]]:
    """The numbers of a sum or a product as one, and its other parts."""
    return type(expr)(*(x for x in expr.args if x.is_number)), tuple(x for x in expr.args if not x.is_number)


def number(constant: sp.Expr) -> float:
    """An expression without symbols in 64 bits.

    Raises:
        ValueError: if they do not hold it, with the reason.
    """
    exact = constant
    if constant.atoms(*ACCURATE):  # whose expressions cancel: a number in them is meant as it is
        within = [x for x in constant.atoms(sp.Float) if 0 < abs(float(x)) < math.inf]
        exact = elementary(constant.xreplace({x: sp.Rational(x) for x in within}))
    value = zero = None
    with suppress(sp.PrecisionExhausted, ValueError):  # SymPy quotes what is longer than Python writes
        value = exact.evalf(_DIGITS, maxn=2 * _DIGITS, strict=True)
    if not value:
        with suppress(ValueError):
            zero = exact.equals(0)
        if zero:
            return 0.0
        raise ValueError(f"{shown(constant)}, of which {_DIGITS} digits cancel; write it another way")
    if not isinstance(value, sp.Float | sp.Integer) and value not in (sp.oo, -sp.oo):
        raise ValueError(f"{shown(constant)}, which is no real number")
    found = float(value)
    if not sys.float_info.min <= abs(found) < math.inf and not value.is_infinite:
        raise ValueError(
            f"{shown(constant)}, which 64 bits do not hold: it must be 0, infinite or of a size from 2.3e-308 to "
            "1.7e308; choose other units"
        )
    return found


def shown(constant: sp.Expr) -> str:
    """A constant for a message, in a few digits if it is long."""
    few = str(constant.evalf(6))
    if constant.is_Number:
        return few
    names = identity(constant)
    return f"{constant} = {few}" if len(names) < 200 else few


class _Identity(ReprPrinter):
    """Integers in base 16: Python writes no more than some thousand digits in base 10."""

    def _print_Integer(self, expr: sp.Integer) -> str:
        return f"Integer({expr.p:#x})"

    def _print_Rational(self, expr: sp.Rational) -> str:
        return f"Rational({expr.p:#x}, {expr.q:#x})"

    _print_Zero = _print_One = _print_NegativeOne = _print_Integer
    _print_Half = _print_Rational


def identity(expr: object) -> str:
    """What an expression, or a tuple of tuples of them, is: the same for equal ones only, in every process."""
    return _Identity().doprint(expr)


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
        value = number(expr)
        return repr(value) if math.isfinite(value) else f"{'-' * (value < 0)}{self.infinity}"

    def parenthesize(self, item: sp.Basic, level: int, strict: bool = False) -> str:
        if _is_literal(item):
            text = self.literal(item)
            return f"({text})" if text.startswith("-") and level > PRECEDENCE["Add"] else text
        return super().parenthesize(item, level, strict)

    def joined(self, operator: str, expr: sp.Basic) -> str:
        """Conditions with brackets, in an order that does not depend on the process."""
        return f"({operator.join(f'({self._print(x)})' for x in sorted(expr.args, key=identity))})"

    def _print(self, expr: sp.Basic, **options: object) -> str:
        return self.literal(expr) if _is_literal(expr) else super()._print(expr, **options)

    def _print_Symbol(self, expr: sp.Symbol) -> str:
        return expr.name

    def _print_Integer(self, expr: sp.Integer) -> str:
        return str(expr) if abs(int(expr)) < 2**31 else repr(float(expr))

    def _print_Rational(self, expr: sp.Rational) -> str:
        return f"{self._print(sp.Integer(expr.p))}/{self._print(sp.Integer(expr.q))}"

    _print_Zero = _print_One = _print_NegativeOne = _print_Integer
    _print_Half = _print_Rational

    def _print_Mul(self, expr: sp.Mul) -> str:
        if not any(map(_is_literal, expr.args)):
            return super()._print_Mul(expr)
        constant, others = _together(expr)
        rest = self.parenthesize(sp.Mul(*others, evaluate=False), PRECEDENCE["Mul"], strict=True)
        return f"{self.literal(constant)}*{rest}"

    def _print_Add(self, expr: sp.Add, order: object = None) -> str:
        constant, others = _together(expr)
        if not any(map(_is_literal, expr.args)) or len(others) == len(expr.args) - 1:
            return super()._print_Add(expr, order)
        text = self.literal(constant)
        rest = self._print(sp.Add(*others, evaluate=False))
        return f"{rest} - {text[1:]}" if text.startswith("-") else f"{rest} + {text}"

    def _print_Pow(self, expr: sp.Pow, rational: bool = False) -> str:
        if expr.exp == sp.S.Half:
            return self.call("sqrt", expr.base)
        if expr.exp.could_extract_minus_sign():
            inverse = expr.base if expr.exp == -1 else sp.Pow(expr.base, -expr.exp, evaluate=False)
            return f"{self._print(sp.S.One)}/{self.parenthesize(inverse, PRECEDENCE['Mul'])}"
        return self.power(expr.base, expr.exp)

    def _print_Function(self, expr: sp.Function) -> str:
        return self.call(type(expr).__name__, *expr.args)

    def _print_Heaviside(self, expr: sp.Function) -> str:
        return self._print(expr.rewrite(sp.Piecewise))

    def _print_Min(self, expr: sp.Function) -> str:
        return reduce(lambda x, y: self._call(type(expr).__name__, x, y), map(self.argument, expr.args))

    _print_Max = _print_Min

    def _print_Relational(self, expr: sp.Rel) -> str:
        lhs, rhs = (self.parenthesize(x, PRECEDENCE["Relational"]) for x in (expr.lhs, expr.rhs))
        return f"{lhs} {expr.rel_op} {rhs}"


def _is_literal(expr: sp.Basic) -> TypeGuard[sp.Expr]:
    """Whether an expression is a number and not an integer, or a ratio of two, that 64 bits hold exactly."""
    if not (isinstance(expr, sp.Expr) and expr.is_number):
        return False
    return not (isinstance(expr, sp.Rational) and max(abs(expr.p), expr.q) <= 2**53)
