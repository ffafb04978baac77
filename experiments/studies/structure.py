"""Rich structure: the final hidden distance over a grid of input and target distances, against the theory's formula."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ..settings import TwoPoints
from ..sweep.trial import Trial
from .study import Results, Section, Study, size
from .two_point_runs import fitted, two_points


@dataclass(frozen=True)
class Structure(Study):
    """Rates fitted at one pair of distances; networks trained at others until they have learnt."""

    name: ClassVar[str] = "structure"
    title: ClassVar[str] = "Rich structure: final distances over a grid"

    settings: tuple[str, ...] = size((), "two-point settings")
    coarse: tuple[str, ...] = size((), "settings with 3 distances a side of the grid")
    points: int = size(5, "distances a side of the grid of the other settings")
    seeds: int = size(1, "networks a grid point")
    speed: float = size(0.4, "factor on the learning rate on the grid; 0.4 is a fifth of the paper's listed rate")
    steps: int = size(40_000, "most steps on the grid")
    until: float = size(1e-4, "loss at which training on the grid stops")
    fits: int = size(1, "networks a setting to which the rates are fitted")
    fit_speed: float = size(1.0, "factor on their learning rate; their steps are divided by it")
    width: int = size(0, "of hidden layers that are wider; 0 leaves them")

    def trials(self) -> list[Trial]:
        return [*(trial for name in self.settings for trial in self._fits(name)), *self._grids()]

    def _fits(self, name: str) -> list[Trial]:
        """The fits from which the rates of a setting are the means: those of the study of trajectories."""
        seeds = range(self.fits)
        return [fitted(two_points(name, seed=seed, speed=self.fit_speed, width=self.width)) for seed in seeds]

    def _grids(self) -> list[Trial]:
        return [
            Trial(self._at(two_points(name, seed=seed, speed=self.speed, width=self.width), dx, dy))
            for seed in range(self.seeds)
            for name in self.settings
            for dx in self._distances(name, 0.5, 1.5)
            for dy in self._distances(name, 0.0, 1.0)
        ]

    def _distances(self, name: str, low: float, high: float) -> list[float]:
        found: list[float] = np.linspace(low, high, 3 if name in self.coarse else self.points).tolist()
        return found

    def _at(self, setting: TwoPoints, dx: float, dy: float) -> TwoPoints:
        """A setting at another input and target distance, recorded at the start and the end."""
        return replace(
            setting,
            name=f"{setting.name}.dx{dx:g}.dy{dy:g}",
            dx2=dx**2,
            dy2=dy**2,
            steps=self.steps,
            every=self.steps,
            until=self.until,
        )

    def section(self, results: Results) -> Section:
        return Section(self.title)
