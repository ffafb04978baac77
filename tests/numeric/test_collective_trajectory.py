"""The trajectory of a whole data set, against networks, against the pair and against its own laws."""

import re
from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linear_network import activations, descend, drawn, task
from repdyn.numeric import (
    CollectiveRates,
    CollectiveState,
    Kernel,
    Rates,
    State,
    collective_trajectory,
    final_gram,
    linear_kernel,
    linearised_flow,
    tangent_kernel,
)
from scipy.integrate import solve_ivp

seeds = st.integers(0, 10**6)
few = settings(max_examples=8)
GROWING = CollectiveRates(0.6, 0.4, 0.3, 0.5, 0.2, 0.3, 0.4)
TIMES = np.linspace(0, 12, 7)


def random(seed, points=12, inputs=3, hidden=5, outputs=2, size=0.4):
    """A start of no particular kind, a kernel of a low rank, and targets."""
    draws = np.random.default_rng(seed)
    start = CollectiveState(
        size * draws.normal(size=(points, hidden)),
        size * draws.normal(size=(outputs, hidden)),
        draws.normal(size=outputs),
    )
    return start, Kernel(draws.normal(size=(points, inputs))), draws.normal(size=(points, outputs))


def with_all_points(start, kernel, targets, rates):
    """The flow written out with matrices of points by points; the maps at TIMES."""
    K, N, shapes = kernel.matrix(), len(kernel), [x.shape for x in vars(start).values()]
    cuts = np.cumsum([int(np.prod(s)) for s in shapes])[:-1]
    P0, R0, B, P1, P2, R1, R2, p1, p2 = astuple(rates)

    def power(M, p):
        values, vectors = np.linalg.eigh(M)
        return (vectors * np.maximum(values, 0) ** p) @ vectors.T

    def moving(_, q):
        H, D, b = (x.reshape(s) for x, s in zip(np.split(q, cuts), shapes, strict=True))
        E = H @ D.T + b - targets
        felt = E @ D
        dH = P0 * K @ felt + P1 * K @ felt @ power(H.T @ H / N, p1) + P2 * power(H @ H.T / N, p2) @ felt
        dD = R0 * E.T @ H + R1 * (D @ D.T) @ E.T @ H + R2 * E.T @ H @ (D.T @ D)
        return -np.concatenate([x.ravel() for x in (dH, dD, B * E.sum(0))]) / N

    q = np.concatenate([x.ravel() for x in vars(start).values()])
    found = solve_ivp(moving, (0, TIMES[-1]), q, "DOP853", TIMES, rtol=1e-11, atol=1e-12).y.T
    return [CollectiveState(*(x.reshape(s) for x, s in zip(np.split(q, cuts), shapes, strict=True))) for q in found]


def assert_alike(one, other, atol=1e-7):
    for name in vars(one):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=atol)


def as_array(state: State):
    return np.stack([state.dh2, state.dy2, state.w])


@pytest.mark.parametrize(
    ("points", "inputs", "rank", "rates"),
    [
        (30, 3, (9, 5), GROWING),
        (4, 6, (4, 5), GROWING),
        (3, 2, (3, 5), GROWING),
        (30, 3, (9, 5), replace(GROWING, p1=0.6, p2=0.4)),
        (30, 3, (9, 5), replace(GROWING, p2=2.0)),
    ],
)
def test_it_is_the_flow_of_all_points_in_fewer_coordinates(points, inputs, rank, rates) -> None:
    given = random(0, points, inputs)
    path = collective_trajectory(TIMES, *given, rates)
    assert path.rank == rank
    for k, state in enumerate(with_all_points(*given, rates)):
        assert_alike(path[k], state)
        np.testing.assert_allclose(path.outputs(k), state.outputs, atol=1e-7)


def test_hidden_units_that_start_alike_are_one() -> None:
    start, kernel, targets = random(0)
    wide = CollectiveState(np.repeat(start.hidden, 20, axis=1), np.repeat(start.decoder, 20, axis=1) / 20, start.bias)
    path = collective_trajectory(TIMES, wide, kernel, targets, GROWING)
    assert path.rank == (9, 5)
    assert_alike(path[0], wide, 1e-12)


def network(weights, bias, x, y, lr, steps):
    """As a state, with an encoder's bias that is the last input's weight."""
    weights, bias = descend(weights, x, y, lr, steps, bias)
    return CollectiveState(x @ weights[0], weights[1].T, bias)


def test_a_two_layer_network_follows_it_at_first_order_in_its_step_size() -> None:
    x, y = task(0)
    x, y = np.hstack([x + 0.5, np.ones((40, 1))]), y + 0.3
    weights, bias = drawn(1, (9, 6, 4), 0.7), np.array([0.1, 0.0, -0.2, 0.3])
    start = network(weights, bias, x, y, 0.0, 0)
    errors = []
    for lr in (0.04, 0.02, 0.01):
        steps = round(8 / lr)
        path = collective_trajectory(
            [0, steps / 2, steps], start, linear_kernel(x[:, :8], 1.0), y, CollectiveRates(lr, lr, lr)
        )
        end = network(weights, bias, x, y, lr, steps)
        errors.append(max(np.abs(getattr(path[-1], name) - value).max() for name, value in vars(end).items()))
    assert np.abs(np.log2(np.divide(errors[:-1], errors[1:])) - 1).max() < 0.1
    assert errors[-1] < 1e-2


@few
@given(seeds)
def test_of_two_points_it_is_the_flow_of_the_pair(seed) -> None:
    draws = np.random.default_rng(seed)
    D_h, D_y = 0.5 * draws.normal(size=(5, 4)), 0.5 * draws.normal(size=(3, 5))
    dx, dy_target = draws.normal(size=4), draws.normal(size=3)
    x, y = np.outer([-0.5, 0.5], dx), np.outer([-0.5, 0.5], dy_target)
    start = CollectiveState(x @ D_h.T, D_y, np.zeros(3))
    for bias in (0.0, 0.3):
        path = collective_trajectory(TIMES, start, linear_kernel(x), y, CollectiveRates(0.4, 0.6, bias))
        pair = linearised_flow(TIMES, D_h, D_y, dx, dy_target, Rates(0.2, 0.3))
        np.testing.assert_allclose(as_array(path.states([[0, 1]]))[..., 0], as_array(pair.state), atol=1e-7)


@few
@given(seeds)
def test_what_is_derived_to_be_conserved_is(seed) -> None:
    start, kernel, targets = random(seed)
    within = kernel.factor @ start.hidden[:3]  # what an encoder makes of its features
    start, rates = CollectiveState(within, start.decoder, start.bias), CollectiveRates(0.6, 0.4, 0.2)
    path = collective_trajectory(TIMES, start, kernel, targets, rates)
    inverse = np.linalg.pinv(kernel.matrix(), hermitian=True)
    conserved = [s.hidden.T @ inverse @ s.hidden / rates.h - s.decoder.T @ s.decoder / rates.y for s in path]
    np.testing.assert_allclose(conserved, np.broadcast_to(conserved[0], (7, 5, 5)), atol=1e-7)


def test_what_the_kernel_does_not_reach_stays() -> None:
    start, kernel, targets = random(0)
    path = collective_trajectory(TIMES, start, kernel, targets, CollectiveRates(0.6, 0.4, 0.2))
    across = np.eye(12) - kernel.factor @ np.linalg.pinv(kernel.factor)
    np.testing.assert_allclose(across @ path[-1].hidden, across @ start.hidden, atol=1e-10)
    assert np.abs(path[-1].hidden - start.hidden).max() > 0.1


def test_it_ends_where_a_small_start_leads_with_an_error_of_the_square_of_its_size() -> None:
    x, strengths = np.linalg.qr(np.random.default_rng(0).normal(size=(20, 3)))[0] * 5, [1.0, 1.5, 2.0]
    y = x @ np.array([[1.0, 0.2, 0.0], [0.0, 1.0, 0.3], [0.5, 0.0, 1.0]]) * strengths
    weights, kernel, rates = drawn(2, (3, 5, 3), 1.0), linear_kernel(x), (0.8, 0.5)
    expected = final_gram(kernel, y, Rates(*rates), bias=False)
    errors = []
    for size in (2e-3, 1e-3, 5e-4):
        start = CollectiveState(size * x @ weights[0], size * weights[1].T, np.zeros(3))
        path = collective_trajectory([0, 50, 100], start, kernel, y, CollectiveRates(*rates))
        np.testing.assert_allclose(path.outputs(-1), y, atol=1e-8)
        errors.append(np.linalg.norm(path.gram(-1) - expected) / np.linalg.norm(expected))
    assert errors[-1] < 1e-4
    assert np.abs(np.log2(np.divide(errors[:-1], errors[1:])) - 2).max() < 0.1


@few
@given(seeds)
def test_two_times_in_turn_are_their_sum(seed) -> None:
    start, kernel, targets = random(seed)
    whole = collective_trajectory(TIMES, start, kernel, targets, GROWING)
    rest = collective_trajectory(TIMES[:4], whole[3], kernel, targets, GROWING)
    assert_alike(rest[3], whole[6])


@few
@given(seeds)
def test_it_follows_what_the_points_do_and_does_not_depend_on_axes(seed) -> None:
    start, kernel, targets = random(seed)
    path = collective_trajectory(TIMES, start, kernel, targets, GROWING)
    draws = np.random.default_rng(seed)
    order = draws.permutation(12)
    moved = CollectiveState(start.hidden[order], start.decoder, start.bias)
    other = collective_trajectory(TIMES, moved, Kernel(kernel.factor[order]), targets[order], GROWING)
    np.testing.assert_allclose(other.gram(-1), path.gram(-1, order), atol=1e-7)
    units, outputs = (np.linalg.qr(draws.normal(size=(n, n)))[0] for n in (5, 2))
    turned = CollectiveState(start.hidden @ units, outputs.T @ start.decoder @ units, outputs.T @ start.bias)
    other = collective_trajectory(TIMES, turned, kernel, targets @ outputs, GROWING)
    np.testing.assert_allclose(other.gram(-1), path.gram(-1), atol=1e-7)
    np.testing.assert_allclose(other.outputs(-1), path.outputs(-1) @ outputs, atol=1e-7)
    np.testing.assert_allclose(other[-1].hidden, path[-1].hidden @ units, atol=1e-7)


def test_a_unit_of_time_is_one_of_rates() -> None:
    start, kernel, targets = random(0)
    one = collective_trajectory(TIMES, start, kernel, targets, GROWING)
    slow = CollectiveRates(*(x / 10 for x in astuple(GROWING)[:-2]))
    assert_alike(collective_trajectory(10 * TIMES, start, kernel, targets, slow)[-1], one[-1])


def three_layers(weights, x, y, rates, time):
    """What gradient flow makes of the second layer and the outputs, at a time."""
    shapes = [w.shape for w in weights]
    cuts = np.cumsum([int(np.prod(s)) for s in shapes])[:-1]

    def matrices(q):
        return [w.reshape(s) for w, s in zip(np.split(q, cuts), shapes, strict=True)]

    def moving(_, q):
        now = matrices(q)
        after, _ = descend(now, x, y, 1.0, 1, rates=rates)
        return np.concatenate([(a - w).ravel() for a, w in zip(after, now, strict=True)])

    q = np.concatenate([w.ravel() for w in weights])
    found = solve_ivp(moving, (0, time), q, "DOP853", rtol=1e-10, atol=1e-12).y[:, -1]
    return activations(matrices(found), x)[2:]


def test_an_encoder_of_two_layers_grows_as_it_says_to_the_next_order() -> None:
    """Its second layer is an orthogonal map times the root of ``large``, its first starts at 0: balanced but for that.

    With white inputs its tangent kernel is then ``large + H^T H/(N large)`` in the space of the representations and
    ``H H^T/large`` among the points.
    """
    draws = np.random.default_rng(0)
    x = np.linalg.qr(draws.normal(size=(16, 4)))[0] * 4.0
    y = 0.5 * x @ draws.normal(size=(4, 2))
    turn, decoder = np.linalg.qr(draws.normal(size=(4, 4)))[0], 0.7 * draws.normal(size=(4, 2))
    apart = {"constant": [], "growing": []}
    for large in (4.0, 8.0):
        rates, time = (1.0, 1.0, large), 1.5 / large
        hidden, outputs = three_layers([np.zeros((4, 4)), np.sqrt(large) * turn, decoder], x, y, rates, time)
        growth = {"constant": {}, "growing": {"h1": 1 / large, "h2": 16 / large}}
        for name, more in growth.items():
            start = CollectiveState(np.zeros((16, 4)), decoder.T, np.zeros(2))
            moving = CollectiveRates(large, large, **more)
            path = collective_trajectory([0, time / 2, time], start, linear_kernel(x), y, moving)
            off = [np.linalg.norm(path[-1].hidden - hidden), np.linalg.norm(path.outputs(-1) - outputs)]
            apart[name].append(max(off))
    orders = {name: np.log2(errors[0] / errors[1]) for name, errors in apart.items()}
    assert orders["constant"] == pytest.approx(2, abs=0.3)
    assert orders["growing"] == pytest.approx(4, abs=0.5)
    assert apart["growing"][-1] < 0.1 * apart["constant"][-1]


def test_an_encoder_of_two_balanced_layers_on_white_inputs_grows_with_the_root() -> None:
    draws = np.random.default_rng(1)
    x = np.linalg.qr(draws.normal(size=(16, 4)))[0] * 4.0
    y = 0.5 * x @ draws.normal(size=(4, 2))
    left, sizes, right = np.linalg.svd(0.5 * draws.normal(size=(4, 4)))
    first, second = (left * np.sqrt(sizes)) @ right, (right.T * np.sqrt(sizes)) @ right
    decoder = 0.7 * draws.normal(size=(4, 2))
    hidden, outputs = three_layers([first, second, decoder], x, y, (1.0, 1.0, 1.0), 2.0)
    # K is N times a projection: (H^T H/N)^(1/2) is that of the weights, and (H H^T/N)^(1/2) counts N times.
    moving = CollectiveRates(0.0, 1.0, h1=1.0, h2=16.0, p1=0.5, p2=0.5)
    start = CollectiveState(x @ first @ second, decoder.T, np.zeros(2))
    path = collective_trajectory([0, 1, 2], start, linear_kernel(x), y, moving)
    np.testing.assert_allclose(path[-1].hidden, hidden, atol=1e-7)
    np.testing.assert_allclose(path.outputs(-1), outputs, atol=1e-7)
    assert np.linalg.norm(path[-1].hidden - path[0].hidden) > 0.5


def test_what_it_tells_of_some_points_is_of_those_points() -> None:
    given = random(0)
    path = collective_trajectory(TIMES, *given, GROWING)
    shown, pairs = [7, 2, 5], np.array([[7, 2], [5, 7], [3, 3]])
    hidden, outputs, targets = path[4].hidden, path.outputs(4), given[2]
    np.testing.assert_allclose(path.gram(4, shown), hidden[shown] @ hidden[shown].T, atol=1e-12)
    np.testing.assert_allclose(path.outputs(4, shown), outputs[shown], atol=1e-12)
    states = path.states(pairs)
    assert states.dh2.shape == (7, 3)
    dh, dy, dt = (x[pairs[:, 1]] - x[pairs[:, 0]] for x in (hidden, outputs, targets))
    np.testing.assert_allclose(as_array(states)[:, 4], as_array(State.measured(dh, dy, dt)), atol=1e-12)
    squares = path.distances(4, shown)
    np.testing.assert_allclose(squares[[0, 2], [1, 0]], states.dh2[4, :2], atol=1e-12)
    assert len(path) == 7
    assert_alike(path[0], given[0], 1e-12)


def test_many_points_cost_no_matrix_of_them() -> None:
    draws = np.random.default_rng(0)
    x, y = draws.normal(size=(20_000, 6)), draws.normal(size=(20_000, 3))
    start = CollectiveState(0.1 * x @ draws.normal(size=(6, 8)), 0.1 * draws.normal(size=(3, 8)), np.zeros(3))
    path = collective_trajectory([0, 5, 10], start, linear_kernel(x), y, CollectiveRates(0.1, 0.1, 0.1))
    assert path.rank == (15, 8)
    assert path.states([[0, 19_999]]).dh2.shape == (3, 1)


def test_progress_is_told_to_the_end() -> None:
    told = []
    collective_trajectory(TIMES, *random(0), GROWING, told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("size", [1e100, 1e200])
def test_what_leaves_the_numbers_is_no_trajectory(size) -> None:
    with pytest.raises(ArithmeticError, match="the integrator gave up at t = "):
        collective_trajectory(TIMES, START, KERNEL, size * TARGETS, GROWING)


def test_an_integration_that_never_arrives_says_so(monkeypatch) -> None:
    monkeypatch.setattr("repdyn.numeric.runge_kutta.MOST_STEPS", 5)
    with pytest.raises(ArithmeticError, match=r"gave up at t = .* of 1e\+06: it took 5 steps; .* shorter time"):
        collective_trajectory([0, 1, 1e6], *random(0), GROWING)


def test_a_kernel_of_a_network_is_taken() -> None:
    x, y = task(0)
    start = CollectiveState(np.zeros((40, 3)), np.eye(4)[:, :3], np.zeros(4))
    path = collective_trajectory([0, 1, 50], start, tangent_kernel(x, 2, "erf"), y, CollectiveRates(1.0, 1.0, 1.0))
    losses = [np.mean((path.outputs(k) - y) ** 2) for k in range(3)]
    assert losses == sorted(losses, reverse=True)


START, KERNEL, TARGETS = random(0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: CollectiveRates(0.0, 1.0),
            "h must be finite and positive where h1 and h2 are 0, in 1/(training step), got 0.0",
        ),
        (lambda: CollectiveRates(1.0, 1.0, -1.0), "b must be finite and not negative, in 1/(training step), got -1.0"),
        (lambda: CollectiveRates(1.0, 1.0, p1=0.0), "p1 must be finite and positive, got 0.0"),
        (lambda: CollectiveRates(1.0, 1.0, y2=np.nan), "y2 must be finite and not negative, in 1/(training step), got"),
        (
            lambda: CollectiveState(np.eye(2), np.eye(3), np.zeros(3)),
            "shapes must be hidden (N, n), decoder (c, n) and",
        ),
        (lambda: CollectiveState(np.eye(2), np.eye(2), np.zeros(3)), "got hidden (2, 2), decoder (2, 2), bias (3,)"),
        (lambda: CollectiveState(np.eye(2), np.full((2, 2), np.inf), np.zeros(2)), "decoder must be finite, got"),
        (lambda: collective_trajectory([0, 2, 1], START, KERNEL, TARGETS, GROWING), "t must increase from each sample"),
        (
            lambda: collective_trajectory(TIMES, START, KERNEL, TARGETS[:3], GROWING),
            "targets must be of the kernel's 12",
        ),
        (
            lambda: collective_trajectory(TIMES, START, KERNEL, TARGETS[:, :1], GROWING),
            "start must be of the kernel's 12 points and of 1 outputs like the targets, got hidden (12, 5) and decoder",
        ),
        (lambda: collective_trajectory(TIMES, START, KERNEL, TARGETS, Rates(1.0, 1.0)), "rates must be of type Coll"),
        (lambda: collective_trajectory(TIMES, START.hidden, KERNEL, TARGETS, GROWING), "start must be of type Collec"),
        (
            lambda: collective_trajectory(TIMES, START, KERNEL, TARGETS, GROWING, 1),
            "progress must be a function of the",
        ),
        (lambda: PATH.gram(7), "k must be the number of a time, from -7 to 6, got 7"),
        (lambda: PATH.gram(-8), "k must be a whole number of at least -7, got -8"),
        (lambda: PATH.outputs(0, [12]), "points must be numbers of points, whole and from 0 to 11, of shape (m,), got"),
        (lambda: PATH.states([0, 1]), "pairs must be numbers of points, whole and from 0 to 11, of shape (m, 2), got"),
        (lambda: PATH.states([[0, 1, 2]]), "pairs must be of two points each, shape (m, 2), got shape (1, 3)"),
    ],
)
def test_it_is_refused_in_words(call, words) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        call()


PATH = collective_trajectory(TIMES, START, KERNEL, TARGETS, GROWING)
