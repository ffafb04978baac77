"""A Lightning callback that follows a set of points through any network in training."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from ..training import mpl_backend  # noqa: F401 # pyright: ignore[reportUnusedImport] # before Lightning loads matplotlib

# isort: split
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytorch_lightning as pl
from torch import Tensor

from .clock import check_every
from .layers import Layer
from .look import Forward, Look, checked_forward
from .other_lightning import adopt, reduced
from .pairs import Inputs, mapped
from .point_records import PointRecords
from .silence import silence


class PointTracker(PointRecords, pl.Callback):
    """Records how a set of points is represented while any module trains: all their inner products, and the outputs.

    What a :class:`PairTracker` is for pairs, which the theory of two points is of, this is for a whole set, as the
    collective theory takes it (:func:`~repdyn.numeric.place_on_geodesic`). It works on any LightningModule. Each record
    is one forward pass over the points, in evaluation mode and without gradients, that leaves no trace and whose
    logging is dropped; what goes wrong with a record ends the records and not the training.

    Args:
        inputs: the points, shape ``(points, *input)``: a tensor or array, or a dictionary, list or tuple of such.
        targets: theirs, shape ``(points, *output)``.
        layers: names of submodules whose outputs are hidden representations, or a :class:`Layer` where that needs to
            be said.
        every: record before step 0, ``every``, 2 ``every``, ... (``trainer.global_step``) and after the last step.
        forward: how the module is called, as for a :class:`PairTracker`.

    A record takes 4 bytes times half of the squared number of points for each layer. More than 1 GiB in all is refused
    at the start of training, or ends the records where nobody knows how long training will be. ``state_dict`` keeps
    them in checkpoints, which are of the same points and layers or are refused.

    Attributes:
        problem: why nothing more is recorded; empty if nothing went wrong.
        seconds: what recording took.

    Raises:
        TypeError: if inputs or targets are no tensors of real numbers; (at the start of training) if a layer or the
            network puts out anything but a tensor.
        ValueError: if shapes do not match, fewer than 3 points differ, or ``every`` is not positive; (at the start of
            training) if a layer does not exist, is not called once, or does not put out a row for each point, if
            there is not one optimiser, or if the records would take too much memory or be made in processes that
            Lightning starts; (of a checkpoint) if it is of other points or layers.

    >>> import torch
    >>> tracker = PointTracker(torch.eye(3), torch.zeros(3, 1), ["network.hidden.0"], every=100)
    >>> tracker.points, tracker.layers
    (3, ('network.hidden.0',))
    """

    def __init__(
        self,
        inputs: Inputs,
        targets: Any,
        layers: Sequence[str | Layer],
        *,
        every: int = 1,
        forward: Forward | None = None,
    ) -> None:
        check_every(every)
        checked_forward(forward)
        super().__init__(inputs, targets, layers)
        self.every, self.problem = every, ""
        self._forward, self._crossed = forward, 0
        self._look: Look | None = None
        adopt(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    # Checkpoints.

    @property
    def state_key(self) -> str:
        """What distinguishes this tracker from those of other points or layers in the same trainer."""
        return f"{PointTracker.__name__}-{self._identity}"

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "problem": self.problem}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self.problem = state_dict["problem"]

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        ours = f"{PointTracker.__name__}-"
        held = {str(key) for key in checkpoint.get("callbacks", {}) if str(key).startswith(ours)}
        if held and self.state_key not in held:
            raise ValueError(
                "the checkpoint holds the records of other points or layers than this PointTracker follows; resume "
                "with the same points and layers, or start a run of its own"
            )

    # How it is recorded.

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if stage == "fit" and getattr(trainer.strategy.launcher, "_start_method", None) is not None:
            raise ValueError(
                "this strategy trains in processes that it starts and ends, and the records of a PointTracker would "
                "end with them: train in one process, or in processes that are there"
            )

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if len(trainer.optimizers) != 1:
            raise ValueError(
                f"a PointTracker counts the steps of one optimiser, got {len(trainer.optimizers)}, whose steps the "
                "trainer counts together; use a PointRecorder, which is told the step"
            )
        step = trainer.global_step
        if self._steps and step < self._steps[-1]:
            raise ValueError(
                f"this PointTracker holds records up to step {self._steps[-1]} and training starts at step {step}; "
                "make a new tracker for another run"
            )
        convert = trainer.precision_plugin.convert_input
        self._pairs.points = mapped(lambda x: cast(Tensor, convert(x.to(pl_module.device))), self._pairs.points)
        self._look = Look(pl_module, self._pairs, self._described, self._forward, lambda: silence(trainer, pl_module))
        self.seconds = 0.0
        with self._timed():
            prediction, hidden = self._look()
            steps = trainer.estimated_stepping_batches
            if steps != float("inf"):
                self._check_size(int(steps) // self.every + 2, prediction[0].numel())
            if not self._has(step):
                self._add(step, prediction, hidden)
        self._crossed = step // self.every

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        step = trainer.global_step
        if step // self.every > self._crossed:
            self._crossed = step // self.every
            self._record(step)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._record(trainer.global_step)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._look = None

    def _record(self, step: int) -> None:
        """Record the network; what goes wrong ends the records, and not the training."""
        if self._look is None or self._has(step):
            return
        try:
            with self._timed():
                self._add(step, *self._look())
        except Exception as error:  # whatever it is, it is ours
            self.problem, self._look = str(error), None
            warnings.warn(f"PointTracker records nothing more: {error}", stacklevel=2)
