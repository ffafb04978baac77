"""Laws that every theory obeys in numbers, whatever it says: starts, invariants, closed forms against integration."""

import re
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from repdyn.numeric import (
    Pair,
    Rates,
    State,
    compile,
    crossing_time,
    evolve,
    final_distance,
    fit,
    half_way_time,
    integrate,
    regime_number,
    relaxation_time,
    trajectory,
)
from repdyn.symbolic import theories, two_point
from starts import spread
from variants import variant

NAMES = list(theories())
MEASURABLE = [name for name in NAMES if theories()[name].begin is not None]
CLOSED = [name for name in MEASURABLE if theories()[name].solution is not None]
ENDING = [name for name in MEASURABLE if {"final", "approach"} & theories()[name].programs.keys()]
T = np.linspace(0.0, 60.0, 13)


def aligned(dh2, dy, target):
    """A state whose dy is parallel to dy*, which every theory can start from."""
    return State(dh2, dy**2, dy * (dy - target))


def coefficients(theory, numbers):
    """A value for each coefficient of a theory, from a few positive numbers."""
    return {x.name: value for x, value in zip(theory.coefficients, numbers, strict=False)}


starts = st.tuples(spread(-1, 0), spread(-2, -0.5), st.just(0.7))
rates = st.lists(spread(-2.5, -1), min_size=8, max_size=8)


@pytest.mark.parametrize("name", MEASURABLE)
@settings(max_examples=5)
@given(start=starts, numbers=rates)
def test_invariants_stay(name, start, numbers) -> None:
    theory = theories()[name]
    state, pair = aligned(*start), Pair(1.3, start[2] ** 2)
    values = {"dx2": 1.3, "dy2_target": start[2] ** 2, **coefficients(theory, numbers)}
    parameters = {x.name: values[x.name] for x in theory.parameters}
    begun = compile(theory, "begin")(state.dh2, state.dy2, state.w, *parameters.values())
    path = evolve(theory, T, dict(zip(map(str, theory.states), begun, strict=True)), parameters)
    kept = compile(theory, "invariants")(T, *path.values(), *parameters.values())
    for invariant in kept:
        np.testing.assert_allclose(invariant, invariant[0], rtol=1e-6, atol=1e-9)
    assert integrate(0.0, state, pair, coefficients(theory, numbers), theory=theory).dh2 == pytest.approx(state.dh2)


@pytest.mark.parametrize("name", CLOSED)
@settings(max_examples=10)
@given(start=starts, numbers=rates, opposed=st.booleans())
def test_the_closed_form_is_what_the_equations_lead_to(name, start, numbers, opposed) -> None:
    theory = theories()[name]
    state, pair = aligned(start[0], start[1] * (-1) ** opposed, start[2]), Pair(1.3, start[2] ** 2)
    found, expected = (f(T, state, pair, coefficients(theory, numbers), theory=name) for f in (trajectory, integrate))
    for scalar in ("dh2", "dy2", "w"):
        np.testing.assert_allclose(getattr(found, scalar), getattr(expected, scalar), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ENDING)
@settings(max_examples=5)
@given(start=starts, numbers=rates)
def test_the_end_is_where_training_arrives(name, start, numbers) -> None:
    theory = theories()[name]
    state, pair, values = aligned(*start), Pair(1.3, start[2] ** 2), coefficients(theory, numbers)
    late = integrate(1e6, state, pair, values, theory=name)
    assert final_distance(state, pair, values, theory=name) == pytest.approx(late.dh2, rel=1e-6)
    assert late.dy2 == pytest.approx(pair.dy2, rel=1e-6)


PAIR, START = Pair(1.0, 0.5), State(0.1, 0.02, 0.02 - np.sqrt(0.01))
RATES = {"rate_h": 1e-2, "rate_y": 2e-2}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: trajectory(1.0, START, PAIR, RATES, theory="twopoint"), "there is no theory 'twopoint'; there are "),
        (
            lambda: trajectory(1.0, START, PAIR, RATES, theory="growing_rates"),
            "theory 'growing_rates' has no closed form; use integrate",
        ),
        (
            lambda: final_distance(START, PAIR, RATES, theory="cross_entropy"),
            "theory 'cross_entropy' has no end that is known; use integrate over a long time",
        ),
        (
            lambda: integrate(1.0, START, PAIR, {"rate_h": 1.0}, theory="scalar_output"),
            "theory 'scalar_output' needs a value for its coefficient rate_y",
        ),
        (
            lambda: integrate(1.0, START, PAIR, {**RATES, "growth": 1.0}, theory="scalar_output"),
            "theory 'scalar_output' has the coefficients rate_h, rate_y, gram, not growth",
        ),
        (
            lambda: integrate(1.0, START, PAIR, {**RATES, "gram": -1.0}, theory="scalar_output"),
            "gram of theory 'scalar_output' must be non-negative, got -1.0",
        ),
        (
            lambda: integrate(1.0, START, PAIR, {**RATES, "rate_h": 0.0}, theory="scalar_output"),
            "rate_h of theory 'scalar_output' must be positive, got 0.0",
        ),
        (
            lambda: integrate(1.0, State(0.1, 0.02, 0.02), PAIR, RATES, theory="growing_rates"),
            "theory 'growing_rates' starts with w = -0.08 where 0.02 is measured: it is for pairs whose dy is parallel",
        ),
        (
            lambda: evolve("scalar_output", 1.0, {"dh2": 0.1}, RATES),
            "theory 'scalar_output' takes dh2, b2, f, got dh2",
        ),
        (
            lambda: evolve("two_point", 1.0, {"dh2": 0.1, "dy2": np.nan, "w": 0.0}, {}),
            "dy2 must be finite, got nan",
        ),
        (
            lambda: compile("two_point", "approach"),
            "theory 'two_point' has no program 'approach'; it has rhs, jacobian",
        ),
        (
            lambda: trajectory([1.0, 2.0], START, PAIR, {**RATES, "gram": [1.0, 2.0, 3.0]}, theory="scalar_output"),
            "shapes must broadcast as NumPy does, got t (2,), coefficient gram (3,)",
        ),
    ],
)
def test_what_cannot_be_is_said(call, words) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


def test_a_pair_that_neither_moves_nor_has_to_stays() -> None:
    for name in ENDING:
        if set(RATES) <= {x.name for x in theories()[name].coefficients}:
            assert final_distance(State(0.1, 0.0, 0.0), Pair(1.0, 0.0), RATES, theory=name) == pytest.approx(0.1)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_end_of_growing_rates_scales_with_hidden_space(scale) -> None:
    one = {**RATES, "growth_h": 0.1, "growth_y": 0.2}
    other = {"rate_h": 1e-2 * scale, "growth_h": 0.1, "rate_y": 2e-2 / scale, "growth_y": 0.2}
    scaled = State(START.dh2 * scale, START.dy2, START.w)
    ends = (final_distance(s, PAIR, c, theory="growing_rates") for s, c in ((START, one), (scaled, other)))
    assert next(ends) * scale == pytest.approx(next(ends))


def test_rates_and_a_mapping_say_the_same() -> None:
    for name in ("two_point", "growing_vectors", "scalar_output"):
        one, other = (integrate(T, START, PAIR, x, theory=name) for x in (Rates(1e-2, 2e-2), RATES))
        assert one == other


def test_coefficients_broadcast() -> None:
    several = {"rate_h": np.array([1e-2, 2e-2]), "growth_h": 0.1, "rate_y": 2e-2}
    ends = final_distance(START, PAIR, several, theory="growing_rates")
    assert ends.shape == (2,)
    for i in range(2):
        one = {**several, "rate_h": several["rate_h"][i]}
        assert ends[i] == final_distance(START, PAIR, one, theory="growing_rates")


def test_a_theory_whose_rates_change_in_time_is_integrated_from_where_it_stands_still() -> None:
    """Warm-up: the rates rise from 0, so that t steps are as many as the integral of the warm-up."""
    base, k = two_point(), sp.Symbol("k", positive=True)
    warm = 1 - sp.exp(-k * base.time)
    theory = variant("warm", k, {x: warm * rate for x, rate in base.rhs.items()})
    effective = T - (1 - np.exp(-0.1 * T)) / 0.1
    found = integrate(T, START, PAIR, {**RATES, "k": 0.1}, theory=theory)
    np.testing.assert_allclose(found.dh2, trajectory(effective, START, PAIR, RATES).dh2, rtol=1e-7)


def test_a_coefficient_may_have_any_name() -> None:
    pair = sp.Symbol("pair", positive=True)
    theory = variant("mine", pair, {x: pair * rate for x, rate in two_point().rhs.items()})
    found = integrate(T, START, PAIR, {**RATES, "pair": 2.0}, theory=theory)
    np.testing.assert_allclose(found.dh2, trajectory(2 * T, START, PAIR, RATES).dh2, rtol=1e-7)


def test_a_theory_that_leaves_what_vectors_can_be_is_stopped() -> None:
    words = (
        r"theory 'doubled_dh2' left the states that two vectors can have: dy2 = -0\.8\d+; its equations are singular"
    )
    with pytest.raises(ArithmeticError, match=words):
        integrate([15.0, 25.0, 100.0], State(0.1, 0.5, 0.5), Pair(1.0, 0.0), RATES, theory="doubled_dh2")


def test_a_pair_at_rest_stays_at_rest_for_any_time() -> None:
    k = sp.Symbol("k", positive=True)
    same = variant("same", k, {x: k * rate for x, rate in two_point().rhs.items()})
    found = integrate(1e7, START, PAIR, {**RATES, "k": 1.0}, theory=same)
    assert found.dh2 == pytest.approx(final_distance(START, PAIR, RATES), rel=1e-7)


def test_a_theory_of_ones_own_says_its_regime_and_its_moments() -> None:
    mine = replace(two_point(), name="mine")
    start, pair, own = State([0.1, 0.1], [0.2, 0.5], [0.1, 1.0]), Pair(1.0, 0.5), Rates(0.01, 0.02)
    for function in (regime_number, relaxation_time, crossing_time, half_way_time):
        np.testing.assert_array_equal(function(start, pair, own, theory=mine), function(start, pair, own))
    number = regime_number(start, pair, own)
    sequences = {"rate_h1": 0.01, "rate_h2": 0.01, "rate_y": 0.12, "futures": 3.0}
    np.testing.assert_allclose(regime_number(start, pair, sequences, theory="recurrent"), number, rtol=1e-12)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (regime_number, "theory 'scalar_output' has no regime number: its final state has no result of that name"),
        (half_way_time, "theory 'scalar_output' has no moments in closed form; integrate, and look for them"),
    ],
)
def test_what_a_theory_does_not_say_is_refused(function, words) -> None:
    with pytest.raises(ValueError, match=words):
        function(aligned(0.1, 0.2, 0.7), Pair(1.0, 0.49), Rates(0.01, 0.02), theory="scalar_output")


def test_a_fit_begins_at_the_optimum_of_a_neighbour_that_the_theory_names(monkeypatch) -> None:
    started: list[str] = []
    plain = fit.fit_rates

    def fit_rates(*arguments, theory, **more):
        started.append(theory.name)
        return plain(*arguments, theory=theory, **more)

    monkeypatch.setattr(fit, "fit_rates", fit_rates)
    base = variant("mine", sp.Symbol("k", nonnegative=True), two_point().rhs)
    data = trajectory(T, START, PAIR, RATES)
    for names, expected in (
        (("two_point",), ["two_point"]),
        ((), []),
        (("scalar_output", "two_point"), ["two_point"]),  # it lacks gram
        (("doubled_dh2",), []),  # which has no closed form
    ):
        started.clear()
        found = plain(T, data, PAIR, theory=replace(base, neighbours=names), fixed={"k": 0.0})
        assert started == expected
        assert found.rates.h == pytest.approx(RATES["rate_h"], rel=1e-3)
