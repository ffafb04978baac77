"""How accurate a function of floats must be, and random problems over many decades to ask it."""

from fractions import Fraction

import mpmath as mp
import numpy as np

TINY = 1e-290
"""Below this, values run out of digits before they run out of range."""


def allowed(value, sensitivity):
    """What an error may be: 1e-12 of the value, plus 30 times what a last place of the inputs changes."""
    return mp.mpf("1e-12") * value + 30 * sensitivity


def sensitivities(function, inputs):
    """What one unit in the last place of each input changes in each result, at most up or down, summed."""
    values = function(*inputs)
    total = [mp.mpf(0)] * len(values)
    for i, x in enumerate(inputs):
        if x != 0:
            moved = [function(*inputs[:i], float(np.nextafter(x, to)), *inputs[i + 1 :]) for to in (np.inf, -np.inf)]
            changes = [max(abs(up - v), abs(down - v)) for v, up, down in zip(values, *moved, strict=True)]
            total = [a + b for a, b in zip(total, changes, strict=True)]
    return values, total


def draw(rng):
    """One random problem: t, dh2, dy2, w, dx2, dy2_target, rate_h, rate_y."""

    def spread(decades):
        return float(10 ** rng.uniform(-decades / 2, decades / 2))

    dx2, rate_h, rate_y, dh2, dy2, dy2_target = spread(10), *(spread(20) for _ in range(5))
    dy2_target *= rng.random() > 0.15
    dy2 *= rng.random() > 0.1
    cosine = float(rng.choice([1, -1, rng.uniform(-1, 1)], p=[0.2, 0.2, 0.6]))
    # lambda = 0 to rounding. Together with dy antiparallel to dy* that is the separatrix, on which u is 0 to rounding
    # and the inputs do not determine the end: the two are kept apart. Nor is what is left of lambda a rate, by which
    # time could be counted: it is replaced by that of the decoder.
    balanced = cosine > -1 and rng.random() < 0.18
    if balanced:
        dy2 = dh2**2 * rate_y / (dx2 * rate_h)
    drift = dh2 * rate_y - (0 if balanced else dx2 * rate_h * dy2 / dh2)
    w = dy2 - cosine * float(np.sqrt(dy2 * dy2_target))
    while (Fraction(dy2) - Fraction(w)) ** 2 > Fraction(dy2) * Fraction(dy2_target):
        w = float(np.nextafter(w, dy2))
    speed = float(np.hypot(drift, 2 * np.sqrt(dx2 * rate_h * rate_y * dy2_target)) / 2)
    t = float(10 ** rng.uniform(-6, 3)) / speed * (rng.random() > 0.1)
    return t, dh2, dy2, w, dx2, dy2_target, rate_h, rate_y
