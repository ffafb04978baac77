"""Final distances of all points, each pair as if it were alone."""

import numpy as np
import pytest
from repdyn.numeric import Pair, Rates, State, final_distance, squared_distances
from repdyn.numeric.end_states import end_table

RATES = {"rate_h": 3e-3, "rate_y": 2e-2}


def test_every_two_points_end_where_the_pair_theory_says():
    rng = np.random.default_rng(0)
    h, x, y, t = (rng.normal(size=(6, n)) for n in (4, 3, 2, 2))
    t[5] = t[4]  # two that agree
    found = end_table(squared_distances(h), squared_distances(x), y, t, RATES, "two_point")
    for i in range(6):
        assert found[i, i] == 0
        for j in range(i):
            dh, dx, dy, dt = (z[j] - z[i] for z in (h, x, y, t))
            start = State(float(dh @ dh), float(dy @ dy), float(dy @ dy - dy @ dt))
            expected = final_distance(start, Pair(float(dx @ dx), float(dt @ dt)), Rates(*RATES.values()))
            assert found[i, j] == found[j, i] == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_points_whose_inputs_coincide_are_refused():
    apart = np.ones((2, 2)) - np.eye(2)
    with pytest.raises(ValueError, match=r"Pair.dx2 must be positive"):
        end_table(apart, 0 * apart, np.zeros((2, 1)), np.ones((2, 1)), RATES, "two_point")
