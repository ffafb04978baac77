"""The command line: what it prints, and one line for whatever is wrong."""

import io
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from repdyn.experiments.cli import main
from repdyn.experiments.training.lightning import Supervised
from repdyn.numeric import Pair, Rates, State, trajectory

SMALL = ["run", "two_layer", "--width", "16", "--steps", "60", "--lr", "0.05"]

COMMANDS = "list | run | kernels | fit | diagnose | derive | reproduce | report"


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    steps = list(range(0, 2000, 5))
    state = trajectory(steps, State(1e-3, 1e-3, 0.0), Pair(1.0, 0.5), Rates(2e-3, 1e-2))
    path = tmp_path / "mine.csv"
    pd.DataFrame({"step": steps, "dh2": state.dh2, "dy2": state.dy2, "w": state.w}).to_csv(path, index=False)
    return path


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


def test_a_derivation_is_not_written_in_an_unknown_form(tmp_path: Path, capsys) -> None:
    assert main(["derive", "two_point", "--output", str(tmp_path / "out.pdf")]) == 2
    assert "out.pdf must end in .md, .tex, .html, or give --format" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


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


def test_derive_prints_every_step_verified(capsys) -> None:
    assert main(["derive"]) == 0
    out = capsys.readouterr().out
    steps = re.findall(r"^### \d+\.\d+\. .* (.)$", out, re.MULTILINE)
    assert len(steps) >= 20
    assert set(steps) == {"✓"}
    assert f"{len(steps)} of {len(steps)} steps verified" in out


def test_derive_writes_latex(tmp_path: Path, capsys) -> None:
    path = tmp_path / "deep" / "derivation.tex"
    assert main(["derive", "two_point", "two_point", "--output", str(path)]) == 0
    text = path.read_text("utf-8")
    assert text.count(r"\section{") == 1
    assert text.startswith(r"\documentclass")
    assert text.count(r"\begin{equation}") == text.count(r"\end{equation}") > 40
    assert text.count(r"$\checkmark$") >= 20
    assert "steps verified; written to" in capsys.readouterr().out


def test_a_step_that_fails_is_marked_and_the_command_fails(monkeypatch, capsys) -> None:
    from dataclasses import replace

    import sympy as sp
    from repdyn import symbolic

    theory = symbolic.two_point()
    step = theory.derivation["invariant"]
    (relation,) = step.statement
    wrong = replace(step, statement=(sp.Eq(relation.lhs, relation.rhs + sp.Symbol("dh2", positive=True)),))
    steps = tuple(wrong if s is step else s for s in theory.derivation.steps)
    broken = replace(theory, derivation=replace(theory.derivation, steps=steps))
    monkeypatch.setattr(symbolic, "chapters", lambda: {"two_point": broken})
    assert main(["derive"]) == 2
    captured = capsys.readouterr()
    assert "A conserved quantity ✗" in captured.out
    assert "**Not verified:** step 'invariant' is not proved" in captured.out
    assert captured.err.startswith("repdyn: step 'invariant' is not proved")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "",
            f"repdyn: the following arguments are required: {COMMANDS}",
        ),
        (
            "draw",
            f"repdyn: argument {COMMANDS}: invalid choice: 'draw'",
        ),
        ("list --loud", "repdyn: unrecognised arguments: --loud"),
        ("run", "repdyn: run needs the name of a setting; `repdyn list` shows them"),
        ("kernels", "repdyn: kernels needs the name of a setting; `repdyn list` shows them"),
        ("kernels digits", "repdyn: tangent rates predict settings of the experiment two_points, got 'digits' of"),
        ("kernels shallow --output-size 2", "repdyn: tangent rates are for a single output, got output_size 2"),
        ("kernels default --lr fast", "repdyn kernels default: argument --lr: invalid float value: 'fast'"),
        ("run nosuch", "repdyn: there is no setting 'nosuch'; there are default, shallow"),
        ("run default --lr fast", "repdyn run default: argument --lr: invalid float value: 'fast'"),
        ("run default --lr -1", "repdyn: lr must be positive and finite, got -1.0"),
        ("run default --lr nan", "repdyn: lr must be positive and finite, got nan"),
        ("run default --depth 3", "repdyn run default: unrecognized arguments: --depth 3"),
        ("run default --layer 20", "repdyn: layer must be below hidden_layers, counted from 0, got layer 20 of 20"),
        ("run default --settings nosuch.toml", "repdyn: there is no file nosuch.toml; give a TOML file of"),
        ("run digits --data-dir nosuch", "repdyn: nosuch has no train-images-idx3-ubyte"),
        ("run digits --data cifar", "repdyn: data must be mnist or load_digits, got 'cifar'"),
        ("fit", "repdyn fit: the following arguments are required: file"),
        ("fit nosuch.csv", "repdyn: there is no file nosuch.csv"),
        ("fit pyproject.toml", "repdyn: pyproject.toml must end in .csv or .parquet"),
        ("fit tests", "repdyn: tests has no manifest.json"),
        ("derive --format pdf", "repdyn derive: argument --format: invalid choice: 'pdf'"),
        ("derive two_point nosuch", "repdyn: there is no theory 'nosuch'; there are two_point"),
    ],
)
def test_whatever_is_wrong_is_one_line_and_a_status(words: str, message: str, capsys) -> None:
    try:
        status = main(words.split())
    except SystemExit as stop:  # argparse leaves by itself
        status = stop.code
    captured = capsys.readouterr()
    assert status == 2
    assert captured.err.startswith(message)
    assert captured.err.count("\n") == 1
    assert captured.out == ""


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


def test_a_coefficient_is_fixed_once(csv: Path, capsys) -> None:
    assert main(["fit", str(csv), "--fixed", "rate_h=1", "--fixed", "rate_h=2"]) == 2
    assert capsys.readouterr().err == "repdyn: each coefficient can be --fixed once, got rate_h, rate_h\n"


@pytest.mark.parametrize("words", ["fit", "derive two_point"])
def test_a_terminal_of_ascii_shows_all(words: str, csv: Path, monkeypatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii", errors="strict"))
    options = [str(csv), "--dx2", "1", "--dy2", "0.5"] if words == "fit" else []
    assert main([*words.split(), *options]) == 0
    sys.stdout.flush()
    text = written.getvalue().decode("ascii")
    assert ("0.002 +/- " if words == "fit" else "[verified]") in text


def test_an_interruption_of_training_is_one_line(tmp_path: Path, monkeypatch, capsys) -> None:
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Supervised, "training_step", interrupted)
    assert main([*SMALL, "--results", str(tmp_path)]) == 130
    assert capsys.readouterr().err.endswith("repdyn: interrupted; what was finished is kept\n")
    assert not list(tmp_path.iterdir())


def test_a_run_of_which_nothing_can_be_fitted_is_written_and_says_why(tmp_path: Path, capsys) -> None:
    wild = "run digits --lr 1000 --steps 40 --width 8 --every 40 --hidden-layers 2 --layer 1"
    assert main([*wild.split(), "--results", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "training diverged at step" in out
    assert "90 not fitted; the first: 0-1 network.hidden.0: 1 of 2 samples have a finite step, dh2, dy2 and w" in out
    (folder,) = tmp_path.iterdir()
    assert not (folder / "figure.png").exists()


def test_sigterm_ends_training_with_one_line_and_is_given_back(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(Supervised, "training_step", lambda *_: signal.raise_signal(signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM)
    assert main([*SMALL, "--results", str(tmp_path)]) == 143
    assert capsys.readouterr().err.endswith("repdyn: terminated; what was finished is kept\n")
    assert signal.getsignal(signal.SIGTERM) is before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("fit tests/data/default.parquet", "repdyn.experiments.comparison.compare"),
        ("kernels two_layer", "repdyn.experiments.runs.prediction.predict"),
        ("derive two_point", "repdyn.symbolic.document.prove"),
        ("report xor", "repdyn.experiments.page.gather"),
        ("reproduce xor", "repdyn.experiments.sweep.plan.plan"),
    ],
)
def test_a_signal_ends_every_command_with_one_line(words, at, number, status, monkeypatch, capsys) -> None:
    monkeypatch.setattr(at, lambda *_, **__: signal.raise_signal(number))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
    try:
        assert main(words.split()) == status
    finally:
        signal.signal(signal.SIGINT, before)
    captured = capsys.readouterr()
    assert captured.err.endswith("; what was finished is kept\n")
    assert (captured.err.count("\n"), captured.out) == (1, "")


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (lambda: int("x"), "ValueError: invalid literal for int() with base 10: 'x', in <lambda>"),
        (lambda: {}["lost"], "KeyError: 'lost', in <lambda>"),
        (lambda: 1 / 0, "ZeroDivisionError: division by zero, in <lambda>"),
        (lambda: pd.DataFrame({"a": [1]})["b"], "KeyError: 'b', in"),
    ],
)
def test_a_fault_of_the_package_is_told_apart_from_an_answer(cause, said: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr("repdyn.experiments.comparison.compare", lambda *_, **__: cause())
    for words in (["fit"], ["--traceback", "fit"], ["fit", "--traceback"]):
        assert main([*words, "tests/data/default.parquet"]) == 70
        *before, last = capsys.readouterr().err.splitlines()
        assert last.startswith(f"repdyn: this is a fault of repdyn ({said}")
        assert last.endswith("please report it with the command and what --traceback shows")
        assert bool(before) == ("--traceback" in words)
        assert not before or before[0] == "Traceback (most recent call last):"


def test_where_an_answer_came_from_is_shown_when_asked_for(capsys) -> None:
    assert main(["fit", "nosuch.csv", "--traceback"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert (lines[0], lines[-1][:7]) == ("Traceback (most recent call last):", "repdyn:")


def test_the_distance_of_the_targets_has_a_name_of_its_own(tmp_path, capsys) -> None:
    frame = pd.read_parquet("tests/data/default.parquet")
    frame.drop(columns="dy2_target").to_csv(tmp_path / "run.csv", index=False)
    printed = []
    for name in ("--dy2-target", "--dy2"):
        assert main(["fit", str(tmp_path / "run.csv"), name, "0.5"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != ""


def test_a_command_runs_in_a_thread_which_has_no_signals(capsys) -> None:
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(main, ["list"]).result() == 0
    assert "two_layer" in capsys.readouterr().out


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
