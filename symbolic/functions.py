"""Functions that keep their accuracy where the textbook expression loses it.

Each stands for an elementary expression, which :func:`elementary` puts back for
a proof; a back end prints it as the accurate routine of its own language.
"""

from __future__ import annotations

import math
from functools import reduce

import sympy as sp
from sympy.printing.latex import LatexPrinter

_z = sp.Symbol("z")

_TERMS, _SLOW_TERMS = 24, 40
"""Terms of a power series that are kept for ``|x| < 1`` and, where it is no better than a geometric one, 1/4."""


class exprel(sp.Function):
    """``(exp(x) - 1)/x``, continued by 1 to ``x = 0``."""

    nargs = 1

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        return sp.S.One if x == 0 else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return exprel_prime(self.args[0])

    @staticmethod
    def elementary(x: sp.Expr) -> sp.Expr:
        return (sp.exp(x) - 1) / x

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        return _power(rf"\operatorname{{exprel}}\left({printer.doprint(self.args[0])}\right)", exp)


class exprel_prime(sp.Function):
    """The derivative of :class:`exprel`, ``(exp(x) (x - 1) + 1)/x**2``; 1/2 at 0."""

    nargs = 1

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        return sp.S.Half if x == 0 else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return exprel_derivative(2, self.args[0])

    @staticmethod
    def elementary(x: sp.Expr) -> sp.Expr:
        return (sp.exp(x) * (x - 1) + 1) / x**2

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        return _power(rf"\operatorname{{exprel}}'\left({printer.doprint(self.args[0])}\right)", exp)


class exprel_derivative(sp.Function):
    """``exprel_derivative(n, x)``: the derivative of :class:`exprel` of an order n > 1; ``1/(n + 1)`` at 0."""

    nargs = 2

    @classmethod
    def eval(cls, n: sp.Integer, x: sp.Expr) -> sp.Expr | None:
        return sp.Rational(1, n.p + 1) if x == 0 else None

    def fdiff(self, argindex: int = 2) -> sp.Expr:
        n, x = self.args
        return exprel_derivative(n + 1, x)

    @staticmethod
    def elementary(n: sp.Expr, x: sp.Expr) -> sp.Expr:
        return exprel.elementary(_z).diff(_z, n).subs(_z, x)

    @staticmethod
    def evaluated(n: sp.Integer, x: sp.Expr) -> sp.Expr:
        """Its power series for ``|x| < 1``; beyond, ``x E(n, x) = exp(x) - n E(n - 1, x)``."""
        order = n.p
        lower = exprel_prime(x) if order == 2 else exprel_derivative.evaluated(sp.Integer(order - 1), x)
        near = _series([sp.Rational(1, math.factorial(k) * (order + k + 1)) for k in range(_TERMS)], x)
        return sp.Piecewise((near, sp.Abs(x) < 1), ((sp.exp(x) - order * lower) / x, True))

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        n, x = (printer.doprint(arg) for arg in self.args)
        return _power(rf"\operatorname{{exprel}}^{{({n})}}\left({x}\right)", exp)


class logrel(sp.Function):
    """``log(1 + x)/x``, continued by 1 to ``x = 0``."""

    nargs = 1

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        return sp.S.One if x == 0 else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return logrel_prime(self.args[0])

    @staticmethod
    def elementary(x: sp.Expr) -> sp.Expr:
        return sp.log(1 + x) / x

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        return _power(rf"\operatorname{{logrel}}\left({printer.doprint(self.args[0])}\right)", exp)


class logrel_prime(sp.Function):
    """The derivative of :class:`logrel`, ``(x/(1 + x) - log(1 + x))/x**2``; -1/2 at 0."""

    nargs = 1

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        return -sp.S.Half if x == 0 else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return logrel_derivative(2, self.args[0])

    @staticmethod
    def elementary(x: sp.Expr) -> sp.Expr:
        return (x / (1 + x) - sp.log(1 + x)) / x**2

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        return _power(rf"\operatorname{{logrel}}'\left({printer.doprint(self.args[0])}\right)", exp)


class logrel_derivative(sp.Function):
    """``logrel_derivative(n, x)``: the derivative of :class:`logrel` of an order n > 1; ``(-1)^n n!/(n + 1)`` at 0."""

    nargs = 2

    @classmethod
    def eval(cls, n: sp.Integer, x: sp.Expr) -> sp.Expr | None:
        return sp.Rational((-1) ** n.p * math.factorial(n.p), n.p + 1) if x == 0 else None

    def fdiff(self, argindex: int = 2) -> sp.Expr:
        n, x = self.args
        return logrel_derivative(n + 1, x)

    @staticmethod
    def elementary(n: sp.Expr, x: sp.Expr) -> sp.Expr:
        return logrel.elementary(_z).diff(_z, n).subs(_z, x)

    @staticmethod
    def evaluated(n: sp.Integer, x: sp.Expr) -> sp.Expr:
        """Its power series for ``|x| < 1/4``; beyond, ``x L(n, x) + n L(n - 1, x)`` is that of ``log(1 + x)``."""
        order = n.p
        lower = logrel_prime(x) if order == 2 else logrel_derivative.evaluated(sp.Integer(order - 1), x)
        whole = (-1) ** (order - 1) * math.factorial(order - 1) / (1 + x) ** n
        orders = range(order, order + _SLOW_TERMS)
        near = _series([sp.Rational((-1) ** k * math.perm(k, order), k + 1) for k in orders], x)
        return sp.Piecewise((near, sp.Abs(x) < sp.Rational(1, 4)), ((whole - order * lower) / x, True))

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        n, x = (printer.doprint(arg) for arg in self.args)
        return _power(rf"\operatorname{{logrel}}^{{({n})}}\left({x}\right)", exp)


class hypot(sp.Function):
    """``sqrt(x**2 + y**2)`` without overflow or underflow in between."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return quotient(self.args[argindex - 1], self)

    @staticmethod
    def elementary(x: sp.Expr, y: sp.Expr) -> sp.Expr:
        return sp.sqrt(x**2 + y**2)

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        return _power(printer.doprint(hypot.elementary(*self.args)), exp)


class quotient(sp.Function):
    """``x/y``, and 0 where ``y = 0``: for ratios that are multiplied by something that vanishes there."""

    nargs = 2

    @classmethod
    def eval(cls, x: sp.Expr, y: sp.Expr) -> sp.Expr | None:
        return sp.S.Zero if y == 0 else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        x, y = self.args
        return quotient(1, y) if argindex == 1 else -quotient(quotient(x, y), y)

    @staticmethod
    def elementary(x: sp.Expr, y: sp.Expr) -> sp.Expr:
        return x / y

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        x, y = self.args
        return _power(rf"\frac{{{printer.doprint(x)}}}{{{printer.doprint(y)}}}", exp)


class nonnegative(sp.Function):
    """``x``, and 0 where that is negative, which it can be by rounding only: its derivative is 1 everywhere."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.S.One

    @staticmethod
    def elementary(x: sp.Expr) -> sp.Expr:
        return x

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        base = printer.doprint(self.args[0])
        return base if exp is None else rf"\left({base}\right)^{{{exp}}}"


class regular(sp.Function):
    """``far``, and where ``size`` is small ``near`` if derivatives are taken: the whole of a definition.

    Both are equal there but for rounding, which differentiation of ``near`` does not enlarge.
    """

    nargs = 3
    small = sp.Rational(1, 32)

    @staticmethod
    def elementary(size: sp.Expr, near: sp.Expr, far: sp.Expr) -> sp.Expr:
        return far


class dot(sp.Function):
    """``dot(x, t)``: the derivative of ``x`` with respect to time, as it stands in a statement."""

    nargs = 2

    def _latex(self, printer: LatexPrinter) -> str:
        quantity, time = (printer.doprint(x) for x in self.args)
        if self.args[0].is_Add:
            quantity = rf"\left({quantity}\right)"
        return rf"\frac{{d}}{{d {time}}} {quantity}"


def _power(base: str, exp: str | None) -> str:
    """What SymPy's printer asks of a function under an exponent."""
    return base if exp is None else rf"\left({base}\right)^{{{exp}}}"


def _series(coefficients: list[sp.Expr], x: sp.Expr) -> sp.Expr:
    """A polynomial by Horner's rule."""
    return reduce(lambda total, coefficient: coefficient + x * total, reversed(coefficients), sp.S.Zero)


_HIGHER = (exprel_derivative, logrel_derivative)

ACCURATE = (exprel, exprel_prime, logrel, logrel_prime, *_HIGHER, hypot, quotient, nonnegative)


def spelt_out(expr: sp.Expr) -> sp.Expr:
    """Replace higher derivatives, of which no language has routines, by series and what is left of them further out.

    >>> import sympy as sp
    >>> x = sp.Symbol("x")
    >>> round(float(spelt_out(exprel(x).diff(x, 2)).subs(x, sp.Rational(1, 10**9))), 12)
    0.333333333583
    """
    for function in _HIGHER:
        expr = expr.replace(function, function.evaluated)
    return expr


def elementary(expr: sp.Expr) -> sp.Expr:
    """Replace the accurate functions of this module by the expressions they stand for.

    >>> import sympy as sp
    >>> x = sp.Symbol("x")
    >>> elementary(exprel(x))
    (exp(x) - 1)/x
    """
    for function in (*ACCURATE, regular):
        expr = expr.replace(function, function.elementary)
    return expr
