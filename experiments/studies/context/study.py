"""The context task: does a network lay out what a context asks for, or keep the grid of its input?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pandas as pd

from ...figures.context import draw_embeddings, draw_task_axes
from ...settings import Context, Fits, override
from ...sweep.trial import Trial
from ..claim import tested
from ..fitted_ends import beside_claim, held
from ..holding import Holding
from ..spread import interval_name
from ..study import Plate, Results, Section, Study, size
from .numbers import agreements, end_states, fitted_end_states, growing_coefficients, of_network, rate_ratios
from .prose import (
    COLLECTIVE,
    GEOMETRY,
    METHOD,
    QUESTION,
    READING,
    answer,
    axes_claims,
    end_claim,
    geometry_table,
    growing_text,
    ratios_text,
    scores_table,
)

THEORIES = ("two_point", "growing_rates")
"""What is fitted. The theory without the ansatz (scalar_output) is the two-point theory where gram is not known."""

_DRAWN = 1500
"""Pairs that are drawn, of the many that are compared."""


@dataclass(frozen=True)
class ContextTask(Study):
    """Networks of three gains on the context task, and the two-point theory fitted to pairs of each."""

    name: ClassVar[str] = "context"
    title: ClassVar[str] = "The context task: task axes or the grid of the input"

    settings: tuple[Mapping[str, Any], ...] = size((), "fields of Context, with a name")
    seeds: int = size(1, "networks a setting")
    speed: float = size(1.0, "factor on the learning rate; steps are divided by it")
    share: float = size(1.0, "share of the listed steps that is trained")
    theories: tuple[str, ...] = size(THEORIES, "theories fitted to pairs of each network")

    def trials(self) -> list[Trial]:
        trained = [
            Trial(self._at(override(Context(), values), seed)) for seed in range(self.seeds) for values in self.settings
        ]
        return [*trained, *(_fitted(trial, self.theories) for trial in trained)]

    def _at(self, setting: Context, seed: int) -> Context:
        steps = round(setting.steps * self.share / self.speed)
        return replace(setting, seed=seed, lr=setting.lr * self.speed, steps=steps)

    def section(self, results: Results) -> Section:
        values = results.values("context")
        if values.empty:
            return Section(self.title, (QUESTION, "No network is trained yet: there is nothing to compare."))
        for stage in ("start", "end"):
            values[f"compression_{stage}"] = values[f"irrelevant_{stage}"] / values[f"relevant_{stage}"]
        fits = results.table("fits", "fits")
        ratios = rate_ratios(fits)
        growing = growing_coefficients(fits, results.table("context", "trajectory"))
        ends = pd.concat([end_states(results, ratios, growing), fitted_end_states(results)], ignore_index=True)
        scores = agreements(ends)
        return Section(
            self.title,
            (
                QUESTION,
                READING,
                GEOMETRY,
                METHOD,
                COLLECTIVE,
                *self._training(),
                *ratios_text(ratios),
                *growing_text(fits),
                f"Intervals: {interval_name(self.seeds)}.",
            ),
            tuple(
                replace(claim, verdicts=tuple(replace(v, by=v.by + self._shortened()) for v in claim.verdicts))
                for claim in tested(*axes_claims(values), end_claim(scores), beside_claim(scores))
            ),
            tuple(self._plates(results, values, ends)),
            (geometry_table(values), scores_table(scores)),
            answer(values, scores),
            tuple(
                Holding(str(setting), str(theory), float(own["r2"].median()))
                for (setting, theory), own in held(scores).groupby(["setting", "theory"], sort=False)
            ),
        )

    def _training(self) -> tuple[str, ...]:
        """How the training differs from the listed one; nothing if it does not."""
        said: list[str] = []
        if self.speed != 1:
            said.append(f"Networks are trained {self.speed:g} times as fast as listed, in as many fewer steps.")
        if self.share != 1:
            said.append(f"Training stops after {self.share:.0%} of the listed time (rate times steps).")
        return (" ".join(said),) if said else ()

    def _shortened(self) -> str:
        return "" if self.share == 1 else f"; after {self.share:.0%} of the listed training"

    def _plates(self, results: Results, values: pd.DataFrame, ends: pd.DataFrame) -> list[Plate]:
        listed = [override(Context(), of) for of in self.settings]
        gains = {setting.name: f"{setting.name} (gain {setting.gain:g})" for setting in listed}
        order = [name for name in gains if (values["setting"] == name).any()]
        titles = [gains[name] for name in order]
        first = values.groupby("setting")["seed"].min()
        embedding = results.table("context", "embedding")
        shown = pd.concat([of_network(embedding, name, int(first[name])) for name in order])
        drawn = [
            own for name in order for _, own in of_network(ends, name, int(first[name])).groupby("theory", sort=False)
        ]
        thinned = pd.concat([own.iloc[:: max(1, len(own) // _DRAWN)] for own in drawn])
        sorted_values = pd.concat([values[values["setting"] == name] for name in order])
        return [
            Plate(
                "embedding",
                draw_embeddings(shown, titles),
                "Hidden representations of the context task in three dimensions, a row for each gain, coloured by "
                "context, by mx and by my.",
                "Multidimensional scaling of the hidden representation in three dimensions at the end of training, "
                "one network a gain, coloured by the context, by mx (asked for in context 1) and by my (in context "
                "2). The axes of a panel have the same scale; panels have scales of their own.",
            ),
            Plate(
                "axes",
                draw_task_axes(sorted_values, thinned, titles),
                "Angle of the two relevant axes and the irrelevant over the relevant variance before and after "
                "training for each gain, and squared distances predicted by the theory of pairs and by the collective "
                "theory against those measured.",
                "Top: the angle of the relevant axes of the two contexts, and the variance of the irrelevant feature "
                "over that of the relevant one, before and after training, a dot a network, a line at the median. "
                "Bottom: predicted squared hidden distances against those measured, some pairs of one network a gain, "
                "by the theory of pairs and by the collective theory, with two numbers fitted to them on each side.",
            ),
        ]


def _fitted(trained: Trial, theories: tuple[str, ...]) -> Trial:
    """The theories, fitted to the pairs that were followed in a network."""
    setting = trained.configuration
    assert isinstance(setting, Context)
    fits = Fits(name=setting.name, seed=setting.seed, theories=theories, layers=(setting.layer,))
    return Trial(fits, (trained,))
