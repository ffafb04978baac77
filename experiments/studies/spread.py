"""Numbers over seeds, as a reader sees them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

FEW = 5
"""With fewer seeds than this an interval is the range, otherwise the quartiles."""


def spread(values: Iterable[float], form: str | None = None) -> str:
    """The median and an interval: the range of fewer than five numbers, the quartiles of more.

    Only finite numbers count. ``form`` is a format for each; without it they have three digits.

    >>> spread([1.0, 3.0, 2.0]), spread([0.0007441]), spread([float("nan")])
    ('2 (1 to 3)', '0.000744', '-')
    >>> spread([0.25, 0.5, 0.75, 1.0, 0.0], ".0%")
    '50% (25% to 75%)'
    """
    known = np.array([x for x in values if np.isfinite(x)], dtype=np.float64)
    if not known.size:
        return "-"
    ends = (0, 1) if known.size < FEW else (0.25, 0.75)
    low, middle, high = (float(x) for x in np.quantile(known, (ends[0], 0.5, ends[1])))
    low, middle, high = (format(x, form) if form else number(x) for x in (low, middle, high))
    return middle if known.size == 1 else f"{middle} ({low} to {high})"


def number(value: float) -> str:
    """A number to three digits, or a dash for what is none.

    >>> number(4765.2), number(-0.53), number(float("nan"))
    ('4770', '-0.53', '-')
    """
    return "-" if np.isnan(value) else f"{float(f'{value:.3g}'):g}"


def interval_name(seeds: int) -> str:
    """What :func:`spread` gives for so many seeds.

    >>> interval_name(3)
    'median and range over 3 seeds'
    """
    if seeds == 1:
        return "one seed, so no interval"
    return f"median and {'range' if seeds < FEW else 'quartiles'} over {seeds} seeds"
