"""Figures show what was measured and what was predicted."""

import numpy as np
import pytest
from repdyn.experiments import Digits, TwoPoints, draw_comparison, run
from repdyn.experiments.figures import LABELS, draw_layers, draw_run


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


def test_many_pairs_are_drawn_by_rank_layer_and_end(many_pairs) -> None:
    axes = draw_run(many_pairs).axes
    for ax, rank in zip(axes, ("best", "median", "worst"), strict=False):
        assert f"({rank} fit)" in ax.get_title()
    points = axes[7].collections[0].get_offsets()
    assert len(points) == 45
    np.testing.assert_allclose(points[:, 1], [c.final_measured for c in many_pairs.main])


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
