"""Any theory by an ODE solver: the oracle for closed forms, and the way for theories that have none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic import Program, Theory
from scipy.integrate import LSODA

from .coefficients import Coefficients, named, parameter_values
from .compiled import CompiledFunction, compile, compile_program
from .quantities import Number, Pair, State, broadcast, check_start, checked_times

Array = NDArray[np.float64]

_STILL = 1e-17
"""A coordinate that moves by less than this share of itself (or, at 0, of all) does not move in floating point."""

_MOST_STEPS = 50_000
"""Steps of the solver after which it is not going to arrive."""

_SAME_START = 1e-6
"""How far, relative to the terms compared, a theory's start may be from the measured one."""


def integrate(
    t: ArrayLike,
    start: State,
    pair: Pair,
    rates: Coefficients,
    *,
    theory: Theory | str = "two_point",
    rtol: float = 1e-10,
) -> State:
    """The state of a pair after ``t`` training steps, by numerical integration.

    The two-point theory is solved for the weights (alpha, beta) of the equivalent network of one hidden unit, where
    the flow is a polynomial; the equations for (dh2, dy2, w) are singular where dh passes through zero. Other
    theories are solved in their own chart, or in their states.

    Args:
        t: training steps, any shape, finite and not negative.
        start: the state at ``t = 0``, with ``dh2 > 0``.
        pair: squared distances of inputs and of targets.
        rates: effective learning rates in 1/(training step), or a mapping from names to the coefficients of the
            theory; those that may be 0 are 0 unless given.
        theory: a theory of the package by name, or one of your own.
        rtol: the solver's relative tolerance for each of its steps.

    Everything broadcasts; points that share a start, a pair and rates are solved together.

    Raises:
        ValueError: as :func:`trajectory`, or if ``rtol`` is not between 1e-13 and 1e-2.
        ArithmeticError: if the solver gives up or does not arrive within 50,000 steps, with the reason.

    >>> solved = integrate(100.0, State(0.1, 0.0, 0.0), Pair(1.0, 0.5), Rates(0.01, 0.01))
    >>> round(solved.dh2, 6)
    0.112346
    >>> growing = {"rate_h": 0.01, "growth_h": 0.1, "rate_y": 0.01}
    >>> solved = integrate(100.0, State(0.1, 0.0, 0.0), Pair(1.0, 0.5), growing, theory="growing_rates")
    >>> round(solved.dh2, 6)
    0.127268
    """
    found = named(theory)
    times = checked_times(t)
    check_start(start, pair)
    values = parameter_values(found, pair, rates)
    states = evolve_values(found, times, theory_start(found, start, values), values, rtol)
    return State(*compile(found, "readout")(*states, *values))


def evolve(
    theory: Theory | str,
    t: ArrayLike,
    start: Mapping[str, ArrayLike],
    parameters: Mapping[str, ArrayLike],
    *,
    rtol: float = 1e-10,
) -> dict[str, Array]:
    """Every state of a theory after ``t`` training steps, from its own start, by numerical integration.

    Args:
        theory: a theory of the package by name, or one of your own.
        t: training steps, any shape, finite and not negative.
        start: the initial value of each of the theory's states, by the state's name.
        parameters: the value of each of its parameters, by name.
        rtol: the solver's relative tolerance for each of its steps.

    Raises:
        ValueError: if a value is missing, superfluous or not finite, or ``rtol`` not between 1e-13 and 1e-2.
        ArithmeticError: as :func:`integrate`.

    >>> numbers = {"dx2": 1.0, "dy2_target": 0.5, "rate_h": 0.01, "rate_y": 0.01, "gram": 0.0}
    >>> states = evolve("scalar_output", [0.0, 100.0], {"dh2": 0.1, "b2": 0.0, "f": 0.0}, numbers)
    >>> states["dh2"].round(6).tolist()
    [0.1, 0.112346]
    """
    found = named(theory)
    values = (_in_order(found, x, y) for x, y in ((found.states, start), (found.parameters, parameters)))
    return dict(zip(map(str, found.states), evolve_values(found, checked_times(t), *values, rtol), strict=True))


def _in_order(theory: Theory, symbols: tuple[sp.Symbol, ...], values: Mapping[str, ArrayLike]) -> list[Number]:
    """Values by name as a list in the theory's order."""
    names = [x.name for x in symbols]
    if set(names) != set(values):
        raise ValueError(f"theory {theory.name!r} takes {', '.join(names)}, got {', '.join(values) or 'nothing'}")
    arrays = [np.asarray(values[name], dtype=np.float64) for name in names]
    for name, array in zip(names, arrays, strict=True):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite, got {array[~np.isfinite(array)].flat[0]}")
    return [array if array.ndim else float(array) for array in arrays]


def theory_start(theory: Theory, start: State, parameters: list[Number]) -> list[Number]:
    """The start of a theory's own states, from the measured one.

    Raises:
        ValueError: if what is measured of a pair does not determine it, or the theory cannot start there.
    """
    if theory.begin is None:
        raise ValueError(
            f"theory {theory.name!r} is not determined by dh2, dy2 and w at the start; give every state to evolve"
        )
    begun = compile(theory, "begin")(start.dh2, start.dy2, start.w, *parameters)
    if theory.states == tuple(theory.readout.values()):
        return list(begun)
    read = compile(theory, "readout")(*begun, *parameters)
    size = np.abs(start.dy2) + np.abs(np.subtract(start.dy2, start.w))
    for name, value, scale in zip(("dh2", "dy2", "w"), read, (start.dh2, start.dy2, size), strict=True):
        measured = getattr(start, name)
        off = np.abs(value - measured) > _SAME_START * np.asarray(scale)
        if off.any():
            found, wanted = (np.broadcast_to(x, off.shape)[off].flat[0] for x in (value, measured))
            raise ValueError(
                f"theory {theory.name!r} starts with {name} = {found:.6g} where {wanted:.6g} is measured: it is for "
                "pairs whose dy is parallel to dy*, as with a single output; use two_point or growing_vectors"
            )
    return list(begun)


@dataclass(frozen=True)
class _Flow:
    """What is integrated: the flow in some coordinates, its Jacobian, and the way there and back."""

    flow: CompiledFunction
    jacobian: CompiledFunction
    enter: CompiledFunction | None
    leave: CompiledFunction | None


@cache
def _flow(theory: Theory) -> _Flow:
    chart = theory.chart
    if chart is None:
        return _Flow(compile(theory, "rhs"), compile(theory, "jacobian"), None, None)
    arguments = (chart.time, *chart.states, *chart.parameters)
    flow = Program(arguments, {}, {sp.Symbol(f"rate_of_{x}"): chart.rhs[x] for x in chart.states})
    entries = {sp.Symbol(f"entry_{i}"): entry for i, entry in enumerate(chart.jacobian.flat())}
    return _Flow(
        compile_program("flow", flow),
        compile_program("flow_jacobian", Program(arguments, {}, entries)),
        compile_program("enter", chart.enter),
        compile_program("leave", chart.leave),
    )


def evolve_values(theory: Theory, times: Array, start: list[Number], parameters: list[Number], rtol: float) -> Array:
    """The theory's states at the given times, shape (states, ...), from their starts and the parameters in order."""
    if not 1e-13 <= rtol <= 1e-2:
        raise ValueError(f"rtol must be between 1e-13 and 1e-2, got {rtol}")
    shape = broadcast(t=times, start=sum(start), parameters=sum(parameters))
    problems = np.stack([np.broadcast_to(value, shape).ravel() for value in (*start, *parameters)])
    distinct, which = np.unique(problems, axis=1, return_inverse=True)
    flat_times = np.broadcast_to(times, shape).ravel()
    states = np.empty((len(start), flat_times.size))
    for i, problem in enumerate(distinct.T):
        chosen = which == i
        states[:, chosen] = _solve(theory, flat_times[chosen], problem, rtol)
    return states.reshape(-1, *shape)


def _solve(theory: Theory, times: Array, problem: Array, rtol: float) -> Array:
    """The states at the given times for one start and its parameters; shape (states, times)."""
    functions = _flow(theory)
    count = len(theory.states)
    if functions.enter is None or functions.leave is None:
        moments, coordinates, constants = times, problem[:count], problem[count:]
    else:
        moments, *entered = functions.enter(times, *problem)
        size = len(functions.leave.arguments) - len(theory.parameters)
        coordinates, constants = (np.array(x) for x in (entered[:size], entered[size:]))
    distinct, where = np.unique(np.broadcast_to(moments, times.shape), return_inverse=True)
    solution = _flow_from(functions, distinct, coordinates, constants.tolist(), rtol)[:, where]
    if functions.leave is None:
        return solution
    return np.stack(np.broadcast_arrays(*functions.leave(*solution, *problem[count:])))


def _flow_from(functions: _Flow, moments: Array, start: Array, constants: list[float], rtol: float) -> Array:
    """The coordinates at the given moments, which increase; shape (coordinates, moments)."""
    bare_flow, bare_jacobian, count = functions.flow.bare, functions.jacobian.bare, start.size

    def rhs(s: float, q: Array) -> Array:
        return np.array(bare_flow(s, *q.tolist(), *constants))

    def matrix(s: float, q: Array) -> Array:
        return np.array(bare_jacobian(s, *q.tolist(), *constants)).reshape(count, count)

    largest = float(np.abs(start).max())
    scale = np.where(start == 0, largest, np.abs(start))
    if (np.abs(rhs(0.0, start)) * moments[-1] <= _STILL * scale).all():
        return np.broadcast_to(start[:, None], (count, moments.size))
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise", under="ignore"):
            solver = LSODA(rhs, 0.0, start, moments[-1], jac=matrix, rtol=rtol, atol=rtol * 1e-9 * largest)
            return _run(solver, moments)
    except (FloatingPointError, ZeroDivisionError, OverflowError) as error:
        raise ArithmeticError(f"the integrator met a singularity of the theory: {error}") from None


def _run(solver: LSODA, moments: Array) -> Array:
    """The solution at the given moments, shape (coordinates, moments)."""
    solution = np.empty((solver.y.size, moments.size))
    done = 0
    for _ in range(_MOST_STEPS):
        message = solver.step()
        if solver.status == "failed":
            raise ArithmeticError(f"the integrator gave up at time {solver.t:g} of its own: {message}")
        ready = int(np.searchsorted(moments, solver.t, side="right"))
        if ready > done:
            solution[:, done:ready] = solver.dense_output()(moments[done:ready])
            done = ready
        if solver.status == "finished":
            return solution
    raise ArithmeticError(
        f"the integrator gave up at time {solver.t:g} of {moments[-1]:g} of its own: it took {_MOST_STEPS} steps; "
        "integrate over a shorter time, or use trajectory where there is a closed form"
    )
