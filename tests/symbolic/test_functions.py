"""The accurate functions stand for elementary ones, and so do their derivatives."""

import pytest
import sympy as sp
from repdyn.symbolic.functions import (
    dot,
    elementary,
    exprel,
    exprel_prime,
    hypot,
    logrel,
    nonnegative,
    quotient,
    regular,
    spelt_out,
)

x, y, t = sp.symbols("x y t", positive=True)
MEANINGS = {
    exprel(x): (sp.exp(x) - 1) / x,
    exprel_prime(x): sp.diff((sp.exp(x) - 1) / x, x),
    hypot(x, y): sp.sqrt(x**2 + y**2),
    quotient(x, y): x / y,
    nonnegative(x): x,
    regular(t, x, y): y,
}


@pytest.mark.parametrize("function", MEANINGS, ids=str)
def test_each_stands_for_its_textbook_expression(function) -> None:
    assert sp.simplify(elementary(function) - MEANINGS[function]) == 0


@pytest.mark.parametrize(
    "function",
    [exprel(x), hypot(x, y), quotient(x, y), exprel(-x * y), quotient(x**2, hypot(x, y)), nonnegative(x * y)],
    ids=str,
)
@pytest.mark.parametrize("variable", [x, y], ids=str)
def test_the_derivative_stands_for_the_derivative(function, variable) -> None:
    assert sp.simplify(elementary(function.diff(variable)) - elementary(function).diff(variable)) == 0


@pytest.mark.parametrize("function", [exprel, logrel])
@pytest.mark.parametrize("order", [2, 3, 4])
def test_higher_derivatives_stand_for_higher_derivatives(function, order) -> None:
    found = function(x * y).diff(x, order)
    assert sp.simplify(elementary(found) - elementary(function(x * y)).diff(x, order)) == 0
    assert found.subs(x, 0) == y**order * sp.limit(elementary(function(t)).diff(t, order), t, 0)
    assert not spelt_out(found).has(*(type(f) for f in found.atoms(sp.Function) if len(f.args) == 2))


def test_nested_functions_are_all_replaced() -> None:
    assert elementary(quotient(exprel(hypot(3, 4)), 2)) == (sp.exp(5) - 1) / 10


def test_the_continuations_to_zero_are_limits() -> None:
    assert sp.limit(elementary(exprel(x)), x, 0) == exprel(0) == exprel(x).subs(x, 0) == 1
    assert sp.limit(elementary(exprel_prime(x)), x, 0) == exprel_prime(0) == sp.S.Half


def test_a_quotient_by_zero_is_zero() -> None:
    assert quotient(x, 0) == quotient(0, 0) == 0


@pytest.mark.parametrize(
    ("expr", "printed"),
    [
        (exprel(x), r"\operatorname{exprel}\left(x\right)"),
        (exprel_prime(x), r"\operatorname{exprel}'\left(x\right)"),
        (exprel(x).diff(x, 3), r"\operatorname{exprel}^{(3)}\left(x\right)"),
        (logrel(x).diff(x, 2) ** 2, r"\left(\operatorname{logrel}^{(2)}\left(x\right)\right)^{2}"),
        (hypot(x, y), r"\sqrt{x^{2} + y^{2}}"),
        (quotient(x, y), r"\frac{x}{y}"),
        (quotient(x, y) ** 2, r"\left(\frac{x}{y}\right)^{2}"),
        (nonnegative(x), "x"),
        (nonnegative(x + y) ** 2, r"\left(x + y\right)^{2}"),
        (dot(x, t), r"\frac{d}{d t} x"),
        (dot(x + y, t), r"\frac{d}{d t} \left(x + y\right)"),
    ],
)
def test_they_are_printed_as_they_are_written(expr, printed) -> None:
    assert sp.latex(expr) == printed
