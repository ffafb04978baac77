"""Two sequences really trained: gradient descent converges to the theories at first order in its step size."""

import numpy as np
import pytest
from repdyn.numeric import compile
from scipy.integrate import solve_ivp

TRAJECTORY, RHS = compile("recurrent"), compile("fixed_expansion", "rhs")

N, OUTPUTS, WIDTH = 3, 2, 4
"""Futures, outputs of each, and the width of the hidden state."""

DURATION, MOMENTS = 24.0, 12
"""Step size times number of steps, and how often the pair is looked at."""

STEP_SIZES = 0.1, 0.05, 0.025
RATES = {"h1": 0.5, "h2": 1.5, "b": 0.8, "y": 2.0}
"""Learning rates in units of the step size."""


def orders(errors):
    return np.log2(np.divide(errors[:-1], errors[1:]))


def descent(weights, gradients, rates, step_size, look):
    """What ``look`` says of the weights at each moment of gradient descent."""
    seen = [look(*weights)]
    for _ in range(MOMENTS):
        for _ in range(round(DURATION / MOMENTS / step_size)):
            moves = gradients(*weights)
            weights = [x - step_size * rate * g for x, rate, g in zip(weights, rates, moves, strict=True)]
        seen.append(look(*weights))
    return np.array(seen)


class Free:
    """Two free states; outputs linear about the mean of both: y = y_mean + D (h - (h1 + h2)/2)."""

    rates = RATES["h1"], RATES["h2"], RATES["y"], RATES["b"]

    def __init__(self, agreeing):
        draws = np.random.default_rng(3)
        self.target = draws.normal(size=(2, N, OUTPUTS))
        if agreeing:
            self.target[1] = self.target[0]
        line = draws.normal(size=WIDTH) / np.sqrt(WIDTH)
        h1 = draws.normal(size=WIDTH)
        self.start = [
            h1,
            h1 + 0.4 * line,
            draws.normal(size=(N, OUTPUTS, 1)) * line,  # the ansatz: D points where the two states differ
            draws.normal(size=(N, OUTPUTS)),
        ]

    def gradients(self, h1, h2, D, y_mean):
        middle = (h1 + h2) / 2
        errors = [y_mean + D @ (h - middle) - y for h, y in zip((h1, h2), self.target, strict=True)]
        pull = [np.einsum("iok,io->k", D, e) / (2 * N) for e in errors]
        by_D = sum(e[:, :, None] * (h - middle) for e, h in zip(errors, (h1, h2), strict=True)) / (2 * N)
        return (pull[0] - pull[1]) / 2, (pull[1] - pull[0]) / 2, by_D, sum(errors) / (2 * N)

    def look(self, h1, h2, D, y_mean):
        dh, dy, dy_target = h2 - h1, D @ (h2 - h1), self.target[1] - self.target[0]
        return dh @ dh, (dy**2).sum() / N, (dy * (dy - dy_target)).sum() / N

    def trained(self, step_size):
        return descent(self.start, self.gradients, self.rates, step_size, self.look)

    def predicted(self, step_size):
        dy2_target = ((self.target[1] - self.target[0]) ** 2).sum() / N
        steps = np.arange(MOMENTS + 1) * DURATION / MOMENTS / step_size
        rates = (step_size * RATES[x] for x in ("h1", "h2", "y"))
        return np.stack(TRAJECTORY(steps, *self.look(*self.start), dy2_target, *rates, N), axis=1)


@pytest.mark.parametrize("agreeing", [False, True])
def test_free_states_follow_the_recurrent_theory(agreeing) -> None:
    pair = Free(agreeing)
    errors = [np.abs(pair.trained(size) - pair.predicted(size)).max() for size in STEP_SIZES]
    assert np.abs(orders(errors) - 1).max() < 0.1
    path = pair.predicted(STEP_SIZES[-1])
    assert errors[-1] < 0.02 * np.ptp(path, axis=0).max()
    assert path[-1, 0] < 0.2 * path[0, 0] if agreeing else path[-1, 0] > 2 * path[0, 0]


class Line:
    """Two places on a line through a fixed point: y = b + h u."""

    rates = (np.array([RATES["h1"], RATES["h2"]]), RATES["b"], RATES["y"])

    def __init__(self):
        draws = np.random.default_rng(5)
        self.target = draws.normal(size=(2, N, OUTPUTS))
        self.start = [0.5 * draws.normal(size=2), *draws.normal(size=(2, N, OUTPUTS))]

    def gradients(self, h, b, u):
        errors = [b + h[a] * u - self.target[a] for a in (0, 1)]
        by_h = np.array([(e * u).sum() for e in errors])
        return by_h / (2 * N), sum(errors) / (2 * N), (h[0] * errors[0] + h[1] * errors[1]) / (2 * N)

    def look(self, h, b, u):
        y1, y2 = self.target
        pairs = (b, u), (b, y1), (b, y2), (b, b), (u, u), (y1, u), (y2, u)
        return *h, *((x * y).sum() / N for x, y in pairs)

    def trained(self, step_size):
        return descent(self.start, self.gradients, self.rates, step_size, self.look)

    def predicted(self, step_size):
        y1, y2 = self.target
        targets = ((x * y).sum() / N for x, y in ((y1, y1), (y2, y2), (y1, y2)))
        constants = (*targets, *(step_size * x for x in RATES.values()), N)
        steps = np.arange(MOMENTS + 1) * DURATION / MOMENTS / step_size
        path = solve_ivp(
            lambda t, q: RHS(t, *q, *constants),
            (0, steps[-1]),
            self.look(*self.start),
            "DOP853",
            steps,
            rtol=1e-10,
            atol=1e-12,
        )
        return path.y.T


def test_states_on_a_line_follow_the_nine_scalars() -> None:
    pair = Line()
    errors = [np.abs(pair.trained(size) - pair.predicted(size)).max() for size in STEP_SIZES]
    assert np.abs(orders(errors) - 1).max() < 0.1
    path = pair.predicted(STEP_SIZES[-1])
    assert errors[-1] < 0.02 * np.ptp(path, axis=0).max()
    assert (np.ptp(path, axis=0) > 0.1).all()
