"""The study of the collective theory: what is planned, and what is said of outcomes."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from claimed import claim, verdict
from repdyn.experiments.settings import SettingError
from repdyn.experiments.studies import studies
from repdyn.experiments.studies.collective.study import CollectiveTheory
from repdyn.experiments.studies.study import Results
from repdyn.experiments.sweep.outcome import Outcome
from repdyn.experiments.sweep.trial import Trial

_LINEAR = {"nonlinearity": "none", "hidden_layers": 2, "layer": 1, "width": 10}
STUDY = CollectiveTheory(
    settings=({"name": "shallow", "hidden_layers": 1, "layer": 0, "width": 16},),
    linear=({"name": "linear_0.4", "gain": 0.4, **_LINEAR}, {"name": "linear_0.2", "gain": 0.2, **_LINEAR}),
    seeds=2,
    forms=("constant",),
    seen=(0.5,),
    shown=30,
)


@pytest.fixture(scope="module")
def results() -> Results:
    """Of every trial one that is smaller than planned."""
    found: dict[Trial, Outcome] = {}
    for planned in STUDY.trials():
        fits = planned.experiment == "collective_fits"
        small = {"pairs": 60, "alone": 4} if fits else {"width": 40, "steps": 150, "every": 15, "lr": 0.1}
        configuration = replace(planned.configuration, **small)
        outcome = import_module(configuration.module).run_trial(configuration, *(found[x] for x in planned.needs))
        assert outcome.status == "finished"
        found[planned] = outcome
    return Results(found)


def changed(results: Results, experiment: str, table: str, change) -> Results:
    """The same results with a table of every trial of an experiment changed."""
    return Results(
        {
            trial: replace(outcome, tables={**outcome.tables, table: change(trial, outcome.tables[table])})
            if trial.experiment == experiment
            else outcome
            for trial, outcome in results.outcomes.items()
        }
    )


def test_every_claim_has_a_verdict_in_every_setting(results) -> None:
    section = STUDY.section(results)
    counts = [len(x.verdicts) for x in section.claims]
    assert counts == [2, 2, 2, 1, 1, 1, 1, 2]
    assert [x.name for x in section.plates] == ["distances", "places", "sweep", "courses", "orders"]
    assert len(section.tables) == 2
    assert {x.setting for x in section.holdings} == {"digits", "shallow"}
    assert section.answer.startswith("At the best layer of the default network one fitted number gives r = ")
    assert not any(x.of_paper for x in section.claims)
    for plate in section.plates:
        plate.figure.canvas.draw()


@pytest.mark.parametrize(("r", "agrees"), [(0.96, True), (0.94, False)])
def test_distances_count_as_predicted_from_a_bound_on(results, r: float, agrees: bool) -> None:
    def change(_, ends):
        ends = ends.assign(r=0.5, r_different=0.5)
        ends.loc[ends["prediction"] == "outputs", ["r", "r_different"]] = r
        return ends

    section = STUDY.section(changed(results, "collective", "ends", change))
    assert verdict(section, "with one number fitted", "digits").agrees is agrees
    assert verdict(section, "than the start does", "digits").agrees is True
    assert f"as much in {2 * agrees} of 2 settings" in section.answer


def test_what_the_paper_says_better_is_said(results) -> None:
    def change(_, ends):
        ends.loc[ends["prediction"] == "smoothed", ["r", "r_different"]] = 0.999
        return ends

    found = verdict(STUDY.section(changed(results, "collective", "ends", change)), "than the start does", "digits")
    assert found.agrees is False
    assert "0.999 (paper, smoothed)" in found.by


@pytest.mark.parametrize(
    ("places", "agrees"), [((0.0, 0.0, 0.1, 0.5), True), ((0.0, 0.4, 0.1, 0.5), False), ((0.0, 0.0, 0.0, 0.0), False)]
)
def test_places_grow_or_do_not(results, places, agrees: bool) -> None:
    def change(trial, table):
        weight = np.array(places)[table["layer"]]
        return table.assign(weight=weight, low=weight, high=weight)

    found = verdict(STUDY.section(changed(results, "collective", "places", change)), "Deeper layers are nearer")
    assert found.agrees is agrees
    assert f"{sum(x == 0 for x in places)} of 4 layers stand at the inputs' end" in found.by


@pytest.mark.parametrize(("order", "agrees"), [(2.0, True), (1.0, False)])
def test_the_order_of_deep_linear_networks_is_judged(results, order: float, agrees: bool) -> None:
    def change(trial, table):
        return table.assign(balanced_error=trial.configuration.gain**order)

    section = STUDY.section(changed(results, "collective", "places", change))
    found = claim(section, "k/L").verdicts
    assert [x.agrees for x in found] == [agrees] * 2
    assert found[0].by == f"order {order:.2f}"


def test_the_criterion_counts_each_network(results) -> None:
    def change(_, fits):
        return fits.assign(aic=np.where(fits["form"] == "pairwise", 10.0, -5.0))

    found = verdict(STUDY.section(changed(results, "collective_fits", "fits", change)), "better than two rates")
    assert (found.measured, found.agrees, found.by) == ("AIC -15", True, "3 numbers against 8")


@pytest.mark.parametrize(("coverage", "agrees"), [(0.9, True), (0.7, False), (1.0, False)])
def test_intervals_are_right_that_hold_neither_too_few_nor_too_many(results, coverage: float, agrees: bool) -> None:
    def change(_, forecasts):
        return forecasts.assign(reason="", coverage=coverage, r=0.8, learnt=0.5)

    found = verdict(STUDY.section(changed(results, "collective_fits", "forecasts", change)), "From the first part")
    assert (found.setting, found.agrees) == ("50% of training seen", agrees)


def test_where_there_is_no_forecast_nothing_is_decided(results) -> None:
    def change(_, forecasts):
        return forecasts.assign(reason="only 1.0% is learnt")[["share", "learnt", "reason"]]

    found = verdict(STUDY.section(changed(results, "collective_fits", "forecasts", change)), "From the first part")
    assert (found.measured, found.agrees, found.by) == ("no forecast", None, "only 1.0% is learnt")


def test_more_networks_than_there_are_cannot_be_fitted() -> None:
    with pytest.raises(SettingError, match="study collective: fits must be at most seeds, got 3 of 2"):
        replace(STUDY, fits=3)


def test_nothing_is_compared_without_the_default_network(results) -> None:
    others = {t: o for t, o in results.outcomes.items() if t.configuration.name != "digits"}
    section = STUDY.section(Results(others))
    assert section.claims == ()
    assert "No network of the default setting is trained" in section.paragraphs[-1]


def test_without_fits_the_rest_is_said(results) -> None:
    rest = {t: o for t, o in results.outcomes.items() if t.experiment == "collective"}
    section = STUDY.section(Results(rest))
    assert [x.name for x in section.plates] == ["distances", "places", "sweep", "orders"]
    assert section.answer.endswith("settings.")


@pytest.mark.parametrize("scale", ["quick", "standard", "paper"])
def test_the_study_is_planned_at_every_scale(scale: str) -> None:
    study = studies(scale)["collective"]
    names = [x.configuration.name for x in study.trials()]
    assert {"digits", "noisy", "transformer", "imbalanced", "linear_0.1"} <= set(names)
