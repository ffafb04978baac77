"""How well points lie on the line y = x: against other means, and what does not matter."""

import numpy as np
import pytest
from repdyn.numeric.agreement import agreement, resampled


def test_agreement_is_correlation_and_relative_error() -> None:
    rng = np.random.default_rng(0)
    p, m = rng.normal(size=(2, 50))
    found = agreement(p, m)
    assert found.pearson == pytest.approx(np.corrcoef(p, m)[0, 1], rel=1e-12)
    assert found.error == pytest.approx(np.sqrt(((p - m) ** 2).sum() / (m**2).sum()), rel=1e-12)
    assert np.isnan(agreement([1.0, 1.0], [1.0, 2.0]).pearson)


def test_agreement_by_other_means() -> None:
    generator = np.random.default_rng(3)
    x = generator.normal(size=40)
    y = 0.4 * x + 0.2 + 0.1 * generator.normal(size=40)
    found = agreement(x, y)
    assert found.slope == pytest.approx(np.polyfit(x, y, 1)[0])
    assert found.pearson == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert found.r2 == pytest.approx(1 - np.mean((x - y) ** 2) / np.var(y))


def test_points_without_a_spread_determine_nothing() -> None:
    same = agreement([1.0, 1.0], [2.0, 3.0])
    assert np.isnan([same.slope, same.pearson]).all()
    assert np.isnan(agreement([1.0, 2.0], [3.0, 3.0]).r2)
    assert all(np.isnan(x).all() for x in resampled([1.0, 1.0], [2.0, 2.0], [0, 1]).values())


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-9])
def test_a_spread_of_rounding_is_none(value: float) -> None:
    same = agreement([value] * 3, [1.0, 2.0, 3.0])
    assert np.isnan([same.slope, same.pearson]).all()
    assert np.isnan(agreement([1.0, 2.0, 4.0], [value] * 3).r2)


@pytest.mark.parametrize("power", [-900, -500, 500, 900])
def test_the_unit_of_points_does_not_matter(power: int) -> None:
    x, y = np.array([1.0, 2.0, 4.0, 3.0]), np.array([1.5, 2.0, 3.0, 3.5])
    assert vars(agreement(np.ldexp(x, power), np.ldexp(y, power))) == pytest.approx(vars(agreement(x, y)), rel=1e-12)
    slope = np.ldexp(agreement(x, y).slope, power)
    assert agreement(x, np.ldexp(y, power)).slope == pytest.approx(slope, rel=1e-12)
    plain, scaled = (resampled(np.ldexp(x, p), np.ldexp(y, p), list(x)) for p in (0, power))
    assert scaled == plain


@pytest.mark.parametrize("offset", [2.0**20, 2.0**40])
def test_an_offset_of_the_points_does_not_matter(offset: float) -> None:
    generator = np.random.default_rng(5)
    x = generator.integers(-500, 500, 30) / 512
    y = x + generator.integers(-99, 99, 30) / 512
    plain, moved = agreement(x, y), agreement(x + offset, y + offset)
    assert (moved.r2, moved.pearson, moved.slope) == pytest.approx((plain.r2, plain.pearson, plain.slope), rel=1e-12)
    groups = list(np.arange(30) // 3)
    here = resampled(x, y, groups)
    for a, b in ((offset, offset), (offset, 0.0)):
        there = resampled(x + a, y + b, groups)
        for name in ("pearson", "slope") if b == 0 else here:
            assert there[name] == pytest.approx(here[name], rel=1e-9)


def test_draws_from_one_of_two_far_clusters_keep_their_digits() -> None:
    x = np.array([0.0, 1.0, 2.0, 3.0]) * 2.0**-24
    far = np.concatenate([x, 1 + x])
    low, high = resampled(far, np.concatenate([2 * x, 1 + 2 * x]), [0] * 4 + [1] * 4)["slope"]
    assert (low, high) == pytest.approx((1.0, 2.0), rel=1e-6)  # half of the draws are of one cluster alone


def test_groups_are_drawn_whole() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=60)
    y = x + 0.5 * generator.normal(size=60)
    assert resampled(x, y, [0] * 60)["slope"] == (pytest.approx(agreement(x, y).slope),) * 2
    low, high = resampled(x, y, list(range(60)))["slope"]
    # The oracle: the textbook's standard error of a slope, 1.64 of them each way for 90 %.
    slope = agreement(x, y).slope
    left = y - y.mean() - slope * (x - x.mean())
    error = (left @ left / 58 / ((x - x.mean()) @ (x - x.mean()))) ** 0.5
    assert (high - low) / 2 == pytest.approx(1.64 * error, rel=0.3)
    assert low < slope < high
