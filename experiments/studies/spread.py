"""Numbers over seeds, as a reader sees them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

FEW = 5
"""With fewer seeds than this an interval is the range, otherwise the quartiles."""


def spread(values: Iterable[float]) -> str:
    """The median and an interval: the range of fewer than five numbers, the quartiles of more. NaN is left out.

    >>> spread([1.0, 3.0, 2.0])
    '2 (1 to 3)'
    >>> spread([0.0007441])
    '0.000744'
    """
    known = np.array([x for x in values if not np.isnan(x)])
    if not known.size:
        return "-"
    low, high = np.quantile(known, (0, 1) if known.size < FEW else (0.25, 0.75))
    middle = number(float(np.median(known)))
    return middle if known.size == 1 else f"{middle} ({number(float(low))} to {number(float(high))})"


def number(value: float) -> str:
    """A number to three digits.

    >>> number(4765.2), number(-0.53)
    ('4770', '-0.53')
    """
    return f"{float(f'{value:.3g}'):g}"


def interval_name(seeds: int) -> str:
    """What :func:`spread` gives for so many seeds.

    >>> interval_name(3)
    'median and range over 3 seeds'
    """
    if seeds == 1:
        return "one seed, so no interval"
    return f"median and {'range' if seeds < FEW else 'quartiles'} over {seeds} seeds"
