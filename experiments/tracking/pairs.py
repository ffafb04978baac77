"""The pairs of points that are followed: their inputs, however they are nested, and their targets."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from repdyn.numeric.arguments import real
from repdyn.numeric.distances import squared_lengths
from repdyn.symbolic.arguments import shown
from torch import Tensor

from .layers import Layer, as_layer

Array = NDArray[np.float64]

Inputs = Any
"""A tensor, or a dictionary, list or tuple of such, nested as the network takes it."""


class Pairs:
    """Both points of each pair.

    Args:
        inputs: tensors or arrays of shape (pairs, 2, *input), alone or in dictionaries, lists and tuples.
        targets: shape (pairs, 2, *output).
        labels: a name for each pair; by default its number.
        dx2: the squared distances of the inputs, shape (pairs,), or the layer at which they are measured, where they
            are not those of the numbers given.

    Attributes:
        labels: a name for each pair.
        points: every point once, nested as the inputs, tensors of shape (points, *input).
        count: how many points there are.
        where: the two points of each pair, shape (pairs, 2).
        targets: in double precision, shape (pairs, 2, values).
        output: the shape of a target.
        dx2: squared distances of the inputs, shape (pairs,); None until they are measured at a layer.
        measured_at: that layer, or None.
        dy2: squared distances of the targets, shape (pairs,).
        digest: what two have in common only if points, targets and labels are the same.

    Raises:
        TypeError: if inputs or targets are no tensors of real numbers.
        ValueError: if shapes do not match, the inputs of a pair coincide, numbers are not finite, or inputs are
            integers of which no distance is known.
    """

    def __init__(
        self, inputs: Inputs, targets: Any, labels: Sequence[str] | None = None, dx2: Any | None = None
    ) -> None:
        inputs = mapped(as_tensor("inputs"), inputs)
        targets = as_tensor("targets")(targets).detach().cpu()
        leaves = list(tensors(inputs))
        if not leaves:
            raise TypeError(f"inputs must be a tensor, or hold some, got {shown(inputs)}")
        for x in leaves:
            of_pair = 3 if isinstance(inputs, Tensor) else 2
            if x.ndim < of_pair or targets.ndim < 3 or x.shape[1] != 2 or x.shape[:2] != targets.shape[:2]:
                raise ValueError(
                    "pairs need inputs of shape (pairs, 2, ...) and targets of shape (pairs, 2, ...), got "
                    f"{tuple(x.shape)} and {tuple(targets.shape)}; stack both points of each pair, and give classes as "
                    "one-hot vectors"
                )
        if not len(targets):
            raise ValueError("at least one pair is needed, got none")
        if labels is not None and (not are_names(labels) or len(labels) != len(targets)):
            raise ValueError(
                f"labels must be a sequence with a label of its own for each of the {len(targets)} pairs, got "
                f"{shown(labels)}"
            )
        self.labels = tuple(labels) if labels is not None else tuple(str(i) for i in range(len(targets)))
        flat = torch.cat([x.detach().cpu().flatten(2).double() for x in leaves], dim=2)
        difference = flat[:, 1] - flat[:, 0]
        usable = difference.any(1) & difference.isfinite().all(1)
        if not usable.all():
            same = int(torch.nonzero(~usable)[0])
            raise ValueError(f"the two inputs of a pair must differ and be finite; those of pair {same} do not")
        if not targets.isfinite().all():
            raise ValueError("targets must be finite numbers, got some that are not")
        self.output = tuple(targets.shape[2:])
        self.targets = targets.flatten(2).double()
        self.dy2 = squared_lengths((self.targets[:, 1] - self.targets[:, 0]).numpy())
        self.dx2: Array | None = None
        self.measured_at = as_layer(dx2) if isinstance(dx2, str | Layer) else None
        if dx2 is not None and self.measured_at is None:
            self.dx2 = _given(dx2, len(targets))
        elif dx2 is None and all(x.is_floating_point() for x in leaves):
            self.dx2 = squared_lengths(difference.numpy())
        elif dx2 is None:
            raise ValueError(
                "inputs are integers, such as tokens, and the distance of their numbers means nothing: give dx2=, the "
                "name of the layer at which it is measured, such as an embedding, or the squared distances"
            )
        unique, where = cast(tuple[Tensor, Tensor], torch.unique(flat.flatten(0, 1), dim=0, return_inverse=True))
        first = torch.empty(len(unique), dtype=torch.long).scatter_(0, where.flip(0), torch.arange(len(where)).flip(0))
        self.points = mapped(lambda x: x.detach().flatten(0, 1)[first.to(x.device)], inputs)
        self.count, self.where = len(unique), where.view(-1, 2)
        facts = (flat.numpy().tobytes(), self.targets.numpy().tobytes(), repr(self.labels).encode())
        self.digest = hashlib.sha256(b"".join(facts)).hexdigest()

    def check_output(self, found: tuple[int, ...]) -> None:
        """Check that targets have the shape of predictions, but for axes of length 1.

        Raises:
            ValueError: if they have not.
        """
        values = math.prod(found)
        if values != math.prod(self.output):
            raise ValueError(
                f"targets must have the shape of the prediction, got {math.prod(self.output)} values a point for "
                f"predictions of {values}; give classes as one-hot vectors"
            )
        if [n for n in found if n != 1] != [n for n in self.output if n != 1]:
            raise ValueError(
                f"targets must have the shape of the prediction, got {self.output} a point for predictions of {found}"
                "; put their axes in the same order"
            )


def mapped(function: Callable[[Any], Tensor], inputs: Inputs) -> Inputs:
    """The same nesting, with each tensor or array replaced."""
    if isinstance(inputs, Mapping):
        return {key: mapped(function, x) for key, x in cast(Mapping[Any, Any], inputs).items()}
    if isinstance(inputs, tuple | list):
        parts = [mapped(function, x) for x in cast(Sequence[Any], inputs)]
        return tuple(parts) if isinstance(inputs, tuple) else parts
    return function(inputs)


def tensors(inputs: Inputs) -> Iterator[Tensor]:
    """All tensors of a batch, however it is nested."""
    if isinstance(inputs, Tensor):
        yield inputs
    elif isinstance(inputs, Mapping):
        for value in cast(Mapping[Any, Any], inputs).values():
            yield from tensors(value)
    elif isinstance(inputs, list | tuple):
        for value in cast(Sequence[Any], inputs):
            yield from tensors(value)


def are_names(value: Any) -> bool:
    """Whether it is a sequence of strings that differ."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return False
    names = cast(Sequence[Any], value)
    return all(isinstance(x, str) for x in names) and len(set(names)) == len(names)


def as_tensor(name: str) -> Callable[[Any], Tensor]:
    """What makes a tensor of a tensor or an array of real numbers, and refuses everything else by that name."""

    def tensor(value: Any) -> Tensor:
        if isinstance(value, np.ndarray):
            array = cast(NDArray[Any], value)
            value = torch.from_numpy(np.ascontiguousarray(array)) if array.dtype.kind in "fiub" else array
        if not isinstance(value, Tensor):
            raise TypeError(f"{name} must be of type Tensor, got {shown(value)}")
        if value.is_complex():
            raise TypeError(f"{name} must be a tensor of real numbers, got {value.dtype}")
        return value

    return tensor


def _given(dx2: Any, pairs: int) -> Array:
    found = real("dx2", dx2.detach().cpu().numpy() if isinstance(dx2, Tensor) else dx2)
    if found.shape != (pairs,) or not np.isfinite(found).all() or not (found > 0).all():
        raise ValueError(f"dx2 must be a positive number for each of the {pairs} pairs, got {shown(dx2)}")
    return found
