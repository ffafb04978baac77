"""Beyond the paper: other ways to train and other architectures, and where the theory stops holding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..sweep.trial import Trial
from .study import Results, Section, Study, size
from .two_point_runs import THEORIES, fitted, two_points

_NEAREST = {
    "minibatch": "default",
    "momentum": "default",
    "weight_decay": "default",
    "cross_entropy": "default",
    "layer_norm": "shallow",
    "gru": "shallow",
    "transformer": "shallow",
}
"""The plain setting that each is compared with: the same network where only the training differs, else a small one."""


@dataclass(frozen=True)
class Beyond(Study):
    """Networks and trainings that the paper does not have, beside the nearest that it has."""

    name: ClassVar[str] = "beyond"
    title: ClassVar[str] = "Beyond the paper: where the theory stops holding"

    settings: tuple[str, ...] = size(tuple(_NEAREST), "two-point settings")
    seeds: int = size(1, "networks a setting")
    speed: float = size(1.0, "factor on the learning rate; steps are divided by it")
    width: int = size(0, "of hidden layers that are wider; 0 leaves them")
    full_width: tuple[str, ...] = size((), "settings that keep their width all the same")

    def trials(self) -> list[Trial]:
        plain = dict.fromkeys(_NEAREST[name] for name in self.settings)
        return [self._fits(name, seed) for seed in range(self.seeds) for name in (*self.settings, *plain)]

    def _fits(self, name: str, seed: int) -> Trial:
        width = 0 if name in self.full_width else self.width
        own = ("cross_entropy",) if name == "cross_entropy" else ()
        return fitted(two_points(name, seed=seed, speed=self.speed, width=width), (*THEORIES, *own))

    def section(self, results: Results) -> Section:
        return Section(self.title)
