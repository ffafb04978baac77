"""Runs: repeatable to the last bit, compared with the theory, whatever happens in training."""

import numpy as np
import pytest
import torch
from repdyn.experiments import Comparison, Digits, Failure, Setting, SettingError, TwoPoints, compare, override, run
from repdyn.experiments.runs.run import balanced_exponent
from repdyn.experiments.settings import DigitStructure, Xor
from repdyn.numeric import Pair, Rates, State, fit_rates, loss_curve, trajectory

SMALL = TwoPoints(name="small", width=32, hidden_layers=2, layer=0, steps=400, lr=0.02, gain=0.7)


def theory_frame(**columns):
    """A trajectory of the theory itself, as a table."""
    import pandas as pd

    steps = np.arange(0, 3000, 3)
    state = trajectory(steps, State(1e-3, 1e-3, 0.0), Pair(1.0, 0.5), Rates(2e-3, 1e-2))
    table = {"step": steps, "dh2": state.dh2, "dy2": state.dy2, "w": state.w, "dx2": 1.0, "dy2_target": 0.5}
    return pd.DataFrame(table | columns)


@pytest.mark.parametrize("setting", [SMALL, Digits(width=16, hidden_layers=1, layer=0, steps=20)], ids=lambda s: s.name)
def test_a_run_is_repeatable_to_the_last_bit_and_differs_for_another_seed(setting: Setting) -> None:
    first, again, other = (run(s).frame for s in (setting, setting, override(setting, {"seed": 1})))
    assert first.equals(again)
    assert not np.array_equal(first["dh2"], other["dh2"])


def test_a_run_leaves_torch_as_it_was() -> None:
    torch.manual_seed(4)
    before = torch.get_rng_state()

    def settings() -> tuple[int, bool, bool]:
        fills = torch.utils.deterministic.fill_uninitialized_memory
        return torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), fills

    found = settings()
    run(override(SMALL, {"steps": 2}))
    assert torch.equal(torch.get_rng_state(), before)
    assert settings() == found


def test_a_two_layer_linear_network_meets_the_theory_at_about_the_rate_it_is_trained_with() -> None:
    # One layer each side: 1/tau = lr/2 for both under the ansatz, which a wide network starts outside of, and
    # biases learn too. That the rates are exactly lr/2 otherwise is tested with the laws, by gradient descent.
    setting = TwoPoints(
        width=64, hidden_layers=1, layer=0, nonlinearity="none", gain=0.1, steps=4000, lr=0.02, dx2=4.0, dy2=0.5
    )
    (comparison,) = run(setting).main
    assert comparison.fit.r2.dh2 > 0.99
    assert comparison.fit.r2.dy2 > 0.99
    assert (comparison.fit.rates.h, comparison.fit.rates.y) == pytest.approx((0.01, 0.01), rel=0.4)
    assert comparison.final_predicted == pytest.approx(comparison.final_measured, rel=0.02)


def test_a_trajectory_of_the_theory_is_met_exactly() -> None:
    (comparison,) = compare(theory_frame())
    assert isinstance(comparison, Comparison)
    assert (comparison.fit.rates.h, comparison.fit.rates.y) == pytest.approx((2e-3, 1e-2), rel=1e-8)
    assert comparison.line.r2 == pytest.approx(1.0, abs=1e-9)
    assert all(abs(d.worst) < 1e-8 and d.first_at is None for d in comparison.departures)
    assert comparison.loss is None
    assert comparison.row()["rate_mean"] is None


def test_every_pair_and_layer_is_compared_by_itself() -> None:
    import pandas as pd

    scaled = {"b": {"dh2": theory_frame().dh2 * 1.1}}
    frames = [theory_frame(pair=pair, layer=layer, **scaled.get(pair, {})) for pair in "ab" for layer in "xy"]
    found = compare(pd.concat(frames))
    assert [(c.pair, c.layer) for c in found] == [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    rates = [(c.row()["rate_h"], c.row()["rate_y"]) for c in found]
    assert rates[1] == pytest.approx((2e-3, 1e-2), rel=1e-8)
    assert rates[3] == pytest.approx((2e-3 * 1.1, 1e-2 / 1.1), rel=1e-8)  # hidden space scaled by sqrt(1.1)


def test_balancing_weighs_each_scalar_by_its_inverse_variance() -> None:
    frame = theory_frame(dh2=theory_frame().dh2 * (1 + 0.3 * np.sin(np.arange(1000) / 50)))
    (comparison,) = compare(frame, balanced=True)
    assert isinstance(comparison, Comparison)
    weights = State(*(1 / frame[name].var(ddof=0) for name in ("dh2", "dy2", "w")))
    observed = State(frame["dh2"], frame["dy2"], frame["w"])
    expected = fit_rates(frame["step"], observed, Pair(1.0, 0.5), weights=weights)
    assert comparison.fit.rates.h == pytest.approx(expected.rates.h, rel=1e-9)
    assert comparison.fit.rates.h != pytest.approx(compare(frame)[0].row()["rate_h"], rel=1e-3)


def test_a_trajectory_is_cut_before_it_diverges() -> None:
    frame = theory_frame()
    frame.loc[900:, "dh2"] = np.nan
    (comparison,) = compare(frame)
    assert isinstance(comparison, Comparison)
    assert (len(comparison.steps), comparison.gaps, comparison.cut) == (900, 0, 100)
    assert not comparison.ended
    assert comparison.row()["final_measured"] is None


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", ["step", "dh2", "dy2", "w"])
@pytest.mark.parametrize("row", [5, 500, 998])
def test_one_bad_value_is_one_gap_and_decides_nothing(row: int, column: str, bad: float) -> None:
    frame = theory_frame().astype(float)
    frame.loc[row, column] = bad
    (comparison,) = compare(frame)
    assert isinstance(comparison, Comparison)
    assert (len(comparison.steps), comparison.gaps, comparison.cut) == (999, 1, 0)
    assert comparison.steps.tolist() == theory_frame().drop(index=row)["step"].tolist()
    assert (comparison.fit.rates.h, comparison.fit.rates.y) == pytest.approx((2e-3, 1e-2), rel=1e-8)


def test_a_trajectory_whose_first_row_is_a_gap_begins_at_the_next() -> None:
    frame = theory_frame().astype(float)
    frame.loc[:1, "w"] = np.nan
    (comparison,) = compare(frame)
    assert isinstance(comparison, Comparison)
    assert (comparison.steps[0], comparison.gaps) == (6.0, 2)
    assert (comparison.fit.rates.h, comparison.fit.rates.y) == pytest.approx((2e-3, 1e-2), rel=1e-8)


def test_a_theory_that_depends_on_time_does_not_begin_after_a_gap() -> None:
    from dataclasses import replace

    from repdyn.symbolic import two_point

    base = two_point()
    dh2 = base.states[0]
    late = replace(base, name="late", rhs={**base.rhs, dh2: base.rhs[dh2] * (1 + base.time)}, solution=None, final=None)
    frame = theory_frame().astype(float)
    frame.loc[0, "dh2"] = np.nan
    (failure,) = compare(frame, theory=late)
    assert isinstance(failure, Failure)
    assert "depends on time itself: give the trajectory from step 0 on, got 3 first" in failure.reason
    assert "(left out as not finite: 1 of 1000 samples)" in failure.reason


def test_what_a_comparison_claims_depends_on_how_much_was_seen() -> None:
    whole = trajectory(np.arange(0, 6000, 10), State(1e-3, 1e-3, 0.0), Pair(1.0, 0.5), Rates(2e-3, 1e-2))
    frame = theory_frame().iloc[:600].assign(step=np.arange(0, 6000, 10), **vars(whole))
    found = [compare(frame.iloc[:n])[0] for n in (600, 300, 5)]
    assert [c.ended for c in found] == [True, False, False]
    assert found[0].learnt > 0.99
    assert 0.1 < found[1].learnt < 0.9
    assert found[2].learnt < 0.01
    assert [c.row()["final_measured"] for c in found] == [pytest.approx(whole.dh2[-1]), None, None]
    assert [c.row()["last_measured"] for c in found] == [pytest.approx(whole.dh2[n - 1]) for n in (600, 300, 5)]
    assert found[2].errors is None
    assert found[2].row()["stderr_h"] is None


def test_a_pair_that_agrees_ends_where_its_outputs_meet() -> None:
    steps = np.arange(0, 4000, 10)
    state = trajectory(steps, State(1.0, 0.5, 0.5), Pair(1.0, 0.0), Rates(1e-3, 1e-2))
    (whole,) = compare(theory_frame().iloc[:400].assign(step=steps, **vars(state), dy2_target=0.0))
    assert isinstance(whole, Comparison)
    assert whole.ended


def test_a_loss_that_is_recorded_more_rarely_is_fitted_where_it_is() -> None:
    frame = theory_frame()
    state = State(frame["dh2"], frame["dy2"], frame["w"])
    loss = np.asarray(loss_curve(frame["step"], state, Pair(1.0, 0.5), 2.0, 3e-3))
    rare = np.where(np.arange(1000) % 10 == 3, loss, np.nan)
    (comparison,) = compare(frame.assign(loss=rare))
    assert isinstance(comparison, Comparison)
    assert len(comparison.steps) == 1000
    assert comparison.loss_fit is not None
    assert comparison.loss_fit.rate == pytest.approx(3e-3, rel=1e-4)
    np.testing.assert_array_equal(np.isfinite(comparison.loss_fit.predicted), np.isfinite(rare))


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (np.where(np.arange(1000) < 2, 1.0, np.nan), "it is finite in 2 of 1000 samples, and a fit takes 3"),
        (np.where(np.arange(1000) == 7, -1.0, 1.0), "loss must be finite and not negative, got -1"),
    ],
)
def test_a_loss_that_cannot_be_fitted_does_not_decide_the_rest(loss, reason: str) -> None:
    (comparison,) = compare(theory_frame(loss=loss))
    assert isinstance(comparison, Comparison)
    assert comparison.loss_fit is None
    assert comparison.loss_reason is not None
    assert comparison.loss_reason.startswith(reason)
    assert comparison.fit.rates.h == pytest.approx(2e-3, rel=1e-8)


@pytest.mark.parametrize("size", [1e-310, 1e300])
def test_a_loss_of_any_size_warns_of_nothing(size: float) -> None:
    (comparison,) = compare(theory_frame(loss=size))
    assert isinstance(comparison, Comparison)
    assert comparison.loss_fit is not None
    assert comparison.loss_fit.r2 == 0.0


def test_balancing_gives_a_scalar_that_is_constant_to_rounding_no_weight() -> None:
    rng = np.random.default_rng(0)
    frame = theory_frame()
    frame["w"] = 0.25 * (1 + 1e-16 * rng.standard_normal(1000))
    frame["dy2"] = 0.25 + 0.1 * (1 - np.exp(-frame["step"] / 500))
    (comparison,) = compare(frame, balanced=True)
    assert isinstance(comparison, Comparison)
    assert comparison.fit.sse < 1e6


def test_a_hidden_distance_that_vanishes_is_fitted_all_the_same() -> None:
    frame = theory_frame()
    frame.loc[990:, "dh2"] = 0.0
    (comparison,) = compare(frame)
    assert isinstance(comparison, Comparison)
    assert np.isfinite(comparison.line.r2)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"dh2": 0.0}, "the initial dh2 must be positive, got 0.0"),
        ({"step": 5}, "t must increase from each sample to the next"),
        ({"dx2": np.arange(1000) + 1.0}, "dx2 must be the same in all rows of a pair, got 1, 2, 3"),
        ({"dh2": np.nan}, r"0 of 1000 samples have a finite step, dh2, dy2 and w, and a fit takes 3 \(step is finite"),
        ({"dy2": -0.1}, "dy2 is a squared distance and must not be negative, got -0.1 at step 0"),
        ({"dx2": 1e308}, "dx2 is 1e.308, and products of such numbers are too large for double precision: give it in"),
        ({"dh2": 1e-320}, "dh2 is .*e-32. at step 0, and products of such numbers are too small for double precision"),
        ({"step": np.arange(1000) * 1e60}, "step is .* too large for double precision"),
    ],
)
def test_what_cannot_be_compared_is_a_result_with_its_reason(columns: dict, words: str) -> None:
    (failure,) = compare(theory_frame(**columns))
    assert isinstance(failure, Failure)
    assert failure.row()["success"] is False
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(failure.reason)


def test_a_run_that_diverges_is_a_result() -> None:
    result = run(override(SMALL, {"lr": 80.0, "nonlinearity": "none"}))
    assert result.diverged_at is not None
    assert result.frame.step.max() <= result.diverged_at + 1
    assert len(result.comparisons) == 2


def test_one_run_compares_every_hidden_layer() -> None:
    result = run(override(SMALL, {"hidden_layers": 3, "layer": 1}))
    assert [c.layer for c in result.by_layer] == [f"network.hidden.{k}" for k in range(3)]
    assert [c.layer for c in result.main] == ["network.hidden.1"]
    steps = result.frame[result.frame.layer == "network.hidden.2"]
    np.testing.assert_array_equal(steps.dh2, result.by_layer[2].observed.dh2)
    first, last = (result.frame[result.frame.layer == c.layer].dh2.iloc[-1] for c in result.by_layer[::2])
    assert first != last


def test_one_layer_or_many_pairs_are_no_run_by_layer() -> None:
    assert run(override(SMALL, {"hidden_layers": 1})).by_layer == []
    assert run(Digits(width=8, hidden_layers=2, layer=0, steps=30, every=2)).by_layer == []


def test_exponents_are_compared_with_the_share_of_the_depth() -> None:
    setting = TwoPoints(hidden_layers=4, layer=0)
    assert [balanced_exponent(setting, f"network.hidden.{k}") for k in range(4)] == pytest.approx([0.2, 0.4, 0.6, 0.8])


def test_a_setting_of_another_experiment_is_refused() -> None:
    with pytest.raises(SettingError, match=r"a run is of the experiment two_points or digits, got Setting$"):
        run(Setting())
    with pytest.raises(SettingError, match=r"got Xor; `repdyn reproduce` trains it for its study"):
        run(Xor())
    with pytest.raises(SettingError, match=r"got DigitStructure; `repdyn reproduce` trains it for its study"):
        run(DigitStructure())
    with pytest.raises(TypeError, match="setting must be of type Setting, got 'default'"):
        run("default")
