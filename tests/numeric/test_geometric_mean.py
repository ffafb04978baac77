"""The geometric mean of matrices: its laws, and the factored form against the whole."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repdyn.numeric import (
    Kernel,
    Points,
    geometric_mean,
    geometric_mean_factor,
    linear_kernel,
    rich_distances,
    squared_distances,
)
from scipy.linalg import fractional_matrix_power

seeds = st.integers(0, 10**6)
weights = st.floats(0.05, 0.95)
few = settings(max_examples=25)


def random(seed, size=5, rank=None):
    """Two positive matrices of a size, the second of a rank."""
    draws = np.random.default_rng(seed)
    a, b = draws.normal(size=(size, size + 2)), draws.normal(size=(size, rank or size + 2))
    return a @ a.T, b @ b.T


def largest(x):
    return np.abs(x).max()


def assert_below(smaller, larger):
    assert np.linalg.eigvalsh(larger - smaller).min() > -1e-8 * largest(larger)


@few
@given(seeds, weights)
def test_it_is_what_it_is_defined_to_be(seed, weight) -> None:
    A, B = random(seed)
    root = fractional_matrix_power(A, 0.5)
    inverse = np.linalg.inv(root)
    expected = root @ fractional_matrix_power(inverse @ B @ inverse, weight) @ root
    np.testing.assert_allclose(geometric_mean(A, B, weight), expected, atol=1e-6 * largest(expected))


@few
@given(seeds, weights)
def test_it_is_the_same_from_both_ends(seed, weight) -> None:
    for rank in (None, 2):
        A, B = random(seed, rank=rank)
        one, other = geometric_mean(A, B, weight), geometric_mean(B, A, 1 - weight)
        np.testing.assert_allclose(one, other, atol=1e-6 * largest(one))


@few
@given(seeds, weights)
def test_a_change_of_basis_goes_through_it(seed, weight) -> None:
    M = np.random.default_rng(seed + 1).normal(size=(5, 5)) + 3 * np.eye(5)
    for rank in (None, 2):
        A, B = random(seed, rank=rank)
        one = geometric_mean(M @ A @ M.T, M @ B @ M.T, weight)
        np.testing.assert_allclose(one, M @ geometric_mean(A, B, weight) @ M.T, atol=1e-6 * largest(one))


@few
@given(seeds, weights)
def test_of_matrices_that_commute_it_is_the_power_of_numbers(seed, weight) -> None:
    draws = np.random.default_rng(seed)
    turn = np.linalg.qr(draws.normal(size=(5, 5)))[0]
    a, b = draws.uniform(0.1, 3, size=(2, 5))
    b[3:] = 0.0
    found = geometric_mean(turn * a @ turn.T, turn * b @ turn.T, weight)
    np.testing.assert_allclose(found, turn * (a ** (1 - weight) * b**weight) @ turn.T, atol=1e-7)


@few
@given(seeds, weights)
def test_inverse_and_determinant_go_through_it(seed, weight) -> None:
    A, B = random(seed)
    found = geometric_mean(A, B, weight)
    inverse = geometric_mean(np.linalg.inv(A), np.linalg.inv(B), weight)
    np.testing.assert_allclose(inverse @ found, np.eye(5), atol=1e-5)
    logs = [np.linalg.slogdet(x)[1] for x in (A, B, found)]
    assert logs[2] == pytest.approx((1 - weight) * logs[0] + weight * logs[1], abs=1e-8)


@few
@given(seeds, weights)
def test_it_lies_between_harmonic_and_arithmetic_mean(seed, weight) -> None:
    A, B = random(seed)
    found = geometric_mean(A, B, weight)
    assert_below(found, (1 - weight) * A + weight * B)
    assert_below(np.linalg.inv((1 - weight) * np.linalg.inv(A) + weight * np.linalg.inv(B)), found)


@few
@given(seeds, weights)
def test_it_grows_with_both(seed, weight) -> None:
    A, B = random(seed)
    more = random(seed + 1, rank=2)[1]
    for larger in (geometric_mean(A + more, B, weight), geometric_mean(A, B + more, weight)):
        assert_below(geometric_mean(A, B, weight), larger)


@few
@given(seeds)
def test_it_solves_the_equation_of_riccati(seed) -> None:
    A, B = random(seed)
    X = geometric_mean(A, B)
    np.testing.assert_allclose(X @ np.linalg.solve(A, X), B, atol=1e-6 * largest(B))


@few
@given(seeds)
def test_it_is_a_geodesic(seed) -> None:
    A, B = random(seed)
    inner = geometric_mean(geometric_mean(A, B, 0.2), geometric_mean(A, B, 0.8), 0.5)
    np.testing.assert_allclose(inner, geometric_mean(A, B, 0.5), atol=1e-6 * largest(inner))


def test_weights_of_0_and_1_are_the_matrices() -> None:
    A, B = random(0, rank=2)
    np.testing.assert_array_equal(geometric_mean(A, B, 0), A)
    np.testing.assert_array_equal(geometric_mean(A, B, 1), B)


@pytest.mark.parametrize("ranks", [(5, 2), (3, 4), (2, 2)])
def test_of_singular_matrices_it_is_the_limit(ranks) -> None:
    A, B = (random(i, rank=rank)[1] for i, rank in enumerate(ranks))
    found = geometric_mean(A, B, 0.4)
    away = [largest(geometric_mean(A + e * np.eye(5), B + e * np.eye(5), 0.4) - found) for e in (1e-4, 1e-6, 1e-8)]
    assert np.all(np.divide(away[1:], away[:-1]) < 0.2)
    assert away[-1] < 2e-3 * max(largest(A), largest(B))
    assert np.linalg.matrix_rank(found, tol=1e-9) == sum(ranks) - 5 if sum(ranks) > 5 else not found.any()


@few
@given(seeds, weights)
def test_the_factor_is_one_of_the_whole(seed, weight) -> None:
    draws = np.random.default_rng(seed)
    kernel, Y = Kernel(draws.normal(size=(8, 8))), draws.normal(size=(8, 3))
    factor = geometric_mean_factor(kernel, Y, weight)
    whole = geometric_mean(kernel.matrix(), Y @ Y.T, weight)
    assert factor.shape == (8, 3)
    np.testing.assert_allclose(factor @ factor.T, whole, atol=1e-5 * largest(whole))


def test_what_the_kernel_cannot_express_is_left_out() -> None:
    draws = np.random.default_rng(0)
    kernel, Y = Kernel(draws.normal(size=(20, 6))), draws.normal(size=(20, 3))
    within = kernel.factor @ np.linalg.lstsq(kernel.factor, Y)[0]
    one, other = (geometric_mean_factor(kernel, y, 0.3) for y in (Y, within))
    np.testing.assert_allclose(one @ one.T, other @ other.T, atol=1e-10)
    whole = geometric_mean(kernel.matrix(), within @ within.T, 0.3)
    np.testing.assert_allclose(one @ one.T, whole, atol=1e-8)
    last = geometric_mean_factor(kernel, Y, 1.0)
    np.testing.assert_allclose(last @ last.T, within @ within.T, atol=1e-10)


def test_a_ridge_is_that_of_kernel_regression() -> None:
    draws = np.random.default_rng(0)
    kernel, Y = Kernel(draws.normal(size=(9, 5))), draws.normal(size=(9, 2))
    K = kernel.matrix()
    ridge = 0.1 * np.linalg.norm(K, 2)
    learnt = K @ np.linalg.solve(K + ridge * np.eye(9), Y)
    one, other = geometric_mean_factor(kernel, Y, ridge=0.1), geometric_mean_factor(kernel, learnt)
    np.testing.assert_allclose(one @ one.T, other @ other.T, atol=1e-10)


def test_of_two_points_it_is_the_rich_distance_of_the_pair() -> None:
    draws = np.random.default_rng(3)
    x, y = draws.normal(size=(2, 4)), draws.normal(size=(2, 3))
    factor = geometric_mean_factor(linear_kernel(x).centred, y - y.mean(0))
    points = Points(x, y)
    np.testing.assert_allclose(squared_distances(factor), rich_distances(points, points), atol=1e-12)


A, B = random(0)
KERNEL = Kernel([[1.0], [0.0]])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: geometric_mean(A, B[:3, :3]), "first and second must be of the same points, got 5 and 3"),
        (lambda: geometric_mean(A, B, 1.5), "weight must be from 0, the first, to 1, the second, got 1.5"),
        (lambda: geometric_mean(A, B, np.nan), "weight must be from 0, the first, to 1, the second, got nan"),
        (lambda: geometric_mean(A, -B), "second must be positive semidefinite, got the eigenvalue -"),
        (lambda: geometric_mean(0 * A, B), "first must be a kernel of points that is not 0, got shape (5, 5)"),
        (lambda: geometric_mean(A[:2], B), "first must be square, of shape (points, points), got shape (2, 5)"),
        (lambda: geometric_mean(A, np.triu(B)), "second must be finite and symmetric"),
        (lambda: geometric_mean_factor(A, B), "kernel must be of type Kernel, got array("),
        (lambda: geometric_mean_factor(KERNEL, B), "targets must be of the kernel's 2 points, got 5"),
        (lambda: geometric_mean_factor(KERNEL, [1.0]), "targets must be finite numbers of shape (points, values), got"),
        (lambda: geometric_mean_factor(KERNEL, [[0.0], [1.0]]), "targets must be such that the kernel can express a"),
        (lambda: geometric_mean_factor(KERNEL, [[1.0], [1.0]], ridge=-1), "ridge must be finite and not negative, got"),
    ],
)
def test_it_is_refused_in_words(call, words) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        call()
