"""Smoothed distances of a data set against a double loop, and the laws that they obey; Mantel's test."""

import itertools
import math

import numpy as np
import pytest
from repdyn.numeric import (
    Pair,
    Points,
    Rates,
    State,
    final_distance,
    mantel_test,
    rich_distances,
    smoothed_distances,
    structure,
)


def drawn(count: int, seed: int, scale: float = 0.3) -> Points:
    generator = np.random.default_rng(seed)
    return Points(scale * generator.normal(size=(count, 3)), np.eye(2)[generator.integers(0, 2, count)])


def classes(sizes: tuple[int, ...]) -> Points:
    """Classes far apart, each of points that differ."""
    label = np.repeat(np.arange(len(sizes)), sizes)
    generator = np.random.default_rng(1)
    return Points(
        1000.0 * generator.normal(size=(len(sizes), 5))[label] + generator.normal(size=(len(label), 5)),
        np.eye(len(sizes))[label],
    )


def test_the_sum_is_that_of_a_double_loop() -> None:
    shown, data = drawn(4, 0), drawn(7, 1)

    def scale(x, y, i, j):
        return math.dist(x.inputs[i], y.inputs[j]) * math.dist(x.targets[i], y.targets[j])

    found = smoothed_distances(shown, data)
    for i, j in itertools.product(range(4), repeat=2):
        total = sum(
            math.exp(-scale(shown, data, i, k)) * scale(data, data, k, n) * math.exp(-scale(shown, data, j, n))
            for k, n in itertools.product(range(7), repeat=2)
        )
        sums = [sum(math.exp(-scale(shown, data, p, k)) for k in range(7)) for p in (i, j)]
        assert found.summed[i, j] == pytest.approx(total, rel=1e-9)
        assert found.normalised[i, j] == pytest.approx(total / (sums[0] * sums[1]), rel=1e-9)


def test_the_scale_of_a_pair_is_its_end_from_a_rich_start() -> None:
    first, second = drawn(5, 2), drawn(5, 3)
    found = rich_distances(first, second)
    for i, j in itertools.product(range(5), repeat=2):
        pair = Pair(
            float(np.square(first.inputs[i] - second.inputs[j]).sum()),
            float(np.square(first.targets[i] - second.targets[j]).sum()),
        )
        end = final_distance(State(1e-12, 0.0, 0.0), pair, Rates(1e-2, 1e-2))
        assert found[i, j] == pytest.approx(end, abs=1e-9)


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, data = drawn(4, 0), drawn(50, 1)
    whole = smoothed_distances(shown, data)
    monkeypatch.setattr(structure, "_CHUNK", 7 * len(data))
    np.testing.assert_allclose(smoothed_distances(shown, data).summed, whole.summed, rtol=1e-12)


def test_classes_of_one_size_differ_between_the_versions_by_a_factor() -> None:
    data = classes((6, 6, 6))
    found = smoothed_distances(data, data)
    np.testing.assert_allclose(found.summed, 36 * found.normalised, rtol=1e-12)


def test_the_sum_carries_the_sizes_of_classes_and_the_mean_does_not() -> None:
    data = classes((2, 6, 4))
    found = smoothed_distances(data, data)
    label = data.targets.argmax(1)
    raw = rich_distances(data, data)
    for i, j in ((0, 2), (0, 8), (2, 8)):
        block = raw[np.ix_(label == label[i], label == label[j])]
        assert found.normalised[i, j] == pytest.approx(block.mean(), rel=1e-12)
        assert found.summed[i, j] == pytest.approx(block.sum(), rel=1e-12)
    assert found.summed[2, 3] == 0


def test_a_common_factor_of_far_classes_changes_nothing_but_the_factor() -> None:
    data = classes((3, 5))
    once = smoothed_distances(data, data)
    scaled = Points(3 * data.inputs, data.targets)
    np.testing.assert_allclose(smoothed_distances(scaled, scaled).summed, 3 * once.summed, rtol=1e-9)


def test_the_order_of_points_is_kept_for_the_shown_and_does_not_matter_for_the_data() -> None:
    shown, data = drawn(6, 4), drawn(30, 5)
    found = smoothed_distances(shown, data)
    order = np.random.default_rng(0).permutation(6)
    np.testing.assert_allclose(smoothed_distances(shown[order], data).summed, found.summed[np.ix_(order, order)])
    mixed = data[np.random.default_rng(0).permutation(30)]
    np.testing.assert_allclose(smoothed_distances(shown, mixed).normalised, found.normalised)


def test_a_point_without_neighbours_is_named() -> None:
    data = classes((3, 3))
    far = Points(np.array([[1e9] * 5]), np.array([[5.0, 5.0]]))
    with pytest.raises(ValueError, match="displayed point 0 has no data point near it: add it"):
        smoothed_distances(far, data)


@pytest.mark.parametrize(
    ("inputs", "targets", "words"),
    [
        (np.zeros(3), np.zeros((3, 1)), r"inputs must be finite numbers of shape \(points, values\), got shape \(3,\)"),
        (np.zeros((2, 1)), np.full((2, 1), np.nan), "targets must be finite numbers"),
        (np.zeros((2, 1)), np.zeros((3, 1)), "each point must have a target, got 2 and 3"),
    ],
)
def test_points_that_do_not_fit_are_refused(inputs, targets, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Points(inputs, targets)


def distances(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - points, axis=-1)


def test_r_is_that_of_pearson_above_the_diagonal() -> None:
    from scipy.stats import pearsonr

    first, second = (distances(np.random.default_rng(seed).normal(size=(9, 2))) for seed in (0, 1))
    above = np.triu_indices(9, k=1)
    found = mantel_test(first, second, relabellings=49)
    assert found.r == pytest.approx(pearsonr(first[above], second[above]).statistic)


def test_with_few_points_the_p_value_is_that_of_all_orders() -> None:
    first, second = (distances(np.random.default_rng(seed).normal(size=(5, 2))) for seed in (2, 4))
    above = np.triu_indices(5, k=1)
    every = [
        np.corrcoef(first[above], second[np.ix_(order, order)][above])[0, 1]
        for order in map(list, itertools.permutations(range(5)))
    ]
    exact = np.mean(np.array(every) >= every[0] - 1e-12)
    assert mantel_test(first, second, relabellings=4000).p_value == pytest.approx(exact, abs=0.03)


def test_independent_matrices_are_seldom_found_related() -> None:
    generator = np.random.default_rng(0)
    found = [
        mantel_test(distances(generator.normal(size=(8, 2))), distances(generator.normal(size=(8, 2))), relabellings=99)
        for _ in range(200)
    ]
    assert 0.01 < np.mean([test.p_value <= 0.05 for test in found]) < 0.1


def test_the_same_seed_gives_the_same_test() -> None:
    first, second = (distances(np.random.default_rng(seed).normal(size=(9, 2))) for seed in (0, 1))
    assert mantel_test(first, second, relabellings=99) == mantel_test(first, second, relabellings=99)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (np.zeros((3, 3)), np.zeros((3, 3)), r"square, of at least 4 points, got shape \(3, 3\)"),
        (np.arange(16.0).reshape(4, 4), np.eye(4), "must be finite and symmetric; average it with its transpose"),
        (1 - np.eye(4), distances(np.arange(4.0)[:, None]), "all distances of a matrix are equal"),
        (distances(np.arange(4.0)[:, None]), distances(np.arange(5.0)[:, None]), "the same points, got 4 and 5"),
    ],
)
def test_matrices_that_are_none_of_distances_are_refused(first, second, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        mantel_test(first, second)


@pytest.mark.parametrize("power", [1020, 664, -664, -1060])
def test_the_unit_of_distances_does_not_matter(power: int) -> None:
    x = np.triu(np.random.default_rng(0).integers(1, 9, size=(7, 7)), 1)
    first, second = x + x.T, distances(np.random.default_rng(1).normal(size=(7, 2)))
    plain = mantel_test(first, second, relabellings=99)
    assert abs(plain.r) > 0.01
    assert mantel_test(np.ldexp(first, power), second, relabellings=99) == plain
    assert mantel_test(second, np.ldexp(first, power), relabellings=99).r == pytest.approx(plain.r, rel=1e-12)


def test_an_offset_of_distances_does_not_matter() -> None:
    x = np.random.default_rng(0).integers(1, 9, size=(7, 7)) / 1024
    first, second = np.triu(x, 1) + np.triu(x, 1).T, distances(np.random.default_rng(1).normal(size=(7, 2)))
    assert mantel_test(first + 2.0**20, second).r == pytest.approx(mantel_test(first, second).r, rel=1e-12)


def test_the_diagonal_does_not_count() -> None:
    first, second = (distances(np.random.default_rng(seed).normal(size=(9, 2))) for seed in (0, 1))
    for diagonal in (1e300, np.nan):
        marked = first.copy()
        np.fill_diagonal(marked, diagonal)
        assert mantel_test(marked, second, relabellings=9) == mantel_test(first, second, relabellings=9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        *(({"relabellings": x}, f"relabellings must be a whole number of at least 1, got {x}") for x in (0, -1, 9.5)),
        ({"relabellings": True}, "relabellings must be a whole number of at least 1, got True"),
        *(({"seed": x}, f"seed must be a whole number of at least 0, got {x}") for x in (-1, 0.5, None)),
    ],
)
def test_relabellings_and_seeds_are_whole_numbers(options: dict, words: str) -> None:
    first = distances(np.arange(5.0)[:, None])
    with pytest.raises(ValueError, match=words):
        mantel_test(first, first**2, **options)
