"""Where the blocks of a table of distances come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from typing import Any

import numpy as np
from repdyn.symbolic.arguments import instance

from ..arguments import real
from ..distances import Distances
from ..scaling import Array
from ..structure import Points, rich_distances


class DistanceSource(ABC):
    """Some points, and the distances of some of them from others."""

    @property
    @abstractmethod
    def arrays(self) -> Mapping[str, Array]:
        """All that the distances are computed from, one row a point."""

    @abstractmethod
    def __call__(self, rows: slice, columns: slice) -> Array:
        """The distances of some points from others, shape (rows, columns).

        Where rows and columns are the same it is symmetric to the bit, and its diagonal zero.
        """

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))


@dataclass(frozen=True, eq=False)
class RepresentationDistances(DistanceSource):
    """The squared distances of points whose representation is known, or a factor H of its Gram matrix ``H H^T``.

    Called with rows and columns it tells that part of the table, each distance to the last digits of its own size.

    Attributes:
        representation: shape (N, units).

    Raises:
        TypeError: if it is no array of real numbers.
        ValueError: if it is not of that shape or not finite; when called, if a square is too large or too small for a
            number.

    >>> RepresentationDistances(np.array([[0.0, 0.0], [3.0, 4.0]]))(slice(0, 1), slice(0, 2))
    array([[ 0., 25.]])
    """

    representation: Array

    def __post_init__(self) -> None:
        h = real("representation", self.representation)
        if h.ndim != 2 or not h.size or not np.isfinite(h).all():
            raise ValueError(f"representation must be finite numbers of shape (points, units), got shape {h.shape}")
        object.__setattr__(self, "representation", h)

    @property
    def arrays(self) -> Mapping[str, Array]:
        """All that the distances are computed from."""
        return {"representation": self.representation}

    def __call__(self, rows: slice, columns: slice) -> Array:
        first, second = _parts(self.representation, rows, columns)
        return Distances(first, second).squares()


@dataclass(frozen=True, eq=False)
class RichDistances(DistanceSource):
    """Where rich pairs of a data set end, as :func:`rich_distances`: ``A_low = |dx| |dy*|``.

    Called with rows and columns it tells that part of the table.

    Attributes:
        points: the data set, of N points.

    Raises:
        TypeError: if it is no :class:`Points`.
        ValueError: if there is no point; when called, as :func:`rich_distances`.

    >>> points = Points(np.array([[0.0], [3.0], [4.0]]), np.array([[0.0], [2.0], [0.0]]))
    >>> RichDistances(points)(slice(0, 1), slice(0, 3))
    array([[0., 6., 0.]])
    """

    points: Points

    def __post_init__(self) -> None:
        if not len(instance("points", self.points, Points)):
            raise ValueError("points must be at least one, got none")

    @property
    def arrays(self) -> Mapping[str, Array]:
        """All that the distances are computed from."""
        return {"inputs": self.points.inputs, "targets": self.points.targets}

    def __call__(self, rows: slice, columns: slice) -> Array:
        return rich_distances(*_parts(self.points, rows, columns))


def blocks(points: int, size: int) -> int:
    """How many blocks of so many rows there are in a table.

    >>> blocks(10, 5), blocks(11, 5)
    (2, 3)
    """
    return -(-points // size)


def told(source: DistanceSource, size: int, i: int, j: int) -> Array:
    """Block i, j of a table cut into blocks of so many rows and columns, for i <= j: the others are these, mirrored.

    It depends on the points of the block alone: whoever tells it on one machine tells the same bits.
    """
    return source(slice(i * size, (i + 1) * size), slice(j * size, (j + 1) * size))


def description(source: DistanceSource, size: int) -> dict[str, Any]:
    """What a table is of: two with one description are the same table."""
    return {
        "distances": type(source).__name__,
        "block": size,
        "version": metadata.version("repdyn"),
        **{f"shape of {name}": list(x.shape) for name, x in source.arrays.items()},
        **{
            f"sha256 of {name}": sha256(np.ascontiguousarray(x).data).hexdigest()[:16]
            for name, x in source.arrays.items()
        },
    }


def _parts(points: Any, rows: slice, columns: slice) -> tuple[Any, Any]:
    """Two parts of points, one and the same object where they are equal: their table is symmetric then."""
    first = points[instance("rows", rows, slice)]
    return first, first if instance("columns", columns, slice) == rows else points[columns]
