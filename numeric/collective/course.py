"""Pairs of points as the collective flow moves them, in the directions that count."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from ..kernels import Kernel
from ..runge_kutta import integrated_path
from .flow import CollectiveRates, CollectiveState, Maps, Reduced, flattened, reduced, unflattened, velocity

Array = NDArray[np.float64]

_TOLERANCE = 1e-7
"""The integrator's, for each of its steps; of a fit, whose residuals are larger."""

MOST_VELOCITIES = 4_000
"""A trajectory that takes more of them moves too fast to be one that was recorded."""


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

    def __init__(  # a data set, and how much of it is integrated
        self,
        elapsed: Array,
        pairs: NDArray[np.intp],
        start: CollectiveState,
        kernel: Kernel,
        targets: Array,
        rank: int,
        units: int,
        most_velocities: int | None = None,
    ) -> None:
        smaller, self.kept, rest = _truncated(start, kernel, rank, units)
        self.elapsed, self.pairs = elapsed, pairs
        self._most = MOST_VELOCITIES if most_velocities is None else most_velocities
        self.reduced: Reduced = reduced(*smaller, targets)
        chosen = np.unique(pairs)
        self._first, self._second = np.searchsorted(chosen, pairs).T
        self._shown = self.reduced.points[chosen]
        self._targets = targets[chosen] - targets[chosen].mean(0)
        left = rest[chosen] - rest[chosen].mean(0)
        self._still = _between(left @ left.T, self._first, self._second)

    def states(self, *rates: CollectiveRates) -> Array:
        """The three scalars, shape (R, 3, T, m), by each of R rates, all by the same steps of the integrator.

        What rates that are near each other differ in is then as smooth as the flow itself.

        Raises:
            ArithmeticError: if the integrator gives up.
        """
        like, problem = self.reduced.start, self.reduced.problem
        numbers = tuple(np.array([astuple(x) for x in rates]).T[:, :, None, None])
        begin = flattened(like)
        asked = 0

        def moving(_: float, q: Array) -> Array:
            nonlocal asked
            asked += 1
            if asked > self._most:
                raise ArithmeticError(f"rates must be slower: {self._most} evaluations did not suffice")
            moved = velocity(unflattened(q.reshape(len(rates), -1), like), problem, numbers)
            return np.concatenate([x.reshape(len(rates), -1) for x in moved], axis=1).ravel()

        times = self.elapsed
        with np.errstate(over="ignore", invalid="ignore"):
            path = integrated_path(moving, times, np.tile(begin, len(rates)), _TOLERANCE)
        each = np.moveaxis(path.reshape(times.size, len(rates), -1), 1, 0)
        return np.stack([self._scalars(unflattened(x, like)) for x in each])

    def _scalars(self, maps: Maps) -> Array:
        """The three scalars, shape (3, T, m), from inner products of the points of pairs, about their means."""
        first, second = self._first, self._second
        hidden = self._shown @ maps.H
        hidden -= hidden.mean(-2, keepdims=True)
        outputs = hidden @ maps.D.mT
        along = outputs @ self._targets.T
        dh2, dy2 = (_between(x @ x.mT, first, second) for x in (hidden, outputs))
        product = along[:, first, first] + along[:, second, second] - along[:, first, second] - along[:, second, first]
        return np.stack([np.maximum(dh2 + self._still, 0.0), np.maximum(dy2, 0.0), dy2 - product])


def _between(products: Array, first: NDArray[np.intp], second: NDArray[np.intp]) -> Array:
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
