"""fit_many gives for each of many pairs what a search for that pair alone gives."""

import re

import numpy as np
import pytest
from draws import draw, pinned, without_steps
from repdyn.numeric import (
    FailedFit,
    Pair,
    RateFit,
    Rates,
    State,
    fit,
    fit_many,
    fit_rates,
    integrate,
    joint,
    search,
    trajectory,
)
from repdyn.numeric.joint import fitted_at_once
from repdyn.numeric.measurement import Measurement, Measurements
from repdyn.numeric.starts import starts

T = np.linspace(0, 1000, 90)


def columns(draws) -> tuple[State, Pair]:
    """Trajectories of several pairs, each of its own span, as if all were of one."""
    fields = [np.stack([getattr(path, name) for path, _ in draws], axis=1) for name in ("dh2", "dy2", "w")]
    return State(*fields), Pair(*(np.array([getattr(pair, name) for _, pair in draws]) for name in ("dx2", "dy2")))


def drawn(name: str, seed: int, noise: float) -> tuple[State, Pair]:
    """A trajectory of a theory, most of pairs that turn round, collapse or pass through zero."""
    found = draw(name, seed)
    times = np.linspace(0, found.t[-1], T.size)
    solve = trajectory if name == "two_point" else integrate
    path = solve(times, found.path[0], found.pair, found.true, theory=name)
    rows = found._replace(t=times, path=path)
    return (rows.noisy(noise, seed) if noise else rows).path, found.pair


def alone(observed: State, pairs: Pair, k: int, theory: str = "two_point") -> RateFit:
    """The search for one pair that does without the one for many."""
    pair = Pair(float(np.broadcast_to(pairs.dx2, observed.dh2.shape[1])[k]), float(pairs.dy2[k]))
    return fit._alone(fit._asked(theory, None, T), Measurement(T, observed[:, k], pair, None), None)


def assert_alike(one: RateFit, other: RateFit) -> None:
    """One minimum to a millionth or a hundredth of its errors, as far as a search leads; one verdict."""
    assert one.success == other.success
    assert one.sse == pytest.approx(other.sse, rel=1e-7, abs=1e-20)
    assert one.errors is not None
    assert other.errors is not None
    for name, value in other.coefficients.items():
        assert abs(one.coefficients[name] - value) <= max(1e-6 * value, 1e-2 * other.errors[name])
        assert one.errors[name] == pytest.approx(other.errors[name], rel=0.02, abs=1e-9 * value)
        assert one.independent_errors[name] == pytest.approx(other.independent_errors[name], rel=1e-4, abs=1e-9 * value)
    for name in ("dh2", "dy2", "w"):
        assert getattr(one.r2, name) == pytest.approx(getattr(other.r2, name), abs=1e-5)
    assert (one.samples, one.special_cases) == (other.samples, other.special_cases)


@pytest.mark.parametrize(("name", "noise"), [("two_point", 0.0), ("two_point", 0.01), ("scalar_output", 0.005)])
def test_each_pair_has_the_minimum_that_a_search_for_it_alone_finds(name, noise) -> None:
    """Of exact, noisy and other theories' trajectories."""
    observed, pairs = columns([drawn(name, seed, noise) for seed in range(40)])
    found = fit_many(T, observed, pairs)
    told_apart = 0
    for k, one in enumerate(found):
        other = alone(observed, pairs, k)
        if one.success and other.success:
            assert_alike(one, other)
            told_apart += 1
        # Of twin minima a hundredth apart, a search may see one: how wide it was is no part of a success.
        assert one.success == other.success or "Another minimum" in other.message, (k, one.message, other.message)
        assert one.sse <= other.sse * (1 + 1e-7) + 1e-20
    assert told_apart > 30 if name == "two_point" else told_apart > 20


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
def test_none_of_many_is_fitted_worse_with_success(noise) -> None:
    observed, pairs = columns([drawn("two_point", seed, noise) for seed in range(1000)])
    for k, one in enumerate(fit_many(T, observed, pairs)):
        if one.success:
            assert one.sse <= alone(observed, pairs, k).sse * (1 + 1e-7) + 1e-20, k


def test_what_a_pair_is_beside_others_does_not_change_its_fit() -> None:
    observed, pairs = columns([drawn("two_point", seed, 0.01) for seed in range(12)])
    whole = fit_many(T, observed, pairs)
    for k in (0, 1):
        single = fit_rates(T, observed[:, k], Pair(float(pairs.dx2[k]), float(pairs.dy2[k])))
        assert single.success == whole[k].success
        assert single.coefficients == pytest.approx(whole[k].coefficients, rel=1e-6)
        assert single.message == whole[k].message


def test_the_kinds_of_pairs_side_by_side() -> None:
    """Rich, lazy, agreeing, collapsed, misfit by growing rates, and one that does not move."""
    growing = {"rate_h": 1e-4, "rate_y": 1e-2, "growth_h": 4e-2, "growth_y": 0.0, "gram": 0.0}
    rows = [
        (trajectory(T, State(1e-3, 1e-3, 0.0), Pair(1.0, 0.5), Rates(3e-3, 2e-2)), Pair(1.0, 0.5)),
        (trajectory(T, State(5.0, 0.02, -0.05), Pair(1.0, 0.5), Rates(1e-3, 2e-3)), Pair(1.0, 0.5)),
        (trajectory(T, State(0.3, 0.2, 0.2), Pair(0.5, 0.0), Rates(1e-2, 3e-3)), Pair(0.5, 0.0)),
        (trajectory(T, State(2.0, 0.9, 0.5), Pair(1.0, 0.3), Rates(3e-3, 1e-3)), Pair(1.0, 0.3)),
        (integrate(T, State(0.05, 0.02, 0.02 - 0.1), Pair(1.0, 0.5), growing, theory="growing_rates"), Pair(1.0, 0.5)),
        (State(0.1, np.zeros(T.size), np.zeros(T.size))[np.arange(T.size)], Pair(1.0, 0.5)),
    ]
    observed, pairs = columns(rows)
    found = fit_many(T, observed, pairs)
    for k, (path, pair) in enumerate(rows):
        single = fit_rates(T, path, pair)
        assert (found[k].success, found[k].message) == (single.success, single.message)
        assert found[k].coefficients == pytest.approx(single.coefficients, rel=1e-6)
        assert found[k].rates == found[k].rates
    assert [x.success for x in found[:2]] == [True, True]
    assert found[4].sse > 1e-6
    assert not found[5].success


def test_weights_count_as_for_one_pair() -> None:
    observed, pairs = columns([drawn("two_point", seed, 0.02) for seed in range(4)])
    weights = State(1 / np.var(observed.dh2, axis=0), 0.5, np.where(T < 700, 2.0, 0.0)[:, None])
    for k, one in enumerate(fit_many(T, observed, pairs, weights=weights)):
        own = State(float(weights.dh2[k]), 0.5, weights.w[:, 0])
        single = fit_rates(T, observed[:, k], Pair(float(pairs.dx2[k]), float(pairs.dy2[k])), weights=own)
        assert one.sse == pytest.approx(single.sse, rel=1e-9)
        assert one.coefficients == pytest.approx(single.coefficients, rel=1e-6)


def test_a_pair_that_cannot_be_fitted_is_named_and_stops_no_other() -> None:
    observed, pairs = columns([drawn("two_point", seed, 0.0) for seed in range(3)])
    dh2, w = np.array(observed.dh2), np.array(observed.w)
    dh2[0, 1], w[0, 2] = 0.0, 1e3
    found = fit_many(T, State(dh2, observed.dy2, w), pairs)
    assert found[0].success
    for k, words in (
        (1, "the initial dh2 must be positive, got 0.0"),
        (2, "must be at most |dy| |dy*| (Cauchy-Schwarz)"),
    ):
        failed = found[k]
        assert isinstance(failed, FailedFit)
        assert (failed.pair, failed.theory, failed.success) == (k, "two_point", False)
        assert words in failed.message


@pytest.mark.parametrize(("theory", "fixed"), [("scalar_output", {}), ("two_point", {"rate_h": 2e-3})])
def test_what_is_not_searched_for_together_is_fitted_one_by_one(theory, fixed) -> None:
    start, pairs = State(0.05, 0.02, 0.02 - 0.1), Pair(1.0, np.array([0.5, 0.5]))
    rates = {"rate_h": 2e-3, "rate_y": np.array([1e-2, 2e-2])}
    observed = trajectory(T[:, None], start, pairs, rates, theory=theory)
    found = fit_many(T, observed, pairs, theory=theory, fixed=fixed)
    singles = [fit_rates(T, observed[:, k], Pair(1.0, 0.5), theory=theory, fixed=fixed) for k in range(2)]
    assert [x.coefficients for x in found] == [x.coefficients for x in singles]


def test_good_pairs_are_searched_for_together(monkeypatch) -> None:
    monkeypatch.setattr(fit, "_alone", None)
    observed, pairs = columns([drawn("two_point", seed, 0.0) for seed in range(40)])
    assert all(x.success for x in fit_many(T, observed, pairs))


def test_starts_at_which_a_theory_breaks_down_do_not_end_the_search(monkeypatch) -> None:
    def with_broken_ones(model, data, count):
        good = starts(model, data, count)
        return np.concatenate([np.full_like(good[:, :1], 99.0), np.full_like(good[:, :1], -1e6), good], axis=1)

    observed, pairs = columns([drawn("two_point", seed, 0.01) for seed in range(5)])
    whole = fit_many(T, observed, pairs)
    monkeypatch.setattr(joint, "starts", with_broken_ones)
    for one, other in zip(fit_many(T, observed, pairs), whole, strict=True):
        assert one.success == other.success
        assert one.coefficients == pytest.approx(other.coefficients, rel=1e-6)


def test_a_pair_of_which_no_start_is_any_is_searched_for_by_itself(monkeypatch) -> None:
    def without_the_first(model, data, count):
        found = starts(model, data, count)
        found[0] = np.nan
        return found

    observed, pairs = columns([drawn("two_point", seed, 0.01) for seed in range(3)])
    whole = fit_many(T, observed, pairs)
    monkeypatch.setattr(joint, "starts", without_the_first)
    for one, other in zip(fit_many(T, observed, pairs), whole, strict=True):
        assert_alike(one, other)


def test_what_ends_the_search_of_all_is_of_one_of_them_and_each_is_searched_for_by_itself(monkeypatch) -> None:
    def breaks(model, data, count):
        raise np.linalg.LinAlgError("SVD did not converge")

    observed, pairs = columns([drawn("two_point", seed, 0.01) for seed in range(3)])
    whole = fit_many(T, observed, pairs)
    monkeypatch.setattr(joint, "starts", breaks)
    for one, other in zip(fit_many(T, observed, pairs), whole, strict=True):
        assert_alike(one, other)


def test_where_a_second_minimum_is_next_to_the_first_more_is_looked_at() -> None:
    """A pair whose dh2 nearly vanishes between two samples, so that the misfit has two minima side by side."""
    noisy = pinned("two_point", 30, noise=0.02)
    pair = Measurement(noisy.t, noisy.path, noisy.pair, None)
    asked = fit._asked("two_point", None, noisy.t)
    ((quick, enough),) = fitted_at_once(asked, Measurements.of(pair, {}))
    assert not enough or quick.sse <= fit._alone(asked, pair, None).sse * (1 + 1e-7)
    assert fit_rates(noisy.t, noisy.path, noisy.pair).sse <= fit._alone(asked, pair, None).sse * (1 + 1e-7)


def test_threads_change_nothing(monkeypatch) -> None:
    observed, pairs = columns([drawn("two_point", seed, 0.01) for seed in range(8)])
    monkeypatch.setattr(joint, "_MOST_TOGETHER", 2)
    found = []
    for count in ("0", "1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", count)
        found.append([(x.coefficients, x.sse, x.message) for x in fit_many(T, observed, pairs)])
    assert found[0] == found[1] == found[2]


def test_a_search_that_was_cut_short_is_no_success(monkeypatch) -> None:
    observed, pairs = columns([drawn("two_point", seed, 0.01) for seed in range(3)])
    whole = search.least_squares
    monkeypatch.setattr(search, "least_squares", lambda *args, **options: whole(*args, **{**options, "max_nfev": 2}))
    without_steps(monkeypatch)
    for found in fit_many(T, observed, pairs):
        assert not found.success
        assert "Something better is near: the search did not end." in found.message


GOOD = np.full((5, 2), 0.1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"observed": State(0.1, 0.2, np.zeros(5))},
            "must have fields of shape (5, p), a row for each of t, a column for each pair; got shapes [(), (), (5,)]",
        ),
        (
            {"observed": State(GOOD.T, GOOD.T, GOOD.T)},
            "must have fields of shape (5, p), a row for each of t, a column for each pair; got shapes [(2, 5), (2, 5)",
        ),
        (
            {"pairs": Pair(1.0, np.ones(3))},
            "pairs must have fields that broadcast to (2,) like those of observed, got [(), (3,)]",
        ),
        (
            {"weights": State(1.0, 1.0, np.ones(5))},
            "weights must have fields that broadcast to (5, 2) like those of observed, got [(), (), (5,)]",
        ),
        ({"weights": State(1.0, -1.0, 1.0)}, "weights must not be negative, got -1.0"),
        ({"fixed": {"rate_z": 1.0}}, "theory 'two_point' has the coefficients rate_h, rate_y, not rate_z"),
        ({"t": np.array([0.0, 1.0, 3.0, 2.0, 4.0])}, "t must increase from each sample to the next"),
    ],
)
def test_it_refuses_what_is_wrong_with_all_pairs(options, words) -> None:
    given = {"t": np.arange(5.0), "observed": State(GOOD, GOOD, 0.0), "pairs": Pair(1.0, 0.5)}
    with pytest.raises(ValueError, match=re.escape(words)):
        fit_many(**{**given, **options})
