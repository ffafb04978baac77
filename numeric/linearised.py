"""The linearised flow of encoder and decoder as matrices, without the ansatz: how far the three scalars are off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import instance

from .arguments import real
from .compiled import CompiledFunction, compile_matrices
from .departure import departures
from .distances import squared_lengths
from .quantities import Pair, Rates, State, increasing_times
from .runge_kutta import integrated_path
from .solution import trajectory

Array = NDArray[np.float64]

_TOLERANCE = 1e-13
"""The integrator's tolerance for each of its steps, relative to the largest entry of dh and of D_y."""

_LEARNT = 1e-6
"""Below this share of |D_y| (|dy| + |dy*|) what is left to learn has no direction that the integrator can tell."""


@dataclass(frozen=True, eq=False)
class LinearisedFlow:
    """Encoder and decoder of a pair over training, exact for a linearised network.

    Attributes:
        t: training steps, shape (T,).
        state: the three scalars, fields of shape (T,).
        dh: the difference of the hidden representations, shape (T, n).
        D_y: the decoder's derivative, shape (T, m, n).
        D_h: the encoder's derivative, shape (T, n, d).
        sine: of the angle between dh and D_y^T (dy - dy*), which the ansatz says is 0, shape (T,); NaN where
            one of them vanishes, the second to six digits: the difference is learnt.
        departure: the largest difference of a scalar from ``trajectory`` started at the same state, as a share
            of that scalar's range.
    """

    t: Array
    state: State
    dh: Array
    D_y: Array
    sine: Array
    departure: float
    _D_h: Array
    _dx: Array

    @cached_property
    def D_h(self) -> Array:
        """The encoder's derivative, shape (T, n, d), which changes along dx alone."""
        moved = (self.dh - self._D_h @ self._dx) / (self._dx @ self._dx)
        return self._D_h + moved[:, :, None] * self._dx


@cache
def _flow() -> CompiledFunction:
    """The velocities of dh, a column, and of D_y, generated from the symbolic flow."""
    from repdyn.symbolic.pair import dx2, rate_h, rate_y
    from repdyn.symbolic.two_points.from_loss import MATRIX_FLOW
    from repdyn.symbolic.two_points.notation import D_y, dh, dy, dy_target

    arguments = (dh, dy, dy_target, D_y, dx2, rate_h, rate_y)
    return compile_matrices("matrix_flow", arguments, {f"rate_of_{x}": MATRIX_FLOW[x] for x in (dh, D_y)})


def linearised_flow(
    t: ArrayLike, D_h: ArrayLike, D_y: ArrayLike, dx: ArrayLike, dy_target: ArrayLike, rates: Rates
) -> LinearisedFlow:
    """Gradient flow of encoder and decoder as matrices, for a pair of points, by an integrator.

    The three scalars close only under the ansatz that dh grows or shrinks along
    itself. This is the flow itself, for any dimensions, and says how far the
    ansatz is off.

    Args:
        t: training steps, shape (T,), T >= 3, increasing and not negative.
        D_h: the encoder's derivative at ``t = 0``, shape (n, d).
        D_y: the decoder's derivative at ``t = 0``, shape (m, n).
        dx: the difference of the inputs, shape (d,).
        dy_target: the difference of the targets, shape (m,).
        rates: effective learning rates, numbers, in 1/(training step).

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if shapes do not fit, a number is not finite, a squared distance is too large or too small for a
            number, D_h dx is 0, or times do not increase.
        ArithmeticError: if the integrator gives up, with the reason.

    Source: the flow of van Rossem & Saxe (arXiv 2402.09142), section 3, before their ansatz, from
    ``repdyn.symbolic``.

    >>> import numpy as np
    >>> flow = linearised_flow([0, 100, 200], np.eye(2), [[0.0, 1.0]], [1.0, 0.0], [1.0], Rates(0.01, 0.01))
    >>> flow.state.dy2.round(3)
    array([0.   , 0.438, 0.822])
    >>> float(flow.sine[0])
    1.0
    """
    times = increasing_times(t)
    encoder, decoder, inputs, target = _checked(D_h, D_y, dx, dy_target)
    instance("rates", rates, Rates)
    if np.ndim(rates.h) or np.ndim(rates.y):
        raise ValueError("rates must be numbers, one pair of them for one pair of points, got arrays")
    dx2, dy2 = (float(squared_lengths(x)) for x in (inputs, target))
    pair = Pair(dx2, dy2)
    n = encoder.shape[0]
    flow = _flow().bare

    def velocity(_: float, q: Array) -> Array:
        column, matrix = q[:n, None], q[n:].reshape(decoder.shape)
        moves = flow(column, matrix @ column, target[:, None], matrix, dx2, rates.h, rates.y)
        return np.concatenate([x.ravel() for x in moves])

    hidden = encoder @ inputs
    start = State.measured(hidden, decoder @ hidden, target)
    predicted = trajectory(times, start, pair, rates)
    path = integrated_path(velocity, times, np.concatenate([hidden, decoder.ravel()]), _TOLERANCE)
    dh, decoders = path[:, :n], path[:, n:].reshape(-1, *decoder.shape)
    dy = np.einsum("tmn,tn->tm", decoders, dh)
    state = State.measured(dh, dy, np.broadcast_to(target, dy.shape))
    return LinearisedFlow(
        t=times,
        state=state,
        dh=dh,
        D_y=decoders,
        sine=_sine(dh, decoders, dy, target),
        departure=max(abs(x.worst) for x in departures(times, state, predicted)),
        _D_h=encoder,
        _dx=inputs,
    )


def _checked(D_h: ArrayLike, D_y: ArrayLike, dx: ArrayLike, dy_target: ArrayLike) -> tuple[Array, Array, Array, Array]:
    """The four arrays, whose shapes must fit together."""
    values = {"D_h": D_h, "D_y": D_y, "dx": dx, "dy_target": dy_target}
    encoder, decoder, inputs, target = arrays = [real(name, x) for name, x in values.items()]
    if (
        (encoder.ndim, decoder.ndim, inputs.ndim, target.ndim) != (2, 2, 1, 1)
        or encoder.shape != (decoder.shape[1], inputs.size)
        or decoder.shape[0] != target.size
    ):
        shapes = ", ".join(f"{name} {x.shape}" for name, x in zip(values, arrays, strict=True))
        raise ValueError(f"shapes must be D_h (n, d), D_y (m, n), dx (d,) and dy_target (m,), got {shapes}")
    for name, array in zip(values, arrays, strict=True):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite, got {array[~np.isfinite(array)].flat[0]}")
    return encoder, decoder, inputs, target


def _sine(dh: Array, D_y: Array, dy: Array, dy_target: Array) -> Array:
    """Of the angle between dh and D_y^T (dy - dy*), and NaN where there is none."""
    pull = np.einsum("tmn,tm->tn", D_y, dy - dy_target)
    outputs = np.linalg.norm(dy, axis=1) + np.linalg.norm(dy_target)
    length, strength = np.linalg.norm(dh, axis=1), np.linalg.norm(pull, axis=1)
    there = (length > 0) & (strength > _LEARNT * np.linalg.norm(D_y, axis=(1, 2)) * outputs)
    along, across = (x / np.where(there, size, 1.0)[:, None] for x, size in ((dh, length), (pull, strength)))
    rest = along - (along * across).sum(1)[:, None] * across
    return np.where(there, np.linalg.norm(rest, axis=1), np.nan)
