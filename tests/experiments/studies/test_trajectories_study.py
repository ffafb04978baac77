"""The study of trajectories: verdicts follow the fits, failures are named, figures show what was measured."""

import numpy as np
import pandas as pd
import pytest
import theory_runs
from claimed import claim, verdict
from repdyn.experiments.figures.trajectories import draw_errors, draw_settings, draw_trajectory, over_seeds
from repdyn.experiments.settings import find_setting
from repdyn.experiments.studies import studies
from repdyn.experiments.studies.recorded import beside_recorded, recorded
from repdyn.experiments.studies.spread import interval_name, spread
from repdyn.experiments.studies.study import Results
from repdyn.experiments.studies.trajectories import Trajectories
from repdyn.experiments.sweep.outcome import Outcome
from repdyn.experiments.sweep.trial import run_trial
from repdyn.experiments.trials.fits import MEASURED

STUDY = Trajectories(settings=("default", "linear", "gain_1.4", "gain_1.1"), seeds=2)


def made(setting):
    """The run of a setting: default is the theory's, linear one with growing rates, gain_1.4 nobody's."""
    if setting.name == "default":
        return theory_runs.run(setting.layer, seed=setting.seed)
    if setting.name == "linear":
        rates = {"rate_h": 3e-3, "rate_y": 3e-2, "growth_h": 3e-2, "growth_y": 3e-2}
        return theory_runs.run(setting.layer, "growing_rates", setting.seed, **rates)
    if setting.name == "gain_1.4" and setting.seed == 0:
        return theory_runs.falling(setting.layer)
    return theory_runs.diverged()


@pytest.fixture(scope="module")
def results():
    return Results(
        {trial: run_trial(trial, trial.digest, made(trial.needs[0].configuration)) for trial in STUDY.trials()}
    )


@pytest.fixture(scope="module")
def section(results):
    return STUDY.section(results)


DESCRIBED, RECORDED, GROWING = "Two fitted rates", "no larger than in the recorded runs", "Rates that grow"


def test_a_run_of_the_theory_agrees_with_it(section) -> None:
    found = verdict(section, DESCRIBED, "default")
    assert found.agrees is True
    assert "2 of 2 seeds pass" in found.by
    assert found.recorded == "R² of dh2 0.994, of dy2 0.996"
    assert verdict(section, RECORDED, "default").recorded == "SSE 0.61, 0.93, 1.56"


def test_a_hidden_distance_that_falls_does_not(section) -> None:
    found = verdict(section, DESCRIBED, "gain_1.4")
    assert found.agrees is False
    assert found.recorded == "no pair of rates fits"
    assert found.by.endswith("the recorded run fails too")
    assert claim(section, DESCRIBED).outcome == "in part"
    assert claim(section, DESCRIBED).agreeing == 2


def test_each_claim_is_stated_once_with_every_setting_beneath(section) -> None:
    assert [len(found.verdicts) for found in section.claims] == [4, 3, 4]  # nothing is recorded of gain_1.1
    assert [found.of_paper for found in section.claims] == [True, True, False]
    assert section.answer == (
        "Two constant rates describe the trajectories of 2 of 4 settings (2 without the ansatz), rates that grow "
        "those of 2."
    )


def test_a_setting_without_a_finished_run_is_undecided_and_named(section) -> None:
    for words in (DESCRIBED, GROWING):
        found = verdict(section, words, "gain_1.1")
        assert found.agrees is None
        assert found.measured == "finished seeds: 0 of 2 (2 diverged)"
    (said,) = (p for p in section.paragraphs if p.startswith("Not finished"))
    assert "fits/gain_1.4, seed 1: diverged" in said
    assert "gain_1.1, seeds 0, 1: diverged" not in said  # their reasons name the seed
    assert "the loss ceased to be a number at step 12" in said


def test_growing_rates_win_where_rates_grow(section) -> None:
    errors = section.tables[1].rows.set_index("setting")
    constant, growing = (
        float(errors.loc["linear", f"SSE, {name}"].split(" ")[0]) for name in ("two-point", "growing rates")
    )
    assert growing < constant / 3
    found = verdict(section, GROWING, "linear")
    assert found.agrees is True
    assert found.recorded == "SSE 151 times smaller"
    assert " lower; lesser R² of dh2 and dy2 " in found.by


def only(results, *kept):
    """The section when only the trials of some settings and seeds were run."""
    return STUDY.section(
        Results({t: x for t, x in results.outcomes.items() if (t.configuration.name, t.configuration.seed) in kept})
    )


@pytest.mark.parametrize(("words", "setting"), [(DESCRIBED, "default"), (GROWING, "linear")])
def test_a_setting_that_diverged_or_was_not_run_counts_against_every_setting(results, words, setting) -> None:
    section = only(results, (setting, 0), (setting, 1), ("gain_1.1", 0), ("gain_1.1", 1))
    found = claim(section, words)
    assert (found.outcome, found.agreeing, len(found.verdicts)) == ("in part", 1, 4)
    assert verdict(section, words, "gain_1.1").measured == "finished seeds: 0 of 2 (2 diverged)"
    assert verdict(section, words, "gain_1.4").measured == "finished seeds: 0 of 2 (2 not run)"


def test_each_theory_has_its_r2_in_each_setting(section, results) -> None:
    found = {(x.setting, x.theory): x.r2 for x in section.holdings}
    fits = results.table("fits", "fits")
    mine = fits[(fits["setting"] == "linear") & (fits["theory"] == "growing_rates")]
    assert found["linear", "growing_rates"] == min(mine["r2_dh2"].median(), mine["r2_dy2"].median())
    assert np.isnan(found["gain_1.1", "two_point"])
    assert len(found) == 4 * 3


@pytest.mark.parametrize(
    ("times", "agrees", "told"),
    [
        (0.001, True, "0.001 times the recorded one: smaller"),
        (1.0, True, "1 times the recorded one"),
        (9.0, True, "9 times the recorded one"),
        (11.0, False, "11 times the recorded one: more than 10 times"),
    ],
)
def test_an_error_agrees_unless_it_is_far_larger_than_recorded(times, agrees, told) -> None:
    study = Trajectories(settings=("relu",), seeds=1)
    (trial,) = study.trials()
    steps = find_setting("relu").steps
    sse = times * recorded()["trajectories"]["relu"]["sse"]
    fits = pd.DataFrame(
        [{"theory": "two_point", "sse": sse, "r2_dh2": 1.0, "r2_dy2": 1.0, "success": True, "message": ""}]
    )
    curves = pd.DataFrame({"theory": [MEASURED], "step": steps, **dict.fromkeys(("dh2", "dy2", "w", "loss"), 1.0)})
    section = study.section(Results({trial: Outcome(tables={"fits": fits, "curves": curves})}))
    found = verdict(section, RECORDED)
    assert (found.agrees, found.by) == (agrees, told)


def test_an_error_that_is_not_known_is_undecided() -> None:
    assert beside_recorded(np.nan, 1.0, 10.0) == (None, "no number to set beside the recorded one")


def test_captions_count_the_seeds_that_finished(results) -> None:
    section = only(results, ("default", 1), ("gain_1.4", 0))
    assert "one seed, so no interval" in section.paragraphs[0]
    assert all("one seed, so no interval" in table.caption for table in section.tables)
    assert "Lines and band" not in section.plates[0].caption


def test_tables_have_a_row_a_setting_with_what_was_recorded(section, results) -> None:
    for table in section.tables:
        assert list(table.rows["setting"]) == list(STUDY.settings)
        assert list(table.rows["seeds"]) == ["2", "2", "1 of 2 (1 diverged)", "0 of 2 (2 diverged)"]
    rates, errors = (table.rows.set_index("setting") for table in section.tables)
    fits = results.table("fits", "fits")
    mine = fits[(fits["setting"] == "default") & (fits["theory"] == "two_point")]
    assert rates.loc["default", "1/τ_h"] == spread(mine["rate_h"])
    assert float(rates.loc["default", "1/τ_h"].split(" ")[0]) == pytest.approx(6e-3, rel=0.02)
    assert rates.loc["default", "recorded"] == "0.000744, 0.0348, 0.012"
    assert errors.loc["default", "SSE, two-point"] == spread(mine["sse"])
    assert errors.loc["default", "recorded SSE"] == "1.56"
    assert errors.loc["gain_1.1", "SSE, two-point"] == "-"


def test_sums_of_squares_are_scaled_to_the_recorded_steps(results) -> None:
    """At twice the speed a run has half the steps."""
    fast = Trajectories(settings=("default",), seeds=1, speed=2.0)
    (trial,) = fast.trials()
    done = run_trial(trial, trial.digest, made(trial.needs[0].configuration))
    sse = float(done.tables["fits"].set_index("theory").loc["two_point", "sse"])
    row = fast.section(Results({trial: done})).tables[1].rows.iloc[0]
    assert row["SSE, two-point"] == spread([2 * sse])


def test_without_a_finished_trial_nothing_is_claimed() -> None:
    empty = STUDY.section(Results(dict.fromkeys(STUDY.trials())))
    assert (empty.claims, empty.plates, empty.tables) == ((), (), ())
    assert any("fits/default, seeds 0, 1: not run" in p for p in empty.paragraphs)


def test_the_figure_shows_network_and_theories(results, section) -> None:
    curves = results.table("fits", "curves")
    mine = curves[curves["setting"] == "default"]
    figure = draw_trajectory(mine, "default")
    assert len(figure.axes) == 4
    network, theory, *_ = figure.axes[0].lines
    measured = mine[mine["theory"] == MEASURED].groupby("step")["dh2"]
    np.testing.assert_allclose(network.get_ydata(), measured.median())
    np.testing.assert_allclose(theory.get_ydata(), mine[mine["theory"] == "two_point"].groupby("step")["dh2"].median())
    labels = [line.get_label() for line in figure.axes[0].lines]
    assert labels == ["network", "two-point theory", "growing rates"]  # the third theory cannot be told apart here
    assert [plate.name for plate in section.plates] == [
        "run",
        "dh2",
        "dy2",
        "errors",
    ]


def test_a_theory_that_differs_is_drawn() -> None:
    steps = np.arange(10)
    curves = pd.concat(
        pd.DataFrame({"seed": 0, "theory": name, "step": steps, **dict.fromkeys(("dh2", "dy2", "w"), steps * slope)})
        for name, slope in ((MEASURED, 1.0), ("two_point", 1.0), ("scalar_output", 1.1))
    )
    figure = draw_trajectory(curves, "mine")
    assert [line.get_label() for line in figure.axes[0].lines][-1] == "without the ansatz"
    assert not figure.axes[3].axison  # no loss


def test_every_setting_has_a_panel_and_every_seed_a_dot(results) -> None:
    curves, fits = results.table("fits", "curves"), results.table("fits", "fits")
    order = ["default", "linear", "gain_1.4"]
    panels = draw_settings(curves, order, "dy2").axes
    assert [ax.get_title() for ax in panels] == order
    assert max(panels[0].lines[0].get_xdata()) == 1
    (ax,) = draw_errors(fits, order, {"default": 1.56}).axes
    two_point, *_, known = ax.collections
    mine = fits[fits["theory"] == "two_point"]
    np.testing.assert_allclose(sorted(two_point.get_offsets()[:, 0]), sorted(mine["sse"]))
    assert known.get_offsets()[0, 0] == 1.56
    assert [label.get_text() for label in ax.get_yticklabels()] == order


def test_the_interval_is_the_range_of_few_seeds_and_the_quartiles_of_more() -> None:
    def curves(seeds):
        return pd.DataFrame({"seed": range(seeds), "theory": "x", "step": 0, "dh2": np.arange(seeds, dtype=float)})

    assert over_seeds(curves(4), "x", "dh2", "step").loc[0].tolist() == [0, 1.5, 3]
    assert over_seeds(curves(9), "x", "dh2", "step").loc[0].tolist() == [2, 4, 6]
    assert spread(range(4)) == "1.5 (0 to 3)"
    assert spread(range(9)) == "4 (2 to 6)"
    assert spread([np.nan]) == "-"
    assert interval_name(9) == "median and quartiles over 9 seeds"
    assert interval_name(1) == "one seed, so no interval"


def test_recorded_settings_are_settings_of_the_study() -> None:
    study = studies("standard")["trajectories"]
    assert set(recorded()["trajectories"]) <= set(study.settings)
    assert all(find_setting(name).steps == known["steps"] for name, known in recorded()["trajectories"].items())
