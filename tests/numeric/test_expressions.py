"""Each function that a program may call, alone, in every language: at 0, next to 0, and far away."""

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from accuracy import allowed, sensitivities
from back_ends import CALLED, evaluate
from exact_programs import exactly
from repdyn.numeric import compile_program
from repdyn.symbolic import Program
from repdyn.symbolic.functions import exprel, exprel_prime, hypot, logrel, quotient

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
        hypot(x, y),
        quotient(x, y),
        quotient(1, y),
        hypot(3, y),
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
SIZES = (0.0, 1e-100, 1e-9, 0.3, np.nextafter(1, 0), 1.0, 1.7, 40.0, 600.0)
POINTS = [(a * s, b) for a in SIZES for s in (1, -1) for b in (0.0, -2.5, 3.0)]


@pytest.mark.parametrize("backend", CALLED)
@pytest.mark.parametrize("kind", EXPRESSIONS)
def test_each_function_is_accurate(kind, backend, tmp_path) -> None:
    expressions = EXPRESSIONS[kind]
    program = Program((x, y), {}, {sp.Symbol(f"r{i}"): expr for i, expr in enumerate(expressions)})
    function, exact = compile_program(kind, program, backend), exactly(program)
    compared = 0
    with mp.workdps(50):
        for point, row in zip(POINTS, np.transpose(evaluate(function, np.transpose(POINTS), tmp_path)), strict=True):
            values, changes = sensitivities(exact, point)
            for expr, found, value, size, change in zip(
                expressions, row, values, values[len(row) :], changes, strict=False
            ):
                if mp.isinf(value) or abs(value) > 1e300:
                    continue
                assert abs(mp.mpf(float(found)) - value) <= allowed(size, change), (expr, point)
                compared += 1
    assert compared > 0.9 * len(POINTS) * len(expressions)
