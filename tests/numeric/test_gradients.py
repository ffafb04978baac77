"""Derivatives through the functions for PyTorch and JAX: everywhere, and where a formula divides 0 by 0."""

from functools import cache

import jax
import mpmath as mp
import numpy as np
import printed_theory
import pytest
import sympy as sp
import torch
from exact_flow import exact_derivative
from exact_programs import exactly
from hypothesis import given, settings
from hypothesis import strategies as st
from repdyn.numeric import compile, compile_program
from repdyn.symbolic import Program, theories, two_point
from repdyn.symbolic.functions import exprel, exprel_prime, hypot, nonnegative, quotient
from scipy.integrate import solve_ivp
from starts import all_pairs, durations, spread

PROGRAMS = [(theory, what) for theory in theories() for what in theories()[theory].programs]
x, r = sp.symbols("x r", real=True)


@pytest.fixture(autouse=True)
def _wide():
    with jax.enable_x64(True):
        yield


def generic(program, seed):
    """Arguments within a factor of 2 of 1, of which w is possible."""
    rng = np.random.default_rng(seed)
    point = {str(a): float(2 ** rng.uniform(-1, 1)) for a in program.arguments}
    for w, dy2 in (("w", "dy2"), ("w_0", "dy2_0")):
        if w in point and dy2 in point:
            bound = np.sqrt(point[dy2] * point.get("dy2_target", 1.0))
            point[w] = point[dy2] - float(rng.uniform(-0.9, 0.9)) * bound
    return tuple(point.values())


@cache
def torch_gradients(theory, what):
    """The derivatives of each result by each argument, 0 where a result does not depend on it."""
    function = compile(theory, what, "torch")

    def gradients(*point):
        tensors = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in point]
        return np.array([_gradient(result, tensors) for result in function(*tensors)])

    return gradients


def _gradient(result, tensors):
    if not result.requires_grad:
        return [0.0] * len(tensors)
    found = torch.autograd.grad(result, tensors, retain_graph=True, allow_unused=True)
    return [0.0 if g is None else g.item() for g in found]


@cache
def jax_gradients(theory, what):
    """The same in JAX."""
    function = compile(theory, what, "jax")
    every = tuple(range(len(function.arguments)))
    gradients = jax.jit(jax.jacrev(lambda *a: jax.numpy.stack(function(*a)), argnums=every))
    return lambda *point: np.transpose(gradients(*point))


GRADIENTS = {"torch": torch_gradients, "jax": jax_gradients}


@pytest.mark.parametrize(("theory", "what"), PROGRAMS)
def test_torch_passes_gradcheck(theory, what) -> None:
    function = compile(theory, what, "torch")

    def moving(*tensors):
        """The results that depend on anything and are finite, which is what gradcheck can be asked about."""
        return tuple(result + 0 for result in function(*tensors) if result.requires_grad and result.isfinite())

    for seed in range(2):
        point = generic(theories()[theory].programs[what], seed)
        tensors = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in point]
        assert torch.autograd.gradcheck(moving, tensors)
        assert torch.autograd.gradgradcheck(moving, tensors)


@pytest.mark.parametrize(("theory", "what"), PROGRAMS)
def test_derivatives_in_torch_are_those_of_the_program(theory, what) -> None:
    program = theories()[theory].programs[what]
    derived = compile_program("derived", program.jacobian(program.arguments))
    point = generic(program, seed=2)
    found = derived(*point)
    finite = np.isfinite(found[: len(program.results)])
    expected = np.array(found[len(program.results) :]).reshape(len(program.results), -1)
    np.testing.assert_allclose(torch_gradients(theory, what)(*point)[finite], expected[finite], rtol=1e-9, atol=1e-12)


LIMITING = {
    "generic": (1.3, 0.7, 0.4, 0.1, 1.2, 0.5, 0.8, 0.6),
    "balanced": (1.3, 1.0, 1.0, 0.4, 1.0, 0.5, 1.0, 1.0),
    "outputs alike": (1.3, 0.7, 0.0, 0.0, 1.2, 0.5, 0.8, 0.6),
    "agreeing, kept apart": (1.3, 1.5, 0.4, 0.4, 1.2, 0.0, 0.8, 0.6),
    "agreeing, collapsing": (1.3, 0.3, 0.4, 0.4, 1.2, 0.0, 0.8, 0.6),
    "agreeing, balanced": (1.3, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0),
    "agreeing, balanced, early": (1e-3, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0),
    "agreeing, balanced but for rounding": (1.3, 1.0, 1.0 + 1e-15, 1.0 + 1e-15, 1.0, 0.0, 1.0, 1.0),
    "agreeing, outputs alike": (1.3, 0.7, 0.0, 0.0, 1.2, 0.0, 0.8, 0.6),
    "agreeing but for rounding": (1.3, 1.5, 1.0, 1.0 - 1e-16, 1.0, 1e-32, 1.0, 1.0),
    "agreeing but for little": (5.0, 0.3, 1.0, 1.0 + 2**-34, 1.0, 2.0**-68, 1.0, 1.0),
    "aligned": (1.3, 0.7, 0.5, 0.0, 1.2, 0.5, 0.8, 0.6),
    "opposite, through zero": (4.0, 0.7, 0.5, 1.0, 1.2, 0.5, 0.8, 0.6),
    "opposite, learnt half": (2.97, 0.7, 0.5, 1.0, 1.2, 0.5, 0.8, 0.6),
    "opposite, of a strong decoder": (1.3, 0.3, 0.5, 1.0, 1.2, 0.5, 0.8, 0.6),
    "start": (0.0, 0.7, 0.4, 0.1, 1.2, 0.5, 0.8, 0.6),
    "start, agreeing and balanced": (0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0),
    "late": (60.0, 0.7, 0.4, 0.1, 1.2, 0.5, 0.8, 0.6),
    "late, agreeing, kept apart": (60.0, 1.5, 0.4, 0.4, 1.2, 0.0, 0.8, 0.6),
    "late, agreeing, collapsing": (60.0, 0.3, 0.4, 0.4, 1.2, 0.0, 0.8, 0.6),
}
"""t, dh2, dy2, w, dx2, dy2_target, rate_h, rate_y where a root vanishes, something is divided by 0, or nothing is."""


@cache
def expected_at(case):
    """The derivatives of each scalar by each argument."""
    point = LIMITING[case]
    return np.array([exact_derivative(point, i) for i in range(len(point))], dtype=float).T


@cache
def symbolic_gradients(theory, what):
    program = theories()[theory].programs[what]
    derived = compile_program("derived", program.jacobian(program.arguments))
    return lambda *point: np.reshape(derived(*point)[len(program.results) :], (len(program.results), -1))


@pytest.mark.parametrize("way", ["symbolic", "torch", "jax"])
def test_the_solution_has_its_derivatives_by_every_argument_at_every_limit(way) -> None:
    gradients = {**GRADIENTS, "symbolic": symbolic_gradients}[way]("two_point", "solution")
    for case, point in LIMITING.items():
        np.testing.assert_allclose(gradients(*point), expected_at(case), rtol=1e-9, atol=1e-12, err_msg=case)


def test_a_limit_does_not_leak_into_the_rest_of_a_batch() -> None:
    columns = np.transpose(list(LIMITING.values()))
    expected = np.array([expected_at(case) for case in LIMITING])
    tensors = [torch.tensor(x, requires_grad=True) for x in columns]
    results = compile("two_point", "solution", "torch")(*tensors)
    found = [torch.stack(torch.autograd.grad(x.sum(), tensors, retain_graph=True)).numpy() for x in results]
    np.testing.assert_allclose(np.transpose(found, (2, 0, 1)), expected, rtol=1e-9, atol=1e-12)
    function = compile("two_point", "solution", "jax")
    slopes = jax.jit(jax.vmap(jax.jacfwd(lambda *a: jax.numpy.stack(function(*a)), argnums=tuple(range(8)))))
    np.testing.assert_allclose(np.transpose(slopes(*columns), (1, 2, 0)), expected, rtol=1e-9, atol=1e-12)


def test_a_shared_argument_collects_the_derivatives_of_a_batch() -> None:
    """Times from the start on, of one pair that agrees and is balanced: the usual call."""
    times, (_, *point) = [0.0, 1e-3, 1.3, 60.0], LIMITING["agreeing, balanced"]
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    dh2, *_ = compile("two_point", "solution", "torch")(torch.tensor(times, dtype=torch.float64), *tensors)
    found = torch.stack(torch.autograd.grad(dh2.sum(), tensors))
    expected = [sum(exact_derivative((t, *point), i)[0] for t in times) for i in range(1, 8)]
    np.testing.assert_allclose(found, np.array(expected, dtype=float), rtol=1e-9, atol=1e-12)


def test_second_derivatives_exist_at_every_limit() -> None:
    """Of dh2, symmetric, and by two arguments those of the first derivatives."""
    function = compile("two_point", "solution", "torch")
    for case, point in LIMITING.items():
        tensors = tuple(torch.tensor(x, dtype=torch.float64) for x in point)
        found = np.array(torch.autograd.functional.hessian(lambda *a: function(*a)[0], tensors))
        assert np.isfinite(found).all(), case
        np.testing.assert_allclose(found, found.T, rtol=1e-6, atol=1e-8, err_msg=case)
    function = compile("two_point", "solution", "jax")
    by_target = jax.jit(jax.grad(jax.grad(lambda *a: function(*a)[0], argnums=5), argnums=5))
    with mp.workdps(40):
        for case in ("agreeing, kept apart", "agreeing, collapsing", "agreeing, balanced"):
            point, step = LIMITING[case], mp.mpf(10) ** -12
            ends = [exact_derivative((*point[:5], x, *point[6:]), 5)[0] for x in (step, mp.mpf(0))]
            assert float(by_target(*point)) == pytest.approx(float((ends[0] - ends[1]) / step), rel=1e-6), case


@pytest.mark.parametrize("way", ["symbolic", "torch", "jax"])
@pytest.mark.parametrize("theory", ["two_point", "scalar_output"])
def test_the_last_derivatives_are_those_of_the_end(way, theory) -> None:
    """Where no exponential is left, and nothing overflows on the way."""
    ways = {**GRADIENTS, "symbolic": symbolic_gradients}
    solution, final = (ways[way](theory, what) for what in ("solution", "final"))
    single = [0.0] * (theory == "scalar_output")
    for case in ("balanced", "agreeing, kept apart", "opposite, through zero"):
        _, *point = LIMITING[case]
        if theory == "scalar_output" and case == "balanced":
            point[2] = 1.0 - 0.5**0.5
        end = final(*point, *single)[0]
        for t in (1e6, 1e12, 1e100 if way == "symbolic" else 1e300):
            dh2, dy2, w = solution(t, *point, *single)
            np.testing.assert_allclose(dh2, [0.0, *end], rtol=1e-9, atol=1e-12, err_msg=f"{case} {t}")
            np.testing.assert_allclose(dy2, np.arange(len(dy2)) == 5, rtol=1e-9, atol=1e-12, err_msg=f"{case} {t}")
            np.testing.assert_allclose(w, np.zeros(len(w)), atol=1e-12, err_msg=f"{case} {t}")


def test_collapsed_and_merging_pairs_have_derivatives_at_all_times() -> None:
    for case in ("agreeing, collapsing", "agreeing, outputs alike", "outputs alike"):
        for t in (1e6, 1e300):
            assert np.isfinite(torch_gradients("two_point", "solution")(t, *LIMITING[case][1:])).all(), (case, t)


@settings(max_examples=25)
@given(problem=all_pairs, duration=durations, agreement=st.one_of(st.just(1.0), spread(-300, 0)))
def test_derivatives_everywhere_are_those_of_the_exact_flow(problem, duration, agreement) -> None:
    """Of any pair, and of one whose targets nearly agree; by each argument in units of its own size."""
    start, pair, rates = problem
    w = start.dy2 - (start.dy2 - start.w) * np.sqrt(agreement)
    point = (duration * problem.relaxation, start.dh2, start.dy2, w, pair.dx2, pair.dy2 * agreement, rates.h, rates.y)
    expected = np.array([exact_derivative(point, i) for i in range(8)], dtype=float).T
    scales = np.array([max(point[0], 1e-6 * problem.relaxation), start.dh2, 1.0, 1.0, pair.dx2, 1.0, rates.h, rates.y])
    error = np.abs(torch_gradients("two_point", "solution")(*point) - expected) * scales
    size = np.abs(expected * scales).max(axis=1, keepdims=True)
    assert (error <= 1e-8 * np.abs(expected * scales) + 1e-11 * size).all(), error / size


ENDS = {
    "kept apart": (1.5, 0.4, 0.4, 1.2, 0.0, 0.8, 0.6),
    "collapsing": (0.3, 0.4, 0.4, 1.2, 0.0, 0.8, 0.6),
    "outputs alike": (0.7, 0.0, 0.0, 1.2, 0.0, 0.8, 0.6),
    "balanced": (1.0, 1.0, 0.4, 1.0, 0.5, 1.0, 1.0),
}


@pytest.mark.parametrize("way", ["torch", "jax"])
@pytest.mark.parametrize("theory", ["two_point", "scalar_output"])
def test_the_end_has_its_derivatives(way, theory) -> None:
    """THEORY: A_high/2 + sqrt(A_high^2/4 + A_low^2)."""
    for case, point in ENDS.items():
        found = GRADIENTS[way](theory, "final")(*point, *[0.0] * (theory == "scalar_output"))[0, :7]
        with mp.workdps(80):
            here, step = [mp.mpf(x) for i, x in enumerate(point) if i != 2], mp.mpf(10) ** -40
            end = printed_theory.final_distance(*here)
            up = [printed_theory.final_distance(*here[:i], x + step, *here[i + 1 :]) for i, x in enumerate(here)]
            expected = np.insert(np.array([(x - end) / step for x in up], dtype=float), 2, 0.0)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-14, err_msg=case)


def test_the_end_of_an_agreeing_balanced_pair_rises_infinitely_fast_with_the_targets() -> None:
    """It is A_low there, a root of dy2_target, and half of A_high + |A_high|, which has a kink."""
    found = torch_gradients("two_point", "final")(1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0)[0]
    assert found[4] == np.inf
    assert found[2] == 0


@pytest.mark.parametrize("way", ["torch", "jax"])
def test_moments_have_their_derivatives_where_outputs_are_alike(way) -> None:
    program = two_point().moments
    point = (0.7, 0.0, 0.0, 1.2, 0.5, 0.8, 0.6)
    with mp.workdps(80):
        function, step = exactly(program), mp.mpf(10) ** -40
        here = function(*point)
        moved = [function(*point[:i], mp.mpf(x) + step, *point[i + 1 :]) for i, x in enumerate(point)]
        expected = np.array([[(up[k] - here[k]) / step for up in moved] for k in (0, 2)], dtype=float)
    np.testing.assert_allclose(GRADIENTS[way]("two_point", "moments")(*point)[[0, 2]], expected, rtol=1e-9, atol=1e-13)


def test_moments_of_agreeing_pairs_have_no_derivative_that_is_not_a_number() -> None:
    for point in ENDS.values():
        assert not np.isnan(torch_gradients("two_point", "moments")(*point)).any()
    assert not np.isnan(torch_gradients("two_point", "moments")(1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0)).any()


SINGLE = {
    "generic": (1.3, 0.7, 0.5, 0.6, 1.2, 0.8, 0.6, 0.2),
    "agreeing": (1.3, 1.5, 0.6, 0.0, 1.2, 0.8, 0.6, 0.2),
    "agreeing, parallel": (1.3, 0.3, 0.6, 0.0, 1.2, 0.8, 0.6, 0.0),
    "agreeing, parallel, balanced": (1.3, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0),
    "agreeing, opposite sign": (1.3, 1.0, -1.0, 0.0, 1.0, 1.0, 1.0, 0.1),
    "outputs alike": (1.3, 0.7, 0.0, 0.6, 1.2, 0.8, 0.6, 0.2),
    "outputs alike, parallel": (1.3, 0.7, 0.0, 0.6, 1.2, 0.8, 0.6, 0.0),
    "nothing to learn": (1.3, 0.7, 0.0, 0.0, 1.2, 0.8, 0.6, 0.0),
    "the wrong way": (1.3, 0.7, -0.5, 0.6, 1.2, 0.8, 0.6, 0.0),
}
"""t, dh2, f, |dy*|, dx2, rate_h, rate_y, gram of a single output."""


def single_output(t, dh2, f, target, dx2, rate_h, rate_y, gram):
    """dh2, dy2 and w by an integrator that takes complex numbers."""

    def flow(_, state):
        a, b, output = state
        e = output - target
        p, r = dx2 * rate_h, rate_y
        return t * np.array([-p * output * e, -r * output * e, -(p * b + r * a) * e / 2])

    begun = np.array([dh2, (f * f + gram) / dh2, f], dtype=complex)
    a, _, end = solve_ivp(flow, (0, 1), begun, "DOP853", rtol=1e-13, atol=1e-16).y[:, -1]
    return np.array([a, end * end, end * (end - target)])


@pytest.mark.parametrize("way", ["torch", "jax"])
def test_a_single_output_has_its_derivatives_where_targets_or_outputs_agree(way) -> None:
    """By what can be moved without leaving what a single output allows: f and |dy*|, not their squares and w alone."""
    gradients = GRADIENTS[way]("scalar_output", "solution")
    for case, point in SINGLE.items():
        t, dh2, f, target, *rest = point
        found = gradients(t, dh2, f * f, f * (f - target), rest[0], target**2, *rest[1:])
        by_f = 2 * f * found[:, 2] + (2 * f - target) * found[:, 3]
        by_target = 2 * target * found[:, 5] - f * found[:, 3]
        moved = np.stack([*found[:, :2].T, by_f, by_target, found[:, 4], *found[:, 6:].T], axis=1)
        steps = 1e-30j * np.eye(len(point))
        expected = np.transpose([single_output(*(np.array(point) + step)).imag / 1e-30 for step in steps])
        np.testing.assert_allclose(moved, expected, rtol=1e-8, atol=1e-10, err_msg=case)
        assert np.isfinite(found).all(), case


ROOT = sp.Piecewise((0, sp.Eq(x, 0)), (sp.sqrt(x) + 1 / x, x >= 0), (sp.log(-x), True))
LIMITS = [
    (exprel(x), 0.0, 1 / 2, 1 / 3),
    (exprel_prime(x), 0.0, 1 / 3, 1 / 4),
    (exprel(x), 1.0, 1.0, np.e - 2),
    (exprel(x), -1.0, 1 - 2 / np.e, 2 - 5 / np.e),
    (quotient(2, x), 0.0, 0.0, 0.0),
    (quotient(x, 4), 0.0, 0.25, 0.0),
    (quotient(x, x), 0.0, 0.0, 0.0),
    (hypot(x, 2 * x), 0.0, 0.0, 0.0),
    (hypot(x, 3), 0.0, 0.0, 1 / 3),
    (sp.Abs(x), 0.0, 1.0, 0.0),
    (nonnegative(x) ** 2 + nonnegative(2 * x), -1e-20, 2.0, 2.0),
    (sp.Max(x, 2), 1.0, 0.0, 0.0),
    (ROOT, 0.0, 0.0, 0.0),
    (ROOT, -2.0, -0.5, -0.25),
    (ROOT, 4.0, 0.25 - 1 / 16, -1 / 32 + 1 / 32),
    (sp.Piecewise((sp.sqrt(sp.Piecewise((x, x > 0), (1 / x, True))), x > 0), (x**2, True)), 0.0, 0.0, 2.0),
]
"""A function of x, a point, and the first and second derivative there."""


@pytest.mark.parametrize(("expr", "point", "first", "second"), LIMITS)
def test_first_and_second_derivatives_in_torch_are_finite_and_right(expr, point, first, second) -> None:
    function = compile_program("f", Program((x,), {}, {r: expr}), "torch")
    tensor = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    (once,) = torch.autograd.grad(function(tensor)[0], tensor, create_graph=True)
    (twice,) = torch.autograd.grad(once, tensor, allow_unused=True) if once.requires_grad else (None,)
    np.testing.assert_allclose([once.item(), 0.0 if twice is None else twice.item()], [first, second], atol=1e-14)


def test_first_and_second_derivatives_in_jax_are_finite_and_right() -> None:
    functions = [compile_program("f", Program((x,), {}, {r: expr}), "jax") for expr, *_ in LIMITS]

    def derivatives(function, point):
        def value(v):
            return function(v)[0]

        return jax.grad(value)(point), jax.jacfwd(value)(point), jax.grad(jax.grad(value))(point)

    points = [point for _, point, _, _ in LIMITS]
    found = jax.jit(lambda *a: [derivatives(f, v) for f, v in zip(functions, a, strict=True)])(*points)
    for (expr, point, first, second), row in zip(LIMITS, found, strict=True):
        np.testing.assert_allclose(row, [first, first, second], atol=1e-14, err_msg=f"{expr} at {point}")


@pytest.mark.parametrize("sign", [1, -1])
def test_the_second_derivative_of_exprel_is_accurate(sign) -> None:
    """It comes out of differentiation, in torch and in JAX."""
    values = sign * np.geomspace(1e-9, 600, 60)
    with mp.workdps(40):
        exact = np.array([mp.hyp1f1(3, 4, v) / 3 for v in values], dtype=float)
    program = Program((x,), {}, {r: exprel(x)})
    tensor = torch.tensor(values, requires_grad=True)
    (once,) = torch.autograd.grad(compile_program("f", program, "torch")(tensor)[0].sum(), tensor, create_graph=True)
    (twice,) = torch.autograd.grad(once.sum(), tensor)
    np.testing.assert_allclose(twice, exact, rtol=1e-12)
    function = compile_program("f", program, "jax")
    np.testing.assert_allclose(
        jax.jit(jax.vmap(jax.grad(jax.grad(lambda v: function(v)[0]))))(values), exact, rtol=1e-12
    )


POINT = generic(two_point().solution, seed=3)


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_torch_keeps_the_precision_of_its_tensors(name) -> None:
    function, dtype = compile("two_point", "solution", "torch"), getattr(torch, name)
    (_, *others), exact = POINT, compile("two_point")(*POINT)
    results = function(torch.tensor(POINT[0], dtype=dtype), *others)
    assert {result.dtype for result in results} == {dtype}
    np.testing.assert_allclose(results, exact, rtol=100 * torch.finfo(dtype).eps)
    assert function(torch.arange(3), *others)[0].dtype == torch.get_default_dtype()
    assert function(torch.tensor(1, dtype=dtype), torch.tensor(1), *others[1:])[0].dtype == dtype


def test_jax_has_the_precision_that_is_switched_on() -> None:
    function, exact = jax.jit(compile("two_point", "solution", "jax")), compile("two_point")(*POINT)
    assert {result.dtype.name for result in function(*POINT)} == {"float64"}
    np.testing.assert_allclose(function(*POINT), exact, rtol=1e-12)
    with jax.enable_x64(False):
        assert {result.dtype.name for result in function(*POINT)} == {"float32"}
        np.testing.assert_allclose(function(*POINT), exact, rtol=1e-5)
    rates, single = compile("two_point", "rhs", "jax"), jax.numpy.float32(POINT)
    assert {result.dtype.name for result in rates(*single)} == {"float32"}
    assert {result.dtype.name for result in rates(*single[:-1], 1.0)} == {"float32"}


def test_jax_transforms_go_through() -> None:
    function, t = compile("two_point", "solution", "jax"), np.linspace(0.0, 5.0, 7)
    expected = np.array(compile("two_point")(t, *POINT[1:]))
    together = jax.jit(jax.vmap(function, in_axes=(0, *[None] * 7)))
    np.testing.assert_allclose(together(t, *POINT[1:]), expected, rtol=1e-12)
    slope = jax.jit(jax.vmap(jax.grad(lambda *a: function(*a)[0]), in_axes=(0, *[None] * 7)))
    rates = compile("two_point", "rhs")(t, *expected, *POINT[4:])
    np.testing.assert_allclose(slope(t, *POINT[1:]), rates[0], rtol=1e-10)


def test_torch_transforms_go_through() -> None:
    function, t = compile("two_point", "solution", "torch"), torch.linspace(0.0, 5.0, 7, dtype=torch.float64)
    expected = np.array(compile("two_point")(t.numpy(), *POINT[1:]))
    slope = torch.func.vmap(torch.func.grad(lambda *a: function(*a)[0]), in_dims=(0, *[None] * 7))
    rates = compile("two_point", "rhs")(t.numpy(), *expected, *POINT[4:])
    np.testing.assert_allclose(slope(t, *POINT[1:]), rates[0], rtol=1e-10)


def test_without_area_the_gradients_of_a_single_output_are_those_of_the_ansatz() -> None:
    """At outputs that are the same at the start, the usual one, where |b| = 0."""
    point = (100.0, 0.1, 0.0, 0.0, 1.0, 0.5, 1e-2, 1e-2)
    wide, narrow = (
        torch_gradients("scalar_output", "solution")(*point, 0.0),
        torch_gradients("two_point", "solution")(*point),
    )
    smooth = [0, 1, 4, 5, 6, 7]  # all but dy2_0 and w_0: one of them alone leaves what a single output allows
    np.testing.assert_allclose(wide[:, smooth], narrow[:, smooth], rtol=1e-9, atol=1e-12)
