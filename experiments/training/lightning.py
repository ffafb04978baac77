"""Training with Lightning: the module, in-memory batches, and a trainer without extras."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from . import mpl_backend  # noqa: F401 # pyright: ignore[reportUnusedImport] # before Lightning loads matplotlib

# isort: split
import logging
import math
import os
import sys
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch.utils.data import DataLoader, IterableDataset

from .heap import keep_freed_memory
from .linear import Descent, Linear

Batch = tuple[torch.Tensor, torch.Tensor]


def half_squared_error(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Half the squared error, summed over outputs and averaged over points: the loss of the theory."""
    return (prediction - target).square().flatten(1).sum(1).mean() / 2


def cross_entropy(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The cross-entropy of one logit a point for the classes 0 and 1, averaged over points."""
    return torch.nn.functional.binary_cross_entropy_with_logits(prediction, target)


def cross_entropy_of_classes(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The cross-entropy of a logit a class, for targets that are probabilities or numbers of classes, over points."""
    return torch.nn.functional.cross_entropy(prediction, target)


_LOSSES = {
    "squared_error": half_squared_error,
    "cross_entropy": cross_entropy,
    "classes": cross_entropy_of_classes,
}


class Supervised(pl.LightningModule):
    """Any network, trained with the loss and the optimiser of its setting.

    Gradient descent with step size ``lr`` on half the squared error has
    1/tau = lr/2 for each of two linear layers.

    It takes its steps itself: around steps that Lightning takes there are eight hooks, each of the module and of every
    callback, which together take longer than a step of a small network.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        lr: float,
        *,
        optimiser: str = "sgd",
        weight_decay: float = 0.0,
        loss: str = "squared_error",
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self.lr, self.weight_decay, self.optimiser = lr, weight_decay, optimiser
        self.loss = _LOSSES[loss]
        self._descent = Descent()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x)

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        x, y = batch
        optimiser = cast(LightningOptimizer, self.optimizers())
        optimiser.zero_grad()
        with self._descent.step(self.lr):
            loss = self.loss(self(x), y)
        loss.backward()  # moves large maps if it is plain gradient descent
        optimiser.step()  # and this all others
        return loss.detach()

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        x, y = batch
        return x.to(device), y.to(device)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        if self.optimiser == "adam":
            return torch.optim.Adam(self.parameters(), lr=self.lr, weight_decay=self.weight_decay)
        if self.optimiser == "sgd" and not self.weight_decay:
            for map in self.modules():
                if isinstance(map, Linear) and map.is_large:
                    map.descent = self._descent
        momentum = 0.9 if self.optimiser == "momentum" else 0.0
        return torch.optim.SGD(self.parameters(), lr=self.lr, momentum=momentum, weight_decay=self.weight_decay)


class Batches(IterableDataset[Batch]):
    """``steps`` batches of tensors in memory, reshuffled whenever all points have been seen.

    A batch of at least all points is the whole set in its order: full-batch descent.

    >>> x = torch.arange(4.0)[:, None]
    >>> [len(x) for x, y in Batches(x, x, batch=3, steps=2, seed=0)]
    [3, 3]
    """

    def __init__(self, x: torch.Tensor, y: torch.Tensor, *, batch: int, steps: int, seed: int) -> None:
        self.x, self.y = x, y
        self.batch, self.steps, self.seed = batch, steps, seed

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Batch]:
        if self.batch >= len(self.x):
            yield from ((self.x, self.y) for _ in range(self.steps))
            return
        generator = torch.Generator().manual_seed(self.seed)
        order = torch.empty(0, dtype=torch.long)
        for _ in range(self.steps):
            if len(order) < self.batch:
                order = torch.randperm(len(self.x), generator=generator)
            chosen, order = order[: self.batch], order[self.batch :]
            yield self.x[chosen], self.y[chosen]


class StopWhenDiverged(pl.Callback):
    """Ends training at the first loss that is not a number; ``step`` says which, or is None."""

    def __init__(self) -> None:
        self.step: int | None = None

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if not math.isfinite(outputs["loss"].item()):
            self.step = trainer.global_step - 1
            trainer.should_stop = True


class StopBelow(pl.Callback):
    """Ends training after the first step whose loss is below a bound."""

    def __init__(self, bound: float) -> None:
        self.bound = bound

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if outputs["loss"] < self.bound:
            trainer.should_stop = True


def fit(
    module: pl.LightningModule, batches: IterableDataset[Batch], callbacks: list[pl.Callback], device: str = "cpu"
) -> int | None:
    """Train over all batches and return the step at which training diverged, or None; afterwards the module is on the
    processor again.

    The loader keeps everything in memory and in one epoch, and the trainer has no logger, checkpoints or
    sanity checks: per-epoch and per-step extras cost more than a step of a small network. The progress bar
    is shown on a terminal only.

    Raises:
        ValueError: if the device is not there.
    """
    _check_device(device)
    diverged = StopWhenDiverged()
    shows_progress = sys.stderr.isatty()
    keep_freed_memory()
    with _quiet():
        trainer = pl.Trainer(
            accelerator=device,
            devices=1,
            max_epochs=1,
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=shows_progress,
            callbacks=[*callbacks, diverged],
        )
        try:
            trainer.fit(module, DataLoader(batches, batch_size=None))
        except SystemExit:  # Lightning's answer to an interruption
            raise KeyboardInterrupt from None
    return diverged.step


def _check_device(device: str) -> None:
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there[device]:
        found = ", ".join(name for name, usable in there.items() if usable)
        raise ValueError(f"there is no device {device!r} here, or torch was built without it; train on one of {found}")
    if device == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it torch refuses to be repeatable there


@contextmanager
def repeatable(threads: int) -> Generator[None]:
    """Training inside gives the same bits each time; torch's settings and random numbers are given back afterwards.

    >>> with repeatable(1):
    ...     torch.get_num_threads()
    1
    """
    before = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warns_only = torch.is_deterministic_algorithms_warn_only_enabled()
    memory = cast(Any, torch.utils.deterministic)  # whose attribute is a property
    fills = memory.fill_uninitialized_memory
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    memory.fill_uninitialized_memory = False  # all is written before it is read
    try:
        with torch.random.fork_rng():
            yield
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(deterministic, warn_only=warns_only)
        memory.fill_uninitialized_memory = fills


@contextmanager
def _quiet() -> Generator[None]:
    """Keep Lightning from reporting on hardware and on the number of loader processes."""
    logger = logging.getLogger("pytorch_lightning")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*LeafSpec.*is deprecated.*")
            warnings.filterwarnings("ignore", message=".*IterableDataset.*has `__len__` defined.*")
            yield
    finally:
        logger.setLevel(level)
