"""What of a layer's output is the representation of a point."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from repdyn.symbolic.arguments import instance, shown
from torch import Tensor

POOLS = ("flatten", "last", "mean")

Pool = str | int | Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Layer:
    """A layer by its name, and what of its output is the representation of a point.

    Args:
        name: as in ``named_modules``; the module inside ``torch.compile`` goes by its own name.
        select: what is taken of an output that is no tensor: an index, a key, an attribute, or several of them, one
            inside the other. None takes the tensor that the layer puts out.
        batch: the dimension of the tensor that counts points; 1 for ``batch_first=False``.
        positions: how many positions a point has in a tensor whose points and positions are one dimension, point by
            point, as ``(B * T, d)``; None if they are not.
        pool: what becomes of the remaining dimensions: ``flatten`` keeps all; ``last``, ``mean`` and a number are of
            the first of them, the positions; a callable is given the tensor, of shape (points, ...), with the batch
            first.
        mask: the key of the input, a dictionary, that is 1 at the positions that count in ``last`` and ``mean``, such
            as ``attention_mask``.
        call: which call in a pass, counted from 0, of a layer that is called several times; None is for one that is
            called once.

    Raises:
        TypeError: if the name or the mask is no text.
        ValueError: if a number is negative, a selection is of another kind, the pool unknown, or a mask is given that
            the pool does not use.

    >>> Layer("lstm", select=0, pool="last").batch
    0
    """

    name: str
    select: int | str | tuple[int | str, ...] | None = None
    batch: int = 0
    positions: int | None = None
    pool: Pool = "flatten"
    mask: str | None = None
    call: int | None = None

    def __post_init__(self) -> None:
        for key in ("name", "mask"):
            value = getattr(self, key)
            if not (isinstance(value, str) or (key == "mask" and value is None)):
                raise TypeError(f"{key} of a layer must be text, got {shown(value)}")
        path = self.select if isinstance(self.select, tuple) else (self.select,)
        if self.select is not None and not all(type(x) in (int, str) for x in path):
            raise ValueError(
                f"select of layer {self.name!r} must be an index, a key or an attribute, or a tuple of them, got "
                f"{shown(self.select)}"
            )
        for key, least in (("batch", 0), ("positions", 1), ("call", 0)):
            value = getattr(self, key)
            optional = key != "batch" and value is None
            if not optional and (type(value) is not int or value < least):
                raise ValueError(f"{key} of layer {self.name!r} must be an integer from {least} on, got {shown(value)}")
        known = isinstance(self.pool, str) and self.pool in POOLS
        if not (callable(self.pool) or type(self.pool) is int or known):
            raise ValueError(
                f"pool of layer {self.name!r} must be {', '.join(POOLS)}, the number of a position or a callable, got "
                f"{shown(self.pool)}"
            )
        if self.mask is not None and not (known and self.pool != "flatten"):
            raise ValueError(f"the mask of layer {self.name!r} is for the pools last and mean, got {shown(self.pool)}")


def selected(layer: Layer, output: Any) -> Tensor:
    """The tensor that is taken of what a layer puts out.

    Raises:
        TypeError: if it is no tensor of real numbers.

    >>> selected(Layer("lstm", select=(1, 0)), (None, (torch.ones(2), None)))
    tensor([1., 1.])
    """
    path: tuple[int | str | None, ...] = layer.select if isinstance(layer.select, tuple) else (layer.select,)
    for key in path:
        if key is None:
            break
        try:
            output = _part(output, key)
        except (LookupError, TypeError):
            raise TypeError(f"{called(layer.name)} puts out nothing at {key!r}: {_inside(output)}") from None
    if not isinstance(output, Tensor):
        inner = next(iter(cast(Mapping[Any, Any], output)), 0) if isinstance(output, Mapping) else 0
        raise TypeError(
            f"{called(layer.name)} must put out a tensor, got {_inside(output)}; say which part it is, as in "
            f"Layer({layer.name!r}, select={inner!r})"
        )
    if output.is_complex():
        raise TypeError(f"{called(layer.name)} must put out real numbers, got {output.dtype}")
    return output


def taken(layer: Layer, output: Any, points: int, inputs: Any = None) -> Tensor:
    """The representations in what a layer puts out in a pass of so many points, shape (points, units).

    They share no memory with the output, since what follows may work in place, and have no gradient.

    Raises:
        TypeError, ValueError: as :func:`selected` and :func:`representations`.

    >>> taken(Layer("lstm", select=0, pool="last"), (torch.ones(3, 5, 2), None), 3).shape
    torch.Size([3, 2])
    """
    whole = selected(layer, output).detach()
    found = representations(layer, whole, points, inputs)
    shared = found.untyped_storage().data_ptr() == whole.untyped_storage().data_ptr()
    return found.clone() if shared else found


def representations(layer: Layer, h: Tensor, points: int, inputs: Any = None) -> Tensor:
    """The tensor of a layer in a pass of so many points, as a row a point, shape (points, units).

    Raises:
        ValueError: if it has no row for each point, or no such position.

    >>> representations(Layer("lstm", select=0, pool="last"), torch.ones(3, 5, 2), 3).shape
    torch.Size([3, 2])
    """
    if layer.positions is not None:
        _check_points(layer, h, layer.positions * points, 0, points)
        h = h.reshape(points, layer.positions, *h.shape[1:])
    else:
        _check_points(layer, h, points, layer.batch, points)
        h = h.movedim(layer.batch, 0)
    return _pooled(layer, h, inputs).reshape(points, -1)


def as_layers(layers: Sequence[str | Layer]) -> tuple[Layer, ...]:
    """Layers as they are named or described.

    Raises:
        ValueError: if there is none, or two of one name.
    """
    named = isinstance(layers, Sequence) and not isinstance(layers, str)  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
    if not named or not layers or not all(isinstance(x, str | Layer) for x in layers):  # pyright: ignore[reportUnnecessaryIsInstance]  # as above
        raise ValueError(f"layers must be a sequence of at least one layer's name, each once, got {shown(layers)}")
    found = tuple(as_layer(x) for x in layers)
    if len({x.name for x in found}) < len(found):
        raise ValueError(f"layers must be a sequence of at least one layer's name, each once, got {shown(layers)}")
    return found


def as_layer(layer: str | Layer) -> Layer:
    """A layer as it is named or described.

    Raises:
        TypeError: if it is neither.
    """
    return Layer(layer) if isinstance(layer, str) else instance("layer", layer, Layer)


def called(name: str) -> str:
    """How a module is called in an error."""
    return f"layer {name!r}" if name else "the network"


def unknown(name: str, known: Iterable[str]) -> str:
    """What is said of a layer that is not there: the names that are most like its own."""
    names = [x for x in known if x]
    near = difflib.get_close_matches(name, names, n=5, cutoff=0.4) or names[:5]
    more = f", and {len(names) - len(near)} more" if len(names) > len(near) else ""
    return f"there is no layer {name!r}; there are {', '.join(near)}{more}" if names else f"there is no layer {name!r}"


def _part(output: Any, key: int | str) -> Any:
    """What an output holds at an index, a key or an attribute; a mapping's values are counted too."""
    if isinstance(key, str) and hasattr(output, key):
        return getattr(output, key)
    if isinstance(output, Mapping):
        held = cast(Mapping[Any, Any], output)
        return held[key] if key in held or isinstance(key, str) else list(held.values())[key]
    return output[key]


def _check_points(layer: Layer, h: Tensor, count: int, dimension: int, points: int) -> None:
    if h.ndim <= dimension or h.shape[dimension] != count:
        raise ValueError(
            f"{called(layer.name)} must put out a row for each point, got shape {tuple(h.shape)} from a pass of "
            f"{points} points, where dimension {dimension} should be {count}; say where the points are, as in "
            f"Layer({layer.name!r}, batch=1) or Layer({layer.name!r}, positions=...)"
        )


def _pooled(layer: Layer, h: Tensor, inputs: Any) -> Tensor:
    if callable(layer.pool):
        pooled: Any = layer.pool(h)
        if not isinstance(pooled, Tensor) or pooled.shape[:1] != h.shape[:1]:
            what = f"shape {tuple(pooled.shape)}" if isinstance(pooled, Tensor) else _inside(pooled)
            raise ValueError(
                f"the pool of layer {layer.name!r} must give a row for each of {len(h)} points, got {what}"
            )
        return pooled
    if layer.pool == "flatten":
        return h
    if h.ndim < 3:
        raise ValueError(
            f"pool {layer.pool!r} of layer {layer.name!r} is over positions, and its points have none: shape "
            f"{tuple(h.shape)}"
        )
    if isinstance(layer.pool, int):
        if not -h.shape[1] <= layer.pool < h.shape[1]:
            raise ValueError(f"layer {layer.name!r} has {h.shape[1]} positions, got position {layer.pool}")
        return h[:, layer.pool]
    counts = _counts(layer, h, inputs)
    if layer.pool == "mean":
        weights = counts.to(h.dtype).reshape(*counts.shape, *[1] * (h.ndim - 2))
        return (h * weights).sum(1) / weights.sum(1)
    last = counts.shape[1] - 1 - counts.flip(1).int().argmax(1)
    return h[torch.arange(len(h), device=h.device), last]


def _counts(layer: Layer, h: Tensor, inputs: Any) -> Tensor:
    """Which positions of each point count, shape (points, positions)."""
    if layer.mask is None:
        return torch.ones(h.shape[:2], dtype=torch.bool, device=h.device)
    if not isinstance(inputs, Mapping) or layer.mask not in inputs:
        raise ValueError(f"layer {layer.name!r} needs inputs that are a dictionary with the mask {layer.mask!r}")
    counts = cast(Tensor, inputs[layer.mask]).to(h.device) != 0
    if counts.shape != h.shape[:2] or not counts.any(1).all():
        raise ValueError(
            f"the mask {layer.mask!r} must have the shape {tuple(h.shape[:2])} of layer {layer.name!r} and count at "
            f"least one position of each point, got shape {tuple(counts.shape)}"
        )
    return counts


def _inside(output: Any) -> str:
    """What an output is, in few words."""
    kind = type(output).__name__
    if isinstance(output, Mapping):
        return f"{kind} with the keys {', '.join(map(str, cast(Mapping[Any, Any], output)))}"
    return f"{kind} of {len(cast(Sequence[Any], output))}" if isinstance(output, tuple | list) else kind
