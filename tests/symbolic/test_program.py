"""Straight-line programs: what they expand to, and their derivatives, against plain differentiation."""

import mpmath as mp
import pytest
import sympy as sp
from exact_numbers import CLOSE, DIGITS, function, random_arguments
from repdyn.symbolic import Program, two_point
from repdyn.symbolic.functions import elementary, exprel, hypot, quotient, regular

theory = two_point()
solution = function(theory.solution, *theory.solution.results.values())
by_rates = theory.solution.jacobian(theory.parameters[-2:])
jacobian = function(by_rates, *by_rates.results.values())

x, y, a, b, c, r, q = sp.symbols("x y a b c r q", positive=True)
PROGRAMS = {
    "no definitions": Program((x, y), {}, {r: x**2 * y, q: x + 1}),
    "a chain": Program((x, y), {a: x * y, b: sp.sin(a) + x, c: a * b}, {r: c**2, q: a + b * y}),
    "a constant definition": Program((x, y), {a: sp.Integer(3), b: a * x}, {r: b * y}),
    "accurate functions": Program(
        (x, y), {a: hypot(x, y), b: exprel(-a * x), c: quotient(b, a) * exprel(x * y)}, {r: c * exprel(-a * x), q: a**2}
    ),
}


def test_expansion_puts_every_definition_in() -> None:
    assert PROGRAMS["a chain"].expand(c * y) == x * y**2 * (sp.sin(x * y) + x)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("variables", [(x,), (y,), (x, y), ()], ids=str)
def test_a_jacobian_has_the_derivatives_of_the_expanded_program(program, variables) -> None:
    derived = program.jacobian(variables)
    names = [sp.Symbol(f"{name}_{variable}", real=True) for name in program.results for variable in variables]
    assert list(derived.results) == [*program.results, *names]
    assert derived.arguments == program.arguments
    for name, result in program.results.items():
        whole = elementary(program.expand(result))
        assert sp.simplify(elementary(derived.expand(derived.results[name])) - whole) == 0
        for variable in variables:
            derivative = derived.results[sp.Symbol(f"{name}_{variable}", real=True)]
            assert sp.simplify(elementary(derived.expand(derivative)) - whole.diff(variable)) == 0


FORMS = Program((x, y), {a: y * x, b: regular(a, 1 + a, sp.exp(a)), c: b**2}, {r: c})
"""exp(a), whose derivatives are those of 1 + a where a is small."""


def test_values_are_those_of_the_form_that_holds_everywhere() -> None:
    assert FORMS.evaluated() == Program((x, y), {a: x * y, b: sp.exp(a), c: b**2}, {r: c})


def test_derivatives_are_those_of_the_form_that_holds_there() -> None:
    chosen = FORMS.differentiable()
    assert list(map(str, chosen.definitions)) == ["a", "b_near", "b_far", "b", "c"]
    whole = chosen.expand(c)
    assert whole.subs({x: sp.Rational(1, 64), y: 1}) == sp.Rational(65, 64) ** 2
    assert whole.subs({x: 1, y: 1}) == sp.exp(2)
    (derivative,) = (value for name, value in FORMS.jacobian((x,)).results.items() if str(name) == "r_x")
    derived = FORMS.jacobian((x,)).expand(derivative)
    assert derived.subs({x: sp.Rational(1, 64), y: 1}) == sp.Rational(65, 32)
    assert sp.simplify(derived.subs({x: 1, y: 1}) - 2 * sp.exp(2)) == 0


def test_a_number_is_not_replaced_by_a_definition_of_the_same_value() -> None:
    program = Program((x,), {a: sp.Integer(1), b: a * x + 1}, {r: b**2 + 1})
    assert program.jacobian((x,)).definitions[b] == a * x + 1
    assert sp.Integer(1) in program.jacobian((x,)).results[r].args


def test_a_definition_uses_only_what_is_defined_before_it() -> None:
    program = theory.solution.jacobian(theory.parameters)
    known = set(program.arguments)
    for name, expr in program.definitions.items():
        assert expr.free_symbols <= known, f"{name} uses {expr.free_symbols - known} too early"
        known.add(name)
    assert set().union(*(expr.free_symbols for expr in program.results.values())) <= known


def test_no_function_value_is_worked_out_twice() -> None:
    shared = PROGRAMS["accurate functions"].jacobian((x, y)).definitions.values()
    values = [expr for expr in shared if isinstance(expr, exprel | quotient | exprel(x).diff(x).func)]
    assert len(values) == len(set(values))


@pytest.mark.parametrize("seed", range(4))
def test_the_jacobian_of_the_solution(seed) -> None:
    """By both rates, at 50 digits, against difference quotients of the expanded solution."""
    arguments = random_arguments(seed)
    with mp.workdps(DIGITS):
        values_and_derivatives = jacobian(*arguments)
        for value, expected in zip(values_and_derivatives[:3], solution(*arguments), strict=True):
            assert abs(value - expected) < CLOSE
        for position, derivative in enumerate(values_and_derivatives[3:]):
            state, rate = divmod(position, 2)
            before, after = arguments[: 6 + rate], arguments[7 + rate :]
            moved = mp.diff(lambda x, i=state, a=before, b=after: solution(*a, x, *b)[i], arguments[6 + rate])
            assert abs(derivative - moved) < CLOSE * (1 + abs(moved))
