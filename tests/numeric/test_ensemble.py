"""Trajectories integrated together in C, against the integration of each by itself."""

import numpy as np
import pytest
from draws import draw
from repdyn.numeric import ensemble, fit, fit_many, integrate, joint, native
from repdyn.numeric.coefficients import named, parameter_values
from repdyn.numeric.ensemble import integrated_together, is_integrated_together
from repdyn.numeric.joint import fitted_at_once, fitted_together
from repdyn.numeric.measurement import Measurement, Measurements
from repdyn.numeric.model import Model
from repdyn.numeric.quantities import Pair, State
from tools import find

GROWING = ["growing_rates", "growing_vectors"]
SEEDS = [0, 1, 2, 3, 5, 6, 7, 8]


@pytest.fixture(autouse=True)
def compiler() -> None:
    find("cc")


def together(name: str, t, start: State, pair: Pair, coefficients, rtol=1e-10):
    """The scalars of one pair at several values of its coefficients, shape (3, k, n)."""
    values = parameter_values(named(name), pair, coefficients)
    begun = [start.dh2, start.dy2, start.w]
    return integrated_together(named(name), np.asarray(t, dtype=float)[None], begun, values, rtol)[:, 0]


def rows(state: State) -> np.ndarray:
    return np.stack(np.broadcast_arrays(*vars(state).values()))


@pytest.mark.parametrize("name", GROWING)
def test_each_trajectory_is_that_of_the_integrator(name) -> None:
    for seed in SEEDS:
        found = draw(name, seed)
        start = found.path[0]
        other = integrate(found.t, start, found.pair, found.true, theory=name, rtol=1e-12)
        size = np.abs(rows(other)).max(axis=1, keepdims=True)
        ours = together(name, found.t, start, found.pair, found.true, 1e-12)[:, 0]
        np.testing.assert_allclose(ours / size, rows(other) / size, atol=1e-9)


def test_two_intervals_are_one() -> None:
    found = draw("growing_vectors", 3)
    half, end = found.t[-1] / 2, found.t[-1]
    middle = State(*together("growing_vectors", [0.0, half], found.path[0], found.pair, found.true)[:, 0, -1])
    in_two = together("growing_vectors", [0.0, end - half], middle, found.pair, found.true)[:, 0, -1]
    in_one = together("growing_vectors", [0.0, end], found.path[0], found.pair, found.true)[:, 0, -1]
    np.testing.assert_allclose(in_two, in_one, rtol=1e-7)


def test_groups_and_members_are_each_for_themselves(monkeypatch) -> None:
    """In one thread as in several, whatever stands beside them."""
    draws = [draw("growing_rates", seed) for seed in SEEDS]
    theory = named("growing_rates")
    times = np.stack([np.linspace(0, found.t[-1], 50) for found in draws])
    starts = [np.array([[getattr(found.path[0], name)] for found in draws]) for name in ("dh2", "dy2", "w")]
    each = [parameter_values(theory, found.pair, found.true) for found in draws]
    numbers = [np.array(column, dtype=float)[:, None] for column in zip(*each, strict=True)]
    monkeypatch.setattr(ensemble, "_SHARE", 1)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    in_threads = integrated_together(theory, times, starts, [x * np.ones(2) for x in numbers], 1e-10)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    np.testing.assert_array_equal(in_threads, integrated_together(theory, times, starts, numbers, 1e-10).repeat(2, 2))


def test_what_two_of_a_group_differ_by_is_free_of_the_error_of_both() -> None:
    """They differ by a thousandth of the error, and by as much as they should to a hundredth."""
    found = draw("growing_rates", 0)
    step = 1e-8
    rates = found.true["rate_h"] * np.exp([-step, step])
    loose = together("growing_rates", found.t, found.path[0], found.pair, found.true | {"rate_h": rates}, 1e-4)
    rates = found.true["rate_h"] * np.exp([-1e-4, 1e-4])
    exact = together("growing_rates", found.t, found.path[0], found.pair, found.true | {"rate_h": rates}, 1e-12)
    assert np.abs(loose.mean(axis=1) - exact.mean(axis=1)).max() > 1e3 * np.abs(loose[:, 1] - loose[:, 0]).max()
    slope = (exact[:, 1] - exact[:, 0]) / 2e-4
    np.testing.assert_allclose((loose[:, 1] - loose[:, 0]) / (2 * step), slope, atol=0.01 * np.abs(slope).max())


def test_what_does_not_arrive_is_infinite() -> None:
    found = draw("growing_rates", 0)
    wild = found.true | {"rate_y": found.true["rate_y"] * 1e9}
    t = np.array([0.0, found.t[-1] * 1e3])
    scalars = together("growing_rates", t, found.path[0], found.pair, wild)
    assert np.isfinite(scalars[..., 0]).all()
    assert np.isinf(scalars[..., 1]).all()


@pytest.mark.parametrize("name", ["two_point", "recurrent", "fixed_expansion", "doubled_dh2"])
def test_what_has_a_time_of_its_own_a_pole_or_no_start_is_not_integrated_together(name) -> None:
    assert not is_integrated_together(named(name))


@pytest.mark.parametrize("name", GROWING)
def test_without_a_compiler_each_is_integrated_by_itself(name, monkeypatch) -> None:
    found = draw(name, 5)
    data, model = Measurement(found.t, found.path, found.pair, None), Model(named(name), {})
    x = model.point(found.true) + 0.01
    quick = [model.evaluate(data, x), model.evaluate_finely(data, x)]

    def none() -> str:
        raise RuntimeError("there is no compiler")

    monkeypatch.setattr(native, "_compiler", none)
    ensemble._integrator.cache_clear()
    try:
        assert not fitted_together(named(name))
        slow = [model.evaluate(data, x), model.evaluate_finely(data, x)]
    finally:
        ensemble._integrator.cache_clear()
    for (values, slopes), (others, other_slopes) in zip(quick, slow, strict=True):
        np.testing.assert_allclose(values, others, atol=1e-6 * np.abs(others).max())
        np.testing.assert_allclose(slopes, other_slopes, atol=1e-3 * np.abs(other_slopes).max())


@pytest.mark.parametrize("name", ["growing_vectors"])
def test_many_pairs_have_the_minimum_of_each_alone(name) -> None:
    """Networks whose rates grow, with noise, and one that no theory of them describes."""
    t = np.linspace(0, 1200, 60)
    draws = np.random.default_rng(0)
    pairs = Pair(1.0, np.array([0.4, 0.5, 0.6, 0.5]))
    paths = [
        integrate(
            t,
            State(0.02, 1e-4, 1e-4 - np.sqrt(1e-4 * dy2)),
            Pair(1.0, dy2),
            {"rate_h": rate_h, "rate_y": 0.02, "growth_h": growth_h, "growth_y": 0.01},
            theory=name,
        )
        for dy2, rate_h, growth_h in zip(pairs.dy2, [1e-3, 2e-3, 1e-3, 1e-3], [0.0, 0.002, 0.01, 0.0], strict=True)
    ]
    measured = np.stack([rows(path) for path in paths], axis=-1)
    measured[:, 1:] *= 1 + 0.01 * draws.normal(size=measured[:, 1:].shape)
    measured[0, 1:, 3] = measured[0, :0:-1, 3]
    *described, reversed_one = fit_many(t, State(*measured), pairs, theory=name)
    for k, found in enumerate(described):
        one = Pair(1.0, float(pairs.dy2[k]))
        alone = fit._alone(fit._asked(name, None, t), Measurement(t, State(*measured[..., k]), one, None), None)
        assert found.success == alone.success
        assert found.sse <= alone.sse * (1 + 1e-6)
    assert all(found.success for found in described)
    assert not reversed_one.success


def test_a_pair_that_is_searched_for_in_vain_does_not_end_the_search(monkeypatch) -> None:
    """Nor one of which no place is found at all."""
    monkeypatch.setattr(
        joint, "descended", lambda model, data, points, how: (points, np.full(points.shape[:2], np.inf))
    )
    found = draw("growing_vectors", 3)
    data = Measurements.of(Measurement(found.t, found.path, found.pair, None), {})
    assert fitted_at_once(Model(named("growing_vectors"), {}), data) == [(None, False)]


def test_no_memory_is_said(monkeypatch) -> None:
    monkeypatch.setattr(ensemble, "_integrator", lambda theory: lambda *_: 1)
    found = draw("growing_rates", 0)
    with pytest.raises(MemoryError, match="there is no memory to integrate 1 trajectories at once"):
        together("growing_rates", [0.0, 1.0], found.path[0], found.pair, found.true)
