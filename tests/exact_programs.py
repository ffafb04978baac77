"""Symbolic programs in mpmath numbers, with what is continued to 0 continued there."""

import mpmath as mp
import sympy as sp

_ACCURATE = {
    "exprel": lambda x: mp.expm1(x) / x if x else mp.mpf(1),
    "exprel_prime": lambda x: mp.hyp1f1(2, 3, x) / 2,
    "logrel": lambda x: mp.log1p(x) / x if x else mp.mpf(1),
    "logrel_prime": lambda x: -mp.hyp2f1(2, 2, 3, -x) / 2,
    "exprel_derivative": lambda n, x: mp.hyp1f1(n + 1, n + 2, x) / (n + 1),
    "logrel_derivative": lambda n, x: (-1) ** n * mp.factorial(n) * mp.hyp2f1(n + 1, n + 1, n + 2, -x) / (n + 1),
    "hypot": mp.hypot,
    "quotient": lambda x, y: x / y if y else mp.mpf(0),
    "nonnegative": lambda x: max(x, mp.mpf(0)),
}


def size(expr):
    """What the error of an expression is measured by: a sum by the sizes of its terms, anything else by itself."""
    return sp.Add(*map(sp.Abs, sp.Add.make_args(expr)), evaluate=False)


def exactly(program):
    """The results, and then their sizes, as a function of floats that are taken as exact."""
    program = program.evaluated()
    values = [*program.results.values(), *map(size, program.results.values())]
    definitions = list(program.definitions.items())
    function = sp.lambdify(program.arguments, values, [_ACCURATE, "mpmath"], cse=lambda _: (definitions, values))
    return lambda *floats: function(*map(mp.mpf, floats))
