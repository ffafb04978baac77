"""Least squares from several places at once, of a theory of which many trajectories are computed together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from .measurement import Measurements
from .model import Model

Array = NDArray[np.float64]

WORTH, MINIMA = 4.0, 3
"""A minimum on some samples is looked at on all of them if its misfit is at most so many times the least, and how many
are at most."""

APART = 1e-2
"""Two minima are one if no coefficient differs by more than this share of itself."""

EXACT = 1e-20
"""Half the misfit below which data are met exactly."""

_LONGEST = 3.0
"""The longest step, in logarithms or sizes of coefficients: what is linear ends long before."""

_DAMPING = 1e-12, 1e12
"""The range in which there is a step that counts."""

_FAIR, _LEAST, _MORE = 0.1, 0.05, 8.0
"""A step that gains a fair share of what it promised is damped less, the more so the nearer to all: at least by such a
factor (Nielsen, Technical University of Denmark 1999); one that does not is damped more."""

_ALMOST = 1e-3
"""A place is where another is if no coefficient differs by more."""

_AT_ONCE = 2**16
"""Samples of predictions that are computed at once: of fewer, threads wait for each other between NumPy's loops."""

_INTEGRATED_AT_ONCE = 2**20
"""The same of integrations, of which each step takes hundreds of NumPy's calls."""


@dataclass(frozen=True)
class Descent:
    """How far down is looked.

    Attributes:
        sides: 2 for derivatives by differences about the middle, 1 for those to one side.
        damping: of the first step.
        nothing: a step that promises no more than this share of the misfit is the last and is not looked at.
        little: the same where the misfit is too large, and the step is not made.
        patience: how many steps are made where the misfit is too large.
        worth: how many times the least misfit of its pair a minimum may have not to be too large.
        exact: half the misfit of a pair below which nothing else is looked for.
        most: steps of the search from one place.
    """

    sides: int
    damping: float
    nothing: float
    little: float
    patience: int
    worth: float
    exact: float
    most: int = 200


@np.errstate(all="ignore")  # far away derivatives may be huge
def descended(model: Model, data: Measurements, points: Array, how: Descent) -> tuple[Array, Array]:
    """Where the misfit is least near each of some points of the search, and half the misfit there.

    The method of Levenberg and Marquardt, with derivatives by differences, on all points of all pairs together. A point
    that comes to where a better one of its pair is, is left there.

    Args:
        model: of a theory in closed form, or one that is integrated together.
        data: of p pairs, in the units of the search.
        points: shape (p, k, m), NaN where there is none.
        how: how far down is looked.

    Returns:
        The points, shape (p, k, m), and their costs, shape (p, k), infinite where there is none or the theory breaks
        down.
    """
    x = points.copy()
    costs, damping = np.full(x.shape[:2], np.inf), np.full(x.shape[:2], how.damping)
    gradient, normal = np.zeros(x.shape), np.zeros((*x.shape, x.shape[-1]))
    at = np.nonzero(np.isfinite(x).all(axis=-1))
    costs[at], gradient[at], normal[at] = _evaluated(model, data, at[0], x[at], how.sides)
    moving = np.isfinite(costs)
    for count in range(how.most):
        least = costs.min(axis=1)
        moving &= (least >= how.exact)[:, None]
        still = np.nonzero(moving.any(axis=1))[0]
        moving[still] &= ~_is_left_to_better(x[still], costs[still])
        at = np.nonzero(moving)
        if not at[0].size:
            break
        before = costs[at]
        step, promised = _step(x[at], gradient[at], normal[at], damping[at], model.lowest)
        there = np.maximum(x[at] + step, model.lowest)
        large = before > how.worth * least[at[0]]
        last = promised <= np.where(large, how.little if count < how.patience else np.inf, how.nothing) * before
        moving[at] = ~last
        ended = last & ~large
        x[at[0][ended], at[1][ended]] = there[ended]  # too near to be looked at
        at, there, promised, before = (at[0][~last], at[1][~last]), there[~last], promised[~last], before[~last]
        reached, slopes, curvature = _evaluated(model, data, at[0], there, how.sides)
        gain = (before - reached) / np.maximum(promised, np.finfo(np.float64).tiny)
        factor = np.where(gain > _FAIR, np.maximum(1 - (2 * gain - 1) ** 3, _LEAST), _MORE)
        damping[at] = np.clip(damping[at] * factor, *_DAMPING)
        moving[at] = damping[at] < _DAMPING[1]
        better = reached < before
        at = at[0][better], at[1][better]
        x[at], costs[at], gradient[at], normal[at] = there[better], reached[better], slopes[better], curvature[better]
    return x, costs


def _step(x: Array, gradient: Array, normal: Array, damping: Array, lowest: Array) -> tuple[Array, Array]:
    """The damped steps of least squares, (k, m), and by how much they lower the cost where all is linear, (k,)."""
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


def blocks(model: Model, count: int, size: int) -> Iterator[slice]:
    """Parts of so many rows, each of so many samples, that are computed at once."""
    rows = max(1, (_AT_ONCE if model.closed else _INTEGRATED_AT_ONCE) // size)
    return (slice(i, i + rows) for i in range(0, count, rows))


def _evaluated(model: Model, data: Measurements, which: NDArray[np.intp], x: Array, sides: int) -> tuple[Array, ...]:
    """Half the misfit at points (k, m) of some pairs, its gradient (k, m), and the normal matrix (k, m, m)."""
    count = x.shape[1]
    costs, gradient, normal = np.empty(len(x)), np.empty(x.shape), np.empty((*x.shape, count))
    for some in blocks(model, len(x), data.shares.size * (1 + sides * count)):
        rows = data[which[some]]
        values, slopes = model.evaluate_nearby(rows, x[some], sides)
        off = rows.root_weight * (values - rows.observed)
        slopes = rows.root_weight[..., None] * slopes
        costs[some] = np.einsum("akn,akn->k", off, off) / 2
        gradient[some] = np.einsum("aknm,akn->km", slopes, off)
        normal[some] = np.einsum("aknm,aknl->kml", slopes, slopes)
    return np.where(np.isfinite(costs), costs, np.inf), gradient, normal


def _is_left_to_better(x: Array, costs: Array) -> NDArray[np.bool_]:
    """What is where another of its pair is that has not more misfit, shape (p, k)."""
    near = (np.abs(x[:, :, None] - x[:, None]) < _ALMOST).all(axis=-1)
    mine, others = costs[:, :, None], costs[:, None]
    earlier = np.tri(x.shape[1], k=-1, dtype=np.bool_)
    return np.any(near & ((others < mine) | ((others == mine) & earlier)), axis=-1)


def lowest(points: Array, costs: Array) -> Array:
    """The lowest of the points (p, k, m) at which minima are, without those near a better one.

    Shape (p, at most three, m), NaN where there are fewer.
    """
    order = np.argsort(costs, axis=1)[..., None]
    ranked, costs = np.take_along_axis(points, order, axis=1), np.take_along_axis(costs, order[..., 0], axis=1)
    kept, count = np.full((len(points), MINIMA, points.shape[2]), np.nan), np.zeros(len(points), np.intp)
    for i in range(points.shape[1]):
        near = (np.abs(kept - ranked[:, i, None]).max(axis=2) < APART).any(axis=1)
        worth = np.isfinite(costs[:, i]) & (costs[:, i] <= WORTH * costs[:, 0]) & (count < MINIMA) & ~near
        kept[worth, count[worth]] = ranked[worth, i]
        count[worth] += 1
    return kept
