"""A run of digits says how the collective theory agrees with all distances, beside the theory of pairs."""

import json
from pathlib import Path

import pytest
from repdyn.experiments import Digits, TwoPoints, run
from repdyn.experiments.results.folder import write_run
from repdyn.experiments.results.summary import run_summary


@pytest.fixture(scope="module")
def digits():
    return run(Digits(name="many", width=20, hidden_layers=2, layer=1, steps=300, every=100, lr=0.05))


def test_both_theories_are_compared_at_every_layer(digits) -> None:
    whole = digits.whole.set_index(["layer", "theory"])
    assert whole.index.tolist() == [
        (f"network.hidden.{k}", theory) for k in range(2) for theory in ("pair", "collective")
    ]
    last = whole.loc["network.hidden.1"]
    assert last.loc["collective", "r"] > max(last.loc["pair", "r"], 0.8)
    assert (
        last.loc["collective", "place_low"] <= last.loc["collective", "place"] <= last.loc["collective", "place_high"]
    )


def test_it_is_said_and_written(digits, tmp_path: Path) -> None:
    folder = write_run(digits, tmp_path)
    said = run_summary(digits, folder)
    assert "all distances among many digits at the end, Pearson's r with both theories" in said
    written = json.loads((folder / "data_set.json").read_text())
    assert written[1]["place"] == digits.whole["place"][1]
    assert written[0]["place"] == "nan"


def test_a_run_of_two_points_or_one_that_diverged_says_nothing_of_it(tmp_path: Path) -> None:
    pair = run(TwoPoints(name="one", width=8, hidden_layers=1, layer=0, steps=20, lr=0.05))
    wild = run(Digits(name="wild", width=8, hidden_layers=2, layer=1, steps=40, every=40, lr=1000.0))
    assert wild.diverged_at is not None
    for found in (pair, wild):
        assert found.whole.empty
        folder = write_run(found, tmp_path)
        assert "all distances" not in run_summary(found, folder)
        assert not (folder / "data_set.json").exists()
