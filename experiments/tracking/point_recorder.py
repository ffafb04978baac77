"""A recorder of a set of points for any module, whoever trains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from repdyn.symbolic.arguments import instance
from torch import nn

from .clock import check_step
from .layers import Layer
from .look import Forward, Look
from .pairs import Inputs
from .point_records import PointRecords


class PointRecorder(PointRecords):
    """Records how a set of points is represented, whenever it is asked to: all their inner products, and the outputs.

    Each record is one forward pass over the points, in evaluation mode and without gradients, that leaves no trace, as
    of a :class:`PairRecorder`. It is what the collective theory takes (:func:`~repdyn.numeric.place_on_geodesic`), as
    pairs are what the theory of two points does.

    Args:
        module: any, trained by anybody.
        inputs: the points, shape ``(points, *input)``: a tensor or array, or a dictionary, list or tuple of such.
        targets: theirs, shape ``(points, *output)``.
        layers: names of submodules whose outputs are hidden representations, or a :class:`Layer` where that needs to
            be said.
        forward: how the module is called, as for a :class:`PairRecorder`.

    A record takes 4 bytes times half of the squared number of points for each layer; more than 1 GiB in all is refused.

    Raises:
        TypeError: if inputs or targets are no tensors of real numbers, or a layer or the network puts out anything
            else.
        ValueError: if shapes do not match, fewer than 3 points differ, a layer does not exist, is not called once, or
            does not put out a row for each point.

    >>> import torch
    >>> network = nn.Sequential(nn.Linear(2, 4), nn.Linear(4, 1))
    >>> recorder = PointRecorder(network, torch.eye(3)[:, :2], torch.zeros(3, 1), layers=["0"])
    >>> recorder.record(0)
    >>> recorder.gram().shape, recorder.outputs.shape
    ((3, 3), (1, 3, 1))
    """

    def __init__(
        self,
        module: nn.Module,
        inputs: Inputs,
        targets: Any,
        layers: Sequence[str | Layer],
        *,
        forward: Forward | None = None,
    ) -> None:
        super().__init__(inputs, targets, layers)
        self._look = Look(instance("module", module, nn.Module), self._pairs, self._described, forward)

    def record(self, step: int) -> None:
        """Record the network as it is now, after so many training steps.

        Raises:
            TypeError, ValueError: as the recorder, of what a pass shows; if the step is not after the last one, or the
                records take more memory than they may.
        """
        check_step(step, self._has)
        with self._timed():
            self._add(step, *self._look())
