"""The folder of a run is whole or not there; files of others are read or refused with a reason."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from shutil import copytree

import numpy as np
import pandas as pd
import pytest
from repdyn.experiments import TwoPoints, figures, find_setting, run
from repdyn.experiments.results.folder import RecordError, read_trajectories, write_run

SETTING = TwoPoints(name="small", width=16, hidden_layers=2, layer=0, steps=60, lr=0.05)


@pytest.fixture(scope="module")
def result():
    return run(SETTING)


@pytest.fixture(scope="module")
def written(result, tmp_path_factory) -> Path:
    return write_run(result, tmp_path_factory.mktemp("written"))


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy, since drawing the figures takes longer than all else."""
    return Path(copytree(written, tmp_path / written.name))


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
        ("a.csv", "step;dh2;dy2;w\n0;0,1;0;0\n", r"has semicolons between its columns: write it with commas, and with"),
        ("a.csv", "step\tdh2\tdy2\tw\n0\t1\t0\t0\n", r"has tabs between its columns: .* sep='\\t'"),
        ("a.csv", "step dh2 dy2 w\n0 1 0 0\n", "has spaces between its columns"),
        ("a.csv", "step,dh2,dy2,w\n0,0,1,0,2,0,3\n", "a row of 7 values under a header of 4 names: .* a decimal point"),
        (
            "a.csv",
            "step,dh2,dy2,w\n0,1,0,0,\n1,1,0,0,\n",
            "a row of 5 values under a header of 4 names: .* no comma at",
        ),
        ("a.csv", "step,dh2,dy2,w\n0,1,0,0\n1,0,1,0,0\n", r"rows of several lengths \(Expected 4 fields in line 3"),
        ("a.csv", "# mine\nstep,dh2,dy2,w\n", "begins with a comment: take out the lines that begin with #"),
        ("a.csv", "step,dh2,dy2,w,dh2\n0,1,0,0,2\n", "the table has the column dh2 twice: leave out one of them"),
        ("a.csv", "step,DH2,Dh2,dy2,w\n0,1,0,0,2\n", "the table has the column DH2 twice: leave out one of them"),
        (
            "a.csv",
            "step,train/dh2,train/dy2,train/w,val/dh2,val/dy2,val/w\n0,1,0,0,1,0,0\n",
            r"dh2, dy2 and w stand there under several names \(train/dh2, val/dh2\): keep the columns of one",
        ),
        (
            "a.csv",
            "step,train/dh2,val/dy2,w\n0,1,0,0\n",
            "lacks the columns dh2, dy2; it has step, train/dh2, val/dy2, w",
        ),
        (
            "a.csv",
            'step,dh2,dy2,w,dx2,dy2_target\n0,"0,1",1,1,1,1\n',
            "got '0,1' in row 1 of 1; write numbers with a decimal",
        ),
        ("a.csv", "step,dh2,dy2,w,dx2,dy2_target\n0,True,1,1,1,1\n", "column dh2 must hold numbers, got True in row 1"),
        ("a.csv", "step,dh2,dy2,w,dx2,dy2_target\n0,1j,1,1,1,1\n", "column dh2 must hold numbers, got '1j' in row 1"),
        ("a.csv", "PAR1", "a.csv is a Parquet file: let its name end in .parquet"),
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


TABLE = pd.DataFrame({"step": [0, 5, 10], "dh2": [0.1, 0.2, 0.3], "dy2": 0.1, "w": 0.0, "dx2": 1.0, "dy2_target": 0.5})


def same(frame: pd.DataFrame, table: pd.DataFrame = TABLE) -> bool:
    return np.array_equal(frame[TABLE.columns].astype(float), table[TABLE.columns].astype(float), equal_nan=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.set_index("step"),
        lambda t: t.assign(pair="a").set_index(["pair", "step"]),
        lambda t: t.astype({"dh2": "category"}),
        lambda t: t.astype(str),
        lambda t: t.assign(dh2=[Decimal("0.1"), Decimal("0.2"), Decimal("0.3")]),
        lambda t: t.astype({"step": "Int64", "dh2": "Float64"}),
        lambda t: t.rename(columns=str.upper),
        lambda t: t.rename(columns=lambda name: f" {name} "),
        lambda t: t.rename(columns={"step": "t"}),
    ],
    ids=["step as index", "two indices", "category", "text", "decimal", "nullable", "capitals", "spaces", "t"],
)
def test_whatever_holds_numbers_is_read(change, tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    change(TABLE).to_parquet(path)
    assert same(read_trajectories(path))


def test_what_is_missing_is_nan(tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    table = TABLE.astype({"step": "Int64", "dh2": "Float64", "dy2": object, "w": str})
    table.loc[1, "step"], table.loc[1, "dh2"], table.loc[1, "dy2"], table.loc[1, "w"] = pd.NA, pd.NA, None, ""
    table.to_parquet(path)
    wanted = TABLE.astype(float)
    wanted.loc[1, ["step", "dh2", "dy2", "w"]] = np.nan
    assert same(read_trajectories(path), wanted)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"dh2": True}, "column dh2 must hold numbers, got True in row 1 of 3"),
        ({"dh2": ["a", "b", "c"]}, "column dh2 must hold numbers, got 'a' in row 1 of 3"),
        (
            {"step": pd.date_range("2024-01-01", periods=3)},
            r"step must hold numbers, got Timestamp\('2024-01-01 .* count training steps",
        ),
        ({"step": pd.to_timedelta([1, 2, 3], unit="s")}, r"step must hold numbers, got Timedelta\(.* training steps"),
    ],
    ids=["truth values", "words", "dates", "durations"],
)
def test_what_holds_anything_else_is_quoted(columns, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    TABLE.assign(**columns).to_parquet(path)
    with pytest.raises(RecordError, match=words):
        read_trajectories(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_encodings_of_spreadsheets_are_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.CSV"
    path.write_bytes(TABLE.to_csv(index=False).encode(encoding))
    assert same(read_trajectories(path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(b"step,dh2\n"), "is packed with gzip: unpack it"),
        ("step,dh2,dy2,w,café\n".encode("latin-1"), "is not text in UTF-8 or UTF-16: save it as one of them"),
    ],
    ids=["packed", "latin-1"],
)
def test_bytes_that_are_no_text_are_named(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(content)
    with pytest.raises(RecordError, match=words):
        read_trajectories(tmp_path / "mine.csv")


def test_the_header_of_numpy_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    np.savetxt(path, TABLE.to_numpy(), delimiter=",", header=",".join(TABLE.columns))
    assert same(read_trajectories(path))


@pytest.mark.parametrize(
    "names",
    [
        {name: f"train/{name}" for name in ("dh2", "dy2", "w")},
        {"step": "Step"} | {name: f"a run - {name}" for name in ("dh2", "dy2", "w")},
        {"step": "trainer/global_step"} | {name: f"pair_{name}" for name in ("dh2", "dy2", "w", "dx2", "dy2_target")},
    ],
    ids=["prefix", "name of a run", "global step"],
)
def test_the_names_of_loggers_are_read(names: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    TABLE.rename(columns=names).assign(epoch=0).to_csv(path, index=False)
    assert same(read_trajectories(path))


def test_a_layer_may_be_a_number(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    pd.concat([TABLE.assign(layer=3), TABLE.assign(layer=12, dh2=0.7)]).to_csv(path, index=False)
    assert same(read_trajectories(path, layer="3"))
    with pytest.raises(RecordError, match="has no layer '1'; it has 3, 12"):
        read_trajectories(path, layer="1")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nosuch\.csv"):
        read_trajectories(tmp_path / "nosuch.csv")
