"""A recorder of pairs of data points for any module, whoever trains it."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from repdyn.symbolic.arguments import instance
from torch import nn

from .clock import check_step
from .layers import Layer, as_layers
from .look import Forward, Look
from .observation import Observation, observe
from .pairs import Inputs, Pairs
from .records import PairRecords


class PairRecorder(PairRecords):
    """Records dh2, dy2, w and the loss of pairs of data points, at layers of a module, whenever it is asked to.

    Each record is one forward pass over every point once, in evaluation mode and without gradients, that leaves no
    trace: modes, tensors of the module and random numbers are given back as they were.

    Args:
        module: any, trained by anybody.
        inputs: both points of each pair, shape ``(pairs, 2, *input)``: a tensor or array, or a dictionary, list or
            tuple of such.
        targets: their targets, shape ``(pairs, 2, *output)``.
        layers: names of submodules (as in ``named_modules``) whose outputs are hidden representations, or a
            :class:`Layer` where that needs to be said.
        forward: how the module is called, ``forward(module, inputs) -> prediction``, the inputs being a batch nested as
            those of the pairs. By default a dictionary is given as keywords, a tuple as arguments.
        labels: a name for each pair; by default its number.
        dx2: the squared distances of the inputs, shape (pairs,), or the name of the layer, such as an embedding, at
            which they are measured at the first record; by default those of the numbers given. Tokens, and whatever
            else is of integers, need one or the other.
        file: to which every record is written at once, a path that ends in ``.arrows`` (a stream of Arrow), so that
            it outlives a process that is killed; ``repdyn fit`` reads it, and so does a recorder of the
            same pairs, layers and file. ``state_dict`` then refers to it, and holds all records otherwise, 8 bytes
            times pairs times 3 + layers for each; after ``load_state_dict`` it goes on from where that was saved.

    Attributes:
        seconds: what recording took so far.

    Raises:
        TypeError: if inputs or targets are no tensors of real numbers, or a layer or the network puts out anything
            else.
        ValueError: if shapes do not match, inputs of a pair coincide, inputs are integers of which no distance is
            known, a layer does not exist, is not called once, or does not put out a row for each point, or (at the
            first record) the file is there already.

    Source of the quantities: van Rossem & Saxe (arXiv 2402.09142), section 3.

    >>> import torch
    >>> network = nn.Sequential(nn.Linear(1, 4), nn.Linear(4, 1))
    >>> optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    >>> x, y = torch.tensor([[[-1.0], [0.0]]]), torch.tensor([[[0.6], [1.3]]])
    >>> recorder = PairRecorder(network, x, y, layers=["0"])
    >>> for step in range(20):
    ...     recorder.record(step)
    ...     optimiser.zero_grad()
    ...     (network(x) - y).square().mean().backward()
    ...     _ = optimiser.step()
    >>> recorder.frame().shape
    (20, 9)
    """

    def __init__(
        self,
        module: nn.Module,
        inputs: Inputs,
        targets: Any,
        layers: Sequence[str | Layer],
        *,
        forward: Forward | None = None,
        labels: Sequence[str] | None = None,
        dx2: Any | None = None,
        file: str | Path | None = None,
    ) -> None:
        pairs = Pairs(inputs, targets, labels, dx2)
        described = as_layers(layers)
        self._look = Look(instance("module", module, nn.Module), pairs, described, forward)
        super().__init__(pairs, described, file)

    def record(self, step: int) -> None:
        """Record the network as it is now, after so many training steps.

        Raises:
            TypeError, ValueError: as the recorder, of what a pass shows; or if the step is not after the last one.
        """
        check_step(step, self._has)
        with self._timed():
            self._add(step, *self._look.distances())

    def observe(self) -> Observation:
        """Look more closely at the network as it is now, at the last recorded step, and keep what is seen.

        Gradients of a layer take some passes each, and distances are of all points, so that this is for a few steps of
        a training, the first and the last before all: :func:`diagnose` compares these two.

        Raises:
            TypeError, ValueError: as the recorder, of what a pass shows; or if nothing is recorded yet.
        """
        if not len(self.steps):
            raise ValueError("an observation is of the last recorded step, and nothing is recorded yet")
        with self._timed():
            self.observations.append(observe(self._look, int(self.steps[-1])))
        return self.observations[-1]
