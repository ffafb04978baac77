"""Where between inputs and targets a layer stands: its place on the geodesic of the two kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from ..geometric_mean import JointModes, geometric_mean_factor, joint_modes
from ..kernels import Kernel, points_alike

Array = NDArray[np.float64]

_ALIKE = 1e-6
"""Ends whose correlation is as near to 1 are one, and no place between them can be told."""

_CONSTANT = 1e-12
"""Representations that vary by less than this share of their size do not vary."""

_GRID = 10_001
"""Places that are compared: a ten-thousandth of the way apart."""

_LEVEL = 0.95


@dataclass(frozen=True)
class GeodesicPlace:
    """Where between inputs and targets a layer stands.

    Attributes:
        weight: a, from 0, the part of the kernel that the targets see, to 1, the Gram matrix of the targets. Layer k of
            L balanced linear layers that started small ends at k/L.
        interval: 95 % of the places that a layer like this may have.
        scale: how much larger its Gram matrix is than the geometric mean of that weight.
        correlation: how well that describes it: the cosine of the two centred Gram matrices, at most 1.
    """

    weight: float
    interval: tuple[float, float]
    scale: float
    correlation: float


def place_on_geodesic(hidden: ArrayLike, kernel: Kernel, targets: ArrayLike, ridge: float = 0.0) -> GeodesicPlace:
    """The weight a at which ``K #_a Y Y^T`` is most alike to the Gram matrix of a layer, all about the mean.

    Args:
        hidden: the representations of a layer, shape (N, n).
        kernel: K of these points, of the inputs or of what an untrained network makes of them.
        targets: Y, shape (N, c); the outputs where not everything is learnt.
        ridge: as for :func:`geometric_mean_factor`.

    The interval is that of the profile likelihood of a with normal errors of the entries of the Gram matrix. A layer's
    points err together, since their errors come from where its weights began, so as many entries count as independent
    as a symmetric matrix of its modes has, of which there are as many as count: ``(tr M)^2/tr M^2`` of the mean M.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a number is not finite, shapes do not fit, the representations are all the same, the kernel can
            express none of the targets, or kernel and targets are proportional where the targets are seen, as they
            always are with one mode, so that all places are one.

    >>> x = np.random.default_rng(0).normal(size=(30, 3))
    >>> y = x * [1.0, 2.0, 4.0]
    >>> hidden = x * [1.0, 2.0, 4.0] ** np.array(0.3)
    >>> place = place_on_geodesic(hidden, Kernel(x), y)
    >>> round(place.weight, 2), place.correlation > 0.99
    (0.3, True)
    """
    layer, given = points_alike(kernel, "hidden", hidden), points_alike(kernel, "targets", targets)
    about = layer - layer.mean(0)
    if not np.abs(about).max() > _CONSTANT * np.abs(layer).max():
        raise ValueError("hidden must tell points apart, got the same representation for all of them")
    modes = joint_modes(kernel.centred, given - given.mean(0), ridge)
    weights = np.linspace(0.0, 1.0, _GRID)
    powers = modes.strengths ** (2 * weights[:, None])
    products = np.square(modes.directions.T @ about).sum(1)
    overlaps = np.square(modes.directions.T @ modes.directions)
    sizes = np.sqrt(((powers @ overlaps) * powers).sum(1))
    if powers[0] @ overlaps @ powers[-1] > (1 - _ALIKE) * sizes[0] * sizes[-1]:
        raise ValueError(
            "kernel and targets must differ in more than their scale where the targets are seen, got Gram matrices "
            "that are proportional: no place between them can be told"
        )
    along = powers @ products
    cosines = along / sizes / np.linalg.norm(about.T @ about)
    best = int(np.argmax(cosines))
    left = 1 - np.minimum(cosines, 1.0) ** 2
    freedom = _freedom(modes, powers[best])
    bound = left[best] * (1 + stdtrit(freedom, (1 + _LEVEL) / 2) ** 2 / freedom)
    among = weights[left <= bound]
    return GeodesicPlace(
        weight=float(weights[best]),
        interval=(float(among.min()), float(among.max())),
        scale=float(along[best] / sizes[best] ** 2),
        correlation=float(min(cosines[best], 1.0)),
    )


def balanced_error(gram: Array, kernel: Kernel, outputs: Array, weight: float) -> float:
    """How far a layer is from ``c K #_a Y Y^T`` of a given a, as a share of its size, c being the best there is."""
    factor = geometric_mean_factor(kernel.centred, outputs - outputs.mean(0), weight)
    mean = factor @ factor.T
    scale = np.sum(mean * gram) / np.sum(mean**2)
    return float(np.linalg.norm(gram - scale * mean) / np.linalg.norm(gram))


def _freedom(modes: JointModes, powers: Array) -> float:
    """Independent entries of a Gram matrix of the modes, less the place and the scale, and at least one."""
    gram = (modes.directions * np.sqrt(powers)).T @ (modes.directions * np.sqrt(powers))
    count = np.trace(gram) ** 2 / np.sum(gram**2)
    return max(1.0, float(count * (count + 1) / 2 - 2))
