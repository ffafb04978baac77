"""Trajectories from tangent rates, without a fit: exact where the theory is, and said where there are none."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from repdyn.experiments import TwoPoints, find_setting, predict, run
from repdyn.experiments.cli import main
from repdyn.experiments.figures import draw_predictions
from repdyn.experiments.results.folder import check_folder, write_predictions
from repdyn.experiments.results.summary import prediction_summary
from repdyn.experiments.runs import prediction

# Inputs of mean 0, so that little but the difference moves the weights once the mean is learnt.
TINY = TwoPoints(
    name="tiny", width=16, hidden_layers=1, layer=0, nonlinearity="none", gain=0.1, steps=400, lr=0.05, dx2=4.0
)
SCALARS = ("dh2", "dy2", "w")
SOURCES = [
    "at the start",
    "at the start, mean held",
    "after the mean phase",
    "after the mean phase, mean held",
    "fitted, constant rates",
    "fitted, growing rates",
]


@pytest.fixture(scope="module")
def found():
    return predict(TINY)


def test_there_is_a_prediction_from_each_source(found) -> None:
    assert [p.source for p in found.found] == SOURCES
    assert found.missing == {}
    assert [p.theory for p in found.found] == ["scalar_output"] * 5 + ["growing_rates"]
    assert list(found.rates) == SOURCES[:4]


def test_the_network_is_trained_as_a_run_trains_it(found) -> None:
    frame = run(TINY).frame
    for name in SCALARS:
        np.testing.assert_array_equal(getattr(found.observed, name), frame[name])


def test_one_linear_layer_each_side_is_predicted_within_a_percent_after_the_mean_phase(found) -> None:
    p = found.found[3]
    assert 0 < p.step < 200
    for name in SCALARS:
        measured = getattr(found.observed, name)
        assert np.abs(getattr(p.path, name) - measured[p.step :]).max() < 0.01 * np.ptp(measured)


def test_the_rates_of_one_linear_layer_each_side_are_half_the_step_size(found) -> None:
    for p in (found.found[0], found.found[2]):
        assert (p.coefficients["rate_h"], p.coefficients["rate_y"]) == pytest.approx((0.025, 0.025), rel=1e-5)


def test_predictions_begin_at_the_state_that_was_measured(found) -> None:
    for p in found.found:
        assert p.steps[0] == p.step
        for name in SCALARS:
            begun = getattr(found.observed, name)[p.step]
            assert getattr(p.path, name)[0] == pytest.approx(begun, rel=1e-5, abs=1e-7)


def test_r2_and_sse_are_those_of_all_samples_from_there_on(found) -> None:
    p = found.found[2]
    misfits = {name: np.sum((getattr(p.path, name) - getattr(found.observed, name)[p.step :]) ** 2) for name in SCALARS}
    assert p.sse == pytest.approx(sum(misfits.values()), rel=1e-12)
    for name in SCALARS:
        measured = getattr(found.observed, name)[p.step :]
        assert getattr(p.r2, name) == pytest.approx(1 - misfits[name] / (measured.size * measured.var()), rel=1e-12)


def test_the_mean_is_learnt_at_the_first_step_that_leaves_a_hundredth_of_its_error(found) -> None:
    frame, step = run(TINY).frame, found.found[2].step
    # The loss is that of the mean, half its squared error, and an eighth of the squared error of the difference.
    mean2 = 2 * (frame["loss"] - (2 * frame["w"] - frame["dy2"] + frame["dy2_target"]) / 8)
    assert mean2[step] <= 1e-4 * mean2[0] * (1 + 1e-3)
    assert mean2[step - 1] > 1e-4 * mean2[0]


def test_records_need_not_hold_the_step_of_the_measurement(found) -> None:
    sparse = predict(replace(TINY, every=50))
    p, dense = sparse.found[2], found.found[2]
    assert p.step == dense.step
    assert p.coefficients == dense.coefficients
    np.testing.assert_allclose(p.path.dh2[0], dense.path.dh2[dense.steps == p.steps[0]][0], rtol=1e-12)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"dy2": 4.0}, r"half of the difference is learnt at step \d+, before the mean prediction is: \d\.\d% of"),
        ({"steps": 60}, "training ends before the mean prediction is learnt; give it more steps"),
    ],
    ids=["half first", "too short"],
)
def test_a_mean_that_is_not_learnt_in_time_is_said(changed, words, tmp_path: Path) -> None:
    late = predict(replace(TINY, **changed))
    assert [p.source for p in late.found] == SOURCES[:2] + SOURCES[4:]
    (reason,) = late.missing.values()
    assert re.match(words, reason)
    assert f"no prediction after the mean phase: {reason}" in prediction_summary(
        late, write_predictions(late, tmp_path)
    )


def test_rates_that_are_none_give_no_prediction_and_say_so(monkeypatch) -> None:
    measure = prediction.tangent_rates

    def negative(*arguments, mean_is_learnt: bool):
        rates = measure(*arguments, mean_is_learnt=mean_is_learnt)
        return replace(rates, encoder=-1.0) if mean_is_learnt else rates

    monkeypatch.setattr(prediction, "tangent_rates", negative)
    missing = predict(TINY).missing
    assert list(missing) == [SOURCES[1], SOURCES[3]]
    assert missing[SOURCES[1]] == "rate_h of theory 'scalar_output' must be positive, got -0.25"


@pytest.mark.parametrize(
    ("setting", "error", "words"),
    [
        (find_setting("digits"), ValueError, "of the experiment two_points, got 'digits' of the experiment digits"),
        (replace(TINY, output_size=2), ValueError, "for a single output, got output_size 2; set it to 1"),
        (
            replace(TINY, optimiser="momentum", batch=1),
            ValueError,
            "tangent rates are those of gradient descent .*, got optimiser 'momentum', batch 1; leave that out",
        ),
        (
            replace(TINY, device="cuda"),
            ValueError,
            "rates are measured on the processor, got device 'cuda'; leave it out",
        ),
        (find_setting("dropout"), ValueError, r"of gradient descent .*, got dropout 0\.1; leave that out"),
        (find_setting("cross_entropy"), ValueError, "of gradient descent .*, got loss 'cross_entropy'; leave that out"),
        (replace(TINY, lr=80.0, hidden_layers=2), ArithmeticError, r"training diverged at step \d+: .* lower lr or"),
    ],
    ids=["digits", "two outputs", "momentum", "device", "dropout", "cross-entropy", "diverged"],
)
def test_what_cannot_be_predicted_is_refused(setting, error, words: str) -> None:
    with pytest.raises(error, match=words):
        predict(setting)


def test_the_figure_shows_the_network_and_every_prediction(found) -> None:
    figure = draw_predictions(found)
    for ax, name in zip(figure.axes, ("dh2", "dy2"), strict=True):
        assert [line.get_label() for line in ax.lines] == ["network", *SOURCES]
        np.testing.assert_array_equal(ax.lines[0].get_ydata(), getattr(found.observed, name))
        for line, p in zip(ax.lines[1:], found.found, strict=True):
            np.testing.assert_array_equal(line.get_xdata(), p.steps)
            np.testing.assert_array_equal(line.get_ydata(), getattr(p.path, name))


def test_the_folder_is_whole_and_holds_the_table(found, tmp_path: Path) -> None:
    folder = write_predictions(found, tmp_path)
    assert folder == tmp_path / f"tiny-{TINY.digest}-kernels"
    check_folder(folder)
    files = ["config.toml", "figure.png", "figure.svg", "manifest.json", "predictions.json"]
    assert sorted(path.name for path in folder.iterdir()) == files
    assert find_setting("tiny", folder / "config.toml") == TINY
    record = json.loads((folder / "predictions.json").read_text())
    assert [row["source"] for row in record["predictions"]] == SOURCES
    assert record["predictions"][0]["sse"] == found.found[0].sse
    assert record["tangent_rates"][SOURCES[0]]["encoder"] == pytest.approx(0.1, rel=1e-5)


def test_the_command_prints_the_table_and_where_it_is(tmp_path: Path, capsys) -> None:
    words = "kernels two_layer --width 8 --steps 120 --lr 0.05"
    assert main([*words.split(), "--results", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    for word in ("from step", "rate_h", "growth_h", "rate_y", "growth_y", "gram", "R2 w", "SSE", *SOURCES[4:]):
        assert word in out
    (folder,) = tmp_path.iterdir()
    assert f"written to {folder}: config.toml, figure.png, figure.svg, manifest.json, predictions.json" in out
