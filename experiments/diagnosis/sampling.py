"""Pairs of points sampled from a data set, evenly over its classes."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from repdyn.symbolic.arguments import shown
from torch import Tensor
from torch.nn import functional

from ..tracking.pairs import Inputs, mapped, tensors

_SAME = 5
"""Of so many pairs one is of points of one class, where there are classes."""

_CLASSES = 1_000_000
"""Classes, at most: targets are one-hot vectors."""

_SEEN = 20
"""How many items are looked at for each point that is wanted, so that rare classes are found."""

_LABELS = ("labels", "label")
"""Under what name an item that is a dictionary holds its target."""


@dataclass(frozen=True)
class SampledPairs:
    """Pairs of points of a data set, as a recorder takes them.

    Attributes:
        inputs: both points of each pair, tensors of shape ``(pairs, 2, *input)``, nested as the items are.
        targets: their targets, shape ``(pairs, 2, *output)``; classes as one-hot vectors.
        labels: a name for each pair: the classes, if there are any, and the numbers of both items, as ``3v7 12-451``.
        items: the numbers of both items in the data set, shape (pairs, 2).
    """

    inputs: Inputs
    targets: Tensor
    labels: tuple[str, ...]
    items: NDArray[np.int64]


def sample_pairs(
    dataset: Any, pairs: int = 200, *, points: int = 64, classes: int | None = None, seed: int = 0
) -> SampledPairs:
    """Pairs of points of a data set, for a recorder or tracker.

    A record costs a forward pass of the points, so that many pairs are made of few points. Of classes every two are
    met equally often, and a fifth of the pairs are of one class.

    Args:
        dataset: with ``len`` and items by number, each an input and its target, or a dictionary with its target under
            ``labels`` or ``label``; or a tuple of two arrays or tensors, inputs and targets. A target is the number of
            a class, or a number or array of floating point to be predicted.
        pairs: how many.
        points: of how many points.
        classes: how many there are, where the largest label in some ``20 points`` items does not show it.
        seed: of the choice.

    Raises:
        TypeError: if the data set has no length and items, or an item is not an input and a target.
        ValueError: if a number is not positive, there are not as many pairs of points that differ, or a label is
            negative or not below ``classes``.

    >>> x, y = torch.rand(100, 8), torch.arange(100) % 3
    >>> found = sample_pairs((x, y), 20, points=12)
    >>> found.inputs.shape, found.targets.shape, len(set(found.items.ravel().tolist()))
    (torch.Size([20, 2, 8]), torch.Size([20, 2, 3]), 12)
    """
    for name, value, least in (("pairs", pairs, 1), ("points", points, 2), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
            raise ValueError(f"{name} must be a whole number from {least} on, got {shown(value)}")
    if not (classes is None or (type(classes) is int and 0 < classes <= _CLASSES)):
        raise ValueError(f"classes must be a whole number from 1 to {_CLASSES:,}, or None, got {shown(classes)}")
    items = Items(dataset)
    random = np.random.default_rng(seed)
    seen = random.permutation(len(items))[: _SEEN * points]
    found = {int(i): items[int(i)] for i in seen}
    labels = {i: _label(target) for i, (_, target) in found.items()}
    if any(label is None for label in labels.values()):
        targets = {i: _vector(i, target) for i, (_, target) in found.items()}
        chosen = [int(i) for i in seen[:points]]
        queues = [list(itertools.combinations(chosen, 2))]
        shares = [(pairs, queues)]
    else:
        of = cast(dict[int, int], labels)
        targets = _one_hot(of, classes)
        chosen = _even(seen, of, points)
        same, different = _by_class(chosen, of)
        alike = (pairs + _SAME // 2) // _SAME if different else pairs
        shares = [(alike, same), (pairs - alike, different)]
    taken: list[tuple[int, int]] = []
    for wanted, queues in shares:
        taken += _in_turn(random, queues, wanted, found)
    if len(taken) < pairs:
        raise ValueError(
            f"{pairs} pairs were asked for, and the {len(chosen)} points that were chosen make only {len(taken)} that "
            "differ in their inputs; ask for more points or fewer pairs"
        )
    numbers = np.array(taken, dtype=np.int64)
    inputs = [[found[i][0] for i in pair] for pair in taken]
    return SampledPairs(
        inputs=_stacked(inputs),
        targets=torch.stack([torch.stack([targets[i], targets[j]]) for i, j in taken]),
        labels=tuple(_name(i, j, labels) for i, j in taken),
        items=numbers,
    )


class Items:
    """The items of a data set, each an input and its target.

    Raises:
        TypeError: if it has no length and items by number.
        ValueError: if it is inputs and targets of other numbers of points.
    """

    def __init__(self, dataset: Any) -> None:
        self._dataset: Any = dataset
        parts: list[Any] = list(cast(Sequence[Any], dataset)) if isinstance(dataset, tuple | list) else []
        arrays = [*_leaves(parts[0]), parts[1]] if len(parts) == 2 else []
        self._pair = bool(arrays) and all(len(getattr(x, "shape", ())) for x in arrays)
        if self._pair:
            lengths = {len(x) for x in arrays}
            if len(lengths) > 1:
                raise ValueError(f"inputs and targets of a dataset must be of the same points, got {sorted(lengths)}")
            self._dataset = (mapped(_tensor, parts[0]), _tensor(parts[1]))
            self._length = lengths.pop()
            return
        self._length = _length(dataset)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, i: int) -> tuple[Inputs, Any]:
        if self._pair:
            inputs, targets = cast(tuple[Any, Tensor], self._dataset)
            return mapped(lambda x: x[i], inputs), targets[i]
        return input_and_target(self._dataset[i])


def input_and_target(item: Any) -> tuple[Inputs, Any]:
    """Both parts of an item of a data set, or of a batch of items.

    Raises:
        TypeError: if it is not an input and its target.

    >>> input_and_target({"input_ids": [1, 2], "labels": 0})
    ({'input_ids': tensor([1, 2])}, 0)
    """
    if isinstance(item, Mapping):
        parts = dict(cast(Mapping[str, Any], item))
        name = next((name for name in _LABELS if name in parts), None)
        if name is None:
            raise TypeError(
                "an item of the dataset that is a dictionary must hold its target under labels or label, got "
                f"{', '.join(map(str, parts))}"
            )
        target = parts.pop(name)
        return {key: _tensor(value) for key, value in parts.items()}, target
    if not isinstance(item, tuple | list) or len(cast(Sequence[Any], item)) < 2:
        raise TypeError(f"an item of the dataset must be an input and its target, got {shown(item)}")
    *inputs, target = cast(Sequence[Any], item)
    return mapped(_tensor, inputs[0] if len(inputs) == 1 else tuple(inputs)), target


def _length(dataset: Any) -> int:
    known = hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__") and not isinstance(dataset, type)
    if not known or isinstance(dataset, str | bytes | Mapping | np.ndarray | Tensor) or hasattr(dataset, "columns"):
        raise TypeError(
            "dataset must have a length and items by number, or be a tuple of inputs and targets, arrays or tensors, "
            f"got {shown(cast(Any, dataset))}; of a DataLoader give its dataset"
        )
    return len(cast(Any, dataset))


def _leaves(inputs: Any) -> Iterator[Any]:
    """All arrays of inputs, however they are nested."""
    if isinstance(inputs, Mapping):
        yield from (leaf for part in cast(Mapping[Any, Any], inputs).values() for leaf in _leaves(part))
    elif isinstance(inputs, tuple | list):
        yield from (leaf for part in cast(Sequence[Any], inputs) for leaf in _leaves(part))
    else:
        yield inputs


def _tensor(value: Any) -> Tensor:
    """What an item holds, as a tensor of real numbers."""
    try:
        found = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        found = None
    if found is None or found.is_complex():
        raise TypeError(f"the dataset must hold tensors, arrays and real numbers, got {shown(value)}")
    return found


def _label(target: Any) -> int | None:
    """The number of a class, or None of what is to be predicted as a number."""
    value = _tensor(target)
    if value.is_floating_point():
        return None
    if value.numel() != 1:
        raise ValueError(
            f"a target must be the number of one class or of floating point, got integers of shape "
            f"{tuple(value.shape)}; give a data set whose targets are one-hot vectors"
        )
    return int(value)


def _vector(i: int, target: Any) -> Tensor:
    value = _tensor(target)
    if not value.is_floating_point():
        raise ValueError(f"targets must all be classes or all numbers of floating point; that of item {i} is neither")
    return value.reshape(1) if value.ndim == 0 else value


def _one_hot(labels: Mapping[int, int], classes: int | None) -> dict[int, Tensor]:
    largest, least = max(labels.values()), min(labels.values())
    count = largest + 1 if classes is None else classes
    if least < 0 or largest >= count:
        raise ValueError(f"labels must be from 0 to {count - 1}, got {least if least < 0 else largest}")
    return {i: functional.one_hot(torch.tensor(label), count).float() for i, label in labels.items()}


def _even(seen: NDArray[np.int64], labels: Mapping[int, int], points: int) -> list[int]:
    """As many points of each class as there are, up to so many in all."""
    by_class: defaultdict[int, list[int]] = defaultdict(list)
    for i in seen.tolist():
        by_class[labels[i]].append(i)
    rounds = itertools.zip_longest(*(by_class[label] for label in sorted(by_class)))
    return [i for turn in rounds for i in turn if i is not None][:points]


Queues = list[list[tuple[int, int]]]


def _by_class(points: Sequence[int], labels: Mapping[int, int]) -> tuple[Queues, Queues]:
    """All pairs of one class, class by class, and all others, by both classes."""
    same: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    different: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for i, j in itertools.combinations(sorted(points, key=lambda i: labels[i]), 2):
        (same if labels[i] == labels[j] else different)[labels[i], labels[j]].append((i, j))
    return [same[key] for key in sorted(same)], [different[key] for key in sorted(different)]


def _in_turn(
    random: np.random.Generator, queues: Queues, wanted: int, found: Mapping[int, tuple[Inputs, Any]]
) -> list[tuple[int, int]]:
    """Pairs of each kind in turn, in a random order, without those that coincide in their inputs."""
    shuffled = [[queue[int(k)] for k in random.permutation(len(queue))] for queue in queues]
    taken: list[tuple[int, int]] = []
    for turn in itertools.zip_longest(*(shuffled[int(k)] for k in random.permutation(len(shuffled)))):
        for pair in cast(tuple[tuple[int, int] | None, ...], turn):
            if len(taken) < wanted and pair is not None and not _coincide(found[pair[0]][0], found[pair[1]][0]):
                taken.append(pair)
    return taken


def _coincide(first: Inputs, second: Inputs) -> bool:
    return all(torch.equal(x, y) for x, y in zip(tensors(first), tensors(second), strict=True))


def _stacked(inputs: Sequence[Sequence[Inputs]]) -> Inputs:
    """Both points of all pairs, nested as one input is."""
    leaves = [[list(tensors(x)) for x in pair] for pair in inputs]
    shapes = {tuple(tuple(leaf.shape) for leaf in x) for pair in leaves for x in pair}
    if len(shapes) > 1:
        raise ValueError(
            "inputs of the dataset must all have the same shape, got "
            f"{' and '.join(str(shape[0]) for shape in sorted(shapes)[:2])}; pad them"
        )
    stacks = iter(
        [torch.stack([torch.stack([x[k] for x in pair]) for pair in leaves]) for k in range(len(leaves[0][0]))]
    )
    return mapped(lambda _: next(stacks), inputs[0][0])


def _name(i: int, j: int, labels: Mapping[int, int | None]) -> str:
    items = f"{i}-{j}"
    return items if labels[i] is None else f"{labels[i]}v{labels[j]} {items}"
