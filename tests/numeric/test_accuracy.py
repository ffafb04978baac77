"""The closed form is as accurate as its inputs allow, over many decades of every one of them."""

from functools import cache

import mpmath as mp
import numpy as np
import printed_theory
import pytest
from accuracy import TINY, allowed, draw, sensitivities
from exact_flow import exact_flow
from repdyn.numeric import Pair, Rates, State, final_distance, trajectory
from tools import find

DRAWS = 100


def problems(seed):
    rng = np.random.default_rng(seed)
    return [draw(rng) for _ in range(DRAWS)]


def quantities(columns):
    dh2, dy2, w, dx2, dy2_target, rate_h, rate_y = columns
    return State(dh2, dy2, w), Pair(dx2, dy2_target), Rates(rate_h, rate_y)


@cache
def exact_flows(seed):
    return [sensitivities(exact_flow, inputs) for inputs in problems(seed)]


def check_trajectory(seed, backend="numpy"):
    drawn = problems(seed)
    t, *columns = np.array(drawn).T
    with np.errstate(all="raise", under="ignore"):
        found = trajectory(t, *quantities(columns), backend=backend)
    for i, (inputs, (exact, sensitivity)) in enumerate(zip(drawn, exact_flows(seed), strict=True)):
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


@pytest.mark.parametrize("seed", range(3))
def test_the_trajectory_in_c_is_as_accurate_as_its_inputs(seed) -> None:
    find("cc")
    check_trajectory(seed, "c")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 110))
def test_the_trajectory_is_as_accurate_as_its_inputs_many_times(seed) -> None:
    check_trajectory(seed)
    find("cc")
    check_trajectory(seed, "c")


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
