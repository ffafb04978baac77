"""A pass of which nothing is logged."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytorch_lightning as pl


@contextmanager
def silence(trainer: pl.Trainer, module: pl.LightningModule) -> Generator[None]:
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
