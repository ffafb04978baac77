"""Fits of other theories: they find what made a trajectory, compare, and refuse what they cannot do."""

import re
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from repdyn.numeric import Pair, State, fit_rates, integrate, nested_test
from repdyn.symbolic import theories, two_point
from variants import variant

T, PAIR, START = np.arange(0.0, 1500.0, 10.0), Pair(1.0, 0.5), State(0.02, 0.01, 0.01 - np.sqrt(0.005))
TRUE = {
    "scalar_output": {"rate_h": 1e-3, "rate_y": 2e-2, "gram": 0.01},
    "growing_rates": {"rate_h": 1e-3, "growth_h": 4e-3, "rate_y": 1e-2, "growth_y": 5e-3, "gram": 0.005},
    "growing_vectors": {"rate_h": 1e-3, "growth_h": 4e-3, "rate_y": 1e-2, "growth_y": 5e-3},
    "cross_entropy": {"rate_h": 1e-3, "rate_y": 2e-2, "gram": 0.01},
    "doubled_dy2": {"rate_h": 1e-3, "rate_y": 2e-2},
    "doubled_dh2": {"rate_h": 1e-3, "rate_y": 2e-2},
    "flipped_w": {"rate_h": 1e-3, "rate_y": 2e-2},
    "incomplete_dy2": {"rate_h": 1e-3, "rate_y": 2e-2},
}


def run(theory, **changed):
    return integrate(T, START, PAIR, {**TRUE[theory], **changed}, theory=theory)


def noisy(path, size=1e-3, seed=0):
    noise = size * np.random.default_rng(np.random.PCG64(seed)).normal(size=(3, T.size)) * (T > 0)
    return State(*(x + n for x, n in zip((path.dh2, path.dy2, path.w), noise, strict=True)))


@pytest.mark.parametrize("theory", TRUE)
def test_it_finds_the_coefficients_that_made_a_trajectory(theory) -> None:
    fit = fit_rates(T, run(theory), PAIR, theory=theory)
    assert fit.theory == theory
    assert fit.coefficients == pytest.approx(TRUE[theory], rel=1e-3)
    assert fit.sse < 1e-9


def test_errors_hold_for_coefficients_that_may_be_zero() -> None:
    true = TRUE["growing_vectors"]
    for seed in range(3):
        fit = fit_rates(T, noisy(run("growing_vectors"), seed=seed), PAIR, theory="growing_vectors")
        for name, value in true.items():
            assert abs(fit.coefficients[name] - value) < 5 * fit.errors[name]


def test_without_growth_none_is_found() -> None:
    fit = fit_rates(T, noisy(run("scalar_output", gram=0.0)), PAIR, theory="growing_rates")
    assert fit.coefficients["growth_h"] < 5 * fit.errors["growth_h"] + 1e-6
    assert fit.coefficients["growth_y"] < 5 * fit.errors["growth_y"] + 1e-6
    assert "At the bound 0: " in fit.message


def test_a_fixed_coefficient_stays() -> None:
    fit = fit_rates(T, run("growing_rates"), PAIR, theory="growing_rates", fixed={"gram": 0.005, "growth_h": 4e-3})
    assert fit.fitted == ("rate_h", "rate_y", "growth_y")
    assert fit.coefficients == pytest.approx(TRUE["growing_rates"], rel=1e-4)
    assert set(fit.errors) == set(fit.fitted)


def test_fixing_growth_at_zero_gives_the_smaller_theory() -> None:
    data = noisy(run("scalar_output"))
    larger = fit_rates(T, data, PAIR, theory="growing_rates", fixed={"growth_h": 0.0, "growth_y": 0.0})
    smaller = fit_rates(T, data, PAIR, theory="scalar_output")
    assert larger.sse == pytest.approx(smaller.sse, rel=1e-6)


def test_the_nested_test_knows_which_theory_made_the_data() -> None:
    for theory, significant in (("growing_rates", True), ("scalar_output", False)):
        data = noisy(run(theory))
        small, large = (fit_rates(T, data, PAIR, theory=name) for name in ("scalar_output", "growing_rates"))
        found = nested_test(small, large)
        assert (found.p_value < 1e-6) == significant
        assert (found.aic > 10) == significant
        assert found.ratio == pytest.approx(small.sse / large.sse)
        more, freedom = 2, 3 * (T.size - 1) - 5  # the noise makes all three scalars independent
        assert found.statistic == pytest.approx((found.ratio - 1) * freedom / more)


def test_the_nested_test_refuses_theories_that_are_not_nested() -> None:
    data = noisy(run("scalar_output"))
    names = ("scalar_output", "two_point", "growing_rates", "doubled_dy2", "cross_entropy")
    fits = {name: fit_rates(T, data, PAIR, theory=name) for name in names}
    pairs = [("scalar_output", "two_point"), ("doubled_dy2", "growing_rates"), ("two_point", "cross_entropy")]
    for one, other in pairs:
        with pytest.raises(
            ValueError, match="a nested test needs two fits of the same samples, the first of a special"
        ):
            nested_test(fits[one], fits[other])
    assert nested_test(fits["two_point"], fits["growing_rates"]).statistic >= 0


def test_more_coefficients_than_numbers_are_no_success() -> None:
    few = [0, 50, 149]
    fit = fit_rates(T[few], run("scalar_output")[few], PAIR, theory="growing_rates")
    assert fit.samples == 4
    assert not fit.success
    assert "does not determine rate_h, growth_h, rate_y, growth_y, gram" in fit.message


def test_coefficients_that_only_work_together_are_no_success() -> None:
    one, other = sp.symbols("one other", positive=True)
    base = two_point()
    rates = {base.parameters[2]: one * other}
    mine = variant("product", one, {x: rate.subs(rates).subs(other, one) for x, rate in base.rhs.items()})
    both = replace(
        mine, parameters=(*mine.parameters, other), rhs={x: rate.subs(rates) for x, rate in base.rhs.items()}
    )
    data = integrate(T, START, PAIR, {"rate_h": 1.0, "rate_y": 2e-2, "one": 0.1, "other": 1e-2}, theory=both)
    fit = fit_rates(T, data, PAIR, theory=both, fixed={"rate_h": 1.0})
    assert not fit.success
    assert fit.errors is None


def test_a_theory_that_changes_in_time_is_fitted_from_step_0_only() -> None:
    k, base = sp.Symbol("k", positive=True), two_point()
    ramp = variant("ramp", k, {x: (1 + k * base.time) * rate for x, rate in base.rhs.items()})
    true = {"rate_h": 1e-3, "rate_y": 1e-2, "k": 1e-3}
    data = integrate(T, START, PAIR, true, theory=ramp)
    assert fit_rates(T, data, PAIR, theory=ramp).coefficients == pytest.approx(true, rel=1e-3)
    with pytest.raises(ValueError, match="theory 'ramp' depends on time itself: give the trajectory from step 0 on"):
        fit_rates(T[5:], data[5:], PAIR, theory=ramp)


def test_a_start_from_which_a_theory_cannot_go_on_is_said() -> None:
    k, base = sp.Symbol("k", positive=True), two_point()
    dh2, _, _ = base.states
    broken = variant("broken", k, {x: rate + k * sp.log(dh2 - 1) for x, rate in base.rhs.items()})
    with pytest.raises(ValueError, match="theory 'broken' reaches a singularity from this start at all coefficients"):
        fit_rates(T, run("scalar_output"), PAIR, theory=broken)


def test_a_theory_without_both_rates_says_so() -> None:
    fit = fit_rates(T, run("scalar_output"), PAIR, theory="recurrent", fixed={"futures": 3, "rate_h2": 1e-3})
    with pytest.raises(ValueError, match="theory 'recurrent' has no rate_h and rate_y; see the fit's coefficients"):
        _ = fit.rates


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"theory": "rich"}, "there is no theory 'rich'; there are two_point, "),
        (
            {"theory": "scalar_output", "fixed": {"growth_h": 0.0}},
            "theory 'scalar_output' has the coefficients rate_h, rate_y, gram, not growth_h",
        ),
        (
            {"fixed": {"rate_h": 1e-3, "rate_y": 2e-2}},
            "all coefficients of theory 'two_point' are fixed and none is left to fit: leave one out, or use "
            "trajectory",
        ),
        (
            {"theory": "scalar_output", "fixed": {"gram": [0.0, 0.1]}},
            "a fixed coefficient must be one finite number, got gram = [0.0, 0.1]",
        ),
        ({"fixed": {"gram": 0.0}}, "theory 'two_point' has the coefficients rate_h, rate_y, not gram"),
    ],
)
def test_it_refuses(options, words) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        fit_rates(T, run("scalar_output"), PAIR, **options)


def test_a_pair_that_is_not_aligned_is_refused_by_a_theory_of_one_output() -> None:
    path = integrate(T, State(0.02, 0.01, 0.01), PAIR, TRUE["doubled_dh2"])
    with pytest.raises(ValueError, match="it is for pairs whose dy is parallel to dy"):
        fit_rates(T, path, PAIR, theory="growing_rates")


def test_a_theory_of_ones_own_is_fitted() -> None:
    """Weight decay: a coefficient that the package has never heard of, next to the two rates."""
    base, decay = two_point(), sp.Symbol("decay", nonnegative=True)
    dh2, dy2, w = base.states
    rhs = {
        dh2: base.rhs[dh2] - 2 * decay * dh2,
        dy2: base.rhs[dy2] - 4 * decay * dy2,
        w: base.rhs[w] - 2 * decay * (dy2 + w),
    }
    mine = variant("weight_decay", decay, rhs)
    true = {"rate_h": 1e-3, "rate_y": 2e-2, "decay": 3e-4}
    fit = fit_rates(T, integrate(T, START, PAIR, true, theory=mine), PAIR, theory=mine)
    assert fit.coefficients == pytest.approx(true, rel=1e-4)
    assert "weight_decay" not in theories()
