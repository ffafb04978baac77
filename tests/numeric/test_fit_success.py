"""What a success is: nothing better is near, whatever the last bit of a sum, for exact, nearly exact and noisy data."""

import numpy as np
import pytest
from draws import pinned, without_steps
from repdyn.numeric import Pair, Rates, State, fit_rates, search, trajectory

T, PAIR, TRUE = np.linspace(0, 1500, 150), Pair(1.0, 0.5), Rates(2e-3, 2e-2)
PATH = trajectory(T, State(0.05, 0.02, -0.05), PAIR, TRUE)


def nudged(path: State, ulps: int, seed: int) -> State:
    """Every number but the first off by up to so many units in its last place."""
    rng = np.random.default_rng(seed)

    def off(x):
        moved = x + np.spacing(x) * rng.integers(-ulps, ulps + 1, size=x.shape)
        return np.where(T > 0, moved, x)

    return State(*(off(x) for x in vars(path).values()))


def assert_success(fit, errors: float) -> None:
    assert fit.success, fit.message
    for name, true in (("rate_h", TRUE.h), ("rate_y", TRUE.y)):
        assert abs(fit.coefficients[name] - true) < errors * fit.errors[name] + 1e-12 * true
        assert 0 < fit.errors[name] < true


@pytest.mark.parametrize("ulps", [0, 1, 2, 100])
def test_exact_data_are_a_success_whatever_their_last_bits(ulps) -> None:
    for seed in range(10):
        assert_success(fit_rates(T, nudged(PATH, ulps, seed), PAIR), 5)


@pytest.mark.parametrize("size", [1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 3e-2])
def test_noise_of_any_size_is_no_failure(size) -> None:
    for seed in range(5):
        noise = size * np.random.default_rng(seed).normal(size=(3, T.size)) * (T > 0)
        noisy = State(*(x + n for x, n in zip(vars(PATH).values(), noise, strict=True)))
        assert_success(fit_rates(T, State(np.abs(noisy.dh2), np.abs(noisy.dy2), noisy.w), PAIR), 5)


@pytest.mark.parametrize("theory", ["scalar_output", "cross_entropy", "doubled_dh2"])
def test_exact_data_of_other_theories_are_a_success_too(theory) -> None:
    drawn = pinned(theory, 0)
    for factor in (1, 1 + 2**-52, 1 - 2**-53, 3.0):  # time in other units is other rounding
        fit = fit_rates(drawn.t * factor, drawn.path, drawn.pair, theory=theory)
        assert fit.success, fit.message
        assert fit.coefficients["rate_h"] * factor == pytest.approx(drawn.true["rate_h"], rel=1e-5)


def test_errors_of_exact_data_are_those_of_rounding() -> None:
    fit = fit_rates(T, PATH, PAIR)
    for name, true in (("rate_h", TRUE.h), ("rate_y", TRUE.y)):
        assert np.spacing(true) <= fit.errors[name] < 1e-13 * true
        assert abs(fit.coefficients[name] - true) <= 10 * fit.errors[name]
    assert fit.correlation_time == 0, "rounding has no correlation to speak of"


def test_a_search_that_was_cut_short_is_none(monkeypatch) -> None:
    whole = search.least_squares
    monkeypatch.setattr(
        search, "least_squares", lambda *args, **options: whole(*args, **{**options, "max_nfev": 2, "ftol": 1e-15})
    )
    without_steps(monkeypatch)
    off = State(PATH.dh2, PATH.dy2 * np.linspace(1, 1.2, T.size), PATH.w)
    fit = fit_rates(T, off, PAIR)
    assert not fit.success
    assert "Something better is near: the search did not end." in fit.message


def test_no_success_where_the_mean_is_nearer_than_the_prediction() -> None:
    there_and_back = State(0.05 + 0.1 * np.sin(T / 1500 * np.pi), PATH.dy2, PATH.w)
    fit = fit_rates(T, there_and_back, PAIR)
    assert fit.r2.dh2 < 0 < fit.r2.dy2
    assert fit.determined
    assert not fit.success
    words = (
        f"The theory does not describe this trajectory: a constant, the mean, is nearer to dh2 (R2 = {fit.r2.dh2:.3g})."
    )
    assert words in fit.message


def test_a_scalar_that_does_not_count_or_vary_is_no_failure() -> None:
    off = State(0.05 + 0.1 * np.sin(T / 1500 * np.pi), PATH.dy2, PATH.w)
    assert fit_rates(T, off, PAIR, weights=State(0, 1, 1)).success
    still = trajectory(T, State(3.0, 0.02, -0.05), PAIR, Rates(1e-12, 3e-3))
    rounded = State(np.float32(still.dh2).astype(float) + 1e-6 * (T > 5), still.dy2, still.w)
    fit = fit_rates(T, rounded, PAIR)
    assert fit.r2.dh2 < 0
    assert "does not describe" not in fit.message
