"""What gradients say of a layer of any network, pair by pair, as the network stands."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from repdyn.symbolic.arguments import instance
from torch import Tensor, nn
from torch.autograd import forward_ad

from .intervention import Intervention, Untold, gradients, reason
from .layers import Layer, as_layers
from .look import Forward
from .network_kernel import NetworkKernel, network_kernel
from .pairs import Inputs, Pairs

Array = NDArray[np.float64]

_PAIRS = 32
"""Pairs that pass together: what backpropagation keeps of them is bounded."""

_OUTPUTS = 64
"""Where forward derivatives do not exist there is a backward pass for each output, up to so many."""


@dataclass(frozen=True)
class Probe:
    """What gradients say of some layers, pair by pair.

    Attributes:
        labels: of the pairs.
        alignment: by layer, shape (pairs,): the cosine of dh and b, from -1 to 1, where b is the gradient of u . y in
            the layer, averaged over both points, and u the direction of dy*, or of dy if both points have the same
            target. The theory takes it to be 1, or -1 where dy is opposed to dy*. NaN where dh, b or u vanish.
        taylor_ratio: by layer, shape (pairs,): the finite remainder ``|dy - J dh| / |J dh|`` of the decoder over
            the pair, J its Jacobian at the mean of both representations: 0 if it is linear between them, about
            ``|y''' dh^3| / (24 |J dh|)`` if it is smooth, and larger where kinks lie between them. Infinite
            where only the first order vanishes, NaN where dy does too.
        passed_by: by layer, shape (pairs,): how much of dy is left when both points exchange what the layer puts
            out, as a share of ``|dy|``, root mean square over both: 0 for a bottleneck, whose decoder has no other
            input, 1 if the prediction does not depend on the layer. NaN where dy vanishes.
        kernel: the tangent kernel of the network.
        failures: by layer, why something of it is NaN that gradients should say.

    Where something passes the layer by (a skip connection, a mask, a noise drawn after it) the layer has no decoder of
    its own: b and the Taylor ratio are then of the prediction as a function of this layer, with all else held at what
    it is at each of both points, root mean square over both, and dy in the ratio is what exchanging the layer makes.
    """

    labels: tuple[str, ...]
    alignment: Mapping[str, Array]
    taylor_ratio: Mapping[str, Array]
    passed_by: Mapping[str, Array]
    kernel: NetworkKernel
    failures: Mapping[str, str]

    def frame(self) -> pd.DataFrame:
        """A row for each pair and layer: pair, layer, alignment, taylor_ratio and passed_by."""
        layers = tuple(self.alignment)
        values = {name: getattr(self, name) for name in ("alignment", "taylor_ratio", "passed_by")}
        return pd.DataFrame(
            {
                "pair": np.repeat(self.labels, len(layers)),
                "layer": np.tile(layers, len(self.labels)),
                **{name: np.stack([found[x] for x in layers], axis=1).ravel() for name, found in values.items()},
            }
        )


def probe(
    module: nn.Module,
    pairs: Pairs,
    layers: Sequence[str | Layer],
    forward: Forward | None = None,
    context: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Probe:
    """What gradients say of layers as the network stands, in evaluation mode; it is left as it was.

    Gradients and replacements act on the tensor that a layer puts out, as it is selected and before it is pooled, in
    the call that counts. One forward and one backward pass over both points of the pairs, 32 at a time, give every
    layer's alignment; the Taylor ratio and what passes by take two forward passes a layer. The Jacobian is applied by
    forward derivatives, or by a backward pass an output, up to 64, where an operation does not have them.

    Args:
        module: any.
        pairs: of points.
        layers: names of submodules, or how their outputs are read.
        forward: how the module is called, as for a recorder.
        context: what a pass is made in, such as that of a precision.

    Raises:
        TypeError: if an argument is of another kind, or a layer puts out no tensor.
        ValueError: if there is no such layer, it is not called once, it or the network puts out anything but a row for
            each point. What gradients cannot tell is no error: it is NaN, with the reason in the failures.

    Source: the ansatz and the Taylor expansion of van Rossem & Saxe (arXiv 2402.09142), section 3.

    >>> network = nn.Sequential(nn.Linear(1, 3), nn.Linear(3, 1))
    >>> pairs = Pairs(torch.tensor([[[-1.0], [1.0]]]), torch.tensor([[[0.0], [1.0]]]))
    >>> found = probe(network, pairs, ["0"])
    >>> bool(found.taylor_ratio["0"] < 1e-4), bool(found.passed_by["0"] < 1e-4), found.failures
    (True, True, {})
    """
    instance("module", module, nn.Module)
    instance("pairs", pairs, Pairs)
    network = Intervention(module, as_layers(layers), forward, context)
    count = len(pairs.where)
    parts = [_PairsProbe(network, pairs, slice(i, i + _PAIRS)) for i in range(0, count, _PAIRS)]
    names = [layer.name for layer in network.layers]
    failures: dict[str, list[str]] = {}
    for layer, text in dict.fromkeys(x for part in parts for x in part.failures):
        failures.setdefault(layer, []).append(text)

    def joined(by_part: list[dict[str, Array]]) -> dict[str, Array]:
        return {name: np.concatenate([x[name] for x in by_part]) for name in names}

    return Probe(
        labels=pairs.labels,
        alignment=joined([x.alignment for x in parts]),
        taylor_ratio=joined([x.taylor_ratio for x in parts]),
        passed_by=joined([x.passed_by for x in parts]),
        kernel=network_kernel(network, pairs),
        failures={layer: "; ".join(texts) for layer, texts in failures.items()},
    )


class _PairsProbe:
    """A probe of the pairs that pass together, first and second points in turn."""

    def __init__(self, network: Intervention, pairs: Pairs, chosen: slice) -> None:
        self._network = network
        self._inputs: Inputs = network.batch(pairs, pairs.where[chosen].flatten())
        self.failures: list[tuple[str, str]] = []
        self._h: dict[Layer, Tensor] = {}

        def keep(layer: Layer) -> Callable[[Tensor], Tensor]:
            def kept(h: Tensor) -> Tensor:
                self._h[layer] = h.clone()
                return h

            return kept

        with network.passed(self._inputs, {layer: keep(layer) for layer in network.layers}) as prediction:
            pairs.check_output(tuple(prediction.shape[1:]))
            self._y = _both(prediction)
        with np.errstate(all="ignore"):  # of a network that diverged nothing is known
            self._dy = self._y[:, 1] - self._y[:, 0]
            dy_target = pairs.targets[chosen].numpy()
            u = dy_target[:, 1] - dy_target[:, 0]
            u = np.where(u.any(1, keepdims=True), u, self._dy)
            self._u = u / np.linalg.norm(u, axis=1, keepdims=True)
            self.alignment = self._alignments()
            self.taylor_ratio: dict[str, Array] = {}
            self.passed_by: dict[str, Array] = {}
            for layer in network.layers:
                self.taylor_ratio[layer.name], self.passed_by[layer.name] = self._decoded(layer)

    def _alignments(self) -> dict[str, Array]:
        unknown = np.full(len(self._dy), np.nan)
        found = {layer.name: unknown for layer in self._network.layers}
        try:
            slopes = self._slopes()
        except Exception as error:  # whatever a network of anybody's does
            self._fail("alignment", self._network.layers, reason(error))
            return found
        for layer, slope in slopes.items():
            if slope is None:
                self._fail("alignment", [layer], "the prediction has no gradient in what it puts out")
                continue
            h = _both(self._h[layer])
            dh, b = h[:, 1] - h[:, 0], _both(slope).sum(1)
            found[layer.name] = (dh * b).sum(1) / (np.linalg.norm(dh, axis=1) * np.linalg.norm(b, axis=1))
        return found

    def _slopes(self) -> dict[Layer, Tensor | None]:
        """Half the gradient of u . y in each layer, at every point; None where there is none."""
        leaves: dict[Layer, Tensor] = {}

        def follow(layer: Layer) -> Callable[[Tensor], Tensor]:
            def followed(h: Tensor) -> Tensor:
                if not h.is_floating_point():
                    return h
                leaves[layer] = h if h.requires_grad else h.detach().clone().requires_grad_()
                return leaves[layer].clone()  # what follows may work in place

            return followed

        hooks = {layer: follow(layer) for layer in self._network.layers}
        with self._network.passed(self._inputs, hooks, gradients=True) as y:
            slopes: dict[Layer, Tensor | None] = dict.fromkeys(hooks)
            if y.requires_grad and leaves:
                u = torch.from_numpy(np.nan_to_num(self._u) / 2).to(y).repeat_interleave(2, 0)
                found = gradients((u * y.reshape(u.shape)).sum(), list(leaves.values()))
                slopes.update(zip(leaves, found, strict=True))
            return slopes

    def _decoded(self, layer: Layer) -> tuple[Array, Array]:
        """The Taylor ratio and what passes by."""
        unknown = np.full(len(self._dy), np.nan)
        ratio, passed_by = unknown, unknown
        try:
            exchanged = self._exchanged(layer)
        except Exception as error:  # as above
            self._fail("exchange of the layer", [layer], reason(error))
            return ratio, passed_by
        passed_by = _size(exchanged - self._y[:, ::-1]) / (np.sqrt(2) * np.linalg.norm(self._dy, axis=1))
        # What the layer alone makes of it, in what else there is of each of both points.
        by_layer = np.stack([exchanged[:, 0] - self._y[:, 0], self._y[:, 1] - exchanged[:, 1]], axis=1)
        try:
            first_order = self._first_order(layer)
            ratio = _size(by_layer - first_order) / _size(first_order)
        except Exception as error:  # as above
            self._fail("Taylor ratio", [layer], reason(error))
        return ratio, passed_by

    def _exchanged(self, layer: Layer) -> Array:
        """The predictions if the layer puts out for each point what it does for the other."""
        with self._network.passed(self._inputs, {layer: lambda h: _pairs(h).flip(1).flatten(0, 1)}) as y:
            return _both(y)

    def _first_order(self, layer: Layer) -> Array:
        """J dh at the mean of the layer, in what else there is of each of both points, shape (pairs, 2, values)."""
        if not self._h[layer].is_floating_point():
            raise Untold("it puts out integers")
        missing: Exception = Untold("the prediction has no derivative in what it puts out")
        try:
            change = self._forward_derivative(layer)
        except RuntimeError as error:  # not every operation has one
            missing, change = error, None
        if change is not None:
            return _both(change)
        if self._y.shape[-1] > _OUTPUTS:
            raise missing
        return _both(self._change_by_output(layer))

    def _forward_derivative(self, layer: Layer) -> Tensor | None:
        """J dh; None if no derivative gets through."""

        def dual(h: Tensor) -> Tensor:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # torch's own, when it first makes one
                return forward_ad.make_dual(_mean(h), _difference(h))

        with forward_ad.dual_level(), self._network.passed(self._inputs, {layer: dual}) as y:
            return forward_ad.unpack_dual(y).tangent

    def _change_by_output(self, layer: Layer) -> Tensor:
        """J dh, by a backward pass for each output."""
        leaves: list[Tensor] = []

        def leaf(h: Tensor) -> Tensor:
            leaves.append(_mean(h).detach().requires_grad_())
            return leaves[0].clone()

        dh = _difference(self._h[layer])
        with self._network.passed(self._inputs, {layer: leaf}, gradients=True) as y:
            values = y.reshape(len(y), -1).unbind(1) if y.requires_grad else ()
            slopes = [gradients(x.sum(), leaves)[0] for x in values]
            if all(slope is None for slope in slopes):
                raise Untold("the prediction has no derivative in what it puts out")
            return torch.stack([torch.zeros_like(dh[:, 0]) if b is None else (dh * b).sum(1) for b in slopes], dim=1)

    def _fail(self, what: str, layers: Sequence[Layer], why: str) -> None:
        self.failures += [(layer.name, f"{what}: {why}") for layer in layers]


def _pairs(h: Tensor) -> Tensor:
    """Shape (pairs, 2, units)."""
    return h.reshape(len(h) // 2, 2, -1)


def _mean(h: Tensor) -> Tensor:
    """At both points the mean of both."""
    return _pairs(h).mean(1).repeat_interleave(2, 0)


def _difference(h: Tensor) -> Tensor:
    """At both points the second less the first."""
    return (h[1::2] - h[::2]).repeat_interleave(2, 0)


def _both(x: Tensor) -> Array:
    """Rows of both points, shape (pairs, 2, values), in double precision."""
    return x.detach().reshape(len(x) // 2, 2, -1).cpu().double().numpy()


def _size(x: Array) -> Array:
    return np.sqrt(np.square(x).sum((1, 2)))
