"""A Lightning callback that follows pairs of data points through any network in training."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from ..training import mpl_backend  # noqa: F401 # pyright: ignore[reportUnusedImport] # before Lightning loads matplotlib

# isort: split
import importlib
import sys
import time
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities import rank_zero_info
from repdyn.numeric.arguments import flag
from repdyn.symbolic.arguments import shown
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from .layers import Layer, as_layers
from .look import Forward, Look, alike, checked_forward
from .observation import observe
from .pairs import Inputs, Pairs, mapped, tensors
from .progress import progress
from .records import PairRecords
from .watch import PREDICTION, LayerWatch

COUNTS = ("steps", "batches")
"""What time is counted in."""

_AVERAGING = ("StochasticWeightAveraging", "WeightAveraging")
"""Callbacks that put averages of weights in their place."""

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
        every: record before step 0, ``every``, 2 ``every``, ... and after the last step; of steps that are several in
            a batch before the first batch after each multiple.
        labels: a name for each pair; by default its number.
        forward: how the module is called, ``forward(module, inputs) -> prediction``; by default with the inputs, those
            of a dictionary as keywords and of a tuple as arguments.
        dx2: the squared distances of the inputs, shape (pairs,), or the name of the layer, such as an embedding, at
            which they are measured at the first record; by default those of the numbers given. Tokens, and whatever
            else is of integers, need one or the other.
        count: what the column step counts: ``steps`` of the one optimiser, at most one a batch, however many batches
            its gradients are accumulated over (``trainer.global_step``); steps of one of several optimisers, by its
            number in ``trainer.optimizers`` or by its class, however many a batch; or ``batches``, whatever is done
            with them. The table says so in a column ``counted``, but for ``steps``.
        file: to which every record is written at once, a path that ends in ``.arrows`` (a stream of Arrow), so that
            it outlives a process that is killed; ``repdyn fit`` reads it, and so does a tracker of the same pairs,
            layers and file. Training in processes that Lightning starts (``ddp_spawn``) needs one: it is where the
            records come back from.
        observe: look more closely at the start and at the end of training, at gradients and at the distances among all
            points, for :func:`diagnose`.
        log: send to every logger of the trainer, after each epoch, what can be said of each layer without a fit:
            ``repdyn/LAYER/growth``, the median of dh2 over that of the first record; ``repdyn/LAYER/line_r2``, how
            straight the conserved line is; ``repdyn/misfit``, what is left of the difference of outputs.

    Sample k is the network after exactly k training steps, or batches.
    The loss is half the squared error of the pair, summed over outputs and
    averaged over its two points. The weights are those that are trained: averages of them
    (``StochasticWeightAveraging``, ``WeightAveraging``) are not recorded, whether they are put in their place in
    validation or at the end. A module that is compiled is looked at without compilation. Of several processes (DDP)
    the first one's records are written.

    ``state_dict`` keeps the records in checkpoints, which are of the same pairs and layers or are refused: 8 bytes
    times pairs times 3 + layers for each record, or with a file its path and how many they are. A run that is resumed
    drops what the file holds beyond its checkpoint.

    What recording took is logged at the end of training. Each record of a separate pass costs at least a forward pass
    over every tracked point.

    Attributes:
        problem: why nothing more is recorded; empty if nothing went wrong.
        seconds: what recording and observing took since training began; on an accelerator with what was waited for.

    Raises:
        ValueError: if shapes do not match, inputs of a pair coincide, inputs or targets are not finite or their
            squared distances too large or too small for a number, ``every`` is not positive, or no layer is named;
            (at the start of training) if a layer does not exist, is not called once in a forward pass or does not put
            out a row for each point, predictions are not of the targets' shape, steps are counted and there is not
            one optimiser, the one that is named is not there, or there is a file already and no checkpoint that it
            belongs to; (of a checkpoint) if it is of other pairs or layers, or its file is not there or was cut.
        TypeError: if inputs or targets are no tensors of real numbers; (at the start of training) if a layer or the
            network puts out anything but a tensor.

    Source of the quantities: van Rossem & Saxe (arXiv 2402.09142), section 3.

    >>> tracker = PairTracker(torch.tensor([[[-1.0], [0.0]]]), torch.tensor([[[0.6], [1.3]]]), ["network.hidden.0"])
    >>> round(tracker.pair().dy2, 6)
    0.49
    """

    def __init__(  # noqa: PLR0913  # each says another thing of somebody's training
        self,
        inputs: Inputs,
        targets: Any,
        layers: Sequence[str | Layer],
        *,
        every: int = 1,
        labels: Sequence[str] | None = None,
        forward: Forward | None = None,
        dx2: Any | None = None,
        count: str | int = "steps",
        file: str | Path | None = None,
        observe: bool = False,
        log: bool = False,
    ) -> None:
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
            raise ValueError(f"every must be a positive number of steps, got {shown(every)}")
        if type(count) not in (str, int) or count == "" or (isinstance(count, int) and count < 0):
            raise ValueError(
                f"count must be {', '.join(COUNTS)}, or the number or the class of an optimiser, got {shown(count)}"
            )
        checked_forward(forward)
        described = as_layers(layers)
        super().__init__(Pairs(inputs, targets, labels, dx2), described, file)
        self.every, self.count, self.problem = every, count, ""
        self._forward, self._observes, self._logs = forward, flag("observe", observe), flag("log", log)
        self._look: Look | None = None
        self._name = ""  # of the optimiser that is counted, where the user names one
        self._time = 0  # batches, or steps of the optimiser that is named
        self._taken = 0  # steps of the optimiser in this batch
        self._counters: list[RemovableHandle] = []
        self._first_step = self._begun_step = self._crossed = 0
        self._begun_at = 0.0
        self._watch: LayerWatch | None = None
        self._rows: Tensor | None = None
        self._watched_step: int | None = None
        self._capture_agrees: bool | None = None
        self._captured = self._sure = 0
        self._averaged = False
        self._last: tuple[int, Tensor, dict[str, Tensor]] | None = None  # where weights are about to be averaged
        self._reference: tuple[Tensor, dict[str, Tensor]]
        if "lightning.pytorch" in sys.modules:  # whose trainer takes callbacks of its own class
            object.__setattr__(self, "__class__", _of_lightning(type(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        kind = type(self)
        return _remade, (getattr(kind, "_plain", kind), hasattr(kind, "_plain")), vars(self)

    def frame(self) -> pd.DataFrame:
        """All records as a table: a row for each step, pair and layer, which :func:`compare` takes.

        Columns: step, pair, layer, dh2, dy2, w, loss, and the pair's constants dx2 and dy2_target; last ``counted``,
        what a step is, if it is not one of the one optimiser. If something went wrong, a warning says what and when.

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

    def _counted(self) -> str | None:
        if self.count == "steps":
            return None
        if self.count == "batches":
            return "batches"
        return f"steps of {self.count}" if isinstance(self.count, str) else f"steps of optimiser {self.count}"

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "time": self._time, "problem": self.problem}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self._time, self.problem = state_dict["time"], state_dict["problem"]

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

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if (
            stage == "fit"
            and self._file is None
            and getattr(trainer.strategy.launcher, "_start_method", None) is not None
        ):
            raise ValueError(
                "this strategy trains in processes that it starts and ends, and their records would end with them: "
                "give PairTracker a file=, from which they are read afterwards"
            )

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._begun_at, self.seconds = time.perf_counter(), 0.0
        self._writes = self._file is not None and trainer.is_global_zero
        self._follow(trainer, pl_module)
        step = self._now(trainer)
        anew = trainer.global_step == trainer.current_epoch == 0
        if self._steps and (step < self._steps[-1] or (anew and step > 0)):
            raise ValueError(
                f"this PairTracker holds records up to step {self._steps[-1]} and training starts at step "
                f"{0 if anew else step}; make a new tracker for another run"
            )
        self._first_step = step
        names = {kind.__name__ for x in getattr(trainer, "callbacks", ()) for kind in type(x).__mro__}
        self._averaged, self._last = not names.isdisjoint(_AVERAGING), None
        convert = trainer.precision_plugin.convert_input
        self._pairs.points = mapped(lambda x: cast(Tensor, convert(x.to(pl_module.device))), self._pairs.points)
        self._look = Look(
            pl_module,
            self._pairs,
            self._described,
            self._forward,
            lambda: _unlogged(trainer, pl_module),
        )
        self._watch = LayerWatch(pl_module, self.layers) if self._is_shown(trainer, pl_module) else None
        self._capture_agrees = None if self._watch else False
        with self._timed():
            self._reference = self._look()
            if not self._has(step):
                self._add(step, self._reference[0], self._look.distances_of(self._reference[1]))
            self._observe(step)
        self._crossed = self._steps[-1] // self.every

    def _is_shown(self, trainer: pl.Trainer, module: pl.LightningModule) -> bool:
        """Whether a training pass may show what a separate pass does."""
        plain = self._forward is None and all(layer == Layer(layer.name) for layer in self._described)
        several = any(isinstance(x, torch.optim.LBFGS) for x in trainer.optimizers)  # passes in a step
        compiled = getattr(module, "_compiler_ctx", None) is not None or any(
            hasattr(m, "_orig_mod") or getattr(m, "_compiled_call_impl", None) is not None for m in module.modules()
        )
        return (
            plain and isinstance(self._pairs.points, Tensor) and bool(trainer.optimizers) and not (several or compiled)
        )

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        step, undecided = self._now(trainer), self._capture_agrees is None
        self._begun_step, self._taken, self._watched_step = step, 0, None
        due = step // self.every > self._crossed and not self._has(step)
        self._crossed = step // self.every
        averages = bool(getattr(trainer.fit_loop, "_skip_backward", False))  # are passed through once more, untrained
        if self.problem or self._look is None or not (due or undecided or averages):
            return
        with self._no_harm():
            if averages:
                if self._last is not None:
                    self._add_last(self._last[0])
                self._release()
                return
            found = self._find_points(batch) if self._watch is not None and self._capture_agrees is not False else None
            again = self._capture_agrees is True and self._captured % _AGAIN == 0
            if due and found is None:
                self._add(step, *self._look.distances())
            elif due and again:
                self._reference = self._look()
                self._add(step, self._reference[0], self._look.distances_of(self._reference[1]))
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
        if self.count == "batches":
            self._time += 1
        if self.problem:
            return
        with self._no_harm():
            if self.count == "steps":
                self._check_steps(trainer.global_step - self._begun_step)
            if self._watch is not None and self._watched_step is not None:
                self._take(self._watched_step, self._watch.stop(), self._watch.calls)

    def _take(self, step: int, captured: dict[str, Tensor] | None, calls: dict[str, int]) -> None:
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
            assert self._look is not None
            self._add(step, captured[PREDICTION], self._look.distances_of(captured))
        else:
            self._capture_agrees = False
            warnings.warn(
                f"step {step} is not recorded: its training pass called the tracked layers "
                f"{calls} times, or not with the batch that holds the points; from now on separate passes "
                "are made",
                stacklevel=2,
            )

    def _drop(self) -> None:
        """Forget what training passes showed since they were last seen to show the network in evaluation mode."""
        last = len(self._steps) - 1  # of the separate pass
        if last > self._sure:
            first, end = self._steps[self._sure], self._steps[last - 1]
            self._forget(self._sure, last)
            warnings.warn(
                f"the records of steps {first} to {end} are dropped: they were taken from the training pass, which no "
                "longer shows the network as it is in evaluation mode; from now on separate passes are made",
                stacklevel=2,
            )

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        step = self._now(trainer)
        if self.problem or self._look is None:
            return
        if self.count != "batches" and step == self._first_step:
            what = f"trainer.global_step is still {step}" if self.count == "steps" else f"{self._name} made no step"
            self._stop(
                f"{what} after an epoch: no optimiser step was counted, and there is no time to record against; step "
                "what self.optimizers() returns, or count='batches'"
            )
            return
        if self._averaged and not self._has(step):
            with self._no_harm():
                self._last = (step, *self._look.distances())
        if self._logs and trainer.is_global_zero:
            with self._beside("log what it sees", step):
                found = progress(self)
                for logger in trainer.loggers if found else ():
                    logger.log_metrics(found, step=trainer.global_step)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        step = self._now(trainer)
        if not (self.problem or self._look is None):
            with self._no_harm():
                if not (self._has(step) or self._add_last(step)):
                    self._add(step, *self._look.distances())
                self._observe(step)
        whole = time.perf_counter() - self._begun_at
        seen = f" and {len(self.observations)} observations" if self.observations else ""
        rank_zero_info(
            f"PairTracker: {len(self.labels)} pairs at {len(self.layers)} layers, {len(self._steps)} records{seen} "
            f"took {self.seconds:.2g} s, {self.seconds / whole:.1%} of training"
        )

    def _observe(self, step: int) -> None:
        """Look more closely, if that was asked for."""
        if not self._observes or self._look is None:
            return
        with self._beside("observe the network", step):
            if self._averaged and self.observations:
                raise ValueError("its weights are averages by now")
            self.observations.append(observe(self._look, step))

    @contextmanager
    def _beside(self, what: str, step: int) -> Generator[None]:
        """What goes wrong inside is said, and the records go on."""
        try:
            yield
        except Exception as error:  # whatever it is, it is not the training's
            warnings.warn(f"PairTracker does not {what} at step {step}: {error}", stacklevel=2)

    def _add_last(self, step: int) -> bool:
        """Record what was seen at the end of the epoch, if it is the same step: weights may be averages by now."""
        if self._last is None or self._last[0] != step:
            return False
        self._add(*self._last)
        return True

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._release()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._release()

    @contextmanager
    def _no_harm(self) -> Generator[None]:
        """What goes wrong inside ends the records, and not the training."""
        try:
            with self._timed():
                yield
        except Exception as error:  # whatever it is, it is ours
            self._stop(str(error))

    def _stop(self, problem: str) -> None:
        self.problem = problem
        self._release()
        warnings.warn(f"PairTracker records nothing more: {problem}", stacklevel=2)

    def _release(self) -> None:
        """Take back every hook that was added."""
        for counter in self._counters:
            counter.remove()
        if self._watch is not None:
            self._watch.close()
        self._counters, self._watch, self._look, self._last = [], None, None, None

    def _now(self, trainer: pl.Trainer) -> int:
        return trainer.global_step if self.count == "steps" else self._time

    def _follow(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Have all optimisers tell their steps."""
        counted = None if self.count == "batches" else self._optimiser(trainer.optimizers, module)
        for optimiser in trainer.optimizers:
            self._counters.append(optimiser.register_step_post_hook(partial(self._stepped, optimiser is counted)))

    def _stepped(self, counts: bool, *_: Any) -> None:
        """After a step of an optimiser: what passes show from now on in this batch is another network."""
        if self._watch is not None:
            self._watch.stop()
        if counts:
            self._taken += 1
            self._time += self.count != "steps"

    def _optimiser(self, optimisers: Sequence[Optimizer], module: pl.LightningModule) -> Optimizer:
        """The one whose steps are counted."""
        names = [type(x).__name__ for x in optimisers]
        there = ", ".join(f"{i} ({name})" for i, name in enumerate(names)) or "none"
        if self.count == "steps":
            own = {id(p) for p in module.parameters()}
            found = [x for x in optimisers if any(id(p) in own for g in x.param_groups for p in g["params"])]
            if len(found) != 1:
                raise ValueError(
                    f"PairTracker counts the training steps of one optimiser, got {len(found)} of the network's "
                    "parameters; return one from configure_optimizers, whose parameter groups may have learning rates "
                    f"of their own, or say which in count=, a number or a class ({there}), or count='batches'"
                )
            return found[0]
        number = (
            self.count
            if isinstance(self.count, int)
            else names.index(self.count)
            if names.count(self.count) == 1
            else -1
        )
        if not 0 <= number < len(optimisers):
            raise ValueError(
                f"count must be the number of an optimiser or the class of just one, got {self.count!r}; there are "
                f"{there}"
            )
        self._name = f"optimiser {number} ({names[number]})"
        return optimisers[number]

    def _check_steps(self, counted: int) -> None:
        """Check that a batch was a training step, or a part of one."""
        if max(counted, self._taken) > 1:
            raise ValueError(
                f"a batch must make at most one optimiser step, got {max(counted, self._taken)} in the one after step "
                f"{self._begun_step}: rates would be of something else than a batch; step once a batch, or "
                "count=0 for the first optimiser's steps, or count='batches'"
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


@cache
def _of_lightning(kind: type[PairTracker]) -> type[PairTracker]:
    """The class as one of the package lightning too."""
    callback = importlib.import_module("lightning.pytorch").Callback
    return kind if issubclass(kind, callback) else type(kind.__name__, (kind, callback), {"_plain": kind})


def _remade(kind: type[PairTracker], of_lightning: bool) -> PairTracker:
    """What a copy in another process begins as."""
    return object.__new__(_of_lightning(kind) if of_lightning else kind)


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
