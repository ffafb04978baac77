"""fit_rates finds the rates that made a trajectory."""

import numpy as np
import pytest
from repdyn.numeric import Pair, Rates, State, fit_rates, trajectory

T = np.arange(2000.0)
START, PAIR, TRUE = State(2e-3, 1e-3, -2e-3), Pair(1.2, 0.5), Rates(2e-3, 2e-2)
PATH = trajectory(T, START, PAIR, TRUE)
SOME = np.array([0, 3, 4, 150, 151, 420, 800, 801, 1300, 1999])


def assert_recovered(fit, true, relative=1e-8):
    assert fit.success
    assert fit.rates.h == pytest.approx(true.h, rel=relative)
    assert fit.rates.y == pytest.approx(true.y, rel=relative)


@pytest.mark.parametrize("seed", range(40))
def test_rates_are_recovered_over_eight_decades_of_each(seed) -> None:
    rng = np.random.default_rng(seed)

    def spread(low, high):
        return 10 ** rng.uniform(low, high)

    true, pair = Rates(spread(-6, 2), spread(-6, 2)), Pair(spread(-1, 1), spread(-1, 1))
    rho = pair.dx2 * true.h / true.y
    rich_scale = np.sqrt(rho * pair.dy2)
    dh2 = rich_scale * spread(-2, 0.5)
    dy2 = pair.dy2 * spread(-3, 0.3) * min(1, (dh2 / rich_scale) ** 2)
    start = State(dh2, dy2, dy2 - rng.uniform(-1, 1) * np.sqrt(dy2 * pair.dy2))
    t = np.linspace(0, 30 / (true.y * rich_scale), 500)
    assert_recovered(fit_rates(t, trajectory(t, start, pair, true), pair), true)


def test_uneven_samples_do() -> None:
    assert_recovered(fit_rates(T[SOME], PATH[SOME], PAIR), TRUE)


def test_three_samples_do() -> None:
    assert_recovered(fit_rates(T[[0, 500, 1000]], PATH[[0, 500, 1000]], PAIR), TRUE)


def test_the_first_sample_is_the_start_whatever_its_time() -> None:
    shifted, plain = fit_rates(T[SOME] + 12_345, PATH[SOME], PAIR), fit_rates(T[SOME], PATH[SOME], PAIR)
    assert (shifted.rates.h, shifted.rates.y) == pytest.approx((plain.rates.h, plain.rates.y), rel=1e-9)


def test_a_run_may_be_cut_anywhere() -> None:
    assert_recovered(fit_rates(T[300:], PATH[300:], PAIR), TRUE)


def test_twice_the_rates_are_half_the_time() -> None:
    assert_recovered(fit_rates(T / 2, PATH, PAIR), Rates(2 * TRUE.h, 2 * TRUE.y))


def noisy(seed=0, size=1e-2):
    """The path with noise on every sample but the first."""
    noise = size * np.random.default_rng(seed).normal(size=(3, T.size)) * (T > 0)
    return State(PATH.dh2 + 0.1 * np.abs(noise[0]), PATH.dy2 + np.abs(noise[1]), PATH.w + noise[2])


def both(rates):
    return np.array([rates.h, rates.y])


def test_weights_of_one_are_the_plain_sum() -> None:
    plain, weighted = (fit_rates(T, noisy(), PAIR, weights=weights) for weights in (None, State(1, 1, np.ones(T.size))))
    np.testing.assert_allclose(both(weighted.rates), both(plain.rates), rtol=1e-9)
    assert weighted.sse == pytest.approx(plain.sse)


def test_the_scale_of_the_weights_does_not_matter() -> None:
    plain, scaled = (fit_rates(T, noisy(), PAIR, weights=State(k, 2 * k, 3 * k)) for k in (1, 1e4))
    np.testing.assert_allclose(both(scaled.rates), both(plain.rates), rtol=1e-6)
    np.testing.assert_allclose(both(scaled.stderr), both(plain.stderr), rtol=1e-6)
    assert scaled.sse == pytest.approx(1e4 * plain.sse)


@pytest.mark.parametrize("scalar", ["dh2", "dy2", "w"])
def test_a_scalar_of_weight_zero_is_not_looked_at(scalar) -> None:
    weights = State(**{"dh2": 1, "dy2": 1, "w": 1, scalar: 0})
    spoilt = State(**{**vars(PATH), scalar: np.where(T > 0, 0.7, getattr(PATH, scalar))})
    assert_recovered(fit_rates(T, spoilt, PAIR, weights=weights), TRUE)


def test_a_sample_of_weight_zero_is_not_looked_at() -> None:
    weight = (np.arange(T.size) % 3 > 0).astype(float)
    spoilt = State(*(np.where(weight > 0, x, 0.3) for x in vars(PATH).values()))
    spoilt = State(*(np.where(T > 0, x, y) for x, y in zip(vars(spoilt).values(), vars(PATH).values(), strict=True)))
    assert_recovered(fit_rates(T, spoilt, PAIR, weights=State(weight, weight, weight)), TRUE)


def test_a_collapsing_pair_is_recovered_too() -> None:
    pair, rates = Pair(0.747349, 3.21238e-4), Rates(0.218159, 3.43546e-5)
    t = np.linspace(0, 0.0485, 47)
    found = fit_rates(t, trajectory(t, State(3.37261e-4, 0.0285572, 0.0264945), pair, rates), pair)
    assert found.r2.dh2 > 1 - 1e-12
    assert found.rates.h == pytest.approx(rates.h, rel=1e-8)
