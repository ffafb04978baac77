"""The folder of a run is whole or not there; files of others are read or refused with a reason."""

import json
from pathlib import Path

import pandas as pd
import pytest
from repdyn.experiments import TwoPoints, figures, find_setting, run
from repdyn.experiments.records import RecordError, read_trajectories, write_run

SETTING = TwoPoints(name="small", width=16, hidden_layers=2, layer=0, steps=60, lr=0.05)


@pytest.fixture(scope="module")
def result():
    return run(SETTING)


@pytest.fixture
def folder(result, tmp_path: Path) -> Path:
    return write_run(result, tmp_path)


def test_a_run_is_written_under_its_setting_and_hash(folder: Path, result) -> None:
    assert folder.name == f"small-{SETTING.digest}"
    assert sorted(p.name for p in folder.iterdir()) == [
        "config.toml",
        "figure.png",
        "figure.svg",
        "fit.json",
        "layers.png",
        "layers.svg",
        "manifest.json",
        "trajectory.parquet",
    ]
    assert find_setting("small", folder / "config.toml") == SETTING
    assert read_trajectories(folder).equals(result.frame)
    assert json.loads((folder / "fit.json").read_text())[0]["rate_h"] == result.comparisons[0].fit.rates.h
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert manifest["seed"] == 0
    assert set(manifest["sha256"]) == {p.name for p in folder.iterdir()} - {"manifest.json"}


def test_writing_again_replaces_the_folder_and_leaves_nothing_beside_it(folder: Path, result) -> None:
    (folder / "stray").write_text("")
    assert write_run(result, folder.parent) == folder
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]
    assert not (folder / "stray").exists()


def test_a_failure_while_writing_leaves_the_earlier_results(folder: Path, result, monkeypatch) -> None:
    before = {p.name: p.read_bytes() for p in folder.iterdir()}

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(figures, "save_figure", fail)
    with pytest.raises(OSError, match="disk full"):
        write_run(result, folder.parent)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


def test_a_run_that_diverged_is_written_with_its_reason(tmp_path: Path) -> None:
    setting = TwoPoints(name="wild", width=16, hidden_layers=2, layer=0, steps=300, lr=80.0, nonlinearity="none")
    folder = write_run(run(setting), tmp_path)
    assert "diverged at step" in json.loads((folder / "manifest.json").read_text())["status"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: (f / "trajectory.parquet").unlink(), "is not whole: trajectory.parquet is missing; run the setting"),
        (
            lambda f: (f / "trajectory.parquet").write_bytes((f / "trajectory.parquet").read_bytes()[:100]),
            "is not whole: trajectory.parquet is not as it was written; run the setting again",
        ),
        (lambda f: (f / "manifest.json").unlink(), "has no manifest.json: it is not the folder of a finished run"),
        (lambda f: (f / "manifest.json").write_text("{"), r"manifest.json of .* is damaged; run the setting again"),
    ],
    ids=["missing", "truncated", "no manifest", "damaged manifest"],
)
def test_a_folder_that_is_not_whole_is_refused(folder: Path, damage, words: str) -> None:
    damage(folder)
    with pytest.raises(RecordError, match=words):
        read_trajectories(folder)


def test_a_csv_of_ones_own_is_read_with_constants_as_columns_or_arguments(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    table = pd.DataFrame({"t": [0, 1, 2], "dh2": [0.1, 0.2, 0.3], "dy2": 0.1, "w": 0.0})
    table.to_csv(path, index=False)
    frame = read_trajectories(path, dx2=1.0, dy2=0.5)
    assert frame["step"].tolist() == [0, 1, 2]
    assert (frame["dx2"].iloc[0], frame["dy2_target"].iloc[0]) == (1.0, 0.5)
    table.assign(dx2=2.0, dy2_target=0.3).to_csv(path, index=False)
    assert read_trajectories(path)["dx2"].iloc[0] == 2.0
    assert read_trajectories(path, dx2=4.0)["dx2"].iloc[0] == 4.0


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "a.csv",
            "step,dh2\n0,1\n",
            "lacks the columns dy2, w; it has step, dh2. A trajectory has step, dh2, dy2 and w",
        ),
        ("a.csv", "step,dh2,dy2,w\n0,1,1,1\n", "lacks dx2 and dy2_target: add the columns or give --dx2 and --dy2"),
        ("a.csv", "", r"a.csv cannot be read \(No columns to parse from file\); is it complete"),
        (
            "a.csv",
            "step,dh2,dy2,w,dx2,dy2_target\n0,far,1,1,1,1\n",
            "column dh2 must hold numbers, got 'far'",
        ),
        ("a.parquet", "PAR1", r"a.parquet cannot be read \(.*\); is it complete"),
        ("a.txt", "", r"a.txt must end in .csv or .parquet"),
    ],
)
def test_files_that_hold_no_trajectory_are_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(RecordError, match=words):
        read_trajectories(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nosuch\.csv"):
        read_trajectories(tmp_path / "nosuch.csv")
