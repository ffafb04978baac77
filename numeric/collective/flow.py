"""The flow of a whole data set, as the matrices in which it is small enough to be computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import instance

from ..arguments import number, real
from ..compiled import CompiledFunction, compile_matrices
from ..kernels import Kernel, points_alike

Array = NDArray[np.float64]

_ROUNDING = 1e-13
"""Directions in which the start has less than this share of its largest one are none of it."""


POWERS = ("p1", "p2")
"""What of the rates is none: the powers with which two of them grow."""

GROWTH_OF = {"h": ("h1", "h2"), "y": ("y1", "y2")}
"""What each of the two rates grows by."""

_MAY_BE_0 = ("b", "h1", "h2", "y1", "y2")

_FLAT = 1e-12
"""Squares of hidden directions below this share of the largest count as that: a power below 1 of 0 is steep."""


@dataclass(frozen=True)
class CollectiveRates:
    """Effective learning rates of the collective theory, in units of 1/(training step), and how they grow.

    Attributes:
        h: ``P0 = 1/tau_h``, of the encoder, positive, or 0 where h1 or h2 is positive.
        y: ``R0 = 1/tau_y``, of the decoder, positive, or 0 where y1 or y2 is.
        b: ``1/tau_b``, of the decoder's bias; 0 for none.
        h1: P1, growth of the encoder's rate in the space of the representations: directions that are large move faster.
        h2: P2, its growth among the points: the kernel aligns with the representation.
        y1: R1, growth of the decoder's rate in the space of the outputs.
        y2: R2, its growth in the space of the representations.
        p1: the power of ``H^T H / N`` that h1 counts, positive; ``1 - 1/k`` is that of k balanced linear layers.
        p2: the power of ``H H^T / N`` that h2 counts, positive.

    A two-layer linear network trained by gradient descent with step size lr on half the squared error, averaged over
    the points, has ``h = y = b = lr`` and no growth, and the kernel :func:`linear_kernel`. For two points the rates of
    :class:`Rates` are half of these.

    Raises:
        TypeError: if one is no real number.
        ValueError: if one is not finite or negative, a power is 0, or h or y is and so is its growth.

    >>> CollectiveRates(h=0.01, y=0.02).b
    0.0
    """

    h: float
    y: float
    b: float = 0.0
    h1: float = 0.0
    h2: float = 0.0
    y1: float = 0.0
    y2: float = 0.0
    p1: float = 1.0
    p2: float = 1.0

    def __post_init__(self) -> None:
        values = {field.name: number(field.name, getattr(self, field.name)) for field in fields(self)}
        for name, value in values.items():
            growth = GROWTH_OF.get(name, ())
            may_be_0 = name in _MAY_BE_0 or any(values[x] for x in growth)
            if not np.isfinite(value) or value < 0 or not (value or may_be_0):
                where = f" where {' and '.join(growth)} are 0" if growth else ""
                unit = "" if name in POWERS else ", in 1/(training step)"
                raise ValueError(
                    f"{name} must be finite and {'not negative' if may_be_0 else f'positive{where}'}{unit}, got {value}"
                )
            object.__setattr__(self, name, value)


@dataclass(frozen=True, eq=False)
class CollectiveState:
    """Where the network stands: what its encoder makes of N points, and its decoder.

    Attributes:
        hidden: H, shape (N, n).
        decoder: D, shape (c, n); the outputs are ``H D^T + b``.
        bias: b, shape (c,).

    Raises:
        TypeError: if one is no array of real numbers.
        ValueError: if shapes do not fit together, or a number is not finite.

    >>> CollectiveState(np.eye(2), np.ones((1, 2)), np.zeros(1)).outputs.tolist()
    [[1.0], [1.0]]
    """

    hidden: Array
    decoder: Array
    bias: Array

    def __post_init__(self) -> None:
        arrays = {field.name: np.array(real(field.name, getattr(self, field.name))) for field in fields(self)}
        hidden, decoder, bias = arrays.values()
        if (
            (hidden.ndim, decoder.ndim, bias.ndim) != (2, 2, 1)
            or hidden.shape[1] != decoder.shape[1]
            or len(decoder) != len(bias)
            or not hidden.size * decoder.size
        ):
            shapes = ", ".join(f"{name} {x.shape}" for name, x in arrays.items())
            raise ValueError(f"shapes must be hidden (N, n), decoder (c, n) and bias (c,), got {shapes}")
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                raise ValueError(f"{name} must be finite, got {array[~np.isfinite(array)].flat[0]}")
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def outputs(self) -> Array:
        """Those of the network, shape (N, c)."""
        return self.hidden @ self.decoder.T + self.bias


class Maps(NamedTuple):
    """What moves, and likewise its velocities.

    Attributes:
        H: representations, shape (p, m).
        D: the decoder, shape (c, m).
        b: its bias, shape (c, 1).
    """

    H: Array
    D: Array
    b: Array


class Problem(NamedTuple):
    """What does not move.

    Attributes:
        F: a factor of the kernel, shape (p, r).
        Y: targets, shape (p, c).
        ones: the constant that the bias adds to, shape (p, 1).
        N: the number of points.
    """

    F: Array
    Y: Array
    ones: Array
    N: int


@dataclass(frozen=True)
class Reduced:
    """A data set in the coordinates that its flow needs, which are exact: the flow never leaves them.

    Points enter by sums over them alone. All that moves stays in the span of the kernel's factor, the first
    representations and the constant, of which ``points`` is an orthonormal basis: the flow of p such combinations is
    that of the N points. Hidden units enter by the space that the first representations and the decoder span.

    Attributes:
        points: shape (N, p).
        units: shape (n, m), with orthonormal columns.
        start: the maps at the start.
        problem: the rest.
    """

    points: Array
    units: Array
    start: Maps
    problem: Problem


def reduced(start: CollectiveState, kernel: Kernel, targets: ArrayLike) -> Reduced:
    """The problem in the coordinates that it needs.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a number is not finite, or what is given is not of the same points and outputs.
    """
    given = points_alike(kernel, "targets", targets)
    hidden, decoder = instance("start", start, CollectiveState).hidden, start.decoder
    if len(hidden) != len(kernel) or len(decoder) != given.shape[1]:
        raise ValueError(
            f"start must be of the kernel's {len(kernel)} points and of {given.shape[1]} outputs like the targets, got "
            f"hidden {hidden.shape} and decoder {decoder.shape}"
        )
    units, ones = _spanned(hidden, decoder), np.ones((len(kernel), 1))
    points: Array = np.linalg.qr(np.hstack([kernel.factor, hidden @ units, ones]))[0]
    maps = Maps(points.T @ hidden @ units, decoder @ units, start.bias[:, None])
    return Reduced(
        points, units, maps, Problem(points.T @ kernel.factor, points.T @ given, points.T @ ones, len(kernel))
    )


def velocity(maps: Maps, problem: Problem, rates: Sequence[Any]) -> Maps:
    """How the maps move.

    Args:
        maps: where they are.
        problem: what does not move.
        rates: h, y, b, h1, h2, y1, y2, p1, p2 of :class:`CollectiveRates`, numbers, or arrays for several courses.

    Source: generated from the flow with growing rates of ``repdyn.symbolic.data_sets``.
    """
    errors, products, flow = _functions()
    h, y, b, h1, h2, y1, y2, p1, p2 = rates
    (E,) = errors(*maps, problem.ones, problem.Y)
    small = products(E, problem.F, maps.H)
    powers = _powers(small[-1] / problem.N, p1, p2 - 1)
    moves = flow(*maps, E, problem.F, problem.ones, *small, *powers, problem.N, h, h1, h2, y, y1, y2, b)
    return Maps(*moves)


def _powers(S: Array, *powers: Any) -> tuple[Array, ...]:
    """Powers of a symmetric positive semidefinite matrix, or of each of several."""
    asked = [set(np.ravel(p).tolist()) for p in powers]
    if all(each <= {0.0, 1.0} for each in asked):
        one = np.eye(S.shape[-1])
        return tuple(S if each == {1.0} else np.where(p == 1, S, one) for p, each in zip(powers, asked, strict=True))
    values, vectors = np.linalg.eigh(S)
    least = np.maximum(_FLAT * values[..., -1:], np.finfo(np.float64).tiny)
    values = np.maximum(values, least)[..., None, :]
    return tuple((vectors * values**p) @ vectors.mT for p in powers)


def flattened(maps: Maps) -> Array:
    """The maps as one vector."""
    return np.concatenate([x.ravel() for x in maps])


def unflattened(vectors: Array, like: Maps) -> Maps:
    """Maps from vectors, shape (..., coordinates)."""

    def parts() -> Iterator[Array]:
        begin = 0
        for x in like:
            yield vectors[..., begin : begin + x.size].reshape(*vectors.shape[:-1], *x.shape)
            begin += x.size

    return Maps(*parts())


def _spanned(H: Array, D: Array) -> Array:
    """An orthonormal basis of what rows of both span, each in its own unit, shape (n, m); one direction at least."""
    parts = [x / (np.abs(x).max() or 1.0) for x in (H, D)]
    roots, rows = np.linalg.svd(np.vstack([np.linalg.qr(x)[1] for x in parts]), full_matrices=False)[1:]
    count = max(1, int((roots > _ROUNDING * roots[0]).sum()))
    return rows[:count].T


@cache
def _functions() -> tuple[Callable[..., tuple[Any, ...]], ...]:
    """Errors, the small products with them, and the velocities."""
    from repdyn.symbolic.data_sets.factored import POWER_FLOW, PRODUCTS
    from repdyn.symbolic.data_sets.flow import ERROR
    from repdyn.symbolic.data_sets.growth import S1, S2
    from repdyn.symbolic.data_sets.notation import P0, P1, P2, R0, R1, R2, D, E, F, H, N, Y, b, ones, rate_b

    moving, growth = (H, D, b), (P0, P1, P2, R0, R1, R2)
    functions: tuple[CompiledFunction, ...] = (
        compile_matrices("errors", (*moving, ones, Y), {"E": ERROR}),
        compile_matrices("products", (E, F, H), {str(x): value for x, value in PRODUCTS.items()}),
        compile_matrices(
            "power_flow",
            (*moving, E, F, ones, *PRODUCTS, S1, S2, N, *growth, rate_b),
            {f"rate_of_{x}": POWER_FLOW[x] for x in moving},
        ),
    )
    return tuple(f.bare for f in functions)
