"""The trajectory of a whole data set: representations and outputs of all points over training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import instance, shown

from ..arguments import whole
from ..geometry import squared_distances
from ..kernels import Kernel
from ..quantities import State, increasing_times
from ..runge_kutta import integrated_path
from .end import checked_points
from .flow import CollectiveRates, CollectiveState, Maps, Reduced, flattened, reduced, unflattened, velocity

Array = NDArray[np.float64]

_TOLERANCE = 1e-10
"""The integrator's tolerance for each of its steps, relative to each coordinate, or to the largest at the start."""


@dataclass(frozen=True, eq=False)
class CollectiveTrajectory:
    """A data set over training, as factors: no matrix of points by points is held.

    Attributes:
        t: training steps, shape (T,).
        targets: shape (N, c).
        rank: how many combinations of points, and how many of hidden units, were integrated.
    """

    t: Array
    targets: Array
    rank: tuple[int, int]
    _reduced: Reduced
    _maps: Maps

    def __len__(self) -> int:
        return self.t.size

    def __getitem__(self, k: int) -> CollectiveState:
        """Where the network stands at the k-th time, in the coordinates in which it was given.

        Raises:
            ValueError: if there is no such time.
        """
        maps = self._at(k)
        units = self._reduced.units
        return CollectiveState(self._reduced.points @ maps.H @ units.T, maps.D @ units.T, maps.b[:, 0])

    def __iter__(self) -> Iterator[CollectiveState]:
        return (self[k] for k in range(len(self)))

    def outputs(self, k: int, points: ArrayLike | None = None) -> Array:
        """The outputs for some of the points, all for None, at the k-th time, shape (m, c).

        Raises:
            ValueError: if there is no such time or no such point.
        """
        maps = self._at(k)
        return self._hidden(k, points) @ maps.D.T + maps.b[:, 0]

    def gram(self, k: int, points: ArrayLike | None = None) -> Array:
        """The inner products of the representations of some of the points, all for None, shape (m, m).

        Raises:
            ValueError: if there is no such time or no such point.
        """
        hidden = self._hidden(k, points)
        return hidden @ hidden.T

    def distances(self, k: int, points: ArrayLike | None = None) -> Array:
        """The squared distances of the representations of some of the points, all for None, shape (m, m).

        Raises:
            ValueError: if there is no such time or no such point.
        """
        return squared_distances(self._hidden(k, points))

    def states(self, pairs: ArrayLike) -> State:
        """The three scalars of pairs of points, fields of shape (T, m).

        Args:
            pairs: the numbers of the two points of each, shape (m, 2).

        Raises:
            ValueError: if there are no such points.
        """
        index = checked_points("pairs", pairs, len(self.targets), 2)
        if index.shape[1] != 2:
            raise ValueError(f"pairs must be of two points each, shape (m, 2), got shape {index.shape}")
        chosen = np.unique(index)
        first, second = np.searchsorted(chosen, index).T
        targets = self.targets[chosen[second]] - self.targets[chosen[first]]
        scalars = np.empty((3, len(self), len(index)))
        for k in range(len(self)):
            hidden, outputs = self._hidden(k, chosen), self.outputs(k, chosen)
            dh, dy = (x[second] - x[first] for x in (hidden, outputs))
            state = State.measured(dh, dy, targets)
            scalars[:, k] = state.dh2, state.dy2, state.w
        return State(*scalars)

    def _at(self, k: int) -> Maps:
        count = len(self)
        place = whole("k", k, -count)
        if place >= count:
            raise ValueError(f"k must be the number of a time, from {-count} to {count - 1}, got {k}")
        return Maps(*(x[place] for x in self._maps))

    def _hidden(self, k: int, points: ArrayLike | None) -> Array:
        """Representations in the coordinates that were integrated, shape (m, units)."""
        H = self._at(k).H
        if points is None:
            return self._reduced.points @ H
        return self._reduced.points[checked_points("points", points, len(self.targets), 1)] @ H


def collective_trajectory(
    t: ArrayLike,
    start: CollectiveState,
    kernel: Kernel,
    targets: ArrayLike,
    rates: CollectiveRates,
    progress: Callable[[float], object] | None = None,
) -> CollectiveTrajectory:
    """All points of a data set over training, by the linearised flow of encoder and decoder, by an integrator.

    With H the representations, D the decoder, b its bias and ``E = H D^T + b - Y*`` the errors of N points,

        H' = -(P0 K E D + P1 K E D (H^T H / N)^p1 + P2 (H H^T / N)^p2 E D) / N
        D' = -(R0 E^T H + R1 D D^T E^T H + R2 E^T H D^T D) / N
        b' = -(1/tau_b) E^T 1 / N

    It is exact of a linear two-layer network, and with the powers 1/2 of one whose encoder has two balanced layers on
    white inputs; it needs no ansatz. What a step costs hangs on the ranks of the kernel
    and of the start, not on the number of points.

    Args:
        t: training steps, shape (T,), T >= 3, increasing and not negative.
        start: the network at ``t = 0``.
        kernel: K of its N points, the encoder's.
        targets: Y*, shape (N, c).
        rates: of encoder, decoder and bias, and their growth.
        progress: is called after each step of the integrator with the share of the time that is done.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if shapes do not fit, a number is not finite, or times do not increase.
        ArithmeticError: if the integrator gives up, with the reason.

    Source: ``repdyn.symbolic.data_sets``; of two points it is the flow of van Rossem & Saxe (arXiv 2402.09142) before
    their ansatz.

    >>> start = CollectiveState([[0.1], [-0.1]], [[0.1]], [0.0])
    >>> kernel, targets = Kernel([[1.0], [-1.0]]), [[0.5], [-0.5]]
    >>> path = collective_trajectory([0, 50, 1000], start, kernel, targets, CollectiveRates(0.02, 0.02))
    >>> path.states([[0, 1]]).dy2.round(3).tolist()
    [[0.0], [0.003], [1.0]]
    """
    times = increasing_times(t)
    problem = reduced(start, kernel, targets)
    numbers = astuple(instance("rates", rates, CollectiveRates))
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be a function of the share that is done, or None, got {shown(progress)}")

    def moving(_: float, q: Array) -> Array:
        return flattened(velocity(unflattened(q, problem.start), problem.problem, numbers))

    with np.errstate(over="ignore", invalid="ignore"):  # a step that is too long is taken back
        path = integrated_path(moving, times, flattened(problem.start), _TOLERANCE, progress)
    return CollectiveTrajectory(
        t=times,
        targets=np.asarray(targets, dtype=np.float64),
        rank=problem.start.H.shape,
        _reduced=problem,
        _maps=unflattened(path, problem.start),
    )
