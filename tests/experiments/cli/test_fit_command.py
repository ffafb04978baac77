"""``repdyn fit``: one trajectory, several theories, and what cannot be fitted."""

from pathlib import Path

import pandas as pd
import pytest
from repdyn.experiments.cli import main
from small_run import SMALL


def test_fit_recovers_the_rates_of_a_trajectory(csv: Path, capsys) -> None:
    assert main(["fit", str(csv), "--dx2", "1", "--dy2", "0.5"]) == 0
    out = capsys.readouterr().out
    assert "0.002 ± " in out
    assert "0.01 ± " in out
    assert "conserved line: R2 = 1.000" in out


def test_fit_compares_theories(csv: Path, capsys) -> None:
    theories = ["--theory", "growing_vectors", "--theory", "two_point"]
    assert main(["fit", str(csv), "--dx2", "1", "--dy2", "0.5", *theories]) == 0
    out = capsys.readouterr().out
    for word in ("growing_vectors", "two_point", "AIC", "growth_h", "of the misfit of two_point"):
        assert word in out


def test_fit_takes_what_is_known(csv: Path, capsys) -> None:
    known = ["--theory", "recurrent", "--fixed", "futures=3", "--fixed", "rate_h2=0.001"]
    assert main(["fit", str(csv), "--dx2", "1", "--dy2", "0.5", *known]) == 0
    out = capsys.readouterr().out
    assert "3 (fixed)" in out
    assert "R2" in out
    with pytest.raises(SystemExit, match="2"):
        main(["fit", str(csv), "--fixed", "futures"])
    assert "argument --fixed: must be NAME=VALUE with a number, got 'futures'" in capsys.readouterr().err


def test_fit_takes_one_layer_of_several(tmp_path: Path, capsys) -> None:
    assert main([*SMALL, "--hidden-layers", "3", "--layer", "1", "--results", str(tmp_path)]) == 0
    capsys.readouterr()
    (folder,) = tmp_path.iterdir()
    assert main(["fit", str(folder), "--layer", "hidden.2"]) == 0
    out = capsys.readouterr().out
    assert "hidden.2" in out
    assert "hidden.1" not in out
    assert main(["fit", str(folder), "--layer", "hidden.7"]) == 2
    assert "has no layer 'hidden.7'; it has network.hidden.0, network.hidden.1, " in capsys.readouterr().err


def test_an_unknown_theory_is_one_line(csv: Path, capsys) -> None:
    assert main(["fit", str(csv), "--dx2", "1", "--dy2", "0.5", "--theory", "rich"]) == 2
    assert capsys.readouterr().err.startswith("repdyn: there is no theory 'rich'; there are two_point, scalar_output, ")


@pytest.mark.parametrize("ending", ["", ".png", ".svg"])
def test_fit_draws_when_asked(csv: Path, tmp_path: Path, ending: str) -> None:
    stem = tmp_path / "drawn"
    assert main(["fit", str(csv), "--dx2", "1", "--dy2", "0.5", "--figure", str(tmp_path / f"drawn{ending}")]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"mine.csv", "drawn.png", "drawn.svg"}
    assert stem.with_suffix(".png").read_bytes()[:4] == b"\x89PNG"
    assert stem.with_suffix(".svg").stat().st_size > 1000


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("step,dh2,dy2,w\n0,1,0,0\n", "", "lacks dx2 and dy2_target: add the columns or give --dx2 and --dy2"),
        ("step,dh2,dy2,w\n0,0,0,0\n1,1,0,0\n2,1,0,0\n", "--dx2 1 --dy2 1", "the initial dh2 must be positive, got 0.0"),
        ("step,dh2,dy2,w\n0,1,1,9\n1,1,0,0\n2,1,0,0\n", "--dx2 1 --dy2 1", r"at most |dy| |dy*| (Cauchy-Schwarz)"),
        ("step,dh2,dy2,w\n0,1,0,0\n1,1,0,0\n2,1,0,0\n", "--dx2 -1 --dy2 1", "Pair.dx2 must be positive, got -1.0"),
        ("step,dh2,dy2,w\n0,1,0,0\n1,1,0,0\n2,1,0,0\n", "--dx2 1 --dy2 nan", "Pair.dy2 must be finite, got nan"),
        ("step,dh2,dy2,w\n0,1,0,0\n0,1,0,0\n2,1,0,0\n", "--dx2 1 --dy2 1", "drop repeated ones: 0 follows 0"),
        ("step,dh2,dy2,w\n0,nan,0,0\n", "--dx2 1 --dy2 1", "0 of 1 samples have a finite step, dh2, dy2 and w"),
        ("step,dh2,dy2,w\n", "--dx2 1 --dy2 1", "holds no rows"),
    ],
)
def test_a_trajectory_that_cannot_be_fitted_is_one_line(tmp_path, text, options, message, capsys) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    assert main(["fit", str(path), *options.split()]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_a_coefficient_is_fixed_once(csv: Path, capsys) -> None:
    assert main(["fit", str(csv), "--fixed", "rate_h=1", "--fixed", "rate_h=2"]) == 2
    assert capsys.readouterr().err == "repdyn: each coefficient can be --fixed once, got rate_h, rate_h\n"


def test_the_distance_of_the_targets_has_a_name_of_its_own(tmp_path, capsys) -> None:
    frame = pd.read_parquet("tests/data/default.parquet")
    frame.drop(columns="dy2_target").to_csv(tmp_path / "run.csv", index=False)
    printed = []
    for name in ("--dy2-target", "--dy2"):
        assert main(["fit", str(tmp_path / "run.csv"), name, "0.5"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != ""
