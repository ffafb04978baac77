"""A theory fitted from each sample to the next, where no singularity is far and no misfit adds up."""

from __future__ import annotations

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

    def residuals(x: Array) -> Array:
        with np.errstate(all="ignore"):  # far away a theory may break down
            off = data.root_weight[:, 1:] * (_next(model, data, x) - data.observed[:, 1:])
        return np.nan_to_num(off, nan=_FAR).clip(-_FAR, _FAR).ravel()

    def jacobian(x: Array) -> Array:
        still = residuals(x)
        return np.stack([residuals(x + step) - still for step in _DIFFERENCE * np.eye(x.size)], axis=1) / _DIFFERENCE

    bounds = (model.lowest, np.inf)
    with np.errstate(all="ignore"):
        return least_squares(residuals, x, jacobian, bounds=bounds, ftol=_TOLERANCE, xtol=_TOLERANCE, gtol=FLAT).x


def _next(model: Model, data: Measurement, x: Array) -> Array:
    """The three scalars at all samples but the first, each predicted from the sample before; shape (3, n - 1)."""
    theory = model.theory
    values = parameter_values(theory, data.pair, model.coefficients(x))
    rhs, read = compile(theory, "rhs"), compile(theory, "readout")
    state = np.stack(np.broadcast_arrays(*compile(theory, "begin")(*data.observed[:, :-1], *values)))
    time = data.elapsed[:-1]
    step = np.diff(data.elapsed) / _SUBSTEPS

    def rates(time: Array, state: Array) -> Array:
        return np.stack(np.broadcast_arrays(*rhs(time, *state, *values)))

    for _ in range(_SUBSTEPS):  # the classical method of Runge and Kutta
        k1 = rates(time, state)
        k2 = rates(time + step / 2, state + step / 2 * k1)
        k3 = rates(time + step / 2, state + step / 2 * k2)
        k4 = rates(time + step, state + step * k3)
        time, state = time + step, state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return np.stack(np.broadcast_arrays(*read(*state, *values)))
