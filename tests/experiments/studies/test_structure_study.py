"""The rich structure: what the section says of networks that are the theory, and of such that are not."""

from dataclasses import replace
from functools import cache
from typing import cast

import numpy as np
import pandas as pd
import pytest
from claimed import verdict
from repdyn.experiments.settings import TwoPoints
from repdyn.experiments.studies import studies
from repdyn.experiments.studies.recorded import recorded
from repdyn.experiments.studies.structure.study import Structure
from repdyn.experiments.studies.study import Results
from repdyn.experiments.sweep.outcome import DIVERGED, Outcome
from repdyn.experiments.trials.fits import run_trial
from repdyn.numeric import Pair, State, integrate
from repdyn.numeric.agreement import agreement

STUDY = Structure(settings=("shallow",), coarse=("shallow",))
GROWING = {"rate_h": 4e-3, "growth_h": 6e-3, "rate_y": 8e-3, "growth_y": 2e-3}
CONSTANT = {"rate_h": 4e-3, "growth_h": 0.0, "rate_y": 8e-3, "growth_y": 0.0}
TIMES = np.linspace(0, 6000, 201)


def start(dx2: float, dy: float) -> State:
    """An aligned start whose slopes are the same at every distance of the inputs."""
    dh2, slope2 = 1e-4 * dx2, 4e-4
    dy2 = slope2 * dh2
    return State(dh2, dy2, dy2 - dy2**0.5 * dy)


def learnt(dx: float, dy: float, rates: dict[str, float], times) -> State:
    """The trajectory of a pair whose rates grow with the squared slope of the encoder, dh2/dx2."""
    at = {**rates, "growth_h": rates["growth_h"] / dx**2}
    return integrate(times, start(dx**2, dy), Pair(dx**2, dy**2), at, theory="growing_rates")


def frame(state: State, times, pair: Pair, loss: float = 0.0) -> pd.DataFrame:
    columns = {"step": np.asarray(times, dtype=int), "dh2": state.dh2, "dy2": state.dy2, "w": state.w, "loss": loss}
    return pd.DataFrame({"pair": "0", "layer": "network.hidden.1", **columns, "dx2": pair.dx2, "dy2_target": pair.dy2})


@cache
def fitted(growing: bool) -> Outcome:
    """The fits to a run at |dx| = 1, dy2* = 0.5."""
    state = learnt(1.0, 0.5**0.5, GROWING if growing else CONSTANT, TIMES)
    (trial,) = (t for t in STUDY.trials() if t.experiment == "fits")
    return run_trial(trial.configuration, Outcome(tables={"trajectory": frame(state, TIMES, Pair(1.0, 0.5))}))


def results(*, growing: bool = False, times=(0.0, 39_000.0), loss: float = 0.0, study: Structure = STUDY) -> Results:
    """Every trial of the study, made by the theory of growing rates: the grid at the given times."""
    outcomes: dict = {}
    for trial in study.trials():
        setting = trial.configuration
        if isinstance(setting, TwoPoints):
            pair = Pair(setting.dx2, setting.dy2)
            end = learnt(pair.dx2**0.5, pair.dy2**0.5, GROWING if growing else CONSTANT, times)
            trajectory = frame(end, times, pair).assign(layer=f"network.hidden.{setting.layer}")
            outcomes[trial] = Outcome(tables={"trajectory": trajectory})
        else:
            tables = fitted(growing).tables
            outcomes[trial] = Outcome(tables={**tables, "curves": tables["curves"].assign(loss=loss)})
    return Results(outcomes)


@pytest.fixture(scope="module")
def constant() -> Results:
    return results()


@pytest.fixture(scope="module")
def growing() -> Results:
    return results(growing=True)


def row(section, table: int, formula: str) -> pd.Series:
    rows = section.tables[table].rows
    return rows[rows["formula"] == formula].iloc[0]


def first(text: str) -> float:
    return float(text.split(" ", maxsplit=1)[0])


def test_networks_of_the_theory_are_on_the_line(constant) -> None:
    section = STUDY.section(constant)
    for formula in ("rich limit", "from the measured start", "growing rates"):
        found = row(section, 0, formula)
        assert first(found["R², dy* > 0"]) == pytest.approx(1, abs=2e-3)
        assert first(found["slope"]) == pytest.approx(1, abs=0.02)
        assert first(row(section, 1, formula)["|dx| = 1.5"]) == pytest.approx(1, abs=0.02)
    on_line, short, transfer = section.verdicts
    assert on_line.agrees is True
    assert (short.agrees, short.by.endswith(" less than recorded")) == (True, True)
    assert {(x.theory, round(x.r2, 2)) for x in section.holdings} == {
        ("two_point", 1.0),
        ("scalar_output", 1.0),
        ("growing_rates", 1.0),
    }
    assert section.answer == ("About √(τ_y/τ_h) |dx| |dy*| the final distances have R² 1 in shallow (r 1, slope 1).")
    assert transfer.agrees is False, "rates of the theory do serve at other distances"


def test_growth_is_carried_over_by_the_slope_of_the_encoder(growing) -> None:
    section = STUDY.section(growing)
    for dx in ("0.5", "1", "1.5"):
        assert first(row(section, 1, "growing rates")[f"|dx| = {dx}"]) == pytest.approx(1, abs=0.01)
    limit, whole = (first(row(section, 0, name)["R², dy* > 0"]) for name in ("rich limit", "growing rates"))
    assert limit < 0.995 < whole


def test_a_network_that_stopped_early_is_met_where_it_stopped() -> None:
    early = results(times=(0.0, 2500.0))
    section = STUDY.section(early)
    found = row(section, 0, "from the measured start")
    assert first(found["R² at the |dy|² reached"]) == pytest.approx(1, abs=2e-3)
    assert first(found["R², dy* > 0"]) < 0.9
    assert section.verdicts[0].agrees is not True


def test_the_shortfall_is_that_of_the_networks_which_reached_the_loss() -> None:
    found = dict(results().outcomes)
    for trial, outcome in results().outcomes.items():
        if trial.experiment == "two_points" and trial.configuration.dy2 == 0.25:
            table = outcome.tables["trajectory"].copy()
            table.loc[1, "dy2"] = 0.25 * 0.8
            if trial.configuration.dx2 == 1.0:
                table.loc[1, ["step", "dy2"]] = (40_000, 0.0)  # stopped by the number of steps: does not count
            found[trial] = Outcome(tables={"trajectory": table})
    section = STUDY.section(Results(found))
    short = section.verdicts[1]
    assert short.measured == "short by 0.2 (0.2 to 0.2) of |dy*|², in 2 networks that reached the loss"
    assert (short.agrees, short.by) == (False, "0.09 more than recorded")
    assert "1 had not reached the loss after 40,000 steps (shallow 1)" in section.paragraphs[1]


def test_fitted_runs_with_a_large_loss_are_left_out_and_counted() -> None:
    study = replace(STUDY, fits=2)
    good, bad = results(study=study), results(growing=True, loss=0.02, study=study)
    dropped = Results({t: (bad if t.configuration.seed == 1 else good).outcomes[t] for t in study.trials()})
    section = study.section(dropped)
    assert (
        "Of 2 fitted runs 1 ended with a loss above 0.01 and are left out of the means (shallow 1)"
        in section.paragraphs[1]
    )
    assert section.tables[0].rows.equals(study.section(good).tables[0].rows)


def test_without_a_run_that_learnt_there_are_no_predictions() -> None:
    section = STUDY.section(results(loss=0.02))
    assert section.paragraphs == ("No fit succeeded in a run whose last loss is small enough to give rates.",)
    assert [(v.agrees, v.by) for v in section.verdicts] == [(None, "no rates")]


def without_success(found: Results, settings: tuple[str, ...], theories: tuple[str, ...]) -> Results:
    """The same with the fits of some theories to some settings unsuccessful."""
    outcomes: dict = dict(found.outcomes)
    for trial, outcome in found.outcomes.items():
        if trial.experiment == "fits" and outcome and trial.configuration.name in settings:
            fits = outcome.tables["fits"]
            fits = fits.assign(success=fits["success"] & ~fits["theory"].isin(theories))
            outcomes[trial] = Outcome(tables={**outcome.tables, "fits": fits})
    return Results(outcomes)


def test_fits_without_success_are_named_by_theory(constant) -> None:
    section = STUDY.section(without_success(constant, ("shallow",), ("growing_rates",)))
    assert (
        "1 of 3 fits did not succeed and are left out of the means: growing_rates 1 (shallow seed 0)."
        in section.paragraphs
    )
    assert "growing rates" not in set(section.tables[0].rows["formula"])
    assert not any("did not succeed" in text for text in STUDY.section(constant).paragraphs)


def test_a_setting_with_networks_and_no_rates_is_undecided() -> None:
    study = replace(STUDY, settings=("shallow", "two_layer"), coarse=("shallow", "two_layer"))
    section = study.section(without_success(results(study=study), ("two_layer",), ("two_point",)))
    assert verdict(section, "rich structure", "shallow").agrees is True
    without = verdict(section, "rich structure", "two_layer")
    assert (without.agrees, without.by) == (None, "no rates")


def test_the_section_says_how_the_training_differs_from_the_paper(constant) -> None:
    assert STUDY.section(constant).paragraphs[0].endswith("for 40,000 steps.")
    quick = replace(STUDY, speed=2.0, fit_speed=2.0, width=100)
    said = quick.section(results(study=quick)).paragraphs[0]
    assert said.endswith(
        "for 40,000 steps. The fitted runs are trained 2 times as fast, in as many fewer steps. The learning rate on "
        "the grid is 5 times the paper's, a fifth of the listed one. Hidden layers have at most 100 units."
    )


def test_what_did_not_finish_is_no_point(constant) -> None:
    trials = STUDY.trials()
    one = next(t for t in trials if t.configuration.name == "shallow.dx0.5.dy1")
    without = Results({**constant.outcomes, one: Outcome(DIVERGED, "the loss ceased to be a number at step 3")})
    assert "Of 8 networks on the grid 0 had not" in STUDY.section(without).paragraphs[1]
    only_fits = Results({t: (constant.outcomes[t] if t.experiment == "fits" else None) for t in trials})
    assert STUDY.section(only_fits).paragraphs == ("No setting has both fitted rates and networks on the grid yet.",)


def test_the_grid_is_that_of_the_paper_and_the_fits_those_of_the_trajectories() -> None:
    study = replace(cast(Structure, studies("paper")["structure"]), settings=("default",), fits=1)
    grid = [t.configuration for t in study.trials() if t.experiment == "two_points"]
    default = [c for c in grid if c.name.startswith("default.") and c.seed == 0]
    assert {c.dx2**0.5 for c in default} == {0.5, 0.75, 1.0, 1.25, 1.5}
    assert {c.dy2**0.5 for c in default} == {0.0, 0.25, 0.5, 0.75, 1.0}
    assert len(default) == 25
    assert {(c.lr, c.until, c.steps) for c in default} == {(0.01 / 5, 1e-4, 40_000)}
    known = set(studies("standard")["trajectories"].trials())
    fits = [t for t in studies("standard")["structure"].trials() if t.experiment == "fits"]
    assert len(fits) == 9
    assert known.issuperset(fits)


def test_a_panel_shows_each_network_where_it_is(constant) -> None:
    found = dict(constant.outcomes)
    late = next(t for t in found if t.configuration.name == "shallow.dx1.dy1")
    table = found[late].tables["trajectory"].copy()
    table.loc[1, "step"] = 40_000
    found[late] = Outcome(tables={"trajectory": table})
    (plate,) = STUDY.section(Results(found)).plates
    panel = plate.figure.axes[0]
    points = np.concatenate([line.get_xydata() for line in panel.lines[1:]])
    ends = [o.tables["trajectory"]["dh2"].iloc[-1] for t, o in found.items() if t.experiment == "two_points"]
    assert sorted(points[:, 1]) == pytest.approx(sorted(ends))
    hollow = [line for line in panel.lines[1:] if line.get_markerfacecolor() == "none" and len(line.get_xdata())]
    assert [line.get_ydata().tolist() for line in hollow] == [[table["dh2"].iloc[-1]]]


def test_the_recorded_numbers_are_those_of_the_recorded_points() -> None:
    theory = [0.037, 0.073, 0.074, 0.147, 0.110, 0.220]
    measured = [0.058, 0.086, 0.079, 0.112, 0.082, 0.147]
    found = agreement(theory, measured)
    assert found.r2 == pytest.approx(recorded()["structure"]["r2"], abs=0.03)
    whole = agreement([*theory, 0, 0, 0], [*measured, 0, 0, 0])
    assert whole.r2 == pytest.approx(recorded()["structure"]["r2_of_all"], abs=0.03)
