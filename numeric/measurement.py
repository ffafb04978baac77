"""One measured trajectory, as a fit compares it with a prediction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import instance

from .quantities import Pair, State, check_distances, check_start, increasing_times, samples

Array = NDArray[np.float64]


class Measurement:
    """One measured trajectory."""

    def __init__(self, t: ArrayLike, observed: State, pair: Pair, weights: State | None) -> None:
        self.times = increasing_times(t)
        self.observed = samples("observed", observed, self.times)
        self.pair = instance("pair", pair, Pair)
        if np.ndim(pair.dx2) or np.ndim(pair.dy2):
            raise ValueError(
                f"fit_rates fits one pair: dx2 and dy2 must be single numbers, got shapes {np.shape(pair.dx2)} and "
                f"{np.shape(pair.dy2)}; call it once a pair"
            )
        check_distances(observed)
        self.start = State(*self.observed[:, 0])
        check_start(self.start, pair)
        weight = np.ones((3, 1)) if weights is None else samples("weights", weights, self.times)
        if (weight < 0).any():
            raise ValueError(f"weights must not be negative, got {weight.min()}")
        self.root_weight = np.broadcast_to(np.sqrt(weight), self.observed.shape)

    @property
    def elapsed(self) -> Array:
        """Steps since the start, shape (n,)."""
        return self.times - self.times[0]

    def thinned(self, most: int) -> Measurement:
        """The same on at most about ``most`` samples, evenly spaced in number."""
        chosen = np.unique(np.linspace(0, self.times.size - 1, most).astype(int))
        return Measurement(
            self.times[chosen],
            State(*self.observed[:, chosen]),
            self.pair,
            State(*(self.root_weight[:, chosen] ** 2)),
        )

    def in_units(self, units: Mapping[str, float]) -> Measurement:
        """The same with every quantity, and the squares of the misfit, in units of their own."""
        scalars = np.array([units[name] for name in ("dh2", "dy2", "w")])[:, None]
        observed, weight = self.observed / scalars, (self.root_weight * scalars) ** 2
        size = float(np.sum(weight * (observed - observed[:, :1]) ** 2)) or float(np.sum(weight * observed**2)) or 1.0
        return Measurement(
            self.elapsed / units["time"],
            State(*observed),
            Pair(float(self.pair.dx2) / units.get("dx2", 1.0), float(self.pair.dy2) / units.get("dy2_target", 1.0)),
            State(*(weight / size)),
        )

    def residuals(self, predicted: Array) -> Array:
        """The weighted differences, shape (3 n,)."""
        return (self.root_weight * (predicted - self.observed)).ravel()

    def weighted(self, derivatives: Array) -> Array:
        """The derivatives of the weighted differences, shape (3 n, m), from those of a prediction, (3, n, m)."""
        return (self.root_weight[..., None] * derivatives).reshape(-1, derivatives.shape[-1])

    def misfit(self, predicted: Array) -> Array:
        """The weighted sums of squares of predictions of shape (3, ..., n)."""
        between = (1,) * (predicted.ndim - 2)
        observed, root_weight = (x.reshape(3, *between, -1) for x in (self.observed, self.root_weight))
        return np.sum((root_weight * (predicted - observed)) ** 2, axis=(0, -1))
