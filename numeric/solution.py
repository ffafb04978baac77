"""The exact trajectory and its end, generated from the symbolic solution."""

from __future__ import annotations

from functools import cache

from numpy.typing import ArrayLike

from .compiled import CompiledFunction, compile
from .quantities import Number, Pair, Rates, State, broadcast, check_start, checked_times


@cache
def _trajectory() -> CompiledFunction:
    return compile("two_point", "solution")


@cache
def _final() -> CompiledFunction:
    return compile("two_point", "final")


def trajectory(t: ArrayLike, start: State, pair: Pair, rates: Rates) -> State:
    """The state of a pair after ``t`` training steps, in closed form.

    Args:
        t: training steps, any shape, finite and not negative.
        start: the state at ``t = 0``, with ``dh2 > 0``.
        pair: squared distances of inputs and of targets.
        rates: effective learning rates, in 1/(training step).

    Everything broadcasts. dh2 and dy2 are accurate to 1e-12, relative, beyond what
    the last place of the inputs leaves open; so is w against ``dy2 + |dy . dy*|``.
    (A start from which dh neither passes through zero nor stays away from it, to
    rounding, is on the boundary of two outcomes: its end is not determined.)

    Raises:
        ValueError: if a time is negative or not finite, the initial dh2 is 0, ``|dy2 - w|`` is beyond
            Cauchy-Schwarz, or shapes do not broadcast.

    Source: the mode form of the solution, derived and proved in
    ``repdyn.symbolic.two_point()``; the system is that of van Rossem & Saxe (arXiv 2402.09142).

    >>> end = trajectory(1e6, State(1e-3, 0.0, 0.0), Pair(1.0, 0.5), Rates(1e-2, 1e-2))
    >>> round(end.dh2, 6), round(end.dy2, 6)
    (0.707607, 0.5)
    """
    times = checked_times(t)
    _check(start, pair, rates, t=times)
    return State(*_trajectory()(times, start.dh2, start.dy2, start.w, pair.dx2, pair.dy2, rates.h, rates.y))


def final_distance(start: State, pair: Pair, rates: Rates) -> Number:
    """The squared hidden distance at the end of training.

    ``dh2 = A_high/2 + sqrt(A_high^2/4 + A_low^2)`` with ``A_high = dh2 - rho dy2/dh2``
    (at the start), ``A_low^2 = rho |dy*|^2`` and ``rho = |dx|^2 tau_y/tau_h``.

    Raises:
        ValueError: as :func:`trajectory`.

    Source: van Rossem & Saxe (arXiv 2402.09142), section 4.

    >>> round(final_distance(State(1e-9, 0.0, 0.0), Pair(1.0, 0.25), Rates(1e-2, 1e-2)), 6)
    0.5
    """
    return _end(start, pair, rates, 0)


def regime_number(start: State, pair: Pair, rates: Rates) -> Number:
    """The dimensionless number that orders all starts: ``asinh(A_high/(2 A_low))``.

    0 is rich (the end forgets the start), large positive lazy (the representation stays), large negative
    collapsing. Where the targets agree it is infinite, with the sign of A_high, and 0 if that is 0.
    The final distance is ``A_low exp(regime_number)``.

    Raises:
        ValueError: as :func:`trajectory`.

    Source: the end state of van Rossem & Saxe (arXiv 2402.09142), section 4, in this package's form.

    >>> round(regime_number(State(1e-9, 0.0, 0.0), Pair(1.0, 0.25), Rates(1e-2, 1e-2)), 6)
    0.0
    """
    return _end(start, pair, rates, 1)


def _end(start: State, pair: Pair, rates: Rates, result: int) -> Number:
    _check(start, pair, rates)
    found = _final()(start.dh2, start.dy2, start.w, pair.dx2, pair.dy2, rates.h, rates.y)[result]
    return found if found.ndim else float(found)


def _check(start: State, pair: Pair, rates: Rates, **more: Number) -> None:
    check_start(start, pair)
    values = {"start": start.dh2 + start.dy2 + start.w, "pair": pair.dx2 + pair.dy2, "rates": rates.h + rates.y}
    broadcast(**more, **values)
