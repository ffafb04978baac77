"""An adaptive integrator for flows of many coordinates, whose velocities are products of matrices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import DOP853

Array = NDArray[np.float64]

MOST_STEPS = 50_000
"""Steps of the integrator after which it is not going to arrive."""


def integrated_path(
    velocity: Callable[[float, Array], Array],
    times: Array,
    start: Array,
    tolerance: float,
    progress: Callable[[float], object] | None = None,
) -> Array:
    """The coordinates at the given times, shape (times, coordinates).

    Args:
        velocity: of time and coordinates.
        times: shape (T,), increasing, not negative.
        start: the coordinates at time 0.
        tolerance: that of each step, relative to each coordinate, or to the largest at the start.
        progress: is called after each step with the share of the time that is done, from 0 to 1.

    Raises:
        ArithmeticError: if the integrator gives up, with the reason.

    >>> integrated_path(lambda t, q: -q, np.array([0.0, 1.0]), np.ones(1), 1e-10).round(9).tolist()
    [[1.0], [0.367879441]]
    """
    path = np.empty((times.size, start.size))
    done = 0
    scale = float(np.abs(start).max()) or 1.0
    solver = DOP853(velocity, 0.0, start, times[-1], rtol=tolerance, atol=tolerance * scale)
    for _ in range(MOST_STEPS):
        message = solver.step()
        if solver.status == "failed":
            raise ArithmeticError(f"the integrator gave up at t = {solver.t:g}: {message}")
        ready = int(np.searchsorted(times, solver.t, side="right"))
        if ready > done:
            path[done:ready] = solver.dense_output()(times[done:ready]).T
            done = ready
        if progress is not None:
            progress(float(solver.t / times[-1]))
        if solver.status == "finished":
            return path
    raise ArithmeticError(
        f"the integrator gave up at t = {solver.t:g} of {times[-1]:g}: it took {MOST_STEPS} steps; "
        "integrate over a shorter time"
    )
