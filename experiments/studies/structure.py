"""Rich structure: the final hidden distance over a grid of input and target distances, against the theory's formula."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, cast

import numpy as np
import pandas as pd
from repdyn.numeric import Pair, State, named
from repdyn.numeric.agreement import Agreement, agreement, resampled
from repdyn.numeric.gram import gram_determinant, squared_slope

from ..figures.structure import FORMULAS, draw_structure
from ..settings import TwoPoints
from ..settings.architecture import hidden_layer
from ..sweep.trial import Trial
from ..trials.fits import MEASURED
from .claim import Claim, Verdict, tested
from .end_states import end_distances
from .holding import Holding
from .spread import number, spread
from .study import Plate, Results, Section, Study, Table, size
from .two_point_runs import fitted, two_points

RECORDED = {"r2 of all": 0.65, "r2": -0.61, "pearson": 0.98, "slope": 0.67, "short": 0.11}
"""One re-run of the authors' procedure for the default network on 3 x 3 distances, with rates of one fit: R^2 about
y = x over all points and over those with dy* > 0, correlation, slope, and by how much dy2 is short at |dy*| = 0.5."""

_GOOD = 0.9
"""R^2 about y = x from which a formula is said to give the final distances."""

_SHORT = 0.02
"""By so much more than recorded |dy|² may be short of its target."""

_LARGEST_LOSS = 1e-2
"""Fitted runs that end with more are left out of the means, as in the paper."""

_PAPER_SPEED = 0.4
"""Of the grid: half the settings' listed rate stands in settings.toml, and the paper has a fifth of it here."""

_NOWHERE = State(1e-300, 0.0, 0.0)
"""The start of the rich limit: no distance to speak of."""

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
        fits = _fitted_runs(results)
        ends = self._ends(results)
        if fits.empty or ends.empty:
            return Section(self.title, ("No setting has both fitted rates and networks on the grid yet.",))
        kept = fits[fits["kept"]]
        with_rates = set(kept.loc[kept["theory"] == "two_point", "setting"])
        without = [_no_rates(name) for name in dict.fromkeys(ends["setting"]) if name not in with_rates]
        rows = pd.concat([pd.DataFrame(), *_predicted(ends, kept)], ignore_index=True)
        if rows.empty:
            missing = "No fit succeeded in a run whose last loss is small enough to give rates."
            return Section(self.title, (missing, *_unsuccessful(fits)), tested(_on_line(without)))
        settings = list(dict.fromkeys(rows["setting"]))
        differing = [name for name in settings if len(_some(rows, name, "rich"))]
        chunks = [settings[i : i + _PANELS] for i in range(0, len(settings), _PANELS)]
        return Section(
            self.title,
            paragraphs=(*self._paragraphs(fits, ends, rows),),
            claims=tested(
                _on_line([*(_verdict(name, rows) for name in differing), *without]),
                _shortfall(ends),
                Claim(
                    "Rates fitted at |dx| = 1, growing ones too, do not serve at |dx| = 0.5 and 1.5",
                    "Measured final |dh|² over that of growing rates at the |dy|² reached: its medians at |dx| = 0.5 "
                    "and 1.5 both differ from that at |dx| = 1 by more than 10 %.",
                    tuple(_transfer(name, rows) for name in differing),
                    of_paper=False,
                ),
            ),
            plates=tuple(_plate(rows, names, i) for i, names in enumerate(chunks)),
            tables=(_agreements(rows), _ratios(rows)),
            answer=_answer(differing, rows),
            holdings=tuple(
                Holding(name, theory, _agreement(rows, name, theory).r2)
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
            start: dict[str, object] = {column: first[column] for column in ("dh2", "dy2", "w")}
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
        dropped = fits[fits["loss"] > _LARGEST_LOSS].drop_duplicates(["setting", "seed"])
        late = ends[~ends["learnt"]]
        yield (
            f"Of {len(fits.drop_duplicates(['setting', 'seed']))} fitted runs {len(dropped)} ended with a loss above "
            f"{_LARGEST_LOSS:g} and are left out of the means{_named(dropped)}. Of {len(ends)} networks on the grid "
            f"{len(late)} had not reached the loss after {self.steps:,} steps{_named(late)}; they are counted as they "
            "stand, and drawn hollow."
        )
        yield from _unsuccessful(fits)
        yield (
            "Four predictions: the rich limit sqrt(tau_y/tau_h) |dx| |dy*| of the paper; its whole formula, from the "
            "measured start; the same without the ansatz (scalar_output); and with rates that grow with the slopes of "
            "encoder and decoder. The decoder's whole slope at the start, which the last two need, is the mean of the "
            "fitted runs too. Each is also given where the network stopped: at the |dy|² it reached instead of |dy*|². "
            "Intervals (90 %) are of a bootstrap over grid points; all networks of a point are drawn together."
        )
        missing = rows[rows["predicted"].isna()]
        if len(missing):
            yield f"{len(missing)} predictions do not exist{_named(missing)}: the formula refused the start."

    def _training(self) -> str:
        """How the training differs from the published one; nothing if it does not."""
        said = ""
        if self.fit_speed != 1:
            said += f" The fitted runs are trained {self.fit_speed:g} times as fast, in as many fewer steps."
        if self.speed != _PAPER_SPEED:
            times = f"{self.speed / _PAPER_SPEED:g} times the paper's"
            said += f" The learning rate on the grid is {times}, a fifth of the listed one."
        return said + (f" Hidden layers have at most {self.width} units." if self.width else "")


def _unsuccessful(fits: pd.DataFrame) -> Iterator[str]:
    """The fits that did not succeed, by theory."""
    failed = fits[~fits["success"].astype(bool)]
    named = failed["setting"] + " seed " + failed["seed"].astype(str)
    groups = [f"{theory} {len(runs)} ({', '.join(runs)})" for theory, runs in named.groupby(failed["theory"])]
    if groups:
        yield f"{len(failed)} of {len(fits)} fits did not succeed and are left out of the means: {'; '.join(groups)}."


def _named(rows: pd.DataFrame) -> str:
    """How many rows each setting has, in brackets; nothing if there are none."""
    counts = rows["setting"].value_counts(sort=False)
    return f" ({', '.join(f'{name} {count}' for name, count in counts.items())})" if len(rows) else ""


def _fitted_runs(results: Results) -> pd.DataFrame:
    """A row for each fitted run and theory: its coefficients, its start, its last loss, and whether it gives rates."""
    fits, curves = results.table("fits", "fits"), results.table("fits", "curves")
    if fits.empty:
        return pd.DataFrame()
    if curves.empty:  # no fit gave anything
        return fits.assign(loss=np.nan, kept=False)
    runs = curves[curves["theory"] == MEASURED].groupby(["setting", "seed"], sort=False)
    ends = runs.agg(loss=("loss", "last"), dh2_0=("dh2", "first"), dy2_0=("dy2", "first")).reset_index()
    merged = fits.merge(ends, on=["setting", "seed"], how="left")
    return merged.assign(kept=merged["success"].astype(bool) & (merged["loss"] <= _LARGEST_LOSS))


def _predicted(ends: pd.DataFrame, fits: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The networks of the grid with ``formula``, ``predicted`` and ``reached`` (at the dy2 where they stopped)."""
    for name, networks in ends.groupby("setting", sort=False):
        own = fits[fits["setting"] == name]
        for formula in FORMULAS:
            rates = own[own["theory"] == ("two_point" if formula == "rich" else formula)]
            if len(rates):
                predictions = [_prediction(formula, rates, network) for _, network in networks.iterrows()]
                both = pd.DataFrame(predictions, index=networks.index, columns=["predicted", "reached"])
                yield networks.join(both).assign(formula=formula)


def _prediction(formula: str, fits: pd.DataFrame, network: pd.Series) -> tuple[float, float]:
    """dh2 when all is learnt, and when dy2 is what the network reached."""
    dx2, dy, end = float(network["dx"]) ** 2, float(network["dy"]), float(network["dy2_end"]) ** 0.5
    rate_h, rate_y = float(fits["fitted_rate_h"].mean()), float(fits["fitted_rate_y"].mean())
    if formula == "rich":
        ends = [_final("two_point", _NOWHERE, Pair(dx2, x**2), {"rate_h": rate_h, "rate_y": rate_y}) for x in (dy, end)]
        return ends[0], ends[1]
    dh2, dy2, w = (float(network[column]) for column in ("dh2", "dy2", "w"))
    names = [x.name for x in named(formula).coefficients]
    coefficients = {x: float(fits[f"fitted_{x}"].mean()) for x in names}  # growth_h was fitted at dx2 = 1
    if "gram" in coefficients:
        starts = (fits[x].to_numpy(np.float64) for x in ("dh2_0", "dy2_0", "fitted_gram"))
        slope2 = float(np.mean(squared_slope(*starts)))
        coefficients["gram"] = max(float(gram_determinant(dh2, dy2, slope2)), 0.0)
    # w is -dy . (dy* - dy): with another target along dy* the part of dy along it stays.
    starts = [(w, dy), (dy2 - (dy2 - w) * end / dy, end)] if dy else [(w, dy)] * 2
    found = [_final(formula, State(dh2, dy2, misfit), Pair(dx2, target**2), coefficients) for misfit, target in starts]
    return found[0], found[1]


def _final(formula: str, start: State, pair: Pair, coefficients: dict[str, float]) -> float:
    at = {"dx2": pair.dx2, "dy2_target": pair.dy2, "dh2_start": start.dh2, "dy2_start": start.dy2, "w_start": start.w}
    try:
        return float(end_distances(pd.DataFrame([at]), coefficients, formula)[0])
    except (ValueError, ArithmeticError):
        return np.nan


def _some(rows: pd.DataFrame, setting: str, formula: str, *, differing: bool = True) -> pd.DataFrame:
    """The predictions of a formula for a setting that exist; of pairs whose targets differ, or of all."""
    chosen = rows[(rows["setting"] == setting) & (rows["formula"] == formula) & rows["predicted"].notna()]
    return chosen[chosen["dy"] > 0] if differing else chosen


def _intervals(
    rows: pd.DataFrame, column: str = "predicted"
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    x, y = rows[column].to_numpy(dtype=np.float64), rows["measured"].to_numpy(dtype=np.float64)
    return vars(agreement(x, y)), resampled(x, y, list(zip(rows["dx"], rows["dy"], strict=True)))


def _within(value: float, interval: tuple[float, float]) -> str:
    return f"{number(value)} ({number(interval[0])} to {number(interval[1])})"


def _on_line(verdicts: list[Verdict]) -> Claim:
    return Claim(
        "A network that starts small ends at the hidden distance √(τ_y/τ_h) |dx| |dy*| (rich structure)",
        f"R² of the measured final |dh|² about this formula, over the grid points with dy* > 0: at least {_GOOD} with "
        "its whole 90 % interval; if the interval holds the bound, the setting is undecided.",
        tuple(verdicts),
    )


def _no_rates(setting: str) -> Verdict:
    """A setting whose networks are there and whose rates are not."""
    return Verdict(setting, "networks on the grid, no predictions", None, "no rates")


def _agreement(rows: pd.DataFrame, setting: str, formula: str) -> Agreement:
    """Of a formula with the final distances of a setting, where the targets differ."""
    own = _some(rows, setting, formula)
    return agreement(own["predicted"], own["measured"]) if len(own) else Agreement(*[np.nan] * 4)


def _answer(settings: list[str], rows: pd.DataFrame) -> str:
    """R², correlation and slope of the rich limit in each setting."""
    found = {name: _agreement(rows, name, "rich") for name in settings}
    said = [f"{number(x.r2)} in {name} (r {number(x.pearson)}, slope {number(x.slope)})" for name, x in found.items()]
    return f"About √(τ_y/τ_h) |dx| |dy*| the final distances have R² {', '.join(said)}." if said else ""


def _verdict(setting: str, rows: pd.DataFrame) -> Verdict:
    values, intervals = _intervals(_some(rows, setting, "rich"))
    whole = agreement(*(_some(rows, setting, "rich", differing=False)[c] for c in ("predicted", "measured")))
    low, high = intervals["r2"]
    recorded = (
        f"R² {RECORDED['r2']}, Pearson's r {RECORDED['pearson']}, slope {RECORDED['slope']}; R² "
        f"{RECORDED['r2 of all']} over all points"
        if setting == "default"
        else ""
    )
    distance = f"R² is {number(abs(values['r2'] - _GOOD))} {'above' if values['r2'] >= _GOOD else 'below'} the bound"
    return Verdict(
        setting,
        f"R² {_within(values['r2'], (low, high))}, Pearson's r {_within(values['pearson'], intervals['pearson'])}, "
        f"slope {_within(values['slope'], intervals['slope'])}; R² {number(whole.r2)} over all points",
        True if low >= _GOOD else False if high < _GOOD else None,
        "too few networks" if np.isnan(values["r2"]) else distance,
        recorded,
    )


def _shortfall(ends: pd.DataFrame) -> Claim:
    """By how much the networks have not learnt their targets where they stop."""
    half = ends[np.isclose(ends["dy"], 0.5) & ends["learnt"]]
    short = 1 - half["dy2_end"] / half["dy"] ** 2
    median = float(short.median()) if len(short) else np.nan
    less = "less" if median < RECORDED["short"] else "more"
    return Claim(
        "Where training stops at a small loss, |dy|² is short of its target by no more than recorded",
        f"1 - |dy|²/|dy*|² at |dy*| = 0.5, the median over networks: at most {_SHORT} above the recorded one.",
        (
            Verdict(
                "all settings",
                f"short by {spread(short)} of |dy*|², in {len(short)} networks that reached the loss",
                None if np.isnan(median) else median <= RECORDED["short"] + _SHORT,
                "" if np.isnan(median) else f"{number(abs(median - RECORDED['short']))} {less} than recorded",
                f"short by {RECORDED['short']} of |dy*|² (default)",
            ),
        ),
    )


def _transfer(setting: str, rows: pd.DataFrame) -> Verdict:
    """Whether rates fitted at |dx| = 1 serve at other input distances, with the stopping accounted for."""
    own = rows[rows["setting"] == setting]
    ratios = {dx: _ratio(own[np.isclose(own["dx"], dx)]) for dx in (0.5, 1.0, 1.5)}
    medians = {dx: float(r.median()) if len(r) else np.nan for dx, r in ratios.items()}
    near, far = (100 * abs(medians[dx] / medians[1.0] - 1) for dx in (0.5, 1.5))
    known = not np.isnan(near + far)
    return Verdict(
        setting,
        "measured over predicted " + "; ".join(f"{spread(r)} at |dx| = {dx:g}" for dx, r in ratios.items()),
        min(near, far) > 10 if known else None,
        f"differs from that at |dx| = 1 by {number(near)} % at 0.5 and {number(far)} % at 1.5"
        if known
        else "not run at all three",
    )


def _ratio(rows: pd.DataFrame) -> pd.Series:
    """Measured over predicted final distance of growing rates where the targets differ."""
    chosen = rows[(rows["formula"] == "growing_rates") & (rows["dy"] > 0) & (rows["reached"] > 0)]
    return chosen["measured"] / chosen["reached"]


def _agreements(rows: pd.DataFrame) -> Table:
    lines: list[dict[str, str]] = []
    for setting in dict.fromkeys(rows["setting"]):
        for formula, title in FORMULAS.items():
            chosen = _some(rows, setting, formula)
            everything = _some(rows, setting, formula, differing=False)
            if chosen.empty:
                continue
            values, intervals = _intervals(chosen)
            reached, of_reached = _intervals(chosen.dropna(subset="reached"), "reached")
            lines.append(
                {
                    "setting": setting,
                    "formula": title,
                    "R², dy* > 0": _within(values["r2"], intervals["r2"]),
                    "R², all": number(agreement(everything["predicted"], everything["measured"]).r2),
                    "Pearson": _within(values["pearson"], intervals["pearson"]),
                    "slope": _within(values["slope"], intervals["slope"]),
                    "R² at the |dy|² reached": _within(reached["r2"], of_reached["r2"]),
                }
            )
    caption = (
        "Measured final |dh|² against predictions: R² about y = x, correlation and slope, over the grid points whose "
        "targets differ; 90 % of a bootstrap over grid points in brackets."
    )
    return Table(caption, pd.DataFrame(lines))


def _ratios(rows: pd.DataFrame) -> Table:
    """Measured over predicted by input distance."""
    lines: list[dict[str, str]] = []
    for setting in dict.fromkeys(rows["setting"]):
        for formula, title in FORMULAS.items():
            chosen = _some(rows, setting, formula)
            by_dx = {
                f"|dx| = {dx:g}": spread(group["measured"] / group["reached"])
                for dx, group in chosen[chosen["reached"] > 0].groupby("dx")
            }
            lines.append({"setting": setting, "formula": title, **by_dx})
    caption = (
        "Measured final |dh|² over the prediction at the |dy|² reached, by input distance, where the targets differ: "
        "1 at every |dx| would be the theory. Median and, over fewer than five networks, range, otherwise quartiles."
    )
    return Table(caption, pd.DataFrame(lines).fillna("not run"))


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
