"""The tensor that a layer puts out, exchanged for another inside whatever output it is part of."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from torch import Tensor

from .layers import Layer, representations, selected

Replacement = Callable[[Tensor], Tensor]
"""What takes the place of the rows of a layer: from shape (points, units) to the same shape."""


def output_with(layer: Layer, output: Any, replacement: Replacement, points: int) -> Any:
    """A copy of what a layer puts out, of the same kind, with the tensor that is selected of it replaced.

    Args:
        layer: how its output is read; how it is pooled does not matter.
        output: what it puts out.
        replacement: is given the tensor as a row a point, shape (points, units), and returns the same shape.
        points: how many.

    Raises:
        TypeError, ValueError: if nothing is there to be selected, or it has no row for each point.

    >>> import torch
    >>> output_with(Layer("lstm", select=0, batch=1), (torch.ones(1, 3, 2), None), torch.zeros_like, 3)
    (tensor([[[0., 0.],
             [0., 0.],
             [0., 0.]]]), None)
    """
    selected(layer, output)  # what is wrong with it is said there
    path = layer.select if isinstance(layer.select, tuple) else () if layer.select is None else (layer.select,)
    tensor = output
    for key in path:
        tensor = _part(tensor, key)
    rows = replacement(representations(dataclasses.replace(layer, pool="flatten", mask=None), tensor, points))
    if layer.positions is None:
        new = rows.reshape(tensor.movedim(layer.batch, 0).shape).movedim(0, layer.batch)
    else:
        new = rows.reshape(tensor.shape)
    return _with(output, path, new)


def _part(output: Any, key: int | str) -> Any:
    return getattr(output, cast(str, key)) if _is_attribute(output, key) else output[_key(output, key)]


def _is_attribute(output: Any, key: int | str) -> bool:
    return isinstance(key, str) and hasattr(output, key)


def _key(output: Any, key: int | str) -> Any:
    """The key of a mapping's value; they are counted too."""
    if isinstance(output, Mapping):
        held = cast(Mapping[Any, Any], output)
        return key if key in held or isinstance(key, str) else list(held)[key]
    return key


def _with(output: Any, path: Sequence[int | str], tensor: Tensor) -> Any:
    """A copy of an output with one of its tensors replaced."""
    if not path:
        return tensor
    key, new = path[0], _with(_part(output, path[0]), path[1:], tensor)
    if isinstance(output, tuple):
        return _tuple_with(cast(tuple[Any, ...], output), key, new)
    copied = copy.copy(output)
    if _is_attribute(output, key) and not isinstance(output, Mapping):
        object.__setattr__(copied, cast(str, key), new)  # of a frozen dataclass too
    else:
        copied[_key(output, key)] = new
    return copied


def _tuple_with(output: tuple[Any, ...], key: int | str, new: Any) -> tuple[Any, ...]:
    named = cast(Any, output)
    if isinstance(key, str):
        return named._replace(**{key: new})
    parts = list(output)
    parts[key] = new
    return named._make(parts) if hasattr(output, "_make") else tuple(parts)
