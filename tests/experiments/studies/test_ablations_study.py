"""The study of ablations: the right system wins on its own data; the recorded procedure is no better than a fit."""

import numpy as np
import pandas as pd
import pytest
import theory_runs
from claimed import claim, verdict
from repdyn.experiments.figures.ablations import draw_ratios
from repdyn.experiments.settings import LineFits
from repdyn.experiments.studies import studies
from repdyn.experiments.studies.ablations import ABLATIONS, Ablations
from repdyn.experiments.studies.study import Results
from repdyn.experiments.sweep.outcome import Outcome
from repdyn.experiments.sweep.trial import run_trial
from repdyn.experiments.trials.fits import MEASURED
from repdyn.experiments.trials.line_fits import run_trial as run_line_fits
from repdyn.numeric import Pair, Rates, State, final_distance
from repdyn.numeric.line_fit import line_fit

STUDY = Ablations(settings=("default", "relu"), seeds=1, as_recorded=("default",), guesses=(15,))


def made(setting):
    """The run of default is the theory's, that of relu an ablation's."""
    theory = "two_point" if setting.name == "default" else "doubled_dh2"
    return theory_runs.run(setting.layer, theory)


@pytest.fixture(scope="module")
def results():
    return Results(
        {trial: run_trial(trial, trial.digest, made(trial.needs[0].configuration)) for trial in STUDY.trials()}
    )


@pytest.fixture(scope="module")
def section(results):
    return STUDY.section(results)


def test_nothing_is_trained_twice() -> None:
    for scale in ("quick", "standard", "paper"):
        known = studies(scale)
        trained = {trial.needs[0].digest for trial in known["trajectories"].trials()}
        assert {trial.needs[0].digest for trial in known["ablations"].trials()} <= trained


BETTER, AS_MUCH = "fits better than the same equations", "at least as much worse"


def test_the_theory_wins_on_its_own_data(section) -> None:
    found = [x for x in claim(section, BETTER).verdicts if x.setting.endswith("(default)")]
    assert len(found) == len(ABLATIONS)
    assert all(x.agrees is True and "larger in 1 of 1 seeds" in x.by for x in found)
    assert found[0].recorded == "SSE 16.6 times the theory's"
    assert "2 settings, 4 changes" in section.answer


def test_an_ablation_wins_on_its_data(section) -> None:
    found = verdict(section, BETTER, "dh2' doubled (relu)")
    assert found.agrees is False
    assert found.recorded == ""
    holding = {(x.setting, x.theory): x.r2 for x in section.holdings}
    assert holding["default", "two_point"] == pytest.approx(1, abs=1e-3)
    assert holding["relu", "ablation"] > holding["relu", "two_point"]


def test_ratios_below_those_recorded_do_not_agree(results) -> None:
    best = results.table("fits", "fits").set_index(["setting", "theory"])["sse"]
    section = STUDY.section(results)
    known = dict(zip(ABLATIONS, np.array([15.4, 16.6, 3.0, 5.6]) / 0.93, strict=True))
    for theory, words in ABLATIONS.items():
        ratio = best["default", theory] / best["default", "two_point"]
        found = verdict(section, AS_MUCH, f"{words} (best fit)")
        assert found.agrees is bool(ratio >= known[theory] / 2)


def given(ratios, seeds, settings=("default",)):
    """The section for fits whose sums of squares, in that of the theory, are given by setting and seed."""
    study = Ablations(settings=settings, seeds=seeds)
    outcomes = {}
    for trial in study.trials():
        of = ratios(trial.configuration.name, trial.configuration.seed)
        if of is not None:
            systems = {"two_point": 1.0, **of}
            fits = pd.DataFrame({"theory": systems.keys(), "sse": systems.values(), "aic": 0.0, "success": True})
            step = pd.DataFrame({"theory": [MEASURED, *systems], "step": 0, "dh2": 1.0, "dy2": 1.0, "w": 1.0})
            outcomes[trial] = Outcome(tables={"fits": fits, "curves": step})
    return study.section(Results(outcomes))


KNOWN = dict(zip(ABLATIONS, np.array([15.4, 16.6, 3.0, 5.6]) / 0.93, strict=True))


@pytest.mark.parametrize(("near", "agrees"), [(2, True), (1, False)])
def test_as_much_worse_is_judged_by_the_median(near, agrees) -> None:
    """Of three seeds, so many have the recorded ratios and the others a fifth of these."""
    section = given(lambda _, seed: {k: x * (1 if seed < near else 0.2) for k, x in KNOWN.items()}, 3)
    found = verdict(section, AS_MUCH, "dy2' doubled (best fit)")
    assert found.agrees is agrees
    assert found.by == (
        "1 times the recorded ratio: larger" if agrees else ("0.2 times the recorded ratio: more than 2 times smaller")
    )


@pytest.mark.parametrize(
    ("times", "told"), [(50, "50 times the recorded ratio: larger"), (0.7, "0.7 times the recorded ratio: smaller")]
)
def test_a_theory_that_errs_less_than_recorded_agrees(times, told) -> None:
    section = given(lambda *_: {k: times * x for k, x in KNOWN.items()}, 1)
    assert claim(section, AS_MUCH).outcome == "agrees"
    assert {x.by for x in claim(section, AS_MUCH).verdicts} == {told}


def test_what_is_recorded_is_recorded_of_default_only() -> None:
    section = given(lambda name, _: KNOWN if name == "relu" else None, 2, ("default", "relu"))
    (found,) = section.claims
    assert [x.setting for x in found.verdicts] == [f"{words} (relu)" for words in ABLATIONS.values()]
    assert {x.recorded for x in found.verdicts} == {""}
    assert "Bars" not in section.plates[0].caption
    assert set(section.tables[0].rows["recorded ratio"]) == {"-"}


def test_default_is_judged_wherever_it_stands() -> None:
    section = given(lambda *_: KNOWN, 1, ("relu", "default"))
    assert sum("(default)" in x.setting for x in claim(section, BETTER).verdicts) == len(ABLATIONS)
    assert claim(section, AS_MUCH).outcome == "agrees"


def test_captions_count_the_seeds_that_finished() -> None:
    section = given(lambda name, seed: KNOWN if seed < (2 if name == "relu" else 1) else None, 6, ("default", "relu"))
    said = "median and range over 2 seeds"
    assert said in section.paragraphs[0]
    assert said in section.plates[1].caption
    assert said in section.tables[0].caption


def test_ratios_are_of_the_same_network(results, section) -> None:
    fits = results.table("fits", "fits").set_index(["setting", "theory"])["sse"]
    rows = section.tables[0].rows.set_index(["setting", "system"])
    assert len(rows) == 2 * (1 + len(ABLATIONS))
    for setting in STUDY.settings:
        for theory, name in ABLATIONS.items():
            ratio = fits[setting, theory] / fits[setting, "two_point"]
            assert float(rows.loc[(setting, name), "ratio"]) == pytest.approx(ratio, rel=0.005)
    assert rows.loc[("default", "dh2' doubled"), "recorded SSE"] == "16.6"
    assert rows.loc[("relu", "dh2' doubled"), "recorded SSE"] == "-"


def test_the_recorded_procedure_is_never_better_than_the_fit(results) -> None:
    """Up to the error of its own integrations, a thousandth."""
    best = results.table("fits", "fits").set_index(["setting", "theory"])["sse"]
    by_line = results.table("line_fits", "fits")
    assert set(by_line["setting"]) == {"default"}
    for row in by_line.to_dict("records"):
        assert row["sse"] >= best["default", row["theory"]] * 0.9
        assert row["sse"] <= row["guess"]


def test_guesses_lie_where_the_theory_ends_as_measured(results) -> None:
    """From a start so small that only the rich scale counts."""
    (row, *_) = results.table("line_fits", "fits").to_dict("records")
    end = float(results.table("fits", "fits")["final_measured"].iloc[0])
    rates = Rates(row["line"] * 0.1, 0.1)
    ends = final_distance(theory_runs.aligned(1e-9, 1e-18), Pair(1.0, 0.5), rates)
    assert float(ends) == pytest.approx(end, rel=1e-6)


def test_the_recorded_procedure_finds_the_rates_of_the_theory() -> None:
    setting = LineFits(theories=("two_point",), layer=1, guesses=(15, 20))
    found = run_line_fits(setting, theory_runs.run(1)).tables["fits"]
    assert found["guesses"].tolist() == [15, 20]
    np.testing.assert_allclose(found["rate_h"], 6e-3, rtol=0.05)
    np.testing.assert_allclose(found["rate_y"], 6e-2, rtol=0.05)


def test_the_recorded_procedure_leaves_gaps_out() -> None:
    (_, rows), *_ = theory_runs.run(1).tables["trajectory"].groupby("layer")
    rows = rows[::10].reset_index(drop=True).astype({"dh2": float})
    with_gap = rows.assign(dh2=rows["dh2"].where(rows.index != 5))
    setting = LineFits(theories=("two_point",), layer=1, guesses=(15,))
    left, dropped = (
        run_line_fits(setting, Outcome(tables={"trajectory": table.assign(layer="network.hidden.1")})).tables["fits"]
        for table in (with_gap, rows.drop(index=5))
    )
    pd.testing.assert_frame_equal(left, dropped)


def test_the_recorded_procedure_is_for_pairs_whose_targets_differ() -> None:
    with pytest.raises(ValueError, match="is for two points whose targets differ, got dy2_target = 0"):
        line_fit(np.arange(3.0), State([0.1, 0.2, 0.3], 0.0, 0.0), Pair(1.0, 0.0), "two_point", 15)


def test_the_text_says_where_the_recorded_procedure_ends(section) -> None:
    (said,) = (p for p in section.paragraphs if p.startswith("The recorded procedure"))
    assert "grids of 15 guesses" in said
    for name in ABLATIONS.values():
        assert f"{name}, " in said


def test_every_ratio_is_a_dot_and_every_system_a_column(results, section) -> None:
    assert [plate.name for plate in section.plates] == ["ratios", "curves"]
    ratios, curves = (plate.figure for plate in section.plates)
    assert [ax.get_title() for ax in ratios.axes] == list(STUDY.settings)
    dots, line, known = ratios.axes[0].collections
    assert len(dots.get_offsets()) == len(line.get_offsets()) == len(known.get_offsets()) == len(ABLATIONS)
    np.testing.assert_allclose(known.get_offsets()[:, 0], np.array([15.4, 16.6, 3.0, 5.6]) / 0.93)
    assert len(curves.axes) == 3 * (1 + len(ABLATIONS))
    fitted = results.table("fits", "curves")
    fitted = fitted[(fitted["setting"] == "default") & (fitted["theory"] == "doubled_dy2")]
    np.testing.assert_allclose(curves.axes[1].lines[1].get_ydata(), fitted["dh2"])


def test_without_a_recorded_procedure_there_is_none_in_the_figure(results) -> None:
    rows = pd.DataFrame([{"setting": "relu", "theory": "flipped_w", "fit": "best fit", "ratio": 2.0}])
    (ax,) = draw_ratios(rows, ["relu"], ABLATIONS, {}).axes
    (dots,) = ax.collections
    assert dots.get_offsets()[0, 0] == 2


def test_without_a_finished_trial_nothing_is_claimed() -> None:
    empty = STUDY.section(Results(dict.fromkeys(STUDY.trials())))
    assert (empty.claims, empty.plates, empty.tables) == ((), (), ())
    assert any("line_fits/default, seed 0: not run" in p for p in empty.paragraphs)
