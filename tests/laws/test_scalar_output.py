"""A single output: trained networks of any width, the ansatz as a special case, time laws by quadrature."""

import numpy as np
import pytest
from agreement import assert_agree
from hypothesis import given, settings
from hypothesis import strategies as st
from repdyn.numeric import Pair, State, evolve, final_distance, integrate, trajectory
from scipy.integrate import quad
from starts import aligned_pairs, durations, spread

WIDTH, INPUTS = 5, 3


def squared_error(f):
    """The derivative of the loss of half the squared error by f, for the target 0.7."""
    return (f - 0.7) / 4


def logistic(f):
    """The derivative of log(1 + exp(-f/2)), the cross-entropy of the two points."""
    return -0.5 / (1 + np.exp(f / 2))


def trained(gradient, lr, time):
    """|dh|^2 and f of a two-layer linear network after gradient descent on two opposite points, and its start."""
    random = np.random.default_rng(3)
    encoder, decoder = 0.4 * random.normal(size=(WIDTH, INPUTS)), 0.4 * random.normal(size=WIDTH)
    dx = np.array([0.5, -0.3, 0.8])
    begun = encoder @ dx, decoder.copy()
    for _ in range(round(time / lr)):
        dh = encoder @ dx
        slope = gradient(decoder @ dh)
        encoder, decoder = encoder - lr * slope * np.outer(decoder, dx), decoder - lr * slope * dh
    dh = encoder @ dx
    return np.array([dh @ dh, decoder @ dh]), begun, float(dx @ dx)


@pytest.mark.parametrize(
    ("gradient", "theory", "target"), [(squared_error, "scalar_output", 0.7), (logistic, "cross_entropy", 1.0)]
)
def test_gradient_descent_tends_to_the_theory_with_order_one(gradient, theory, target) -> None:
    time, errors = 30.0, []
    for lr in (0.04, 0.02, 0.01):
        found, (dh, b), dx2 = trained(gradient, lr, time)
        start = {"dh2": dh @ dh, "b2": b @ b, "f": b @ dh}
        gram = (dh @ dh) * (b @ b) - (b @ dh) ** 2
        parameters = {"dx2": dx2, "dy2_target": target**2, "rate_h": lr / 2, "rate_y": lr / 2, "gram": gram}
        exact = evolve(theory, time / lr, start, parameters)
        errors.append(np.abs(found - [exact["dh2"], exact["f"]]).max())
    assert errors[0] < 0.05
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx([1, 1], abs=0.1)


@given(problem=aligned_pairs, duration=durations)
def test_without_area_it_is_the_two_point_theory(problem, duration) -> None:
    t = duration * problem.relaxation
    coefficients = {"rate_h": problem.rates.h, "rate_y": problem.rates.y}
    found = trajectory(t, problem.start, problem.pair, coefficients, theory="scalar_output")
    assert_agree(found, trajectory(t, *problem), 1e-9)


numbers = st.tuples(spread(-2, 0), spread(-2, 0), spread(-2, 1), spread(-1, 1), spread(-3, -1), spread(-3, -1))


@given(numbers=numbers)
def test_the_final_distance_is_the_printed_one(numbers) -> None:
    """THEORY: A/2 + sqrt(A^2/4 + rho dy2* + rho (dh2 |b|^2 - dy2)) with A = dh2 - rho |b|^2."""
    dh2, dy, gram, target, rate_h, rate_y = numbers
    b2, rho = (dy**2 + gram) / dh2, 1.5 * rate_h / rate_y
    high = dh2 - rho * b2
    expected = high / 2 + np.sqrt(high**2 / 4 + rho * target**2 + rho * (dh2 * b2 - dy**2))
    coefficients = {"rate_h": rate_h, "rate_y": rate_y, "gram": gram}
    state = State(dh2, dy**2, dy * (dy - target))
    found = final_distance(state, Pair(1.5, target**2), coefficients, theory="scalar_output")
    assert found == pytest.approx(expected, rel=1e-7)


@given(numbers=numbers)
def test_an_agreeing_pair_merges_only_without_area(numbers) -> None:
    dh2, dy, gram, _, rate_h, rate_y = numbers
    collapsing = State(dh2, dy**2 + 2 * rate_y * dh2**2 / rate_h, dy**2 + 2 * rate_y * dh2**2 / rate_h)
    ends = [
        final_distance(collapsing, Pair(1.0, 0.0), {"rate_h": rate_h, "rate_y": rate_y, **area}, theory="scalar_output")
        for area in ({}, {"gram": gram})
    ]
    assert ends[0] == 0
    assert ends[1] > 0


@settings(max_examples=20)
@given(numbers=numbers, growth=st.tuples(spread(-2, 1), spread(-2, 1)), share=st.floats(0.05, 0.95))
def test_the_time_law_of_growing_rates_is_a_quadrature(numbers, growth, share) -> None:
    """t = int d sigma/(-f e), with both lengths solved by dA/d sigma = P(A); checked where f rises from f_0 > 0."""
    dh2, f, gram, target, rate_h, rate_y = numbers
    f = share * target
    b2, (growth_h, growth_y) = (f**2 + gram) / dh2, np.array(growth) * (rate_h, rate_y)
    start = State(dh2, f**2, f * (f - target))
    values = {"rate_h": rate_h, "growth_h": growth_h, "rate_y": rate_y, "growth_y": growth_y, "gram": gram}
    pair = Pair(1.0, target**2)

    def lengths(sigma):
        return (
            (dh2 + rate_h / growth_h) * np.exp(growth_h * sigma) - rate_h / growth_h,
            (b2 + rate_y / growth_y) * np.exp(growth_y * sigma) - rate_y / growth_y,
        )

    def slowness(sigma):
        a, b = lengths(sigma)
        output = np.sqrt(a * b - gram)
        return 1 / (output * (target - output))

    halfway2 = ((f + target) / 2) ** 2
    speed = (rate_h + growth_h * dh2) * b2 + (rate_y + growth_y * b2) * dh2
    end = next(x for x in np.geomspace(1, 1e-9, 60) * halfway2 / speed if np.prod(lengths(x)) - gram < halfway2)
    time = quad(slowness, 0, end, epsrel=1e-11)[0]
    found = integrate(time, start, pair, values, theory="growing_rates", rtol=1e-11)
    assert found.dh2 == pytest.approx(lengths(end)[0], rel=1e-6)
    assert found.dy2 == pytest.approx(np.prod(lengths(end)) - gram, rel=1e-6)


@settings(max_examples=20)
@given(numbers=numbers, rise=spread(-1, 1))
def test_the_time_law_of_cross_entropy_is_a_quadrature(numbers, rise) -> None:
    dh2, f, gram, _, rate_h, rate_y = numbers
    b2 = (f**2 + gram) / dh2
    gap2 = (rate_h * b2 - rate_y * dh2) ** 2

    def slowness(x):
        return (1 + np.exp(x / 2)) / np.sqrt(gap2 + 4 * rate_h * rate_y * (x**2 + gram))

    time = quad(slowness, f, f + rise, epsrel=1e-11)[0]
    values = {"rate_h": rate_h, "rate_y": rate_y, "gram": gram}
    found = integrate(time, State(dh2, f**2, f**2 - f), Pair(1.0, 1.0), values, theory="cross_entropy", rtol=1e-11)
    assert np.sqrt(found.dy2) == pytest.approx(f + rise, rel=1e-6)


@settings(max_examples=20)
@given(problem=aligned_pairs, duration=durations, growth=st.tuples(spread(-2, 1), spread(-2, 1)))
def test_several_outputs_grow_as_one_where_they_are_parallel(problem, duration, growth) -> None:
    t = duration * problem.relaxation
    rates = {"rate_h": problem.rates.h, "rate_y": problem.rates.y}
    rates |= {"growth_h": growth[0] * problem.rates.h, "growth_y": growth[1] * problem.rates.y}
    one, several = (
        integrate(t, problem.start, problem.pair, rates, theory=name, rtol=1e-12)
        for name in ("growing_rates", "growing_vectors")
    )
    # Of a pair that collapses, the lengths are known to a share of where they began, not of what is left of them.
    start, dy_target = problem.start, np.sqrt(problem.pair.dy2)
    for found, expected, first in ((one.dh2, several.dh2, start.dh2), (one.dy2, several.dy2, start.dy2)):
        assert np.sqrt(found) == pytest.approx(np.sqrt(expected), rel=1e-6, abs=1e-6 * np.sqrt(first))
    size = several.dy2 + start.dy2 + dy_target * (np.sqrt(several.dy2) + np.sqrt(start.dy2))
    assert one.w == pytest.approx(several.w, abs=1e-6 * size)
