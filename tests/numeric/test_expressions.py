"""Each function that a program may call, alone, in every language: at 0, next to 0, and far away."""

from functools import cache

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from accuracy import allowed, sensitivities
from back_ends import CALLED, evaluate
from exact_programs import exactly
from repdyn.numeric import compile_program
from repdyn.symbolic import Program
from repdyn.symbolic.functions import exprel, exprel_prime, hypot, logrel, logrel_prime, quotient

x, y = sp.symbols("x y", real=True)
positive = sp.Abs(x) + sp.Rational(1, 1000)

EXPRESSIONS = {
    "powers": (
        x**2,
        x**3,
        1 / positive,
        positive**-2,
        positive ** sp.Rational(1, 3),
        1 / sp.sqrt(positive),
        positive**y,
    ),
    "signs": (-(x**2), (-x) ** 3, 2 - (x - y), x / (positive * hypot(x, 1)), -(x + y) / 3, positive ** (-y)),
    "exponentials": (sp.exp(x), sp.log(positive), sp.sinh(x), sp.cosh(x), sp.tanh(x), sp.asinh(x)),
    "sizes": (sp.Abs(x), sp.sign(x), sp.Min(x, y), sp.Max(x, y, 2), sp.sqrt(sp.Abs(x)), sp.Heaviside(x)),
    "accurate": (
        exprel(x),
        exprel_prime(x),
        logrel(sp.Abs(x)),
        logrel_prime(sp.Abs(x)),
        hypot(x, y),
        quotient(x, y),
        quotient(1, y),
        hypot(3, y),
    ),
    "derivatives": (
        *(exprel(x).diff(x, n) for n in (2, 3, 4)),
        *(logrel(sp.Symbol("z")).diff("z", n).subs("z", sp.Abs(x)) for n in (2, 3, 4)),
    ),
    "numbers": (x / 3, sp.pi * x, sp.sqrt(2) * x, x + sp.Float("0.1"), x * 10**20, x + sp.exp(1), sp.Rational(1, 3)),
    "constants": (exprel(sp.S.Zero), quotient(sp.S.One, sp.S(3)), hypot(3, 4), sp.S(7), sp.log(2), sp.Max(2, sp.pi)),
    "choices": (
        sp.Piecewise((1, x > 0), (sp.Rational(1, 3), True)),
        sp.Piecewise((sp.log(x), x > 1), (sp.sqrt(-x), x < 0), (x**2, True)),
        sp.Piecewise((0, sp.Eq(x, 0)), (1 / x, True)) + sp.Piecewise((sp.oo, x > 10**6), (0, True)),
        sp.Piecewise((x, (x > 0) & (y > 0) | (x < -1)), (y, ~((x > 2) | (y > 2))), (2, True)),
        1 / (1 + sp.Piecewise((x, x > 0), (-x, True))),
        sp.Piecewise((sp.Piecewise((sp.sqrt(y), y > 0), (1 / y, y < 0), (5, True)), x > 0), (sp.log(2 - x), True)),
    ),
}
HUGE = 10**400
CONSTANTS = (
    (sp.Rational(HUGE + 1, 3 * HUGE), lambda: mp.mpf(1) / 3),
    (sp.Rational(10**5000 + 1, 7 - 10**5000), lambda: mp.mpf(-1)),
    (sp.Rational(1, 10**300), lambda: mp.mpf(10) ** -300),
    (sp.Integer(10**300), lambda: mp.mpf(10) ** 300),
    (sp.Integer(2**53 + 1), lambda: mp.mpf(2**53 + 1)),
    (sp.Float("3e-300"), lambda: 3 * mp.mpf(10) ** -300),
    (sp.exp(1000) / 2**1440, lambda: mp.exp(1000) / mp.mpf(2) ** 1440),
    (sp.exp(-1000) * HUGE, lambda: mp.exp(-1000) * mp.mpf(10) ** 400),
    (sp.sqrt(HUGE + 1) / 10**199, lambda: mp.mpf(10)),
    (sp.log(sp.Rational(2, 3)), lambda: mp.log(mp.mpf(2) / 3)),
    (sp.log(1 + sp.Rational(1, 10**40)), lambda: mp.log1p(mp.mpf(10) ** -40)),
    (sp.sqrt(2) + sp.sqrt(3) - sp.sqrt(5 + 2 * sp.sqrt(6)), lambda: mp.mpf(0)),
    (exprel(sp.Float(1e-30)), lambda: mp.mpf(1)),
    (exprel_prime(sp.Float(1e-30)), lambda: mp.mpf(1) / 2),
    (exprel_prime(sp.Rational(1, 10**300)), lambda: mp.mpf(1) / 2),
    (logrel_prime(sp.Float(-1e-20)), lambda: -mp.mpf(1) / 2),
    (logrel_prime(sp.Rational(1, 10**300)), lambda: -mp.mpf(1) / 2),
    (quotient(sp.Float("1e400"), sp.Float("4e399")), lambda: mp.mpf(5) / 2),
    (hypot(sp.exp(-400), sp.exp(-400)), lambda: mp.sqrt(2) * mp.exp(-400)),
    (sp.oo, lambda: mp.inf),
    (-sp.oo, lambda: -mp.inf),
)
"""Numbers that 64 bits hold, of which some are made of numbers that they do not, and their values."""

SIZES = (0.0, 1e-100, 1e-9, 0.3, np.nextafter(1, 0), 1.0, 1.7, 40.0, 600.0)
POINTS = [(a * s, b) for a in SIZES for s in (1, -1) for b in (0.0, -2.5, 3.0)]


@cache
def known(kind):
    """A program of the functions, and at each point its exact results and their sensitivities."""
    program = Program((x, y), {}, {sp.Symbol(f"r{i}"): expr for i, expr in enumerate(EXPRESSIONS[kind])})
    exact = exactly(program)
    with mp.workdps(50):
        return program, [sensitivities(exact, point) for point in POINTS]


@pytest.mark.parametrize("backend", CALLED)
@pytest.mark.parametrize("kind", EXPRESSIONS)
def test_each_function_is_accurate(kind, backend, tmp_path) -> None:
    expressions, (program, at_points) = EXPRESSIONS[kind], known(kind)
    rows = np.transpose(evaluate(compile_program(kind, program, backend), np.transpose(POINTS), tmp_path))
    compared = 0
    with mp.workdps(50):
        for point, row, (values, changes) in zip(POINTS, rows, at_points, strict=True):
            for expr, found, value, size, change in zip(
                expressions, row, values, values[len(row) :], changes, strict=False
            ):
                if mp.isinf(value) or abs(value) > 1e300:
                    continue
                assert abs(mp.mpf(float(found)) - value) <= allowed(size, change), (expr, point)
                compared += 1
    assert compared > 0.9 * len(POINTS) * len(expressions)


@pytest.mark.parametrize("backend", CALLED)
def test_a_constant_is_the_nearest_number_of_64_bits(backend, tmp_path) -> None:
    uses = {f"{use}{i}": expr for i, (c, _) in enumerate(CONSTANTS) for use, expr in _uses(c).items()}
    program = Program((x, y), {}, {sp.Symbol(name): expr for name, expr in uses.items()})
    function = compile_program("constants", program, backend)
    results = iter(evaluate(function, [[3.0], [2.0]], tmp_path))
    with mp.workdps(50):
        for constant, value in CONSTANTS:
            for use, found, exact in zip(_uses(constant), results, _used(value()), strict=False):
                same = (
                    found[0] == exact if mp.isinf(exact) else abs(mp.mpf(float(found[0])) - exact) <= 1e-15 * abs(exact)
                )
                assert same, (constant.evalf(6), use, found)


def _uses(constant) -> dict[str, sp.Expr]:
    return {
        "alone": constant,
        "factor": constant * x / 7,
        "minus": -constant * x,
        "sum": x - constant,
        "terms": sp.Add(HUGE, constant, x, -HUGE, evaluate=False),
        "factors": sp.Mul(HUGE, constant, x, sp.Rational(1, HUGE), evaluate=False),
        "bound": sp.Piecewise((constant, x > constant), (x, True)),
    }


def _used(value):
    return value, value * 3 / 7, -value * 3, 3 - value, 3 + value, value * 3, min(value, mp.mpf(3))


@pytest.mark.parametrize("backend", CALLED)
def test_a_negative_constant_keeps_its_sign_under_a_power(backend, tmp_path) -> None:
    negative = sp.log(sp.Rational(2, 3))
    results = {sp.Symbol("base"): negative**x, sp.Symbol("exponent"): y**negative, sp.Symbol("half"): (-sp.S.Half) ** x}
    function = compile_program("f", Program((x, y), {}, results), backend)
    found = evaluate(function, [[2.0], [3.0]], tmp_path)
    value = np.log(2 / 3)
    np.testing.assert_allclose(np.ravel(found), [value**2, 3**value, 0.25], rtol=1e-14)
