"""Rich structure: the final hidden distance over a grid of input and target distances, against the theory's formula."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, cast

import numpy as np
import pandas as pd

from ...figures.structure import FORMULAS, draw_structure
from ...settings import TwoPoints
from ...settings.architecture import hidden_layer
from ...sweep.trial import Trial
from ...tracking.table import SCALARS
from ..claim import Claim, tested
from ..holding import Holding
from ..study import Plate, Results, Section, Study, size
from ..two_point_runs import fitted, two_points
from .numbers import LARGEST_LOSS, fitted_runs, limit_agreement, predicted, some
from .prose import (
    agreements_table,
    answer,
    counted,
    no_rates,
    on_line,
    ratios_table,
    shortfall,
    transfer,
    unsuccessful,
    verdict,
)

_PAPER_SPEED = 0.4
"""Of the grid: half the settings' listed rate stands in settings.toml, and the paper has a fifth of it here."""

_PANELS = 4
"""Settings a figure."""


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
            Trial(self._at(setting, dx, dy))
            for seed in range(self.seeds)
            for name in self.settings
            for setting in (two_points(name, seed=seed, speed=self.speed, width=self.width),)
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
        fits = fitted_runs(results)
        ends = self._ends(results)
        if fits.empty or ends.empty:
            return Section(self.title, ("No setting has both fitted rates and networks on the grid yet.",))
        kept = fits[fits["kept"]]
        with_rates = set(kept.loc[kept["theory"] == "two_point", "setting"])
        without = [no_rates(name) for name in dict.fromkeys(ends["setting"]) if name not in with_rates]
        rows = pd.concat([pd.DataFrame(), *predicted(ends, kept)], ignore_index=True)
        if rows.empty:
            missing = "No fit succeeded in a run whose last loss is small enough to give rates."
            return Section(self.title, (missing, *unsuccessful(fits)), tested(on_line(without)))
        settings = list(dict.fromkeys(rows["setting"]))
        differing = [name for name in settings if len(some(rows, name, "rich"))]
        chunks = [settings[i : i + _PANELS] for i in range(0, len(settings), _PANELS)]
        return Section(
            self.title,
            paragraphs=(*self._paragraphs(fits, ends, rows),),
            claims=tested(
                on_line([*(verdict(name, rows) for name in differing), *without]),
                shortfall(ends),
                Claim(
                    "Rates fitted at |dx| = 1, growing ones too, do not serve at |dx| = 0.5 and 1.5",
                    "Measured final |dh|² over that of growing rates at the |dy|² reached: its medians at |dx| = 0.5 "
                    "and 1.5 both differ from that at |dx| = 1 by more than 10 %.",
                    tuple(transfer(name, rows) for name in differing),
                    of_paper=False,
                ),
            ),
            plates=tuple(_plate(rows, names, i) for i, names in enumerate(chunks)),
            tables=(agreements_table(rows), ratios_table(rows)),
            answer=answer(differing, rows),
            holdings=tuple(
                Holding(name, theory, limit_agreement(rows, name, theory).r2)
                for name in differing
                for theory in FORMULAS
                if theory != "rich"
            ),
        )

    def _ends(self, results: Results) -> pd.DataFrame:
        """A row for each network of the grid: its setting and distances, its start, its end and whether it learnt."""
        rows: list[dict[str, object]] = []
        for trial, outcome in results.finished(TwoPoints.experiment).items():
            setting = cast(TwoPoints, trial.configuration)
            frame = outcome.tables["trajectory"]
            frame = frame[frame["layer"] == hidden_layer(setting.layer)]
            first, last = frame.iloc[0], frame.iloc[-1]
            name, _, _ = setting.name.partition(".dx")
            start: dict[str, object] = {column: first[column] for column in SCALARS}
            rows.append(
                {
                    "setting": name,
                    "seed": setting.seed,
                    "dx": setting.dx2**0.5,
                    "dy": setting.dy2**0.5,
                    **start,
                    "measured": last["dh2"],
                    "dy2_end": last["dy2"],
                    "learnt": int(last["step"]) < self.steps,
                }
            )
        return pd.DataFrame(rows)

    def _paragraphs(self, fits: pd.DataFrame, ends: pd.DataFrame, rows: pd.DataFrame) -> Iterator[str]:
        yield (
            "Is the final hidden distance of a network that started small what the theory says, at distances at which "
            f"it was not fitted? Rates are means over runs at |dx| = 1, |dy*|² = 0.5 ({self.fits} a setting). Then a "
            f"network is trained from scratch at each point of a grid of |dx| from 0.5 to 1.5 and |dy*| from 0 to 1, "
            f"{self.seeds} a point, until its loss is below {self.until:g} or for {self.steps:,} steps."
            f"{self._training()}"
        )
        dropped = fits[fits["loss"] > LARGEST_LOSS].drop_duplicates(["setting", "seed"])
        late = ends[~ends["learnt"]]
        yield (
            f"Of {len(fits.drop_duplicates(['setting', 'seed']))} fitted runs {len(dropped)} ended with a loss above "
            f"{LARGEST_LOSS:g} and are left out of the means{counted(dropped)}. Of {len(ends)} networks on the grid "
            f"{len(late)} had not reached the loss after {self.steps:,} steps{counted(late)}; they are counted as they "
            "stand, and drawn hollow."
        )
        yield from unsuccessful(fits)
        yield (
            "Four predictions: the rich limit sqrt(tau_y/tau_h) |dx| |dy*| of the paper, which is what the collective "
            "theory says of two points where its kernel is linear; the paper's whole formula, from the measured start; "
            "the same without the ansatz (scalar_output); and with rates that grow with the slopes of encoder and "
            "decoder. The decoder's whole slope at the start, which the last two need, is the mean of the fitted runs "
            "too. Each is also given where the network stopped: at the |dy|² it reached instead of |dy*|². "
            "Intervals (90 %) are of a bootstrap over grid points; all networks of a point are drawn together."
        )
        missing = rows[rows["predicted"].isna()]
        if len(missing):
            yield f"{len(missing)} predictions do not exist{counted(missing)}: the formula refused the start."

    def _training(self) -> str:
        """How the training differs from the published one; nothing if it does not."""
        said = ""
        if self.fit_speed != 1:
            said += f" The fitted runs are trained {self.fit_speed:g} times as fast, in as many fewer steps."
        if self.speed != _PAPER_SPEED:
            times = f"{self.speed / _PAPER_SPEED:g} times the paper's"
            said += f" The learning rate on the grid is {times}, a fifth of the listed one."
        return said + (f" Hidden layers have at most {self.width} units." if self.width else "")


def _plate(rows: pd.DataFrame, names: list[str], number_: int) -> Plate:
    chosen = rows[rows["setting"].isin(names)]
    return Plate(
        f"ends-{number_ + 1}",
        draw_structure(chosen),
        f"Scatter of measured against predicted final hidden distance for {', '.join(names)}, around the line y = x.",
        "Final hidden distance, measured against predicted, one point a network; by column the paper's rich limit, its "
        "whole formula from the measured start, and growing rates at the output distance reached. The grey line is "
        "y = x. Hollow: stopped before the loss was reached.",
    )
