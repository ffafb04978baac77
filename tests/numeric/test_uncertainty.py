"""Standard errors: of residuals that stay alike for a while, and of such that do not."""

import numpy as np
import pytest
from repdyn.numeric import Pair, Rates, State, fit_rates, trajectory
from repdyn.numeric.uncertainty import uncertainty

T = np.arange(0.0, 1200.0, 3.0)
START, PAIR, TRUE = State(0.15, 0.05, 0.0), Pair(1.0, 0.5), Rates(2e-3, 2e-2)
PATH = trajectory(T, START, PAIR, TRUE)
NOISE = 4e-3


def alike(times, correlation_time, seed, rows=3):
    """Noise whose correlation falls by e in some time, of variance 1."""
    new = np.random.default_rng(seed).normal(size=(rows, times.size))
    found = new.copy()
    for i in range(1, times.size):
        kept = np.exp(-(times[i] - times[i - 1]) / correlation_time)
        found[:, i] = kept * found[:, i - 1] + np.sqrt(1 - kept**2) * new[:, i]
    return found


def fitted(noise):
    return fit_rates(
        T, State(*(x + n for x, n in zip(vars(PATH).values(), NOISE * noise * (T > 0), strict=True))), PAIR
    )


def scores(fit, errors):
    return [(fit.coefficients[x] - true) / errors[x] for x, true in (("rate_h", TRUE.h), ("rate_y", TRUE.y))]


@pytest.mark.parametrize(("correlation", "count"), [(0.5, 25), (0.95, 40)])
def test_errors_cover_the_truth_where_residuals_stay_alike(correlation, count) -> None:
    fits = [fitted(alike(T, -3 / np.log(correlation), seed)) for seed in range(count)]
    found = np.array([scores(fit, fit.errors) for fit in fits])
    assert 0.75 < np.sqrt(np.mean(found**2)) < 1.45
    assert (np.abs(found) > 3).sum() <= 4
    too_small = np.array([scores(fit, fit.independent_errors) for fit in fits])
    assert np.sqrt(np.mean(too_small**2)) > 1.5 * np.sqrt(np.mean(found**2))
    times = np.array([fit.correlation_time for fit in fits])
    assert np.median(times) == pytest.approx(-3 / np.log(correlation), rel=0.3)


def test_of_independent_residuals_both_errors_are_the_same() -> None:
    fits = [fitted(np.random.default_rng(seed).normal(size=(3, T.size))) for seed in range(40)]
    assert np.mean([fit.correlation_time == 0 for fit in fits]) > 0.5
    ratios = [fit.errors[name] / fit.independent_errors[name] for fit in fits for name in fit.fitted]
    assert np.median(ratios) == pytest.approx(1, abs=0.1)
    assert max(ratios) < 2


def test_scalars_of_different_noise_have_errors_of_their_own() -> None:
    """Where only dh2 is noisy, what is read off dh2 is uncertain."""
    sizes = np.array([[10.0], [0.1], [0.1]])
    fits = [fitted(sizes * np.random.default_rng(seed).normal(size=(3, T.size))) for seed in range(40)]
    found = np.array([scores(fit, fit.errors) for fit in fits])
    assert (np.sqrt(np.mean(found**2, axis=0)) > 0.7).all()
    assert (np.sqrt(np.mean(found**2, axis=0)) < 1.4).all()


@pytest.mark.parametrize("spacing", [np.ones(59), np.random.default_rng(5).uniform(0.2, 3.0, 59)])
def test_errors_are_those_of_the_covariance_written_out(spacing) -> None:
    """(J'J)^-1 J'SJ (J'J)^-1, with S as a full matrix."""
    times = np.concatenate([[0.0], np.cumsum(spacing)])
    rng = np.random.default_rng(1)
    jacobian = rng.normal(size=(3, times.size, 2)).cumsum(axis=1)
    noise = alike(times, 5.0, 2) * np.array([[1.0], [2.0], [0.5]])
    flat = jacobian.reshape(-1, 2)
    residuals = (noise.ravel() - flat @ np.linalg.lstsq(flat, noise.ravel(), rcond=None)[0]).reshape(3, -1)
    found = uncertainty(
        times, residuals, jacobian, weight=np.ones_like(residuals), rounding=np.zeros(3), numbers=residuals.size
    )
    correlation = np.exp(-np.abs(np.subtract.outer(times, times)) / found.correlation_time)
    white = np.linalg.inv(np.linalg.cholesky(correlation))
    whitened, directions = residuals @ white.T, np.einsum("st,ktm->ksm", white, jacobian).reshape(-1, 2)
    left = whitened - (directions @ np.linalg.lstsq(directions, whitened.ravel(), rcond=None)[0]).reshape(3, -1)
    covariance = left @ left.T / times.size * residuals.size / (residuals.size - 2)
    whole, inverse = np.kron(covariance, correlation), np.linalg.inv(flat.T @ flat)
    np.testing.assert_allclose(found.errors, np.sqrt(np.diag(inverse @ flat.T @ whole @ flat @ inverse)), rtol=1e-9)
    assert found.samples == pytest.approx(residuals.size * times.size / correlation.sum())


def test_the_correlation_time_is_that_of_the_greatest_restricted_likelihood() -> None:
    """Of the density of residuals with a constant taken out, written with full matrices."""
    times = np.arange(80.0)
    noise = alike(times, 6.0, 3, rows=1)
    residuals = noise - noise.mean()
    found = uncertainty(
        times,
        residuals,
        np.ones((1, 80, 1)),
        weight=np.ones((1, 80)),
        rounding=np.zeros(1),
        numbers=80,
    )

    def minus_log_likelihood(time):
        """With the best scale: Patterson & Thompson, of contrasts that know no constant."""
        contrasts = np.linalg.qr(np.column_stack([np.ones(80), np.eye(80)[:, :79]]))[0][:, 1:]
        seen = contrasts.T @ np.exp(-np.abs(np.subtract.outer(times, times)) / time) @ contrasts
        values = contrasts.T @ residuals[0]
        return 79 * np.log(values @ np.linalg.solve(seen, values)) + np.linalg.slogdet(seen)[1]

    least = minus_log_likelihood(found.correlation_time)
    assert all(
        least <= minus_log_likelihood(found.correlation_time * factor) for factor in (0.5, 0.9, 0.98, 1.02, 1.1, 2)
    )
    assert 2 < found.correlation_time < 20


def test_samples_without_weight_have_no_part_in_it() -> None:
    noise = alike(T, 40.0, 7)
    weight = np.where(np.arange(T.size) < 300, 1.0, 0.0)
    fit = fit_rates(
        T,
        State(*(x + n for x, n in zip(vars(PATH).values(), NOISE * noise * (T > 0), strict=True))),
        PAIR,
        weights=State(weight, weight, weight),
    )
    alone = fit_rates(
        T[:300],
        State(*(x + n for x, n in zip(vars(PATH[:300]).values(), NOISE * (noise * (T > 0))[:, :300], strict=True))),
        PAIR,
    )
    assert fit.correlation_time == pytest.approx(alone.correlation_time, rel=1e-3)
    assert fit.coefficients == pytest.approx(alone.coefficients, rel=1e-9)
