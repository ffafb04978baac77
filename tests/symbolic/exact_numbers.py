"""Symbolic programs with numbers put in, at 50 digits."""

import mpmath as mp
import numpy as np
import sympy as sp
from repdyn.symbolic.functions import elementary

DIGITS = 50
CLOSE = mp.mpf(10) ** -40


def function(program, *expressions):
    """The expressions, with the program's definitions put in, as a function of its arguments in mpmath numbers."""
    whole = [elementary(program.expand(expr)) for expr in expressions]
    return sp.lambdify(program.arguments, whole, "mpmath", cse=True)


def line_by_line(program):
    """The program's results as a function of its arguments in mpmath numbers, definition after definition."""
    definitions = [(name, elementary(expr)) for name, expr in program.definitions.items()]
    results = [elementary(expr) for expr in program.results.values()]
    return sp.lambdify(program.arguments, results, "mpmath", cse=lambda expressions: (definitions, expressions))


def random_arguments(seed):
    """A time, start and parameters in the order of the theory, inside the Cauchy-Schwarz bound."""
    draws = np.random.default_rng(seed)
    t, dh2, dy2, dx2, dy2_target, rate_h, rate_y = (mp.mpf(x) for x in 2 ** draws.uniform(-2, 2, 7))
    w = dy2 - mp.mpf(draws.uniform(-1, 1)) * mp.sqrt(dy2 * dy2_target)
    return t, dh2, dy2, w, dx2, dy2_target, rate_h, rate_y
