"""Two points in one network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .configuration import check_choice, described
from .memory import Task
from .network import Setting
from .values import SettingError

LOSSES = ("squared_error", "cross_entropy")

_CLOSEST = 1e-8
"""The least squared distance of two points near 1 that single precision shows to a thousandth."""


@dataclass(frozen=True)
class TwoPoints(Setting):
    """Two points, one network, full-batch gradient descent: the experiment of the paper's figures 2 and 3.

    The inputs are -1 and -1 + |dx|, the targets 0.6 and 0.6 + |dy*|; in more
    dimensions each coordinate is that divided by the square root of their number.
    Under cross-entropy the network has one logit and the targets are the classes 0 and 1.

    >>> TwoPoints(gain=1.2).gain
    1.2
    """

    experiment: ClassVar[str] = "two_points"
    module: ClassVar[str] = "repdyn.experiments.trials.two_points"

    dx2: float = described(1.0, "squared distance of the two inputs")
    dy2: float = described(0.5, "squared distance of the two targets", positive=False)
    input_size: int = described(1, "dimension of the input")
    output_size: int = described(1, "dimension of the output")
    loss: str = described("squared_error", f"one of {', '.join(LOSSES)}")
    batch: int = described(2, "points in a minibatch; 2 is the whole set")
    until: float = described(0.0, "stop when the loss of a step is below this; 0 trains all steps", positive=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("loss", self.loss, LOSSES)
        if self.batch > 2:
            raise SettingError(f"batch must be 1 or 2, as there are two points, got {self.batch}")
        if self.loss == "cross_entropy" and (self.dy2, self.output_size) != (1.0, 1):
            raise SettingError(
                "cross-entropy has one logit and the classes 0 and 1: it needs dy2 = 1 and output_size = 1, "
                f"got {self.dy2} and {self.output_size}"
            )
        for name in ("dx2", "dy2"):
            if 0 < getattr(self, name) < _CLOSEST:
                zero = "" if name == "dx2" else "0 or "
                raise SettingError(
                    f"{name} must be {zero}at least {_CLOSEST:g}, as points near 1 are told apart in single "
                    f"precision, got {getattr(self, name)}"
                )

    def rough_seconds(self) -> float:
        """As of every setting; a loss is below ``until`` long before the steps are at an end."""
        return super().rough_seconds() * (0.03 if self.until else 1.0)

    @property
    def task(self) -> Task:
        return Task(self.input_size, self.output_size, points=2, batch=2, tracked=self.hidden_layers)
