"""Tangent kernels of encoder and decoder on a pair: the effective rates of a network as it stands, without a fit."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import torch
from repdyn.numeric.arguments import flag, number
from repdyn.numeric.distances import squared_lengths
from repdyn.numeric.gram import gram_determinant
from repdyn.symbolic.arguments import instance
from torch import Tensor, nn

from .undisturbed import undisturbed
from .watch import LayerWatch, check_rows, real_tensor

Gradients = list[Tensor]

_ROUNDING = 16
"""A gradient of the mean of so many roundings of those of both outputs is none: they cancel."""


@dataclass(frozen=True)
class TangentRates:
    """What gradient descent does to a pair at this moment, for a single output.

    With f the signed output difference and e = f - dy* its error, the difference
    between the two points moves its own squared hidden distance and f at

        d dh2/dt = -dh2_speed e,    d f/dt = -f_speed e    (t in training steps)

    to first order in the step size. f_speed = (encoder b2 + decoder dh2)/2 by the
    definition of both rates; that dh2_speed = encoder f, with the same rate, is what
    the theory adds.

    Attributes:
        encoder: P = dx2/tau_h along the decoder's slope b: ``(lr/2) |grad_encoder dy|^2 / |b|^2``, in units of
            hidden space squared per training step; 0 if b is.
        decoder: R = 1/tau_y along dh: ``(lr/2) |grad_decoder dy|^2 / dh2``, in outputs squared over hidden units
            squared, per training step.
        dh2: the squared hidden distance.
        b2: the squared slope of the decoder, its gradient averaged over both points.
        f: the output difference, signed: second point minus first.
        gram: ``dh2 b2 - f^2``, 0 where dh and the decoder's slope are parallel.
        dh2_speed: what moves dh2, from the whole kernel.
        f_speed: what moves f, from the whole kernel.
    """

    encoder: float
    decoder: float
    dh2: float
    b2: float
    f: float
    gram: float
    dh2_speed: float
    f_speed: float


def tangent_rates(
    module: nn.Module, layer: str, points: Tensor, lr: float, *, mean_is_learnt: bool = False
) -> TangentRates:
    """The effective rates of a pair from the gradients of a network as it stands.

    Args:
        module: any network with one output; it is called in the mode in which it is, and once more with a point more,
            undisturbed, to see that what is put out has a row for each point.
        layer: name of the submodule (as in ``named_modules``) whose output is the hidden representation.
        points: both inputs, shape (2, ...).
        lr: step size of full-batch gradient descent on half the squared error, averaged over the two points.
        mean_is_learnt: take the gradients orthogonal to that of the mean prediction. Where the mean is learnt
            fast it stays at its target while the difference is learnt, and this is what that constraint leaves
            of the kernel: K - C^2/M, with M the kernel of the mean and C its overlap with the difference.

    For one linear layer on each side, without ``mean_is_learnt``, encoder is lr/2 dx2 and decoder lr/2: exactly
    the theory's convention. At a kink (ReLU, leaky ReLU) the gradient of one moment is not the motion of a step. With
    biases 0 an input 0 is on every kink of the first layer at the start; later many units seem to come to rest at
    their kink on a data point: in the setting ``shallow`` 3 % of units and points cross theirs in one step when the
    mean is learnt, and 14 % at step 1500. It seems to be why the rates say up to five times the motion in a deep
    leaky-ReLU network. Where the nonlinearity is smooth it is met within a percent.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if there is no such layer, it is not called exactly once or puts out no tensor or not a row for each
            point, something passes it by, nothing before it is trained, lr is not positive, the points are not two,
            their hidden representations coincide, a value is not finite, or the output is not one number a point.

    Source: the tangent kernel of Jacot et al. (arXiv 1806.07572), split at the layer.

    >>> network = nn.Sequential(nn.Linear(1, 3, bias=False), nn.Linear(3, 1))
    >>> rates = tangent_rates(network, "0", torch.tensor([[-1.0], [1.0]]), lr=0.01)
    >>> round(rates.encoder, 6), round(rates.decoder, 6)
    (0.02, 0.005)
    """
    instance("module", module, nn.Module)
    instance("layer", layer, str)
    flag("mean_is_learnt", mean_is_learnt)
    real_tensor("points", points)
    if points.ndim < 2 or len(points) != 2:
        raise ValueError(f"points must be the two inputs of a pair, shape (2, ...), got {tuple(points.shape)}")
    if not 0 < number("lr", lr) < math.inf:
        raise ValueError(f"lr must be positive, got {lr}; it is the size of a step")
    h, leaf, y = _split(module, layer, points)
    if y.numel() != 2:
        raise ValueError(f"tangent rates are for a single output, got predictions of shape {tuple(y.shape)}")
    parameters = [p for p in module.parameters() if p.requires_grad]
    if not parameters:
        raise ValueError(
            "no parameter of the network is trained, so nothing moves; give it some that require gradients"
        )
    _check_split(h, y, parameters)
    y = y.flatten()
    dy, mean = y[1] - y[0], y.mean()
    dh = (h[1] - h[0]).detach()
    dh2 = _squared(dh)
    if not dh2 > 0:
        raise ValueError("the two points must have different hidden representations, got the same for both")
    at_ends, of_mean = (torch.autograd.grad(x, leaf, retain_graph=True)[0] for x in (dy, mean))
    b = of_mean[0] + of_mean[1]  # the mean is half of each output, so this is the mean of both slopes
    b2 = _squared(b)

    def encoder(cotangent: Tensor) -> Gradients:
        return _gradient(h, parameters, cotangent)

    of_dy, of_y_mean = ((encoder(slope), _gradient(x, parameters)) for slope, x in ((at_ends, dy), (of_mean, mean)))
    moving = of_dy
    if mean_is_learnt:
        overlap = sum(_dot(p, q) for p, q in zip(of_dy, of_y_mean, strict=True))
        size = sum(_dot(p, p) for p in of_y_mean)
        each = size + sum(_dot(p, p) for p in of_dy) / 4  # of the output of one point, where both are as large
        still = size <= (_ROUNDING * torch.finfo(y.dtype).eps) ** 2 * each
        share = 0.0 if still else overlap / size  # a mean that nothing moves holds itself
        by_encoder, by_decoder = (
            [p - share * q for p, q in zip(x, m, strict=True)] for x, m in zip(of_dy, of_y_mean, strict=True)
        )
        moving = by_encoder, by_decoder
    along_dh = encoder(torch.stack([-dh, dh]))
    f = float(dy.detach())
    _check_points(module, layer, points)  # when no gradient is needed any more: it may change buffers for a moment
    return TangentRates(
        encoder=lr / 2 * _dot(of_dy[0], moving[0]) / b2 if b2 > 0 else 0.0,
        decoder=lr / 2 * _dot(of_dy[1], moving[1]) / dh2,
        dh2=dh2,
        b2=b2,
        f=f,
        gram=float(gram_determinant(dh2, f * f, b2)),
        dh2_speed=lr / 2 * _dot(along_dh, moving[0]),
        f_speed=lr / 4 * sum(_dot(p, q) for p, q in zip(of_dy, moving, strict=True)),
    )


def _split(module: nn.Module, layer: str, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The hidden representations, the same cut off from what made them, and the outputs made from those."""
    known = dict(cast(Iterator[tuple[str, nn.Module]], module.named_modules()))
    if layer not in known or not layer:
        raise ValueError(f"there is no layer {layer!r}; there are {', '.join(filter(None, known))}")
    seen: list[Tensor] = []
    inputs = points.detach().clone().requires_grad_(points.is_floating_point())

    def cut(_module: nn.Module, _inputs: Any, output: Any) -> Tensor:
        if not isinstance(output, Tensor):
            raise ValueError(f"layer {layer!r} must put out a tensor, got {type(output).__name__}; name one inside it")
        check_rows(layer, output.shape, len(points))
        seen.append(output)
        seen.append(output.detach().clone().requires_grad_())
        return seen[-1] * 1  # what follows may work in place

    handle = known[layer].register_forward_hook(cut)
    try:
        with torch.enable_grad():
            y = module(inputs)
    finally:
        handle.remove()
    if len(seen) != 2:
        raise ValueError(f"layer {layer!r} must be called once in a forward pass, got {len(seen) // 2} calls")
    if inputs.requires_grad and _reaches(inputs, y):
        raise ValueError(
            "the layer must split the network into an encoder and a decoder, but the inputs reach the outputs past "
            "it; name a layer that nothing passes by"
        )
    return seen[0], seen[1], y


def _check_points(module: nn.Module, layer: str, points: Tensor) -> None:
    """Check that layer and network put out a row for each point: their first dimension grows with the points."""
    watch = LayerWatch(module, [layer])
    watch.start(len(points) + 1)
    try:
        with undisturbed(module), torch.no_grad():
            module(torch.cat([points, points[:1]]))
    finally:
        watch.stop()
        watch.close()
    watch.check_points()


def _reaches(inputs: Tensor, y: Tensor) -> bool:
    """Whether the outputs depend on the inputs when the hidden representations are held."""
    (gradient,) = torch.autograd.grad(y.sum(), inputs, retain_graph=True, allow_unused=True, materialize_grads=True)
    return bool(gradient.any())


def _check_split(h: Tensor, y: Tensor, parameters: list[nn.Parameter]) -> None:
    """Check that no parameter acts on both sides of the layer."""
    sides: list[tuple[Tensor | None, ...]] = [
        torch.autograd.grad(x.sum(), parameters, retain_graph=True, allow_unused=True) for x in (h, y)
    ]
    if all(below is None for below in sides[0]):
        raise ValueError(
            "no parameter before the layer is trained, so the hidden distance does not move; name a later one"
        )
    if any(above is not None and below is not None for below, above in zip(*sides, strict=True)):
        raise ValueError(
            "the layer must split the network into an encoder and a decoder, but some parameters act on both sides "
            "of it; name a layer that nothing passes by"
        )


def _gradient(x: Tensor, parameters: list[nn.Parameter], cotangent: Tensor | None = None) -> Gradients:
    return list(
        torch.autograd.grad(x, parameters, cotangent, retain_graph=True, allow_unused=True, materialize_grads=True)
    )


def _squared(x: Tensor) -> float:
    return float(squared_lengths(x.detach().double().flatten().cpu().numpy()))


def _dot(a: Gradients, b: Gradients) -> float:
    return float(sum((p.double() * q.double()).sum() for p, q in zip(a, b, strict=True)))
