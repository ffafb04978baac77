"""fit_rates is never worse than the procedure of the paper, on data that the theory does not fit exactly."""

import pytest
from papers_fit import PAIR, T, growing_rates, papers_fit
from repdyn.numeric import Rates, State, fit_rates, trajectory


@pytest.fixture(scope="module")
def observed():
    return growing_rates(T)


@pytest.fixture(scope="module")
def baseline(observed):
    return papers_fit(T, observed, PAIR)


def test_the_sum_of_squares_is_at_most_the_papers(observed, baseline) -> None:
    assert fit_rates(T, observed, PAIR).sse <= baseline.sse * (1 + 1e-9)


def test_the_papers_procedure_works(observed, baseline) -> None:
    """A baseline that fails would prove nothing: it ends close to the same rates."""
    fit = fit_rates(T, observed, PAIR)
    assert baseline.sse <= fit.sse * (1 + 1e-6)
    assert (baseline.rates.h, baseline.rates.y) == pytest.approx((fit.rates.h, fit.rates.y), rel=1e-4)


def test_the_data_are_not_the_theorys(observed) -> None:
    fit = fit_rates(T, observed, PAIR)
    noise = 3 * T.size * 3e-3**2
    assert fit.sse > 5 * noise


def test_the_papers_procedure_recovers_the_rates_of_the_theory() -> None:
    path = trajectory(T, State(0.02, 0.01, 0.0), PAIR, Rates(2e-3, 2e-2))
    found = papers_fit(T, path, PAIR).rates
    assert (found.h, found.y) == pytest.approx((2e-3, 2e-2), rel=1e-3)
