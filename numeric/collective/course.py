"""Pairs of points as the collective flow moves them, and the derivatives of that by the rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from ..kernels import Kernel
from ..runge_kutta import integrated_path
from .flow import CollectiveRates, CollectiveState, Maps, Reduced, flattened, reduced, unflattened, velocity

Array = NDArray[np.float64]

_TOLERANCE = 1e-7
"""The integrator's, for each of its steps; of a fit, whose residuals are larger."""

_MOST_VELOCITIES = 10_000
"""A trajectory that takes more of them moves too fast to be one that was recorded."""

_STEP = 1e-30
"""Along the imaginary axis, where the flow, a polynomial, tells its derivative without rounding."""

NAMES = tuple(field.name for field in fields(CollectiveRates))


@dataclass(frozen=True)
class Kept:
    """What of a data set is integrated.

    Attributes:
        rank: how many directions of the kernel.
        units: how many of the hidden units.
        kernel: the share of the kernel's trace in them, from 0 to 1.
        hidden: the share of the sum of squares of the representations at the start.
    """

    rank: int
    units: int
    kernel: float
    hidden: float


class Course:
    """Trajectories of pairs as a function of the rates.

    The kernel's largest directions are integrated, and of the hidden units those of the decoder and then the largest of
    the representations. What the others tell of a distance stays as it is at the start.
    """

    def __init__(
        self,
        elapsed: Array,
        pairs: NDArray[np.intp],
        start: CollectiveState,
        kernel: Kernel,
        targets: Array,
        rank: int,
        units: int,
    ) -> None:
        smaller, self.kept, rest = _truncated(start, kernel, rank, units)
        self.elapsed, self.pairs = elapsed, pairs
        self.reduced: Reduced = reduced(*smaller, targets)
        chosen = np.unique(pairs)
        self._first, self._second = np.searchsorted(chosen, pairs).T
        self._shown = self.reduced.points[chosen]
        about = targets[chosen] - targets[chosen].mean(0)
        self._targets = about
        self._still = _between(_products(rest[chosen] - rest[chosen].mean(0)), self._first, self._second)
        self._target_squares = np.square(about[self._second] - about[self._first]).sum(1)

    def states(self, rates: CollectiveRates) -> Array:
        """The three scalars, shape (3, T, m).

        Raises:
            ArithmeticError: if the integrator gives up.
        """
        return self._with_derivatives(rates, ())[0]

    def derivatives(self, rates: CollectiveRates, names: Sequence[str]) -> tuple[Array, Array]:
        """The three scalars and their derivatives by some of the rates, shapes (3, T, m) and (k, 3, T, m).

        Raises:
            ArithmeticError: if the integrator gives up.
        """
        return self._with_derivatives(rates, [NAMES.index(name) for name in names])

    def _with_derivatives(self, rates: CollectiveRates, which: Sequence[int]) -> tuple[Array, Array]:
        numbers, like, problem = np.array(astuple(rates)), self.reduced.start, self.reduced.problem
        begin = flattened(like)
        asked = 0

        def moving(_: float, q: Array) -> Array:
            nonlocal asked
            asked += 1
            if asked > _MOST_VELOCITIES:
                raise ArithmeticError(f"rates must be slow enough for {_MOST_VELOCITIES} evaluations, got {rates}")
            own, *tangents = q.reshape(-1, begin.size)
            now = unflattened(own, like)
            if not which:
                return flattened(velocity(now, problem, numbers))
            parts: list[Array] = []
            for i, tangent in zip(which, tangents, strict=True):
                beside = numbers.astype(np.complex128)
                beside[i] += 1j * _STEP
                moved = Maps(*(x + 1j * _STEP * y for x, y in zip(now, unflattened(tangent, like), strict=True)))
                found = flattened(velocity(moved, problem, beside))
                parts = parts or [found.real]
                parts.append(found.imag / _STEP)
            return np.concatenate(parts)

        whole = np.concatenate([begin, np.zeros(begin.size * len(which))])
        times = self.elapsed
        with np.errstate(over="ignore", invalid="ignore"):
            path = integrated_path(moving, times, whole, _TOLERANCE)
        maps = [unflattened(x, like) for x in np.moveaxis(path.reshape(times.size, -1, begin.size), 1, 0)]
        hidden, outputs = self._seen(maps[0])
        still = np.array([self._still, 0 * self._still, 0 * self._still])[:, None]
        values = self._scalars(_products(hidden), _products(outputs), outputs @ self._targets.T) + still
        slopes = np.empty((len(which), *values.shape))
        for k, tangent in enumerate(maps[1:]):
            moved = self._shown @ tangent.H
            moved -= moved.mean(-2, keepdims=True)
            said = moved @ maps[0].D.mT + hidden @ tangent.D.mT
            slopes[k] = self._scalars(
                _mirrored(moved, hidden), _mirrored(said, outputs), said @ self._targets.T
            )
        return values, slopes

    def _seen(self, maps: Maps) -> tuple[Array, Array]:
        """Representations and outputs of the points of pairs, about their means, shapes (T, s, units) and (T, s, c)."""
        hidden = self._shown @ maps.H
        hidden -= hidden.mean(-2, keepdims=True)
        return hidden, hidden @ maps.D.mT

    def _scalars(self, hidden: Array, outputs: Array, along: Array) -> Array:
        """The scalars, linear in the inner products of representations, outputs, and outputs with targets."""
        first, second = self._first, self._second
        dy2 = _between(outputs, first, second)
        own = along[:, first, first] + along[:, second, second]
        return np.stack([_between(hidden, first, second), dy2, dy2 - own + along[:, first, second] + along[:, second, first]])


def scaled(rates: CollectiveRates, **factors: float) -> CollectiveRates:
    """Some rates multiplied."""
    return replace(rates, **{name: getattr(rates, name) * factor for name, factor in factors.items()})


def _products(x: Array) -> Array:
    return x @ x.mT


def _mirrored(x: Array, y: Array) -> Array:
    product = x @ y.mT
    return product + product.mT


def _between(products: Array, first: Array, second: Array) -> Array:
    """Squared distances of pairs from inner products, shape (..., m)."""
    return products[..., first, first] + products[..., second, second] - 2 * products[..., first, second]


def _truncated(
    start: CollectiveState, kernel: Kernel, rank: int, units: int
) -> tuple[tuple[CollectiveState, Kernel], Kept, Array]:
    """The start and the kernel in their largest directions, and the representations in the others."""
    vectors, values = kernel.modes
    factor = vectors[:, :rank] * np.sqrt(values[:rank])
    trace = values.sum() / (1 - kernel.residual)
    decoder, hidden = start.decoder, start.hidden
    _, roots, rows = np.linalg.svd(decoder, full_matrices=False)
    read = rows[roots > 1e-13 * (roots[0] or 1.0)][:units]
    about = hidden - hidden.mean(0)
    unread = about - about @ read.T @ read
    more = np.linalg.svd(np.linalg.qr(unread)[1])[2][: max(0, units - len(read))]
    basis = np.linalg.qr(np.vstack([read, more]).T)[0]
    held = hidden @ basis @ basis.T
    rest = hidden - held
    whole, left = (float(np.sum((x - x.mean(0)) ** 2)) for x in (hidden, rest))
    kept = Kept(factor.shape[1], basis.shape[1], float(values[:rank].sum() / trace), 1 - left / whole if whole else 1.0)
    return (CollectiveState(held, decoder @ basis @ basis.T, start.bias), Kernel(factor)), kept, rest
