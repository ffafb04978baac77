"""The loss over training and the rate of the mean prediction."""

import re

import numpy as np
import pytest
from repdyn.numeric import Pair, Rates, State, fit_loss, loss_curve, trajectory
from repdyn.numeric.determination import r_squared

PAIR = Pair(1.0, 0.5)
T = np.arange(0.0, 3000.0, 7.0)
PATH = trajectory(T, State(0.01, 0.02, 0.005), PAIR, Rates(2e-3, 1e-2))
STILL = State(0.1, 0.5, 0.0)


def by_hand(t, path, mean_error, rate_mean):
    return [
        0.5 * mean_error * np.exp(-2 * rate_mean * time) + (2 * w - dy2 + 0.5) / 8
        for time, dy2, w in zip(t, path.dy2, path.w, strict=True)
    ]


def test_the_loss_is_the_printed_one() -> None:
    np.testing.assert_allclose(loss_curve(T, PATH, PAIR, 2.0, 3e-3), by_hand(T, PATH, 2.0, 3e-3), rtol=1e-13)


def test_the_loss_of_vectors_is_half_the_squared_error_averaged_over_the_points() -> None:
    rng = np.random.default_rng(1)
    first, second, first_target, second_target = rng.normal(size=(4, 3))
    state = State.measured([1.0], second - first, second_target - first_target)
    mean_error = np.sum(((first + second) / 2 - (first_target + second_target) / 2) ** 2)
    direct = (np.sum((first - first_target) ** 2) + np.sum((second - second_target) ** 2)) / 4
    pair = Pair(1.0, np.sum((second_target - first_target) ** 2))
    assert loss_curve(0.0, state, pair, mean_error, 0.1) == pytest.approx(direct)


@pytest.mark.parametrize("rate", [1e-5, 1e-3, 5e-2])
@pytest.mark.parametrize("start", [0.0, 500.0])
def test_the_rate_is_recovered_wherever_time_starts(rate, start) -> None:
    loss = loss_curve(T, PATH, PAIR, 2.0, rate)
    fit = fit_loss(T + start, loss, PATH, PAIR)
    assert fit.rate == pytest.approx(rate, rel=1e-5)
    assert fit.r2 == pytest.approx(1)
    np.testing.assert_allclose(fit.predicted, loss, atol=1e-6)


def test_the_fit_reports_its_own_misfit() -> None:
    loss = np.array(by_hand(T, PATH, 2.0, 3e-3)) + 0.01 * np.random.default_rng(2).random(T.size)
    fit = fit_loss(T, loss, PATH, PAIR)
    sse = np.sum((fit.predicted - loss) ** 2)
    assert fit.sse == pytest.approx(sse)
    assert fit.r2 == pytest.approx(1 - sse / np.sum((loss - loss.mean()) ** 2))
    others = (
        loss_curve(T, PATH, PAIR, 2 * (loss[0] - loss_curve(0.0, PATH[0], PAIR, 0, 1)), fit.rate * k)
        for k in (0.99, 1.01)
    )
    assert all(np.sum((other - loss) ** 2) > fit.sse for other in others)


def test_a_constant_loss_is_explained_wholly_or_not_at_all() -> None:
    t = np.arange(10.0)
    assert fit_loss(t, np.zeros(10), STILL, PAIR).r2 == 1
    assert fit_loss(t, np.ones(10), State(0.1, np.linspace(0.5, 0.4, 10), 0.0), PAIR).r2 == 0


@pytest.mark.parametrize(
    ("t", "loss"), [([0, 1, 2], [1, 2]), ([0, 1], [1, 2]), (1.0, 1.0), ([[0, 1, 2]], [[1, 2, 3]])], ids=str
)
def test_shapes_must_match(t, loss) -> None:
    with pytest.raises(ValueError, match=r"t and loss must be of one shape \(n,\) with n >= 3, got \("):
        fit_loss(t, loss, STILL, PAIR)


@pytest.mark.parametrize("wrong", [-0.1, np.nan, np.inf])
def test_a_diverged_loss_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=f"loss must be finite and not negative, got {wrong}; leave out gaps"):
        fit_loss([0, 1, 2], [1.0, wrong, 0.5], STILL, PAIR)


def test_times_must_be_finite_and_not_negative() -> None:
    with pytest.raises(ValueError, match="t must be finite and not negative"):
        fit_loss([-1, 0, 1], [1, 1, 1], STILL, PAIR)


@pytest.mark.parametrize("t", [[0, 0, 0], [0, 2, 1]], ids=str)
def test_times_must_increase(t) -> None:
    with pytest.raises(ValueError, match="t must increase"):
        fit_loss(t, [1.0, 0.9, 0.8], STILL, PAIR)


@pytest.mark.parametrize("rate", [1e-8, 1e-5, 0.5, 5.0])
def test_slow_and_fast_rates_are_found_on_even_and_uneven_samples(rate) -> None:
    for t in (np.arange(2000.0), np.array([0, 1, 2, 3, 4, 5, 1e4])):
        fit = fit_loss(t, loss_curve(t, STILL, PAIR, 2.0, rate), STILL, PAIR)
        assert fit.rate == pytest.approx(rate, rel=1e-4)


def test_a_mean_that_starts_at_its_target_has_no_rate() -> None:
    t = np.arange(100.0)
    fit = fit_loss(t, loss_curve(t, STILL, PAIR, 0.0, 1.0), STILL, PAIR)
    assert fit.rate is None
    assert fit.sse == 0.0


@pytest.mark.parametrize(("mean_error", "rate_mean"), [(-1.0, 0.1), (np.nan, 0.1), (1.0, 0.0), (1.0, np.inf)])
def test_numbers_out_of_their_range_are_refused(mean_error, rate_mean) -> None:
    words = f"mean_error must be finite and not negative and rate_mean finite and positive, got {mean_error} and"
    with pytest.raises(ValueError, match=re.escape(words)):
        loss_curve(1.0, State(0.1, 0.0, 0.0), Pair(1.0, 0.5), mean_error, rate_mean)


@pytest.mark.parametrize("size", [1e-300, 1e-12, 1e12, 1e300])
def test_the_share_explained_knows_no_units(size: float) -> None:
    measured, missed = np.array([0.0, 1.0, 3.0]), 0.7
    with np.errstate(all="raise", under="ignore"):
        assert r_squared(measured * size, missed * size * size) == pytest.approx(
            r_squared(measured, missed) if abs(np.log10(size)) < 150 else 1.0 if size < 1 else -np.inf
        )
