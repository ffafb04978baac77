"""The nearest mixture of parts that are not negative."""

import numpy as np
from repdyn.numeric.mixture import nearest_mixture

PARTS = np.random.default_rng(0).uniform(size=(2, 9))


def test_parts_are_mixed_in_any_unit() -> None:
    whole = 2.0 * PARTS[0] + 3.0 * PARTS[1]
    np.testing.assert_allclose(nearest_mixture(1e-12 * whole, 1e9 * PARTS[0], PARTS[1]), 1e-12 * whole)


def test_no_part_is_taken_away() -> None:
    np.testing.assert_allclose(nearest_mixture(PARTS[0], PARTS[0], -PARTS[1]), PARTS[0])
    np.testing.assert_array_equal(nearest_mixture(-PARTS[0], PARTS[1]), 0.0)
