"""Similarity of representations: its laws, sums written out, SciPy's Procrustes, and what it refuses."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from repdyn.numeric import Similarity, gram_distances, mantel_test, representation_similarity, squared_distances
from scipy import spatial, stats

SEEDS, COUNTS, UNITS = st.integers(0, 9999), st.integers(4, 30), st.integers(1, 40)
NUMBERS = ("cka", "rsa", "procrustes")


def representations(seed: int, points: int, units: int) -> tuple[np.ndarray, np.ndarray]:
    """Two of them that share something."""
    generator = np.random.default_rng(seed)
    first, shared = generator.normal(size=(points, units)), generator.normal(size=(units, units + 2))
    return first, first @ shared + generator.normal(size=(points, units + 2))


def alike(first: np.ndarray, second: np.ndarray) -> Similarity:
    return representation_similarity(squared_distances(first), squared_distances(second))


def close(one: Similarity, other: Similarity) -> bool:
    return [getattr(one, x) for x in NUMBERS] == pytest.approx([getattr(other, x) for x in NUMBERS], abs=1e-6)


@given(SEEDS, COUNTS, UNITS, st.floats(-6, 6), st.floats(-3, 3))
def test_rotation_scale_and_shift_change_nothing(seed: int, points: int, units: int, scale: float, by: float) -> None:
    first, second = representations(seed, points, units)
    turn = stats.ortho_group.rvs(units, random_state=seed) if units > 1 else np.array([[-1.0]])
    assert close(alike(10**scale * (first @ turn + by), second), alike(first, second))


@given(SEEDS, COUNTS, UNITS)
def test_a_representation_is_like_itself_and_likeness_is_mutual(seed: int, points: int, units: int) -> None:
    first, second = representations(seed, points, units)
    assert close(alike(first, 7 * first), Similarity(1.0, 1.0, 0.0))
    assert close(alike(first, second), alike(second, first))


@given(SEEDS, COUNTS, UNITS)
def test_the_order_of_points_is_no_matter(seed: int, points: int, units: int) -> None:
    first, second = representations(seed, points, units)
    order = np.random.default_rng(seed).permutation(points)
    assert close(alike(first[order], second[order]), alike(first, second))


@given(SEEDS, COUNTS, UNITS)
def test_numbers_are_within_their_bounds(seed: int, points: int, units: int) -> None:
    generator = np.random.default_rng(seed)
    found = alike(*(generator.normal(size=(points, units)) ** 3 for _ in range(2)))
    assert abs(found.cka) <= 1
    assert abs(found.rsa) <= 1
    assert 0 <= found.procrustes <= np.sqrt(2)


@given(SEEDS, COUNTS, UNITS)
def test_procrustes_distances_obey_the_triangle_inequality(seed: int, points: int, units: int) -> None:
    (a, b), (c, _) = (representations(x, points, units) for x in (seed, seed + 1))
    assert alike(a, c).procrustes <= alike(a, b).procrustes + alike(b, c).procrustes + 1e-7


@given(SEEDS, COUNTS, UNITS, st.booleans())
def test_gram_matrices_and_activations_agree(seed: int, points: int, units: int, centred: bool) -> None:
    first, second = representations(seed, points, units)
    grams = [(x - x.mean(0) * centred) @ (x - x.mean(0) * centred).T for x in (first, second)]
    assert close(representation_similarity(*map(gram_distances, grams)), alike(first, second))


@given(SEEDS, st.integers(4, 12), st.integers(1, 12))
def test_procrustes_is_scipys(seed: int, points: int, units: int) -> None:
    first, second = representations(seed, points, units)
    _, _, disparity = spatial.procrustes(np.pad(first, ((0, 0), (0, 2))), second)
    assert 1 - (1 - alike(first, second).procrustes ** 2 / 2) ** 2 == pytest.approx(disparity, abs=1e-6)


def criterion(first: np.ndarray, second: np.ndarray) -> float:
    """The unbiased criterion as the mean of Song et al. over all ordered quadruples of different points."""
    k, l = first @ first.T, second @ second.T
    quadruples = itertools.permutations(range(len(k)), 4)
    return float(np.mean([k[i, j] * (l[i, j] + l[q, r] - 2 * l[i, q]) for i, j, q, r in quadruples]))


@pytest.mark.parametrize("points", [4, 5, 7])
@pytest.mark.parametrize("seed", range(4))
def test_alignment_is_that_of_means_over_quadruples(points: int, seed: int) -> None:
    first, second = representations(seed, points, 3)
    expected = criterion(first, second) / np.sqrt(criterion(first, first) * criterion(second, second))
    assert alike(first, second).cka == pytest.approx(expected, abs=1e-9)


def biased(first: np.ndarray, second: np.ndarray) -> float:
    """Linear CKA as it was first defined: products of centred Gram matrices, diagonals and all."""
    a, b = (x - x.mean(0) for x in (first, second))
    return float(np.linalg.norm(a.T @ b) ** 2 / np.linalg.norm(a.T @ a) / np.linalg.norm(b.T @ b))


def test_of_unrelated_representations_the_alignment_is_0_on_average_and_the_biased_one_is_not() -> None:
    generator = np.random.default_rng(0)
    pairs = [generator.normal(size=(2, 20, 100)) for _ in range(200)]
    found = np.array([alike(*pair).cka for pair in pairs])
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(found.size) + 0.005
    assert 0.3 < np.mean(found < 0) < 0.7
    assert np.mean([biased(*pair) for pair in pairs]) > 0.8


def test_shuffled_points_leave_nothing_alike() -> None:
    first, second = representations(0, 40, 10)
    orders = [np.random.default_rng(seed).permutation(40) for seed in range(100)]
    found = [alike(first, second[order]) for order in orders]
    for name in ("cka", "rsa"):
        values = np.array([getattr(x, name) for x in found])
        assert abs(values.mean()) < 0.03
        assert getattr(alike(first, second), name) > values.max()


def test_with_many_points_the_alignment_is_the_first_one() -> None:
    first, second = representations(0, 400, 5)
    assert alike(first, second).cka == pytest.approx(biased(first, second), abs=1e-2)


def test_correlation_of_distances_is_spearmans() -> None:
    first, second = representations(0, 12, 5)
    expected = stats.spearmanr(spatial.distance.pdist(first), spatial.distance.pdist(second)).statistic
    assert alike(first, second).rsa == pytest.approx(expected, abs=1e-12)


@given(SEEDS)
def test_equal_distances_are_ties_whatever_their_rounding(seed: int) -> None:
    """A grid has many; turned they differ in their last places."""
    grid = np.array(list(itertools.product(range(3), repeat=3)), dtype=float)
    turned = grid @ stats.ortho_group.rvs(3, random_state=seed)
    assert alike(grid, turned).rsa == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("size", [0.0, 0.1, 1e9])
def test_a_constant_layer_is_like_nothing(size: float) -> None:
    h, _ = representations(0, 6, 3)
    found = alike(h, np.full((6, 4), size))
    assert np.isnan([found.cka, found.rsa, found.procrustes]).all()


def test_points_at_one_distance_have_no_correlation_but_a_shape() -> None:
    h, _ = representations(0, 6, 3)
    found = alike(h, np.eye(6) + 0.1)
    assert np.isnan([found.cka, found.rsa]).all()
    assert 0 < found.procrustes < np.sqrt(2)


def test_one_point_apart_from_all_others_is_centred_away() -> None:
    """Its distances are a number for itself and none for the others."""
    alone = np.zeros((6, 1))
    alone[2] = 1.0
    found = alike(representations(0, 6, 3)[0], alone)
    assert np.isnan(found.cka)
    assert not np.isnan([found.rsa, found.procrustes]).any()


def test_distances_that_no_points_have_are_taken() -> None:
    """As predictions are: of three points here that break the triangle inequality."""
    h, _ = representations(0, 5, 3)
    predicted = squared_distances(h)
    predicted[0, 1] = predicted[1, 0] = 1000.0
    found = representation_similarity(squared_distances(h), predicted)
    assert np.isfinite([found.cka, found.rsa, found.procrustes]).all()
    assert 0 < found.procrustes < np.sqrt(2)


def test_pearsons_correlation_of_distances_is_mantels() -> None:
    first, second = (np.sqrt(squared_distances(h)) for h in representations(0, 12, 5))
    expected = np.corrcoef(first[np.triu_indices(12, 1)], second[np.triu_indices(12, 1)])[0, 1]
    assert mantel_test(first, second, relabellings=9).r == pytest.approx(expected, abs=1e-12)


@given(SEEDS, st.integers(-100, 100))
def test_units_are_no_matter(seed: int, power: int) -> None:
    first, second = representations(seed, 6, 4)
    assert alike(np.ldexp(first, power), second) == alike(first, second)


def test_activations_of_more_axes_are_flattened() -> None:
    h = np.random.default_rng(0).normal(size=(5, 2, 3))
    np.testing.assert_array_equal(squared_distances(h), squared_distances(h.reshape(5, 6)))


def test_rounding_of_a_gram_matrix_makes_no_distance_negative() -> None:
    h = 1e4 + np.random.default_rng(0).normal(size=(6, 3)) * 1e-6
    assert (gram_distances(h @ h.T) >= 0).all()


SQUARES = squared_distances(np.arange(5.0)[:, None])


@pytest.mark.parametrize(
    ("activations", "message"),
    [
        ([1.0, 2.0], r"finite numbers of shape \(points, units\), got shape \(2,\)"),
        ([[1.0], [np.nan]], "activations must be finite numbers"),
        ([[0.0], [1e-200]], "activations: a squared distance must be 0 or a number from"),
    ],
)
def test_activations_are_points_by_units(activations, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        squared_distances(activations)


@pytest.mark.parametrize(
    ("gram", "message"),
    [
        (np.ones((2, 3)), r"gram must be square, of shape \(points, points\), got shape \(2, 3\)"),
        ([[1.0, np.inf], [np.inf, 1.0]], "gram must be finite and symmetric"),
        ([[1.0, 2.0], [0.0, 1.0]], "gram must be finite and symmetric"),
        (SQUARES, "gram must be a matrix of inner products, of which .* is a squared distance, got -32"),
    ],
)
def test_a_gram_matrix_is_one_of_inner_products(gram, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gram_distances(gram)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (SQUARES, SQUARES[:4, :4], "first and second must be of the same points, got 5 and 4"),
        (SQUARES, np.ones((5, 3)), "second must be square"),
        (SQUARES + np.triu(SQUARES), SQUARES, "first must be finite and symmetric"),
        (SQUARES[:3, :3], SQUARES, "squared distances, must be of at least 4 points, got 3"),
        (-SQUARES, SQUARES, "first, a matrix of squared distances, must be non-negative"),
        (np.eye(5), SQUARES, "with 0 on its diagonal, got 0 at least and 1 on the diagonal; .* gram_distances"),
    ],
)
def test_similarity_is_of_squared_distances(first, second, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        representation_similarity(first, second)
