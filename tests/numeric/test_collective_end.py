"""Where a data set ends and where on the way a layer stands, against networks trained by gradient descent."""

import re

import numpy as np
import pytest
from linear_network import activations, descend, drawn, task
from repdyn.numeric import (
    Kernel,
    Pair,
    Rates,
    State,
    final_distance,
    final_distances,
    final_gram,
    geometric_mean_factor,
    linear_kernel,
    place_on_geodesic,
)

X, Y = task(0)
EQUAL = Rates(1.0, 1.0)


def apart(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def test_a_network_that_starts_small_ends_there() -> None:
    rates = (1.0, 0.25)
    weights, _ = descend(drawn(1, (8, 10, 4), 1e-2), X, Y, 0.1, 8000, rates=rates)
    hidden = X @ weights[0]
    assert apart(hidden @ hidden.T, final_gram(linear_kernel(X), Y, Rates(*rates), bias=False)) < 2e-3


@pytest.mark.parametrize("conserved", [0.7, -0.7])
def test_a_balanced_network_ends_where_its_modes_do(conserved) -> None:
    """Its hidden units are as many as its outputs: all that moves is what the targets say."""
    rate_h, rate_y = 1.0, 0.5
    turn, side = (np.linalg.qr(np.random.default_rng(i).normal(size=(8, 4)))[0] for i in (1, 2))
    encoder = turn * np.sqrt(max(conserved, 0.0) * rate_h)
    decoder = side[:4] @ np.linalg.inv(np.linalg.qr(side[:4])[1]) * np.sqrt(max(-conserved, 0.0) * rate_y)
    weights, _ = descend([encoder, decoder], X, Y, 0.04, 20_000, rates=(rate_h, rate_y))
    assert np.abs(X @ weights[0] @ weights[1] - Y).max() < 1e-4
    hidden = X @ weights[0]
    expected = final_gram(linear_kernel(X), Y, Rates(rate_h, rate_y), conserved=conserved, bias=False)
    assert apart(hidden @ hidden.T, expected) < 5e-3
    assert apart(expected, final_gram(linear_kernel(X), Y, Rates(rate_h, rate_y), bias=False)) > 0.1


@pytest.mark.parametrize("dh2", [0.01, 2.0])
def test_of_two_points_it_is_the_end_of_the_pair(dh2) -> None:
    x, y = np.random.default_rng(3).normal(size=(2, 2, 4))
    dx2, dy2 = ((z[1] - z[0]) @ (z[1] - z[0]) for z in (x, y))
    rates, out2 = Rates(0.3, 0.7), 0.04
    conserved = dh2 / (dx2 * rates.h) - out2 / dh2 / rates.y
    start = State(dh2, out2, out2 - np.sqrt(out2 * dy2))
    expected = final_distance(start, Pair(dx2, dy2), Rates(rates.h / 2, rates.y / 2))
    found = final_distances(linear_kernel(x), y, rates, conserved=conserved)
    np.testing.assert_allclose(found, [[0, expected], [expected, 0]], rtol=1e-9)


def test_distances_and_products_are_of_the_same_points() -> None:
    shown = [3, 0, 7]
    gram, squares = (f(linear_kernel(X), Y, EQUAL, shown=shown) for f in (final_gram, final_distances))
    np.testing.assert_allclose(squares, np.diag(gram)[:, None] + np.diag(gram) - 2 * gram, atol=1e-12)
    np.testing.assert_allclose(squares, final_distances(linear_kernel(X), Y, EQUAL)[np.ix_(shown, shown)], atol=1e-12)


def test_it_follows_what_the_points_do() -> None:
    order = np.random.default_rng(0).permutation(len(X))
    expected = final_distances(linear_kernel(X), Y, EQUAL)
    np.testing.assert_allclose(
        final_distances(linear_kernel(X[order]), Y[order], EQUAL), expected[np.ix_(order, order)], atol=1e-10
    )
    np.testing.assert_allclose(final_distances(linear_kernel(X + 2), Y - 1, EQUAL), expected, atol=1e-10)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    np.testing.assert_allclose(final_distances(linear_kernel(X), Y @ turn, EQUAL), expected, atol=1e-10)
    np.testing.assert_allclose(final_distances(linear_kernel(3 * X), 5 * Y, EQUAL), 15 * expected, atol=1e-10)
    np.testing.assert_allclose(final_distances(linear_kernel(X), Y, Rates(4.0, 1.0)), 2 * expected, atol=1e-10)


def test_a_lazy_start_ends_on_the_kernel_itself() -> None:
    kernel = Kernel(np.random.default_rng(0).normal(size=(6, 3)))
    targets = kernel.factor * [1.0, 2.0, 3.0]
    found = final_gram(kernel, targets, EQUAL, conserved=1e4, bias=False)
    np.testing.assert_allclose(found, 1e4 * kernel.matrix(), rtol=1e-6, atol=1e-2)


def test_layers_that_start_small_stand_where_their_number_says() -> None:
    weights, _ = descend(drawn(1, (8, 10, 10, 10, 4), 0.08), X, Y, 0.1, 25_000)
    for k, hidden in enumerate(activations(weights, X)[1:-1], 1):
        place = place_on_geodesic(hidden, linear_kernel(X), Y)
        assert place.weight == pytest.approx(k / 4, abs=0.02)
        assert place.interval[0] <= k / 4 <= place.interval[1]
        assert place.interval[1] - place.interval[0] < 0.05
        assert place.correlation > 0.999
        assert place.scale == pytest.approx(1.0, abs=0.03)


def test_the_interval_covers_the_place_of_networks_that_start_less_small() -> None:
    inside = []
    for seed in range(8):
        x, y = task(seed)
        weights, _ = descend(drawn(seed, (8, 12, 12, 4), 0.3), x, y, 0.1, 2500)
        for k, hidden in enumerate(activations(weights, x)[1:-1], 1):
            low, high = place_on_geodesic(hidden, linear_kernel(x), y).interval
            inside.append(low <= k / 3 <= high)
    assert np.mean(inside) >= 0.85


@pytest.mark.parametrize("weight", [0.0, 0.35, 1.0])
def test_a_layer_on_the_geodesic_is_found_there(weight) -> None:
    factor = geometric_mean_factor(linear_kernel(X), Y, weight)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    place = place_on_geodesic(3 * factor @ turn + 1, linear_kernel(X), Y)
    assert place.weight == pytest.approx(weight, abs=1e-4)
    assert place.scale == pytest.approx(9.0, rel=1e-3)
    assert place.correlation == pytest.approx(1.0, abs=1e-7)
    assert place.interval[1] - place.interval[0] < 1e-3


def test_a_layer_far_from_the_geodesic_has_no_narrow_place() -> None:
    place = place_on_geodesic(np.random.default_rng(0).normal(size=(40, 30)), linear_kernel(X), Y)
    assert place.interval == (0.0, 1.0)
    assert place.correlation < 0.6


KERNEL = linear_kernel(X)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: final_gram(X, Y, EQUAL), "kernel must be of type Kernel, got array("),
        (lambda: final_gram(KERNEL, Y[:3], EQUAL), "targets must be of the kernel's 40 points, got 3"),
        (lambda: final_gram(KERNEL, Y, Rates([1.0, 2.0], 1.0)), "rates must be numbers, one of each for a whole data"),
        (lambda: final_gram(KERNEL, Y, EQUAL, conserved=np.inf), "conserved must be finite, got inf"),
        (lambda: final_gram(KERNEL, Y, EQUAL, bias=1), "bias must be True or False, got 1"),
        (lambda: final_gram(KERNEL, 0 * Y, EQUAL), "targets must be such that the kernel can express a part of them"),
        (
            lambda: final_gram(KERNEL, Y + 1, EQUAL, shown=[40]),
            "shown must be numbers of points, whole and from 0 to 3",
        ),
        (lambda: final_distances(KERNEL, Y, EQUAL, shown=[0.0]), "of shape (m,), got [0.0]"),
        (lambda: final_distances(KERNEL, Y * np.nan, EQUAL), "targets must be finite numbers of shape (points, val"),
        (lambda: place_on_geodesic(np.ones((40, 3)), KERNEL, Y), "hidden must tell points apart, got the same repres"),
        (lambda: place_on_geodesic(X * np.nan, KERNEL, Y), "hidden must be finite numbers of shape (points, values)"),
        (lambda: place_on_geodesic(X[:4], KERNEL, Y), "hidden must be of the kernel's 40 points, got 4"),
        (lambda: place_on_geodesic(X, KERNEL, Y[:, :1]), "kernel and targets must differ in more than their scale"),
        (lambda: place_on_geodesic(Y, KERNEL, 2 * X + 3), "Gram matrices that are proportional: no place between them"),
    ],
)
def test_it_is_refused_in_words(call, words) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        call()
