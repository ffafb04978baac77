"""Distances of a data set ahead of time: right where the theory holds, wide where it may not."""

import re
from functools import cache

import numpy as np
import pytest
from repdyn.numeric import (
    CollectiveRates,
    CollectiveState,
    DistanceForecast,
    Kernel,
    Refusal,
    State,
    collective_trajectory,
    forecast_distances,
)

RATES = CollectiveRates(0.5, 0.3, 0.1)
TIMES, END = np.linspace(0.0, 12.0, 13), 60.0
PAIRS = np.array([(i, j) for i in range(6) for j in range(i)])


@cache
def task():
    draws = np.random.default_rng(0)
    x = draws.normal(size=(10, 4))
    start = CollectiveState(
        0.05 * x @ draws.normal(size=(4, 3)), 0.05 * draws.normal(size=(2, 3)), 0.1 * draws.normal(size=2)
    )
    targets = x @ draws.normal(size=(4, 2)) / 2
    path = collective_trajectory([*TIMES, END], start, Kernel(x), targets, RATES)
    return path, {"pairs": PAIRS, "start": start, "kernel": Kernel(x), "targets": targets, "growth": ()}


def forecast(count=13, noise=0.0, seed=1, **more):
    path, given = task()
    seen = path.states(more.get("pairs", PAIRS))[:count]
    draws = np.random.default_rng(seed)
    parts = [
        x * np.r_[np.ones((1, x.shape[1])), 1 + noise * draws.normal(size=x[1:].shape)] for x in vars(seen).values()
    ]
    return forecast_distances(**{"t": TIMES[:count], "observed": State(*parts), "until": END, **given, **more})


def test_where_the_theory_holds_it_says_what_comes_of_points_that_were_not_recorded() -> None:
    found = forecast(theory_error=0.0)
    assert isinstance(found, DistanceForecast)
    truth = task()[0].distances(-1)
    np.testing.assert_allclose(found.expected, truth, rtol=0.02)
    assert (np.diag(found.upper) == 0).all()
    np.testing.assert_allclose(found.expected, found.expected.T)


def test_intervals_hold_what_comes_and_are_as_wide_as_is_asked() -> None:
    """All pairs share their rates, and so the error of a forecast: what holds is counted over draws."""
    others = np.triu_indices(10, 1)
    truth = task()[0].distances(-1)[others]
    held = []
    for seed in range(6):
        wide = forecast(noise=0.03, seed=seed, theory_error=0.0, level=0.95)
        lower, upper = wide.lower[others], wide.upper[others]
        held.append(np.mean((truth >= lower) & (truth <= upper)))
        assert (upper < 1.2 * wide.expected[others]).all()
    assert np.mean(held) > 0.75
    narrow = forecast(noise=0.03, seed=seed, theory_error=0.0, level=0.5)
    assert (narrow.upper[others] < upper).all()
    assert (narrow.lower[others] > lower).all()


def test_networks_are_allowed_more_and_pairs_of_like_targets_most() -> None:
    path, given = task()
    alike = given["targets"].copy()
    found = forecast(shown=[0, 1, 7])
    factor = found.upper[0, 1] / found.expected[0, 1]
    assert factor >= np.exp(0.55)
    assert found.lower[0, 1] * factor == pytest.approx(found.expected[0, 1])
    twice = forecast(shown=[0, 1, 7], theory_error=2.0)
    assert twice.upper[0, 1] / twice.expected[0, 1] == pytest.approx(factor**2, rel=1e-2)
    alike[9] = alike[8]
    start, kernel = given["start"], given["kernel"]
    path = collective_trajectory([*TIMES, END], start, kernel, alike, RATES)
    same = forecast(observed=path.states(PAIRS)[:13], targets=alike, shown=[8, 9])
    now, end = (path.distances(k)[8, 9] for k in (-2, -1))
    share = min(max(abs(np.log(end / now)) / 3, 0.25), 1.0)
    assert np.log(same.upper[0, 1] / same.expected[0, 1]) == pytest.approx(1.9 * share, rel=0.02)


def test_some_points_are_those_of_all() -> None:
    whole, few = forecast(), forecast(shown=[7, 2, 4])
    np.testing.assert_allclose(few.expected, whole.expected[np.ix_([7, 2, 4], [7, 2, 4])], rtol=1e-9)
    assert few.points.tolist() == [7, 2, 4]


def test_before_anything_is_learnt_nothing_is_said() -> None:
    still = CollectiveRates(1e-3, 1e-3)
    _, given = task()
    path = collective_trajectory(TIMES, given["start"], given["kernel"], given["targets"], still)
    found = forecast(observed=path.states(PAIRS))
    assert isinstance(found, Refusal)
    assert found.theory == "collective"
    assert re.fullmatch(
        r"only -?0\.\d% of the pairs' differences is learnt so far, and a forecast takes 5%: train on", found.reason
    )


def test_what_is_no_such_training_is_refused() -> None:
    seen = task()[0].states(PAIRS)[:13]
    shuffled = np.random.default_rng(0).permuted(seen.dh2, axis=0)
    shuffled[0] = seen.dh2[0]
    found = forecast(observed=State(shuffled, seen.dy2, seen.w))
    assert isinstance(found, Refusal)
    assert found.reason.startswith("the theory does not describe what happened so far: R^2 is ")


def test_a_time_that_cannot_be_reached_is_a_refusal(monkeypatch) -> None:
    from repdyn.numeric.collective import forecast as module

    def gives_up(*_):
        raise ArithmeticError("too far")

    monkeypatch.setattr(module, "_followed", gives_up)
    assert forecast().reason == "the theory cannot be computed up to step 60: too far"


def test_what_leaves_everything_open_is_a_refusal() -> None:
    words = "what was seen leaves most distances open by more than a factor of 10: train on"
    assert forecast(theory_error=20.0).reason == words


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"count": 3}, "t must be of at least 4 records, got 3"),
        ({"until": 11.0}, "until must be a step not before the last recorded one, 12, got 11"),
        ({"until": np.inf}, "until must be a step not before the last recorded one, 12, got inf"),
        ({"level": 1.0}, "level must be between 0 and 1, got 1"),
        ({"theory_error": -1.0}, "theory_error must be finite and not negative, got -1"),
        ({"shown": [3]}, "shown must be at least two points, got 1"),
        ({"shown": [3, 10]}, "shown must be numbers of points, whole and from 0 to 9, of shape (m,), got [3, 10]"),
    ],
)
def test_it_is_refused_in_words(more, words) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        forecast(**more)
