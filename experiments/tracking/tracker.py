"""A Lightning callback that follows pairs of data points through any network in training."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from ..training import mpl_backend  # noqa: F401 # pyright: ignore[reportUnusedImport] # before Lightning loads matplotlib

# isort: split
import time
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities import rank_zero_info
from repdyn.numeric.arguments import flag
from torch import Tensor

from .clock import Clock
from .layers import Layer, as_layers
from .look import Forward, Look, checked_forward
from .observation import observe
from .other_lightning import adopt, reduced
from .pairs import Inputs, Pairs, mapped
from .progress import progress
from .records import Array, PairRecords
from .silence import silence
from .training_pass import TrainingPass, may_show
from .watch import PREDICTION

_AVERAGING = ("StochasticWeightAveraging", "WeightAveraging")
"""Callbacks that put averages of weights in their place."""


_GATHERED = 2**18
"""Numbers that training passes show before they are made records of, all at once: in between, the weights of a network
fill the processor's cache, and each record by itself would wait for all that it needs."""


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

    >>> import torch
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
        self._clock = Clock(count, every)
        checked_forward(forward)
        described = as_layers(layers)
        super().__init__(Pairs(inputs, targets, labels, dx2), described, file)
        self.every, self.count, self.problem = every, count, ""
        self._forward, self._observes, self._logs = forward, flag("observe", observe), flag("log", log)
        self._look: Look | None = None
        self._begun_at = 0.0
        self._shown: TrainingPass | None = None  # while training passes are of use
        self._averaged = False
        self._last: tuple[int, Tensor, Tensor] | None = None  # where weights are about to be averaged
        self._gathered: dict[int, dict[str, Tensor]] = {}  # by step, what training passes showed and is no record yet
        self._size = 0  # of it, in numbers
        adopt(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    def frame(self) -> pd.DataFrame:
        """All records as a table: a row for each step, pair and layer, which :func:`compare` takes.

        Columns: step, pair, layer, dh2, dy2, w, loss, and the pair's constants dx2 and dy2_target; last ``counted``,
        what a step is, if it is not one of the one optimiser. If something went wrong, a warning says what and when.

        Raises:
            ValueError: if nothing is recorded yet.
        """
        self._settle()
        if self.problem:
            warnings.warn(
                f"the records end at step {self._steps[-1] if self._steps else 0}: {self.problem}", stacklevel=2
            )
        return super().frame()

    # Checkpoints.

    @property
    def state_key(self) -> str:
        """What distinguishes this tracker from those of other pairs or layers in the same trainer."""
        return f"{PairTracker.__name__}-{self._identity}"

    def _counted(self) -> str | None:
        return self._clock.counted

    def state_dict(self) -> dict[str, Any]:
        self._settle()
        return {**super().state_dict(), "time": self._clock.time, "problem": self.problem}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self._clock.time, self.problem = state_dict["time"], state_dict["problem"]

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
        self._clock.start(trainer, pl_module, self._stepped)
        step = self._clock.first
        anew = trainer.global_step == trainer.current_epoch == 0
        if self._steps and (step < self._steps[-1] or (anew and step > 0)):
            raise ValueError(
                f"this PairTracker holds records up to step {self._steps[-1]} and training starts at step "
                f"{0 if anew else step}; make a new tracker for another run"
            )
        names = {kind.__name__ for x in getattr(trainer, "callbacks", ()) for kind in type(x).__mro__}
        self._averaged, self._last = not names.isdisjoint(_AVERAGING), None
        convert = trainer.precision_plugin.convert_input
        self._pairs.points = mapped(lambda x: cast(Tensor, convert(x.to(pl_module.device))), self._pairs.points)
        self._look = Look(
            pl_module,
            self._pairs,
            self._described,
            self._forward,
            lambda: silence(trainer, pl_module),
        )
        with self._timed():
            seen = self._look()
            if not self._has(step):
                self._add(step, seen[0], self._look.distances_of(seen[1]))
            if self._forward is None and may_show(pl_module, self._pairs, self._described, trainer.optimizers):
                self._shown = TrainingPass(pl_module, self._pairs.points, self.layers, seen)
            self._observe(step)
        self._clock.recorded(self._steps[-1])

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        step, shown = self._clock.now(trainer), self._shown
        self._clock.begin_batch(step)
        due = self._clock.passes(step) and not self._has(step)
        undecided = shown is not None and shown.undecided
        averages = bool(getattr(trainer.fit_loop, "_skip_backward", False))  # are passed through once more, untrained
        if self.problem or self._look is None or not (due or undecided or averages):
            return
        with self._no_harm():
            if averages:
                if self._last is not None:
                    self._add_last(self._last[0])
                self._release()
                return
            found = None if shown is None else shown.find(batch)
            if shown is None or found is None:
                if due:
                    self._add(step, *self._look.distances())
                if undecided:
                    self._pass_apart()
                return
            if due and shown.is_to_be_compared:
                seen = self._look()
                self._add(step, seen[0], self._look.distances_of(seen[1]))
                shown.compare(seen)
            shown.begin(step, found)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._clock.end_batch()
        if self.problem:
            return
        with self._no_harm():
            self._clock.check_batch(trainer)
            if self._shown is not None and self._shown.step is not None:
                self._take(self._shown, self._shown.step)

    def _take(self, shown: TrainingPass, step: int) -> None:
        """Record what a training pass showed, or decide whether it shows what a separate pass does."""
        captured = shown.end()
        if shown.undecided:  # a separate pass was made of the same network
            if shown.agrees(captured):
                shown.trust(len(self._steps))
                return
            self._pass_apart()
            if shown.count:
                self._drop(shown.sure)
        elif captured is not None:
            shown.count += 1
            self._gathered[step] = captured
            self._size += sum(x.numel() for x in captured.values())
            if self._size >= _GATHERED or self._file is not None:
                self._settle()
        else:
            self._pass_apart()
            warnings.warn(
                f"step {step} is not recorded: its training pass called the tracked layers "
                f"{shown.calls} times, or not with the batch that holds the points; from now on separate passes "
                "are made",
                stacklevel=2,
            )

    def _settle(self) -> None:
        """Make records of what was gathered; what goes wrong ends them where it does."""
        gathered, self._gathered, self._size = self._gathered, {}, 0
        if not gathered or self._look is None:
            return
        try:
            try:
                self._add_shown(self._look, gathered)
            except ValueError:  # of one of them
                if len(gathered) == 1:
                    raise
                for step, captured in gathered.items():
                    self._add_shown(self._look, {step: captured})
        except Exception as error:  # whatever it is, it is ours
            self._stop(str(error))

    def _add_shown(self, look: Look, gathered: Mapping[int, dict[str, Tensor]]) -> None:
        """Append a record of each pass."""
        passes = list(gathered.values())
        self._add_all(list(gathered), torch.stack([x[PREDICTION] for x in passes]), look.distances_of_each(passes))

    def _add(self, step: int, prediction: Tensor, distances: Tensor) -> None:
        self._settle()
        if not self.problem:
            super()._add(step, prediction, distances)

    def _has(self, step: int) -> bool:
        return (bool(self._gathered) and step <= next(reversed(self._gathered))) or super()._has(step)

    def _held(self) -> tuple[list[int], list[Array], Array | None]:
        self._settle()
        return super()._held()

    def _pass_apart(self) -> None:
        """From now on separate passes are made."""
        if self._shown is not None:
            self._shown.close()
        self._shown = None

    def _stepped(self) -> None:
        if self._shown is not None:
            self._shown.pause()

    def _drop(self, sure: int) -> None:
        """Forget what training passes showed since they were last seen to show the network in evaluation mode."""
        last = len(self._steps) - 1  # of the separate pass
        if last > sure:
            first, end = self._steps[sure], self._steps[last - 1]
            self._forget(sure, last)
            warnings.warn(
                f"the records of steps {first} to {end} are dropped: they were taken from the training pass, which no "
                "longer shows the network as it is in evaluation mode; from now on separate passes are made",
                stacklevel=2,
            )

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        step = self._clock.now(trainer)
        if self.problem or self._look is None:
            return
        if still := self._clock.standstill(step):
            self._stop(still)
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
        step = self._clock.now(trainer)
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
        self._clock.stop()
        self._pass_apart()
        self._settle()
        self._look = self._last = None
