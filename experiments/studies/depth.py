"""Depth: the theories at every hidden layer of one network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..fits import Fits
from ..sweep.trial import Trial
from .study import Results, Section, Study, size
from .two_point_runs import two_points


@dataclass(frozen=True)
class Depth(Study):
    """The theories fitted at every hidden layer of the runs of one setting."""

    name: ClassVar[str] = "depth"
    title: ClassVar[str] = "Depth: every hidden layer"

    setting: str = size("default", "two-point setting")
    theories: tuple[str, ...] = size(("two_point", "growing_rates"), "theories")
    seeds: int = size(1, "networks")
    speed: float = size(1.0, "factor on the learning rate; steps are divided by it")
    width: int = size(0, "of hidden layers that are wider; 0 leaves them")

    def trials(self) -> list[Trial]:
        runs = [two_points(self.setting, seed=seed, speed=self.speed, width=self.width) for seed in range(self.seeds)]
        return [Trial(Fits(name=r.name, seed=r.seed, theories=self.theories), (Trial(r),)) for r in runs]

    def section(self, results: Results) -> Section:
        return Section(self.title)
