"""Whole data sets: does the collective theory say how a network represents many digits, where the paper's does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pandas as pd

from ...figures.collective import draw_courses, draw_distances, draw_orders, draw_places, draw_sweep, rows_of
from ...settings import Collective, CollectiveFits, SettingError, override
from ...sweep.trial import Trial
from ...trials.collective_fits import MEASURED, PAIRWISE
from ...trials.digit_data import named
from ...trials.identity import identified
from ..holding import Holding
from ..spread import interval_name
from ..study import Plate, Results, Section, Study, size
from .claims import claims
from .numbers import best_layers, ends_table, fits_table, last_places, medians, orders
from .prose import QUESTION, answer, method

MAIN = "digits"
"""The setting of which most is said."""

LINEAR = "linear"
"""What the names of deep linear networks begin with."""


@dataclass(frozen=True)
class CollectiveTheory(Study):
    """Networks of many kinds that learn digits, and how they represent two hundred of them at every layer."""

    name: ClassVar[str] = "collective"
    title: ClassVar[str] = "Whole data sets: the collective theory"

    settings: tuple[Mapping[str, Any], ...] = size((), "fields of Collective, with a name: where it may stop to hold")
    linear: tuple[Mapping[str, Any], ...] = size((), "the same of deep linear networks, of which it is exact")
    seeds: int = size(1, "networks of the default setting")
    others: int = size(1, "networks of each other setting")
    speed: float = size(1.0, "factor on the learning rate; steps are divided by it")
    forms: tuple[str, ...] = size(("constant", "growing"), "of the theory, fitted to whole trajectories")
    fits: int = size(1, "networks whose trajectories are fitted")
    seen: tuple[float, ...] = size((0.05, 0.1, 0.2), "shares of training from which the end is forecast")
    shown: int = size(200, "digits recorded")
    data_dir: str = size("", "folder of the MNIST files; without it scikit-learn's digits")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fits > self.seeds:
            raise SettingError(f"study {self.name}: fits must be at most seeds, got {self.fits} of {self.seeds}")

    def trials(self) -> list[Trial]:
        """Networks, and fits to those of the default setting.

        Raises:
            FileNotFoundError: if data_dir has no MNIST files.
            ValueError: if one is damaged.
        """
        first = identified(Collective(name=MAIN, shown=self.shown, data_dir=self.data_dir))
        main = [Trial(self._at(first, seed)) for seed in range(self.seeds)]
        others = [
            Trial(self._at(override(first, values), seed))
            for values in (*self.settings, *self.linear)
            for seed in range(self.others)
        ]
        asked = CollectiveFits(name=MAIN, forms=self.forms, seen=self.seen)
        # The last networks: how far forecasts are off was measured at the first two.
        fits = [Trial(replace(asked, seed=k), (main[k],)) for k in range(self.seeds - self.fits, self.seeds)]
        return [*main, *others, *fits]

    def _at(self, setting: Collective, seed: int) -> Collective:
        steps = max(1, round(setting.steps / self.speed))
        every = max(1, min(round(setting.every / self.speed), steps))
        return replace(setting, seed=seed, lr=setting.lr * self.speed, steps=steps, every=every)

    def section(self, results: Results) -> Section:
        ends, places = results.table("collective", "ends"), results.table("collective", "places")
        if ends.empty or not (ends["setting"] == MAIN).any():
            return Section(self.title, (QUESTION, "No network of the default setting is trained: nothing to compare."))
        fits, curves = results.table("collective_fits", "fits"), results.table("collective_fits", "curves")
        forecasts = results.table("collective_fits", "forecasts")
        linear = ends["setting"].str.startswith(LINEAR)
        best = best_layers(ends[~linear])
        errors = orders(places[places["setting"].str.startswith(LINEAR)], self._gains())
        source = named(next(t.configuration for t in results.outcomes if isinstance(t.configuration, Collective)))
        values = results.values("collective")
        return Section(
            self.title,
            (QUESTION, *method(source, self.shown, self.speed, values), f"Intervals: {interval_name(self.seeds)}."),
            claims(best, last_places(places[~places["setting"].str.startswith(LINEAR)]), fits, errors, forecasts),
            tuple(self._plates(results, best, places, fits, curves, errors)),
            (ends_table(ends[ends["setting"] == MAIN], results.table("collective", "remainders")), *fits_table(fits)),
            answer(best, fits),
            tuple(
                Holding(str(row["setting"]), "collective", float(row["r"]) ** 2)
                for row in medians(best[best["prediction"] == "outputs"]).to_dict("records")
            ),
        )

    def _gains(self) -> dict[str, float]:
        return {str(values["name"]): float(values.get("gain", Collective.gain)) for values in self.linear}

    def _plates(  # the tables of five figures
        self,
        results: Results,
        best: pd.DataFrame,
        places: pd.DataFrame,
        fits: pd.DataFrame,
        curves: pd.DataFrame,
        errors: pd.DataFrame,
    ) -> list[Plate]:
        main = best[best["setting"] == MAIN]
        layer, seed = int(main["layer"].iloc[0]), int(main["seed"].min())
        pairs = results.table("collective", "pairs")
        pairs = pairs[(pairs["setting"] == MAIN) & (pairs["seed"] == seed) & (pairs["layer"] == layer)]
        r = {
            (str(row["prediction"]), kind): float(row[kind])
            for row in main[main["seed"] == seed].to_dict("records")
            for kind in ("r", "r_different")
        }
        plates = [
            Plate(
                "distances",
                draw_distances(pairs, r, layer),
                "Two scatter plots of measured against predicted squared hidden distances of pairs of digits, of the "
                "collective theory and of the theory of pairs.",
                f"Pairs of digits at layer {layer}, drawn at random, of the network of seed {seed}. Left: K #ₐ YYᵀ "
                "with one number fitted, a. Right: the paper's rich end state of each pair by itself. Both are scaled.",
            ),
            Plate(
                "places",
                draw_places(places[places["setting"] == MAIN]),
                "The place of each hidden layer on the geodesic from inputs to outputs: over depth at the end of "
                "training, and over training for each layer.",
                "Where between the kernel of the inputs (0) and what has been learnt (1) a layer is. Left: at the end, "
                "a line a network, with 95 % intervals; dashed: k/L of a deep linear network. Right: over training.",
            ),
            Plate(
                "sweep",
                draw_sweep(medians(best)),
                "Pearson's r of predicted with measured distances in every setting, for the collective theory and "
                "four other predictions.",
                "Each setting at its layer that the collective theory meets best, median over networks. Dashed: what "
                "is claimed of it.",
            ),
        ]
        if len(fits):
            one = rows_of(curves, "seed", curves["seed"].min())
            plates.append(
                Plate(
                    "courses",
                    draw_courses(one, fits, MEASURED, PAIRWISE),
                    "Hidden and output distances of three pairs of digits over training, measured and by the "
                    "collective theory; and R² of its forms.",
                    "Three pairs of digits over training. A form's rates are shared by all pairs; pair by pair, each "
                    "has two of its own, and R² is over those pairs.",
                )
            )
        if errors["gain"].nunique() > 1:
            plates.append(
                Plate(
                    "orders",
                    draw_orders(errors),
                    "The distance of deep linear networks from the geodesic over the size of their start, on "
                    "logarithmic axes, beside a line of order 2.",
                    "Deep linear networks, layer k of L at the place k/L, nothing fitted but a scale: the error of the "
                    "Gram matrix over the gain at the start.",
                )
            )
        return plates
