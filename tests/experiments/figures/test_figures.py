"""Figures show what was measured and what was predicted."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from repdyn.experiments import Digits, TwoPoints, compare, draw_comparison, run
from repdyn.experiments.figures import LABELS, draw_layers, draw_phase_diagram, draw_run, svg
from repdyn.experiments.figures.overview import draw_overview
from repdyn.experiments.results.summary import run_summary
from repdyn.numeric import Pair, Rates, State, crossing_time


@pytest.fixture(scope="module")
def one_pair():
    return run(TwoPoints(name="one", width=16, hidden_layers=1, layer=0, steps=80, lr=0.05))


@pytest.fixture(scope="module")
def many_pairs():
    return run(Digits(name="many", width=16, hidden_layers=2, layer=1, steps=100, every=5, lr=0.02))


@pytest.fixture(scope="module")
def deep():
    return run(TwoPoints(name="deep", width=16, hidden_layers=3, layer=1, steps=300, lr=0.05, gain=0.8))


def test_each_scalar_is_drawn_with_its_prediction(one_pair) -> None:
    (comparison,) = one_pair.main
    axes = draw_run(one_pair).axes
    for ax, name in zip(axes[:3], LABELS, strict=True):
        measured, predicted = ax.lines[:2]
        np.testing.assert_array_equal(measured.get_xdata(), comparison.steps)
        np.testing.assert_array_equal(measured.get_ydata(), getattr(comparison.observed, name))
        np.testing.assert_array_equal(predicted.get_ydata(), getattr(comparison.fit.predicted, name))
        assert LABELS[name] in ax.get_title()
        assert f"{getattr(comparison.fit.r2, name):.3f}" in ax.get_title()
        assert ax.get_xlabel() == "training step"


def test_the_conserved_line_of_the_theory_is_straight(one_pair) -> None:
    predicted = draw_run(one_pair).axes[4].lines[1]
    x, y = np.asarray(predicted.get_xdata()), np.asarray(predicted.get_ydata())
    slope = one_pair.main[0].fit.rates.h / one_pair.main[0].fit.rates.y
    np.testing.assert_allclose(y - y[0], slope * (x - x[0]), atol=1e-12 * y.max())


def test_a_trajectory_without_a_loss_leaves_its_place_empty(one_pair) -> None:
    from dataclasses import replace

    figure = draw_comparison(replace(one_pair.main[0], loss=None, loss_fit=None), title="mine")
    assert not figure.axes[3].axison
    assert figure.get_suptitle() == "mine"


def test_what_was_left_out_and_not_seen_is_said_in_the_title(one_pair) -> None:
    frame = one_pair.frame.astype({"dh2": float, "loss": float})
    frame.loc[5, "dh2"], frame.loc[7, "loss"], frame.loc[[8, 9], "dh2"] = np.nan, np.nan, 0.0
    frame.loc[70:, "w"] = np.inf
    (comparison,) = compare(frame)
    figure = draw_comparison(comparison)
    assert figure.get_suptitle().endswith("network not seen\n69 samples, 1 gaps, 11 cut")
    figure.canvas.draw()
    assert "samples" not in draw_comparison(one_pair.main[0]).get_suptitle()


def test_a_constant_distance_is_drawn_without_the_r2_of_a_line(one_pair) -> None:
    (comparison,) = compare(one_pair.frame.assign(dh2=0.3))
    assert draw_comparison(comparison).axes[4].get_title() == "conserved line"


def test_many_pairs_are_drawn_by_rank_layer_and_end(many_pairs) -> None:
    axes = draw_run(many_pairs).axes
    for ax, rank in zip(axes, ("best", "median", "worst"), strict=False):
        assert f"({rank} fit)" in ax.get_title()
    points = axes[7].collections[0].get_offsets()
    assert len(points) == 45
    np.testing.assert_allclose(points[:, 1], [c.final_measured for c in many_pairs.main])


@pytest.mark.parametrize("of_digits", [True, False])
def test_pairs_are_called_digits_only_if_they_are(many_pairs, of_digits, tmp_path: Path) -> None:
    run = many_pairs if of_digits else replace(many_pairs, setting=TwoPoints(name="mine", hidden_layers=2, layer=1))
    figure = draw_run(run)
    title, kind = ("45 pairs of digits (load_digits)", "digits") if of_digits else ("45 pairs (mine)", "pair")
    assert figure.get_suptitle() == f"{title}, layer network.hidden.1"
    assert figure.axes[0].get_title().startswith(f"{kind} {max(run.main, key=lambda c: c.mean_r2).pair} (best fit)")
    assert f"best met: {kind} " in run_summary(run, tmp_path)
    assert f"; worst: {kind} " in run_summary(run, tmp_path)


def test_every_layer_is_drawn_with_its_error_rates_and_exponent(deep) -> None:
    errors, rates, exponents = draw_layers(deep).axes
    np.testing.assert_array_equal(errors.lines[0].get_ydata(), [c.fit.sse for c in deep.by_layer])
    np.testing.assert_array_equal(rates.lines[0].get_ydata(), [c.fit.rates.h for c in deep.by_layer])
    np.testing.assert_array_equal(rates.lines[1].get_ydata(), [c.fit.rates.y for c in deep.by_layer])
    assert (errors.get_yscale(), rates.get_yscale()) == ("log", "log")
    balanced, half, network, theory = exponents.lines[:4]
    np.testing.assert_allclose(balanced.get_ydata(), [1 / 4, 2 / 4, 3 / 4])
    assert set(half.get_ydata()) == {0.5}
    np.testing.assert_array_equal(network.get_ydata(), [c.exponent.value for c in deep.by_layer])
    np.testing.assert_array_equal(theory.get_ydata(), [c.exponent_predicted.value for c in deep.by_layer])
    assert all(ax.get_xlabel() == "hidden layer" for ax in (errors, rates, exponents))


def test_a_layer_whose_output_does_not_grow_leaves_a_gap(deep) -> None:
    from dataclasses import replace

    comparisons = [replace(c, exponent=None) if c is deep.by_layer[0] else c for c in deep.comparisons]
    network = draw_layers(replace(deep, comparisons=comparisons)).axes[2].lines[2].get_ydata()
    assert np.isnan(network).tolist() == [True, False, False]


@pytest.fixture(scope="module")
def phases():
    return draw_phase_diagram()


def test_the_phase_diagram_shows_where_dh_passes_through_zero_and_which_end_follows(phases) -> None:
    panels = phases.axes[:3]
    for ax, size in zip(panels, (0.1, 1.0, 10.0), strict=True):
        high, cosine = np.asarray(ax.lines[0].get_data())
        for below, finite in ((0.01, True), (-0.01, False)):
            beside = np.clip(cosine - below, -1, 1)
            dy2 = size * (size - high)
            start = State(size, dy2, dy2 - beside * np.sqrt(dy2))
            inside = (beside > -1) & (beside < 0)
            assert (np.isfinite(crossing_time(start, Pair(1.0, 1.0), Rates(1.0, 1.0))) == finite)[inside].all()
        assert f"= {size:g}" in ax.get_title()
    words = [text.get_text() for text in panels[2].texts]
    assert {"collapsing", "rich", "lazy"} <= set(words)
    rich = sorted(line.get_xdata()[0] for line in panels[2].lines[1:])
    np.testing.assert_allclose(rich, [-2 * np.sinh(1), 2 * np.sinh(1)], rtol=1e-4)


def test_a_figure_within_a_document_needs_nothing_from_outside(phases) -> None:
    drawn = svg(phases)
    assert drawn.startswith("<svg")
    assert len(drawn) < 300_000
    links = re.findall(r'(?:href|src)="([^"]*)"', drawn)
    assert all(link.startswith(("#", "data:")) for link in links)


def test_the_overview_has_a_row_a_setting_a_column_a_theory_and_a_number_in_each_cell() -> None:
    held = pd.DataFrame(
        [
            ("First", "elu", "two_point", 0.949),
            ("First", "elu", "growing_vectors", 0.996),
            ("First", "two_layer", "two_point", -2.0),
            ("First", "two_layer", "growing_rates", np.nan),
            ("Second", "elu", "cross_entropy", 1.0),
        ],
        columns=["study", "setting", "theory", "r2"],
    )
    figure = draw_overview(held)
    first, second = figure.axes
    assert [label.get_text() for label in first.get_yticklabels()] == ["elu", "two layer"]
    said = [text.get_text() for text in first.texts]
    assert said[:3] == ["0.94", "0.99", "< 0"]  # rounded down: not above a bound that is not reached
    assert said[3:] == ["\N{MIDDLE DOT}", "no number", "\N{MIDDLE DOT}"]
    assert next(text.get_text() for text in second.texts) == "1.00"
    heads = [text.get_text() for text in figure.texts]
    assert heads[:5] == ["two constant\nrates (paper)", "rates that\ngrow", "cross-\nentropy", "First", "Second"]
    assert heads[-8:-1] == ["below 0", "from 0", "from 0.5", "from 0.8", "from 0.9", "from 0.95", "from 0.99"]


def test_the_overview_of_many_settings_stands_in_two_halves_of_about_one_height() -> None:
    rows = [(f"Study {i}", f"s{k}", "two_point", 0.5) for i in range(6) for k in range(10)]
    figure = draw_overview(pd.DataFrame(rows, columns=["study", "setting", "theory", "r2"]))
    left = [ax.get_position().x0 for ax in figure.axes]
    assert left == [*[min(left)] * 3, *[max(left)] * 3]
    bottoms = [ax.get_position().y0 for ax in figure.axes]
    assert bottoms[2] == pytest.approx(bottoms[5])
