"""How well points lie on the line y = x, and how far that depends on which points there are."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_RESAMPLES, _SEED = 2000, 0
_ROUNDING = 1e-12


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
    dx, dy = x - x.mean(), y - y.mean()
    xx, xy, yy = float(dx @ dx), float(dx @ dy), float(dy @ dy)
    missed, size = float(((y - x) ** 2).sum()), float(y @ y)
    return Agreement(
        r2=1 - missed / yy if yy > 0 else np.nan,
        pearson=xy / (xx * yy) ** 0.5 if xx > 0 and yy > 0 else np.nan,
        slope=xy / xx if xx > 0 else np.nan,
        error=(missed / size) ** 0.5 if size > 0 else np.nan,
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
    x, y = x - y.mean(), y - y.mean()  # no number changes by it, and no digits cancel below
    numbers = {group: k for k, group in enumerate(dict.fromkeys(groups))}
    sums = np.zeros((len(numbers), 6))
    np.add.at(sums, [numbers[group] for group in groups], np.stack([x**0, x, y, x * x, x * y, y * y], axis=1))
    draws = np.random.default_rng(_SEED).multinomial(len(numbers), np.full(len(numbers), 1 / len(numbers)), _RESAMPLES)
    n, sx, sy, sxx, sxy, syy = (draws @ sums).T
    xx, xy, yy = sxx - sx**2 / n, sxy - sx * sy / n, syy - sy**2 / n
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = {"r2": (yy - (sxx - 2 * sxy + syy), yy), "pearson": (xy, (xx * yy) ** 0.5), "slope": (xy, xx)}
        found = {name: a / b for name, (a, b) in ratios.items()}
    # A draw of equal points has no spread but for rounding, and determines nothing.
    varied_x, varied_y = xx > _ROUNDING * sxx, yy > _ROUNDING * syy
    varied = {"r2": varied_y, "pearson": varied_x & varied_y, "slope": varied_x}
    return {name: _interval(values[varied[name]], level) for name, values in found.items()}


def _interval(values: Array, level: float) -> tuple[float, float]:
    if not values.size:
        return np.nan, np.nan
    low, high = np.quantile(values, ((1 - level) / 2, (1 + level) / 2))
    return round(float(low), 12), round(float(high), 12)
