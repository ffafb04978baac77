"""The flow of encoder and decoder as matrices, where no ansatz is needed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repdyn.numeric import Pair, Rates, State, linearised_flow, trajectory

RATES = Rates(0.02, 0.05)
TIMES = np.concatenate([[0], np.geomspace(0.1, 300, 60)])
seeds = st.integers(0, 10**6)
few = settings(max_examples=15)


def random_matrices(seed, outputs=3, hidden=5, inputs=4, size=0.5):
    """D_h, D_y, dx and dy_target of no particular kind."""
    draws = np.random.default_rng(seed)
    D_h, D_y = size * draws.normal(size=(hidden, inputs)), size * draws.normal(size=(outputs, hidden))
    return D_h, D_y, draws.normal(size=inputs), draws.normal(size=outputs)


def satisfying_the_ansatz(seed):
    """dh is parallel to D_y^T dy and to D_y^T dy*; across it and across dx the matrices are what they are."""
    D_h, D_y, dx, dy_target = random_matrices(seed)
    direction, other = np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 2)))[0].T
    along_dx = np.outer(direction * 0.4, dx) / (dx @ dx)
    B = D_y[:, 0]
    across = np.cross(B, dy_target)
    return (
        D_h - np.outer(D_h @ dx, dx) / (dx @ dx) + along_dx,
        np.outer(B, direction) + np.outer(across, other),
        dx,
        dy_target,
    )


def as_array(state):
    return np.stack(np.broadcast_arrays(state.dh2, state.dy2, state.w))


@few
@given(seeds)
def test_under_the_ansatz_it_is_the_trajectory(seed) -> None:
    flow = linearised_flow(TIMES, *satisfying_the_ansatz(seed), RATES)
    assert flow.departure < 1e-8
    assert np.nanmax(flow.sine) < 1e-5


def test_otherwise_it_departs_from_it() -> None:
    flow = linearised_flow(TIMES, *random_matrices(1), RATES)
    assert flow.departure > 0.05
    assert flow.sine[0] > 0.1


def trained(D_h, D_y, dx, dy_target, step_size, steps):
    """Two centred points, full-batch gradient descent on half the squared error, averaged over both."""
    X, Y = np.stack([-dx, dx], axis=1) / 2, np.stack([-dy_target, dy_target], axis=1) / 2
    for _ in range(steps):
        hidden = D_h @ X
        error = (D_y @ hidden - Y) / 2
        D_h, D_y = D_h - step_size * D_y.T @ error @ X.T, D_y - step_size * error @ hidden.T
    return D_h, D_y


def test_a_two_layer_network_follows_it_at_first_order_in_its_step_size() -> None:
    start = random_matrices(2)
    errors = []
    for step_size in (0.1, 0.05, 0.025):
        steps = round(20 / step_size)
        D_h, D_y = trained(*start, step_size, steps)
        flow = linearised_flow([0, steps / 2, steps], *start, Rates(step_size / 2, step_size / 2))
        errors.append(max(np.abs(flow.D_h[-1] - D_h).max(), np.abs(flow.D_y[-1] - D_y).max()))
    assert np.abs(np.log2(np.divide(errors[:-1], errors[1:])) - 1).max() < 0.1
    assert errors[-1] < 1e-2


@few
@given(seeds)
def test_what_is_derived_to_be_conserved_is(seed) -> None:
    D_h, D_y, dx, dy_target = random_matrices(seed)
    flow = linearised_flow(TIMES, D_h, D_y, dx, dy_target, RATES)
    hidden = np.einsum("ti,tj->tij", flow.dh, flow.dh) / (dx @ dx * RATES.h)
    conserved = hidden - np.einsum("tmi,tmj->tij", flow.D_y, flow.D_y) / RATES.y
    np.testing.assert_allclose(
        conserved, np.broadcast_to(conserved[0], conserved.shape), atol=1e-8 * np.abs(hidden).max()
    )
    across = np.eye(dx.size) - np.outer(dx, dx) / (dx @ dx)
    np.testing.assert_allclose(flow.D_h @ across, np.broadcast_to(D_h @ across, flow.D_h.shape), atol=1e-12)
    np.testing.assert_allclose(flow.D_h @ dx, flow.dh, atol=1e-12)


@few
@given(seeds)
def test_with_one_output_the_area_of_dh_and_the_decoder_is_conserved(seed) -> None:
    flow = linearised_flow(TIMES, *random_matrices(seed, outputs=1), RATES)
    b = flow.D_y[:, 0]
    area = flow.state.dh2 * (b * b).sum(1) - (flow.dh * b).sum(1) ** 2
    np.testing.assert_allclose(area, area[0], rtol=1e-7)


@few
@given(seeds)
def test_with_one_output_it_is_the_closed_form_that_knows_that_area(seed) -> None:
    D_h, D_y, dx, dy_target = start = random_matrices(seed, outputs=1)
    flow = linearised_flow(TIMES, *start, RATES)
    dh, b = D_h @ dx, D_y[0]
    numbers = {"rate_h": RATES.h, "rate_y": RATES.y, "gram": (dh @ dh) * (b @ b) - (dh @ b) ** 2}
    pair = Pair(dx @ dx, dy_target @ dy_target)
    exact = trajectory(TIMES, flow.state[0], pair, numbers, theory="scalar_output")
    np.testing.assert_allclose(as_array(flow.state), as_array(exact), rtol=1e-7, atol=1e-8)


@few
@given(seeds)
def test_with_one_output_the_end_is_the_printed_one(seed) -> None:
    """With A = dh2 - rho |b|^2 at the start, b the whole of the decoder's gradient."""
    D_h, D_y, dx, dy_target = start = random_matrices(seed, outputs=1)
    rho = dx @ dx * RATES.h / RATES.y
    dh, b = D_h @ dx, D_y[0]
    A = dh @ dh - rho * b @ b
    end = A / 2 + np.sqrt(A**2 / 4 + rho * dy_target @ dy_target + rho * ((dh @ dh) * (b @ b) - (dh @ b) ** 2))
    slowest = 1 / (RATES.y * np.sqrt(A**2 / 4 + rho * dy_target @ dy_target))
    flow = linearised_flow(np.array([0, 30, 60]) * slowest, *start, RATES)
    assert flow.state.dh2[-1] == pytest.approx(end, rel=1e-7)
    assert flow.state.dy2[-1] == pytest.approx(dy_target @ dy_target, rel=1e-6)


@few
@given(seeds)
def test_rotating_the_hidden_space_changes_nothing(seed) -> None:
    D_h, D_y, dx, dy_target = start = random_matrices(seed)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 5)))[0]
    one, other = (linearised_flow(TIMES, *x, RATES) for x in (start, (turn @ D_h, D_y @ turn.T, dx, dy_target)))
    np.testing.assert_allclose(as_array(one.state), as_array(other.state), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(one.dh @ turn.T, other.dh, atol=1e-8)
    assert one.departure == pytest.approx(other.departure, rel=1e-6)
    both = np.isfinite(one.sine) & np.isfinite(other.sine)
    np.testing.assert_allclose(one.sine[both], other.sine[both], atol=1e-5)


@few
@given(seeds)
def test_the_loss_falls(seed) -> None:
    *_, dy_target = start = random_matrices(seed)
    flow = linearised_flow(TIMES, *start, RATES)
    loss = (2 * flow.state.w - flow.state.dy2 + dy_target @ dy_target) / 8
    assert (np.diff(loss) <= 1e-12 * loss[0]).all()
    assert loss[-1] < 0.1 * loss[0]


def test_what_is_learnt_has_no_direction_left() -> None:
    flow = linearised_flow([0, 1000, 1e4], *random_matrices(0), RATES)
    assert np.isfinite(flow.sine[0])
    assert np.isnan(flow.sine[-1])


def test_its_state_is_measured_on_its_matrices() -> None:
    *_, dy_target = start = random_matrices(0)
    flow = linearised_flow(TIMES, *start, RATES)
    dy = (flow.D_y @ flow.dh[:, :, None])[:, :, 0]
    measured = State.measured(flow.dh, dy, np.broadcast_to(dy_target, dy.shape))
    np.testing.assert_allclose(as_array(flow.state), as_array(measured), rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(flow.D_y[0], start[1])


D_H, D_Y, DX, DY_TARGET = random_matrices(0)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"D_y": D_Y.T},
            r"shapes must be D_h \(n, d\), D_y \(m, n\), dx \(d,\) and dy_target \(m,\), got D_h \(5, 4\)",
        ),
        ({"dx": DX[:2]}, r"shapes must be D_h \(n, d\).*dx \(2,\)"),
        ({"dy_target": DY_TARGET[:, None]}, r"shapes must be D_h \(n, d\).*dy_target \(3, 1\)"),
        ({"D_h": np.full((5, 4), np.nan)}, "D_h must be finite, got nan"),
        ({"D_h": np.zeros((5, 4))}, r"the initial dh2 must be positive, got 0\.0"),
        (
            {"rates": Rates([0.1, 0.2], 0.1)},
            "rates must be numbers, one pair of them for one pair of points, got arrays",
        ),
        ({"t": [0, 2, 1]}, "t must increase from each sample to the next"),
        (
            {"dx": np.array(DX) * 1e200},
            r"a squared distance must be 0 or a number from .* about 1e200 apart; give them",
        ),
        (
            {"dy_target": np.array(DY_TARGET) * 1e-200},
            r"a squared distance must be 0 or a number from .* in another unit",
        ),
    ],
)
def test_what_does_not_fit_is_refused(changed, words) -> None:
    arguments = {"t": TIMES, "D_h": D_H, "D_y": D_Y, "dx": DX, "dy_target": DY_TARGET, "rates": RATES}
    with pytest.raises(ValueError, match=words):
        linearised_flow(**arguments | changed)


def test_an_integration_that_never_arrives_says_so(monkeypatch) -> None:
    monkeypatch.setattr("repdyn.numeric.runge_kutta.MOST_STEPS", 100)
    with pytest.raises(ArithmeticError, match=r"gave up at t = .* of 1e\+09: it took 100 steps; .* shorter time"):
        linearised_flow([0, 1, 1e9], D_H, D_Y, DX, DY_TARGET, RATES)
