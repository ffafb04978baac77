"""A table of distances as a Dask array, for one machine or a cluster."""

# dask and distributed annotate their functions only in part:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from repdyn.symbolic.arguments import instance

from ..arguments import whole
from .extras import needed
from .source import DistanceSource, blocks, description, told

if TYPE_CHECKING:
    import dask.array as da
    from distributed import Client


def distance_array(source: DistanceSource, *, block: int = 1024, client: Client | None = None) -> da.Array:
    """The distances of all N points as a Dask array of shape (N, N): nothing is computed before it is asked for.

    Its blocks are, bit by bit, those of :func:`write_distances`. One below the diagonal is that above it, mirrored, and
    where both are asked for it is computed once.

    Args:
        source: :class:`RepresentationDistances` or :class:`RichDistances`.
        block: rows and columns of a block; each takes ``8 block^2`` bytes.
        client: of a cluster's scheduler; the points are sent to each worker once. Without it they go where the array is
            computed, with the graph.

    Raises:
        ModuleNotFoundError: if Dask is not installed: it is the extra ``cluster``.
        TypeError: if the source or the client is none.
        ValueError: if the block is no whole number of at least 1; when computed, as the source.

    >>> from repdyn.numeric import RepresentationDistances, distance_array
    >>> table = distance_array(RepresentationDistances(np.array([[0.0], [3.0], [5.0]])), block=2)
    >>> table.shape, table.chunks, table[2].compute().tolist()
    ((3, 3), ((2, 1), (2, 1)), [25.0, 4.0, 0.0])
    """
    size, points = whole("block", block, 1), len(instance("source", source, DistanceSource))
    with needed("distance_array", "cluster"):
        import dask.array as da
        from dask.highlevelgraph import HighLevelGraph
    held = _held(source) if client is None else _scattered(source, client)
    digest = _digest(description(source, size), held.key)
    name, above = f"distances-{digest}", f"told-{digest}"  # apart, or Dask would not spread them over workers
    count = blocks(points, size)
    graph: dict[Any, Any] = {}
    for i, j in np.ndindex(count, count):
        if i <= j:
            graph[above, i, j] = (told, held.key, size, i, j)
        graph[name, i, j] = (above, i, j) if i <= j else (np.transpose, (above, j, i))
    sizes = tuple(min(size, points - i * size) for i in range(count))
    layers = HighLevelGraph.from_collections(name, graph, dependencies=[held])
    return da.Array(layers, name, chunks=(sizes, sizes), dtype=np.float64)  # pyright: ignore[reportCallIssue]  # not annotated


def _held(source: DistanceSource) -> Any:
    """The source as a part of the graph."""
    from dask.delayed import delayed

    return delayed(source, name=f"points-{_digest(description(source, 1))}", traverse=False)


def _scattered(source: DistanceSource, client: Client) -> Any:
    """The source on each worker, where the graph finds it."""
    with needed("a client", "cluster"):
        from dask.delayed import delayed
        from distributed import Client
    return delayed(instance("client", client, Client).scatter(source, broadcast=True))


def _digest(*parts: Any) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()
