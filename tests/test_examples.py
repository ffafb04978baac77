"""The examples, as somebody runs them: whole, in a process of their own, warnings as errors."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
OF_LIGHTNING = ("`isinstance(treespec, LeafSpec)` is deprecated", "The 'train_dataloader' does not have many workers")
"""Warnings of Lightning about itself and about two points, which need no second process."""


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_without_a_warning_and_draws_what_it_says(example: Path, tmp_path: Path) -> None:
    ignored = [word for message in OF_LIGHTNING for word in ("-W", f"ignore:{message}")]
    done = subprocess.run(
        [sys.executable, "-W", "error", *ignored, str(example)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg"},
    )
    assert done.returncode == 0, done.stderr
    drawn = [file.name for file in tmp_path.glob("*.png")]
    assert drawn == ([f"{example.stem}.png"] if "savefig" in example.read_text("utf-8") else [])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short(example: Path) -> None:
    lines = example.read_text("utf-8").splitlines()
    assert len([line for line in lines if line and not line.startswith("#")]) <= 40
