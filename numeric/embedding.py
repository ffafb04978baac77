"""An embedding: points of few dimensions whose distances are near to those of a representation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .distances import Distances

Array = NDArray[np.float64]


class Embedding(NamedTuple):
    """Points and how well they do.

    Attributes:
        points: shape (points, dimensions), turned so that their variance falls from axis to axis.
        stress: Kruskal's stress 1: the root of the summed squared differences of all distances over that of the
            summed squared distances of the representation. 0 is perfect, 0.2 poor.
    """

    points: Array
    stress: float


def embed(h: ArrayLike, dimensions: int = 3) -> Embedding:
    """Metric multidimensional scaling of a representation, begun from classical scaling, so nothing is drawn.

    Args:
        h: shape (points, units).
        dimensions: of the embedding.

    Raises:
        ValueError: if all points are the same, or as :class:`Distances`.

    Source: Kruskal 1964 (stress); SMACOF of scikit-learn.

    >>> corners = [[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]]
    >>> embed(corners, 2).stress < 1e-6
    True
    """
    from sklearn.manifold import MDS  # seconds

    distances = Distances(h, h).lengths()
    largest = float(distances.max(initial=0.0))
    if not largest > 0:
        raise ValueError("an embedding needs points that differ, got the same for all")
    distances /= largest
    scaling = MDS(
        n_components=dimensions,
        metric_mds=True,
        metric="precomputed",  # pyright: ignore[reportArgumentType]  # it has no types, and its default is taken for one
        init="classical_mds",
        n_init=1,
        max_iter=1000,
        eps=1e-9,
        random_state=0,
        normalized_stress=False,
    )
    points = scaling.fit_transform(distances)
    points -= points.mean(0)
    points = points @ np.linalg.svd(points, full_matrices=False)[2].T
    missed = Distances(points, points).lengths() - distances
    return Embedding(points * largest, float(np.linalg.norm(missed) / np.linalg.norm(distances)))
