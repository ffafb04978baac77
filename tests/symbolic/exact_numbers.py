"""Symbolic programs with numbers put in, at 50 digits."""

import mpmath as mp
import numpy as np
import sympy as sp
from repdyn.symbolic.functions import elementary

DIGITS = 50
CLOSE = mp.mpf(10) ** -40


def function(program, *expressions):
    """The expressions in the program's definitions, as a function of its arguments in mpmath numbers."""
    definitions = [(name, elementary(expr)) for name, expr in program.definitions.items()]
    whole = [elementary(expr) for expr in expressions]
    return sp.lambdify(program.arguments, whole, "mpmath", cse=lambda results: (definitions, results))


def random_arguments(seed):
    """A time, start and parameters in the order of the theory, inside the Cauchy-Schwarz bound."""
    draws = np.random.default_rng(seed)
    t, dh2, dy2, dx2, dy2_target, rate_h, rate_y = (mp.mpf(x) for x in 2 ** draws.uniform(-2, 2, 7))
    w = dy2 - mp.mpf(draws.uniform(-1, 1)) * mp.sqrt(dy2 * dy2_target)
    return t, dh2, dy2, w, dx2, dy2_target, rate_h, rate_y
