"""What is said of the rich structure: claims, tables, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from repdyn.numeric.agreement import agreement

from ...figures.structure import FORMULAS
from ..claim import Claim, Verdict
from ..recorded import recorded
from ..spread import number, spread
from ..study import Table
from .numbers import compared, limit_agreement, some, transfer_ratio

_GOOD = 0.9
"""R^2 about y = x from which a formula is said to give the final distances."""

_SHORT = 0.02
"""By so much more than recorded |dy|² may be short of its target."""


def unsuccessful(fits: pd.DataFrame) -> Iterator[str]:
    """The fits that did not succeed, by theory."""
    failed = fits[~fits["success"].astype(bool)]
    named = failed["setting"] + " seed " + failed["seed"].astype(str)
    groups = [f"{theory} {len(runs)} ({', '.join(runs)})" for theory, runs in named.groupby(failed["theory"])]
    if groups:
        yield f"{len(failed)} of {len(fits)} fits did not succeed and are left out of the means: {'; '.join(groups)}."


def counted(rows: pd.DataFrame) -> str:
    """How many rows each setting has, in brackets; nothing if there are none."""
    counts = rows["setting"].value_counts(sort=False)
    return f" ({', '.join(f'{name} {count}' for name, count in counts.items())})" if len(rows) else ""


def _within(value: float, interval: tuple[float, float]) -> str:
    return f"{number(value)} ({number(interval[0])} to {number(interval[1])})"


def on_line(verdicts: list[Verdict]) -> Claim:
    """The paper's claim, with its verdicts."""
    return Claim(
        "A network that starts small ends at the hidden distance √(τ_y/τ_h) |dx| |dy*| (rich structure)",
        f"R² of the measured final |dh|² about this formula, over the grid points with dy* > 0: at least {_GOOD} with "
        "its whole 90 % interval; if the interval holds the bound, the setting is undecided.",
        tuple(verdicts),
    )


def no_rates(setting: str) -> Verdict:
    """A setting whose networks are there and whose rates are not."""
    return Verdict(setting, "networks on the grid, no predictions", None, "no rates")


def answer(settings: list[str], rows: pd.DataFrame) -> str:
    """R², correlation and slope of the rich limit in each setting."""
    found = {name: limit_agreement(rows, name, "rich") for name in settings}
    said = [f"{number(x.r2)} in {name} (r {number(x.pearson)}, slope {number(x.slope)})" for name, x in found.items()]
    return f"About √(τ_y/τ_h) |dx| |dy*| the final distances have R² {', '.join(said)}." if said else ""


def verdict(setting: str, rows: pd.DataFrame) -> Verdict:
    """Whether the networks of a setting end where the rich limit says."""
    values, intervals = compared(some(rows, setting, "rich"))
    whole = agreement(*(some(rows, setting, "rich", differing=False)[c] for c in ("predicted", "measured")))
    low, high = intervals["r2"]
    known = recorded()["structure"]
    ends = f"R² {known['r2']}, Pearson's r {known['pearson']}, slope {known['slope']}"
    distance = f"R² is {number(abs(values['r2'] - _GOOD))} {'above' if values['r2'] >= _GOOD else 'below'} the bound"
    return Verdict(
        setting,
        f"R² {_within(values['r2'], (low, high))}, Pearson's r {_within(values['pearson'], intervals['pearson'])}, "
        f"slope {_within(values['slope'], intervals['slope'])}; R² {number(whole.r2)} over all points",
        True if low >= _GOOD else False if high < _GOOD else None,
        "too few networks" if np.isnan(values["r2"]) else distance,
        f"{ends}; R² {known['r2_of_all']} over all points" if setting == "default" else "",
    )


def shortfall(ends: pd.DataFrame) -> Claim:
    """By how much the networks have not learnt their targets where they stop."""
    half = ends[np.isclose(ends["dy"], 0.5) & ends["learnt"]]
    short = 1 - half["dy2_end"] / half["dy"] ** 2
    median = float(short.median()) if len(short) else np.nan
    known = recorded()["structure"]["short"]
    less = "less" if median < known else "more"
    return Claim(
        "Where training stops at a small loss, |dy|² is short of its target by no more than recorded",
        f"1 - |dy|²/|dy*|² at |dy*| = 0.5, the median over networks: at most {_SHORT} above the recorded one.",
        (
            Verdict(
                "all settings",
                f"short by {spread(short)} of |dy*|², in {len(short)} networks that reached the loss",
                None if np.isnan(median) else median <= known + _SHORT,
                "" if np.isnan(median) else f"{number(abs(median - known))} {less} than recorded",
                f"short by {known} of |dy*|² (default)",
            ),
        ),
    )


def transfer(setting: str, rows: pd.DataFrame) -> Verdict:
    """Whether rates fitted at |dx| = 1 serve at other input distances, with the stopping accounted for."""
    own = rows[rows["setting"] == setting]
    ratios = {dx: transfer_ratio(own[np.isclose(own["dx"], dx)]) for dx in (0.5, 1.0, 1.5)}
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


def agreements_table(rows: pd.DataFrame) -> Table:
    """How well each formula gives the final distances of each setting."""
    lines: list[dict[str, str]] = []
    for setting in dict.fromkeys(rows["setting"]):
        for formula, title in FORMULAS.items():
            chosen = some(rows, setting, formula)
            everything = some(rows, setting, formula, differing=False)
            if chosen.empty:
                continue
            values, intervals = compared(chosen)
            reached, of_reached = compared(chosen.dropna(subset="reached"), "reached")
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


def ratios_table(rows: pd.DataFrame) -> Table:
    """Measured over predicted by input distance."""
    lines: list[dict[str, str]] = []
    for setting in dict.fromkeys(rows["setting"]):
        for formula, title in FORMULAS.items():
            chosen = some(rows, setting, formula)
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
