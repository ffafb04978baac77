"""The context task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .configuration import described
from .memory import Task
from .network import Setting
from .values import SettingError


@dataclass(frozen=True)
class Context(Setting):
    """A blob at (mx, my) and a context; the target is mx in context 1 and my in context 2.

    >>> Context(positions=30).points
    1800
    """

    experiment: ClassVar[str] = "context"
    module: ClassVar[str] = "repdyn.experiments.trials.context"

    lr: float = described(0.015, "learning rate: step size on the loss")
    gain: float = described(0.5, "factor on the Xavier-normal weights")
    width: int = described(100, "units of a hidden layer")
    hidden_layers: int = described(4, "number of hidden layers")
    layer: int = described(2, "hidden layer that is compared with the theory, counted from 0", positive=False)
    every: int = described(100, "record the pairs every so many steps")
    batch: int = described(64, "points in a minibatch")
    positions: int = described(30, "values of mx and of my, from -1 to 1")
    sampled: int = described(10, "values of mx and of my at which the representation is kept; a divisor of positions")
    pairs: int = described(20, "pairs that are followed in training, drawn at random without a common point")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.model != "mlp":
            raise SettingError(f"context is for the model mlp, which is a chain of hidden layers, got {self.model!r}")
        if self.dropout:
            raise SettingError(f"context is for networks without dropout, got dropout {self.dropout}")
        if self.positions % self.sampled:
            raise SettingError(
                f"sampled must divide positions, so that what is kept is evenly spaced, got {self.sampled} of "
                f"{self.positions}"
            )
        if 2 * self.pairs > self.points:
            raise SettingError(f"pairs must be at most half the {self.points} points, got {self.pairs}")
        if self.batch > self.points:
            raise SettingError(f"batch must be at most the {self.points} points, got {self.batch}")

    @property
    def task(self) -> Task:
        return Task(27, 1, points=self.points, batch=self.batch, tracked=self.pairs)

    @property
    def points(self) -> int:
        """The number of inputs."""
        return 2 * self.positions**2
