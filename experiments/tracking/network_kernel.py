"""The tangent kernel of a network on a few of the points, and how far training has turned it."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from repdyn.symbolic.arguments import instance
from torch import Tensor, nn

from .intervention import Intervention, Untold, gradients, reason
from .layers import Layer
from .pairs import Pairs
from .replacement import Replacement

Array = NDArray[np.float64]

_BYTES = 2**28
"""What the gradients that are held together may take, if two of them do not take more."""

_POINTS, _OUTPUTS = 16, 4
"""At most so many points, of pairs spread from the first to the last, and outputs."""

_COLUMNS = 2**18
"""Parameters whose gradients are in double precision at a time."""


@dataclass(frozen=True)
class NetworkKernel:
    """Inner products of the gradients of predictions in the parameters that are trained.

    Attributes:
        points: the numbers of the points, among those of all pairs.
        whole: shape (points x outputs, points x outputs), point by point; None if it could not be measured.
        before: by layer, the part of the parameters before it, of the same shape: zeros if none of them is trained.
        after: by layer, the part of the others, so that both are the whole.
        failures: by layer, and under ``""`` of the network, why a kernel is missing.
        digest: of the pairs.

    The outputs are all of the prediction if they are at most four, else four directions among them, drawn once and for
    all.
    """

    points: tuple[int, ...]
    whole: Array | None
    before: Mapping[str, Array]
    after: Mapping[str, Array]
    failures: Mapping[str, str]
    digest: str


@dataclass(frozen=True)
class KernelMovement:
    """How far a kernel has turned: 1 less the cosine of the two, as vectors of their entries. 0 is lazy.

    Attributes:
        network: of the whole kernel; NaN where it is not known, or 0 (nothing is trained).
        before: by layer, of the part of the parameters before it, the encoder's.
        after: by layer, of the part of the others, the decoder's.
    """

    network: float
    before: Mapping[str, float]
    after: Mapping[str, float]


def network_kernel(network: Intervention, pairs: Pairs) -> NetworkKernel:
    """The tangent kernel of a network as it stands, in evaluation mode; it is left as it was.

    It is on at most 16 points and 4 outputs, and on fewer, down to 2 points and 1 output, if the gradients would take
    more than 256 MB. A layer has parts of it if no parameter acts on both sides of it. What cannot be measured is
    missing, with the reason in the failures.

    Source: Jacot et al. (arXiv 1806.07572).

    >>> model = nn.Linear(1, 1, bias=False)
    >>> pairs = Pairs(torch.tensor([[[1.0], [2.0]]]), torch.zeros(1, 2, 1))
    >>> network_kernel(Intervention(model, (Layer(""),)), pairs).whole.tolist()
    [[1.0, 2.0], [2.0, 4.0]]
    """
    points, outputs = _sizes(network.module, pairs)
    failures: dict[str, str] = {}
    before: dict[str, Array] = {}
    after: dict[str, Array] = {}
    whole: Array | None = None
    try:
        grams = _Grams(network, pairs, points, outputs)
        whole = grams.total(range(len(grams.parameters)))
    except Exception as error:  # whatever a network of anybody's does
        failures[""] = reason(error)
    else:
        for layer in network.layers:
            try:
                sides = grams.sides(layer)
            except Exception as error:  # as above
                failures[layer.name] = reason(error)
                continue
            before[layer.name], after[layer.name] = map(grams.total, sides)
    return NetworkKernel(tuple(map(int, points)), whole, before, after, failures, pairs.digest)


def kernel_movement(first: NetworkKernel, now: NetworkKernel) -> KernelMovement:
    """How far the tangent kernel has turned from one probe to another.

    It is the kernel distance of Fort et al. (arXiv 2010.15110), of kernels that are not centred: descent moves the
    predictions by the whole of the kernel, their mean too. Growth of all of it by one factor is no movement.

    Raises:
        TypeError: if an argument is no kernel.
        ValueError: if they are not of the same pairs, points and outputs.

    >>> kernel = NetworkKernel((0, 1), np.eye(2), {}, {}, {}, "")
    >>> other = NetworkKernel((0, 1), np.diag([3.0, 0.0]), {}, {}, {}, "")
    >>> kernel_movement(kernel, kernel).network, round(kernel_movement(kernel, other).network, 3)
    (0.0, 0.293)
    """
    for name, kernel in (("first", first), ("now", now)):
        instance(name, kernel, NetworkKernel)
    shapes = {x.whole.shape for x in (first, now) if x.whole is not None}
    if (first.digest, first.points) != (now.digest, now.points) or len(shapes) > 1:
        raise ValueError(
            "two kernels can be compared if they are of the same pairs, points and outputs, got others: take both from "
            "probes of one network with the same pairs"
        )

    def by_layer(a: Mapping[str, Array], b: Mapping[str, Array]) -> dict[str, float]:
        return {layer: _turned(a.get(layer), b.get(layer)) for layer in {**a, **b}}

    return KernelMovement(
        _turned(first.whole, now.whole), by_layer(first.before, now.before), by_layer(first.after, now.after)
    )


class _Grams:
    """The kernel parameter by parameter, and what of it is on which side of a layer."""

    def __init__(self, network: Intervention, pairs: Pairs, points: Tensor, outputs: int) -> None:
        self._network, self._inputs = network, network.batch(pairs, points)
        self.parameters: list[nn.Parameter] = [p for p in network.module.parameters() if p.requires_grad]
        if not self.parameters:
            raise Untold("no parameter of the network is trained, so nothing moves")
        self._before: dict[Layer, set[int]] = {}
        seen: dict[Layer, Tensor] = {}
        hooks = {layer: _keep(seen, layer) for layer in network.layers}
        with network.passed(self._inputs, hooks, gradients=True) as prediction:
            y = prediction.reshape(len(points), -1)
            if not y.requires_grad:
                raise Untold("the prediction has no gradient in the parameters that are trained")
            self._before = {layer: self._reached(h) for layer, h in seen.items()}
            rows = [gradients(x, self.parameters) for x in (y @ _directions(y.shape[1], outputs).to(y)).flatten()]
        self._grams = [_gram(of_one) for of_one in zip(*rows, strict=True)]

    def sides(self, layer: Layer) -> tuple[set[int], set[int]]:
        """The numbers of the parameters before a layer, and of the others.

        Raises:
            Untold: if one acts on both sides.
        """
        cut = {layer: Tensor.detach}
        with self._network.passed(self._inputs, cut, gradients=True) as y:
            both = self._reached(y) & self._before[layer]
        if both:
            raise Untold("some parameters act on both sides of the layer, so that no part of the kernel is of one side")
        return self._before[layer], set(range(len(self.parameters))) - self._before[layer]

    def total(self, parameters: Iterable[int]) -> Array:
        """The kernel of some parameters."""
        return np.sum([np.zeros_like(self._grams[0]), *(self._grams[i] for i in parameters)], axis=0)

    def _reached(self, x: Tensor) -> set[int]:
        """The numbers of the parameters on which a tensor depends."""
        if not x.requires_grad:
            return set()
        found = gradients(x.sum(), self.parameters)
        return {i for i, gradient in enumerate(found) if gradient is not None}


def _keep(seen: dict[Layer, Tensor], layer: Layer) -> Replacement:
    def keep(h: Tensor) -> Tensor:
        seen[layer] = h
        return h.clone()  # what follows may work in place

    return keep


def _sizes(module: nn.Module, pairs: Pairs) -> tuple[Tensor, int]:
    """Which points, and how many outputs, so that their gradients are not too large."""
    # Of all parameters, so that a kernel keeps its size when some of them are frozen.
    row = max(1, sum(p.numel() * p.element_size() for p in module.parameters()))
    outputs = min(pairs.targets.shape[-1], _OUTPUTS, max(1, _BYTES // (2 * row)))
    points = min(_POINTS, max(2, _BYTES // (row * outputs)))
    spread = torch.linspace(0, len(pairs.where) - 1, min(len(pairs.where), (points + 1) // 2)).round().long()
    order = dict.fromkeys(map(int, pairs.where[spread].flatten()))
    return torch.tensor(list(order))[:points], outputs


def _directions(values: int, outputs: int) -> Tensor:
    """So many orthonormal directions among the outputs, shape (values, outputs)."""
    if values == outputs:
        return torch.eye(values, dtype=torch.float64)
    drawn = np.random.default_rng(0).normal(size=(values, outputs))
    return torch.from_numpy(np.linalg.qr(drawn)[0])


def _gram(of_one: tuple[Tensor | None, ...]) -> Array:
    """The inner products of gradients in one parameter, None for those that are zero."""
    rows = [None if x is None else _numbers(x) for x in of_one]
    found = next((x for x in rows if x is not None), None)
    if found is None:
        return np.zeros((len(rows), len(rows)))
    table = torch.stack([torch.zeros_like(found) if x is None else x for x in rows])
    gram = np.zeros((len(rows), len(rows)))
    for begin in range(0, table.shape[1], _COLUMNS):
        part = table[:, begin : begin + _COLUMNS].cpu().double().numpy()
        gram += part @ part.T
    return gram


def _numbers(x: Tensor) -> Tensor:
    """The numbers of a gradient, which may be sparse or complex, in a row."""
    x = x.to_dense() if x.is_sparse else x
    return (torch.view_as_real(x) if x.is_complex() else x).flatten()


def _turned(a: Array | None, b: Array | None) -> float:
    """1 less the cosine, to the last digits of a small one."""
    if a is None or b is None:
        return math.nan
    sizes = np.linalg.norm(a), np.linalg.norm(b)
    if not (0 < sizes[0] < math.inf and 0 < sizes[1] < math.inf):
        return math.nan
    return float(np.square(a / sizes[0] - b / sizes[1]).sum() / 2)
