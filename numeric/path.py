"""The trajectory of any theory: in closed form where there is one, otherwise integrated."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic import Theory

from .begin import theory_start
from .coefficients import Coefficients, check_shapes, named, parameter_values
from .compiled import compile
from .integration import MOST_STEPS, RTOL, integrated
from .quantities import Number, Pair, State, check_start, checked_times

Array = NDArray[np.float64]


def follow(t: ArrayLike, start: State, pair: Pair, rates: Coefficients, theory: Theory | str) -> State:
    """The state of a pair after ``t`` training steps, by any theory that begins at what is measured.

    Arguments and errors are those of ``trajectory`` where the theory has a closed form, otherwise of ``integrate``.

    >>> rates = {"rate_h": 0.01, "rate_y": 0.01}
    >>> paths = [follow(100.0, State(0.1, 0.0, 0.0), Pair(1.0, 0.5), rates, x) for x in ("two_point", "growing_rates")]
    >>> [round(path.dh2, 6) for path in paths]
    [0.112346, 0.112346]
    """
    found = named(theory)
    times = checked_times(t)
    check_start(start, pair)
    check_shapes(start, pair, rates, t=times)
    values = parameter_values(found, pair, rates)
    theory_start(found, start, values)
    return State(*followed(found, times, start, values))


def followed(
    theory: Theory,
    times: Array,
    start: State,
    parameters: list[Number],
    rtol: float = RTOL,
    most_steps: int = MOST_STEPS,
) -> tuple[Any, ...]:
    """The three scalars, as :func:`follow`, of numbers that were checked; a closed form may leave those of a double.

    Raises:
        ArithmeticError: if the integration fails.
    """
    if theory.solution is not None:
        return compile(theory, "solution")(times, start.dh2, start.dy2, start.w, *parameters)
    return tuple(vars(integrated(theory, times, start, parameters, rtol, most_steps)).values())
