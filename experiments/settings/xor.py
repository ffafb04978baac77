"""Exclusive or."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .configuration import described
from .memory import Task
from .network import Setting
from .values import SettingError


@dataclass(frozen=True)
class Xor(Setting):
    """Exclusive or by full-batch gradient descent: the inputs (0, 0), (0, 1), (1, 0), (1, 1), the targets 0, 1, 1, 0.

    >>> Xor(gain=2.0).nonlinearity
    'relu'
    """

    experiment: ClassVar[str] = "xor"
    module: ClassVar[str] = "repdyn.experiments.trials.xor"

    nonlinearity: str = described("relu", "of the hidden layers")
    steps: int = described(3000, "training steps")
    every: int = described(100, "record the pairs every so many steps")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.model != "mlp":
            raise SettingError(f"xor is for the model mlp, which is a chain of hidden layers, got {self.model!r}")
        if self.dropout:
            raise SettingError(f"xor is for networks without dropout, got dropout {self.dropout}")

    @property
    def task(self) -> Task:
        return Task(2, 1, points=4, batch=4, tracked=6)
