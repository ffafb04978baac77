"""Trajectories: dh2, dy2 and w of two points against theory, for every architecture and setting of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ..sweep.trial import Trial
from ..tracking.table import SCALARS
from .claim import Claim, Verdict, tested
from .fates import count, fates, unfinished
from .holding import HOLDS, Holding, distances_r2
from .recorded import beside_recorded, recorded
from .spread import interval_name, number, spread
from .study import Plate, Results, Section, Study, Table, size
from .two_point_runs import THEORIES, fitted, two_points

_ORDER = 10.0
"""Two sums of squares are of the same order if neither is more than so many times the other."""

_COLUMNS = [
    *("setting", "seed", "theory", "rate_h", "rate_y", "rate_mean", "r2_dh2", "r2_dy2", "r2_w", "sse", "aic"),
    *("final_predicted", "final_measured", "success", "message"),
]

_NAMES = {"two_point": "two-point", "scalar_output": "ansatz-free", "growing_rates": "growing rates"}


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
        """The claim of each setting, rates and ends, the three theories side by side.

        Sums of squares are those over the steps of the recorded run: at another number of steps they are scaled.
        """
        from ..figures.trajectories import draw_errors, draw_settings, draw_trajectory

        found = _Found(self, results)
        if found.fits.empty:
            return Section(self.title, (*self._introduction(), *unfinished(found.ended)))
        curves = results.table("fits", "curves")
        shown = "default" if "default" in set(curves["setting"]) else str(curves["setting"].iloc[0])
        order = [name for name in self.settings if name in set(curves["setting"])]
        known = {name: found.known(name)["sse"] for name in order if "sse" in found.known(name)}
        interval = interval_name(found.seeds)
        band = "" if found.seeds == 1 else f" Lines and band: {interval}."
        return Section(
            self.title,
            (*self._introduction(found.seeds), *found.notes(), *unfinished(found.ended)),
            found.claims(),
            (
                Plate(
                    "run",
                    draw_trajectory(curves[curves["setting"] == shown], shown),
                    f"Hidden distance, output distance, misfit and loss of {shown} over training, network and theories",
                    f"{shown}: network (blue) and the theories fitted to each seed.{band}",
                ),
                *(
                    Plate(
                        scalar,
                        draw_settings(curves, order, scalar),
                        f"The {what} of every setting over training, network and two theories",
                        f"The {what} of every setting; the step is a share of all.{band}",
                    )
                    for scalar, what in (("dh2", "hidden distance"), ("dy2", "output distance"))
                ),
                Plate(
                    "errors",
                    draw_errors(found.fits, order, known),
                    "Sum of squares of three theories for every setting, a dot a seed, beside the recorded one",
                    "Sum of squared differences of the three scalars over all steps, a dot a seed; bars are what is "
                    "recorded of the two-point theory.",
                ),
            ),
            (found.rates_table(), found.errors_table()),
            found.answer(),
            found.holdings(),
        )

    def _introduction(self, seeds: int = 0) -> tuple[str, ...]:
        how = f"; {interval_name(seeds)}" if seeds else ""
        narrow = f" Hidden layers have at most {self.width} units" if self.width else ""
        kept = f" (but for {', '.join(self.full_width)})" if self.width and self.full_width else ""
        fast = f" Networks are trained {self.speed:g} times as fast, in as many fewer steps." if self.speed != 1 else ""
        return (
            f"A network of each setting is trained on two points{how}. Three theories are fitted to dh2, dy2 and w at "
            "the listed layer: the paper's with two rates, the same without its ansatz (one more coefficient), and "
            f"rates that grow (two more).{fast}{narrow}{kept}{'.' if narrow else ''}",
            f"A theory describes a setting if its median R² of dh2 and of dy2 is at least {HOLDS:g}; w, a small "
            "difference of larger numbers, is shown and not judged. Recorded numbers are of single runs, so only their "
            f"order counts: an error may be {_ORDER:g} times as large, and as small as it likes. Sums of squares are "
            "scaled to the recorded number of steps.",
        )


class _Found:
    """The fits of the study's trials, each with its setting, seed and how it ended."""

    def __init__(self, study: Trajectories, results: Results) -> None:
        self.study = study
        trials = study.trials()
        self.ended = fates(trials, results)
        steps = {t.configuration.name: two_points(t.configuration.name, speed=study.speed).steps for t in trials}
        fits = results.table("fits", "fits").reindex(columns=_COLUMNS)
        scale = [self.known(name).get("steps", steps.get(name, 1)) / steps.get(name, 1) for name in fits["setting"]]
        self.fits = fits.assign(sse=fits["sse"].astype(float) * np.array(scale))
        self.seeds = int(fits.groupby("setting")["seed"].nunique().max()) if len(fits) else 0

    @staticmethod
    def known(setting: str) -> dict[str, Any]:
        """What is recorded of a setting; empty if nothing is."""
        return recorded()["trajectories"].get(setting, {})

    def of(self, setting: str, theory: str) -> pd.DataFrame:
        """The fits of a theory to a setting, by seed, that gave numbers."""
        rows = self.fits[(self.fits["setting"] == setting) & (self.fits["theory"] == theory)]
        return rows[rows["sse"].notna()].set_index("seed")

    def measured(self, theory: str) -> list[str]:
        """The settings to which a theory was fitted in at least one seed."""
        return [name for name in self.study.settings if len(self.of(name, theory))]

    def r2(self, setting: str, theory: str) -> float:
        """The lesser of the medians over seeds of R² of dh2 and of dy2; NaN without a fit."""
        return distances_r2(self.of(setting, theory))

    def passes(self, setting: str, theory: str) -> bool:
        """Whether a theory describes a setting."""
        return self.r2(setting, theory) >= HOLDS

    def gain(self, setting: str, theory: str) -> pd.DataFrame:
        """By seed: how many times smaller a theory's SSE is than that of the two-point theory, and AIC less its."""
        base, other = (self.of(setting, name)[["sse", "aic"]].astype(float) for name in ("two_point", theory))
        return pd.DataFrame({"factor": base["sse"] / other["sse"], "aic": other["aic"] - base["aic"]}).dropna()

    def claims(self) -> tuple[Claim, ...]:
        """What is claimed, with a verdict for each setting that was fitted or had to be."""
        return tested(
            Claim(
                "Two fitted rates describe how the hidden and the output distance move, whatever the architecture",
                f"R² of dh2 and R² of dy2, medians over seeds, are both at least {HOLDS:g}.",
                tuple(self._describes(name) for name in self.study.settings),
            ),
            Claim(
                "The two-point theory's error is no larger than in the recorded runs",
                f"The median SSE is at most {_ORDER:g} times the recorded one (the largest, where there are several). "
                "Recorded runs are single ones, so only the order counts; a smaller error is no disagreement.",
                tuple(self._reproduced(name) for name in self.study.settings if "sse" in self.known(name)),
            ),
            Claim(
                "Rates that grow describe the trajectory better than constant ones",
                "AIC of growing rates is below that of constant rates (median difference over seeds), which allows "
                "for their two more coefficients.",
                tuple(self._growing(name) for name in self.study.settings),
                of_paper=False,
            ),
        )

    def holdings(self) -> tuple[Holding, ...]:
        """How well each theory holds in each setting: the lesser of the median R² of dh2 and of dy2."""
        names = self.study.settings
        return tuple(Holding(name, theory, self.r2(name, theory)) for name in names for theory in THEORIES)

    def answer(self) -> str:
        """How many settings each theory describes."""
        described = [sum(self.passes(name, theory) for name in self.study.settings) for theory in THEORIES]
        return (
            f"Two constant rates describe the trajectories of {described[0]} of {len(self.study.settings)} settings "
            f"({described[1]} without the ansatz), rates that grow those of {described[2]}."
        )

    def _growing(self, setting: str) -> Verdict:
        gain = self.gain(setting, "growing_rates").median()
        known = self.known(setting)
        before = f"SSE {number(known['sse'] / known['sse_growing'])} times smaller" if "sse_growing" in known else ""
        if np.isnan(gain["aic"]):
            return Verdict(setting, self._missing(setting), None, "no two fits to compare", before)
        return Verdict(
            setting,
            f"SSE {spread(self.gain(setting, 'growing_rates')['factor'])} times smaller",
            bool(gain["aic"] < 0),
            f"AIC {number(abs(gain['aic']))} {'lower' if gain['aic'] < 0 else 'higher'}; lesser R² of dh2 and dy2 "
            f"{number(self.r2(setting, 'growing_rates'))} against {number(self.r2(setting, 'two_point'))}",
            before,
        )

    def _reproduced(self, setting: str) -> Verdict:
        runs = recorded()["default"]["sse"] if setting == "default" else [self.known(setting)["sse"]]
        before = f"SSE {', '.join(f'{x:g}' for x in runs)}"
        sse = self.of(setting, "two_point")["sse"]
        agrees, words = beside_recorded(float(sse.median()), max(runs), _ORDER)
        return Verdict(setting, f"SSE {spread(sse)}" if len(sse) else self._missing(setting), agrees, words, before)

    def _failed_before(self, setting: str) -> bool:
        """Whether the recorded run fails the rule too; a setting that is recorded without R^2 had no fit."""
        return min(self.known(setting).get("r2", (-np.inf,))[:2]) < HOLDS

    def _describes(self, setting: str) -> Verdict:
        fits, known = self.of(setting, "two_point"), self.known(setting)
        before = ""
        if known:
            before = (
                f"R² of dh2 {known['r2'][0]:g}, of dy2 {known['r2'][1]:g}" if "r2" in known else "no pair of rates fits"
            )
        if not len(fits):
            return Verdict(setting, self._missing(setting), None, "no fit to judge by", before)
        passing = int((fits[["r2_dh2", "r2_dy2"]].astype(float).min(axis=1) >= HOLDS).sum())
        described = self.passes(setting, "two_point")
        by = f"{passing} of {len(fits)} seeds pass"
        if known and not described:
            by += "; the recorded run fails too" if self._failed_before(setting) else "; the recorded run passes"
        measured = f"R² of dh2 {spread(fits['r2_dh2'])}, of dy2 {spread(fits['r2_dy2'])}"
        return Verdict(setting, measured, described, by, before)

    def _missing(self, setting: str) -> str:
        """How the runs ended where there is no number."""
        return f"finished seeds: {self._count(setting)}"

    def _count(self, setting: str) -> str:
        return count(self.ended[self.ended["setting"] == setting])

    def notes(self) -> list[str]:
        """What the other theories add, and which fits found no optimum that the data determine."""
        said: list[str] = []
        freer = {name: self.gain(name, "scalar_output") for name in self.measured("scalar_output")}
        factors = {name: float(gain["factor"].median()) for name, gain in freer.items() if len(gain)}
        if factors:
            more = [f"{name} ({number(x)} times)" for name, x in factors.items() if x > 1.1]
            said.append(
                "Without the ansatz the error is smaller by a tenth or more in "
                f"{len(more)} of {len(factors)} settings{': ' if more else ''}{', '.join(more)}."
            )
        wrong = self.fits[~self.fits["success"].fillna(False).astype(bool)]
        if len(wrong):
            which = [f"{r['setting']}, seed {r['seed']}, {_NAMES[r['theory']]}" for r in wrong.to_dict("records")]
            reasons = "; ".join(f"“{x}”" for x in dict.fromkeys(map(_reason, wrong["message"])))
            said.append(
                f"Fits without a determined optimum, shown all the same: {'; '.join(which)}. They say: {reasons}."
            )
        return said

    def rates_table(self) -> Table:
        """Rates and ends of every setting."""
        rows: list[dict[str, str]] = []
        for name in self.study.settings:
            fits, growing = self.of(name, "two_point"), self.of(name, "growing_rates")
            known = self.known(name)
            rows.append(
                {
                    "setting": name,
                    "seeds": self._count(name),
                    "1/τ_h": spread(fits["rate_h"]),
                    "1/τ_y": spread(fits["rate_y"]),
                    "1/τ_ȳ": spread(fits["rate_mean"].astype(float)),
                    "recorded": ", ".join(f"{known[k]:g}" if k in known else "-" for k in _RATES) if known else "-",
                    "final dh2, network": spread(fits["final_measured"].astype(float)),
                    "two-point": spread(fits["final_predicted"].astype(float)),
                    "growing rates": spread(growing["final_predicted"].astype(float)),
                }
            )
        return Table(f"Rates per training step and final hidden distances; {interval_name(self.seeds)}.", _frame(rows))

    def errors_table(self) -> Table:
        """The error of each theory in every setting."""
        rows: list[dict[str, str]] = []
        for name in self.study.settings:
            fits = {theory: self.of(name, theory) for theory in THEORIES}
            known = self.known(name)
            row = {"setting": name, "seeds": self._count(name)}
            row |= {f"SSE, {_NAMES[theory]}": spread(fits[theory]["sse"]) for theory in THEORIES}
            row["recorded SSE"] = f"{known['sse']:g}" if known else "-"
            for theory in ("two_point", "growing_rates"):
                medians = [fits[theory][f"r2_{x}"].astype(float).median() for x in SCALARS]
                row[f"R², {_NAMES[theory]}"] = ", ".join("-" if np.isnan(x) else f"{x:.3f}" for x in medians)
            row["recorded R²"] = ", ".join(f"{x:.3f}" for x in known["r2"]) if "r2" in known else "-"
            rows.append(row)
        return Table(
            "Errors of three theories: the sum of squares "
            f"({interval_name(self.seeds)}) and the median R² of dh2, dy2, w.",
            _frame(rows),
        )


_RATES = ("rate_h", "rate_y", "rate_mean")


def _frame(rows: list[dict[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows)


def _reason(message: object) -> str:
    """What a fit's message says of standard errors or the failure, without what differs from fit to fit."""
    return str(message).partition("No standard errors: ")[2].partition(" (")[0] or str(message)
