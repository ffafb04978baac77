"""When things happen to a pair: half-way, through zero, near the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .coefficients import DEFAULT_THEORY, Coefficients
from .compiled import CompiledFunction
from .quantities import Number, Pair, State, as_number
from .solution import prepared

if TYPE_CHECKING:
    from repdyn.symbolic import Theory

Array = NDArray[np.float64]

_SAMPLES = 64
"""Moments at which a pair that is not aligned is looked at for the first that is beyond half-way."""

_HALVINGS = 60
"""Bisections between two of them: to the last place."""


def relaxation_time(start: State, pair: Pair, rates: Coefficients, *, theory: Theory | str = DEFAULT_THEORY) -> Number:
    """Training steps in which what is missing of the end state shrinks by e, late in training.

    ``1/tau_y sqrt(A_high^2/4 + A_low^2)`` is the rate; where dy is not parallel to dy* and A_high < 0 the
    slower ``dh2/tau_y`` of the end state, at which what lies across dy* is unlearnt. Where the targets agree it is
    ``|A_high|/tau_y``, and infinite if A_high is 0.

    Args:
        start: the state at ``t = 0``, with ``dh2 > 0``.
        pair: squared distances of inputs and of targets.
        rates: as for :func:`trajectory`.
        theory: a theory whose moments are known, by name or one of your own.

    Everything broadcasts.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if the initial dh2 is 0, ``|dy2 - w|`` is beyond Cauchy-Schwarz, or shapes do not broadcast.

    Source: the step ``relaxation`` of ``repdyn.symbolic.two_point().derivation``.

    >>> from repdyn.numeric import Pair, Rates, State, relaxation_time
    >>> round(relaxation_time(State(1e-9, 0.0, 0.0), Pair(1.0, 0.25), Rates(1e-2, 1e-2)), 6)
    200.0
    """
    return as_number(_moments(start, pair, rates, theory)[0])


def crossing_time(start: State, pair: Pair, rates: Coefficients, *, theory: Theory | str = DEFAULT_THEORY) -> Number:
    """Training steps after which the hidden difference passes through zero; infinite if it never does.

    It does if the start points away from the growing mode, as with outputs that differ the wrong way round.

    Args:
        start: the state at ``t = 0``, with ``dh2 > 0``.
        pair: squared distances of inputs and of targets.
        rates: as for :func:`trajectory`.
        theory: a theory whose moments are known, by name or one of your own.

    Everything broadcasts.

    Raises:
        TypeError, ValueError: as :func:`relaxation_time`.

    Source: the step ``crossing`` of ``repdyn.symbolic.two_point().derivation``.

    >>> from repdyn.numeric import Pair, Rates, State, crossing_time
    >>> crossing_time(State(0.1, 0.1, 0.0), Pair(1.0, 0.5), Rates(1e-2, 1e-2))
    inf
    >>> wrong_way_round = State(0.1, 0.5, 1.0)
    >>> round(crossing_time(wrong_way_round, Pair(1.0, 0.5), Rates(1e-2, 1e-2)), 3)
    27.975
    """
    return as_number(_moments(start, pair, rates, theory)[1])


def half_way_time(start: State, pair: Pair, rates: Coefficients, *, theory: Theory | str = DEFAULT_THEORY) -> Number:
    """Training steps until half of the difference is learnt: dy . dy* first is half of ``|dy*|^2``.

    0 if it is at the start, infinite if it never is, and NaN where the targets agree: there is nothing to learn.
    For dy parallel to dy* it is a closed form. Otherwise the exact trajectory is looked at and the time found by
    bisection; a pair that is half-way for less than a fiftieth of that time and falls back is not noticed.

    Args:
        start: the state at ``t = 0``, with ``dh2 > 0``.
        pair: squared distances of inputs and of targets.
        rates: as for :func:`trajectory`.
        theory: a theory whose moments are known, by name or one of your own.

    Everything broadcasts.

    Raises:
        TypeError, ValueError: as :func:`relaxation_time`.

    Source: the steps ``half_way_aligned`` and ``half_way_number`` of
    ``repdyn.symbolic.two_point().derivation``; for small starts the logistic curve of Saxe et al. (arXiv 1312.6120).

    >>> from repdyn.numeric import Pair, Rates, State, half_way_time
    >>> round(half_way_time(State(1e-4, 1e-8, 1e-8 - 1e-4), Pair(1.0, 1.0), Rates(1e-2, 1e-2)), 3)
    921.024
    """
    relaxation, _, half_way, across = _moments(start, pair, rates, theory)
    solution, values = prepared("solution", theory, start, pair, rates)
    arguments = np.broadcast_arrays(relaxation, pair.dy2, *values)
    flat = np.stack([x.ravel() for x in arguments])
    found = np.where(arguments[1] == 0, np.nan, half_way).ravel()
    searched = (np.ravel(across) > 0) & (flat[1] > 0)
    if searched.any():
        found[searched] = _first_half(solution, *flat[:, searched])
    return as_number(found.reshape(arguments[0].shape))


def _first_half(solution: CompiledFunction, relaxation: Array, dy2_target: Array, *problem: Array) -> Array:
    """The first time at which dy . dy* is half of |dy*|^2, for each of several problems in a row."""

    def reached(t: Array) -> NDArray[np.bool_]:
        _, dy2, w = solution(t, *problem)
        return dy2 - w >= dy2_target / 2

    end = relaxation.copy()
    while not (done := reached(end) | ~np.isfinite(end) | (end == 0)).all():
        end = np.where(done, end, 2 * end)
    never = ~np.isfinite(end)
    end = np.where(never, 0.0, end)
    shares = np.linspace(0, 1, _SAMPLES) ** 2
    beyond = np.array([reached(share * end) for share in shares])
    first = np.argmax(beyond, axis=0)
    low, high = shares[np.maximum(first - 1, 0)] * end, shares[first] * end
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        there = reached(middle)
        low, high = np.where(there, low, middle), np.where(there, middle, high)
    return np.where(never, np.inf, np.where(first == 0, 0.0, high))


def _moments(start: State, pair: Pair, rates: Coefficients, theory: Theory | str) -> tuple[Array, ...]:
    moments, values = prepared("moments", theory, start, pair, rates)
    shape = np.broadcast_shapes(*map(np.shape, values))
    return tuple(np.broadcast_to(x, shape) for x in moments(*values))
