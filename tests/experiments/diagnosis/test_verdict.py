"""Verdicts on trajectories of which it is known what is to be said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from repdyn.experiments import Diagnosis, compare, diagnose
from repdyn.experiments.diagnosis.gradients import Gradients
from repdyn.experiments.diagnosis.measures import measures
from repdyn.experiments.diagnosis.verdict import (
    BETWEEN,
    COLLAPSING,
    FAILS,
    HOLDS,
    IN_PART,
    LATE,
    LAZY,
    RICH,
    UNDECIDED,
    UNKNOWN,
    verdict,
)
from repdyn.numeric import Pair, Rates, State, integrate, trajectory
from simulated_pairs import STEPS, pair, pairs, rows


def the_layer(table: pd.DataFrame) -> tuple[Diagnosis, str]:
    found = diagnose(table)
    return found, found.layers[0].verdict.sentence


@pytest.mark.parametrize(
    ("start", "regime", "words"),
    [
        ({"dh2": 1e-3, "dy2": 1e-4}, RICH, "learns richly"),
        ({"dh2": 5.0, "dy2": 1e-3, "rates": (5e-3, 2e-3)}, LAZY, "learns lazily"),
        ({"dh2": 0.5, "dy2": 1e-3}, BETWEEN, "learns between rich and lazy"),
        ({"dh2": 0.5, "dy2": 1.5, "target": 0.01, "rates": (5e-3, 5e-3)}, COLLAPSING, "collapses"),
    ],
)
def test_pairs_of_the_theory_are_named_by_their_regime_and_hold(start: dict[str, float], regime: str, words: str):
    found, sentence = the_layer(pairs(**start))
    verdict = found.layers[0].verdict
    assert (verdict.regime, verdict.theory) == (regime, HOLDS)
    assert words in sentence
    assert "The two-point theory holds: the median R² of 6 pairs is 1.00" in sentence
    assert verdict.advice == ()


def test_rates_their_errors_and_the_conserved_line_are_those_of_the_simulation():
    row = diagnose(pairs()).frame().iloc[0]
    assert row["rate_h"] == pytest.approx(5e-3, rel=1e-6)
    assert row["rate_y"] == pytest.approx(5e-2, rel=1e-6)
    assert row["line_r2"] == pytest.approx(1.0, abs=1e-9)
    assert row["line_slope"] == pytest.approx(np.median(np.linspace(0.5, 2.0, 6)) * 5e-3 / 5e-2, rel=1e-6)
    assert max(row["error_h"], row["error_y"]) < 1e-6


def test_a_trajectory_that_has_hardly_begun_is_not_judged():
    found, sentence = the_layer(pairs(dh2=1e-3, dy2=1e-6).query("step <= 60"))
    assert (found.layers[0].verdict.regime, found.layers[0].verdict.theory) == (UNKNOWN, UNDECIDED)
    assert "nothing can be said yet, because the median pair learnt 0% of its difference" in sentence
    assert found.layers[0].verdict.advice[0].startswith("Train longer: the median pair has learnt 0%")


def test_one_that_has_not_ended_is_forecast_and_told_to_train_longer():
    whole = pairs(dh2=1e-3, dy2=1e-4)
    found, sentence = the_layer(whole.query("step <= 420"))
    layer = found.layers[0]
    assert layer.verdict.theory == HOLDS
    assert layer.outlook is not None
    assert layer.outlook.forecasts > 0
    last = whole.groupby("pair")["dh2"].last() / whole.query("step <= 420").groupby("pair")["dh2"].last()
    assert layer.outlook.low < last.median() < layer.outlook.high
    assert "It will end at" in sentence
    assert layer.verdict.advice[0].startswith("Train longer")


def test_a_rise_between_two_records_cannot_be_seen():
    before, after = (np.full(10, x) for x in (1.0, 0.0))
    dy2 = 0.001 * before.repeat(2)
    dy2[10:] = 0.5
    run = State(np.where(dy2 > 0.1, 0.3, 0.01), dy2, np.concatenate([0.001 * before, after]))
    found, sentence = the_layer(rows(0, np.arange(0, 200, 10), run))
    assert found.layers[0].verdict.theory == UNDECIDED
    assert "nothing can be said yet, because the rise of the outputs lies between two records" in sentence
    assert "Record more often, or let it learn more slowly: 0 records lie within" in found.layers[0].verdict.advice[0]


def test_few_records_of_the_rise_ask_for_more():
    steps = np.arange(0, 1000, 80)
    found = diagnose(pd.concat([pair(k, dx2=x, steps=steps) for k, x in enumerate((0.5, 1.0, 2.0))]))
    words = "Record more often, or let it learn more slowly: 4 records lie within the rise of the outputs."
    assert words in found.layers[0].verdict.advice


def test_outputs_that_go_past_their_targets_are_named():
    run = trajectory(STEPS, State(0.01, 1e-3, 1e-3), Pair(1.0, 4.5), Rates(5e-3, 5e-2))
    logits = State(run.dh2, run.dy2, run.dy2 - (run.dy2 - run.w) / 3)  # thrice as far along the same targets
    found, sentence = the_layer(pd.concat([rows(k, STEPS, logits) for k in range(1)]))
    assert found.layers[0].verdict.theory in (FAILS, IN_PART)
    assert "dy2 becomes 9 times that of the targets, as logits do under cross-entropy" in sentence
    (advice,) = found.layers[0].verdict.advice
    assert advice == "Record what the targets are compared with, such as the softmax of logits, by forward=."


def test_noise_is_named_and_the_advice_is_to_average():
    rng = np.random.default_rng(0)
    tables = []
    for k in range(2):
        table = pair(k, dx2=1.0 + k / 4)
        dy2 = np.abs(table["dy2"] + rng.normal(0, 0.25, len(table)))
        bound = np.sqrt(dy2 * 0.5)
        w = dy2 - np.clip(table["dy2"] - table["w"] + rng.normal(0, 0.25, len(table)), -bound, bound)
        tables.append(table.assign(dy2=dy2, w=w))
    found, sentence = the_layer(pd.concat(tables))
    assert found.layers[0].verdict.theory in (FAILS, IN_PART)
    assert "noise from one record to the next is" in sentence
    assert any("larger batches or a lower learning rate" in x for x in found.layers[0].verdict.advice)


def test_rates_that_grow_are_found_by_the_theory_of_growing_rates():
    coefficients = {"rate_h": 2e-3, "growth_h": 2.0, "rate_y": 2e-2, "growth_y": 0.2, "gram": 0.0}
    start = State(1e-3, 1e-3, 1e-3 - np.sqrt(5e-4))
    run = integrate(STEPS, start, Pair(1.0, 0.5), coefficients, theory="growing_rates")
    layer = diagnose(rows(0, STEPS, run)).layers[0]
    assert layer.verdict.theory in (FAILS, IN_PART)
    assert layer.theories[0].theory == "growing_rates"
    assert layer.theories[0].aic < 0
    assert "the theory growing_rates describes the 1 pair" in layer.verdict.sentence


def test_what_begins_late_holds_late():
    late = pair(0, dh2=0.02, dy2=1e-3, steps=np.arange(0, 600, 10))
    steps = np.arange(0, 400, 10)
    share = np.minimum(steps / 300, 1.0)
    dh2 = 0.02 * (1 + 30 * share * (1 - share))  # the mean moves dh2 up and down before the difference is learnt
    before = rows(0, steps, State(dh2, np.full(steps.shape, 1e-3), np.full(steps.shape, 1e-3)))
    table = pd.concat([before.iloc[:-1], late.assign(step=late["step"] + steps[-1])], ignore_index=True)
    difference = 2 * table["w"] - table["dy2"] + 0.5
    mean = 4.0 * np.exp(-table["step"] / 165)
    loss = (mean + difference / 4) / 2
    tables = [table.assign(loss=loss, pair=k) for k in range(3)]
    found, sentence = the_layer(pd.concat(tables))
    assert found.layers[0].verdict.theory == LATE
    assert found.layers[0].late is not None
    assert "The two-point theory holds late" in sentence
    assert "on, when the mean of the outputs is learnt." in sentence


def test_pairs_with_equal_targets_stand_apart():
    table = pd.concat([pairs(), pair("same", dh2=0.5, dy2=2.0, target=0.0, rates=(1e-2, 1e-3))], ignore_index=True)
    found, sentence = the_layer(table)
    layer = found.layers[0]
    assert (layer.different.pairs, layer.agreeing.pairs) == (6, 1)
    assert "The 1 pair with equal targets came together" in sentence
    parted = rows(
        "same", STEPS, State(0.1 + STEPS / 100, np.full(STEPS.shape, 0.1), np.full(STEPS.shape, 0.1)), target=0.0
    )
    _, sentence = the_layer(pd.concat([pairs(), parted], ignore_index=True))
    assert "parted (100 times those at the start), which the two-point theory does not allow" in sentence


def test_pairs_that_cannot_be_fitted_are_counted_with_their_reason():
    table = pd.concat([pairs(), pair("short").iloc[:2]], ignore_index=True)
    layer = diagnose(table).layers[0]
    assert (layer.different.pairs, layer.different.fitted) == (7, 6)
    assert list(layer.different.reasons.values()) == [1]
    only = diagnose(pair("short").iloc[:2])
    assert "none of the 1 pairs could be fitted" in only.layers[0].verdict.sentence


def test_final_distances_are_predicted_by_the_rates_of_other_pairs():
    sizes = np.linspace(0.5, 2.0, 10)
    table = pd.concat([pair(k, dx2=float(x), target=float(0.3 + 0.05 * k)) for k, x in enumerate(sizes)])
    ends = diagnose(table).layers[0].ends
    assert ends is not None
    assert ends.correlation == pytest.approx(1.0, abs=1e-3)
    assert ends.off == pytest.approx(1.0, abs=1e-2)
    assert diagnose(pairs(6)).layers[0].ends is None  # too few to say


def test_layers_are_told_apart_and_found_by_name():
    table = pd.concat([pair(0, layer="a"), pair(0, layer="b", dh2=5.0, rates=(5e-3, 2e-3))])
    found = diagnose(table)
    assert [layer.layer for layer in found.layers] == ["a", "b"]
    assert (found["a"].verdict.regime, found["b"].verdict.regime) == (RICH, LAZY)
    assert str(found).startswith(
        "1 pair of points (0 with equal targets) at 2 layers, recorded 100 times from step 0 to 990"
    )
    assert len(found.pairs()) == 2
    with pytest.raises(KeyError, match="there is no layer 'c'; there are a, b"):
        found["c"]


def test_rows_that_belong_nowhere_are_a_layer_of_which_nothing_can_be_said():
    table = pd.concat([pairs(), pair(None)], ignore_index=True)
    found = diagnose(table)
    assert [layer.layer for layer in found.layers] == ["encoder", "-"]
    assert "100 of 700 rows name no pair or no layer" in found["-"].verdict.sentence


def test_a_trajectory_without_names_is_diagnosed_or_refused_with_its_reason():
    bare = pair(0).drop(columns=["pair", "layer"])
    assert diagnose(bare).layers[0].verdict.theory == HOLDS
    assert "none of the 1 pairs could be fitted (2 of 2 samples" in str(diagnose(bare.iloc[:2]))
    with pytest.raises(ValueError, match="the table holds no trajectory: it has no rows"):
        diagnose(bare.iloc[:0])


def test_anything_else_than_records_is_refused():
    with pytest.raises(TypeError, match="records must be a recorder, a tracker or a table of trajectories, got 3"):
        diagnose(3)
    with pytest.raises(ValueError, match="the table lacks the columns dh2, dy2, w"):
        diagnose(pd.DataFrame({"step": [0, 1, 2]}))


GRADIENTS = Gradients(
    step=100,
    since=0,
    alignment=1.0,
    alignment_at_first=1.0,
    taylor=0.0,
    passed_by=0.0,
    kernel_movement=0.0,
    encoder_movement=0.0,
    decoder_movement=0.0,
    failures=(),
)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            {},
            "Why: no single measure explains it; the theory takes each pair as if it were alone",
        ),
        (
            {"taylor": 0.7},
            "Why: the decoder bends between the two points (what is not of first order is 0.7",
        ),
        (
            {"passed_by": 0.8, "taylor": 0.7},
            "Why: something passes this layer by, so that no decoder of it alone",
        ),
        ({"alignment": 0.2}, "Why: dh lies oblique to the decoder's gradient (cosine 0.20)."),
        (
            {"kernel_movement": 0.9},
            "Why: the tangent kernel became another (moved by 0.90 of 1), so that rates are",
        ),
        ({"taylor": np.nan, "passed_by": np.nan, "alignment": np.nan, "kernel_movement": np.nan}, "Why: no single"),
    ],
)
def test_a_theory_that_fails_does_so_for_what_gradients_show(found: dict[str, float], words: str):
    dy2 = 0.01 + 0.4 * STEPS / 990
    along = 0.6 * np.sqrt(0.5 * dy2) * np.cos(STEPS / 90)
    wild = rows(0, STEPS, State(0.1 + 0.05 * np.sin(STEPS / 90), dy2, dy2 - along))
    shown = measures(compare(wild, balanced=True))
    sentence = verdict("layer", shown, measures([]), gradients=replace(GRADIENTS, **found)).sentence
    assert "The two-point theory fails" in sentence
    assert words in sentence
