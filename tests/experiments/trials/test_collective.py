"""Whole data sets: what is recorded, what the collective theory says of it, and fits to trajectories."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from repdyn.experiments.settings import Collective, CollectiveFits, SettingError
from repdyn.experiments.sweep.outcome import Outcome
from repdyn.experiments.sweep.trial import Trial, run_trial
from repdyn.experiments.trials import collective_ends, collective_fits
from repdyn.experiments.trials.collective import PREDICTIONS, chosen
from repdyn.experiments.trials.identity import identified
from repdyn.numeric import (
    CollectiveRates,
    CollectiveState,
    Kernel,
    collective_trajectory,
    gram_distances,
    squared_distances,
)
from repdyn.numeric.collective.place import balanced_error
from repdyn.numeric.collective.remainder import with_start

SMALL = Collective(name="small", width=20, hidden_layers=2, layer=1, lr=0.05, steps=60, every=20, shown=30)
GENERATOR = np.random.default_rng(0)


def outcome(setting: Collective) -> Outcome:
    trial = Trial(identified(setting))
    return run_trial(trial, trial.digest)


@pytest.fixture(scope="module")
def small() -> Outcome:
    found = outcome(SMALL)
    assert found.status == "finished", found.traceback
    return found


def test_every_layer_is_compared_with_every_prediction(small) -> None:
    ends = small.tables["ends"]
    assert ends.groupby("layer")["prediction"].apply(list).tolist() == [list(PREDICTIONS)] * 2
    assert ends["fitted"].max() == 2
    assert ends[["r", "r_different"]].abs().max().max() <= 1
    assert ends[ends["prediction"] == "pair"]["r_same"].isna().all()  # it says the same of all of them
    assert ends[ends["prediction"] == "outputs"]["p_value"].between(0, 1).all()


def test_places_are_told_at_every_record_and_layer(small) -> None:
    places = small.tables["places"]
    assert places.groupby("step")["layer"].apply(list).to_dict() == {step: [0, 1] for step in (0, 20, 40, 60)}
    assert ((places["low"] <= places["weight"]) & (places["weight"] <= places["high"])).all()


def test_what_fits_start_from_is_what_was_recorded(small) -> None:
    recorded = collective_fits.read(small)
    assert recorded.t.tolist() == [0, 20, 40, 60]
    assert recorded.dh2.shape == (4, 30, 30)
    assert len(recorded.kernel) == len(recorded.classes) == 1797
    assert (np.diff(recorded.classes[:30]) >= 0).all()
    start = squared_distances(recorded.start.hidden)[:30, :30]
    assert np.corrcoef(start.ravel(), recorded.dh2[0].ravel())[0, 1] > 0.99
    pairs = small.tables["pairs"].query("layer == 1")
    first, second = np.triu_indices(30, k=1)
    np.testing.assert_allclose(np.sort(pairs["measured"]), np.sort(recorded.dh2[-1][first, second]), rtol=1e-5)


def test_a_training_that_diverges_says_so_and_nothing_else() -> None:
    found = outcome(replace(SMALL, lr=1e4))
    assert found.status == "diverged"
    assert found.tables == {}


def test_labels_are_drawn_for_a_share_and_classes_thinned() -> None:
    labels = np.arange(5000) % 10
    kept, taught = chosen(labels, 1.0, 0.4, 0)
    assert (taught != labels).mean() == pytest.approx(0.4 * 0.9, abs=0.02)
    assert kept.tolist() == list(range(5000))
    kept, taught = chosen(labels, 5.0, 0.0, 0)
    assert (taught == labels[kept]).all()
    assert np.bincount(taught)[[0, 9]].tolist() == [500, 100]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"shown": 10}, "shown must be from 20 to 1,000 digits, got 10"),
        ({"shown": 1001}, "shown must be from 20 to 1,000 digits, got 1001"),
        ({"imbalance": 0.5}, "imbalance must be at least 1, which is none, got 0.5"),
        ({"noise": 1.5}, "noise must be a share, at most 1, got 1.5"),
    ],
)
def test_what_no_digits_can_be_is_refused(values, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        Collective(**values)


def test_more_digits_than_there_are_cannot_be_shown() -> None:
    with pytest.raises(SettingError, match="shown must be at most the number of images, 100, got 200"):
        Collective(batch=50).check_images(100)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"forms": ("linear",)}, "each of forms must be one of constant, growing, got 'linear'"),
        ({"seen": (1.0,)}, "each of seen must be a share of training, below 1, got 1.0"),
        ({"alone": 50, "pairs": 40}, "alone must be at most pairs, got 50 of 40"),
    ],
)
def test_fits_that_cannot_be_are_refused(values, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        CollectiveFits(**values)


# The end.


@pytest.mark.parametrize("weight", [0.25, 0.6])
def test_a_layer_on_the_geodesic_is_predicted_without_error(weight: float) -> None:
    x = GENERATOR.normal(size=(25, 4))
    x -= x.mean(0)
    strengths = np.array([1.0, 2.0, 4.0, 8.0])
    hidden, outputs, kernel = x * strengths**weight, x * strengths, Kernel(x)
    gram = hidden @ hidden.T
    found = collective_ends.place(gram, kernel, outputs)
    assert found is not None
    assert found.weight == pytest.approx(weight, abs=1e-3)
    assert balanced_error(gram, kernel, outputs, weight) < 1e-9
    predicted = collective_ends.from_outputs(kernel, outputs, weight)
    classes = np.arange(25) % 3
    r = collective_ends.correlations(predicted, gram_distances(gram), classes)
    assert all(value == pytest.approx(1.0) for value in r.values())


def test_a_layer_that_tells_nothing_apart_has_no_place() -> None:
    assert collective_ends.place(np.zeros((5, 5)), Kernel(np.eye(5)), GENERATOR.normal(size=(5, 2))) is None


def test_a_start_that_is_not_left_is_given_no_share() -> None:
    x = GENERATOR.normal(size=(25, 3))
    x -= x.mean(0)
    y = x * [1.0, 2.0, 4.0]
    found = with_start(y @ x.T - 0.05 * np.eye(25), np.eye(25), Kernel(x), y)
    assert (found.start, found.weight) == (0.0, pytest.approx(0.5, abs=0.02))


# Trajectories.


def by_theory(rates: CollectiveRates) -> Outcome:
    """What a trial would give of a network that is the theory, of 24 points in two classes of ten."""
    generator = np.random.default_rng(1)
    classes = np.arange(24) // 12
    x = generator.normal(size=(24, 5)) + 2.0 * classes[:, None]
    x = x.astype(np.float32).astype(np.float64)
    kernel = collective_ends.encoder_kernel(x)
    start = CollectiveState(
        0.1 * (x - x.mean(0)) @ generator.normal(size=(5, 6)), 0.1 * generator.normal(size=(10, 6)), np.zeros(10)
    )
    t = np.arange(0, 1500, 100)
    path = collective_trajectory(t, start, kernel, np.eye(10)[classes], rates)
    first, second = np.triu_indices(24, k=1)
    distances = [path.distances(k)[first, second] for k in range(len(t))]
    tables = {
        "digits": pd.DataFrame(x, columns=[f"x{i}" for i in range(5)]).assign(**{"class": classes}),
        "outputs": pd.DataFrame(np.concatenate([path.outputs(k) for k in range(len(t))])).assign(step=np.repeat(t, 24)),
        "distances": pd.DataFrame(
            {
                "step": np.repeat(t, len(first)),
                "first": np.tile(first, len(t)),
                "second": np.tile(second, len(t)),
                "dh2": np.concatenate(distances),
            }
        ),
    }
    return Outcome(tables=tables, values={"shown": 24, "layer": 1, "nonlinearity": "leaky_relu"})


@pytest.fixture(scope="module")
def fitted() -> Outcome:
    run = by_theory(CollectiveRates(h=0.01, y=0.02, b=0.02))
    return collective_fits.run_trial(CollectiveFits(forms=("constant",), pairs=100, alone=12, seen=(0.02, 0.5)), run)


def test_the_rates_of_a_network_that_is_the_theory_are_found(fitted) -> None:
    fits = fitted.tables["fits"].set_index("form")
    found = fits.loc["constant"]
    assert found["numbers"] == 3
    assert min(found[f"r2_{name}"] for name in ("dh2", "dy2", "w")) > 0.999
    assert (found["rate_h"], found["rate_y"]) == pytest.approx((0.01, 0.02), rel=0.05)  # the start is measured
    assert fits.loc["pairwise", "numbers"] == 24
    assert found["aic"] < fits.loc["pairwise", "aic"]


def test_a_forecast_of_a_network_that_is_the_theory_holds_its_end(fitted) -> None:
    early, half = fitted.tables["forecasts"].to_dict("records")
    assert (half["reason"], half["coverage"]) == ("", 1.0)
    assert half["r"] > 0.99
    assert "a forecast takes at least 4 records" in early["reason"]


def test_curves_are_of_the_pairs_that_are_fitted_one_by_one(fitted) -> None:
    curves = fitted.tables["curves"]
    assert curves.groupby("form")["pair"].nunique().to_dict() == {"constant": 12, "measured": 12, "pairwise": 12}
    wide = curves.pivot(index=["pair", "step"], columns="form", values="dy2")
    np.testing.assert_allclose(wide["constant"], wide["measured"], atol=0.02)
