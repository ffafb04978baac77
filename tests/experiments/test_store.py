"""The store of trials: what is written is read back, what is damaged is named, and only the same trial is found."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from repdyn.experiments import TwoPoints
from repdyn.experiments.fits import Fits
from repdyn.experiments.folders import RecordError
from repdyn.experiments.sweep.outcome import DIVERGED, FAILED, Outcome, trained
from repdyn.experiments.sweep.plan import plan
from repdyn.experiments.sweep.store import Store
from repdyn.experiments.sweep.trial import Trial

SETTING = TwoPoints(name="small", width=8, hidden_layers=1, layer=0, steps=10)
RUN = Trial(SETTING)
FIT = Trial(Fits(name="small"), (RUN,))
TABLE = pd.DataFrame({"step": [0, 1], "dh2": [0.5, float("nan")]})
OUTCOME = Outcome(values={"loss": 0.25, "bound": float("inf")}, tables={"trajectory": TABLE}, seconds=1.5)


def test_an_outcome_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(RUN, OUTCOME)
    found = store.read(RUN)
    assert found is not None
    assert found.tables["trajectory"].equals(TABLE)
    assert (found.values, found.seconds, found.status) == ({"loss": 0.25, "bound": float("inf")}, 1.5, "finished")


def test_json_and_parquet_are_readable_without_the_package(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(FIT, Outcome(values={"bound": float("inf")}, tables={"fits": TABLE}))
    folder = store.folder(FIT)
    record = json.loads((folder / "trial.json").read_text(), parse_constant=pytest.fail)
    assert record["values"] == {"bound": "inf"}
    assert record["needs"] == {"two_points/small-0": RUN.digest}
    assert record["configuration"]["theories"] == ["two_point"]
    assert pd.read_parquet(folder / "fits.parquet").equals(TABLE)


def test_a_later_outcome_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(RUN, OUTCOME)
    store.write(RUN, trained(7, {}, {}))
    found = store.read(RUN)
    assert found is not None
    assert (found.status, found.reason) == (DIVERGED, "the loss ceased to be a number at step 7")
    assert not found.tables


def test_nothing_is_left_of_an_outcome_that_cannot_be_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(TypeError, match="not JSON serializable"):
        store.write(RUN, Outcome(values={"loss": object()}))
    assert store.read(RUN) is None
    assert not list((tmp_path / "two_points").iterdir())


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "trajectory.parquet").unlink(), "is not whole: trajectory.parquet is missing"),
        (lambda folder: (folder / "trajectory.parquet").write_bytes(b"?"), "trajectory.parquet is not as it was"),
        (lambda folder: (folder / "trial.json").write_text("{}"), "is not whole: trial.json is not as it was written"),
        (lambda folder: (folder / "manifest.json").unlink(), r"has no manifest\.json"),
        (lambda folder: (folder / "manifest.json").write_text("{"), r"manifest\.json of .* is damaged"),
        (lambda folder: (folder / "manifest.json").write_text('{"sha256": 3}'), r"manifest\.json of .* is damaged"),
    ],
    ids=["missing", "changed", "record", "no manifest", "cut manifest", "odd manifest"],
)
def test_a_damaged_trial_is_named_and_planned_again(damage, words: str, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(RUN, OUTCOME)
    damage(store.folder(RUN))
    with pytest.raises(RecordError, match=words):
        store.read(RUN)
    planned = plan([RUN], store)
    assert planned.missing == (RUN,)
    assert store.folder(RUN).name in planned.damaged[0]


def test_a_trial_is_found_only_with_its_own_configuration(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(RUN, OUTCOME)
    assert store.read(Trial(replace(SETTING, lr=0.1))) is None
    assert store.read(Trial(replace(SETTING, seed=1))) is None
    assert store.read(Trial(SETTING)) is not None


def test_a_trial_that_starts_from_another_changes_with_it() -> None:
    other = Trial(FIT.configuration, (Trial(replace(SETTING, lr=0.1)),))
    assert other.digest != FIT.digest


def test_a_plan_has_what_trials_need_before_them_and_each_once(tmp_path: Path) -> None:
    other = Trial(Fits(name="small", theories=("growing_rates",)), (RUN,))
    planned = plan([FIT, other, FIT], Store(tmp_path))
    assert planned.trials == (RUN, FIT, other)
    assert planned.missing == planned.trials


def test_a_plan_leaves_out_what_finished_or_diverged_and_repeats_what_failed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    diverged, failed = (Trial(replace(SETTING, seed=seed)) for seed in (1, 2))
    store.write(RUN, OUTCOME)
    store.write(diverged, Outcome(DIVERGED, "at step 3"))
    store.write(failed, Outcome(FAILED, "no memory"))
    assert plan([RUN, diverged, failed], store).missing == (failed,)


def test_times_are_estimated_from_earlier_trials_in_proportion_to_their_steps(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(RUN, replace(OUTCOME, seconds=3.0))
    store.write(Trial(replace(SETTING, name="other")), replace(OUTCOME, seconds=9.0))
    store.write(Trial(replace(SETTING, width=4)), replace(OUTCOME, seconds=100.0))
    longer = Trial(replace(SETTING, steps=40, seed=1))
    unknown = Trial(replace(SETTING, name="new", seed=2))
    seconds = plan([longer, unknown, FIT], store).seconds
    assert seconds == {longer: pytest.approx(12.0), unknown: pytest.approx(6.0), FIT: None}
