"""``repdyn list`` and ``repdyn run``: what they print, write and refuse."""

import re
from pathlib import Path

from repdyn.experiments.cli import main
from small_run import SMALL


def test_list_shows_every_setting(capsys) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 27
    assert lines[0].split() == ["default", "two_points", "the", "defaults"]
    assert any(re.match(r"linear +two_points +nonlinearity = none, gain = 0.85, lr = 0.00125", line) for line in lines)


def test_run_writes_its_folder_and_says_where(tmp_path: Path, capsys) -> None:
    assert main([*SMALL, "--results", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    (folder,) = tmp_path.iterdir()
    assert f"written to {folder}: config.toml, figure.png, figure.svg, fit.json" in out
    for word in ("1/tau_h", "1/tau_y", "R2 dh2", "R2 loss", "final dh2", "measured", "regime", "part ways"):
        assert word in out


def test_a_run_of_one_pair_says_how_it_goes_by_layer(tmp_path: Path, capsys) -> None:
    words = "run shallow --steps 400 --width 16 --every 4 --lr 0.05"
    assert main([*words.split(), "--results", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    table = out.split("by hidden layer")[1].splitlines()[1:4]
    assert table[0].split() == [
        "layer",
        "1/tau_h",
        "1/tau_y",
        "SSE",
        "final",
        "dh2",
        "measured",
        "exponent",
        "of",
        "theory",
        "k/D",
    ]
    assert [row.split()[-1] for row in table[1:]] == ["0.333", "0.667"]
    assert out.count("hidden.") == 1


def test_a_run_can_be_made_again_from_its_own_configuration(tmp_path: Path, capsys) -> None:
    assert main([*SMALL, "--results", str(tmp_path / "a")]) == 0
    (first,) = (tmp_path / "a").iterdir()
    settings = ["--settings", str(first / "config.toml"), "--results", str(tmp_path / "b")]
    assert main(["run", "two_layer", *settings]) == 0
    (again,) = (tmp_path / "b").iterdir()
    assert again.name == first.name
    assert (again / "trajectory.parquet").read_bytes() == (first / "trajectory.parquet").read_bytes()
    assert (again / "figure.svg").read_bytes() == (first / "figure.svg").read_bytes()


def test_help_of_run_shows_the_fields_of_the_setting(capsys) -> None:
    assert main(["run", "tanh", "--help"]) == 0
    assert "--hidden-layers" in capsys.readouterr().out
    assert main(["run", "--help"]) == 0
    assert "name of a setting" in capsys.readouterr().out


def test_a_run_of_which_nothing_can_be_fitted_is_written_and_says_why(tmp_path: Path, capsys) -> None:
    wild = "run digits --lr 1000 --steps 40 --width 8 --every 40 --hidden-layers 2 --layer 1"
    assert main([*wild.split(), "--results", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "training diverged at step" in out
    assert "90 not fitted; the first: 0-1 network.hidden.0: 1 of 2 samples have a finite step, dh2, dy2 and w" in out
    (folder,) = tmp_path.iterdir()
    assert not (folder / "figure.png").exists()
