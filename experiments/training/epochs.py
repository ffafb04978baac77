"""What is done after every so many epochs of strings."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import pytorch_lightning as pl


class EpochWatch(pl.Callback, ABC):
    """Looks at a network every few epochs of :class:`~.sequences.StringBatches`.

    At the first epoch whose mean loss over strings is below ``until`` it looks a last time and ends training;
    ``reached`` says whether there was one.
    """

    def __init__(self, every: int, until: float = 0.0) -> None:
        self.every, self.until, self.reached = every, until, False
        self._losses: list[tuple[float, int]] = []

    @abstractmethod
    def look(self, epoch: int) -> None:
        """Record the network as it is."""

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        of_epoch = trainer.train_dataloader.dataset.of_epoch  # pyright: ignore[reportOptionalMemberAccess]  # there is one in training
        epoch, rest = divmod(batch_idx + 1, of_epoch)
        if self.until:
            self._losses.append((float(outputs["loss"]), len(batch[0])))
        if rest:
            return
        if self.until:
            losses, strings = zip(*self._losses, strict=True)
            self._losses = []
            self.reached = trainer.should_stop = bool(np.average(losses, weights=strings) < self.until)
        if self.reached or epoch % self.every == 0:
            self.look(epoch)
