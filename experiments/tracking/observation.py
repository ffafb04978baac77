"""A closer look at a network at one training step: gradients, and the distances among all points."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from repdyn.numeric import squared_distances
from torch import Tensor

from .look import Look
from .pairs import Pairs, tensors
from .probe import Probe, probe

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Observation:
    """What a closer look shows of all points of the pairs that are followed.

    Attributes:
        step: after how many training steps.
        probe: what gradients say.
        distances: by layer, the squared distances of the representations, shape (points, points); all NaN if some are
            not finite.
        outputs: of the network, shape (points, values).
        targets: shape (points, values).
        inputs: the squared distances of the inputs, shape (points, points); None where they are not those of the
            numbers given.
    """

    step: int
    probe: Probe
    distances: Mapping[str, Array]
    outputs: Array
    targets: Array
    inputs: Array | None


def observe(look: Look, step: int) -> Observation:
    """Look at a network more closely; it is left as it was.

    Raises:
        TypeError, ValueError: as :class:`PairRecorder` and :func:`probe`.

    >>> from repdyn.experiments import PairRecorder
    >>> recorder = PairRecorder(torch.nn.Linear(1, 1), torch.tensor([[[-1.0], [0.0]]]), torch.zeros(1, 2, 1), [""])
    >>> recorder.record(0)
    >>> found = recorder.observe()
    >>> found.outputs.shape, found.inputs.tolist()
    ((2, 1), [[0.0, 1.0], [1.0, 0.0]])
    """
    prediction, hidden = look()
    pairs = look.pairs
    where, given = pairs.where.flatten(), pairs.targets.flatten(0, 1)
    targets = torch.empty(pairs.count, given.shape[1], dtype=given.dtype)
    targets[where] = given
    return Observation(
        step=step,
        probe=probe(look.module, pairs, look.layers, look.forward, look.context),
        distances={name: _distances(_rows(h)) for name, h in hidden.items()},
        outputs=_rows(prediction),
        targets=targets.numpy(),
        inputs=_input_distances(pairs),
    )


def _input_distances(pairs: Pairs) -> Array | None:
    """Those of the numbers of the inputs, if they are what the pairs' own are."""
    flat = np.concatenate([_rows(x) for x in tensors(pairs.points)], axis=1)
    found = squared_distances(flat)
    first, second = pairs.where.numpy().T
    same = pairs.dx2 is not None and np.allclose(found[first, second], pairs.dx2, rtol=1e-6)
    return found if same else None


def _distances(h: Array) -> Array:
    return squared_distances(h) if np.isfinite(h).all() else np.full((len(h), len(h)), np.nan)


def _rows(x: Tensor) -> Array:
    return x.detach().reshape(len(x), -1).cpu().double().numpy()
