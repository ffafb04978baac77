"""Many trajectories of a theory, integrated together in C, where there is a compiler and no closed form."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from repdyn.symbolic import Program, Theory
from scipy.integrate import DOP853

from .compiled import CompiledFunction, compile, compile_program
from .integration import has_poles
from .native import library
from .processors import processors
from .quantities import Number

Array = NDArray[np.float64]

_MOST = 10_000
"""Steps after which a group does not arrive: what is fast and then stands still for long takes an implicit method."""

_SMALL = 1e-3
"""A coordinate is as good as 0 below this share of the largest at the start."""

_SHARE = 2**11
"""Trajectories and times of them that are worth a thread."""

_INTEGRATOR = """
#include <stdlib.h>

enum { STATES = %(states)d, CONSTANTS = %(constants)d, STAGES = 12, ALL = 16, PARTS = 7, MOST = %(most)d };
static const double A[ALL][ALL] = %(A)s, C[ALL] = %(C)s, D[4][ALL] = %(D)s;
static const double E3[STAGES + 1] = %(E3)s, E5[STAGES + 1] = %(E5)s;

/* The rates of all members of a group at a place that the stages before it lead to. */
static void stage(int i, long members, double time, double step, const double *state, const double *constants,
                  double *there, double *stages) {
    const long size = members * STATES;
    for (long j = 0; j < size; j++) there[j] = 0;
    for (int s = 0; s < i; s++)
        if (A[i][s] != 0)
            for (long j = 0; j < size; j++) there[j] += A[i][s] * stages[s * size + j];
    for (long m = 0; m < members; m++) {
        double arguments[1 + STATES + CONSTANTS];
        arguments[0] = time + C[i] * step;
        for (int d = 0; d < STATES; d++) {
            const long j = m * STATES + d;
            there[j] = arguments[1 + d] = state[j] + step * there[j];
        }
        for (int c = 0; c < CONSTANTS; c++) arguments[1 + STATES + c] = constants[m * CONSTANTS + c];
        %(name)s(arguments, stages + i * size + m * STATES);
    }
}

/* The error of a step in units of what is allowed, the largest of all members. */
static double error_of(long members, double step, double tolerance, const double *least, const double *state,
                       const double *reached, const double *stages) {
    const long size = members * STATES;
    double worst = 0;
    for (long m = 0; m < members; m++) {
        double fifth = 0, third = 0;
        for (int d = 0; d < STATES; d++) {
            const long j = m * STATES + d;
            double five = 0, three = 0;
            for (int s = 0; s <= STAGES; s++) {
                five += E5[s] * stages[s * size + j];
                three += E3[s] * stages[s * size + j];
            }
            const double scale = least[j] + tolerance * fmax(fabs(state[j]), fabs(reached[j]));
            fifth += (five / scale) * (five / scale);
            third += (three / scale) * (three / scale);
        }
        const double both = fifth + 0.01 * third;
        const double error = both > 0 ? step * fifth / sqrt(both * STATES) : both;
        if (!(error <= worst)) worst = error;  /* what is no number too */
        if (worst != worst) return INFINITY;
    }
    return worst;
}

/* One group: all members at n increasing times from 0 on, as far as they are reached. */
static void group(long members, long n, const double *times, const double *start, const double *least,
                  const double *constants, double tolerance, double *found, double *work) {
    const long size = members * STATES;
    double *state = work, *reached = work + size, *stages = work + 2 * size, *parts = stages + ALL * size;
    const double end = times[n - 1];
    double time = 0, step = 1e-3 * end;
    long done = 0;
    for (long j = 0; j < size; j++) state[j] = start[j];
    for (; done < n && times[done] <= 0; done++)
        for (long j = 0; j < size; j++) found[done * size + j] = start[j];
    stage(0, members, 0, 0, state, constants, reached, stages);
    for (int count = 0; count < MOST && done < n; count++) {
        if (step > end - time) step = end - time;
        if (!(time + step > time)) break;
        for (int i = 1; i <= STAGES; i++) stage(i, members, time, step, state, constants, reached, stages);
        const double error = error_of(members, step, tolerance, least, state, reached, stages);
        const double factor = 0.9 * pow(fmax(error, 1e-30), -0.125);
        if (!(error <= 1)) {
            step *= isfinite(error) ? fmax(0.2, factor) : 0.2;
            continue;
        }
        const double next = step >= end - time ? end : time + step;
        if (times[done] <= next) {  /* the method's polynomial of degree 7 */
            double *there = parts + PARTS * size;
            for (int i = STAGES + 1; i < ALL; i++) stage(i, members, time, step, state, constants, there, stages);
            for (long j = 0; j < size; j++) {
                const double moved = reached[j] - state[j], first = step * stages[j];
                parts[j] = moved;
                parts[size + j] = first - moved;
                parts[2 * size + j] = 2 * moved - first - step * stages[STAGES * size + j];
                for (int p = 0; p < 4; p++) {
                    double sum = 0;
                    for (int s = 0; s < ALL; s++) sum += D[p][s] * stages[s * size + j];
                    parts[(3 + p) * size + j] = step * sum;
                }
            }
            for (; done < n && times[done] <= next; done++) {
                const double x = (times[done] - time) / step;
                for (long j = 0; j < size; j++) {
                    double value = 0;
                    for (int p = PARTS - 1; p >= 0; p--) value = (value + parts[p * size + j]) * (p %% 2 ? 1 - x : x);
                    found[done * size + j] = state[j] + value;
                }
            }
        }
        for (long j = 0; j < size; j++) {
            state[j] = reached[j];
            stages[j] = stages[STAGES * size + j];
        }
        time = next;
        step *= fmin(8.0, fmax(0.2, factor));
    }
}

/* Groups of as many members each; 1 if there is no memory. */
int integrate(long groups, long members, long n, const double *times, const double *start, const double *least,
              const double *constants, double tolerance, double *found) {
    const long size = members * STATES;
    double *work = malloc(sizeof(double) * size * (2 + ALL + PARTS + 1));
    if (!work) return 1;
    for (long g = 0; g < groups; g++)
        group(members, n, times + g * n, start + g * size, least + g * size, constants + g * members * CONSTANTS,
              tolerance, found + g * n * size, work);
    free(work);
    return 0;
}
"""


def is_integrated_together(theory: Theory) -> bool:
    """Whether trajectories of a theory can be integrated together.

    It begins at what is measured, divides by none of its states, has its own time in the coordinates in which it is
    solved, can be expressed in C, and there is a compiler.

    >>> from repdyn.numeric.coefficients import named
    >>> is_integrated_together(named("fixed_expansion"))
    False
    """
    if theory.begin is None or has_poles(theory) or (theory.chart is not None and theory.chart.time != theory.time):
        return False
    return _integrator(theory) is not None


@np.errstate(all="ignore")  # a trajectory that leaves the numbers ends there
def integrated_together(
    theory: Theory, times: Array, start: Sequence[Number], parameters: Sequence[Number], rtol: float
) -> Array:
    """The three scalars along groups of trajectories; infinite where the integration of a group does not arrive.

    All of a group take the same steps, and each group steps of its own: what two of a group differ by is as smooth as
    the theory, however large the tolerance.

    Source: the method of order 8 of Dormand and Prince, with SciPy's coefficients.

    Args:
        theory: one that is integrated together, :func:`is_integrated_together`.
        times: of each group, shape (g, n), increasing, from 0 on.
        start: dh2, dy2 and w, numbers or arrays that broadcast to (g, k).
        parameters: the theory's, in order, as the start.
        rtol: the tolerance of each step, relative to each coordinate.

    Returns:
        Shape (3, g, k, n).

    Raises:
        MemoryError: if there is no memory for it.
    """
    chart, integrator = theory.chart, _integrator(theory)
    assert integrator is not None
    begun = compile(theory, "begin").bare(*start, *parameters)
    coordinates, constants = begun, parameters
    if chart is not None:
        _, *entered = _ways(theory)[0].bare(0.0, *begun, *parameters)
        coordinates, constants = entered[: len(chart.states)], entered[len(chart.states) :]
    groups, n = times.shape
    shape = np.broadcast_shapes((groups, 1), *map(np.shape, (*coordinates, *constants)))
    first, kept = (
        np.stack([np.broadcast_to(x, shape) for x in values], axis=-1, dtype=np.float64)
        for values in (coordinates, constants)
    )
    size = np.abs(first)
    least = rtol * np.maximum(size, _SMALL * size.max(axis=-1, keepdims=True))
    found = np.full((groups, n, *first.shape[1:]), np.nan)
    _shared_out(integrator, np.ascontiguousarray(times), first, least, kept, rtol, found)
    path = np.moveaxis(found, (3, 0, 2, 1), (0, 1, 2, 3))
    given = [np.asarray(x)[..., None] for x in parameters]
    states = path if chart is None else _ways(theory)[1].bare(*path, *given)
    scalars = np.stack(np.broadcast_arrays(*compile(theory, "readout").bare(*states, *given), path[0])[:3])
    return np.where(np.isfinite(scalars).all(axis=0), scalars, np.inf)


@cache
def _ways(theory: Theory) -> tuple[CompiledFunction, CompiledFunction]:
    """Into the coordinates in which a theory is solved, and out of them; a search takes both at every step."""
    assert theory.chart is not None
    return compile_program("enter", theory.chart.enter), compile_program("leave", theory.chart.leave)


def _shared_out(
    integrator: Callable[..., int],
    times: Array,
    start: Array,
    least: Array,
    constants: Array,
    rtol: float,
    found: Array,
) -> None:
    """Fill in what was found, of shape (g, n, k, d), with as many threads as are worth it."""
    groups, n, members, _ = found.shape

    def share(begin: int, end: int) -> None:
        arrays = (x[begin:end].ctypes.data for x in (times, start, least, constants))
        if integrator(end - begin, members, n, *arrays, rtol, found[begin:end].ctypes.data):
            raise MemoryError(f"there is no memory to integrate {members} trajectories at once")

    threads = min(processors(), groups, groups * members * n // _SHARE)
    if threads < 2:
        share(0, groups)
    else:
        bounds = [groups * i // threads for i in range(threads + 1)]
        with ThreadPoolExecutor(threads) as pool:  # a call of C leaves the interpreter to the others
            list(pool.map(share, bounds[:-1], bounds[1:]))


@cache
def _integrator(theory: Theory) -> Callable[..., int] | None:
    """The function of C that integrates some groups, or None if it cannot be made here."""
    solved = theory.chart or theory
    arguments = (solved.time, *solved.states, *solved.parameters)
    flow = Program(arguments, {}, {sp.Symbol(f"rate_of_{x}"): solved.rhs[x] for x in solved.states})
    try:
        source = _source(compile_program("flow", flow, "c"), len(solved.states), len(solved.parameters))
        function = library("integrator", source).integrate
    except (ValueError, RuntimeError):  # C cannot express it, or there is no compiler
        return None
    long, pointer = ctypes.c_long, ctypes.c_void_p
    function.argtypes = [long, long, long, *[pointer] * 4, ctypes.c_double, pointer]
    function.restype = ctypes.c_int
    return function


def _source(flow: CompiledFunction, states: int, constants: int) -> str:
    stages, every = DOP853.n_stages, len(DOP853.D[0])
    weights = np.zeros((every, every))
    weights[:stages, :stages], weights[stages, :stages] = DOP853.A, DOP853.B
    weights[stages + 1 :] = DOP853.A_EXTRA
    return flow.source + _INTEGRATOR % {
        "name": flow.name,
        "states": states,
        "constants": constants,
        "most": _MOST,
        "A": _table(weights),
        "C": _table(np.concatenate([DOP853.C, [1.0], DOP853.C_EXTRA])),
        "D": _table(DOP853.D),
        "E3": _table(DOP853.E3),
        "E5": _table(DOP853.E5),
    }


def _table(numbers: Array) -> str:
    """Numbers as C writes them, to the last bit."""
    rows = (_table(row) if row.ndim else float(row).hex() for row in numbers)
    return "{" + ", ".join(rows) + "}"
