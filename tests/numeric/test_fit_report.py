"""What fit_rates says about its fit: errors that hold, misfits that add up, and when the data say nothing."""

import numpy as np
import pytest
from repdyn.numeric import Pair, Rates, State, fit_rates, trajectory

T = np.arange(0.0, 1200.0, 3.0)
START, PAIR, TRUE = State(0.15, 0.05, 0.0), Pair(1.0, 0.5), Rates(2e-3, 2e-2)
PATH = trajectory(T, START, PAIR, TRUE)
NOISE = 4e-3


def noisy(seed):
    """The path with equal, independent noise on every sample but the first."""
    noise = NOISE * np.random.default_rng(seed).normal(size=(3, T.size)) * (T > 0)
    return State(PATH.dh2 + noise[0], PATH.dy2 + noise[1], PATH.w + noise[2])


def both(rates):
    return np.array([rates.h, rates.y])


def test_standard_errors_are_calibrated() -> None:
    """Over noisy repeats, errors in units of their standard error have mean 0 and standard deviation 1."""
    fits = [fit_rates(T, noisy(seed), PAIR) for seed in range(60)]
    assert all(fit.success for fit in fits)
    scores = np.array([(both(fit.rates) - both(TRUE)) / both(fit.stderr) for fit in fits])
    assert (np.abs(scores.mean(axis=0)) < 4 / np.sqrt(60)).all()
    assert (scores.std(axis=0) > 0.7).all()
    assert (scores.std(axis=0) < 1.4).all()


def test_standard_errors_grow_with_the_noise() -> None:
    small, large = (
        fit_rates(
            T,
            State(*(p + k * (o - p) for p, o in zip(vars(PATH).values(), vars(noisy(0)).values(), strict=True))),
            PAIR,
        )
        for k in (0.1, 1)
    )
    np.testing.assert_allclose(both(large.stderr), 10 * both(small.stderr), rtol=0.02)


def test_the_prediction_is_the_trajectory_of_the_rates() -> None:
    observed = noisy(1)
    fit = fit_rates(T, observed, PAIR)
    expected = trajectory(T, observed[0], PAIR, fit.rates)
    for name in ("dh2", "dy2", "w"):
        np.testing.assert_allclose(getattr(fit.predicted, name), getattr(expected, name), rtol=1e-12, atol=1e-14)


def test_misfits_add_up() -> None:
    observed, weights = noisy(2), State(1.0, 2.0, np.linspace(0, 3, T.size))
    fit = fit_rates(T, observed, PAIR, weights=weights)
    sse = 0.0
    for name in ("dh2", "dy2", "w"):
        squares = (getattr(fit.predicted, name) - getattr(observed, name)) ** 2
        measured = getattr(observed, name)
        assert getattr(fit.r2, name) == pytest.approx(1 - squares.sum() / ((measured - measured.mean()) ** 2).sum())
        sse += np.sum(getattr(weights, name) * squares)
    assert fit.sse == pytest.approx(sse)


def test_nearby_rates_fit_worse() -> None:
    observed = noisy(3)
    fit = fit_rates(T, observed, PAIR)
    for factors in ((1.001, 1), (0.999, 1), (1, 1.001), (1, 0.999)):
        path = trajectory(T, observed[0], PAIR, Rates(*(both(fit.rates) * factors)))
        sse = sum(np.sum((x - y) ** 2) for x, y in zip(vars(path).values(), vars(observed).values(), strict=True))
        assert sse > fit.sse


UNDETERMINED = {
    "a pair that has ended": State(np.full(T.size, 0.7), np.full(T.size, 0.5), np.zeros(T.size)),
    "a pair that does not move": State(np.full(T.size, 0.1), np.full(T.size, 0.2), np.full(T.size, 0.1)),
    "a hidden distance that does not move": trajectory(T, State(1e12, 0.1, -0.05), PAIR, Rates(1e-15, 1e-15)),
}


@pytest.mark.parametrize("observed", UNDETERMINED.values(), ids=UNDETERMINED)
def test_data_that_do_not_determine_both_rates_give_no_errors_and_no_success(observed) -> None:
    fit = fit_rates(T, observed, PAIR)
    assert fit.stderr is None
    assert not fit.success
    assert "No standard errors: the trajectory does not determine rate_h, rate_y" in fit.message
    assert "record one in which dh2 and dy2 both change" in fit.message


def test_data_of_no_weight_determine_nothing() -> None:
    fit = fit_rates(T, PATH, PAIR, weights=State(0, 0, 0))
    assert fit.stderr is None
    assert not fit.success
    assert "does not determine rate_h, rate_y" in fit.message


def balanced(dh2):
    """A balanced pair, of which only the output is seen: it depends on the product of the rates alone."""
    dy2 = dh2**2 * TRUE.y / TRUE.h
    path = trajectory(T, State(dh2, dy2, dy2 - np.sqrt(dy2 * PAIR.dy2)), PAIR, TRUE)
    noise = 1e-9 * np.random.default_rng(0).normal(size=T.size) * (T > 0)
    return fit_rates(T, State(path.dh2, path.dy2 + noise, path.w), PAIR, weights=State(0, 1, 0))


def test_rates_that_cannot_be_told_apart_have_no_errors_and_a_reason() -> None:
    fits = [balanced(dh2) for dh2 in (0.005, 0.01, 0.02, 0.05, 0.1)]
    alike = [fit for fit in fits if "rate_h, rate_y move the trajectory so much alike" in fit.message]
    assert alike
    assert all(fit.errors is None and not fit.success for fit in alike)
    for fit in fits:
        assert fit.errors is None or all(0 < error < np.inf for error in fit.errors.values())
        assert fit.coefficients["rate_h"] * fit.coefficients["rate_y"] == pytest.approx(TRUE.h * TRUE.y, rel=1e-4)


def test_independent_errors_are_those_of_the_normal_equations() -> None:
    """The same by differences of the trajectory at the optimum and a plain inverse."""
    fit = fit_rates(T, noisy(5), PAIR)

    def stacked(h, y):
        return np.concatenate(list(vars(trajectory(T, noisy(5)[0], PAIR, Rates(h, y))).values()))

    h, y = both(fit.rates)
    step = 1e-5
    jacobian = np.stack(
        [
            (stacked(h * (1 + step), y) - stacked(h * (1 - step), y)) / (2 * h * step),
            (stacked(h, y * (1 + step)) - stacked(h, y * (1 - step))) / (2 * y * step),
        ],
        axis=1,
    )
    variance = fit.sse / (fit.samples - 2)
    np.testing.assert_allclose(
        list(fit.independent_errors.values()),
        np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian)) * variance),
        rtol=1e-4,
    )


def test_a_success_says_how_it_ended() -> None:
    fit = fit_rates(T, noisy(4), PAIR)
    assert fit.success
    assert fit.message == "No further step lowers the misfit."
