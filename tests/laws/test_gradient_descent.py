"""Networks really trained: gradient descent converges to the trajectory at first order in its step size."""

import numpy as np
import pytest
from repdyn.numeric import Pair, Rates, State, trajectory

DX, DY_TARGET = np.array([0.8, -0.5, 0.3]), np.array([0.9, -0.4, 0.6])
X = np.stack([-DX / 2, DX / 2], axis=1)
Y = np.stack([-DY_TARGET / 2, DY_TARGET / 2], axis=1)
"""Two points as columns, centred; three inputs, three outputs."""

DURATION, MOMENTS = 32.0, 16
"""Step size times number of steps, and how often the network is looked at."""

ENCODER, DECODER = np.array([0.3, 0.1, -0.2]), np.array([0.2, 0.5, -0.3])


def of_width(n):
    """W1 and W2 of rank one along one direction u of the hidden space: D_y^T (dy - dy*) is parallel to dh."""
    u = np.random.default_rng(n).normal(size=n)
    u /= np.linalg.norm(u)
    return np.outer(u, ENCODER), np.outer(DECODER, u)


def state(W1, W2):
    hidden = W1 @ X
    outputs = W2 @ hidden
    return State.measured(hidden[:, 1] - hidden[:, 0], outputs[:, 1] - outputs[:, 0], DY_TARGET)


def trained(W1, W2, step_size):
    """The state at each moment of full-batch gradient descent on half the squared error, averaged over both points."""
    states = [state(W1, W2)]
    for _ in range(MOMENTS):
        for _ in range(round(DURATION / MOMENTS / step_size)):
            hidden = W1 @ X
            error = (W2 @ hidden - Y) / 2
            W1, W2 = W1 - step_size * W2.T @ error @ X.T, W2 - step_size * error @ hidden.T
        states.append(state(W1, W2))
    return np.array([[s.dh2, s.dy2, s.w] for s in states])


def predicted(start, step_size):
    steps = np.arange(MOMENTS + 1) * DURATION / MOMENTS / step_size
    path = trajectory(steps, start, Pair(DX @ DX, DY_TARGET @ DY_TARGET), Rates(step_size / 2, step_size / 2))
    return np.stack([path.dh2, path.dy2, path.w], axis=1)


@pytest.mark.parametrize("width", [1, 7])
def test_the_error_is_proportional_to_the_step_size(width) -> None:
    weights = of_width(width)
    errors = [
        np.abs(trained(*weights, step_size) - predicted(state(*weights), step_size)).max()
        for step_size in (0.2, 0.1, 0.05, 0.025)
    ]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert np.abs(orders - 1).max() < 0.1
    assert errors[-1] < 1e-2


def test_the_pair_moves_far_in_all_three_scalars() -> None:
    """What is compared is no small change: the pair learns its difference."""
    start, *_, end = trained(*of_width(1), 0.1)
    assert end[0] > 3 * start[0]
    assert end[1] > 50 * start[1]
    assert np.abs(end[2]) < 0.05 * np.abs(predicted(state(*of_width(1)), 0.1)[:, 2]).max()


def test_the_width_does_not_matter() -> None:
    np.testing.assert_allclose(trained(*of_width(7), 0.1), trained(*of_width(1), 0.1), rtol=1e-9)
