"""The examples, as somebody runs them: whole, in a process and a folder of their own, warnings as errors."""

from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_without_a_warning_and_draws_what_it_says(example: Path, run_script, tmp_path: Path) -> None:
    assert run_script(example, tmp_path) == ""
    drawn = [file.name for file in tmp_path.glob("*.png")]
    assert drawn == ([f"{example.stem}.png"] if "savefig" in example.read_text("utf-8") else [])


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import warnings\nwarnings.warn('of mine')", "UserWarning: of mine"),
        ("import sys\nsys.exit('lost')", "lost"),
        ("assert __name__ != '__main__'", "AssertionError"),
    ],
)
def test_a_script_that_fails_is_seen(script: str, words: str, run_script, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(script, "utf-8")
    said = run_script(tmp_path / "mine.py", tmp_path)
    assert said.startswith("status 1\n")
    assert words in said


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short(example: Path) -> None:
    lines = example.read_text("utf-8").splitlines()
    assert len([line for line in lines if line and not line.startswith("#")]) <= 40
