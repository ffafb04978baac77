"""Differential fields: the laws of a derivative, and what a normal form decides."""

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from repdyn.symbolic.field import DifferentialField

c, s, e, k = sp.symbols("c s e k")
circle = DifferentialField({c: -s, s: c, e: k * e}, {s: 1 - c**2})
elements = st.recursive(
    st.sampled_from((c, s, e, k, sp.Integer(2))),
    lambda inner: st.tuples(st.sampled_from((sp.Add, sp.Mul)), inner, inner).map(lambda x: x[0](x[1], x[2])),
    max_leaves=6,
)


def as_function(element):
    """The element as the function of time it stands for."""
    t = sp.Symbol("t")
    return element.subs({c: sp.cos(t), s: sp.sin(t), e: sp.exp(k * t)}), t


@given(elements)
def test_the_derivative_is_that_of_the_function(element) -> None:
    function, t = as_function(element)
    assert sp.expand(function.diff(t) - as_function(circle.derivative(element))[0]) == 0


@given(elements, elements)
def test_the_derivative_obeys_the_sum_and_the_product_rule(f, g) -> None:
    total = circle.derivative(f + g) - circle.derivative(f) - circle.derivative(g)
    product = circle.derivative(f * g) - circle.derivative(f) * g - f * circle.derivative(g)
    assert sp.expand(total) == 0
    assert sp.expand(product) == 0


@given(elements)
def test_a_multiple_of_a_relation_is_zero(element) -> None:
    assert circle.normal(element * (c**2 + s**2 - 1)) == 0
    assert circle.normal(element / (1 + e) * (s**4 - (1 - c**2) ** 2)) == 0


@given(elements)
def test_normal_is_zero_exactly_for_the_zero_function(element) -> None:
    assert (circle.normal(element) == 0) == (sp.simplify(as_function(element)[0]) == 0)


@pytest.mark.parametrize("element", [c**2 + s**2, s**2 - c**2, s, s + c, s**3 - s, e - 1, 1 / (s + 2)])
def test_what_is_not_zero_is_not_called_so(element) -> None:
    assert circle.normal(element) != 0


def test_constants_do_not_move() -> None:
    assert circle.derivative(k**2 + 1) == 0


def test_without_relations_squares_stay() -> None:
    assert DifferentialField({c: -s, s: c}).normal(c**2 + s**2 - 1) == c**2 + s**2 - 1
