"""Straight-line programs: what they expand to, and their derivatives, against plain differentiation."""

import mpmath as mp
import pytest
import sympy as sp
from exact_numbers import CLOSE, DIGITS, function, random_arguments
from repdyn.symbolic import Program, two_point
from repdyn.symbolic.functions import elementary, exprel, hypot, quotient

x, y, a, b, c, r, q = sp.symbols("x y a b c r q", positive=True)
PROGRAMS = {
    "no definitions": Program((x, y), {}, {r: x**2 * y, q: x + 1}),
    "a chain": Program((x, y), {a: x * y, b: sp.sin(a) + x, c: a * b}, {r: c**2, q: a + b * y}),
    "a constant definition": Program((x, y), {a: sp.Integer(3), b: a * x}, {r: b * y}),
    "accurate functions": Program(
        (x, y), {a: hypot(x, y), b: exprel(-a * x), c: quotient(b, a) * exprel(x * y)}, {r: c * exprel(-a * x), q: a**2}
    ),
}


def test_expansion_puts_every_definition_in():
    assert PROGRAMS["a chain"].expand(c * y) == x * y**2 * (sp.sin(x * y) + x)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("variables", [(x,), (y,), (x, y), ()], ids=str)
def test_a_jacobian_has_the_derivatives_of_the_expanded_program(program, variables):
    jacobian = program.jacobian(variables)
    names = [sp.Symbol(f"{name}_{variable}", real=True) for name in program.results for variable in variables]
    assert list(jacobian.results) == [*program.results, *names]
    assert jacobian.arguments == program.arguments
    for name, result in program.results.items():
        whole = elementary(program.expand(result))
        assert sp.simplify(elementary(jacobian.expand(jacobian.results[name])) - whole) == 0
        for variable in variables:
            derivative = jacobian.results[sp.Symbol(f"{name}_{variable}", real=True)]
            assert sp.simplify(elementary(jacobian.expand(derivative)) - whole.diff(variable)) == 0


def test_a_definition_uses_only_what_is_defined_before_it():
    program = two_point().solution.jacobian(two_point().parameters)
    known = set(program.arguments)
    for name, expr in program.definitions.items():
        assert expr.free_symbols <= known, f"{name} uses {expr.free_symbols - known} too early"
        known.add(name)
    assert set().union(*(expr.free_symbols for expr in program.results.values())) <= known


def test_no_function_value_is_worked_out_twice():
    shared = PROGRAMS["accurate functions"].jacobian((x, y)).definitions.values()
    values = [expr for expr in shared if isinstance(expr, exprel | quotient | exprel(x).diff(x).func)]
    assert len(values) == len(set(values))


@pytest.mark.parametrize("seed", range(4))
def test_the_jacobian_of_the_solution(seed):
    """By both rates, at 50 digits, against difference quotients of the expanded solution."""
    theory = two_point()
    program = theory.solution.jacobian(theory.parameters[-2:])
    solution, derivatives = (
        function(theory.solution, *theory.solution.results.values()),
        function(program, *program.results.values()),
    )
    with mp.workdps(DIGITS):
        arguments = random_arguments(seed)
        found = derivatives(*arguments)
        assert found[:3] == pytest.approx(solution(*arguments))
        for i in range(3):
            for j in range(2):
                moved = mp.diff(
                    lambda rate, i=i, j=j: solution(*arguments[: 6 + j], rate, *arguments[7 + j :])[i], arguments[6 + j]
                )
                assert abs(found[3 + 2 * i + j] - moved) < CLOSE * (1 + abs(moved))
