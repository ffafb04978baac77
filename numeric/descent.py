"""Least squares from several places at once, of a theory in closed form, of which all are computed together."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from .measurement import Measurement
from .model import Model

Array = NDArray[np.float64]

_MOST_STEPS = 200
"""Of the search from one place."""

_LONGEST = 3.0
"""The longest step, in logarithms or sizes of coefficients: what is linear ends long before."""

_DAMPING = 1e-3, 1e-12, 1e12
"""At first, and the range in which there is a step that counts."""

_NOTHING, _LITTLE = 1e-5, 1e-2
"""A step that promises no more than this share of the misfit is none; the second where the misfit is too large."""

_ALMOST = 1e-3
"""A place is where another is if no coefficient differs by more."""


@np.errstate(all="ignore")  # far away derivatives may be huge
def descended(model: Model, data: Measurement, points: Array, worth: float, exact: float) -> tuple[Array, Array]:
    """Where the misfit is least near each of some points of the search, and half the misfit there.

    The method of Levenberg and Marquardt, with derivatives by differences, on all points together. A point that comes
    to where a better one is, is left there.

    Args:
        model: of a theory in closed form.
        data: in the units of the search.
        points: shape (k, m), finite.
        worth: how many times the least misfit a minimum may have to be looked for to the end.
        exact: half the misfit below which nothing else is looked for.

    Returns:
        The points, shape (k, m), and their costs, shape (k,), infinite where the theory breaks down.
    """
    x = points.copy()
    residuals, jacobian = _evaluated(model, data, x)
    costs = np.sum(residuals**2, axis=-1) / 2
    damping = np.full(len(x), _DAMPING[0])
    moving = np.isfinite(costs)
    for _ in range(_MOST_STEPS):
        _leave_to_better(x, costs, moving)
        if not moving.any() or costs.min() < exact:
            break
        at = np.nonzero(moving)[0]
        step, promised = _step(x[at], residuals[at], jacobian[at], damping[at], model.lowest)
        there = np.maximum(x[at] + step, model.lowest)
        found, slopes = _evaluated(model, data, there)
        reached = np.sum(found**2, axis=-1) / 2
        nothing = np.where(costs[at] > worth * costs.min(), _LITTLE, _NOTHING) * costs[at]
        gain = (costs[at] - reached) / np.maximum(promised, np.finfo(np.float64).tiny)
        damping[at] = np.clip(damping[at] * np.where(gain > 0.5, 0.05, np.where(gain > 0.1, 1.0, 8.0)), *_DAMPING[1:])
        moving[at] = (promised > nothing) & (damping[at] < _DAMPING[2])
        better = reached < costs[at]
        at = at[better]
        x[at], costs[at], residuals[at], jacobian[at] = there[better], reached[better], found[better], slopes[better]
    return x, costs


def _step(x: Array, residuals: Array, jacobian: Array, damping: Array, lowest: Array) -> tuple[Array, Array]:
    """The damped steps of least squares, (k, m), and by how much they lower the cost where all is linear, (k,)."""
    gradient = np.einsum("knm,kn->km", jacobian, residuals)
    normal = np.einsum("knm,knl->kml", jacobian, jacobian)
    free = ~((x <= lowest) & (gradient > 0))
    gradient = np.where(free, gradient, 0.0)
    normal = normal * (free[:, :, None] & free[:, None, :])
    diagonal = np.einsum("kmm->km", normal)
    least = np.maximum(diagonal.max(axis=1, keepdims=True) * 1e-15, 1e-300)
    damped = normal + np.eye(x.shape[1]) * (damping[:, None] * diagonal + least)[:, None, :]
    step = cast(Array, -np.linalg.solve(damped, gradient[..., None])[..., 0])
    step = step * np.minimum(1.0, _LONGEST / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-300))
    curved = np.einsum("km,kml,kl->k", step, normal, step) / 2
    return step, -np.einsum("km,km->k", gradient, step) - curved


def _evaluated(model: Model, data: Measurement, x: Array) -> tuple[Array, Array]:
    """The weighted residuals, shape (k, 3 n), and their derivatives by the unknowns, (k, 3 n, m)."""
    values, slopes = model.evaluate_nearby(data, x)
    off = data.root_weight[:, None] * (values - data.observed[:, None])
    slopes = data.root_weight[:, None, :, None] * slopes
    residuals, jacobian = (np.moveaxis(y, 0, 1).reshape(len(x), -1, *y.shape[3:]) for y in (off, slopes))
    return np.where(np.isfinite(residuals), residuals, np.inf), jacobian


def _leave_to_better(x: Array, costs: Array, moving: NDArray[np.bool_]) -> None:
    """No longer move what is where another is that has not more misfit."""
    for i in np.nonzero(moving)[0]:
        near = np.abs(x - x[i]).max(axis=1) < _ALMOST
        if (near & ((costs < costs[i]) | ((costs == costs[i]) & (np.arange(len(x)) < i)))).any():
            moving[i] = False
