"""The area of a pair with one output, and the slope that it implies: against the vectors themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import floats
from repdyn.numeric import Pair, Rates, State, evolve, final_distance
from repdyn.numeric.gram import gram_determinant, squared_slope
from repdyn.numeric.path import follow
from repdyn.numeric.rich import rich_rate
from starts import spread

vectors = arrays(float, 3, elements=floats(0.1, 2) | floats(-2, -0.1))


@given(vectors, vectors)
def test_the_area_and_the_slope_are_those_of_the_two_vectors(dh, b) -> None:
    dh2, b2, f = dh @ dh, b @ b, dh @ b
    area = np.sum(np.cross(dh, b) ** 2)
    assert gram_determinant(dh2, f**2, b2) == pytest.approx(area, rel=1e-9, abs=1e-12 * dh2 * b2)
    assert squared_slope(dh2, f**2, area) == pytest.approx(b2, rel=1e-9)


@given(spread(-2, 2), spread(-2, 2), spread(-2, 2), spread(-3, 0))
def test_a_pair_that_forgets_its_start_ends_where_its_rates_say(end, dx2, dy2, rate_y) -> None:
    rates = Rates(float(rich_rate(end, dx2, dy2, rate_y)), rate_y)
    assert final_distance(State(1e-9 * end, 0.0, 0.0), Pair(dx2, dy2), rates) == pytest.approx(end, rel=1e-6)


@pytest.mark.parametrize("theory", ["scalar_output", "growing_rates"])
def test_any_theory_is_followed_from_what_is_measured(theory) -> None:
    t, pair, rates = np.linspace(0, 50, 6), Pair(1.0, 0.49), {"rate_h": 0.01, "rate_y": 0.02, "gram": 1e-3}
    dh2, f = 0.1, 0.2
    path = follow(t, State(dh2, f**2, f * (f - 0.7)), pair, rates, theory)
    values = {"dx2": 1.0, "dy2_target": 0.49, "growth_h": 0.0, "growth_y": 0.0, **rates}
    names = ["dx2", "dy2_target", *rates] + ["growth_h", "growth_y"] * (theory == "growing_rates")
    start = {"dh2": dh2, "b2": float(squared_slope(dh2, f**2, 1e-3)), "f": f}
    states = evolve(theory, t, start, {name: values[name] for name in names})
    np.testing.assert_allclose(path.dh2, states["dh2"], rtol=1e-7)
    np.testing.assert_allclose(path.dy2, states["f"] ** 2, rtol=1e-7)
