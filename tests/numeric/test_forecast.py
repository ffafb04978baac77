"""Forecasts: of exact trajectories, of simulated ones with known noise, what they refuse, and the laws they obey."""

import cProfile

import numpy as np
import pytest
from repdyn.numeric import (
    Forecast,
    Pair,
    Rates,
    Refusal,
    State,
    final_distance,
    fit,
    forecast_trajectory,
    trajectory,
)
from repdyn.numeric.measurement import Measurement

T = np.arange(0.0, 1600.0, 4.0)
PAIR = Pair(1.0, 0.5)
RICH = State(0.02, 0.005, -0.045), Rates(2e-3, 2e-2)
LAZY = State(0.5, 0.01, 0.0), Rates(6e-4, 3e-3)
ACROSS = State(0.05, 0.02, 0.01), Rates(2e-3, 2e-2)
AGREEING, MERGING = ((State(0.5, dy2, dy2), Rates(2e-3, 2e-3)) for dy2 in (0.1, 0.4))
NAMES = ("dh2", "dy2", "w")


def rows(state: State) -> np.ndarray:
    return np.stack([np.broadcast_to(getattr(state, name), np.shape(state.dh2)) for name in NAMES])


def seen_until(path: State, pair: Pair, share: float) -> np.ndarray:
    """The samples until a share of the squared error of the difference is learnt."""
    error = 2 * path.w - path.dy2 + pair.dy2
    return np.arange(T.size) < np.argmax(1 - error / error[0] >= share)


def made(start: State, rates: Rates, share: float, pair: Pair = PAIR, noise: np.ndarray | None = None, **more):
    """A forecast, the measured rest and the true end."""
    path = trajectory(T, start, pair, rates)
    seen = seen_until(path, pair, share)
    values = rows(path) + (0 if noise is None else noise * np.ptp(rows(path), axis=1)[:, None] * (T > 0))
    values[:2] = np.abs(values[:2])
    found = forecast_trajectory(T[seen], State(*values[:, seen]), pair, until=T[~seen], **more)
    return found, values[:, ~seen], float(final_distance(start, pair, rates))


@pytest.mark.parametrize("share", [0.15, 0.5, 0.9])
@pytest.mark.parametrize("case", [RICH, LAZY, ACROSS], ids=["rich", "lazy", "across"])
def test_an_exact_trajectory_is_continued_exactly(case, share: float) -> None:
    found, rest, end = made(*case, share, theory_error=0.0)
    assert isinstance(found, Forecast)
    np.testing.assert_allclose(rows(found.expected), rest, atol=1e-6)
    assert found.final == pytest.approx(end, rel=1e-6)
    low, high = found.final_interval
    assert (high - low) / found.final < 1e-4
    assert low * (1 - 1e-9) <= end <= high * (1 + 1e-9)
    assert found.coefficients == pytest.approx({"rate_h": case[1].h, "rate_y": case[1].y}, rel=1e-5)


def test_of_a_pair_that_agrees_too() -> None:
    found, rest, end = made(*AGREEING, 0.5, pair=Pair(1.0, 0.0), theory_error=0.0)
    assert isinstance(found, Forecast)
    np.testing.assert_allclose(rows(found.expected), rest, atol=1e-6)
    assert found.final == pytest.approx(end, rel=1e-6)


def test_a_theory_without_the_ansatz_serves() -> None:
    found, _, end = made(*RICH, 0.5, theory="scalar_output", theory_error=0.0)
    assert isinstance(found, Forecast)
    assert found.theory == "scalar_output"
    assert found.final == pytest.approx(end, rel=1e-3)


def test_the_error_of_the_theory_is_what_was_measured_of_networks() -> None:
    """0.4 of the logarithm by which dh2 is to grow, and less of it the later."""
    widths = []
    for share in (0.2, 0.4, 0.8):
        found, rest, end = made(*RICH, share)
        low, high = found.final_interval
        grown = np.log(end / rest[0, 0])
        assert np.log(high / found.final) == pytest.approx(0.4 * grown, rel=0.05)
        assert found.final / low == pytest.approx(high / found.final, rel=1e-9)
        assert (rows(found.lower) <= rest + 1e-9).all()
        assert (rest <= rows(found.upper) + 1e-9).all()
        widths.append(high / low)
    assert widths == sorted(widths, reverse=True)


def test_intervals_are_wider_the_surer_they_are_to_be() -> None:
    widths = [np.diff(made(*RICH, 0.5, level=level)[0].final_interval)[0] for level in (0.5, 0.9, 0.99)]
    assert widths == sorted(widths)


def alike(correlation: float, seed: int) -> np.ndarray:
    """Noise of variance 1 that keeps so much of itself from a sample to the next."""
    found = np.random.default_rng(seed).normal(size=(3, T.size))
    for i in range(1, T.size):
        found[:, i] = correlation * found[:, i - 1] + np.sqrt(1 - correlation**2) * found[:, i]
    return found


@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_intervals_of_simulated_trajectories_hold_what_they_say(correlation: float) -> None:
    covered, held = [], []
    for seed in range(40):
        found, rest, end = made(*RICH, 0.6, noise=0.01 * alike(correlation, seed), theory_error=0.0)
        assert isinstance(found, Forecast), found.reason
        low, high = found.final_interval
        covered.append(low <= end <= high)
        held.append(np.mean((rows(found.lower) <= rest) & (rest <= rows(found.upper))))
        assert high / low < 1.5
    assert 0.75 <= np.mean(covered) <= 0.99
    assert 0.78 <= np.mean(held) <= 0.97


def test_time_and_units_may_be_any() -> None:
    """Twice as slow, in outputs ten and representations a hundred times as large."""
    found, _, _ = made(*RICH, 0.5)
    path = trajectory(T, RICH[0], PAIR, RICH[1])
    seen = seen_until(path, PAIR, 0.5)
    other = State(100 * path.dh2[seen], 10 * path.dy2[seen], 10 * path.w[seen])
    scaled = forecast_trajectory(2 * T[seen], other, Pair(PAIR.dx2, 10 * PAIR.dy2), until=2 * T[~seen])
    assert isinstance(found, Forecast)
    assert isinstance(scaled, Forecast)
    np.testing.assert_allclose(rows(scaled.upper) / [[100], [10], [10]], rows(found.upper), rtol=1e-3, atol=1e-6)
    assert scaled.final_interval == pytest.approx([100 * x for x in found.final_interval], rel=1e-3)


def test_a_forecast_makes_no_more_than_ten_times_the_calls_of_a_wide_search_for_a_fit() -> None:
    path = trajectory(T, RICH[0], PAIR, RICH[1])
    seen = seen_until(path, PAIR, 0.5)
    noisy = State(*np.abs(rows(path) + 0.01 * alike(0.5, 0) * (T > 0))[:2, seen], rows(path)[2, seen])

    def calls(of) -> int:
        """How many functions are called: work that no other process makes longer."""
        of()  # what is generated once
        profile = cProfile.Profile()
        profile.runcall(of)
        return sum(entry.callcount for entry in profile.getstats())

    data = Measurement(T[seen], noisy, PAIR, None)
    fits = calls(lambda: fit._alone(fit._asked("two_point", None, T[seen]), data, None))
    assert calls(lambda: forecast_trajectory(T[seen], noisy, PAIR, until=T[~seen])) < 10 * fits


def refusal(found: Forecast | Refusal) -> str:
    assert isinstance(found, Refusal)
    assert found.theory == "two_point"
    return found.reason


def test_before_anything_is_learnt_there_is_nothing_to_go_by() -> None:
    assert "of the difference is learnt so far, and a forecast takes 10%: train on" in refusal(made(*RICH, 0.05)[0])


def test_what_never_moves_is_not_learnt() -> None:
    still = State(np.full(20, 0.1), np.full(20, 0.5), np.full(20, 0.0))
    assert refusal(forecast_trajectory(T[:20], still, PAIR, until=[T[20]])).startswith("only 0.0%")


def test_few_samples_are_too_few() -> None:
    path = trajectory(T, RICH[0], PAIR, RICH[1])
    some = np.nonzero(seen_until(path, PAIR, 0.5))[0][::25]
    assert "samples between" in refusal(forecast_trajectory(T[some], path[some], PAIR, until=[1600.0]))


def test_a_theory_that_does_not_describe_what_happened_is_not_asked_about_the_rest() -> None:
    """dh2 falls and rises while the output is learnt."""
    path = trajectory(T, RICH[0], PAIR, RICH[1])
    seen = seen_until(path, PAIR, 0.6)
    waves = State(path.dh2[seen] * (1 + 0.8 * np.sin(T[seen] / 15)), path.dy2[seen], path.w[seen])
    found = refusal(forecast_trajectory(T[seen], waves, PAIR, until=[1600.0]))
    assert "theory 'two_point' does not describe what happened since 3" in found
    assert "what is left is no noise" in found


def test_an_end_that_is_left_open_is_not_told() -> None:
    """At 10 % with noise, the earlier forecasts knew next to nothing."""
    path = trajectory(T / 4, RICH[0], PAIR, RICH[1])
    seen = seen_until(path, PAIR, 0.2)
    values = rows(path)[:, seen]
    noisy = np.abs(values[:2] + 0.1 * np.ptp(values[:2], axis=1)[:, None] * alike(0.0, 0)[:2, seen] * (T[seen] > 0))
    found = forecast_trajectory(T[seen], State(*noisy, values[2]), PAIR, until=[1600.0], level=0.9999)
    assert "what was learnt so far leaves the end open by more than a factor of 5: train on" in refusal(found)


def test_what_merges_has_no_interval() -> None:
    assert "the two representations are to merge" in refusal(made(*MERGING, 0.5, pair=Pair(1.0, 0.0))[0])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"until": [3.0]}, r"until must be of shape \(m,\), of steps not before the last observed one, 396, got 3"),
        ({"until": 1000.0}, r"last observed one, 396, got shape \(\)"),
        ({"level": 1.0}, "level must be between 0 and 1, got 1"),
        ({"theory_error": -1.0}, "theory_error must be finite and not negative, got -1"),
        ({"theory": "cross_entropy"}, "theory 'cross_entropy' has no end that is known: a forecast takes one such as"),
    ],
)
def test_what_is_asked_must_make_sense(changed, message: str) -> None:
    path = trajectory(T, RICH[0], PAIR, RICH[1])
    with pytest.raises(ValueError, match=message):
        forecast_trajectory(T[:100], path[:100], PAIR, **({"until": [1600.0]} | changed))
