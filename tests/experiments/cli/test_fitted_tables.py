"""``repdyn fit`` of tables: gaps, rows of loggers, pairs, and many trajectories at once."""

import re
from pathlib import Path

import pandas as pd
from repdyn.experiments.cli import main
from repdyn.numeric import Pair, Rates, State, trajectory


def whole(**columns) -> pd.DataFrame:
    steps = list(range(0, 6000, 10))
    state = trajectory(steps, State(1e-3, 1e-3, 0.0), Pair(1.0, 0.5), Rates(2e-3, 1e-2))
    return pd.DataFrame({"step": steps, **vars(state), "dx2": 1.0, "dy2_target": 0.5} | columns)


def fitted(frame: pd.DataFrame, path: Path, capsys, *options: str) -> str:
    frame.to_csv(path, index=False)
    assert main(["fit", str(path), *options]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_a_fit_says_what_it_saw(tmp_path: Path, capsys) -> None:
    path = tmp_path / "mine.csv"
    out = fitted(whole(), path, capsys)
    assert out.splitlines()[0].split()[-1] == "samples"
    assert out.splitlines()[1].split()[-1] == "600"
    assert "samples used" not in out
    assert "its end was not measured" not in out
    frame = whole()
    frame.loc[[3, 5], "dh2"] = float("nan")
    out = fitted(frame, path, capsys)
    assert "598 of 600 samples used: gaps, not finite: 2\n" in out
    assert "its end was not measured" not in out
    frame.loc[8:, "dy2"] = float("inf")
    out = fitted(frame, path, capsys)
    assert "6 of 600 samples used: gaps, not finite: 2; cut at the end, where they stay not finite: 592\n" in out
    assert re.search(r"seen to step 70, where dh2 is 0.001\d* and 0% of .* is learnt: its end was not measured", out)
    assert " ± " not in out
    assert out.count("(no error)") == 2


def test_rows_of_a_logger_are_one_sample_a_step(tmp_path: Path, capsys) -> None:
    frame = whole()
    one, other = frame.assign(dh2=float("nan")), frame.assign(dy2=float("nan"), w=float("nan"))
    path = tmp_path / "mine.csv"
    out = fitted(pd.concat([one, other]).sort_values("step", kind="stable"), path, capsys)
    assert out.splitlines()[1].split()[-1] == "600"
    assert "samples used" not in out
    apart = pd.concat([one[::2], other[1::2]]).sort_values("step")
    apart.to_csv(path, index=False)
    assert main(["fit", str(path)]) == 2
    assert capsys.readouterr().err == (
        "repdyn: 0 of 600 samples have a finite step, dh2, dy2 and w, and a fit takes 3 (step is finite in 600, dh2 is "
        "finite in 300, dy2 is finite in 300, w is finite in 300); put the values of a step into one row\n"
    )


def test_a_wrong_step_is_named_with_its_pair(tmp_path: Path, capsys) -> None:
    path = tmp_path / "mine.csv"
    steps = [*range(0, 5980, 10), 5970, 5980]
    whole(step=steps, pair="3-7", layer="hidden.2").to_csv(path, index=False)
    assert main(["fit", str(path)]) == 2
    assert capsys.readouterr().err == (
        "repdyn: 3-7 hidden.2: t must increase from each sample to the next; sort the samples and drop repeated ones: "
        "5970 follows 5970\n"
    )


def test_rows_without_a_pair_are_counted_and_left_out(tmp_path: Path, capsys) -> None:
    frame = pd.concat([whole(pair=1), whole(pair=2)], ignore_index=True)
    frame.loc[[3, 900], "pair"] = float("nan")
    out = fitted(frame, tmp_path / "mine.csv", capsys)
    assert [line.split()[0] for line in out.splitlines()[1:3]] == ["1", "2"]
    assert "2 of 1200 rows name no pair or no layer, so that they belong to no trajectory" in out


def test_a_constant_trajectory_has_no_line(tmp_path: Path, capsys) -> None:
    out = fitted(whole(dh2=0.3, dy2=0.4, w=0.1), tmp_path / "mine.csv", capsys)
    assert "conserved line: no R2, since dh2 does not vary" in out


def test_a_distance_that_rounding_made_negative_is_zero(tmp_path: Path, capsys) -> None:
    frame = whole()
    frame.loc[9, "dh2"] = -1e-18
    assert "not fitted" not in fitted(frame, tmp_path / "mine.csv", capsys)


def many(pairs: int) -> pd.DataFrame:
    """Pairs of two layers, of which one agrees and does not obey the theory, and one is damaged."""
    frames = [whole(pair=f"p{i}", layer=layer) for i in range(pairs) for layer in ("hidden.1", "hidden.2")]
    frames[0] = frames[0].assign(dy2_target=0.0, dy2=frames[0]["dh2"], w=frames[0]["dh2"])
    frames[1] = frames[1].assign(dh2=0.0)
    return pd.concat(frames, ignore_index=True)


def test_many_fits_are_a_summary_and_a_table_where_asked_for(tmp_path: Path, capsys) -> None:
    path, table = tmp_path / "mine.csv", tmp_path / "fits.parquet"
    lines = fitted(many(8), path, capsys).splitlines()
    assert lines[0] == "median over pairs [quartiles]; rates of those that the trajectory determines:"
    assert lines[1].split()[:4] == ["layer", "fitted", "not", "fitted"]
    assert lines[2].split()[:6] == ["hidden.1", "8", "0", "7", "0.002", "[0.002,"]
    assert lines[3].split()[:4] == ["hidden.2", "7", "1", "7"]
    said = "\n".join(lines)
    assert "no success, how many and which is the first:" in said
    assert "  1 (p0 hidden.2): not fitted: the initial dh2 must be positive, got …" in said
    assert "  1 (p0 hidden.1): These points agree in their targets" in said
    assert lines[-1] == "16 fits; every one of them: repdyn fit ... --table FILE.csv"
    assert len(lines) < 16
    assert main(["fit", str(path), "--table", str(table)]) == 0
    assert f"16 fits written to {table}\n" in capsys.readouterr().out
    rows = pd.read_parquet(table)
    assert len(rows) == 16
    assert rows["success"].sum() == 14
    assert rows["stderr_rate_h"].notna().sum() == 14
    assert main(["fit", str(path), "--table", str(tmp_path / "fits.txt")]) == 2
    assert "fits.txt must end in .csv or .parquet" in capsys.readouterr().err


def test_many_fits_of_several_theories_are_compared(tmp_path: Path, capsys) -> None:
    path, table = tmp_path / "mine.csv", tmp_path / "fits.csv"
    whole().iloc[::10].pipe(lambda x: pd.concat([x.assign(pair=i) for i in range(7)])).to_csv(path, index=False)
    theories = ["--theory", "two_point", "--theory", "scalar_output", "--dy2-target", "0.5"]
    assert main(["fit", str(path), *theories, "--table", str(table)]) == 0
    out = capsys.readouterr().out
    assert "theory" in out.splitlines()[1]
    assert len(pd.read_csv(table)) == 14
