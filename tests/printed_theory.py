"""The formulas that the theory promises, typed by hand from its text; they take SymPy, mpmath or NumPy numbers."""

import mpmath as mp


def system(dh2, dy2, w, dx2, dy2_target, rate_h, rate_y):
    """The time derivatives of dh2, dy2 and w: van Rossem & Saxe (arXiv 2402.09142), section 3."""
    return (
        -rate_h * dx2 * w,
        -(rate_y * dh2 + rate_h * dx2 * dy2 / dh2) * w,
        -rate_y * (3 * w - dy2 + dy2_target) * dh2 / 2 - rate_h * dx2 * (dy2 + w) * w / dh2 / 2,
    )


def conserved(dh2, dy2, w, dx2, dy2_target, rate_h, rate_y):
    """I: the same at all times."""
    return dh2 / (rate_h * dx2) - dy2 / (rate_y * dh2)


def misalignment(dh2, dy2, w, dx2, dy2_target, rate_h, rate_y):
    """G: 0 when dy is parallel to dy*, negative otherwise."""
    return (dy2 - w) ** 2 - dy2 * dy2_target


def pair_loss(dy2, w, dy2_target):
    """The loss of the difference of two predictions."""
    return (2 * w - dy2 + dy2_target) / 8


def scales(dh2, dy2, dx2, dy2_target, rate_h, rate_y):
    """A_high and A_low, the lazy and the rich scale of dh2, in mpmath's working precision."""
    rho = mp.mpf(dx2) * rate_h / rate_y
    return dh2 - rho * dy2 / dh2, mp.sqrt(rho * dy2_target)


def final_distance(dh2, dy2, dx2, dy2_target, rate_h, rate_y):
    """dh2 after infinite time, in mpmath's working precision."""
    high, low = scales(dh2, dy2, dx2, dy2_target, rate_h, rate_y)
    return high / 2 + mp.sqrt(high**2 / 4 + low**2)
