"""How well points lie on the line y = x, and how far that depends on which points there are."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_RESAMPLES, _SEED = 2000, 0


@dataclass(frozen=True)
class Agreement:
    """Measured values against predicted ones.

    Attributes:
        r2: about y = x: 1 less the squared distances from the prediction, as a share of those from the mean.
        pearson: the correlation, which knows nothing of scale and offset.
        slope: of the least-squares line of the measured over the predicted.
    """

    r2: float
    pearson: float
    slope: float


def agreement(predicted: ArrayLike, measured: ArrayLike) -> Agreement:
    """Compare values, shape (n,). A number that the points do not determine is NaN.

    >>> agreement([0.0, 1.0, 2.0], [0.0, 2.0, 4.0])
    Agreement(r2=0.375, pearson=1.0, slope=2.0)
    """
    x, y = np.asarray(predicted, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    dx, dy = x - x.mean(), y - y.mean()
    xx, xy, yy = float(dx @ dx), float(dx @ dy), float(dy @ dy)
    r2 = 1 - float(((y - x) ** 2).sum()) / yy if yy > 0 else np.nan
    determined = xx > 0 and yy > 0
    return Agreement(r2, xy / (xx * yy) ** 0.5 if determined else np.nan, xy / xx if xx > 0 else np.nan)


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
    members: dict[Hashable, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    rows = list(members.values())
    generator = np.random.default_rng(_SEED)
    draws: list[Agreement] = []
    for _ in range(_RESAMPLES):
        drawn: list[int] = generator.integers(len(rows), size=len(rows)).tolist()
        chosen = [i for k in drawn for i in rows[k]]
        draws.append(agreement(x[chosen], y[chosen]))
    return {f.name: _interval([getattr(d, f.name) for d in draws], level) for f in fields(Agreement)}


def _interval(values: list[Any], level: float) -> tuple[float, float]:
    known = np.array([v for v in values if not np.isnan(v)], dtype=np.float64)
    if not known.size:
        return np.nan, np.nan
    low, high = np.quantile(known, ((1 - level) / 2, (1 + level) / 2))
    return round(float(low), 12), round(float(high), 12)
