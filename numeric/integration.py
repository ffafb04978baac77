"""The trajectory by an ODE solver: the independent oracle for the closed form."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic import Program, two_point
from scipy.integrate import LSODA

from .compiled import CompiledFunction, compile_program
from .quantities import Pair, Rates, State, broadcast, check_start, checked_times

Array = NDArray[np.float64]

_STILL = 1e-17
"""A weight that moves by less than this share of itself (or, at 0, of all) does not move in floating point."""

_MOST_STEPS = 50_000
"""Steps of the solver after which it is not going to arrive."""


@cache
def _functions() -> tuple[CompiledFunction, CompiledFunction, CompiledFunction, CompiledFunction]:
    """Into the chart, the flow there and its Jacobian, and out of the chart."""
    chart = two_point().chart
    arguments = (*chart.states, *chart.parameters)
    flow = Program(arguments, {}, {sp.Symbol(f"rate_of_{x}"): rate for x, rate in chart.rhs.items()})
    entries = {sp.Symbol(f"entry_{i}"): entry for i, entry in enumerate(chart.jacobian.flat())}
    return (
        compile_program("enter", chart.enter),
        compile_program("flow", flow),
        compile_program("flow_jacobian", Program(arguments, {}, entries)),
        compile_program("leave", chart.leave),
    )


def integrate(t: ArrayLike, start: State, pair: Pair, rates: Rates, *, rtol: float = 1e-10) -> State:
    """The state of a pair after ``t`` training steps, by numerical integration.

    Solves for the weights (alpha, beta) of the equivalent network of one hidden
    unit, where the flow is a polynomial, with its symbolic Jacobian; the
    equations for (dh2, dy2, w) are singular where dh passes through zero.

    Args:
        t: training steps, any shape, finite and not negative.
        start: the state at ``t = 0``, with ``dh2 > 0``.
        pair: squared distances of inputs and of targets.
        rates: effective learning rates, in 1/(training step).
        rtol: the solver's relative tolerance for each of its steps.

    Everything broadcasts; points that share a start, a pair and rates are solved together.

    Raises:
        ValueError: as :func:`trajectory`, or if ``rtol`` is not between 1e-13 and 1e-2.
        ArithmeticError: if the solver gives up or does not arrive within 50,000 steps, with the reason.

    >>> solved = integrate(100.0, State(0.1, 0.0, 0.0), Pair(1.0, 0.5), Rates(0.01, 0.01))
    >>> round(solved.dh2, 6)
    0.112346
    """
    if not 1e-13 <= rtol <= 1e-2:
        raise ValueError(f"rtol must be between 1e-13 and 1e-2, got {rtol}")
    times = checked_times(t)
    check_start(start, pair)
    values = (start.dh2, start.dy2, start.w, pair.dx2, pair.dy2, rates.h, rates.y)
    shape = broadcast(t=times, start=start.dh2 + start.dy2 + start.w, pair=pair.dx2 + pair.dy2, rates=rates.h + rates.y)
    problems = np.stack([np.broadcast_to(value, shape).ravel() for value in values])
    distinct, which = np.unique(problems, axis=1, return_inverse=True)
    flat_times = np.broadcast_to(times, shape).ravel()
    states = np.empty((3, flat_times.size))
    for i, problem in enumerate(distinct.T):
        chosen = which == i
        states[:, chosen] = _solve(flat_times[chosen], problem, rtol)
    return State(*(x.reshape(shape) for x in states))


def _solve(times: Array, problem: Array, rtol: float) -> Array:
    """The three scalars at the given times for one start, pair and rates; shape (3, times)."""
    enter, flow, jacobian, leave = _functions()
    s, alpha, beta_par, beta_perp, delta = enter(times, *problem)
    moments, where = np.unique(s, return_inverse=True)
    start = np.array([alpha, beta_par, beta_perp])
    size = max(float(np.abs(start).max()), float(np.sqrt(delta)))

    def rhs(_: float, q: Array) -> Array:
        return np.array(flow(*q, delta))

    def matrix(_: float, q: Array) -> Array:
        return np.array(np.broadcast_arrays(*jacobian(*q, delta)), dtype=np.float64).reshape(3, 3)

    moved = np.abs(rhs(0.0, start)) * moments[-1]
    if (moved <= _STILL * np.where(start == 0, size, np.abs(start))).all():
        solution = np.broadcast_to(start[:, None], (3, moments.size))
    else:
        solver = LSODA(rhs, 0.0, start, moments[-1], jac=matrix, rtol=rtol, atol=rtol * 1e-9 * size)
        solution = _run(solver, moments)
    return np.stack(np.broadcast_arrays(*leave(*solution[:, where], *problem[3:])))


def _run(solver: LSODA, moments: Array) -> Array:
    """The solution at the given moments, shape (3, moments)."""
    solution = np.empty((3, moments.size))
    done = 0
    for _ in range(_MOST_STEPS):
        message = solver.step()
        if solver.status == "failed":
            raise ArithmeticError(f"the integrator gave up at s = {solver.t:g}: {message}")
        ready = int(np.searchsorted(moments, solver.t, side="right"))
        if ready > done:
            solution[:, done:ready] = solver.dense_output()(moments[done:ready])
            done = ready
        if solver.status == "finished":
            return solution
    raise ArithmeticError(
        f"the integrator gave up at s = {solver.t:g} of {moments[-1]:g}: it took {_MOST_STEPS} steps; "
        "integrate over a shorter time, or use trajectory"
    )
