"""What is done after every so many epochs of strings."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import pytorch_lightning as pl


class EpochWatch(pl.Callback, ABC):
    """Looks at a network every few epochs of :class:`~.sequences.StringBatches`."""

    every: int

    @abstractmethod
    def look(self, epoch: int) -> None:
        """Record the network as it is."""

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        of_epoch = trainer.train_dataloader.dataset.of_epoch  # pyright: ignore[reportOptionalMemberAccess]  # there is one in training
        epoch, rest = divmod(batch_idx + 1, of_epoch)
        if not rest and epoch % self.every == 0:
            self.look(epoch)
