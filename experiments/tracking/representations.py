"""What a layer makes of a batch, and what the network says of it, in one pass of any module."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from torch import Tensor, nn

from .intervention import Intervention
from .layers import Layer, called, representations, selected
from .look import alike, check_calls, modules_of
from .pairs import Inputs, mapped, tensors


@contextmanager
def shown_of(
    network: Intervention, layer: Layer, inputs: Inputs, *, gradients: bool = False
) -> Generator[tuple[Tensor, Tensor]]:
    """The prediction of a batch and the representations at a layer, shape (points, units), for as long as this lasts.

    Gradients of both may be taken, if they are asked for.

    Raises:
        TypeError, ValueError: as a recorder, of what the layer and the network put out.

    >>> import torch
    >>> model = nn.Sequential(nn.Linear(1, 2), nn.Linear(2, 1))
    >>> with shown_of(Intervention(model, (Layer("0"),)), Layer("0"), torch.ones(3, 1)) as (y, h):
    ...     y.shape, h.shape
    (torch.Size([3, 1]), torch.Size([3, 2]))
    """
    calls: list[Tensor | None] = []
    count = len(next(tensors(inputs)))

    def keep(module: nn.Module, args: Any, output: Any) -> None:
        counts = len(calls) == (layer.call or 0)
        # a copy, since what follows may work in place
        calls.append(representations(layer, selected(layer, output), count, inputs).clone() if counts else None)

    handle = modules_of(network.module, (layer,))[layer.name].register_forward_hook(keep)
    try:
        with network.passed(inputs, {}, gradients=gradients) as prediction:
            check_calls(layer, len(calls))
            yield prediction, cast(Tensor, calls[layer.call or 0])
    finally:
        handle.remove()


def check_order(network: Intervention, layer: Layer, inputs: Inputs) -> None:
    """Check that rows go with the points: in another order they are in that order.

    Raises:
        ValueError: if they do not.
    """
    with shown_of(network, layer, inputs) as (_, h):
        first = h
    with shown_of(network, layer, mapped(lambda x: x.roll(-1, 0), inputs)) as (_, h):
        if not alike(first, h.roll(1, 0)):
            raise ValueError(
                f"the rows of {called(layer.name)} do not go with the points: in a pass in another order they were "
                "others; say where the points are (batch=, positions=), or pass points that do not change each other"
            )
