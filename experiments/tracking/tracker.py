"""A Lightning callback that follows pairs of data points through any network in training."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from ..training import mpl_backend  # noqa: F401 # pyright: ignore[reportUnusedImport] # before Lightning loads matplotlib

# isort: split
import hashlib
import sys
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from repdyn.symbolic.arguments import shown
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from .layers import Layer, as_layers
from .pairs import Inputs, Pairs, mapped, tensors
from .recorder import Forward, Look, alike, checked_forward
from .records import PairRecords
from .watch import PREDICTION, LayerWatch

Array = NDArray[np.float64]

COUNTS = ("steps", "batches")
"""What time is counted in."""

_AGAIN = 100
"""Records from training passes after which a separate pass is made beside one."""


class PairTracker(PairRecords, pl.Callback):
    """Records dh2, dy2, w and the loss of pairs of data points, for named layers, while any module trains.

    Works on any LightningModule, of ``pytorch_lightning`` or ``lightning``. Where a training batch holds every tracked
    input, in any order, the values are taken from the training forward pass itself, without extra work, provided that
    it gives the same values as a forward pass in evaluation mode (checked at the first step and at every 100th
    record, so dropout or batch normalisation are noticed, but not what sets in after the last such check). Otherwise
    one batched forward pass in evaluation mode and without gradients is made for each record. Training is not
    disturbed: modes, attributes of the module and random numbers are given back as they were
    (:func:`~repdyn.experiments.tracking.undisturbed.undisturbed`), what the module logs in such a pass is dropped,
    and what goes wrong with a record ends the records and not the training.

    Args:
        inputs: both points of each pair, shape ``(pairs, 2, *input)``: a tensor or array, or a dictionary, list or
            tuple of such.
        targets: their targets, shape ``(pairs, 2, *output)``.
        layers: names of submodules (as in ``named_modules``) whose outputs are hidden representations, or a
            :class:`Layer` where that needs to be said.
        every: record before step 0, ``every``, 2 ``every``, ... and after the last step.
        labels: a name for each pair; by default its number.
        forward: how the module is called, ``forward(module, inputs) -> prediction``; by default with the inputs, those
            of a dictionary as keywords and of a tuple as arguments.
        dx2: the squared distances of the inputs, shape (pairs,), or the name of the layer, such as an embedding, at
            which they are measured at the first record; by default those of the numbers given. Tokens, and whatever
            else is of integers, need one or the other.
        count: what the column step counts: ``steps`` of the one optimiser, at most one a batch, however many batches
            its gradients are accumulated over (``trainer.global_step``); or ``batches``, whatever is done with them.

    Sample k is the network after exactly k training steps, or batches.
    The loss is half the squared error of the pair, summed over outputs and
    averaged over its two points. ``state_dict`` keeps the records in checkpoints, which are of the same pairs and
    layers or are refused.

    Attributes:
        problem: why nothing more is recorded; empty if nothing went wrong.

    Raises:
        ValueError: if shapes do not match, inputs of a pair coincide, inputs or targets are not finite or their
            squared distances too large or too small for a number, ``every`` is not positive, or no layer is named;
            (at the start of training) if a layer does not exist, is not called once in a forward pass or does not put
            out a row for each point, predictions are not of the targets' shape, or steps are counted and there is not
            one optimiser.
        TypeError: if inputs or targets are no tensors of real numbers; (at the start of training) if a layer or the
            network puts out anything but a tensor.

    Source of the quantities: van Rossem & Saxe (arXiv 2402.09142), section 3.

    >>> tracker = PairTracker(torch.tensor([[[-1.0], [0.0]]]), torch.tensor([[[0.6], [1.3]]]), ["network.hidden.0"])
    >>> round(tracker.pair().dy2, 6)
    0.49
    """

    def __init__(
        self,
        inputs: Inputs,
        targets: Any,
        layers: Sequence[str | Layer],
        *,
        every: int = 1,
        labels: Sequence[str] | None = None,
        forward: Forward | None = None,
        dx2: Any | None = None,
        count: str = "steps",
    ) -> None:
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
            raise ValueError(f"every must be a positive number of steps, got {shown(every)}")
        if not isinstance(count, str) or count not in COUNTS:  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
            raise ValueError(f"count must be {' or '.join(COUNTS)}, got {shown(count)}")
        checked_forward(forward)
        described = as_layers(layers)
        super().__init__(Pairs(inputs, targets, labels, dx2), tuple(layer.name for layer in described))
        self.every, self.count, self.problem = every, count, ""
        self._described, self._forward = described, forward
        self._look: Look | None = None
        self._batches = 0
        self._watch: LayerWatch | None = None
        self._rows: Tensor | None = None
        self._watched_step = 0
        self._first_step = self._begun_step = 0
        self._taken = 0
        self._counter: RemovableHandle | None = None
        self._capture_agrees: bool | None = None
        self._captured = self._sure = 0
        # The trainer of the package lightning takes callbacks of its own class, if that is what is used.
        callback = getattr(sys.modules.get("lightning.pytorch"), "Callback", None)
        if callback is not None and not isinstance(self, callback):
            self.__class__ = type(type(self).__name__, (type(self), callback), {})
        self._reference: tuple[Tensor, dict[str, Tensor]]

    def frame(self) -> pd.DataFrame:
        """All records as a table: a row for each step, pair and layer, which :func:`compare` takes.

        Columns: step, pair, layer, dh2, dy2, w, loss, and the pair's constants dx2 and dy2_target. If something went
        wrong, a warning says what and when.

        Raises:
            ValueError: if nothing is recorded yet.
        """
        if self.problem:
            warnings.warn(
                f"the records end at step {self._steps[-1] if self._steps else 0}: {self.problem}", stacklevel=2
            )
        return super().frame()

    # Checkpoints.

    @property
    def state_key(self) -> str:
        """What distinguishes this tracker from those of other pairs or layers in the same trainer."""
        return f"{PairTracker.__name__}-{self._identity()}"

    def _identity(self) -> str:
        """A digest of the pairs and of what is looked at."""
        pool = [x.pool if not callable(x.pool) else "callable" for x in self._described]
        facts = [(x.name, x.select, x.batch, x.positions, x.mask, x.call) for x in self._described]
        return hashlib.sha256(f"{self._pairs.digest} {facts} {pool} {self.count}".encode()).hexdigest()[:16]

    def state_dict(self) -> dict[str, Any]:
        dx2 = None if self._pairs.dx2 is None else torch.from_numpy(self._pairs.dx2)
        records = torch.from_numpy(np.array(self._values))
        return {
            "steps": list(self._steps),
            "records": records,
            "dx2": dx2,
            "batches": self._batches,
            "problem": self.problem,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._steps, self._values = list(state_dict["steps"]), list(state_dict["records"].numpy())
        self._batches, self.problem = state_dict["batches"], state_dict["problem"]
        if state_dict["dx2"] is not None:
            self._pairs.dx2 = state_dict["dx2"].numpy()

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        ours = f"{PairTracker.__name__}-"
        held = {str(key) for key in checkpoint.get("callbacks", {}) if str(key).startswith(ours)}
        others = {str(getattr(x, "state_key", "")) for x in getattr(trainer, "callbacks", ())}
        if self.state_key not in held and held - others:
            raise ValueError(
                "the checkpoint holds the records of other pairs or layers than this PairTracker follows; resume with "
                "the same pairs and layers, or start a run of its own"
            )

    # How it is recorded.

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        step = self._now(trainer)
        if self._steps and step < self._steps[-1]:
            raise ValueError(
                f"this PairTracker holds records up to step {self._steps[-1]} and training starts at step {step}; "
                "make a new tracker for another run"
            )
        self._first_step = step
        if self.count == "steps":
            self._count_steps(trainer, pl_module)
        convert = trainer.precision_plugin.convert_input
        self._pairs.points = mapped(lambda x: cast(Tensor, convert(x.to(pl_module.device))), self._pairs.points)
        self._look = Look(
            pl_module,
            self._pairs,
            self._described,
            self._forward,
            lambda: _unlogged(trainer, pl_module),
        )
        plain = self._forward is None and all(layer == Layer(layer.name) for layer in self._described)
        self._watch = LayerWatch(pl_module, self.layers) if plain and isinstance(self._pairs.points, Tensor) else None
        self._capture_agrees = None if self._watch else False
        self._reference = self._look()
        if not self._has(step):
            self._add(step, *self._reference)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        step, undecided = self._now(trainer), self._capture_agrees is None
        self._begun_step, self._taken = step, 0
        due = step % self.every == 0 and not self._has(step)
        if self.problem or self._look is None or not (due or undecided):
            return
        with self._no_harm():
            found = self._find_points(batch) if self._watch is not None and self._capture_agrees is not False else None
            again = self._capture_agrees is True and self._captured % _AGAIN == 0
            if due and (found is None or again):
                self._reference = self._look()
                self._add(step, *self._reference)
            if found is None:
                if undecided:
                    self._capture_agrees = False
                return
            assert self._watch is not None
            if again:
                self._capture_agrees = None
            (self._rows, points), self._watched_step = found, step
            self._watch.start(points, self._rows)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._batches += 1
        if self.problem:
            return
        with self._no_harm():
            if self.count == "steps":
                self._check_steps(trainer.global_step - self._begun_step)
            if self._watch is not None and self._watch.active:
                self._take(self._watch.stop(), self._watch.calls)

    def _take(self, captured: dict[str, Tensor] | None, calls: dict[str, int]) -> None:
        """Record what a training pass showed, or decide whether it shows what a separate pass does."""
        if self._capture_agrees is None:  # a separate pass was made of the same network
            self._capture_agrees = captured is not None and self._agrees(captured)
            if self._capture_agrees:
                self._captured += 1
                self._sure = len(self._steps)
            elif self._captured:
                self._drop()
        elif captured is not None:
            self._captured += 1
            self._add(self._watched_step, captured[PREDICTION], captured)
        else:
            self._capture_agrees = False
            warnings.warn(
                f"step {self._watched_step} is not recorded: its training pass called the tracked layers "
                f"{calls} times, or not with the batch that holds the points; from now on separate passes "
                "are made",
                stacklevel=2,
            )

    def _drop(self) -> None:
        """Forget what training passes showed since they were last seen to show the network in evaluation mode."""
        last = len(self._steps) - 1  # of the separate pass
        if last > self._sure:
            first, end = self._steps[self._sure], self._steps[last - 1]
            del self._steps[self._sure : last], self._values[self._sure : last]
            warnings.warn(
                f"the records of steps {first} to {end} are dropped: they were taken from the training pass, which no "
                "longer shows the network as it is in evaluation mode; from now on separate passes are made",
                stacklevel=2,
            )

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.count == "steps" and not self.problem and trainer.global_step == self._first_step:
            self._stop(
                f"trainer.global_step is still {self._first_step} after an epoch: no optimiser step was counted, and "
                "there is no time to record against; step what self.optimizers() returns, or count='batches'"
            )

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        step = self._now(trainer)
        if not (self.problem or self._look is None or self._has(step)):
            with self._no_harm():
                self._add(step, *self._look())

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._release()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._release()

    @contextmanager
    def _no_harm(self) -> Generator[None]:
        """What goes wrong inside ends the records, and not the training."""
        try:
            yield
        except Exception as error:  # whatever it is, it is ours
            self._stop(str(error))

    def _stop(self, problem: str) -> None:
        self.problem = problem
        self._release()
        warnings.warn(f"PairTracker records nothing more: {problem}", stacklevel=2)

    def _release(self) -> None:
        """Take back every hook that was added."""
        if self._counter is not None:
            self._counter.remove()
        if self._watch is not None:
            self._watch.close()
        self._counter = self._watch = self._look = None

    def _now(self, trainer: pl.Trainer) -> int:
        return trainer.global_step if self.count == "steps" else self._batches

    def _count_steps(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Have the one optimiser tell its steps."""
        own = {id(p) for p in module.parameters()}
        optimisers = [x for x in trainer.optimizers if any(id(p) in own for g in x.param_groups for p in g["params"])]
        if len(optimisers) != 1:
            raise ValueError(
                f"PairTracker counts the training steps of one optimiser, got {len(optimisers)} of the network's "
                "parameters; return one from configure_optimizers, whose parameter groups may have learning rates of "
                "their own, or count='batches'"
            )

        def count(*_: Any) -> None:
            self._taken += 1

        self._counter = optimisers[0].register_step_post_hook(count)

    def _check_steps(self, counted: int) -> None:
        """Check that a batch was a training step, or a part of one."""
        if max(counted, self._taken) > 1:
            raise ValueError(
                f"a batch must make at most one optimiser step, got {max(counted, self._taken)} in the one after step "
                f"{self._begun_step}: rates would be of something else than a batch; step once a batch, or "
                "count='batches'"
            )
        if self._taken > counted:
            raise ValueError(
                f"trainer.global_step did not count the optimiser step of the batch after step {self._begun_step}; "
                "step what self.optimizers() returns, or count='batches'"
            )

    def _agrees(self, captured: dict[str, Tensor]) -> bool:
        """Whether the training pass shows what a separate pass shows, up to the rounding of another batch size."""
        prediction, hidden = self._reference
        shown = {PREDICTION: prediction.reshape(len(prediction), -1), **hidden}
        seen = {name: captured[name].reshape(len(x), -1) for name, x in shown.items()}
        return all(bool(x.isfinite().all()) and alike(x, seen[name]) for name, x in shown.items())

    def _find_points(self, batch: Any) -> tuple[Tensor, int] | None:
        """The rows of a batch that hold the tracked points and the number of its points, or None."""
        points = cast(Tensor, self._pairs.points)
        for x in tensors(batch):
            if x.shape[1:] == points.shape[1:] and x.dtype == points.dtype:
                if self._rows is not None and int(self._rows.max()) < len(x) and points.equal(x[self._rows]):
                    return self._rows, len(x)
                rows = [_row(x, point) for point in points]
                if None not in rows:
                    return torch.tensor(rows, device=x.device), len(x)
        return None


@contextmanager
def _unlogged(trainer: pl.Trainer, module: pl.LightningModule) -> Generator[None]:
    """The trainer's precision; what the module logs inside is dropped."""

    def drop(*_: Any, **__: Any) -> None:
        pass

    names = ("log", "log_dict")
    vars(module).update(dict.fromkeys(names, drop))
    try:
        with trainer.precision_plugin.forward_context():
            yield
    finally:
        for name in names:
            vars(module).pop(name, None)


def _row(x: Tensor, point: Tensor) -> int | None:
    """The first row of ``x`` that equals ``point``, found by its largest coordinate."""
    flat, wanted = x.flatten(1), point.flatten()
    coordinate = int(wanted.abs().argmax())
    candidates = torch.nonzero(flat[:, coordinate] == wanted[coordinate]).flatten()
    for row in cast(list[int], candidates.tolist()):
        if flat[row].equal(wanted):
            return row
    return None
