"""Matrix calculus by words, against the same matrices in numbers, entry by entry."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from repdyn.symbolic.free_algebra import contract, contracted, matrix_residual, scalar, words
from repdyn.symbolic.matrix_calculus import derivative, directional_residual, gradient, trace

A, B = sp.MatrixSymbol("A", 2, 3), sp.MatrixSymbol("B", 2, 3)
S = sp.MatrixSymbol("S", 3, 3)
x, y = sp.MatrixSymbol("x", 3, 1), sp.MatrixSymbol("y", 2, 1)
k = sp.Symbol("k")
NUMBERS = {
    A: sp.ImmutableMatrix([[1, -2, 3], [0, 5, -1]]),
    B: sp.ImmutableMatrix([[2, 1, 0], [-3, 1, 4]]),
    S: sp.ImmutableMatrix([[1, 2, -1], [3, -1, 2], [0, 4, 1]]),
    x: sp.ImmutableMatrix([2, -1, 3]),
    y: sp.ImmutableMatrix([1, -4]),
    k: sp.Integer(7),
}
FROM_ROWS = {2: (A, B), 3: (A.T, B.T, S, S.T)}
COLUMNS = {2: y, 3: x}
variables = st.sampled_from((A, S, x, y))


@st.composite
def forms(draw):
    """A random scalar: a row vector, up to three matrices and a column vector, times a number."""
    factors = [draw(st.sampled_from((x.T, y.T)))]
    for _ in range(draw(st.integers(0, 3))):
        factors.append(draw(st.sampled_from(FROM_ROWS[factors[-1].cols])))
    return draw(st.sampled_from((1, -2, k))) * sp.MatMul(*factors, COLUMNS[factors[-1].cols])


products = (A, 2 * B, A * S, k * B * S.T, A * B.T * A, y * x.T, y * x.T * S)
matrices = st.lists(st.sampled_from(products), min_size=1, max_size=4).map(lambda terms: sp.MatAdd(*terms))


def value(expr, *unknown):
    """The expression in numbers, except for what is left unknown."""
    numbers = {symbol: number for symbol, number in NUMBERS.items() if symbol not in unknown}
    return expr.xreplace(numbers).doit().as_explicit()


def value_of_words(total, shape):
    return sum((c.xreplace(NUMBERS) * value(sp.MatMul(*word)) for word, c in total.items()), sp.zeros(*shape))


@given(matrices)
def test_words_keep_the_value(expr) -> None:
    assert value_of_words(words(expr), (2, 3)) == value(expr)


@given(matrices)
def test_transposing_is_an_involution(expr) -> None:
    assert words(sp.Transpose(sp.Transpose(expr))) == words(expr)
    assert value_of_words(words(sp.Transpose(expr)), (3, 2)) == value(expr).T


@given(matrices, matrices)
def test_the_transpose_of_a_product_is_the_product_of_the_transposes_in_reverse(left, right) -> None:
    assert words((left * right.T).T) == words(right * left.T)


@given(matrices, matrices)
def test_sums_cancel_word_by_word(left, right) -> None:
    assert words(left + right - left) == words(right)
    assert words(left - left) == {}


def test_the_identity_is_the_word_of_no_factors() -> None:
    assert words(sp.Identity(3)) == {(): 1}
    assert words(S * (2 * sp.Identity(3) + S)) == {(S,): 2, (S, S): 1}
    assert contracted(A * A.T, {(A, A.T): 3 * sp.Identity(2)}) == 3 * sp.Identity(2)


def test_a_power_is_a_product() -> None:
    assert words(S**3) == {(S, S, S): 1}


def test_a_zero_matrix_has_no_words() -> None:
    assert words(sp.ZeroMatrix(2, 3)) == {}


@pytest.mark.parametrize("other", [S.I, S**k, sp.HadamardProduct(A, B)], ids=str)
def test_other_expressions_are_refused(other) -> None:
    with pytest.raises(TypeError, match="a matrix expression of symbols, sums, products and transposes is needed, got"):
        words(other)


@settings(max_examples=25)
@given(forms(), forms(), variables)
def test_a_gradient_is_the_matrix_of_partial_derivatives(first, second, variable) -> None:
    (scalar_value,) = value(first + second, variable)
    expected = sp.Matrix(*variable.shape, lambda i, j: scalar_value.diff(variable[i, j]))
    assert (value(gradient(first + second, variable), variable) - expected).expand().is_zero_matrix


@given(forms(), forms(), variables)
def test_the_product_rule(first, second, variable) -> None:
    expected = value(first)[0] * gradient(second, variable) + value(second)[0] * gradient(first, variable)
    assert value(gradient(first * second, variable)) == value(expected)


@given(forms(), forms(), variables, st.sampled_from((1, -3)))
def test_the_derivative_of_a_scalar_is_its_gradient_times_the_velocity(first, second, variable, size) -> None:
    velocity = {A: size * B, S: size * S.T, x: size * S * x, y: size * A * x}[variable]
    (found,) = value(derivative(first + second, {variable: velocity}))
    slopes = value(gradient(first + second, variable))
    assert found == sum(a * b for a, b in zip(slopes, value(velocity), strict=True))


def test_the_derivative_of_a_matrix_is_by_the_product_rule() -> None:
    found = derivative(A * S * B.T, {A: B, S: S.T, B: A})
    assert words(found) == words(B * S * B.T + A * S.T * B.T + A * S * A.T)
    assert derivative(A * S, {B: A}) == sp.ZeroMatrix(2, 3)


@given(forms(), variables)
def test_only_the_gradient_leaves_no_directional_residual(form, variable) -> None:
    claimed = gradient(form, variable)
    assert directional_residual(form, variable, claimed) == 0
    assert directional_residual(form, variable, claimed + variable) != 0


RULES = {(A, x): y, (x.T, x): k}


def test_contraction_applies_rules_and_their_transposes_wherever_they_fit() -> None:
    assert contract(B.T * A * x, RULES) == {(B.T, y): 1}
    assert contract(x.T * A.T * B, RULES) == {(y.T, B): 1}
    assert contract(3 * x.T * x * x.T * A.T, RULES) == {(y.T,): 3 * k}
    assert contract(x.T * x - x.T * x, RULES) == {}


def test_what_contraction_leaves_is_an_expression_again() -> None:
    assert contracted(B.T * A * x, RULES) == B.T * y
    assert words(contracted(2 * B.T * A * x - A.T * y, RULES)) == {(B.T, y): 2, (A.T, y): -1}
    assert contracted(A * x - y, RULES) == sp.ZeroMatrix(2, 1)


def test_residuals_are_zero_only_for_equal_expressions() -> None:
    assert matrix_residual(B.T * A * x - B.T * y, RULES) == 0
    assert matrix_residual(B.T * A * x + B.T * y, RULES) == 2 * sp.Symbol("B.T*y")
    assert matrix_residual(x.T * x, RULES) == k


def test_a_symmetric_product_keeps_the_name_it_is_given() -> None:
    K = sp.MatrixSymbol("K", 2, 2)
    assert contract(A * A.T, {(A, A.T): K}) == {(K,): 1}


@settings(max_examples=15)
@given(matrices, matrices)
def test_a_trace_is_that_of_the_product_turned_or_transposed(left, right) -> None:
    assert sp.expand(trace(left * right.T, {}) - trace(right.T * left, {})) == 0
    assert trace(left * right.T - right * left.T, {}) == 0
    assert trace(left * left.T, {}) != 0 or words(left) == {}


def test_a_trace_is_contracted_across_its_ends() -> None:
    assert trace(A * S * A.T, {(A.T, A): k * sp.Identity(3)}) == k * sp.Symbol("S")
    assert trace(x * x.T, {(x.T, x): k}) == k
    assert trace(S * x * x.T, {(x.T, S, x): k}) == k
    assert trace(2 * sp.Identity(3) - S, {}) == 6 - sp.Symbol("S")


def test_a_scalar_equals_its_transpose() -> None:
    assert scalar(y.T * B * x - x.T * B.T * y, {}) == 0
    assert scalar(2 * x.T * x + x.T * A.T * y, {**RULES, (y.T, y): 5}) == 2 * k + 5
