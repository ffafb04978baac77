"""Trajectories: dh2, dy2 and w of two points against theory, for every architecture and setting of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ..sweep.trial import Trial
from .fates import MISSING, count, fates, unfinished
from .recorded import recorded
from .spread import interval_name, number, spread
from .study import Plate, Results, Section, Study, Table, Verdict, size
from .two_point_runs import THEORIES, fitted, two_points

_DESCRIBED = 0.95
"""A theory describes a setting if the medians of R^2 of dh2 and of dy2 are at least this."""

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
            (*found.overall(), *(found.describes(name) for name in self.settings)),
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
            f"A theory describes a setting if its median R² of dh2 and of dy2 is at least {_DESCRIBED:g}; w, a small "
            "difference of larger numbers, is shown and not judged. Recorded numbers are of single runs, so only their "
            f"order counts: a factor of {_ORDER:g}. Sums of squares are scaled to the recorded number of steps.",
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

    def passes(self, setting: str, theory: str) -> bool:
        """Whether a theory describes a setting."""
        medians = self.of(setting, theory)[["r2_dh2", "r2_dy2"]].astype(float).median()
        return bool((medians >= _DESCRIBED).all())

    def gain(self, setting: str, theory: str) -> pd.DataFrame:
        """By seed: how many times smaller a theory's SSE is than that of the two-point theory, and AIC less its."""
        base, other = (self.of(setting, name)[["sse", "aic"]].astype(float) for name in ("two_point", theory))
        return pd.DataFrame({"factor": base["sse"] / other["sse"], "aic": other["aic"] - base["aic"]}).dropna()

    def overall(self) -> list[Verdict]:
        """The claims about all settings together."""
        return [self._universal(), *self._default(), self._reproduced(), self._growing()]

    def _universal(self) -> Verdict:
        holds = {name: self.passes(name, "two_point") for name in self.measured("two_point")}
        all_of = _All(self.study.settings, holds, self.ended)
        expected = [name for name in (*all_of.failing, *all_of.without) if self._failed_before(name)]
        same = [f"the recorded run fails the same rule for {', '.join(expected)}"] if expected else []
        return Verdict(
            "Two fitted rates describe the trajectory, whatever the architecture (van Rossem & Saxe)",
            f"median R² of dh2 and dy2 at least {_DESCRIBED:g} in every setting",
            f"so {all_of.counted}",
            all_of.agrees,
            "; ".join([*all_of.said("not described"), *same]),
        )

    def _default(self) -> list[Verdict]:
        if "default" not in self.measured("two_point"):
            return []
        known, sse = recorded()["default"]["sse"], self.of("default", "two_point")["sse"]
        median = float(sse.median())
        return [
            Verdict(
                "The error of default is of the recorded order",
                f"SSE {', '.join(f'{x:g}' for x in known)} in three runs",
                f"SSE {spread(sse)}",
                min(known) / _ORDER <= median <= max(known) * _ORDER,
                f"the median is {number(median / float(np.median(known)))} times the recorded median",
            )
        ]

    def _reproduced(self) -> Verdict:
        ratios = {
            name: float(self.of(name, "two_point")["sse"].median()) / self.known(name)["sse"]
            for name in self.measured("two_point")
            if "sse" in self.known(name)
        }
        known = [name for name in self.study.settings if "sse" in self.known(name)]
        all_of = _All(known, {name: 1 / _ORDER <= x <= _ORDER for name, x in ratios.items()}, self.ended)
        return Verdict(
            "The error of the two-point theory is of the recorded order in each recorded setting",
            f"SSE within a factor of {_ORDER:g}",
            f"so {all_of.counted}",
            all_of.agrees,
            "; ".join(
                [
                    f"median ratio to the recorded SSE {spread(ratios.values())} over settings",
                    *all_of.said("outside", {name: f" ({number(x)} times)" for name, x in ratios.items()}),
                ]
            ),
        )

    def _growing(self) -> Verdict:
        names = [name for name in self.measured("growing_rates") if len(self.gain(name, "growing_rates"))]
        gains = {name: self.gain(name, "growing_rates").median() for name in names}
        all_of = _All(self.study.settings, {name: bool(gains[name]["aic"] < 0) for name in names}, self.ended)
        known = [x["sse"] / x["sse_growing"] for x in recorded()["trajectories"].values() if "sse_growing" in x]
        described = [name for name in names if self.passes(name, "growing_rates")]
        return Verdict(
            "Rates that grow describe the trajectory better than constant ones, in every setting",
            f"SSE {spread(known)} times smaller in {len(known)} recorded runs (median and interval over settings)",
            f"SSE {spread(x['factor'] for x in gains.values())} times smaller over {len(names)} settings; "
            f"{len(described)} are described",
            all_of.agrees,
            "; ".join([f"AIC is lower {all_of.counted}", *all_of.said("not in")]),
        )

    def _failed_before(self, setting: str) -> bool:
        """Whether the recorded run fails the rule too; a setting that is recorded without R^2 had no fit."""
        known = self.known(setting)
        return bool(known) and min(known.get("r2", (-np.inf,))[:2]) < _DESCRIBED

    def describes(self, setting: str) -> Verdict:
        """The paper's claim for one setting."""
        fits, known = self.of(setting, "two_point"), self.known(setting)
        if "r2" in known:
            r2 = known["r2"]
            before = f"recorded: R² {r2[0]:g} and {r2[1]:g}, SSE {known['sse']:g}"
        else:
            before = f"recorded: no pair of rates fits, SSE {known['sse']:g}" if known else "nothing recorded"
        claim = f"{setting}: two rates describe dh2 and dy2"
        if not len(fits):
            return Verdict(claim, before, f"seeds: {self._count(setting)}", None, "no fit to judge by")
        passing = int((fits[["r2_dh2", "r2_dy2"]].astype(float).min(axis=1) >= _DESCRIBED).sum())
        described = self.passes(setting, "two_point")
        by = f"{passing} of {len(fits)} seeds pass"
        if known:
            by += f"; SSE {number(float(fits['sse'].median()) / known['sse'])} times the recorded"
            by += "" if described else "; fails as recorded" if self._failed_before(setting) else "; recorded as met"
        measured = f"R² {spread(fits['r2_dh2'])} and {spread(fits['r2_dy2'])}, SSE {spread(fits['sse'])}"
        return Verdict(claim, before, measured, described, by)

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
                medians = [fits[theory][f"r2_{x}"].astype(float).median() for x in ("dh2", "dy2", "w")]
                row[f"R², {_NAMES[theory]}"] = ", ".join("-" if np.isnan(x) else f"{x:.3f}" for x in medians)
            row["recorded R²"] = ", ".join(f"{x:.3f}" for x in known["r2"]) if "r2" in known else "-"
            rows.append(row)
        return Table(
            "Errors of three theories: the sum of squares "
            f"({interval_name(self.seeds)}) and the median R² of dh2, dy2, w.",
            _frame(rows),
        )


@dataclass(frozen=True)
class _All:
    """Whether something holds in every one of some settings.

    A setting without a number counts against; if not all its trials were run, it leaves the question open.
    """

    settings: Sequence[str]
    holds: Mapping[str, bool]  # of the settings with a number
    ended: pd.DataFrame

    @property
    def not_run(self) -> list[str]:
        missing = set(self.ended.loc[self.ended["status"] == MISSING, "setting"])
        return [name for name in self.settings if name not in self.holds and name in missing]

    @property
    def failing(self) -> list[str]:
        return [name for name in self.settings if not self.holds.get(name, True)]

    @property
    def without(self) -> list[str]:
        """Settings whose trials all ended and gave no number."""
        return [name for name in self.settings if name not in self.holds and name not in self.not_run]

    @property
    def agrees(self) -> bool | None:
        if self.failing or self.without:
            return False
        return None if self.not_run or not self.settings else True

    @property
    def counted(self) -> str:
        return f"in {sum(self.holds.values())} of {len(self.settings)} settings"

    def said(self, failing: str, more: Mapping[str, str] | None = None) -> list[str]:
        """The settings where it does not hold, after a word and each with more to say, and those without a number."""
        named = [name + (more or {}).get(name, "") for name in self.failing]
        return [
            *([f"{failing}: {', '.join(named)}"] if named else []),
            *([f"no run or no fit gave a number: {', '.join(self.without)}"] if self.without else []),
            *([f"{len(self.not_run)} settings not run"] if self.not_run else []),
        ]


_RATES = ("rate_h", "rate_y", "rate_mean")


def _frame(rows: list[dict[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows)


def _reason(message: object) -> str:
    """What a fit's message says of standard errors or the failure, without what differs from fit to fit."""
    return str(message).partition("No standard errors: ")[2].partition(" (")[0] or str(message)
