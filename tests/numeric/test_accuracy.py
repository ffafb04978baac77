"""The closed form is as accurate as its inputs allow, over many decades of every one of them."""

from fractions import Fraction

import mpmath as mp
import numpy as np
import printed_theory
import pytest
from exact_flow import exact_flow
from repdyn.numeric import Pair, Rates, State, final_distance, trajectory

TINY = 1e-290
"""Below this, values run out of digits before they run out of range."""

DRAWS = 100


def allowed(value, sensitivity):
    """What an error may be: 1e-12 of the value, plus 30 times what a last place of the inputs changes."""
    return mp.mpf("1e-12") * value + 30 * sensitivity


def sensitivities(function, inputs):
    """What one unit in the last place of each input changes in each result, at most up or down, summed."""
    values = function(*inputs)
    total = [mp.mpf(0)] * len(values)
    for i, x in enumerate(inputs):
        if x != 0:
            moved = [function(*inputs[:i], float(np.nextafter(x, to)), *inputs[i + 1 :]) for to in (np.inf, -np.inf)]
            changes = [max(abs(up - v), abs(down - v)) for v, up, down in zip(values, *moved, strict=True)]
            total = [a + b for a, b in zip(total, changes, strict=True)]
    return values, total


def draw(rng):
    """One random problem: t, dh2, dy2, w, dx2, dy2_target, rate_h, rate_y."""

    def spread(decades):
        return float(10 ** rng.uniform(-decades / 2, decades / 2))

    dx2, rate_h, rate_y, dh2, dy2, dy2_target = spread(10), *(spread(20) for _ in range(5))
    dy2_target *= rng.random() > 0.15
    dy2 *= rng.random() > 0.1
    cosine = float(rng.choice([1, -1, rng.uniform(-1, 1)], p=[0.2, 0.2, 0.6]))
    # lambda = 0 to rounding. Together with dy antiparallel to dy* that is the separatrix, on which u is 0 to rounding
    # and the inputs do not determine the end: the two are kept apart. Nor is what is left of lambda a rate, by which
    # time could be counted: it is replaced by that of the decoder.
    balanced = cosine > -1 and rng.random() < 0.18
    if balanced:
        dy2 = dh2**2 * rate_y / (dx2 * rate_h)
    drift = dh2 * rate_y - (0 if balanced else dx2 * rate_h * dy2 / dh2)
    w = dy2 - cosine * float(np.sqrt(dy2 * dy2_target))
    while (Fraction(dy2) - Fraction(w)) ** 2 > Fraction(dy2) * Fraction(dy2_target):
        w = float(np.nextafter(w, dy2))
    speed = float(np.hypot(drift, 2 * np.sqrt(dx2 * rate_h * rate_y * dy2_target)) / 2)
    t = float(10 ** rng.uniform(-6, 3)) / speed * (rng.random() > 0.1)
    return t, dh2, dy2, w, dx2, dy2_target, rate_h, rate_y


def problems(seed):
    rng = np.random.default_rng(seed)
    return [draw(rng) for _ in range(DRAWS)]


def quantities(columns):
    dh2, dy2, w, dx2, dy2_target, rate_h, rate_y = columns
    return State(dh2, dy2, w), Pair(dx2, dy2_target), Rates(rate_h, rate_y)


def check_trajectory(seed):
    drawn = problems(seed)
    t, *columns = np.array(drawn).T
    with np.errstate(all="raise", under="ignore"):
        found = trajectory(t, *quantities(columns))
    for i, inputs in enumerate(drawn):
        exact, sensitivity = sensitivities(exact_flow, inputs)
        for name, size in (("dh2", exact.dh2), ("dy2", exact.dy2), ("w", exact.w_size)):
            value, which = getattr(found, name)[i], exact._fields.index(name)
            if size > TINY:
                error = abs(mp.mpf(value) - exact[which])
                assert error <= allowed(size, sensitivity[which]), (name, inputs, value)


def check_final_distance(seed):
    drawn = [inputs[1:] for inputs in problems(seed)]
    with np.errstate(all="raise", under="ignore"):
        found = final_distance(*quantities(np.array(drawn).T))

    def end(dh2, dy2, _, *rest):
        return [printed_theory.final_distance(*map(mp.mpf, (dh2, dy2, *rest)))]

    for inputs, value in zip(drawn, found, strict=True):
        with mp.workdps(300):
            (exact,), (sensitivity,) = sensitivities(end, inputs)
            assert abs(value - exact) <= allowed(exact, sensitivity), (inputs, value)


@pytest.mark.parametrize("seed", range(10))
def test_the_trajectory_is_as_accurate_as_its_inputs(seed) -> None:
    check_trajectory(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 110))
def test_the_trajectory_is_as_accurate_as_its_inputs_many_times(seed) -> None:
    check_trajectory(seed)


@pytest.mark.parametrize("seed", range(10))
def test_the_end_is_as_accurate_as_its_inputs(seed) -> None:
    check_final_distance(seed)


def test_the_draws_reach_every_kind_of_problem() -> None:
    t, dh2, dy2, w, dx2, dy2_target, rate_h, rate_y = np.array([p for seed in range(10) for p in problems(seed)]).T
    lam = dh2 / (dx2 * rate_h) - dy2 / (dh2 * rate_y)
    balanced = np.abs(lam) < 1e-12 * dh2 / (dx2 * rate_h)
    bound = np.sqrt(dy2 * dy2_target)
    on_bound = np.isclose(np.abs(dy2 - w), bound, rtol=1e-12, atol=0) & (bound > 0)
    kinds = (t == 0, dy2 == 0, dy2_target == 0, lam > 0, lam < 0, balanced, on_bound & (w < dy2), on_bound & (w > dy2))
    assert all(kind.sum() > 20 for kind in kinds)
    assert not (balanced & on_bound & (w > dy2)).any()
