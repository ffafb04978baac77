"""The store of trials: what is written is read back, what is damaged is named, and only the same trial is found."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest
from repdyn.experiments import TwoPoints
from repdyn.experiments.settings import Fits
from repdyn.experiments.storage import folders
from repdyn.experiments.storage.folders import RecordError
from repdyn.experiments.sweep.outcome import DIVERGED, FAILED, Outcome, trained
from repdyn.experiments.sweep.plan import plan
from repdyn.experiments.sweep.store import Store
from repdyn.experiments.sweep.trial import Trial


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


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


def sealed(folder: Path, name: str, content: bytes) -> None:
    """Give a file other content and the checksum that fits."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"][name] = sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def says(**changes: object) -> Callable[[Path], None]:
    """Make ``trial.json`` say other things, or nothing where that is None."""

    def change(folder: Path) -> None:
        record = {**json.loads((folder / "trial.json").read_text()), **changes}
        kept = {name: value for name, value in record.items() if value is not None}
        sealed(folder, "trial.json", json.dumps(kept).encode())

    return change


def lists(**sums: object) -> Callable[[Path], None]:
    """Make the manifest say other checksums."""
    return lambda folder: (folder / "manifest.json").write_text(json.dumps({"sha256": sums})) and None


DEEP = b"[" * 100_000
CUT = b"PAR1" + b"?" * 90 + b"PAR1"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: (f / "manifest.json").write_bytes(b""), r"manifest\.json of .* is damaged"),
        (lambda f: (f / "manifest.json").write_bytes(DEEP), r"manifest\.json of .* is damaged"),
        (lambda f: (f / "manifest.json").write_bytes(b"[]"), r"manifest\.json of .* is damaged"),
        (lambda f: (f / "manifest.json").write_bytes(b"\xff"), r"manifest\.json of .* is damaged"),
        (lists(), r"manifest\.json of .* is damaged"),
        (lists(**{"../x": "0"}), r"manifest\.json of .* is damaged"),
        (lists(**{"/etc/hostname": "0"}), r"manifest\.json of .* is damaged"),
        (lists(**{"..": "0"}), r"manifest\.json of .* is damaged"),
        (lists(**{"a\0b": "0", "trial.json": "0"}), "is missing|cannot be read"),
        (lists(**{"x" * 300: "0", "trial.json": "0"}), "is missing|cannot be read"),
        (lists(**{"trial.json": 3}), r"trial\.json is not as it was written"),
        (lists(**{"trajectory.parquet": "0"}), r"its manifest\.json lacks trial\.json"),
        (lambda f: lists(**{"trial.json": digest(f / "trial.json")})(f), r"manifest\.json lacks trajectory\.parquet"),
        (lambda f: (f / "trial.json").unlink() or os.mkfifo(f / "trial.json"), r"trial\.json is missing"),
        (lambda f: sealed(f, "trial.json", b""), r"trial\.json of .* is damaged"),
        (lambda f: sealed(f, "trial.json", DEEP), r"trial\.json of .* is damaged"),
        (lambda f: sealed(f, "trial.json", b"[]"), "experiment must be a text, got None"),
        (says(status=None), "status must be finished, diverged or failed, got None"),
        (says(status="done"), "status must be finished, diverged or failed, got 'done'"),
        (says(status=["finished"]), "status must be finished, diverged or failed, got \\['finished'\\]"),
        (says(values=[0.25]), r"values must be an object, got \[0\.25\]"),
        (says(seconds="1.5"), "seconds must be a number, not negative, got '1.5'"),
        (says(seconds=-1), "seconds must be a number, not negative, got -1"),
        (says(seconds=True), "seconds must be a number, not negative, got True"),
        (says(seconds=float("nan")), "seconds must be a number, not negative, got nan"),
        (says(seconds=10**400), "seconds must be a number, not negative, got 1000"),
        (says(reason=3), "reason must be a text, got 3"),
        (says(traceback=3), "traceback must be a text, got 3"),
        (says(versions={"torch": 2}), "versions must be an object of texts"),
        (says(tables="trajectory"), "tables must be a list of texts, got 'trajectory'"),
        (says(tables=["trajectory", "fits"]), r"its manifest\.json lacks fits\.parquet"),
        (says(tables=["../trajectory"]), r"its manifest\.json lacks \.\./trajectory\.parquet"),
        (says(digest="0" * 16), r"trial\.json of .* is of another trial"),
        (lambda f: sealed(f, "trajectory.parquet", b""), r"trajectory\.parquet of .* is no Parquet"),
        (lambda f: sealed(f, "trajectory.parquet", b"step\n0\n"), r"trajectory\.parquet of .* is no Parquet"),
        (lambda f: sealed(f, "trajectory.parquet", CUT), r"trajectory\.parquet of .* is no Parquet"),
    ],
)
def test_what_was_never_written_so_is_named_and_planned_again(damage, words: str, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(RUN, OUTCOME)
    damage(store.folder(RUN))
    for read in (store.read, store.summary, store.holds):
        with pytest.raises(RecordError, match=words) as refused:
            read(RUN)
        assert "\n" not in str(refused.value)
        assert "run the setting again" in str(refused.value)
    planned = plan([RUN], store)
    assert planned.missing == (RUN,)
    assert store.folder(RUN).name in planned.damaged[0]
    store.write(RUN, OUTCOME)
    assert not plan([RUN], store).missing


def test_what_was_never_written_so_is_not_among_the_records(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(RUN, OUTCOME)
    assert [record["setting"] for record in store.records()] == ["small"]
    says(configuration=[])(store.folder(RUN))
    assert store.records() == []


def test_steps_that_are_no_number_do_not_stop_an_estimate(tmp_path: Path) -> None:
    store, other = Store(tmp_path), Trial(replace(SETTING, seed=1))
    store.write(RUN, replace(OUTCOME, seconds=3.0))
    for steps in ("many", 0, [10]):
        says(configuration={**SETTING.identity(), "steps": steps})(store.folder(RUN))
        assert plan([other], store).seconds[other] is not None


def test_infinities_in_lists_are_read_back(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(RUN, Outcome(values={"bounds": [0.5, float("-inf")]}))
    assert store.outcome(RUN).values == {"bounds": [0.5, float("-inf")]}


def test_an_outcome_that_could_not_be_written_is_said_when_it_is_planned(tmp_path: Path) -> None:
    (tmp_path / "two_points").write_text("mine")
    with pytest.raises(OSError, match=r"two_points is a file"):
        plan([FIT], Store(tmp_path))
    with pytest.raises(OSError, match=r"File name too long"):
        plan([FIT], Store(tmp_path / ("x" * 300)))
    assert [path.name for path in tmp_path.iterdir()] == ["two_points"]


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


def test_a_plan_reads_the_files_of_its_own_trials_once_and_of_others_only_what_they_are(tmp_path, monkeypatch) -> None:
    store, read = Store(tmp_path), []
    other = Trial(replace(SETTING, lr=0.1))
    for trial in (RUN, other):
        store.write(trial, OUTCOME)
    compared = folders._digest
    monkeypatch.setattr(folders, "_digest", lambda path: read.append(path) or compared(path))
    plan([RUN, FIT], store)
    assert sorted(read) == sorted(store.folder(RUN) / name for name in ("trial.json", "trajectory.parquet"))


def test_times_are_estimated_from_earlier_trials_in_proportion_to_their_steps(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(RUN, replace(OUTCOME, seconds=3.0))
    store.write(Trial(replace(SETTING, name="other")), replace(OUTCOME, seconds=9.0))
    store.write(Trial(replace(SETTING, width=4)), replace(OUTCOME, seconds=100.0))
    longer = Trial(replace(SETTING, steps=40, seed=1))
    unknown = Trial(replace(SETTING, name="new", seed=2))
    planned = plan([longer, unknown, FIT], store)
    assert planned.seconds == {
        longer: pytest.approx(12.0),
        unknown: pytest.approx(6.0),
        FIT: FIT.configuration.rough_seconds(),
    }
    assert planned.guessed == {FIT}
