"""The collective theory in numbers: integrated matrices, descent and roots against what the derivation says."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
from repdyn.numeric import Pair, Rates, State, integrate, linearised_flow, trajectory
from repdyn.numeric.compiled import compile_matrices, compile_program
from repdyn.symbolic.data_sets import factored, flow, growth
from repdyn.symbolic.data_sets.end_state import MODE_END
from repdyn.symbolic.data_sets.modes import MODE_PAIR
from repdyn.symbolic.data_sets.notation import (
    P0,
    P1,
    P2,
    R0,
    R1,
    R2,
    D,
    E,
    F,
    H,
    K,
    N,
    Y,
    b,
    ones,
    rate_b,
    rate_h,
    rate_y,
)
from repdyn.symbolic.scalar_output.growing_rates import STEPS as GROWING_STEPS
from scipy.integrate import solve_ivp

CONSTANT, GROWING = (rate_h, rate_y, rate_b), (P0, P1, P2, R0, R1, R2, rate_b)
WORKED_OUT = (H, D, F, E, ones, *factored.PRODUCTS, N, growth.S1, growth.S2)


@cache
def compiled(growing):
    """The errors, the products and the flow, as code is made of them."""
    rates = factored.POWER_FLOW if growing else factored.MATRIX_FLOW
    results = {f"rate_of_{x}": rate for x, rate in rates.items()}
    return (
        compile_matrices("errors", (H, D, b, Y, ones), {"E": flow.ERROR}).bare,
        compile_matrices("products", (F, H, E), {str(x): value for x, value in factored.PRODUCTS.items()}).bare,
        compile_matrices("flow", (*WORKED_OUT, *(GROWING if growing else CONSTANT)), results).bare,
    )


def squared(errors):
    return errors


def log_cosh(errors):
    return np.tanh(errors)


def velocity(features, targets, rates, loss=squared):
    """The motion of H, D and b, by the factor of the kernel."""
    errors_of, products_of, move = compiled(len(rates) == len(GROWING))
    column = np.ones((len(features), 1))

    def moved(representations, decoder, bias):
        (errors,) = errors_of(representations, decoder, bias, targets, column)
        errors = loss(errors)
        products = products_of(features, representations, errors)
        first_order = products[-1] / len(features), np.eye(representations.shape[1])
        return move(representations, decoder, features, errors, column, *products, len(features), *first_order, *rates)

    return moved


def integrated(moved, start, times):
    """The matrices at the times, by an integrator."""
    shapes = [x.shape for x in start]
    at = np.cumsum([0, *(x.size for x in start)])

    def split(q):
        return [q[i:j].reshape(shape) for i, j, shape in zip(at[:-1], at[1:], shapes, strict=True)]

    found = solve_ivp(
        lambda _, q: np.concatenate([x.ravel() for x in moved(*split(q))]),
        (0, times[-1]),
        np.concatenate([x.ravel() for x in start]),
        "DOP853",
        times,
        rtol=1e-12,
        atol=1e-13,
    )
    assert found.success
    return [split(q) for q in found.y.T]


def drawn(seed, points=6, inputs=6, hidden=4, outputs=3, size=0.5):
    """Features, targets, and weights and decoder of some start."""
    rng = np.random.default_rng(seed)
    frame, _, other = np.linalg.svd(rng.normal(size=(points, inputs)), full_matrices=False)
    features = frame * rng.uniform(0.8, 1.5, len(other)) @ other
    targets = rng.normal(size=(points, outputs))
    weights = size * rng.normal(size=(inputs, hidden))
    return features, targets, weights, size * rng.normal(size=(outputs, hidden)), size * rng.normal(size=(outputs, 1))


def centred(features, targets):
    return features - features.mean(0), targets - targets.mean(0)


def power(matrix, exponent):
    """Of a symmetric matrix that is not negative; on its range, if the exponent is negative."""
    values, vectors = np.linalg.eigh(matrix)
    there = values > 1e-10 * values.max()
    return (vectors * np.where(there, np.where(there, values, 1.0) ** exponent, 0.0)) @ vectors.T


def mean(one, other, weight=0.5):
    """The weighted geometric mean as it is defined."""
    root, inverse = power(one, 0.5), power(one, -0.5)
    return root @ power(inverse @ other @ inverse, weight) @ root


def test_the_flow_is_the_steepest_descent_of_the_loss_by_the_weights() -> None:
    features, targets, weights, decoder, bias = drawn(0)
    rates = {"h": 0.3, "y": 0.7, "b": 0.4}

    def loss(w, d, c):
        return ((features @ w @ d.T + c.T - targets) ** 2).sum() / (2 * len(features))

    def slope(values, which, size=1e-6):
        found = np.empty_like(values[which])
        for at in np.ndindex(found.shape):
            step = np.zeros_like(found)
            step[at] = size
            up, down = ([x + k * step if i == which else x for i, x in enumerate(values)] for k in (1, -1))
            found[at] = (loss(*up) - loss(*down)) / (2 * size)
        return found

    by_weights = [-rate * slope((weights, decoder, bias), i) for i, rate in enumerate(rates.values())]
    found = velocity(features, targets, tuple(rates.values()))(features @ weights, decoder, bias)
    for one, other in zip(found, (features @ by_weights[0], *by_weights[1:]), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-8)


@pytest.mark.parametrize("growing", [False, True])
def test_nothing_as_large_as_the_kernel_is_formed_and_the_flow_is_the_same(growing) -> None:
    features, targets, weights, decoder, bias = drawn(1)
    representations, column = features @ weights, np.ones((6, 1))
    rates = (0.3, 0.2, 0.1, 0.7, 0.4, 0.5, 0.6) if growing else (0.3, 0.7, 0.6)
    dense = growth.GROWING_FLOW if growing else flow.MATRIX_FLOW
    names = GROWING if growing else CONSTANT
    results = {f"rate_of_{x}": rate for x, rate in dense.items()}
    errors = representations @ decoder.T + bias.T - targets
    made = compile_matrices("dense", (H, D, K, E, ones, N, *names), results).bare(
        representations, decoder, features @ features.T, errors, column, 6, *rates
    )
    for one, other in zip(velocity(features, targets, rates)(representations, decoder, bias), made, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)
    sizes = [set(x.shape) for rate in factored.POWER_FLOW.values() for x in rate.atoms(sp.MatrixSymbol)]
    assert {N} not in sizes


def test_without_growth_the_growing_flow_is_the_flow() -> None:
    none = {P0: rate_h, R0: rate_y, **dict.fromkeys((P1, P2, R1, R2), sp.S.Zero)}
    for x, rate in growth.GROWING_FLOW.items():
        assert sp.expand(rate.xreplace(none).doit()) == sp.expand(flow.MATRIX_FLOW[x])


@pytest.mark.parametrize("loss", [squared, log_cosh])
@pytest.mark.parametrize("inputs", [4, 6, 9])
def test_the_conserved_matrix_is(loss, inputs) -> None:
    features, targets, weights, decoder, bias = drawn(2, inputs=inputs)
    inverse = np.linalg.pinv(features @ features.T)
    path = integrated(
        velocity(features, targets, (0.3, 0.7, 0.2), loss), (features @ weights, decoder, bias), np.linspace(0, 60, 7)
    )
    found = [h.T @ inverse @ h / 0.3 - d.T @ d / 0.7 for h, d, _ in path]
    np.testing.assert_allclose(found, np.broadcast_to(found[0], np.shape(found)), atol=1e-10)
    assert np.abs(path[-1][1] - path[0][1]).max() > 0.1


def balanced(features, lam, rates, seed, outputs):
    """Weights and decoder with C = lam I (its part where there is a decoder or an encoder)."""
    rng = np.random.default_rng(seed)
    encoder_rate, decoder_rate = rates
    decoder = 0.4 * rng.normal(size=(outputs, outputs))
    square = encoder_rate * (lam * np.eye(outputs) + decoder.T @ decoder / decoder_rate)
    frame = np.linalg.qr(rng.normal(size=(features.shape[1], outputs)))[0]
    return frame @ power(square, 0.5), decoder


def test_a_small_start_ends_at_the_geometric_mean_of_kernel_and_targets() -> None:
    features, targets, *_ = drawn(3, points=6, inputs=6)
    kernel = features @ features.T
    weights, decoder = drawn(4, hidden=5, size=1e-5)[2:4]
    moved = velocity(features, targets, (0.3, 0.7, 0.0))  # no bias: it does not move
    middle, end = integrated(moved, (features @ weights, decoder, np.zeros((3, 1))), [120.0, 1500.0])
    expected = np.sqrt(0.3 / 0.7) * mean(kernel, targets @ targets.T)
    assert np.abs(end[0] @ end[0].T - expected).max() < 1e-6 * np.abs(expected).max()
    outputs = middle[0] @ middle[1].T
    assert np.abs(outputs - targets).max() > 0.1
    on_the_way = np.sqrt(0.3 / 0.7) * mean(kernel, outputs @ outputs.T)
    assert np.abs(middle[0] @ middle[0].T - on_the_way).max() < 1e-6 * np.abs(expected).max()
    small = power(targets.T @ np.linalg.inv(kernel) @ targets, -0.5)
    np.testing.assert_allclose(np.sqrt(0.3 / 0.7) * targets @ small @ targets.T, expected, atol=1e-8)


def test_with_a_bias_it_is_the_mean_of_the_centred_ones() -> None:
    features, targets = centred(*drawn(5, points=7, inputs=5)[:2])
    weights, decoder = balanced(features, 0.0, (0.3, 0.7), 6, 3)
    shift = np.array([[1.0, -2.0, 0.5]])
    moved = velocity(features, targets + shift, (0.3, 0.7, 0.2))
    (end,) = integrated(moved, (features @ weights, decoder, np.zeros((3, 1))), [1500.0])
    learnt = features @ np.linalg.pinv(features) @ targets  # what is in the range of the kernel
    expected = np.sqrt(0.3 / 0.7) * mean(features @ features.T, learnt @ learnt.T)
    assert np.abs(end[0] @ end[0].T - expected).max() < 1e-6 * np.abs(expected).max()
    np.testing.assert_allclose(end[2], shift.T, atol=1e-9)


@pytest.mark.parametrize("lam", [0.8, 0.0, -0.05])
def test_every_mode_ends_as_a_pair_does(lam) -> None:
    features, targets, *_ = drawn(7, points=5, inputs=5, outputs=3)
    weights, decoder = balanced(features, lam, (0.3, 0.7), 8, 3)
    moved = velocity(features, targets, (0.3, 0.7, 0.0))
    (end,) = integrated(moved, (features @ weights, decoder, np.zeros((3, 1))), [1500.0])
    root = power(features @ features.T, -0.5)
    strengths = np.linalg.svd(root @ targets, compute_uv=False)
    m2, d2 = compile_program("mode_end", MODE_END)(strengths, lam, 0.3, 0.7)
    np.testing.assert_allclose(np.linalg.svd(root @ end[0], compute_uv=False) ** 2, m2, rtol=1e-6)
    np.testing.assert_allclose(np.linalg.svd(end[1], compute_uv=False) ** 2, d2, rtol=1e-6)


def test_the_end_of_a_mode_is_accurate_where_one_side_is_far_ahead() -> None:
    end = compile_program("mode_end", MODE_END)
    for lam in (-1e8, -1.0, 0.0, 1.0, 1e8):
        m2, d2 = end(1e-3, lam, 0.3, 0.7)
        assert float(m2 * d2) == pytest.approx(1e-6, rel=1e-14)
        assert float(m2 / 0.3 - d2 / 0.7) == pytest.approx(lam, rel=1e-12, abs=1e-12)
    assert [float(x) for x in end(0.0, 0.0, 0.3, 0.7)] == [0, 0]
    assert [float(x) for x in end(0.0, -2.0, 0.3, 0.7)] == pytest.approx([0, 1.4])


def test_two_points_are_the_linearised_pair() -> None:
    rng = np.random.default_rng(9)
    dx, dy = rng.normal(size=3), rng.normal(size=2)
    encoder, decoder = rng.normal(size=(4, 3)), rng.normal(size=(2, 4))
    signs = np.array([[-0.5], [0.5]])
    times = np.array([0.0, 3.0, 10.0, 40.0])
    pair = linearised_flow(times, encoder, decoder, dx, dy, Rates(0.05, 0.1))
    moved = velocity(signs * dx, signs * dy + 3.0, (0.1, 0.2, 0.3))
    path = integrated(moved, (signs * dx @ encoder.T, decoder, np.zeros((2, 1))), times)
    for (representations, found, _), expected, D_y in zip(path, pair.dh, pair.D_y, strict=True):
        np.testing.assert_allclose(representations[1] - representations[0], expected, atol=1e-9)
        np.testing.assert_allclose(found, D_y, atol=1e-9)


def commuting(seed, modes=3):
    """Centred features and targets that share their modes, and an aligned start: strengths, and matrices."""
    rng = np.random.default_rng(seed)
    points = modes + 4
    without_mean = np.linalg.qr(np.column_stack([np.ones(points), rng.normal(size=(points, modes + 2))]))[0][:, 1:]
    u = without_mean[:, :modes]
    frames = [np.linalg.qr(rng.normal(size=(5, 5)))[0] for _ in range(2)]
    g, v = frames[0][:, :modes], frames[1][:, :modes]
    kappa, y = rng.uniform(0.5, 3.0, modes), rng.uniform(0.5, 2.0, modes)
    a, d = rng.normal(size=modes), rng.normal(size=modes)
    features = without_mean * np.sqrt(np.append(kappa, [0.7, 0.3]))
    return (kappa, y, a, d), (features, u * y @ v.T, u * a @ g.T, v * d @ g.T), (u, v, g, frames[1][:, modes:])


def test_commuting_modes_follow_the_exact_trajectory_of_a_pair_each() -> None:
    (kappa, y, a, d), (features, targets, representations, decoder), (u, v, g, beyond) = commuting(10)
    across = 0.6 * beyond[:, :1] @ g[:, :1].T  # of the first mode's decoder, across its target
    times = np.array([0.0, 2.0, 8.0, 30.0, 100.0])
    moved = velocity(features, targets + 1.0, (0.3, 0.7, 0.2))
    path = integrated(moved, (representations, decoder + across, np.zeros((5, 1))), times)
    points = len(features)
    for k in range(3):
        m, strength = a[k] / np.sqrt(kappa[k]), y[k] / np.sqrt(kappa[k])
        size2 = d[k] ** 2 + (0.36 if k == 0 else 0.0)
        start = State(m**2, m**2 * size2, m**2 * size2 - strength * m * d[k])
        clock = 2 * kappa[k] / points
        pair = trajectory(times, start, Pair(1.0, strength**2), Rates(0.3 * clock, 0.7 * clock))
        sides = [(u[:, k] @ h @ g[:, k] / np.sqrt(kappa[k]), dec @ g[:, k]) for h, dec, _ in path]
        np.testing.assert_allclose([one**2 for one, _ in sides], pair.dh2, rtol=1e-7)
        np.testing.assert_allclose([one**2 * other @ other for one, other in sides], pair.dy2, rtol=1e-7)
        np.testing.assert_allclose(
            [one * (other @ v[:, k]) * strength for one, other in sides], pair.dy2 - pair.w, 1e-7
        )


def test_growing_modes_follow_a_pair_with_growing_rates_each() -> None:
    (kappa, y, a, d), (features, targets, representations, decoder), (u, _, g, _) = commuting(11)
    rates = (0.3, 0.2, 0.4, 0.7, 0.1, 0.3)
    times = np.array([0.0, 2.0, 8.0, 30.0])
    path = integrated(velocity(features, targets, (*rates, 0.0)), (representations, decoder, np.zeros((5, 1))), times)
    constants = compile_program("mode_pair", MODE_PAIR)
    for k in range(3):
        dx2, rate, growth_h, rate_decoder, growth_y, dy2_target = map(
            float, constants(kappa[k], y[k], *rates, len(features))
        )
        product = a[k] * d[k]
        start = State(a[k] ** 2, product**2, product**2 - product * y[k])
        coefficients = {"rate_h": rate, "growth_h": growth_h, "rate_y": rate_decoder, "growth_y": growth_y}
        pair = integrate(times, start, Pair(dx2, dy2_target), coefficients, theory="growing_vectors")
        np.testing.assert_allclose([(u[:, k] @ h @ g[:, k]) ** 2 for h, *_ in path], pair.dh2, rtol=1e-6)


@pytest.mark.parametrize("loss", [squared, log_cosh])
def test_with_growth_the_determinants_keep_what_c_loses(loss) -> None:
    features, targets, weights, decoder, bias = drawn(12)
    rates = (0.3, 0.0, 0.8, 0.7, 0.4, 0.5, 0.2)
    inverse = np.linalg.pinv(features @ features.T)
    path = integrated(
        velocity(features, targets, rates, loss), (features @ weights, decoder, bias), np.linspace(0, 20, 5)
    )
    found, lost = [], []
    for h, d, _ in path:
        stretched = 0.3 * np.eye(4) + 0.8 / 6 * h.T @ inverse @ h
        slopes = 0.7 * np.eye(4) + 0.9 * d.T @ d
        found.append(6 / 0.8 * np.linalg.slogdet(stretched)[1] - np.linalg.slogdet(slopes)[1] / 0.9)
        lost.append(np.trace(h.T @ inverse @ h / 0.3 - d.T @ d / 0.7))
    np.testing.assert_allclose(found, found[0], atol=1e-9)
    assert np.ptp(lost) > 0.1


def test_whitened_inputs_keep_them_with_all_kinds_of_growth() -> None:
    features, targets, weights, decoder, bias = drawn(15)
    features = np.sqrt(1.7) * np.linalg.qr(features)[0][:, :5] @ np.eye(5, 6)
    rates = (0.3, 0.6, 0.8, 0.7, 0.4, 0.5, 0.2)
    path = integrated(velocity(features, targets, rates), (features @ weights, decoder, bias), np.linspace(0, 20, 5))
    growth_h, found = 0.8 + 1.7 * 0.6, []
    for h, d, _ in path:
        stretched = 0.3 * np.eye(4) + growth_h / 6 * h.T @ h / 1.7
        slopes = 0.7 * np.eye(4) + 0.9 * d.T @ d
        found.append(6 / growth_h * np.linalg.slogdet(stretched)[1] - np.linalg.slogdet(slopes)[1] / 0.9)
    np.testing.assert_allclose(found, found[0], atol=1e-9)
    assert np.abs(path[-1][1] - path[0][1]).max() > 0.1


def test_a_deep_encoder_moves_a_mode_at_the_rate_that_is_derived() -> None:
    """Three balanced layers, each moved by the gradient of its own weights."""
    (kappa, y, a, d), (features, targets, _, decoder), (u, _, g, _) = commuting(16)
    a, depth, eta, points = np.abs(a), 3, 0.2, len(features)
    inputs = np.linalg.pinv(features) @ u * np.sqrt(kappa)  # orthonormal: the features of each mode
    strengths = (a**2 / kappa) ** (1 / (2 * depth))
    frames = [inputs, *(np.linalg.qr(np.random.default_rng(k).normal(size=(5, 3)))[0] for k in (0, 1)), g]
    layers = [one * strengths @ other.T for one, other in pairwise(frames)]
    representations = features @ layers[0] @ layers[1] @ layers[2]
    np.testing.assert_allclose(representations, u * a @ g.T, atol=1e-12)
    back = (representations @ decoder.T - targets) / points @ decoder
    slopes = (
        features.T @ back @ layers[2].T @ layers[1].T,
        (features @ layers[0]).T @ back @ layers[2].T,
        (features @ layers[0] @ layers[1]).T @ back,
    )
    steps = [-eta * slope for slope in slopes]
    moved = (
        features @ steps[0] @ layers[1] @ layers[2]
        + features @ layers[0] @ steps[1] @ layers[2]
        + features @ layers[0] @ layers[1] @ steps[2]
    )
    (law,) = next(step for step in growth.STEPS if step.name == "modes_of_encoder").statement
    for k in range(3):
        known = {growth.layers: depth, growth.eta: eta, growth.kappa: kappa[k], growth.size: a[k]}
        expected = -float(law.rhs.subs(known)) / points * d[k] * (a[k] * d[k] - y[k])
        assert u[:, k] @ moved @ g[:, k] == pytest.approx(expected, rel=1e-10)


def test_where_both_maps_grow_alike_a_spectrum_is_kept() -> None:
    features, targets, weights, decoder, bias = drawn(13)
    rates = (0.3, 0.0, 0.8, 0.7, 0.0, 0.8 / 6, 0.2)
    inverse = np.linalg.pinv(features @ features.T)
    path = integrated(velocity(features, targets, rates), (features @ weights, decoder, bias), np.linspace(0, 20, 5))
    spectra = []
    for h, d, _ in path:
        stretched = 0.3 * np.eye(4) + 0.8 / 6 * h.T @ inverse @ h
        slopes = 0.7 * np.eye(4) + 0.8 / 6 * d.T @ d
        spectra.append(np.sort(np.linalg.eigvals(stretched @ np.linalg.inv(slopes)).real))
    np.testing.assert_allclose(spectra, np.broadcast_to(spectra[0], np.shape(spectra)), atol=1e-9)
    assert np.abs(path[-1][1] - path[0][1]).max() > 0.1


def test_layers_of_a_deep_linear_network_lie_on_the_geodesic() -> None:
    """Plain gradient descent from a small balanced start, with a rate for each layer."""
    rng = np.random.default_rng(14)
    features, rates = rng.normal(size=(8, 4)) / 2, np.array([0.02, 0.01, 0.03])
    targets = features @ rng.normal(size=(4, 4))
    layers = [0.3 * np.sqrt(rate / 0.02) * np.linalg.qr(rng.normal(size=(4, 4)))[0] for rate in rates]
    for _ in range(20_000):
        first, second, third = layers
        one, two = features @ first, features @ first @ second
        errors = (two @ third - targets) / len(features)
        back = errors @ third.T
        slopes = (features.T @ back @ second.T, one.T @ back, two.T @ errors)
        layers = [w - rate * slope for w, rate, slope in zip(layers, rates, slopes, strict=True)]
    assert np.abs(errors).max() < 1e-6
    kernel, found = features @ features.T, features
    for k in (1, 2):
        found = found @ layers[k - 1]
        scale = rates[:k].prod() * rates.prod() ** (-k / 3)
        expected = scale * mean(kernel, targets @ targets.T, k / 3)
        assert np.linalg.norm(found @ found.T - expected) < 2e-3 * np.linalg.norm(expected)


def test_modes_of_a_deep_encoder_grow_as_the_layers_of_a_pair_do() -> None:
    (ours,) = next(step for step in growth.STEPS if step.name == "modes_of_encoder").statement
    (pairs,) = next(step for step in GROWING_STEPS if step.name == "layers").statement
    depth, eta, length, pull = sp.symbols("k eta length pull", positive=True)
    names = {x.name: x for x in pairs.rhs.free_symbols}
    known = {names["k"]: depth, names["eta"]: eta, names["dh"]: length, names["pull"]: pull}
    mine = {growth.layers: depth, growth.eta: eta, growth.kappa: 1, growth.size: length}
    assert sp.simplify(pairs.rhs.subs(known) + pull * ours.rhs.subs(mine)) == 0
