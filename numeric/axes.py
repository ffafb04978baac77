"""Task axes: how a representation of two features lays out the one a context asks for and the one it does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .arguments import real
from .scaling import ROUNDING, Array, deviations, scaled


@dataclass(frozen=True)
class TaskAxes:
    """The geometry of a representation of a grid of two features in two contexts.

    In each context h = c + m_x u + m_y v + rest, by least squares: u and v are its axes. The relevant feature is m_x
    in context 1 and m_y in context 2. The shares are of the variance of h within a context, averaged over both.

    The irrelevant share over the relevant one is 1 in the grid of the input, 0 if only what the task asks for is kept.

    Attributes:
        angle: of u in context 1 and v in context 2, the two relevant axes, in degrees from 0 to 90; NaN where the
            representation does not change along one of them.
        relevant: share of the variance that the relevant feature explains alone, by any function of it.
        irrelevant: share that the other one explains.
    """

    angle: float
    relevant: float
    irrelevant: float


def task_axes(grid: ArrayLike) -> TaskAxes:
    """The task axes of a representation.

    Args:
        grid: the representation of every point, shape (2 contexts, n, n, units), n > 1 values of m_x and of m_y,
            equally spaced.

    Raises:
        TypeError: if it is no array of real numbers.
        ValueError: if the shape is another, a number is not finite, or the representation of a context does not vary.

    >>> m = np.linspace(-1, 1, 5)
    >>> mx, my = np.meshgrid(m, m, indexing="ij")
    >>> zero = np.zeros_like(mx)
    >>> found = task_axes([np.stack([mx, zero], 2), np.stack([zero, my], 2)])
    >>> round(found.angle), round(found.relevant, 6), round(found.irrelevant, 6)
    (90, 1.0, 0.0)
    """
    h = real("grid", grid)
    if h.ndim != 4 or h.shape[0] != 2 or h.shape[1] != h.shape[2] or h.shape[1] < 2:
        raise ValueError(f"grid must be of shape (2, n, n, units) with n > 1, got {h.shape}")
    if not np.isfinite(h).all():
        raise ValueError(f"grid must be finite, got {h[~np.isfinite(h)].flat[0]}; a network that diverged has no axes")
    h, _ = scaled(np.ldexp(*deviations(h, (1, 2))), (1, 2, 3))
    total = np.square(h).mean((1, 2)).sum(-1)
    if not (total > 0).all():
        raise ValueError("grid must vary within each context, got one value for all points")
    of_x, of_y = h.mean(2), h.mean(1)  # the mean at each value of one feature, shape (2, n, units)
    shares_x, shares_y = (np.square(means).mean(1).sum(-1) / total for means in (of_x, of_y))
    m = np.linspace(-1, 1, h.shape[1])
    return TaskAxes(
        angle=_angle(m @ of_x[0], m @ of_y[1], rounding=2.0**-ROUNDING * h[0].size ** 0.5),
        relevant=float(shares_x[0] + shares_y[1]) / 2,
        irrelevant=float(shares_y[0] + shares_x[1]) / 2,
    )


def _angle(u: Array, v: Array, rounding: float) -> float:
    """The angle of two lines, in degrees; NaN if one of them is only rounding."""
    lengths = [float(np.linalg.norm(x)) for x in (u, v)]
    if min(lengths) <= rounding:
        return np.nan
    u, v = u / lengths[0], v / lengths[1]
    angle = 2 * np.degrees(np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v)))  # an arc cosine is blind near 0
    return float(min(angle, 180 - angle))
