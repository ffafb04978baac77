"""What the theories of two sequences say: which pairs merge, and which come apart first."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repdyn.numeric import Pair, Rates, compile, evolve, final_distance, trajectory
from repdyn.symbolic import theories
from scipy.integrate import solve_ivp
from starts import agreeing_pairs, all_pairs, differing_pairs, spread

TRAJECTORY, FINAL = compile("recurrent"), compile("recurrent", "final")
RHS, READOUT, INVARIANTS, LOSS = (compile("fixed_expansion", what) for what in ("rhs", "readout", "invariants", "loss"))

shares = st.floats(0.1, 0.9)
"""Of the first state in the sum of both rates."""

numbers_of_futures = st.integers(1, 50)


def of_sequences(drawn, share, futures):
    """The recurrent theory's constants of a two-point problem: dy2_target, rate_h1, rate_h2, rate_y, futures."""
    both = 2 * drawn.pair.dx2 * drawn.rates.h
    return drawn.pair.dy2, share * both, (1 - share) * both, 2 * futures * drawn.rates.y, futures


def start_of(drawn):
    return drawn.start.dh2, drawn.start.dy2, drawn.start.w


@given(all_pairs, shares, numbers_of_futures, st.floats(0, 5))
def test_two_sequences_are_two_points(drawn, share, futures, duration) -> None:
    t = duration * drawn.relaxation
    constants = of_sequences(drawn, share, futures)
    found = TRAJECTORY(t, *start_of(drawn), *constants)
    hidden, output = (constants[1] + constants[2]) / 2, constants[3] / (2 * futures)
    same = trajectory(t, drawn.start, Pair(1.0, drawn.pair.dy2), Rates(hidden, output))
    np.testing.assert_allclose(found, (same.dh2, same.dy2, same.w), rtol=1e-9, atol=1e-300)
    end, _ = FINAL(*start_of(drawn), *constants)
    wanted = final_distance(drawn.start, Pair(1.0, drawn.pair.dy2), Rates(hidden, output))
    assert end == pytest.approx(wanted, rel=1e-9)


@given(agreeing_pairs, shares, numbers_of_futures)
def test_agreeing_sequences_merge_if_and_only_if_the_outputs_dominate(drawn, share, futures) -> None:
    _, h1, h2, y, _ = constants = of_sequences(drawn, share, futures)
    dh2, dy2, _ = start_of(drawn)
    high = dh2 - futures * (h1 + h2) / y * dy2 / dh2
    end, _ = FINAL(*start_of(drawn), *constants)
    assert end == pytest.approx(max(high, 0), rel=1e-9, abs=1e-12 * (dh2 + abs(high)))


@given(differing_pairs(), shares, numbers_of_futures)
def test_sequences_that_differ_in_a_future_never_merge(drawn, share, futures) -> None:
    end, _ = FINAL(*start_of(drawn), *of_sequences(drawn, share, futures))
    assert end > 0


N, OUTPUTS = 3, 2
seeds = st.integers(0, 10**6)


class Line:
    """Two places h on a line, with b, u and targets of a few futures, drawn from a seed."""

    def __init__(self, seed, rates, agreeing=True, size_of_h=0.1):
        draws = np.random.default_rng(seed)
        self.h = size_of_h * draws.normal(size=2)
        self.b, self.u, *target = draws.normal(size=(4, N, OUTPUTS))
        self.y = (target[0], target[0]) if agreeing else tuple(target)
        self.rates = rates

    @property
    def scalars(self):
        b, u, (y1, y2) = self.b, self.u, self.y
        pairs = (b, u), (b, y1), (b, y2), (b, b), (u, u), (y1, u), (y2, u)
        return [*self.h, *((x * y).sum() / N for x, y in pairs)]

    @property
    def constants(self):
        y1, y2 = self.y
        return (*((x * y).sum() / N for x, y in ((y1, y1), (y2, y2), (y1, y2))), *self.rates, N)

    @property
    def invariant(self):
        r1, r2, _, ry = self.rates
        return self.h[0] ** 2 / r1 + self.h[1] ** 2 / r2 - (self.u**2).sum() / ry

    def path(self, t):
        """The nine scalars at the given times."""
        constants = self.constants
        solved = solve_ivp(
            lambda t, q: RHS(t, *q, *constants), (0, t[-1]), self.scalars, "LSODA", t, rtol=1e-10, atol=1e-13
        )
        assert solved.success
        return solved.y


TIMES = np.concatenate([[0], np.geomspace(1e-3, 400, 120)])
rates = st.tuples(*[spread(-1, 0.5)] * 4)


@settings(max_examples=25)
@given(seeds, rates)
def test_agreeing_states_of_equal_rates_never_come_apart(seed, drawn) -> None:
    pair = Line(seed, (drawn[0], drawn[0], *drawn[2:]), size_of_h=1.0)
    h1, h2, *_ = pair.path(TIMES)
    assert (np.diff((h2 - h1) ** 2) <= 1e-9 * (h2 - h1)[0] ** 2).all()


@settings(max_examples=25)
@given(seeds, rates, st.floats(2, 10))
def test_agreeing_states_of_unequal_rates_first_diverge_and_then_merge(seed, drawn, ratio) -> None:
    """Two states in the same place, with I < 0: they come apart at the derived speed, and merge in the end."""
    pair = Line(seed, (drawn[0], ratio * drawn[0], *drawn[2:]))
    pair.h[1] = pair.h[0]
    assert pair.invariant < 0
    h1, h2, *_ = pair.path(TIMES)
    distance = np.abs(h2 - h1)
    error = pair.b + pair.h[0] * pair.u - pair.y[0]
    speed = (1 - ratio) * drawn[0] * (error * pair.u).sum() / N / 2
    assert (h2 - h1)[1] == pytest.approx(speed * TIMES[1], rel=0.2)
    assert distance.max() > 10 * distance[1]
    assert distance[-1] < 1e-2 * distance.max()
    assert 0 < np.argmax(distance) < len(TIMES) - 1


@settings(max_examples=25)
@given(seeds, rates)
def test_states_about_the_middle_with_equal_rates_are_the_recurrent_theory(seed, drawn) -> None:
    pair = Line(seed, (drawn[0], drawn[0], *drawn[2:]), agreeing=False, size_of_h=1.0)
    pair.h = np.array([-1, 1]) * pair.h[0]
    pair.b = (pair.y[0] + pair.y[1]) / 2
    t = TIMES[:80]
    readout = np.array(READOUT(*pair.path(t), *pair.constants))
    start = readout[:, 0]
    dy2_target = ((pair.y[1] - pair.y[0]) ** 2).sum() / N
    found = TRAJECTORY(t, *start, dy2_target, drawn[0], drawn[0], drawn[3], N)
    np.testing.assert_allclose(readout, found, atol=1e-6 * np.abs(found).max())


@settings(max_examples=10)
@given(seeds, rates)
def test_the_packages_integrator_goes_the_same_way(seed, drawn) -> None:
    pair = Line(seed, drawn, agreeing=False, size_of_h=1.0)
    theory = theories()["fixed_expansion"]
    start = dict(zip(map(str, theory.states), pair.scalars, strict=True))
    constants = dict(zip(map(str, theory.parameters), pair.constants, strict=True))
    found = np.stack(list(evolve(theory, TIMES, start, constants).values()))
    expected = pair.path(TIMES)
    np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())


@settings(max_examples=25)
@given(seeds, rates)
def test_what_is_conserved_is_and_the_loss_falls(seed, drawn) -> None:
    pair = Line(seed, drawn, agreeing=False, size_of_h=1.0)
    path = pair.path(TIMES)
    (invariant,) = INVARIANTS(TIMES, *path, *pair.constants)
    np.testing.assert_allclose(invariant, pair.invariant, atol=1e-7 * np.abs(path).max() ** 2 / min(drawn))
    (loss,) = LOSS(*path, *pair.constants[:3])
    assert (np.diff(loss) <= 1e-9 * loss[0]).all()
