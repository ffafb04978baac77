"""Any theory by an ODE solver: the oracle for closed forms, and the way for theories that have none."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic import Program, Theory
from scipy.integrate import ODEintWarning, odeint

from .arguments import by_name, number
from .begin import theory_start
from .coefficients import DEFAULT_THEORY, Coefficients, check_shapes, checked_value, named, parameter_values
from .compiled import CompiledFunction, compile, compile_program
from .quantities import Number, Pair, State, as_number, broadcast, check_start, checked_times

Array = NDArray[np.float64]

_STILL = 1e-17
"""A coordinate that moves by less than this share of itself (or, at 0, of all) does not move in floating point."""

_ROUNDING = 1e-6
"""How far below 0, relative to the largest, a squared distance may be by the error of an integration."""

RTOL = 1e-10
"""The solver's relative tolerance for each of its steps, unless another is asked for."""

MOST_STEPS = 50_000
"""Steps of the solver from one sample to the next after which it is not going to arrive."""

_DOUBT = 1e-5, 0.1
"""Solutions of two tolerances are one if they differ by less than a thousand tolerances, and such a share, of what each
state was up to then."""

_ARRIVED = "Integration successful."

_REASONS = {
    "Excess work done on this call": "{most_steps:,} steps did not suffice",
    "Excess accuracy requested": "its numbers have fewer digits than rtol asks for",
    "Illegal input detected": "no step was small enough",
    "Repeated error test failures": "no step was small enough",
    "Repeated convergence failures": "no step was small enough",
}
"""What the solver's messages mean, up to their brackets."""


def integrate(
    t: ArrayLike,
    start: State,
    pair: Pair,
    rates: Coefficients,
    *,
    theory: Theory | str = DEFAULT_THEORY,
    rtol: float = RTOL,
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
        TypeError: if an argument is of another kind.
        ValueError: as :func:`trajectory`, or if ``rtol`` is not between 1e-13 and 1e-2.
        ArithmeticError: if the solver gives up or does not arrive at a sample within 50,000 steps, with the reason, or
            the trajectory comes so near a singularity that solutions of two tolerances part.

    >>> rates = {"rate_h": 0.01, "rate_y": 0.01}
    >>> solved = integrate(100.0, State(0.1, 0.0, 0.0), Pair(1.0, 0.5), rates)
    >>> round(solved.dh2, 6)
    0.112346
    >>> growing = {**rates, "growth_h": 0.1}
    >>> solved = integrate(100.0, State(0.1, 0.0, 0.0), Pair(1.0, 0.5), growing, theory="growing_rates")
    >>> round(solved.dh2, 6)
    0.127413
    """
    found = named(theory)
    times = checked_times(t)
    check_start(start, pair)
    check_shapes(start, pair, rates, t=times)
    return integrated(found, times, start, parameter_values(found, pair, rates), rtol)


def integrated(
    theory: Theory, times: Array, start: State, parameters: list[Number], rtol: float, most_steps: int = MOST_STEPS
) -> State:
    """As :func:`integrate`, of numbers that were checked, in at most so many steps from one sample to the next."""
    states = evolve_values(theory, times, theory_start(theory, start, parameters), parameters, rtol, most_steps)
    scalars = compile(theory, "readout")(*states, *parameters)
    if not all(np.isfinite(x).all() for x in scalars):
        raise ArithmeticError(f"theory {theory.name!r} left the numbers that a double can hold; ask for a shorter time")
    state = State(*scalars)
    for name in ("dh2", "dy2"):
        distance = np.asarray(getattr(state, name))
        if (distance < -_ROUNDING * np.abs(distance).max(initial=0.0)).any():
            raise ArithmeticError(
                f"theory {theory.name!r} left the states that two vectors can have: {name} = {distance.min():g}; its "
                "equations are singular where dh vanishes, so ask for a shorter time"
            )
    return State(as_number(np.maximum(state.dh2, 0.0)), as_number(np.maximum(state.dy2, 0.0)), state.w)


def evolve(
    theory: Theory | str,
    t: ArrayLike,
    start: Mapping[str, ArrayLike],
    parameters: Mapping[str, ArrayLike],
    *,
    rtol: float = RTOL,
) -> dict[str, Array]:
    """Every state of a theory after ``t`` training steps, from its own start, by numerical integration.

    Args:
        theory: a theory of the package by name, or one of your own.
        t: training steps, any shape, finite and not negative.
        start: the initial value of each of the theory's states, by the state's name.
        parameters: the value of each of its parameters, by name.
        rtol: the solver's relative tolerance for each of its steps.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a value is missing, superfluous or not finite, or ``rtol`` not between 1e-13 and 1e-2.
        ArithmeticError: as :func:`integrate`.

    >>> numbers = {"dx2": 1.0, "dy2_target": 0.5, "rate_h": 0.01, "rate_y": 0.01, "gram": 0.0}
    >>> states = evolve("scalar_output", [0.0, 100.0], {"dh2": 0.1, "b2": 0.0, "f": 0.0}, numbers)
    >>> states["dh2"].round(6).tolist()
    [0.1, 0.112346]
    """
    found = named(theory)
    begun = _in_order(found, "start", found.states, start)
    values = _in_order(found, "parameters", found.parameters, parameters)
    for symbol, value in zip(found.parameters, values, strict=True):
        checked_value(found, symbol, value)
    states = evolve_values(found, checked_times(t), begun, values, rtol, MOST_STEPS)
    return dict(zip(map(str, found.states), states, strict=True))


def _in_order(theory: Theory, argument: str, symbols: tuple[sp.Symbol, ...], given: Any) -> list[Number]:
    """Values by name as a list in the theory's order."""
    values = by_name(argument, given)
    names = [x.name for x in symbols]
    if set(names) != set(values):
        raise ValueError(
            f"theory {theory.name!r} takes {', '.join(names)}, got {', '.join(values) or 'nothing'} as {argument}"
        )
    for name in names:
        if not np.isfinite(values[name]).all():
            raise ValueError(f"{name} must be finite, got {values[name][~np.isfinite(values[name])].flat[0]}")
    return [as_number(values[name]) for name in names]


@dataclass(frozen=True)
class _Flow:
    """What is integrated: a flow in some coordinates, its Jacobian, the way in and out.

    Attributes:
        steady: whether it is free of time.
        singular: whether it divides by a coordinate.
        flow: the rates of the coordinates.
        jacobian: their derivatives.
        enter: from a theory's states to the coordinates, or None if they are the same.
        leave: back again.
    """

    steady: bool
    singular: bool
    flow: CompiledFunction
    jacobian: CompiledFunction
    enter: CompiledFunction | None
    leave: CompiledFunction | None


@cache
def _flow(theory: Theory) -> _Flow:
    chart = theory.chart
    steady = not theory.depends_on_time
    if chart is None:
        rates, jacobian = (compile(theory, what, "python") for what in ("rhs", "jacobian"))
        return _Flow(steady, has_poles(theory), rates, jacobian, None, None)
    arguments = (chart.time, *chart.states, *chart.parameters)
    flow = Program(arguments, {}, {sp.Symbol(f"rate_of_{x}"): chart.rhs[x] for x in chart.states})
    entries = {sp.Symbol(f"entry_{i}"): entry for i, entry in enumerate(chart.jacobian.flat())}
    return _Flow(
        steady,
        has_poles(theory),
        compile_program("flow", flow, "python"),
        compile_program("flow_jacobian", Program(arguments, {}, entries), "python"),
        compile_program("enter", chart.enter),
        compile_program("leave", chart.leave),
    )


@cache
def has_poles(theory: Theory) -> bool:
    """Whether a theory divides by one of the coordinates in which it is solved."""
    solved = theory.chart or theory
    powers = (power for rate in solved.rhs.values() for power in sp.sympify(rate).atoms(sp.Pow))
    below = {x for power in powers if power.exp.could_extract_minus_sign() for x in power.base.free_symbols}
    return not below.isdisjoint(solved.states)


def evolve_values(
    theory: Theory, times: Array, start: list[Number], parameters: list[Number], rtol: float, most_steps: int
) -> Array:
    """The theory's states at the given times, shape (states, ...), from their starts and the parameters in order."""
    if not 1e-13 <= number("rtol", rtol) <= 1e-2:
        raise ValueError(f"rtol must be between 1e-13 and 1e-2, got {rtol}")
    named_values = {
        str(x): value for x, value in zip(theory.start + theory.parameters, start + parameters, strict=True)
    }
    shape = broadcast(**named_values | {"t": times})
    values = np.broadcast_arrays(*start, *parameters)
    distinct, which = np.unique(np.stack([x.ravel() for x in values]), axis=1, return_inverse=True)
    asked = np.broadcast_to(which.reshape(values[0].shape), shape).ravel()
    flat_times = np.broadcast_to(times, shape).ravel()
    states = np.empty((len(start), flat_times.size))
    for i, problem in enumerate(distinct.T):
        chosen = asked == i
        states[:, chosen] = _solve(theory, flat_times[chosen], problem, rtol, most_steps)
    return states.reshape(len(start), *shape)


def _solve(theory: Theory, times: Array, problem: Array, rtol: float, most_steps: int) -> Array:
    """The states at the given times for one start and its parameters; shape (states, times)."""
    functions = _flow(theory)
    count = len(theory.states)
    if not times.size:
        return np.empty((count, 0))
    if functions.enter is None or functions.leave is None:
        moments, coordinates, constants = times, problem[:count], problem[count:]
    else:
        moments, *entered = functions.enter(times, *problem)
        size = len(functions.leave.arguments) - len(theory.parameters)
        coordinates, constants = (np.array(x) for x in (entered[:size], entered[size:]))
    distinct, first, where = np.unique(np.broadcast_to(moments, times.shape), return_index=True, return_inverse=True)
    asked = functions, distinct, times[first], coordinates, constants.tolist()
    solution = _flow_from(*asked, rtol, most_steps)
    if functions.singular:
        looser = _flow_from(*asked, 10 * rtol, most_steps)
        _check_alike(solution, looser, times[first], min(max(_DOUBT[0], 1e3 * rtol), _DOUBT[1]))
    solution = solution[:, where]
    if functions.leave is None:
        return solution
    return np.stack(np.broadcast_arrays(*functions.leave(*solution, *problem[count:])))


def _check_alike(solution: Array, looser: Array, times: Array, share: float) -> None:
    """Check that a solution does not hang on its tolerance, as it does past a singularity."""
    sizes = np.maximum(np.maximum.accumulate(np.abs(solution), axis=1), np.abs(looser))
    sizes = np.maximum(sizes, 1e-12 * sizes.max())  # what is 0 but for rounding
    apart = (np.abs(solution - looser) > share * sizes).any(axis=0)
    if apart.any():
        at = int(apart.argmax())
        since = f"t = {times[at - 1]:g}" if at else "the start"
        raise ArithmeticError(
            f"the trajectory comes too near a singularity between {since} and t = {times[at]:g}: what follows hangs on "
            "the tolerance of the integration; ask for a shorter time"
        )


def _flow_from(
    functions: _Flow,
    moments: Array,
    times: Array,
    start: Array,
    constants: list[float],
    rtol: float,
    most_steps: int,
) -> Array:
    """The coordinates at the given moments, which increase and are training steps; shape (coordinates, moments)."""
    flow, jacobian, count = functions.flow, functions.jacobian, start.size
    tried = 0.0

    def rhs(s: float, q: Array) -> Array:
        nonlocal tried
        tried = s
        return _rates(flow.bare, s, *q.tolist(), *constants)

    def matrix(s: float, q: Array) -> Array:
        return _rates(jacobian.bare, s, *q.tolist(), *constants).reshape(count, count)

    largest = float(np.abs(start).max())
    scale = np.where(start == 0, largest, np.abs(start))
    with np.errstate(over="ignore"):
        if moments[-1] == 0 or (functions.steady and (np.abs(rhs(0.0, start)) * moments[-1] <= _STILL * scale).all()):
            return np.broadcast_to(start[:, None], (count, moments.size))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ODEintWarning)  # what it warns of is raised below
        solution, said = odeint(
            rhs,
            start,
            np.concatenate([[0.0], moments]),
            Dfun=matrix,
            tfirst=True,
            full_output=True,
            rtol=rtol,
            atol=rtol * (1e-9 * largest if functions.enter else 1e-3 * float(scale.min())),
            mxstep=most_steps,
        )
    if said["message"] != _ARRIVED:  # what stands for later moments, its times too, was never written
        reached, reason = int(np.searchsorted(moments, tried)), said["message"].partition(" (")[0]
        reason = _REASONS.get(reason, reason).format(most_steps=most_steps)
    elif not (numbers := np.isfinite(solution[1:]).all(axis=1)).all():
        reached, reason = int(numbers.argmin()), "what it found is no number"
    else:
        return solution[1:].T
    reached = min(reached, times.size - 1)
    before = f"between t = {times[reached - 1]:g} and" if reached else "before it reached"
    raise ArithmeticError(
        f"the integrator gave up {before} t = {times[reached]:g}: {reason}; integrate over a "
        "shorter time, or use trajectory where there is a closed form"
    )


def _rates(function: Callable[..., tuple[float, ...]], *values: float) -> Array:
    """What a function of one point gives, in one row."""
    try:
        return np.array(function(*values))
    except (ZeroDivisionError, OverflowError, ValueError) as error:
        reason = error.args[-1]
        raise ArithmeticError(f"the integrator gave up where a rate of the theory is no number: {reason}") from None
