"""What is learnt beside what is left of a start: against non-negative least squares, place by place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repdyn.numeric import Kernel, geometric_mean_factor, gram_distances
from repdyn.numeric.collective.remainder import with_start
from scipy.optimize import nnls


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), learnt=st.floats(-0.5, 2.0), left=st.floats(-0.5, 2.0))
def test_it_is_the_nearest_mixture_of_parts_that_are_not_negative(seed: int, learnt: float, left: float) -> None:
    draws = np.random.default_rng(seed)
    x, y, h = (about(draws.normal(size=(9, n))) for n in (4, 2, 6))
    start, kernel = h @ h.T, Kernel(x)
    gram = learnt * (y @ y.T) + left * start + 0.1 * about(about(np.diag(draws.normal(size=9))).T)
    missed: list[float] = []
    for weight in np.linspace(0, 1, 201):
        factor = geometric_mean_factor(kernel, y, weight)
        missed.append(nnls(np.stack([(factor @ factor.T).ravel(), start.ravel()], axis=1), gram.ravel())[1])
    found = with_start(gram, start, kernel, y)
    about_mean = np.eye(9) - 1 / 9
    own = float(np.linalg.norm(gram - about_mean @ (-found.distances / 2) @ about_mean))
    assert own == pytest.approx(min(missed), rel=1e-6, abs=1e-9)
    assert found.start >= 0


def about(x: np.ndarray) -> np.ndarray:
    return x - x.mean(0)


def test_a_layer_that_unlearnt_is_its_start_alone() -> None:
    x = about(np.random.default_rng(0).normal(size=(12, 3)))
    start = about(about(np.diag(np.arange(12.0))).T)
    found = with_start(0.7 * start - 0.2 * x @ x.T, start, Kernel(x), x)
    assert found.start > 0
    np.testing.assert_allclose(found.distances, found.start * gram_distances(start), atol=1e-12)


def test_without_a_start_it_is_what_was_learnt_alone() -> None:
    x = about(np.random.default_rng(0).normal(size=(12, 3)))
    found = with_start(2 * x @ x.T, np.zeros((12, 12)), Kernel(x), x)
    assert found.start == 0
    np.testing.assert_allclose(found.distances, gram_distances(2 * x @ x.T), rtol=1e-9, atol=1e-12)
