"""Every program of every theory, in every language, is as accurate as its inputs allow."""

from functools import cache

import mpmath as mp
import numpy as np
import pytest
from accuracy import TINY, allowed, draw, sensitivities
from back_ends import CALLED, evaluate
from exact_programs import exactly
from repdyn.numeric import compile
from repdyn.numeric.native import native
from repdyn.symbolic import Program, theories
from repdyn.symbolic.pair import SCALARS
from tools import find

DRAWS = 30
DIGITS = 50
NAMES = ("t", "dh2", "dy2", "w", "dx2", "dy2_target", "rate_h", "rate_y")
CASES = [
    # JAX takes half a second to compile a program: all of them when there is time.
    pytest.param(theory, what, backend, marks=[pytest.mark.slow] * (backend == "jax" and theory != "two_point"))
    for backend in CALLED
    for theory in theories()
    for what in theories()[theory].programs
]


def draws(theory, program, seed):
    """Arguments of the program: over many decades if the theory is solved, else over two."""
    rng = np.random.default_rng(seed)

    def spread(symbol, decades):
        return float(10 ** rng.uniform(-decades / 2, decades / 2)) * (
            1 if symbol.is_nonnegative else rng.choice([-1, 1])
        )

    for _ in range(DRAWS):
        known = dict(zip(NAMES, draw(rng), strict=True)) if theory.solution else {}
        point = {x: known.get(str(x).removesuffix("_0"), spread(x, 10 if known else 2)) for x in program.arguments}
        by_name = {str(x).removesuffix("_0"): x for x in program.arguments}
        if (not known or theory.states != SCALARS) and {"dy2", "w", "dy2_target"} <= set(by_name):
            dy2, target = (point[by_name[x]] for x in ("dy2", "dy2_target"))
            cosine = rng.uniform(-1, 1) if theory.states == SCALARS else rng.choice([-1, 1])
            point[by_name["w"]] = dy2 - cosine * np.sqrt(dy2 * target)
        yield tuple(map(float, point.values()))


@cache
def problems(theory_name, what):
    """Drawn arguments, each with the exact results, their sizes and their sensitivities."""
    theory = theories()[theory_name]
    program: Program = theory.programs[what]
    function = exactly(program)
    count = len(program.results)
    with mp.workdps(DIGITS):
        points = list(draws(theory, program, seed=0))
        known = [sensitivities(function, point) for point in points]
    return points, [(values[:count], values[count:], change[:count]) for values, change in known]


@pytest.mark.parametrize(("theory", "what", "backend"), CASES)
def test_each_language_is_as_accurate_as_its_inputs(theory, what, backend, tmp_path) -> None:
    points, known = problems(theory, what)
    function = compile(theory, what, backend)
    check(function, np.transpose(evaluate(function, np.transpose(points), tmp_path)), points, known)


@pytest.mark.parametrize("theory", [name for name, theory in theories().items() if theory.solution])
def test_c_at_many_points_at_once_is_as_accurate(theory) -> None:
    """With the functions of several numbers that the C library may have."""
    find("cc")
    points, known = problems(theory, "solution")
    function = compile(theory, "solution", "c")
    check(function, np.transpose(native(function, list(np.transpose(points)))), points, known)


def check(function, found, points, known) -> None:
    compared = 0
    for point, row, (values, sizes, changes) in zip(points, found, known, strict=True):
        for name, value, exact, scale, change in zip(function.results, row, values, sizes, changes, strict=True):
            if mp.isinf(exact):
                assert value == exact, (name, point)
            elif scale == 0:
                assert value == 0, (name, point)
            elif scale > TINY:
                assert abs(mp.mpf(float(value)) - exact) <= allowed(scale, change), (name, point, value, exact)
                compared += 1
    assert compared > DRAWS / 2
