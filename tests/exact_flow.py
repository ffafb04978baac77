"""The exact trajectory in mpmath, on another way than the package's: no modes, no case distinctions.

Q(s) = exp(F s) Q_0 / sqrt(1 + int_0^s |exp(F u) Q_0|^2 du) with exp(F s) by cosh and sinh, which lose
2 omega s/ln 10 digits to cancellation: so many more are carried.
"""

from typing import NamedTuple

import mpmath as mp


class Exact(NamedTuple):
    """The three scalars, and the size of the two terms whose difference is w."""

    dh2: mp.mpf
    dy2: mp.mpf
    w: mp.mpf
    w_size: mp.mpf


def exact_flow(*point, digits=60) -> Exact:
    """The state after t steps, of t, dh2, dy2, w, dx2, dy2_target, rate_h, rate_y, to about so many digits."""
    with mp.workdps(30):
        _, _, _, delta, lam, s = _rescaled(*point)
        lost = int(2 * mp.hypot(lam / 2, delta) * s / mp.log(10))
    with mp.workdps(digits + lost):
        P, R, start, delta, lam, s = _rescaled(*point)
        alpha, beta_par, beta_perp2 = _flow(start, delta, lam, s)
        cross = delta * P * R * alpha * beta_par
        dy2_t = P * R * alpha**2 * (beta_par**2 + beta_perp2)
        return Exact(P * alpha**2, dy2_t, dy2_t - cross, dy2_t + abs(cross))


def _rescaled(*floats):
    t, dh2, dy2, w, dx2, dy2_target, R = map(mp.mpf, (*floats[:6], floats[7]))
    P = dx2 * floats[6]
    alpha2, beta2 = dh2 / P, dy2 / (dh2 * R)
    beta_par = (dy2 - w) / mp.sqrt(dy2_target * dh2 * R) if dy2_target else mp.mpf(0)
    start = mp.sqrt(alpha2), beta_par, beta2 - beta_par**2
    return P, R, start, mp.sqrt(dy2_target / (P * R)), alpha2 - beta2, P * R * t / 2


def _flow(start, delta, lam, s):
    """alpha, beta_par and beta_perp^2 after the rescaled time s."""
    alpha, beta, beta_perp2 = start
    rate_alpha, rate_beta = lam / 2 * alpha + delta * beta, delta * alpha - lam / 2 * beta
    size2, product = alpha**2 + beta**2, alpha * rate_alpha + beta * rate_beta
    omega2 = lam**2 / 4 + delta**2
    if omega2:
        omega = mp.sqrt(omega2)
        cosh, sinh = mp.cosh(omega * s), mp.sinh(omega * s) / omega
        area = size2 * mp.sinh(2 * omega * s) / (2 * omega) + product * (mp.cosh(2 * omega * s) - 1) / (2 * omega2)
    else:
        cosh, sinh, area = 1, s, size2 * s + product * s**2
    area += beta_perp2 * ((1 - mp.exp(-lam * s)) / lam if lam else s)
    root = mp.sqrt(1 + area)
    return (
        (cosh * alpha + sinh * rate_alpha) / root,
        (cosh * beta + sinh * rate_beta) / root,
        beta_perp2 * mp.exp(-lam * s) / root**2,
    )


def exact_derivative(point, i):
    """The derivatives of dh2, dy2 and w by the i-th argument, upwards, to about 50 digits.

    The state is analytic in all of them, beyond Cauchy-Schwarz too, which is what the others held fixed can mean.
    At dy2_target = 0, where |dy*| divides, 1e-200 is taken.
    """
    step = mp.mpf(10) ** -60
    with mp.workdps(600):
        here = [mp.mpf(x) for x in point]
        here[5] = here[5] or mp.mpf(10) ** -200
        moved = [*here[:i], here[i] + step, *here[i + 1 :]]
        up, down = (exact_flow(*x, digits=600) for x in (moved, here))
        return [(a - b) / step for a, b in zip(up[:3], down[:3], strict=True)]
