"""What the collective theory says of how a network represents points at the end of training, and how far it is so."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.numeric import (
    GeodesicPlace,
    Kernel,
    geometric_mean_factor,
    linear_kernel,
    place_on_geodesic,
    squared_distances,
    tangent_kernel,
)
from repdyn.numeric.agreement import agreement
from repdyn.numeric.geometry import gram_factor

Array = NDArray[np.float64]

DEPTH = 1
"""Hidden layers of the infinitely wide network whose tangent kernel stands for the encoder's, whatever its depth."""

RIDGE = 0.03
"""Where the targets are taken in place of the outputs: modes with this share of the largest are half learnt."""

RANK = 500
"""Directions of a kernel of all points."""

_RECTIFIED = {"leaky_relu": "leaky_relu", "relu": "relu", "none": "linear"}
"""Nonlinearities of networks, and those whose kernels have a closed form; leaky ReLU stands for all others."""


def encoder_kernel(
    inputs: ArrayLike, nonlinearity: str = "leaky_relu", rank: int | None = None, depth: int = DEPTH
) -> Kernel:
    """The kernel that stands for a network's encoder: the tangent kernel of infinitely wide hidden layers.

    >>> encoder_kernel(np.eye(3)).matrix().shape
    (3, 3)
    """
    return tangent_kernel(inputs, depth, _RECTIFIED.get(nonlinearity, "leaky_relu"), rank=rank)


def from_targets(inputs: Array, targets: Array, nonlinearity: str, shown: int) -> dict[str, Array]:
    """The end without a number fitted, squared distances of the first so many points: ``K #_1/2 Y* Y*^T``.

    Args:
        inputs: of all points, shape (N, d).
        targets: theirs, shape (N, c).
        nonlinearity: of the network.
        shown: how many are shown.

    Returns:
        By the kernel: ``linear`` and ``tangent``.
    """
    wanted = targets - targets.mean(0)
    kernels = {"linear": linear_kernel(inputs), "tangent": encoder_kernel(inputs, nonlinearity, RANK)}
    return {
        name: squared_distances(geometric_mean_factor(kernel.centred, wanted, ridge=RIDGE)[:shown])
        for name, kernel in kernels.items()
    }


def from_outputs(kernel: Kernel, outputs: Array, weight: float) -> Array:
    """Squared distances at a place between a kernel and what has been learnt, ``K #_a Y Y^T``."""
    return squared_distances(geometric_mean_factor(kernel.centred, outputs - outputs.mean(0), weight))


def place(gram: Array, kernel: Kernel, outputs: Array) -> GeodesicPlace | None:
    """The place of a layer of which inner products are known; None where no place can be told."""
    try:
        return place_on_geodesic(gram_factor(gram), kernel, outputs)
    except ValueError:  # a layer that does not tell points apart, or outputs that are nothing yet
        return None


def correlations(predicted: Array, measured: Array, classes: ArrayLike) -> dict[str, float]:
    """Pearson's r of squared distances over all pairs, those of two classes and those of one; NaN of what is constant.

    >>> x = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 4.0], [2.0, 4.0, 0.0]])
    >>> found = correlations(2 * x, x, [0, 1, 1])
    >>> round(found["r"], 6), round(found["r_different"], 6), found["r_same"]
    (1.0, 1.0, nan)
    """
    first, second = np.triu_indices(len(measured), k=1)
    same = np.asarray(classes)[first] == np.asarray(classes)[second]
    p, m = predicted[first, second], measured[first, second]
    kinds = {"r": np.ones_like(same), "r_different": ~same, "r_same": same}
    return {name: _r(p[kind], m[kind], float(np.abs(p).max())) for name, kind in kinds.items()}


def _r(predicted: Array, measured: Array, size: float) -> float:
    if len(predicted) < 2 or np.ptp(predicted) <= 1e-9 * size:
        return float("nan")
    return agreement(predicted, measured).pearson
