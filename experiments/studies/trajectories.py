"""Trajectories: dh2, dy2 and w of two points against theory, for every architecture and setting of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..sweep.trial import Trial
from .study import Results, Section, Study, size
from .two_point_runs import fitted, two_points


@dataclass(frozen=True)
class Trajectories(Study):
    """One network a setting and seed, trained on two points; the theories fitted at the listed layer."""

    name: ClassVar[str] = "trajectories"
    title: ClassVar[str] = "Trajectories of two points"

    settings: tuple[str, ...] = size((), "two-point settings")
    seeds: int = size(1, "networks a setting")
    speed: float = size(1.0, "factor on the learning rate; steps are divided by it")
    width: int = size(0, "of hidden layers that are wider; 0 leaves them")
    full_width: tuple[str, ...] = size((), "settings that keep their width all the same")

    def trials(self) -> list[Trial]:
        return [
            fitted(two_points(name, seed=seed, speed=self.speed, width=0 if name in self.full_width else self.width))
            for seed in range(self.seeds)
            for name in self.settings
        ]

    def section(self, results: Results) -> Section:
        return Section(self.title)
