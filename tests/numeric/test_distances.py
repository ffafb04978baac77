"""Distances of points against exact fractions, and the laws that they obey at any offset and in any unit."""

from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from repdyn.numeric import Points, distances, rich_distances, smoothed_distances
from repdyn.numeric.distances import Distances, squared_lengths


def exact(first: np.ndarray, second: np.ndarray) -> list[list[Fraction]]:
    """Squared distances of the floats as they are."""

    def square(x: np.ndarray, y: np.ndarray) -> Fraction:
        return sum(((Fraction(a) - Fraction(b)) ** 2 for a, b in zip(x, y, strict=True)), Fraction(0))

    return [[square(x, y) for y in second] for x in first]


def assert_close(found: np.ndarray, expected: list[list[Fraction]]) -> None:
    for row, exact_row in zip(found.tolist(), expected, strict=True):
        for value, wanted in zip(row, exact_row, strict=True):
            assert abs(Fraction(value) - wanted) <= wanted / 10**12, (value, float(wanted))


@given(seed=st.integers(0, 999), offset=st.integers(-12, 12), spread=st.integers(-12, 3), values=st.integers(1, 20))
def test_each_distance_has_the_digits_of_its_own_size(seed: int, offset: int, spread: int, values: int) -> None:
    generator = np.random.default_rng(seed)
    x, y = 10.0**offset * generator.normal(size=values) + 10.0**spread * generator.normal(size=(2, 5, values))
    table = Distances(x, y)
    assert_close(table.squares(), exact(x, y))
    for row, exact_row in zip(table.lengths().tolist(), exact(x, y), strict=True):
        wanted = [mp.sqrt(mp.mpf(f.numerator) / f.denominator) for f in exact_row]
        assert row == pytest.approx([float(w) for w in wanted], rel=1e-12, abs=0)


@pytest.mark.parametrize("apart", [1e3, 1e9, 1e15])
def test_close_points_inside_far_clusters_are_told_apart(apart: float) -> None:
    generator = np.random.default_rng(0)
    x = apart * generator.normal(size=(3, 7))[[0, 0, 0, 1, 1, 1, 2]] + generator.normal(size=(7, 7))
    assert_close(Distances(x, x).squares(), exact(x, x))


def test_many_values_that_round_the_same_way_lose_nothing() -> None:
    x = 0.1 * np.arange(1, 9)[:, None] * np.ones((8, 800))
    assert_close(Distances(x, x).squares(), exact(x, x))


@pytest.mark.parametrize("offset", [2.0**20, 2.0**30, -(2.0**40)])
def test_an_offset_changes_nothing(offset: float) -> None:
    x = np.random.default_rng(1).integers(-1000, 1000, size=(6, 4)) / 1024
    here, there = Distances(x, x).squares(), Distances(x + offset, x + offset).squares()
    np.testing.assert_allclose(there, here, rtol=1e-12, atol=0)


@given(power=st.integers(-400, 400))
def test_a_power_of_two_scales_to_the_bit(power: int) -> None:
    x = np.random.default_rng(2).normal(size=(6, 30))
    found = Distances(np.ldexp(x, power), np.ldexp(x, power))
    np.testing.assert_array_equal(found.squares(), np.ldexp(Distances(x, x).squares(), 2 * power))
    np.testing.assert_array_equal(found.lengths(), np.ldexp(Distances(x, x).lengths(), power))


def test_the_table_of_one_set_is_symmetric_with_zeros_and_obeys_the_triangle_inequality() -> None:
    generator = np.random.default_rng(3)
    x = 1e6 * generator.normal(size=(4, 50))[generator.integers(0, 4, 40)] + generator.normal(size=(40, 50))
    d = Distances(x, x).lengths()
    np.testing.assert_array_equal(d, d.T)
    assert not d.diagonal().any()
    assert (d[:, None] <= (d[:, :, None] + d).transpose(0, 2, 1) * (1 + 1e-12)).all()


def test_whole_numbers_are_exact() -> None:
    pixels = np.random.default_rng(4).integers(0, 256, size=(30, 784))
    expected = np.square(pixels[:, None] - pixels).sum(-1)
    np.testing.assert_array_equal(Distances(pixels, pixels).squares(), expected)


def test_rows_and_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(5).normal(size=(20, 3)) + np.repeat([[0.0], [1e8]], 10, axis=0)
    whole = Distances(x, x).squares()
    monkeypatch.setattr(distances, "_CHUNK", 45)
    monkeypatch.setattr(distances, "_PAIRS", 7)
    table = Distances(x, x)
    np.testing.assert_allclose(table.squares(), whole, rtol=1e-12)
    np.testing.assert_allclose(table.squares(slice(3, 9)), whole[3:9], rtol=1e-12)


@pytest.mark.parametrize("unit", [1e200, 1e307, 1e-200, 5e-324])
def test_lengths_have_no_smallest_or_largest_unit(unit: float) -> None:
    x = np.array([[3.0], [1.0], [0.0]])
    np.testing.assert_allclose(Distances(x * unit, x * unit).lengths() / unit, abs(x - x.T), rtol=1e-12)


def test_close_points_among_huge_ones_keep_their_distance() -> None:
    x = np.array([[1e300, 0.0], [0.0, 0.0], [0.0, 1e-10]])
    assert Distances(x, x).lengths()[1].tolist() == pytest.approx([1e300, 0.0, 1e-10], rel=1e-12)


@pytest.mark.parametrize(("unit", "apart"), [(1e200, "1e200"), (1e-200, "1e-200")])
def test_a_square_that_is_no_number_is_refused(unit: float, apart: str) -> None:
    x = np.array([[1.0], [0.0]]) * unit
    words = rf"a squared distance must be 0 or a number from 2\.2e-308 to 1\.8e\+308, got points about {apart} apart"
    with pytest.raises(ValueError, match=words):
        Distances(x, x).squares()
    with pytest.raises(ValueError, match=words):
        squared_lengths(x)


def test_a_distance_beyond_all_numbers_is_refused() -> None:
    x = np.array([[1.5e308], [-1.5e308]])
    with pytest.raises(ValueError, match=r"a distance must be 0 or a number .* give them in another unit"):
        Distances(x, x).lengths()


def test_points_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="all points must have the same number of values, got 2 and 3"):
        Distances(np.zeros((1, 2)), np.zeros((1, 3)))
    with pytest.raises(
        ValueError, match=r"points must be finite numbers of shape \(points, values\), got shape \(1, 1"
    ):
        Distances([[np.nan]], [[0.0]])
    with pytest.raises(ValueError, match="vectors must be finite to have a length, got inf"):
        squared_lengths([1.0, np.inf])


def test_rich_distances_keep_their_digits() -> None:
    targets = np.array([[0.0], [1.0]])
    for low, apart, unit in ((1e9, 1.0, 1.0), (1e4, 1e-3, 1.0), (0.0, 1.0, 1e200), (0.0, 1.0, 1e-200)):
        points = Points(unit * np.array([[low], [low + apart]]), targets)
        expected = float(abs(Fraction(points.inputs[1, 0]) - Fraction(points.inputs[0, 0])))
        found = rich_distances(points, points)
        assert found[0, 1] == pytest.approx(expected, rel=1e-12)
        assert not found.diagonal().any()


@pytest.mark.parametrize("unit", [1e200, 1e-200])
def test_a_rich_distance_that_is_no_number_is_refused(unit: float) -> None:
    points = Points(unit * np.eye(2), unit * np.eye(2))
    with pytest.raises(ValueError, match=r"\|dx\| \|dy\*\| of points must be 0 or a number from .* in another unit"):
        rich_distances(points, points)


def test_an_offset_of_the_data_does_not_change_the_smoothed_distances() -> None:
    generator = np.random.default_rng(6)
    x, label = generator.integers(-100, 100, size=(40, 3)) / 256, generator.integers(0, 2, 40)
    here, there = (Points(x + offset, np.eye(2)[label]) for offset in (0.0, 2.0**35))
    np.testing.assert_allclose(
        smoothed_distances(there, there).normalised, smoothed_distances(here, here).normalised, rtol=1e-10
    )


def test_a_displayed_point_with_faint_neighbours_has_a_mean() -> None:
    data = Points(np.array([[0.0], [1.0]]), np.array([[0.0], [1.0]]))
    far = Points(
        np.array([[1000.0]]), np.array([[0.5]])
    )  # weights exp(-500) and exp(-499.5): their product is no number
    first = 1 / (1 + np.exp(0.5))
    assert smoothed_distances(far, data).normalised[0, 0] == pytest.approx(2 * first * (1 - first), rel=1e-9)


def test_sums_beyond_all_numbers_are_refused() -> None:
    data = Points(np.array([[0.0]] * 9 + [[1e308]] * 9), np.array([[0.0]] * 9 + [[1.0]] * 9))
    with pytest.raises(ValueError, match=r"the sums must be numbers up to 1\.8e\+308, got more; give inputs"):
        smoothed_distances(data, data)
