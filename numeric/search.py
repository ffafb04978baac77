"""Where a fit starts its search, and the search itself; everything in the natural units of the data."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter
from scipy.optimize import least_squares

from .measurement import Measurement, Measurements
from .model import Model
from .starts import FACTORS, RATES, factors, middle_ratio, paces

Array = NDArray[np.float64]

_LOOSE = 1e-5
"""Accuracy of an integration that only has to tell a good start from a bad one."""

_FACTORS_BY_INTEGRATION = factors(9)
"""By which the ratio of rates is changed where each takes an integration."""

_SPEEDS = np.concatenate(
    [np.geomspace(1e-3, 10**-1.6, 9)[:-1], np.geomspace(10**-1.6, 10**2.6, 97), np.geomspace(10**2.6, 1e5, 13)[1:]]
)
"""How fast a pair is tried to move, in its pace over the samples; by 10 % from one to the next where most pairs are."""

_WIDTHS = {1: 193, 2: 49, 3: 13}
"""How many values of each positive coefficient are tried where so many are sought over twelve decades; else 5."""

_WIDTHS_BY_INTEGRATION = {1: 49, 2: 17, 3: 9}
"""The same where each takes an integration."""


_AT_BOUND = 1e-6
"""A coefficient below this share of the size that shows is at its bound."""

FLAT = float(np.finfo(np.float64).eps)
"""The gradient at which trf ends, the least that it takes: it is absolute, and nearly exact data have little."""


def best_starts(model: Model, data: Measurement, count: int) -> list[Array]:
    """The lowest local minima of the misfit on a grid; sets the units of what may be 0 on the way.

    The grid is that of all shapes that a trajectory may have (the ratio of both rates around that of the conserved
    quantity, coefficients that may be 0 without and with them) at all speeds; or of all coefficients, where one that
    is known tells the time.
    """
    axes = _axes(model, data)
    shapes = [{k: v for part in parts for k, v in part.items()} for parts in itertools.product(*axes)]
    values = np.array([[shape[name] for name in model.names] for shape in shapes])
    sizes = [len(axis) for axis in axes]
    if model.clock is not None:
        speeds = _SPEEDS[::2] if model.closed else _SPEEDS[::3]
        paced = speeds / _paces(data, shapes)[:, None]
        misfits = _misfits_over_speeds(model, data, values, paced)
        values = model.sped_up(values[:, None], paced[..., None]).reshape(-1, len(model.names))
        sizes.append(speeds.size)
    else:
        misfits = model.misfits(data, values, _LOOSE)
    misfits = np.where(np.isfinite(misfits), misfits, np.inf).reshape(sizes)
    lowest = (misfits <= minimum_filter(misfits, size=3, mode="nearest")) & np.isfinite(misfits)
    order = [i for i in np.argsort(misfits, axis=None) if lowest.flat[i]][:count]
    if not order:
        return []
    for i in np.nonzero(model.units)[0]:
        model.units[i] = 1.0
        model.units[i] = _size(model, data, values[order[0]], int(i))
    return [values[i] / np.where(model.units == 0, 1.0, model.units) for i in order]


Axis = list[dict[str, float]]

Evaluate = Callable[[Measurement, Array], tuple[Array, Array]]
"""A prediction and its derivatives, as :meth:`Model.evaluate`."""


def _axes(model: Model, data: Measurement) -> list[Axis]:
    """What is tried of each coefficient: the logarithm of one that is positive, the value of any other."""
    positive = [name for name, unit in model.by_unit if not unit]
    axes: list[Axis] = []
    if model.clock is None:
        widths = _WIDTHS if model.closed else _WIDTHS_BY_INTEGRATION
        grid = np.log(np.geomspace(1e-6, 1e6, widths.get(len(positive), 5)))
        axes += [[{name: x} for x in grid] for name in positive]
    else:
        if set(RATES) <= set(positive):
            around = FACTORS if model.closed else _FACTORS_BY_INTEGRATION
            ratios = middle_ratio(Measurements.of(data, {}))[0] * around
            axes.append([{"rate_h": np.log(x) / 2, "rate_y": -np.log(x) / 2} for x in ratios])
        else:  # the speed moves the first of them
            axes.append([dict.fromkeys(positive[:1], 0.0)])
        known = {name for part in axes[0] for name in part}
        axes += [[{name: x} for x in np.log(np.geomspace(1e-2, 1e2, 5))] for name in positive if name not in known]
    for i, (name, unit) in enumerate(model.by_unit):
        if unit:
            near = (0.1, 1.0) if model.closed else (1.0,)
            tried = (0.0, *near) if model.lowest[i] == 0 else (-1.0, 0.0, 1.0)
            axes.append([{name: x} for x in tried])
    return axes


def _paces(data: Measurement, shapes: Sequence[Mapping[str, float]]) -> Array:
    """The fastest of the rates at which a pair can move, per unit of time, of each shape; 1 where one rate is known."""
    if not set(RATES) <= shapes[0].keys():
        return np.ones(len(shapes))
    ratios = np.exp([[shape["rate_h"] - shape["rate_y"] for shape in shapes]])
    return paces(Measurements.of(data, {}), ratios)[0]


def _misfits_over_speeds(model: Model, data: Measurement, shapes: Array, speeds: Array) -> Array:
    """The misfit of each shape at each of its speeds, shape (shapes, speeds)."""
    if model.closed:  # one shape after another: what is computed of all at once does not fit into a processor's cache
        return np.stack(
            [model.misfits(data, model.sped_up(*both), _LOOSE) for both in zip(shapes, speeds[..., None], strict=True)]
        )
    return np.stack([_as_far_as_it_goes(model, data, *both) for both in zip(shapes, speeds, strict=True)])


def _as_far_as_it_goes(model: Model, data: Measurement, shape: Array, speeds: Array) -> Array:
    """The misfits at increasing speeds, infinite from that on at which the theory breaks down before the last sample.

    A trajectory at twice the speed is that of twice the time: one integration serves all speeds.
    """
    misfits = np.full(speeds.size, np.inf)

    def breaks_down(count: int) -> bool:
        found = model.at(data, shape, speeds[:count, None] * data.elapsed, _LOOSE)
        misfits[:count] = data.misfit(found)
        return not np.isfinite(misfits[count - 1])

    if breaks_down(speeds.size):
        bisect.bisect_left(range(1, speeds.size), True, key=breaks_down)
    return misfits


def _size(model: Model, data: Measurement, origin: Array, i: int) -> float:
    """The power of ten at which a coefficient moves the trajectory by about a tenth of its size; 1 if none does."""
    still = model.predict(data, origin)
    largest = float(np.linalg.norm(still))
    step = np.zeros(origin.size)

    def shows(exponent: int) -> bool:
        step[i] = 10.0**exponent
        return not np.linalg.norm(model.predict(data, origin + step) - still) < 0.1 * largest

    exponents = range(-12, 13)
    found = bisect.bisect_left(exponents, True, key=shows)
    return 10.0 ** exponents[found] if found < len(exponents) else 1.0


@dataclass(frozen=True)
class Optimum:
    """Where a search ended.

    Attributes:
        x: the point, shape (m,).
        fun: the weighted differences there, shape (3 n,).
        jac: their derivatives by the unknowns, shape (3 n, m).
        cost: half the sum of their squares.
        message: how the search ended.
        held: which unknowns were not moved, shape (m,).
    """

    x: Array
    fun: Array
    jac: Array
    cost: float
    message: str
    held: NDArray[np.bool_]


def refine(
    model: Model,
    data: Measurement,
    x: Array,
    held: NDArray[np.bool_] | None,
    method: Literal["trf", "lm"],
    tolerance: float,
    most: int,
    evaluate: Evaluate,
) -> Optimum | None:
    """Least squares from one starting point, or None if the theory breaks down there.

    What is held stays as it is, as the result says too. What ends at its bound is put there, and the others are
    refined once more.
    """
    held = np.zeros(x.size, dtype=np.bool_) if held is None else held
    found = _least_squares(model, data, x, held, method, tolerance, most, evaluate)
    if found is None:
        return None
    bound = found.x - model.lowest < _AT_BOUND
    if bound.any() and not (bound | held).all():
        put = np.where(bound, model.lowest, found.x)
        found = _least_squares(model, data, put, bound | held, method, tolerance, most, evaluate) or found
    return replace(found, held=held)


def at_bound(model: Model, x: Array) -> NDArray[np.bool_]:
    """Which coefficients are as small as they may be, at a point of the search."""
    return x == model.lowest


def _least_squares(
    model: Model,
    data: Measurement,
    x: Array,
    held: NDArray[np.bool_],
    method: Literal["trf", "lm"],
    tolerance: float,
    most: int,
    evaluated: Evaluate,
) -> Optimum | None:
    """Least squares over what is not held; the result is that of all."""
    last: dict[bytes, tuple[Array, Array]] = {}
    # Where derivatives are too large for their cubes, trf steps to what is no number.
    nowhere = np.full((3, data.times.size), np.inf), np.zeros((3, data.times.size, x.size))

    def evaluate(free: Array) -> tuple[Array, Array]:
        """Value and Jacobian together: the optimiser asks for both at the same point."""
        if free.tobytes() not in last:
            last.clear()
            last[free.tobytes()] = evaluated(data, whole(free)) if np.isfinite(free).all() else nowhere
        return last[free.tobytes()]

    def whole(free: Array) -> Array:
        point = x.copy()
        point[~held] = free
        return point

    def residuals(free: Array) -> Array:
        return data.residuals(evaluate(free)[0])

    def jacobian(free: Array) -> Array:
        return data.weighted(evaluate(free)[1])

    if not np.isfinite(residuals(x[~held])).all():
        return None
    lowest = model.lowest[~held]
    if held.all():
        still = residuals(x[:0])
        return Optimum(x, still, jacobian(x[:0]), float(still @ still) / 2, "", held)
    with np.errstate(all="ignore"):  # far away derivatives may be huge, whose cubes the search takes
        found = least_squares(
            residuals,
            x[~held],
            lambda free: jacobian(free)[:, ~held],
            bounds=(lowest, np.inf) if np.isfinite(lowest).any() else (-np.inf, np.inf),
            method=method,
            ftol=tolerance,
            xtol=tolerance,
            gtol=tolerance if method == "lm" else FLAT,
            max_nfev=most,
        )
    return Optimum(whole(found.x), found.fun, jacobian(found.x), float(found.cost), str(found.message), held)
