"""Where a fit starts its search, and the search itself."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, least_squares

from .measurement import Measurement
from .model import Model
from .quantities import Rates
from .solution import trajectory

Array = NDArray[np.float64]

_RATIOS = 1e-80, 1e80
"""Ratios of rates that are tried."""


def best_rates(data: Measurement, count: int) -> list[Array]:
    """The best of a grid: ratios of rates around that of the conserved quantity, all time scales of the data."""
    dh2, dy2, _ = data.observed
    slope = _ratio(data)
    speeds: Array = np.geomspace(1e-3, 1e5, 33) / data.times[-1]
    ratio, speed = np.meshgrid(slope * np.geomspace(1e-4, 1e4, 13), speeds, indexing="ij")
    # The fastest of the rates at which the pair can move, per unit of rate_y at this ratio.
    pace = np.sqrt(ratio * data.pair.dy2) + dh2[0] + ratio * dy2[0] / dh2[0]
    decoder = speed / pace
    encoder = decoder * ratio / data.pair.dx2
    sse = data.misfit(trajectory(data.elapsed, data.start, data.pair, Rates(encoder[..., None], decoder[..., None])))
    order = np.argsort(sse, axis=None)[:count]
    return [np.log([encoder.flat[i], decoder.flat[i]]) for i in order]


def _ratio(data: Measurement) -> float:
    """dx2 rate_h / rate_y: the slope of dh2 against dy2/dh2, or the rich scale if that is no line."""
    dh2, dy2, _ = data.observed
    x = dy2 / np.where(dh2 > 0, dh2, np.inf)
    spread = np.sum((x - x[0]) ** 2)
    slope = np.sum((x - x[0]) * (dh2 - dh2[0])) / spread if spread > 0 else 0.0
    if slope > 0:
        return float(np.clip(slope, *_RATIOS))
    size2 = max(float(data.pair.dy2), float(dy2.max()))
    return float(np.clip(dh2.max() ** 2 / size2, *_RATIOS)) if size2 > 0 else 1.0


def best_starts(model: Model, data: Measurement, base: Mapping[str, float], count: int) -> list[Array]:
    """The best of a grid around the rates of the two-point theory; sets the units of what may be 0 on the way.

    A positive coefficient that the two-point theory does not have is tried on the time scale of the data.
    """
    logs = {name: np.log(value) for name, value in base.items()}
    wide = np.log([1e-2, 1e-1, 1.0, 1e1, 1e2])
    near = np.log([0.4, 1.0])
    choices: list[Array] = []
    origin = np.array([logs.get(name, -np.log(data.elapsed[-1])) if not u else 0.0 for name, u in _by_unit(model)])
    for i, (name, unit) in enumerate(_by_unit(model)):
        if unit:
            model.units[i] = _size(model, data, origin, i)
            choices.append(np.array([0.0, 1.0] if model.lowest[i] == 0 else [-1.0, 0.0, 1.0]))
        else:
            choices.append(origin[i] + (near if name in logs else wide))
    points = [np.array(x) for x in itertools.product(*choices)]
    misfits = [float(np.sum(data.residuals(model.predict(data, x)) ** 2)) for x in points]
    if not np.isfinite(misfits).any():
        raise ValueError(
            f"theory {model.theory.name!r} reaches a singularity from this start at all coefficients that were tried: "
            "it cannot describe this trajectory"
        )
    return [points[i] for i in np.argsort(misfits)[:count]]


def _by_unit(model: Model) -> list[tuple[str, float]]:
    return list(zip(model.names, model.units.tolist(), strict=True))


def _size(model: Model, data: Measurement, origin: Array, i: int) -> float:
    """The power of ten at which a coefficient moves the trajectory by about a tenth of its size."""
    still = model.predict(data, origin)
    largest = float(np.linalg.norm(still))
    step = np.zeros(origin.size)

    def shows(exponent: int) -> bool:
        step[i] = 10.0**exponent
        return not np.linalg.norm(model.predict(data, origin + step) - still) < 0.1 * largest

    exponents = range(-12, 13)
    return 10.0 ** bisect.bisect_left(exponents, True, key=shows) * 10.0 ** exponents[0]


def refine(model: Model, data: Measurement, x: Array, method: Literal["trf", "lm"], tolerance: float) -> OptimizeResult:
    """Least squares from one starting point."""
    last: dict[bytes, tuple[Array, Array]] = {}

    def evaluate(x: Array) -> tuple[Array, Array]:
        """Value and Jacobian together: the optimiser asks for both at the same point."""
        if x.tobytes() not in last:
            last.clear()
            last[x.tobytes()] = model.evaluate(data, x)
        return last[x.tobytes()]

    def residuals(x: Array) -> Array:
        return data.residuals(evaluate(x)[0])

    def jacobian(x: Array) -> Array:
        return (data.root_weight[..., None] * evaluate(x)[1]).reshape(-1, x.size)

    return least_squares(
        residuals,
        x,
        jacobian,
        bounds=(model.lowest, np.inf) if np.isfinite(model.lowest).any() else (-np.inf, np.inf),
        method=method,
        ftol=tolerance,
        xtol=tolerance,
        gtol=tolerance,
        max_nfev=200,
    )
