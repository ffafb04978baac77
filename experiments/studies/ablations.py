"""Ablations: does any system like that of the paper fit as well? Four are the same but for one term."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from ..settings import LineFits, TwoPoints
from ..sweep.trial import Trial
from .claim import Claim, Verdict, tested
from .fates import fates, unfinished
from .holding import Holding, distances_r2
from .recorded import recorded
from .spread import interval_name, number, spread
from .study import Plate, Results, Section, Study, Table, size
from .two_point_runs import fitted, two_points

THEORY = "two_point"

ABLATIONS = {
    "doubled_dy2": "dy2' doubled",
    "doubled_dh2": "dh2' doubled",
    "flipped_w": "sign in w' flipped",
    "incomplete_dy2": "dy2' incomplete",
}
"""What is changed, by the name of the theory."""

_RECORDED_SETTING = "default"
"""The setting that the recorded sums of squares are of."""

_AS_MUCH = 2.0
"""An ablation is as much worse as recorded if its median ratio is at least the recorded one over this factor."""

_STUCK = 1.5
"""The recorded procedure misses the best fit if it ends with more than so many times its sum of squares."""


@dataclass(frozen=True)
class Ablations(Study):
    """The theory and its ablations fitted to the networks that the study of trajectories trains."""

    name: ClassVar[str] = "ablations"
    title: ClassVar[str] = "Alternative dynamics"

    settings: tuple[str, ...] = size((), "two-point settings")
    seeds: int = size(1, "networks a setting")
    speed: float = size(1.0, "factor on the learning rate; steps are divided by it")
    width: int = size(0, "of hidden layers that are wider; 0 leaves them")
    full_width: tuple[str, ...] = size((), "settings that keep their width all the same")
    as_recorded: tuple[str, ...] = size((), "settings that are fitted by the recorded procedure too")
    guesses: tuple[int, ...] = size((90, 100, 110), "grids of that procedure, by their number of guesses")

    def trials(self) -> list[Trial]:
        theories = (THEORY, *ABLATIONS)
        runs = [self._run(name, seed) for seed in range(self.seeds) for name in self.settings]
        return [fitted(run, theories) for run in runs] + [
            Trial(LineFits(run.name, run.seed, theories=theories, layer=run.layer, guesses=self.guesses), (Trial(run),))
            for run in runs
            if run.name in self.as_recorded
        ]

    def _run(self, name: str, seed: int) -> TwoPoints:
        return two_points(name, seed=seed, speed=self.speed, width=0 if name in self.full_width else self.width)

    def section(self, results: Results) -> Section:
        """How much worse each ablation fits, at its best fit and by the recorded procedure."""
        from ..figures.ablations import BEST, RECORDED, draw_ablated, draw_ratios

        ended = fates(self.trials(), results)
        fits = results.table("fits", "fits")
        best = _ratios(fits, ["setting", "seed"])
        if best.empty:
            return Section(self.title, (*self._introduction(), *unfinished(ended)))
        by_line = _missed(_ratios(results.table("line_fits", "fits"), ["setting", "seed", "guesses"]), best)
        both = pd.concat([best.assign(fit=BEST), by_line.assign(fit=RECORDED)])
        both = both[both["theory"] != THEORY]
        curves = results.table("fits", "curves")
        order = [name for name in self.settings if name in set(best["setting"])]
        order.sort(key=lambda name: name != _RECORDED_SETTING)
        known = _recorded_ratios() if order[0] == _RECORDED_SETTING else {}
        seeds = int(best.groupby("setting")["seed"].nunique().max())
        interval = interval_name(seeds)
        return Section(
            self.title,
            (*self._introduction(seeds), *_procedure(by_line), *_failed(fits), *unfinished(ended)),
            tested(
                Claim(
                    "The theory fits better than the same equations with one term changed",
                    "In every seed the changed system's SSE is above that of the theory for the same network; if it is "
                    "so in some seeds only, the setting is undecided.",
                    tuple(
                        _worse(setting, theory, best, by_line, known.get(theory) if setting == order[0] else None)
                        for setting in order
                        for theory in ABLATIONS
                    ),
                ),
                Claim(
                    "Each changed system fits at least as much worse as in the recorded run",
                    "Median over seeds of the changed system's SSE over the theory's: at least the recorded ratio "
                    f"divided by {_AS_MUCH:g}. A larger ratio, from a smaller error of the theory, is no disagreement.",
                    tuple(
                        _as_much(theory, _of(rows, order[0], theory), known[theory], how)
                        for how, rows in (("best fit", best), ("as recorded", by_line))
                        for theory in (ABLATIONS if known and len(rows) else ())
                    ),
                ),
            ),
            (
                Plate(
                    "ratios",
                    draw_ratios(both, order, ABLATIONS, known),
                    "Sum of squares of each ablation over that of the theory, a dot a seed, for every setting",
                    "Sum of squares of each ablation over that of the theory, a dot a seed (recorded procedure: a dot "
                    "a seed and grid); right of the line the theory fits better."
                    + (f" Bars: recorded for a run of {_RECORDED_SETTING}." if known else ""),
                ),
                Plate(
                    "curves",
                    draw_ablated(curves[curves["setting"] == order[0]], {THEORY: "theory", **ABLATIONS}),
                    f"The theory and four ablations, each at its best fit, over the trajectory of {order[0]}",
                    f"{order[0]}: the network (blue), each system at its best fit (red). Lines and band: {interval}.",
                ),
            ),
            (_table(order, best, by_line, known, interval),),
            _answer(order, best),
            _holdings(order, fits),
        )

    def _introduction(self, seeds: int = 0) -> tuple[str, ...]:
        interval = f"; {interval_name(seeds)}" if seeds else ""
        return (
            "Would any similar system do? One term of the paper's equations is changed at a time (the rate of dy2 "
            "doubled, that of dh2 doubled, the sign of the last term of w' flipped, the encoder's term of dy2' left "
            "out), and both rates are fitted anew to the same networks as in the study of trajectories"
            f"{interval}. Ratios are of sums of squares for the same network. All five systems have "
            "two rates, so a difference of AIC says the same in logarithms; it takes residuals for independent, "
            "which along a trajectory they are not.",
        )


def _recorded_ratios() -> dict[str, float]:
    known = recorded()["ablations"]
    return {theory: known[theory] / known[THEORY] for theory in ABLATIONS}


def _ratios(fits: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Ablations against the theory in the same network: ratio of SSE and difference of AIC, if there is one.

    Columns: the keys, theory, sse, ratio, and those of the fits.
    """
    if "sse" not in fits:
        return pd.DataFrame(columns=[*keys, "theory", "sse", "ratio", "aic", "aic_more"])
    fits = fits[fits["sse"].notna()].assign(sse=lambda x: x["sse"].astype(float))
    columns = ["sse", "aic"] if "aic" in fits else ["sse"]
    base = fits.loc[fits["theory"] == THEORY, [*keys, *columns]]
    found = fits.merge(base, on=keys, suffixes=("", "_theory"))
    found["ratio"] = found["sse"] / found["sse_theory"]
    if "aic" in found:
        found["aic_more"] = found["aic"].astype(float) - found["aic_theory"].astype(float)
    return found


def _missed(by_line: pd.DataFrame, best: pd.DataFrame) -> pd.DataFrame:
    """The fits of the recorded procedure beside the best fit.

    ``excess`` is the sum of squares in that of the best fit, ``away`` the best fit's ratio of rates in the line's.
    """
    if by_line.empty:
        return by_line
    least = best[["setting", "seed", "theory", "sse", "rate_h", "rate_y"]]
    found = by_line.merge(least, on=["setting", "seed", "theory"], suffixes=("", "_best"))
    ratio = found["rate_h_best"] / found["rate_y_best"]
    return found.assign(excess=found["sse"] / found["sse_best"], away=ratio / found["line"])


def _of(rows: pd.DataFrame, setting: str, theory: str) -> pd.DataFrame:
    return rows[(rows["setting"] == setting) & (rows["theory"] == theory)]


def _worse(setting: str, theory: str, best: pd.DataFrame, by_line: pd.DataFrame, known: float | None) -> Verdict:
    rows, line = _of(best, setting, theory), _of(by_line, setting, theory)
    above = int((rows["ratio"] > 1).sum())
    procedure = f", {spread(line['ratio'])} times by the recorded procedure" if len(line) else ""
    return Verdict(
        f"{ABLATIONS[theory]} ({setting})",
        f"SSE {spread(rows['ratio'])} times the theory's at the best fit of each{procedure}",
        True if above == len(rows) > 0 else False if len(rows) and not above else None,
        f"larger in {above} of {len(rows)} seeds; AIC {spread(rows['aic_more'])} more",
        "" if known is None else f"SSE {number(known)} times the theory's",
    )


def _as_much(theory: str, rows: pd.DataFrame, known: float, how: str) -> Verdict:
    ratio = float(rows["ratio"].median())
    enough = ratio >= known / _AS_MUCH
    more = f"more than {_AS_MUCH:g} times smaller" if not enough else "smaller" if ratio < known else "larger"
    return Verdict(
        f"{ABLATIONS[theory]} ({how})",
        f"SSE {spread(rows['ratio'])} times the theory's",
        enough if len(rows) else None,
        f"{number(ratio / known)} times the recorded ratio: {more}" if len(rows) else "no fit to judge by",
        f"SSE {number(known)} times the theory's",
    )


def _answer(settings: list[str], best: pd.DataFrame) -> str:
    """How often the theory fits better, by medians over seeds."""
    rows = best[best["setting"].isin(settings) & (best["theory"] != THEORY)]
    medians = rows.groupby(["setting", "theory"], sort=False)["ratio"].median()
    return (
        f"With one term changed the equations fit worse in {int((medians > 1).sum())} of {len(medians)} cases "
        f"({len(settings)} setting{'s' if len(settings) > 1 else ''}, {len(ABLATIONS)} changes), by an SSE of "
        f"{number(float(medians.median()))} times the theory's in the median case."
    )


def _holdings(settings: list[str], fits: pd.DataFrame) -> tuple[Holding, ...]:
    """How well the theory holds, and the changed system that fits best."""
    return tuple(
        Holding(setting, name, max(distances_r2(_of(fits, setting, theory)) for theory in of))
        for setting in settings
        for name, of in ((THEORY, (THEORY,)), ("ablation", tuple(ABLATIONS)))
    )


def _failed(fits: pd.DataFrame) -> list[str]:
    """The systems that could not be fitted to a network, or not to an optimum that it determines, and why."""
    wrong = fits[~fits["success"].fillna(False).astype(bool)].to_dict("records")
    names = {THEORY: "the theory", **ABLATIONS}
    said = [f"{x['setting']}, seed {x['seed']}, {names[x['theory']]}: {x['message']}" for x in wrong]
    return (
        [f"Fits without a determined optimum (without a number where there is none): {'; '.join(said)}"] if said else []
    )


def _procedure(by_line: pd.DataFrame) -> list[str]:
    """What the recorded procedure does to the comparison, from its own fits."""
    if by_line.empty:
        return []
    said: list[str] = []
    for theory, name in {THEORY: "the theory", **ABLATIONS}.items():
        rows = by_line[by_line["theory"] == theory]
        still, missed = int((rows["iterations"] == 0).sum()), int((rows["excess"] > _STUCK).sum())
        said.append(
            f"{name}, {missed} of {len(rows)} ({still} without a step from the guess, whose SSE is "
            f"{spread(rows['guess'])}; best fit at {spread(rows['away'])} times the ratio of rates of the line)"
        )
    known = ", ".join(f"{ABLATIONS.get(name, 'the theory')} {sse:g}" for name, sse in recorded()["ablations"].items())
    grids = ", ".join(str(x) for x in dict.fromkeys(by_line["guesses"]))
    return [
        "The recorded procedure takes the best of a grid of guesses on a line in the plane of the two rates, on which "
        "the unchanged theory ends at the measured dh2, whatever the system that is fitted; from there a quasi-Newton "
        "method follows finite differences of a sum of squares that is integrated to about a thousandth only. Where "
        f"these point uphill it stays at the guess. It was run here with grids of {grids} guesses. Fits that ended "
        f"above {_STUCK:g} times the sum of squares of the best fit: {'; '.join(said)}. Recorded for "
        f"{_RECORDED_SETTING}: {known}."
    ]


def _table(
    settings: list[str], best: pd.DataFrame, by_line: pd.DataFrame, known: Mapping[str, float], interval: str
) -> Table:
    rows: list[dict[str, str]] = []
    for setting in settings:
        for theory, name in {THEORY: "the theory", **ABLATIONS}.items():
            fits, line = _of(best, setting, theory), _of(by_line, setting, theory)
            default = setting == _RECORDED_SETTING
            rows.append(
                {
                    "setting": setting,
                    "system": name,
                    "SSE": spread(fits["sse"]),
                    "ratio": spread(fits["ratio"]),
                    "AIC more": spread(fits["aic_more"]),
                    "SSE, recorded procedure": spread(line["sse"]),
                    "ratio, recorded procedure": spread(line["ratio"]),
                    "recorded SSE": f"{recorded()['ablations'][theory]:g}" if default else "-",
                    "recorded ratio": number(known[theory]) if default and theory in known else "-",
                }
            )
    return Table(
        f"The theory and its ablations fitted to the same networks; {interval} (recorded procedure: over seeds and "
        "grids).",
        pd.DataFrame(rows),
    )
