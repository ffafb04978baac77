"""Trajectories predicted from tangent rates: exact for a linear layer a side, written whole, refused in words."""

import json
from pathlib import Path

import numpy as np
import pytest
from repdyn.experiments import predict
from repdyn.experiments.cli import main
from repdyn.experiments.settings import Digits, SettingError, TwoPoints

TINY = TwoPoints(width=100, hidden_layers=1, layer=0, nonlinearity="none", gain=0.1, steps=1000, lr=0.06)


@pytest.fixture(scope="module")
def found():
    return predict(TINY)


def test_there_is_a_prediction_from_each_source(found) -> None:
    sources = [p.source for p in found.found]
    assert sources[0] == "at the start"
    assert sources[-2:] == ["fitted, constant rates", "fitted, growing rates"]
    assert {"after the mean phase", "after the mean phase, mean held"} <= {*sources, *found.missing}
    assert found.found[0].coefficients["rate_h"] == pytest.approx(0.03)
    assert found.found[0].coefficients["rate_y"] == pytest.approx(0.03)


def test_one_linear_layer_a_side_is_predicted_without_a_fit(found) -> None:
    later = next(p for p in found.found if p.source == "after the mean phase, mean held")
    assert later.step > 0
    assert min(vars(later.r2).values()) > 0.97
    for p in found.found:
        assert p.steps[0] == p.step
        assert p.path.dh2[0] == pytest.approx(found.observed.dh2[np.searchsorted(found.steps, p.step)], rel=1e-5)


def test_no_prediction_beats_the_fit_of_the_same_theory(found) -> None:
    fitted = next(p for p in found.found if p.source == "fitted, constant rates")
    assert fitted.sse <= min(p.sse for p in found.found if p.step == 0 and p.theory == "scalar_output") * (1 + 1e-6)


def test_a_sum_of_squares_is_that_of_the_differences(found) -> None:
    for p in found.found:
        observed = found.observed[found.steps >= p.step]
        misfit = sum(np.sum((getattr(p.path, x) - getattr(observed, x)) ** 2) for x in ("dh2", "dy2", "w"))
        assert p.sse == pytest.approx(misfit)


def test_the_command_writes_what_it_shows(tmp_path: Path, capsys) -> None:
    options = ["--width", "16", "--steps", "150", "--lr", "0.05", "--results", str(tmp_path)]
    assert main(["kernels", "two_layer", *options]) == 0
    out = capsys.readouterr().out
    (folder,) = tmp_path.iterdir()
    assert folder.name.endswith("-kernels")
    assert {path.name for path in folder.iterdir()} == {
        *("config.toml", "figure.png", "figure.svg", "manifest.json", "predictions.json"),
    }
    record = json.loads((folder / "predictions.json").read_text("utf-8"))
    for row in record["predictions"]:
        assert row["source"] in out
    assert set(record["tangent_rates"]["at the start"]) >= {"encoder", "decoder", "gram", "b2"}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (Digits(), "tangent rates predict settings of the experiment two_points, got '.*' of the experiment digits"),
        (TwoPoints(output_size=2), "tangent rates are for a single output, got output_size 2; set it to 1"),
    ],
)
def test_other_settings_are_refused(setting, words) -> None:
    with pytest.raises(SettingError, match=words):
        predict(setting)


def test_a_network_that_diverges_is_said(capsys, tmp_path: Path) -> None:
    assert main(["kernels", "two_layer", "--steps", "50", "--lr", "100", "--results", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert "training diverged at step" in err
    assert len(err.splitlines()) == 1
