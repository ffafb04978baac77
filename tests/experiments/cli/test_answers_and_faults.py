"""One line for whatever is wrong; a fault of the package is told apart; any terminal shows all."""

import io
import sys
from pathlib import Path

import pandas as pd
import pytest
from repdyn.experiments.cli import main

COMMANDS = "list | run | kernels | fit | diagnose | explore | derive | reproduce | report"


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


@pytest.mark.parametrize("words", ["fit", "derive two_point"])
def test_a_terminal_of_ascii_shows_all(words: str, csv: Path, proved_once, monkeypatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii", errors="strict"))
    options = [str(csv), "--dx2", "1", "--dy2", "0.5"] if words == "fit" else []
    assert main([*words.split(), *options]) == 0
    sys.stdout.flush()
    text = written.getvalue().decode("ascii")
    assert ("0.002 +/- " if words == "fit" else "[verified]") in text


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
