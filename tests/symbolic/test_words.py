"""Matrix calculus by words, against the same matrices written out entry by entry."""

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from repdyn.symbolic.words import contract, directional_residual, gradient, matrix_residual, scalar, words

A, B = sp.MatrixSymbol("A", 2, 3), sp.MatrixSymbol("B", 2, 3)
S = sp.MatrixSymbol("S", 3, 3)
x, y = sp.MatrixSymbol("x", 3, 1), sp.MatrixSymbol("y", 2, 1)
FACTORS = {(2, 3): (A, B), (3, 2): (A.T, B.T), (3, 3): (S, S.T), (3, 1): (x,), (2, 1): (y,)}
k = sp.Symbol("k")


def steps_from(rows):
    return [factor for shape, factors in FACTORS.items() if shape[0] == rows for factor in factors]


@st.composite
def forms(draw):
    """A random scalar: a product that begins with a row vector and ends with a column vector, times a number."""
    factors = [draw(st.sampled_from((x.T, y.T)))]
    while factors[-1].cols != 1:
        choice = steps_from(factors[-1].cols) if len(factors) < 5 else [x if factors[-1].cols == 3 else y]
        factors.append(draw(st.sampled_from(choice)))
    return draw(st.sampled_from((1, -2, k))) * sp.MatMul(*factors)


@st.composite
def matrices(draw):
    """A random 2 x 3 expression: sums of products of two or three factors."""
    products = (A, 2 * B, A * S, k * B * S.T, A * B.T * A, y * x.T, y * x.T * S)
    return sp.MatAdd(*draw(st.lists(st.sampled_from(products), min_size=1, max_size=4)))


def entries(expr):
    return expr.as_explicit().expand()


def as_matrix(total, shape):
    """The words, multiplied out again entry by entry."""
    return sum((c * sp.MatMul(*word).as_explicit() for word, c in total.items()), sp.zeros(*shape)).expand()


@given(matrices())
def test_words_keep_the_value(expr):
    assert as_matrix(words(expr), expr.shape) == entries(expr)


@given(matrices())
def test_transposing_twice_changes_nothing(expr):
    assert words(sp.Transpose(sp.Transpose(expr))) == words(expr)
    assert as_matrix(words(sp.Transpose(expr)), (3, 2)) == entries(expr).T


@given(matrices(), matrices())
def test_the_transpose_of_a_product_is_the_product_of_the_transposes_in_reverse(left, right):
    assert words((left * right.T).T) == words(right * left.T)


@given(matrices(), matrices())
def test_sums_cancel_word_by_word(left, right):
    assert words(left + right - left) == words(right)
    assert words(left - left) == {}


def test_a_zero_matrix_has_no_words():
    assert words(sp.ZeroMatrix(2, 3)) == {}


@pytest.mark.parametrize("other", [S.I, sp.HadamardProduct(A, B), sp.Identity(3)])
def test_other_expressions_are_refused(other):
    with pytest.raises(TypeError, match="a matrix expression of symbols, sums, products and transposes is needed, got"):
        words(other)


@given(forms(), forms(), st.sampled_from((A, S, x, y)))
def test_a_gradient_is_the_matrix_of_partial_derivatives(first, second, variable):
    form = first + second
    value = entries(form)[0]
    expected = sp.Matrix(*variable.shape, lambda i, j: value.diff(variable[i, j]))
    assert entries(gradient(form, variable)) == expected.expand()


@given(forms(), forms(), st.sampled_from((A, S, x, y)))
def test_the_product_rule(first, second, variable):
    ruled = entries(first)[0] * entries(gradient(second, variable)) + entries(second)[0] * entries(
        gradient(first, variable)
    )
    assert entries(gradient(first * second, variable)) == ruled.expand()


@given(forms(), st.sampled_from((A, S, x, y)))
def test_only_the_gradient_leaves_no_directional_residual(form, variable):
    claimed = gradient(form, variable)
    assert directional_residual(form, variable, claimed) == 0
    assert directional_residual(form, variable, claimed + variable) != 0


RULES = {(A, x): y, (x.T, x): k}


def test_contraction_applies_rules_and_their_transposes_wherever_they_fit():
    assert contract(B.T * A * x, RULES) == {(B.T, y): 1}
    assert contract(x.T * A.T * B, RULES) == {(y.T, B): 1}
    assert contract(3 * x.T * x * x.T * A.T, RULES) == {(y.T,): 3 * k}
    assert contract(x.T * x - x.T * x, RULES) == {}


def test_residuals_are_zero_only_for_equal_expressions():
    assert matrix_residual(B.T * A * x - B.T * y, RULES) == 0
    assert matrix_residual(B.T * A * x + B.T * y, RULES) == 2 * sp.Symbol("B.T*y")
    assert matrix_residual(x.T * x, RULES) == k


def test_a_scalar_equals_its_transpose():
    assert scalar(y.T * B * x - x.T * B.T * y, {}) == 0
    assert scalar(2 * x.T * x + x.T * A.T * y, {**RULES, (y.T, y): 5}) == 2 * k + 5
