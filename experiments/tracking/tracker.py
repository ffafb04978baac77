"""A Lightning callback that follows pairs of data points through any network in training."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from ..training import mpl_backend  # noqa: F401 # pyright: ignore[reportUnusedImport] # before Lightning loads matplotlib

# isort: split
import math
import warnings
from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any, cast

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from repdyn.numeric import Pair, State, inner_products
from repdyn.numeric.distances import squared_lengths
from repdyn.symbolic.arguments import instance, shown
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from .undisturbed import undisturbed
from .watch import PREDICTION, LayerWatch, real_tensor

Array = NDArray[np.float64]


class PairTracker(pl.Callback):
    """Records dh2, dy2, w and the loss of pairs of data points, for named layers, while any module trains.

    Works on any LightningModule whose ``forward`` maps a batch of inputs to
    predictions. Where the training batch holds every tracked input, in any
    order, the values are taken from the training forward pass itself, without
    extra work, provided that it gives the same values as a forward pass in
    evaluation mode (checked at the first step, so dropout or batch
    normalisation are noticed, but not what sets in later). Otherwise one batched forward pass in evaluation
    mode and without gradients is made for each record. Training is not disturbed: modes, tensors of the module
    and random numbers are given back as they were (:func:`~repdyn.experiments.tracking.undisturbed.undisturbed`).

    Args:
        inputs: shape ``(pairs, 2, *input)``: both points of each pair.
        targets: shape ``(pairs, 2, *output)``: their targets.
        layers: names of submodules (as in ``named_modules``) whose outputs are hidden representations.
        every: record before step 0, ``every``, 2 ``every``, ... and after the last step.
        labels: a name for each pair; by default its number.

    Sample k is the network after exactly k training steps (``trainer.global_step``): steps of one optimiser, at most
    one a batch, however many batches its gradients are accumulated over.
    The loss is half the squared error of the pair, summed over outputs and
    averaged over its two points. ``state_dict`` keeps the records in checkpoints.

    Raises:
        ValueError: if shapes do not match, inputs of a pair coincide, inputs or targets are not finite or their
            squared distances too large or too small for a number, ``every`` is not positive, or no layer is named;
            (at the start of training) if a layer does not exist, is not called once in a forward pass or does not put
            out a row for each point, predictions are not of the targets' shape, or there is not one optimiser;
            (in training) if a batch makes several optimiser steps or one that Lightning does not count, or an epoch
            none.
        TypeError: if inputs or targets are no tensors of real numbers; (at the start of training) if a layer or the
            network puts out anything but a tensor.

    Source of the quantities: van Rossem & Saxe (arXiv 2402.09142), section 3.

    >>> tracker = PairTracker(torch.tensor([[[-1.0], [0.0]]]), torch.tensor([[[0.6], [1.3]]]), ["network.hidden.0"])
    >>> round(tracker.pair().dy2, 6)
    0.49
    """

    def __init__(
        self,
        inputs: Tensor,
        targets: Tensor,
        layers: Sequence[str],
        *,
        every: int = 1,
        labels: Sequence[str] | None = None,
    ) -> None:
        real_tensor("inputs", inputs)
        real_tensor("targets", targets)
        if min(inputs.ndim, targets.ndim) < 3 or inputs.shape[1] != 2 or inputs.shape[:2] != targets.shape[:2]:
            raise ValueError(
                "PairTracker needs inputs of shape (pairs, 2, ...) and targets of shape (pairs, 2, ...), "
                f"got {tuple(inputs.shape)} and {tuple(targets.shape)}; stack both points of each pair, and give "
                "classes as one-hot vectors"
            )
        if not len(inputs):
            raise ValueError("PairTracker needs at least one pair, got none")
        if not _are_names(layers) or not layers:
            raise ValueError(f"layers must be a sequence of at least one layer's name, each once, got {shown(layers)}")
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
            raise ValueError(f"every must be a positive number of steps, got {shown(every)}")
        if labels is not None and (not _are_names(labels) or len(labels) != len(inputs)):
            raise ValueError(
                f"labels must be a sequence with a label of its own for each of the {len(inputs)} pairs, got "
                f"{shown(labels)}"
            )
        inputs, targets = inputs.detach(), targets.detach().cpu()
        flat = inputs.cpu().flatten(2).double()
        difference = flat[:, 1] - flat[:, 0]
        usable = difference.any(1) & difference.isfinite().all(1)
        if not usable.all():
            same = int(torch.nonzero(~usable)[0])
            raise ValueError(f"the two inputs of a pair must differ and be finite; those of pair {same} do not")
        if not targets.isfinite().all():
            raise ValueError("targets must be finite numbers, got some that are not")
        self.layers = tuple(layers)
        self.labels = tuple(labels) if labels is not None else tuple(str(i) for i in range(len(inputs)))
        self.every = every
        self._output = tuple(targets.shape[2:])
        self._targets = targets.flatten(2).double()
        self._dx2 = squared_lengths(difference.numpy())
        self._dy2 = squared_lengths((self._targets[:, 1] - self._targets[:, 0]).numpy())
        points, where = cast(tuple[Tensor, Tensor], torch.unique(inputs.flatten(0, 1), dim=0, return_inverse=True))
        self._points, self._where = points, where.cpu().view(-1, 2)
        self._steps: list[int] = []
        self._records: list[Array] = []
        self._watch: LayerWatch | None = None
        self._rows: Tensor | None = None
        self._watched_step = 0
        self._first_step = self._begun_step = 0
        self._taken = 0
        self._counter: RemovableHandle | None = None
        self._reference: dict[str, Tensor] = {}
        self._capture_agrees: bool | None = None

    # What was recorded.

    @property
    def steps(self) -> NDArray[np.int64]:
        """The numbers of training steps at which the network was recorded, shape (records,)."""
        return np.array(self._steps, dtype=np.int64)

    def pair(self, pair: int = 0) -> Pair:
        """The squared distances of the inputs and targets of one pair.

        Raises:
            ValueError: if there is no such pair.
        """
        pair = self._number(pair)
        return Pair(self._dx2[pair], self._dy2[pair])

    def state(self, pair: int = 0, layer: str | None = None) -> State:
        """The recorded state of one pair at one layer (by default the first), fields of shape (records,).

        Raises:
            TypeError: if the layer is no string.
            KeyError: if the layer is not tracked.
            ValueError: if there is no such pair, or the network diverged: a value is not finite.
        """
        layer = self.layers[0] if layer is None else instance("layer", layer, str)
        pair = self._number(pair)
        if layer not in self.layers:
            raise KeyError(f"layer {layer!r} is not tracked; tracked are {', '.join(self.layers)}")
        records = self._table()[:, pair]
        return State(records[:, 3 + self.layers.index(layer)], records[:, 0], records[:, 1])

    def loss(self, pair: int = 0) -> Array:
        """The recorded loss of one pair, shape (records,).

        Raises:
            ValueError: if there is no such pair.
        """
        return self._table()[:, self._number(pair), 2]

    def _number(self, pair: int) -> int:
        count = len(self.labels)
        if isinstance(pair, bool) or not isinstance(pair, Integral) or not -count <= pair < count:  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
            raise ValueError(f"pair must be the number of a pair, from 0 to {count - 1}, got {shown(pair)}")
        return pair

    def _table(self) -> Array:
        """The records, shape (records, pairs, 3 + layers): dy2, w, the loss, then one dh2 a layer."""
        if not self._records:
            raise ValueError("nothing is recorded yet; pass this PairTracker to a Trainer as a callback and fit")
        return np.stack(self._records)

    def frame(self) -> pd.DataFrame:
        """All records as a table: a row for each step, pair and layer.

        Columns: step, pair, layer, dh2, dy2, w, loss, and the pair's constants dx2 and dy2_target.
        """
        records = self._table()
        shape = (len(self._steps), len(self.labels), len(self.layers))

        def spread(values: Any, axis: int) -> NDArray[Any]:
            sizes = [1, 1, 1]
            sizes[axis] = -1
            return np.broadcast_to(np.asarray(values).reshape(sizes), shape).ravel()

        per_pair = {name: np.repeat(records[:, :, i].ravel(), shape[2]) for i, name in enumerate(("dy2", "w", "loss"))}
        return pd.DataFrame(
            {
                "step": spread(self._steps, 0),
                "pair": spread(self.labels, 1),
                "layer": spread(self.layers, 2),
                "dh2": records[:, :, 3:].ravel(),
                **per_pair,
                "dx2": spread(self._dx2, 1),
                "dy2_target": spread(self._dy2, 1),
            }
        )

    @property
    def state_key(self) -> str:
        """What distinguishes this tracker from others in the same trainer."""
        return self._generate_state_key(layers=self.layers, labels=self.labels, every=self.every)

    def state_dict(self) -> dict[str, Any]:
        return {"steps": list(self._steps), "records": torch.tensor(np.array(self._records))}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._steps = list(state_dict["steps"])
        self._records = list(state_dict["records"].numpy())

    # How it is recorded.

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        step = trainer.global_step
        if self._steps and step < self._steps[-1]:
            raise ValueError(
                f"this PairTracker holds records up to step {self._steps[-1]} and training starts at step {step}; "
                "make a new tracker for another run"
            )
        self._first_step = step
        self._count_steps(trainer, pl_module)
        self._points = trainer.precision_plugin.convert_input(self._points.to(pl_module.device))
        self._watch = LayerWatch(pl_module, self.layers)
        self._capture_agrees = None
        # With one point more than later passes, so that no other dimension can be taken for that of the points.
        more = self._separate_pass(trainer, pl_module, torch.cat([self._points, self._points[:1]]))
        self._reference = {name: x[:-1] for name, x in more.items()}
        self._check_targets(tuple(self._reference[PREDICTION].shape[1:]))
        if not self._is_recorded(step):
            self._record(step, self._reference)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        step, undecided = trainer.global_step, self._capture_agrees is None
        self._begun_step, self._taken = step, 0
        due = step % self.every == 0 and not self._is_recorded(step)
        if not (due or undecided) or self._watch is None:
            return
        found = None if self._capture_agrees is False else self._find_points(batch)
        if found is not None:
            (self._rows, points), self._watched_step = found, step
            self._watch.start(points, self._rows)
        elif undecided:
            self._capture_agrees = False
        elif due:
            self._record(step, self._separate_pass(trainer, pl_module, self._points))

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._check_steps(trainer.global_step - self._begun_step)
        if self._watch is None or not self._watch.active:
            return
        captured = self._watch.stop()
        if self._capture_agrees is None:  # the first batch, before which the same network was recorded
            self._capture_agrees = captured is not None and self._agrees(captured)
        elif captured is not None:
            self._record(self._watched_step, captured)
        else:
            self._capture_agrees = False
            warnings.warn(
                f"step {self._watched_step} is not recorded: its training pass called the tracked layers "
                f"{self._watch.calls} times, or not with the batch that holds the points; from now on separate passes "
                "are made",
                stacklevel=2,
            )

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.global_step == self._first_step:
            raise ValueError(
                f"trainer.global_step is still {self._first_step} after an epoch: no optimiser step was counted, and "
                "there is no time to record against; step what self.optimizers() returns"
            )

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not self._is_recorded(trainer.global_step):
            self._record(trainer.global_step, self._separate_pass(trainer, pl_module, self._points))

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._release()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._release()

    def _release(self) -> None:
        """Take back every hook that was added."""
        if self._counter is not None:
            self._counter.remove()
            self._counter = None
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _count_steps(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Have the one optimiser tell its steps."""
        own = {id(p) for p in module.parameters()}
        optimisers = [x for x in trainer.optimizers if any(id(p) in own for g in x.param_groups for p in g["params"])]
        if len(optimisers) != 1:
            raise ValueError(
                f"PairTracker counts the training steps of one optimiser, got {len(optimisers)} of the network's "
                "parameters; return one from configure_optimizers, whose parameter groups may have learning rates of "
                "their own"
            )

        def count(*_: Any) -> None:
            self._taken += 1

        self._counter = optimisers[0].register_step_post_hook(count)

    def _check_steps(self, counted: int) -> None:
        """Check that a batch was a training step, or a part of one."""
        if max(counted, self._taken) > 1:
            raise ValueError(
                f"a batch must make at most one optimiser step, got {max(counted, self._taken)} in the one after step "
                f"{self._begun_step}: rates would be of something else than a batch; step once a batch"
            )
        if self._taken > counted:
            raise ValueError(
                f"trainer.global_step did not count the optimiser step of the batch after step {self._begun_step}; "
                "step what self.optimizers() returns"
            )

    def _check_targets(self, found: tuple[int, ...]) -> None:
        """Check that targets have the shape of predictions, but for axes of length 1."""
        values = math.prod(found)
        if values != math.prod(self._output):
            raise ValueError(
                f"targets must have the shape of the prediction, got {math.prod(self._output)} values a point for "
                f"predictions of {values}; give classes as one-hot vectors"
            )
        if [n for n in found if n != 1] != [n for n in self._output if n != 1]:
            raise ValueError(
                f"targets must have the shape of the prediction, got {self._output} a point for predictions of {found}"
                "; put their axes in the same order"
            )

    def _separate_pass(self, trainer: pl.Trainer, module: pl.LightningModule, points: Tensor) -> dict[str, Tensor]:
        """The outputs for points, from a forward pass of their own in evaluation mode."""
        watch = self._watch
        assert watch is not None
        watch.start(len(points))
        try:
            with undisturbed(module), torch.no_grad(), trainer.precision_plugin.forward_context():
                for m in module.modules():  # not by eval(), which a module may have made its own
                    m.training = False
                module(points)
        finally:
            seen = watch.stop()
        watch.check_points()
        if seen is None:
            raise ValueError(
                f"each tracked layer must be called once in a forward pass, got calls {watch.calls}; "
                "name a layer that the prediction passes through once"
            )
        return seen

    def _is_recorded(self, step: int) -> bool:
        return bool(self._steps) and step <= self._steps[-1]

    def _agrees(self, captured: dict[str, Tensor]) -> bool:
        """Whether the training pass shows what a separate pass shows, up to the rounding of another batch size."""
        return all(
            bool(x.isfinite().all())
            and torch.allclose(x.double(), captured[name].double(), rtol=1e-3, atol=1e-4 * float(x.abs().max()))
            for name, x in self._reference.items()
        )

    def _find_points(self, batch: Any) -> tuple[Tensor, int] | None:
        """The rows of a batch that hold the tracked points and the number of its points, or None."""
        for x in _tensors(batch):
            if x.shape[1:] == self._points.shape[1:] and x.dtype == self._points.dtype:
                if self._rows is not None and int(self._rows.max()) < len(x) and self._points.equal(x[self._rows]):
                    return self._rows, len(x)
                rows = [_row(x, point) for point in self._points]
                if None not in rows:
                    return torch.tensor(rows, device=x.device), len(x)
        return None

    def _record(self, step: int, outputs: dict[str, Tensor]) -> None:
        """Append dy2, w, the loss and one dh2 a layer, for every pair."""
        with np.errstate(invalid="ignore", over="ignore"):  # a network that diverged is recorded as it is
            points = {name: x.reshape(len(x), -1).cpu().double().numpy() for name, x in outputs.items()}
            first, second = self._where.T.numpy()
            differences = {name: x[second] - x[first] for name, x in points.items()}
            targets = self._targets.numpy()
            errors = points[PREDICTION][self._where.numpy()] - targets
            dy, dy_target = differences[PREDICTION], targets[:, 1] - targets[:, 0]
            by_layer = [inner_products(differences[name], dy, dy_target) for name in self.layers]
            _, dy2, w = by_layer[0]
            self._steps.append(step)
            self._records.append(np.stack([dy2, w, (errors**2).sum((1, 2)) / 4, *(x[0] for x in by_layer)], axis=1))


def _are_names(value: Any) -> bool:
    """Whether it is a sequence of strings that differ."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return False
    names = cast(Sequence[Any], value)
    return all(isinstance(x, str) for x in names) and len(set(names)) == len(names)


def _tensors(batch: Any) -> Iterator[Tensor]:
    """All tensors of a batch, however it is nested."""
    if isinstance(batch, Tensor):
        yield batch
    elif isinstance(batch, dict):
        for value in cast(dict[Any, Any], batch).values():
            yield from _tensors(value)
    elif isinstance(batch, list | tuple):
        for value in cast(Sequence[Any], batch):
            yield from _tensors(value)


def _row(x: Tensor, point: Tensor) -> int | None:
    """The first row of ``x`` that equals ``point``, found by its largest coordinate."""
    flat, wanted = x.flatten(1), point.flatten()
    coordinate = int(wanted.abs().argmax())
    candidates = torch.nonzero(flat[:, coordinate] == wanted[coordinate]).flatten()
    for row in cast(list[int], candidates.tolist()):
        if flat[row].equal(wanted):
            return row
    return None
