"""Embeddings: distances that few dimensions hold are kept, and what does not matter."""

import numpy as np
import pytest
from repdyn.numeric.embedding import embed
from scipy.spatial.distance import pdist


@pytest.mark.parametrize(("offset", "power"), [(2.0**30, 0), (0.0, 700), (0.0, -700)])
def test_an_offset_and_a_unit_do_not_change_an_embedding(offset: float, power: int) -> None:
    h = np.random.default_rng(2).integers(-99, 99, size=(12, 5)) / 128
    plain, found = embed(h), embed(np.ldexp(h + offset, power))
    assert found.stress == pytest.approx(plain.stress, rel=1e-6)
    np.testing.assert_allclose(np.abs(np.ldexp(found.points, -power)), np.abs(plain.points), rtol=1e-4, atol=1e-4)


def test_a_flat_grid_is_embedded_as_it_is() -> None:
    m = np.linspace(-1, 1, 4)
    mx, my = np.meshgrid(m, m, indexing="ij")
    plane = np.linalg.qr(np.random.default_rng(1).normal(size=(20, 20)))[0][:2]
    h = np.stack([2 * mx.ravel(), my.ravel()], 1) @ plane + 5.0
    points, stress = embed(h)
    assert points.shape == (16, 3)
    assert stress < 1e-6
    np.testing.assert_allclose(pdist(points), pdist(h), atol=1e-5)
    np.testing.assert_allclose(points[:, 2], 0.0, atol=1e-5)
    spread = points.var(0)
    assert spread[0] > spread[1] > spread[2]


def test_the_scale_of_a_representation_does_not_change_its_stress() -> None:
    h = np.random.default_rng(2).normal(size=(30, 10))
    small, large = embed(h), embed(1e4 * h)
    assert small.stress == pytest.approx(large.stress, rel=1e-6)
    assert 0.05 < small.stress < 0.5
    np.testing.assert_allclose(1e4 * small.points, large.points, rtol=1e-5, atol=1e-2)


def test_points_that_are_all_the_same_are_refused() -> None:
    with pytest.raises(ValueError, match="points that differ"):
        embed(np.ones((4, 3)))
