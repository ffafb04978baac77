"""Kernels of encoders: what they are, what a factor leaves out, what is refused."""

import re

import numpy as np
import pytest
from repdyn.numeric import Kernel, arc_cosine_kernel, kernel_of, kernels, linear_kernel, tangent_kernel
from scipy.integrate import quad
from scipy.special import erf

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 5))
NONLINEARITIES = {
    "linear": (lambda x: x, np.ones_like),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.2 * x), lambda x: np.where(x > 0, 1.0, 0.2)),
    "erf": (erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2))),
}


def gaussian(x1, x2):
    return np.exp(-((x1[:, None] - x2) ** 2).sum(-1) / 20)


def two_moments(function, first, both, second):
    """E f(u) f(v) of normal numbers with these second moments, in polar coordinates."""
    root = np.linalg.cholesky([[first, both], [both, second]])

    def along(angle):
        u, v = root @ [np.cos(angle), np.sin(angle)]
        return quad(lambda r: function(r * u) * function(r * v) * r * np.exp(-(r**2) / 2), 0, 12)[0]

    kinks = [a for row in root for a in (np.arctan2(row[0], -row[1]) % np.pi + np.array([0, np.pi]))]
    return quad(along, 0, 2 * np.pi, points=kinks, epsabs=1e-10)[0] / (2 * np.pi)


@pytest.mark.parametrize("name", NONLINEARITIES)
def test_the_moments_behind_a_nonlinearity_are_its_integrals(name) -> None:
    x = np.array([[1.0, 0.3], [-0.4, 0.9]])
    K = tangent_kernel(x, 0, weight_variance=1.4, bias_variance=0.1).matrix()
    np.testing.assert_allclose(K, 0.7 * x @ x.T + 0.1)
    function, slope = NONLINEARITIES[name]
    for i, j in ((0, 1), (0, 0)):
        numbers = K[i, i], K[i, j] * (1 - 1e-12), K[j, j]
        behind, slopes = (two_moments(f, *numbers) for f in (function, slope))
        found = tangent_kernel(x, 1, name, weight_variance=1.4, bias_variance=0.1, slope=0.2).matrix()
        assert found[i, j] == pytest.approx(1.4 * behind + 0.1 + 1.4 * slopes * K[i, j], rel=1e-5)


@pytest.mark.parametrize("name", ["relu", "erf"])
def test_the_tangent_kernel_is_that_of_a_wide_network(name) -> None:
    """Of two hidden layers, all of whose gradients are written out."""
    function, slope = NONLINEARITIES[name]
    x, width, variance = X[:4], 1000, 1.7
    found = np.zeros((4, 4))
    for seed in range(4):
        draws = np.random.default_rng(seed)
        first, second, last = (draws.normal(size=s) for s in ((width, 5), (width, width), (1, width)))
        a = np.sqrt(variance / 5) * x @ first.T
        b = np.sqrt(variance / width) * function(a) @ second.T
        back = np.sqrt(variance / width) * last * slope(b)
        further = np.sqrt(variance / width) * back @ second * slope(a)
        found += variance / width * function(b) @ function(b).T
        found += variance / width * (back @ back.T) * (function(a) @ function(a).T)
        found += variance / 5 * (further @ further.T) * (x @ x.T)
    expected = tangent_kernel(x, 2, name, weight_variance=variance).matrix()
    np.testing.assert_allclose(found / 4, expected, atol=0.05 * np.abs(expected).max())


def test_a_linear_network_has_a_linear_kernel_times_its_depth() -> None:
    found = tangent_kernel(X, 3, "linear", weight_variance=1.0).matrix()
    np.testing.assert_allclose(found, 4 * X @ X.T / 5, atol=1e-12)


def test_a_leak_of_one_is_linear_and_of_none_is_rectified() -> None:
    for slope, name in ((1.0, "linear"), (0.0, "relu")):
        one = tangent_kernel(X, 2, "leaky_relu", slope=slope).matrix()
        np.testing.assert_allclose(one, tangent_kernel(X, 2, name).matrix(), atol=1e-12)


@pytest.mark.parametrize("degree", [0, 1, 2])
def test_the_arc_cosine_kernel_is_that_of_random_features(degree) -> None:
    x = X[:3]
    draws = np.random.default_rng(1).normal(size=(200_000, 5)) @ x.T
    features = np.heaviside(draws, 0.0) * draws**degree
    expected = 2 * features.T @ features / len(features)
    found = arc_cosine_kernel(x, degree=degree).matrix()
    np.testing.assert_allclose(found, expected, atol=0.03 * np.abs(expected).max())


def test_the_arc_cosine_kernel_of_two_layers_is_that_of_the_features_of_one() -> None:
    once = arc_cosine_kernel(X)
    np.testing.assert_allclose(arc_cosine_kernel(X, 2).matrix(), arc_cosine_kernel(once.factor).matrix(), atol=1e-12)


def test_rectified_layers_without_biases_keep_lengths_and_are_homogeneous() -> None:
    np.testing.assert_allclose(np.diag(arc_cosine_kernel(X, 3).matrix()), (X**2).sum(1))
    np.testing.assert_allclose(tangent_kernel(3 * X, 2).matrix(), 9 * tangent_kernel(X, 2).matrix(), atol=1e-10)


@pytest.mark.parametrize("make", [linear_kernel, arc_cosine_kernel, lambda x: tangent_kernel(x, 2, "erf")])
def test_a_kernel_does_not_depend_on_the_axes_of_the_inputs_nor_on_the_order_of_points(make) -> None:
    turn, order = np.linalg.qr(RNG.normal(size=(5, 5)))[0], RNG.permutation(12)
    K = make(X).matrix()
    np.testing.assert_allclose(make(X @ turn).matrix(), K, atol=1e-10)
    np.testing.assert_allclose(make(X[order]).matrix(), K[np.ix_(order, order)], atol=1e-10)
    assert make(X).residual == 0.0


def test_the_linear_kernel_has_no_more_columns_than_points() -> None:
    wide = RNG.normal(size=(4, 30))
    for bias in (0.0, 0.5):
        kernel = linear_kernel(wide, bias)
        np.testing.assert_allclose(kernel.matrix(), wide @ wide.T + bias, atol=1e-12)
        assert kernel.rank == 4
    np.testing.assert_array_equal(linear_kernel(wide.reshape(4, 5, 6)).factor, linear_kernel(wide).factor)


def test_a_measured_kernel_is_held_whole_or_by_its_largest_eigenvectors() -> None:
    K = gaussian(X, X)
    values = np.linalg.eigvalsh(K)[::-1]
    np.testing.assert_allclose(Kernel.from_matrix(K).matrix(), K, atol=1e-12)
    part = Kernel.from_matrix(K, rank=3)
    assert part.residual == pytest.approx(values[3:].sum() / values.sum())
    assert np.linalg.norm(K - part.matrix(), 2) == pytest.approx(values[3])


@pytest.fixture
def pivoted(monkeypatch) -> None:
    monkeypatch.setattr(kernels, "WHOLE", 5)


@pytest.mark.usefixtures("pivoted")
def test_of_many_points_a_factor_is_made_from_columns() -> None:
    x = np.random.default_rng(2).normal(size=(150, 3))
    K = gaussian(x, x)
    asked = []

    def function(x1, x2):
        asked.append(len(x1) * len(x2))
        return gaussian(x1, x2)

    for rank in (10, 40):
        kernel = kernel_of(function, x, rank)
        left = K - kernel.matrix()
        assert kernel.residual == pytest.approx(np.trace(left) / 150, rel=1e-6)
        assert np.linalg.eigvalsh(left).min() > -1e-10
        assert np.linalg.norm(left, 2) <= np.trace(left) * (1 + 1e-9)
    assert max(asked) < 150 * 150 / 2
    assert kernel.residual < 1e-3
    exact = kernel_of(lambda x1, x2: x1 @ x2.T, x)
    assert (exact.rank, exact.residual) == (3, 0.0)
    np.testing.assert_allclose(exact.matrix(), x @ x.T, atol=1e-10)


@pytest.mark.usefixtures("pivoted")
def test_of_many_points_what_is_no_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match=r"function must be positive semidefinite, got -3 left of a point's kernel"):
        kernel_of(lambda x1, x2: np.where(x1 == x2.T, 1.0, 2.0), np.arange(8.0)[:, None])
    with pytest.raises(ValueError, match="function must be positive of a point with itself, got -1"):
        kernel_of(lambda x1, x2: -np.ones((len(x1), len(x2))), X)


def test_modes_are_the_eigenvectors_of_the_kernel() -> None:
    kernel = Kernel(RNG.normal(size=(9, 3)) @ RNG.normal(size=(3, 6)))
    vectors, values = kernel.modes
    assert values.size == 3
    np.testing.assert_allclose(vectors * values @ vectors.T, kernel.matrix(), atol=1e-12)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(3), atol=1e-12)


def test_a_centred_kernel_does_not_see_a_shift() -> None:
    one, other = (linear_kernel(x).centred.matrix() for x in (X, X + 3.0))
    np.testing.assert_allclose(one, other, atol=1e-10)
    np.testing.assert_allclose(one.sum(0), 0, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Kernel([1.0]), "factor must be finite numbers of shape (points, rank), got shape (1,)"),
        (lambda: Kernel([[np.nan]]), "factor must be finite numbers of shape (points, rank), got shape (1, 1)"),
        (lambda: Kernel([[1.0]], 1.5), "residual must be a share, from 0 to 1, got 1.5"),
        (lambda: Kernel.from_matrix(np.ones((2, 3))), "matrix must be square, of shape (points, points), got"),
        (lambda: Kernel.from_matrix([[1.0, 0.5], [0.2, 1.0]]), "matrix must be finite and symmetric"),
        (lambda: Kernel.from_matrix([[1.0, 2.0], [2.0, 1.0]]), "matrix must be positive semidefinite, got the eigen"),
        (lambda: Kernel.from_matrix(np.zeros((2, 2))), "matrix must be a kernel of points that is not 0, got shape"),
        (lambda: Kernel.from_matrix(np.eye(2), 0), "rank must be a whole number of at least 1, got 0"),
        (lambda: Kernel(np.ones((3, 1))).centred, "kernel must tell points apart, got one that is the same number"),
        (lambda: linear_kernel([1.0]), "inputs must be finite numbers of shape (points, values), got shape (1,)"),
        (lambda: linear_kernel(X, -1.0), "bias must be finite and not negative, got -1.0"),
        (lambda: linear_kernel(np.zeros((2, 2))), "inputs must not all be 0 where there is no bias"),
        (lambda: kernel_of(3.0, X), "function must be a function of two sets of points, got 3.0"),
        (lambda: kernel_of(lambda x1, x2: np.ones(3), X), "function must return finite numbers of shape (12, 12) for"),
        (lambda: arc_cosine_kernel(X, 0), "depth must be a whole number of at least 1, got 0"),
        (lambda: arc_cosine_kernel(X, 1, 3), "degree must be 0, 1 or 2, got 3"),
        (lambda: tangent_kernel(X, 1, "tanh"), "linear, relu, leaky_relu, erf, got 'tanh'; erf(sqrt(pi) x/2) is near"),
        (lambda: tangent_kernel(X, 1, "gelu"), "got 'gelu'; kernel_of takes a kernel of your own"),
        (lambda: tangent_kernel(X, 1, weight_variance=0.0), "weight_variance must be positive and bias_variance not"),
        (lambda: tangent_kernel(X, 1, slope=np.inf), "slope must be finite, got inf"),
    ],
)
def test_it_is_refused_in_words(call, words) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        call()
