"""How well points lie on the line y = x, and how far that depends on which points there are."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .determination import determination
from .scaling import ROUNDING, deviations, scaled

Array = NDArray[np.float64]

_RESAMPLES, _SEED = 2000, 0


@dataclass(frozen=True)
class Agreement:
    """Measured values against predicted ones.

    Attributes:
        r2: about y = x: 1 less the squared distances from the prediction, as a share of those from the mean.
        pearson: the correlation, which knows nothing of scale and offset.
        slope: of the least-squares line of the measured over the predicted.
        error: the root of the summed squared differences over that of the summed squared measured values.
    """

    r2: float
    pearson: float
    slope: float
    error: float


def agreement(predicted: ArrayLike, measured: ArrayLike) -> Agreement:
    """Compare values, shape (n,). A number that the points do not determine is NaN.

    >>> agreement([0.0, 1.0, 2.0], [0.0, 2.0, 4.0])
    Agreement(r2=0.375, pearson=1.0, slope=2.0, error=0.5)
    """
    x, y = np.asarray(predicted, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    (dx, at_x), (dy, at_y) = deviations(x), deviations(y)
    (missed, at_missed), (whole, at_whole) = _difference(x, y), scaled(y)
    xx, xy, yy, mm, size = (float(a @ b) for a, b in ((dx, dx), (dx, dy), (dy, dy), (missed, missed), (whole, whole)))
    with np.errstate(over="ignore", under="ignore"):
        return Agreement(
            r2=determination(np.ldexp(mm, 2 * (at_missed - at_y)).item(), yy) if yy > 0 else np.nan,
            pearson=xy / (xx * yy) ** 0.5 if xx > 0 and yy > 0 else np.nan,
            slope=np.ldexp(xy / xx, at_y - at_x).item() if xx > 0 else np.nan,
            error=np.ldexp((mm / size) ** 0.5, at_missed - at_whole).item() if size > 0 else np.nan,
        )


def resampled(
    predicted: ArrayLike, measured: ArrayLike, groups: Sequence[Hashable], level: float = 0.9
) -> dict[str, tuple[float, float]]:
    """The interval of each number of an :class:`Agreement` if whole groups of points are drawn again with replacement.

    Args:
        predicted: values, shape (n,).
        measured: values, shape (n,).
        groups: what is drawn together, such as networks trained on the same pair; n labels.
        level: share of the draws inside the interval.

    Source: the percentile bootstrap (Efron 1979), 2,000 draws, the same ones for the same number of groups.

    >>> line = np.arange(5.0)
    >>> resampled(line, line, list(line))["slope"]
    (1.0, 1.0)
    """
    x, y = np.asarray(predicted, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    numbers = {group: k for k, group in enumerate(dict.fromkeys(groups))}
    index = np.array([numbers[group] for group in groups])
    count = np.bincount(index)
    draws = np.random.default_rng(_SEED).multinomial(len(numbers), np.full(len(numbers), 1 / len(numbers)), _RESAMPLES)
    n = draws @ count

    def parts(v: Array) -> tuple[Array, Array]:
        """What each point is off the mean of its group, and each group that of each draw: squares do not cancel."""
        means = np.bincount(index, v) / count
        return v - means[index], means - (draws @ (count * means) / n)[:, None]

    def summed(a: tuple[Array, Array], b: tuple[Array, Array]) -> Array:
        return draws @ np.bincount(index, a[0] * b[0]) + (draws * count * a[1] * b[1]).sum(1)

    (dx, at_x), (dy, at_y), (missed, at_missed) = deviations(x), deviations(y), _difference(x, y)
    of_x, of_y = parts(dx), parts(dy)
    xx, xy, yy = summed(of_x, of_x), summed(of_x, of_y), summed(of_y, of_y)
    mm = draws @ np.bincount(index, missed**2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        found = {
            "r2": determination(np.ldexp(mm, 2 * (at_missed - at_y)), yy),
            "pearson": xy / (xx * yy) ** 0.5,
            "slope": np.ldexp(xy / xx, at_y - at_x),
        }
    # A draw of equal points has no spread but for rounding, and determines nothing.
    varied_x, varied_y = (square > n * 4.0**-ROUNDING for square in (xx, yy))
    varied = {"r2": varied_y, "pearson": varied_x & varied_y, "slope": varied_x}
    return {name: _interval(values[varied[name]], level) for name, values in found.items()}


def _difference(x: Array, y: Array) -> tuple[Array, NDArray[np.int32]]:
    """``y - x`` in a unit of its own, and the unit's power of two."""
    both, k = scaled(np.stack([x, y]))
    missed, at = scaled(both[1] - both[0])
    return missed, at + k[0]


def _interval(values: Array, level: float) -> tuple[float, float]:
    if not values.size:
        return np.nan, np.nan
    low, high = np.quantile(values, ((1 - level) / 2, (1 + level) / 2))
    return round(float(low), 12), round(float(high), 12)
