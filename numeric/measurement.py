"""Measured trajectories, as a fit compares them with predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import instance

from .quantities import Number, Pair, State, check_distances, check_start, increasing_times, samples

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
                f"{np.shape(pair.dy2)}; fit_many takes many"
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

    @property
    def begun(self) -> tuple[Number, Number, Number]:
        """The three scalars at the start."""
        return self.start.dh2, self.start.dy2, self.start.w

    @property
    def constants(self) -> dict[str, Number]:
        """What the pair knows of a theory's parameters, by name."""
        return {"dx2": self.pair.dx2, "dy2_target": self.pair.dy2}

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
        scalars = np.array([units[name] for name in ("dh2", "dy2", "w")])
        observed, root_weight = _scaled(self.observed, self.root_weight, scalars)
        return Measurement(
            self.elapsed / units["time"],
            State(*observed),
            Pair(float(self.pair.dx2) / units.get("dx2", 1.0), float(self.pair.dy2) / units.get("dy2_target", 1.0)),
            State(*(root_weight**2)),
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


@dataclass(frozen=True)
class Measurements:
    """Measured trajectories of several pairs at the same training steps, all of them checked.

    Attributes:
        shares: the times since the start, as shares of the last, shape (n,).
        span: the last of these times, shape (p,).
        observed: the three scalars, shape (3, p, n).
        root_weight: what each difference is multiplied by, shape (3, p, n).
        known: parameters of a theory that are known, by name, shapes (p,).
    """

    shares: Array
    span: Array
    observed: Array
    root_weight: Array
    known: Mapping[str, Array]

    @classmethod
    def of(cls, data: Measurement, known: Mapping[str, float]) -> Measurements:
        """One trajectory, and what else is known of its parameters."""
        span = data.elapsed[-1:]
        whole = {**data.constants, **known}
        return cls(
            data.elapsed / span,
            span,
            data.observed[:, None],
            data.root_weight[:, None],
            {name: np.atleast_1d(value) for name, value in whole.items()},
        )

    @classmethod
    def of_many(
        cls, times: Array, observed: State, pairs: Pair, weights: State | None, known: Mapping[str, float]
    ) -> Measurements:
        """Trajectories at checked times, fields of shape (n, p), and what else is known of their parameters.

        Raises:
            TypeError: if an argument is of another kind.
            ValueError: if shapes do not match, or a weight is negative; what is wrong with a pair alone is not seen.
        """
        fields = list(vars(instance("observed", observed, State)).values())
        shape = np.broadcast_shapes(*map(np.shape, fields))
        if len(shape) != 2 or shape[0] != times.size:
            raise ValueError(
                f"observed must have fields of shape ({times.size}, p), a row for each of t, a column for each pair; "
                f"got shapes {[np.shape(x) for x in fields]}"
            )
        constants = _like("pairs", list(vars(instance("pairs", pairs, Pair)).values()), shape[1:])
        given = [1.0] * 3 if weights is None else list(vars(instance("weights", weights, State)).values())
        weight = np.stack(_like("weights", given, shape))
        if (weight < 0).any():
            raise ValueError(f"weights must not be negative, got {weight.min()}")
        elapsed, rows = times - times[0], np.stack(np.broadcast_arrays(*fields))
        fixed = {name: np.full(shape[1], value) for name, value in known.items()}
        return cls(
            elapsed / elapsed[-1],
            np.broadcast_to(elapsed[-1], shape[1:]),
            np.ascontiguousarray(rows.mT),
            np.sqrt(weight).mT,
            {"dx2": constants[0], "dy2_target": constants[1], **fixed},
        )

    def one(self, times: Array, k: int) -> Measurement:
        """The trajectory of one of the pairs, at the training steps of all.

        Raises:
            ValueError: as a :class:`Measurement`.
        """
        pair = Pair(float(self.known["dx2"][k]), float(self.known["dy2_target"][k]))
        return Measurement(times, State(*self.observed[:, k]), pair, State(*self.root_weight[:, k] ** 2))

    def __getitem__(self, which: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Measurements:
        """Those of some of the pairs."""
        known = {name: x[which] for name, x in self.known.items()}
        return Measurements(self.shares, self.span[which], self.observed[:, which], self.root_weight[:, which], known)

    def thinned(self, most: int) -> Measurements:
        """The same on at most about ``most`` samples, evenly spaced in number."""
        chosen = np.unique(np.linspace(0, self.shares.size - 1, most).astype(int))
        shares = self.shares[chosen]
        return Measurements(shares, self.span, self.observed[..., chosen], self.root_weight[..., chosen], self.known)

    def in_units(self, units: Mapping[str, Array]) -> Measurements:
        """The same with every quantity, and the squares of the misfit, in units of each pair's own, shapes (p,)."""
        scalars = np.array([units[name] for name in ("dh2", "dy2", "w")])
        observed, root_weight = _scaled(self.observed, self.root_weight, scalars)
        known = {name: x / units.get(name, 1.0) for name, x in self.known.items()}
        return Measurements(self.shares, self.span / units["time"], observed, root_weight, known)

    @property
    def elapsed(self) -> Array:
        """Steps since the start, shape (p, 1, n): the middle is for several predictions of a pair."""
        return self.span[:, None, None] * self.shares

    @property
    def begun(self) -> tuple[Array, Array, Array]:
        """The three scalars at the start, each of shape (p, 1, 1)."""
        dh2, dy2, w = self.observed[:, :, :1, None]
        return dh2, dy2, w

    @property
    def constants(self) -> dict[str, Array]:
        """What is known of a theory's parameters, by name, each of shape (p, 1, 1)."""
        return {name: x[:, None, None] for name, x in self.known.items()}


def _like(name: str, values: Sequence[Number], shape: tuple[int, ...]) -> list[Array]:
    """Values as arrays of a shape.

    Raises:
        ValueError: if one does not broadcast to it.
    """
    try:
        return [np.broadcast_to(x, shape) for x in values]
    except ValueError:
        got = [np.shape(x) for x in values]
        raise ValueError(
            f"{name} must have fields that broadcast to {shape} like those of observed, got {got}"
        ) from None


def _scaled(observed: Array, root_weight: Array, scalars: Array) -> tuple[Array, Array]:
    """What was measured, shape (3, ..., n), and the roots of its weights, in units of the scalars, shape (3, ...).

    The unit of the misfit is that of a trajectory which stays where it begins.
    """
    sizes = scalars[..., None]
    observed, weight = observed / sizes, (root_weight * sizes) ** 2
    moved = np.sum(weight * (observed - observed[..., :1]) ** 2, axis=(0, -1))
    whole = np.sum(weight * observed**2, axis=(0, -1))
    size = np.where(moved > 0, moved, np.where(whole > 0, whole, 1.0))
    return observed, np.sqrt(weight / size[..., None])
