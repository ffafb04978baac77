"""The layers of a module that can be recorded, found by trying."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from ..tracking.layers import as_layers
from ..tracking.look import Forward, Look
from ..tracking.pairs import Inputs, Pairs
from .measures import spread_evenly

MOST = 8
"""Layers that are chosen, at most."""


@dataclass(frozen=True)
class Candidates:
    """The layers of a module.

    Attributes:
        layers: names of those to record, in the order of the module.
        refused: why others cannot be recorded as they are, by name.
    """

    layers: tuple[str, ...]
    refused: Mapping[str, str]


def candidates(
    module: nn.Module, inputs: Inputs, targets: Tensor, *, forward: Forward | None = None, dx2: object = None
) -> Candidates:
    """The parts without parts of their own whose outputs have a row for each point, at most eight, evenly chosen.

    Left out are those that put out what an earlier one did or what the network does, and, with the reason, those that
    have to be described by a :class:`Layer`.

    Raises:
        TypeError, ValueError: as a recorder, of the inputs, the targets and the prediction.

    >>> network = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Dropout(), nn.Linear(5, 2))
    >>> candidates(network, torch.rand(4, 2, 3), torch.rand(4, 2, 2)).layers
    ('0', '1')
    """
    pairs = Pairs(inputs, targets, None, dx2)
    prediction, _ = Look(module, pairs, (), forward)()
    rows = prediction.reshape(len(prediction), -1)
    parts = cast(Iterator[tuple[str, nn.Module]], module.named_modules())
    names = [name.replace("_orig_mod.", "") for name, part in parts if name and not any(part.children())]
    seen: dict[str, Tensor] = {}
    refused: dict[str, str] = {}
    for layer in names:
        try:
            _, found = Look(module, pairs, as_layers([layer]), forward)()
        except (TypeError, ValueError) as error:
            refused[layer] = str(error)
            continue
        h = found[layer]
        if not any(h.shape == x.shape and torch.equal(h, x) for x in (rows, *seen.values())):
            seen[layer] = h
    chosen = list(seen)
    return Candidates(tuple(chosen[k] for k in spread_evenly(len(chosen), MOST)), refused)
