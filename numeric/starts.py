"""Where the search for two rates starts, for many pairs at once: a grid on which each trajectory is computed once."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from .descent import blocks
from .measurement import Measurements
from .model import Model
from .rich import rich_rate

Array = NDArray[np.float64]

RATES = ("rate_h", "rate_y")

_RATIOS = 1e-80, 1e80
"""Ratios of rates that are tried."""


def factors(count: int) -> Array:
    """By which the ratio of rates is changed, so many times, closest near 1.

    >>> factors(3).tolist()
    [0.0001, 1.0, 10000.0]
    """
    return 10 ** (4 * np.linspace(-1, 1, count) ** 3)


FACTORS = factors(11)
"""Those of a closed form."""

_STEP, _NODES = 0.2, 21
"""Logarithms of times on which data and trajectories are compared: how far apart they are and how many, to the last."""

_RANGES = range(-34, -18, 4), range(-18, 31), range(31, 58, 4)
_SPEEDS = np.concatenate(_RANGES)
"""How fast a pair is tried to move, in its pace over the samples; logarithms in steps of the times."""


@np.errstate(all="ignore")  # far away a theory may break down
def starts(model: Model, data: Measurements, count: int) -> Array:
    """The lowest local minima of the misfit on a grid, shape (p, count, 2); NaN where there are not so many.

    The grid is that of all ratios of both rates around that of the conserved quantity, at all speeds. A trajectory at
    twice the speed is that of twice the time: on times and speeds that are equally spaced in their logarithms, all
    speeds take the same numbers.

    Args:
        model: of a theory in closed form, of which the two rates are sought and nothing else.
        data: of p pairs, in the units of the search.
    """
    ratios = middle_ratio(data)[:, None] * FACTORS
    order = [RATES.index(name) for name in model.names]
    shapes = np.stack([np.log(ratios) / 2, -np.log(ratios) / 2], axis=-1)[..., order]
    pace = paces(data, ratios)
    misfits = _misfits(model, data, shapes, pace)
    lowest = (misfits <= minimum_filter(misfits, size=(1, 3, 3), mode="nearest")) & np.isfinite(misfits)
    ranked = np.where(lowest, misfits, np.inf).reshape(len(misfits), -1)
    best = np.argsort(ranked, axis=1)[:, :count]
    shape, speed = np.divmod(best, _SPEEDS.size)
    found = np.take_along_axis(shapes, shape[..., None], axis=1)
    found = found + (_STEP * _SPEEDS[speed] - np.log(np.take_along_axis(pace, shape, axis=1)))[..., None]
    return np.where(np.isfinite(np.take_along_axis(ranked, best, axis=1))[..., None], found, np.nan)


def _misfits(model: Model, data: Measurements, shapes: Array, pace: Array) -> Array:
    """The misfit, but for a constant, of shapes (p, s, 2) at all speeds: (p, s, speeds); infinite where it is none."""
    exponents: Array = np.arange(float(_SPEEDS[0]) + 1 - _NODES, float(_SPEEDS[-1]) + 1)
    moments = np.exp(_STEP * exponents) * (data.span[:, None] / pace)[..., None]
    weights = _shared(data.shares)
    count = data.root_weight**2 @ weights
    mean = (data.root_weight**2 * data.observed) @ weights
    against = np.concatenate([count, -2 * mean])
    misfits = np.empty((*shapes.shape[:2], _SPEEDS.size))
    for some in blocks(model, len(shapes), moments[0].size):
        found = model.at(data[some], shapes[some, :, None], moments[some])
        windows = sliding_window_view(np.concatenate([found**2, found]), _NODES, axis=-1)
        parts = (windows[..., x.start - _SPEEDS[0] : x.stop - _SPEEDS[0] : x.step, :] for x in _RANGES)
        summed = [np.einsum("rpsvb,rpb->psv", part, against[:, some]) for part in parts]
        misfits[some] = np.concatenate(summed, axis=-1)
    return np.where(np.isfinite(misfits), misfits, np.inf)


def _shared(shares: Array) -> Array:
    """How much of each sample counts at each of the times of the grid, shape (n, nodes): at the two next to it."""
    place = np.log(np.maximum(shares, np.finfo(np.float64).tiny)) / _STEP + _NODES - 1
    return np.maximum(1 - np.abs(place[:, None] - np.arange(_NODES)), 0.0)


def paces(data: Measurements, ratios: Array) -> Array:
    """The fastest of the rates at which a pair can move, per unit of time, at each of the ratios (p, s) of rates."""
    (dh2, dy2, _), root = data.observed[:, :, :1], np.sqrt(ratios)
    encoder, decoder = data.known["dx2"][:, None] * root, 1 / root
    return np.sqrt(encoder * decoder * data.known["dy2_target"][:, None]) + decoder * dh2 + encoder * dy2 / dh2


def middle_ratio(data: Measurements) -> Array:
    """rate_h / rate_y: dx2 times it is the slope of dh2 against dy2/dh2 through the start, or what the rich scale says.

    Both sides are multiplied by dh2, which may vanish. Shape (p,).
    """
    dh2, dy2, _ = data.observed
    x, y = dy2 - dh2 * (dy2[:, :1] / dh2[:, :1]), dh2 * (dh2 - dh2[:, :1])
    spread = np.einsum("pn,pn->p", x, x)
    slope = np.einsum("pn,pn->p", x, y) / np.where(spread > 0, spread, np.inf)
    size2 = np.maximum(data.known["dy2_target"], dy2.max(axis=1))
    rich = rich_rate(dh2.max(axis=1), 1.0, np.where(size2 > 0, size2, 1.0), 1.0)
    ratio = np.where(slope > 0, slope, np.where(size2 > 0, rich, 1.0))
    return np.clip(ratio, *_RATIOS) / data.known["dx2"]
