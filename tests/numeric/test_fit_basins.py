"""A fit ends where nothing better is near or, as far as it looked, elsewhere; or it says so."""

from dataclasses import replace

import numpy as np
import pytest
from draws import FITTED, draw, pinned
from repdyn.numeric import Pair, Rates, State, fit, fit_rates, trajectory
from repdyn.numeric.search import best_starts
from repdyn.symbolic import theories, two_point

CLOSED = [name for name in FITTED if theories()[name].solution]
DRAWS = {name: 5000 if name in CLOSED else 500 for name in FITTED}
"""How many trajectories of each theory the slow tests fit, in hours for all."""


REASONS = ("No standard errors: ", "Something better is near: ", "Another minimum fits almost as well ")
"""Why a fit is no success."""


def known(name: str, true: dict[str, float], *also: str) -> dict[str, float]:
    """What has to be known of a theory, and what else is."""
    return {key: value for key, value in true.items() if key in ("futures", "rate_h2", *also)}


def assert_never_wrong(name: str, seed: int, *also: str) -> None:
    """A success on exact data is exact, as far as differences of integrations lead; what is none says why."""
    drawn = draw(name, seed)
    found = fit_rates(drawn.t, drawn.path, drawn.pair, theory=name, fixed=known(name, drawn.true, *also))
    share = found.sse / drawn.size
    if found.success:
        assert share < (1e-21 if name in CLOSED else 1e-9), (name, seed, share)
    else:
        assert any(words in found.message for words in REASONS), (name, seed, found.message)


@pytest.mark.parametrize("name", FITTED)
def test_exact_trajectories_are_never_fitted_wrong_with_success(name) -> None:
    for seed in range(40 if name in CLOSED else 1 if name.startswith("growing") else 4):
        assert_never_wrong(name, seed)


@pytest.mark.parametrize("rate", ["rate_h", "rate_y"])
@pytest.mark.parametrize("name", ["two_point", "scalar_output"])
def test_nor_if_one_rate_is_known(name, rate) -> None:
    for seed in range(30):
        assert_never_wrong(name, seed, rate)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "block"), [(name, block) for name, count in DRAWS.items() for block in range(count // 50)]
)
def test_no_exact_trajectory_of_many_is_fitted_wrong_with_success(name, block) -> None:
    for seed in range(50 * block, 50 * (block + 1)):
        assert_never_wrong(name, seed)
        if block < 10 and name != "recurrent":
            assert_never_wrong(name, seed, "rate_h")
            assert_never_wrong(name, seed, "rate_y")


@pytest.mark.parametrize("name", CLOSED)
def test_with_noise_nothing_ends_above_the_truth_with_success(name) -> None:
    for seed in range(10):
        true = draw(name, seed)
        noisy = true.noisy(0.02, seed)
        found = fit_rates(noisy.t, noisy.path, noisy.pair, theory=name, fixed=known(name, noisy.true))
        truths = float(np.sum((noisy.rows - true.rows) ** 2))
        assert found.sse <= truths * (1 + 1e-9) or not found.success, seed


def test_a_pair_that_turns_round_is_fitted() -> None:
    t, pair, rates = np.linspace(0, 1000, 100), Pair(0.93, 1.75), Rates(5.8e-4, 1.76e-2)
    found = fit_rates(t, trajectory(t, State(2.5e-4, 7.6e-5, 5.1e-3), pair, rates), pair)
    assert found.success
    assert (found.rates.h, found.rates.y) == pytest.approx((rates.h, rates.y), rel=1e-8)


@pytest.mark.parametrize("name", ["two_point", "flipped_w", "doubled_dy2"])
def test_starts_at_which_a_theory_breaks_down_do_not_end_the_fit(name, monkeypatch) -> None:
    drawn = pinned(name, 0)

    def with_broken_ones(model, data, count):
        good = best_starts(model, data, count)
        return [np.full_like(good[0], 99.0), *good]

    monkeypatch.setattr(fit, "best_starts", with_broken_ones)
    monkeypatch.setattr(fit, "fitted_at_once", lambda model, data: [(None, False)])
    found = fit_rates(drawn.t, drawn.path, drawn.pair, theory=name)
    assert found.success
    assert found.coefficients == pytest.approx(drawn.true, rel=1e-5)


def test_another_minimum_that_is_close_is_said() -> None:
    noisy = pinned("two_point", 53, noise=0.02)
    found = fit_rates(noisy.t, noisy.path, noisy.pair)
    assert not found.success
    assert "Another minimum fits almost as well (its misfit is " in found.message
    assert "times this one): rate_h = " in found.message
    assert "; fix what is known, or record more of the trajectory." in found.message


@pytest.mark.parametrize("fixed", [{}, {"rate_h": 2e-3}])
def test_a_closed_form_of_ones_own_needs_no_begin(fixed) -> None:
    mine = replace(two_point(), name="mine", begin=None)
    t, pair, rates = np.linspace(0, 1500, 100), Pair(1.0, 0.5), Rates(2e-3, 2e-2)
    found = fit_rates(t, trajectory(t, State(0.05, 0.02, -0.05), pair, rates), pair, theory=mine, fixed=fixed)
    assert found.success
    assert (found.rates.h, found.rates.y) == pytest.approx((rates.h, rates.y), rel=1e-8)
