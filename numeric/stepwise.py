"""A theory fitted from each sample to the next, where no singularity is far and no misfit adds up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from .coefficients import parameter_values
from .compiled import compile
from .measurement import Measurement
from .model import Model
from .search import FLAT

Array = NDArray[np.float64]

_SUBSTEPS = 8
"""Of the integration from one sample to the next."""

_DIFFERENCE = 1e-6
"""The step of a finite difference, in units of a coefficient's size."""

_FAR = 1e3
"""How far off, in units of how far the pair moves, is as far as any."""

_TOLERANCE = 1e-8
"""Of the search: the data are noisy or the integration is rougher than that."""


def stepwise_optimum(model: Model, data: Measurement, x: Array) -> Array:
    """The coefficients that best lead from each sample to the next, near those at ``x``.

    The rates of a theory are as good as linear in its coefficients, so that this search ends well from far away; with
    noise its optimum is off, but near that of the whole trajectory.
    """

    def off(points: Array) -> Array:
        """The weighted differences at points of the search, shape (k, m): shape (k, 3 (n - 1))."""
        with np.errstate(all="ignore"):  # far away a theory may break down
            off = data.root_weight[:, None, 1:] * (_next(model, data, points) - data.observed[:, None, 1:])
        return np.nan_to_num(off, nan=_FAR).clip(-_FAR, _FAR).swapaxes(0, 1).reshape(len(points), -1)

    def jacobian(x: Array) -> Array:
        still, *moved = off(np.stack([x, *(x + _DIFFERENCE * np.eye(x.size))]))
        return np.stack([y - still for y in moved], axis=1) / _DIFFERENCE

    bounds = (model.lowest, np.inf)
    with np.errstate(all="ignore"):
        found = least_squares(
            lambda x: off(x[None])[0], x, jacobian, bounds=bounds, ftol=_TOLERANCE, xtol=_TOLERANCE, gtol=FLAT
        )
    return found.x


def _next(model: Model, data: Measurement, points: Array) -> Array:
    """The three scalars at all samples but the first, each predicted from the sample before, at points of the search,
    shape (k, m): shape (3, k, n - 1)."""
    theory = model.theory
    values = parameter_values(theory, data.pair, model.coefficients(points[:, None]))
    begin, rhs, read = (compile(theory, what).bare for what in ("begin", "rhs", "readout"))
    time = data.elapsed[:-1]
    step = np.diff(data.elapsed) / _SUBSTEPS

    def whole(values: Sequence[Array]) -> Array:
        """Each at every point and sample."""
        found = np.empty((len(values), len(points), time.size))
        for row, value in zip(found, values, strict=True):
            row[:] = value
        return found

    def rates(time: Array, state: Array) -> Array:
        return whole(rhs(time, *state, *values))

    state = whole(begin(*data.observed[:, :-1], *values))
    for _ in range(_SUBSTEPS):  # the classical method of Runge and Kutta
        k1 = rates(time, state)
        k2 = rates(time + step / 2, state + step / 2 * k1)
        k3 = rates(time + step / 2, state + step / 2 * k2)
        k4 = rates(time + step, state + step * k3)
        time, state = time + step, state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return whole(read(*state, *values))
