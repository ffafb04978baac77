"""Derivatives through the functions for PyTorch and JAX: everywhere, and where a formula divides 0 by 0."""

import jax
import mpmath as mp
import numpy as np
import pytest
import sympy as sp
import torch
from exact_flow import exact_flow
from repdyn.numeric import compile, compile_program
from repdyn.symbolic import Program, theories, two_point
from repdyn.symbolic.functions import exprel, exprel_prime, hypot, quotient

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


SPECIAL = {
    "generic": (1.3, 0.7, 0.4, 0.1, 1.2, 0.5, 0.8, 0.6),
    "balanced": (1.3, 1.0, 1.0, 0.4, 1.0, 0.5, 1.0, 1.0),
    "decoder at zero": (1.3, 0.7, 0.0, 0.0, 1.2, 0.5, 0.8, 0.6),
    "agreeing": (1.3, 0.7, 0.4, 0.4, 1.2, 0.0, 0.8, 0.6),
    "agreeing, decoder at zero": (1.3, 0.7, 0.0, 0.0, 1.2, 0.0, 0.8, 0.6),
    "start": (0.0, 0.7, 0.4, 0.1, 1.2, 0.5, 0.8, 0.6),
}
"""t, dh2, dy2, w, dx2, dy2_target, rate_h, rate_y: no formula of the solution is regular in all of them."""

REGULAR = 1, 4, 6, 7
"""By dh2, dx2, rate_h and rate_y a problem can be moved to both sides, wherever it is."""


def by_differences(point, i):
    """The derivatives of the exact flow by one of its arguments."""
    with mp.workdps(40):
        step = mp.mpf(10) ** -12
        ends = [exact_flow(*point[:i], point[i] + sign * step, *point[i + 1 :])[:3] for sign in (1, -1)]
        return [float((up - down) / (2 * step)) for up, down in zip(*ends, strict=True)]


def symbolic_gradients(theory, what):
    program = theories()[theory].programs[what]
    derived = compile_program("derived", program.jacobian(tuple(program.arguments[i] for i in REGULAR)))
    return lambda *point: np.reshape(derived(*point)[len(program.results) :], (len(program.results), -1))


@pytest.mark.parametrize("way", ["symbolic", "torch", "jax"])
def test_the_solution_has_its_derivatives_where_a_formula_has_none(way) -> None:
    gradients = {**GRADIENTS, "symbolic": symbolic_gradients}[way]("two_point", "solution")
    for case, point in SPECIAL.items():
        expected = np.transpose([by_differences(point, i) for i in REGULAR])
        found = gradients(*point) if way == "symbolic" else gradients(*point)[:, REGULAR]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=case)


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
    smooth = [0, 1, 4, 6, 7]  # all but dy2_0 and w_0, where the start has a kink, and dy2_target
    np.testing.assert_allclose(wide[:, smooth], narrow[:, smooth], rtol=1e-9, atol=1e-12)
