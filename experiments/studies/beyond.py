"""Beyond the paper: other ways to train and other architectures, and where the theory stops holding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from repdyn.numeric.agreement import agreement

from ..figures.beyond import THEORIES as SHOWN
from ..figures.beyond import draw_curves, draw_holding
from ..sweep.trial import Trial
from ..trials.fits import MEASURED
from .claim import Claim, Verdict, tested
from .holding import HOLDS, Holding, distances_r2
from .spread import interval_name, number, spread
from .study import Plate, Results, Section, Study, Table, size
from .two_point_runs import THEORIES, fitted, two_points

_NEAREST = {
    "minibatch": "default",
    "momentum": "default",
    "weight_decay": "default",
    "cross_entropy": "default",
    "layer_norm": "shallow",
    "gru": "shallow",
    "transformer": "shallow",
}
"""The plain setting that each is compared with: the same network where only the training differs, else a small one."""

_SAME_PATH = ("minibatch", "momentum")
"""Trainings that should give the trajectory of the plain one: the mean over two steps of one point each is a step on
both, and momentum 0.9 at a tenth of the rate has the same effective rate."""

_SAME_NETWORK = ("minibatch", "momentum", "weight_decay")
"""Settings with the network and the loss of the plain one, so that sums of squares can be compared."""


@dataclass(frozen=True)
class Beyond(Study):
    """Networks and trainings that the paper does not have, beside the nearest that it has."""

    name: ClassVar[str] = "beyond"
    title: ClassVar[str] = "Beyond the paper: where the theory stops holding"

    settings: tuple[str, ...] = size(tuple(_NEAREST), "two-point settings")
    seeds: int = size(1, "networks a setting")
    speed: float = size(1.0, "factor on the learning rate; steps are divided by it")
    width: int = size(0, "of hidden layers that are wider; 0 leaves them")
    full_width: tuple[str, ...] = size((), "settings that keep their width all the same")

    def trials(self) -> list[Trial]:
        plain = dict.fromkeys(_NEAREST[name] for name in self.settings)
        return [self._fits(name, seed) for seed in range(self.seeds) for name in (*self.settings, *plain)]

    def _fits(self, name: str, seed: int) -> Trial:
        width = 0 if name in self.full_width else self.width
        own = ("cross_entropy",) if name == "cross_entropy" else ()
        return fitted(two_points(name, seed=seed, speed=self.speed, width=width), (*THEORIES, *own))

    def section(self, results: Results) -> Section:
        fits, curves = results.table("fits", "fits"), results.table("fits", "curves")
        failed = fits[~fits["success"].astype(bool)] if len(fits) else fits
        fits = fits[fits["r2_dh2"].notna()] if len(fits) else fits
        plain = {name: _NEAREST[name] for name in self.settings}
        known = [name for name in self.settings if len(fits) and name in set(fits["setting"])]
        if not known:
            return Section(self.title, ("No theory was fitted to any of these settings yet.",))
        return Section(
            self.title,
            paragraphs=(*_paragraphs(fits, curves, known, self.seeds), *self._training(), *_unfitted(failed)),
            claims=tested(
                Claim(
                    "Two fitted rates describe the trajectory beyond the trainings and architectures of the paper",
                    f"R² of dh2 and R² of dy2, medians over seeds, are both at least {HOLDS}.",
                    tuple(_described(name, fits, same=self._same_network(name)) for name in known),
                    of_paper=False,
                ),
                Claim(
                    "Minibatches and momentum give the trajectory of plain gradient descent with the same seed",
                    "R² of dh2 and R² of dy2 about the plain network's trajectory, medians over seeds, are both at "
                    f"least {HOLDS}.",
                    tuple(_same_path(name, curves) for name in known if name in _SAME_PATH),
                    of_paper=False,
                ),
                Claim(
                    "Under cross-entropy its own theory is nearer than that of the squared error",
                    "In every seed the SSE of the cross-entropy theory is below that of the two-point theory; if it is "
                    "so in some seeds only, the setting is undecided.",
                    tuple(_own_theory(fits) for name in known if name == "cross_entropy"),
                    of_paper=False,
                ),
            ),
            plates=(
                Plate(
                    "trajectories",
                    draw_curves(_first_seeds(curves[curves["setting"].isin(known)])),
                    f"Distances and misfit over training for {', '.join(known)}, networks and fitted theories.",
                    "One network a setting (the first seed that was fitted): the three scalars over training, and the "
                    "theories fitted to them. The axes are those of the network; a theory that fails may leave them.",
                ),
                Plate(
                    "holding",
                    draw_holding(fits, {name: plain[name] for name in known}, HOLDS),
                    "R² of hidden and output distance by setting and theory, one point a network.",
                    f"How well each theory holds: R² of |dh|² and |dy|², a point a network; the line is {HOLDS}. "
                    "The last settings are the plain ones of the paper.",
                ),
            ),
            tables=(_by_theory(fits, known, [name for name in known if self._same_network(name)]),),
            answer=_answer(fits, known),
            holdings=tuple(
                Holding(name, theory, distances_r2(rows))
                for name in known
                for theory in SHOWN
                if len(rows := fits[(fits["setting"] == name) & (fits["theory"] == theory)])
            ),
        )

    def _same_network(self, setting: str) -> bool:
        """Whether only the training differs from the plain setting."""
        narrowed = [bool(self.width) and name not in self.full_width for name in (setting, _NEAREST[setting])]
        return setting in _SAME_NETWORK and narrowed[0] == narrowed[1]

    def _training(self) -> Iterator[str]:
        """How size and speed differ from the listed ones; nothing if they do not."""
        if self.speed != 1:
            yield f"Networks are trained {self.speed:g} times as fast as listed, in as many fewer steps."
        if self.width:
            kept = f" (but for {', '.join(self.full_width)})" if self.full_width else ""
            yield f"Hidden layers have at most {self.width} units{kept}."


def _unfitted(failed: pd.DataFrame) -> Iterator[str]:
    """The fits that failed or are not determined, with the fitter's reason."""
    rows = failed[["setting", "seed", "theory", "message"]].itertuples(index=False) if len(failed) else ()
    for setting, seed, theory, message in rows:
        yield f"No sure fit of {SHOWN[theory][0]} to {setting}, seed {seed}: {message}"


def _medians(fits: pd.DataFrame, setting: str, theory: str) -> tuple[float, float]:
    """The median R^2 of dh2 and dy2; NaN if the theory was not fitted."""
    rows = fits[(fits["setting"] == setting) & (fits["theory"] == theory)]
    return float(rows["r2_dh2"].median()), float(rows["r2_dy2"].median())


def _holds(fits: pd.DataFrame, setting: str, theory: str) -> bool:
    return min(_medians(fits, setting, theory)) >= HOLDS


def _groups(fits: pd.DataFrame, known: list[str]) -> dict[str, list[str]]:
    """The settings by what holds for them, after the words that say it."""
    return {
        "With two constant rates it holds for": [n for n in known if _holds(fits, n, "two_point")],
        "Only a theory with more parameters (growing rates, cross-entropy) holds for": [
            n for n in known if not _holds(fits, n, "two_point") and _any_holds(fits, n)
        ],
        "None of the theories holds for": [n for n in known if not _any_holds(fits, n)],
    }


def _answer(fits: pd.DataFrame, known: list[str]) -> str:
    """In how many settings which theory holds, and where none does."""
    two, more, none = _groups(fits, known).values()
    where = f" ({', '.join(none)})" if none else ""
    return (
        f"Of {len(known)} settings that the paper does not have, {len(two)} are described by two constant rates, "
        f"{len(more)} only by a theory with more parameters, and {len(none)} by none of them{where}."
    )


def _paragraphs(fits: pd.DataFrame, curves: pd.DataFrame, known: list[str], seeds: int) -> Iterator[str]:
    yield (
        "The theory abstracts from the architecture, but was shown for multilayer perceptrons, residual and "
        "convolutional networks under full-batch descent on the squared error. Where does it stop holding? A theory is "
        f"said to hold where the median R² of both |dh|² and |dy|² is at least {HOLDS}. Intervals: "
        f"{interval_name(seeds)}."
    )
    yield " ".join(f"{text} {', '.join(names)}." for text, names in _groups(fits, known).items() if names)
    for name in known:
        if not _any_holds(fits, name):
            yield _failing(name, fits, curves)


def _any_holds(fits: pd.DataFrame, setting: str) -> bool:
    return any(_holds(fits, setting, theory) for theory in SHOWN)


def _failing(setting: str, fits: pd.DataFrame, curves: pd.DataFrame) -> str:
    """What a network does that no theory follows."""
    measured = curves[(curves["setting"] == setting) & (curves["theory"] == MEASURED)].groupby("seed")
    start, end, peak = (measured["dh2"].agg(how) for how in ("first", "last", "max"))
    medians = {title: _medians(fits, setting, theory) for theory, (title, _) in SHOWN.items()}
    r2 = [f"{title} {number(dh2)} and {number(dy2)}" for title, (dh2, dy2) in medians.items() if not np.isnan(dh2)]
    return (
        f"{setting}: the hidden distance goes from {spread(start)} to {spread(end)} (largest {spread(peak)}); "
        f"R² of |dh|² and |dy|²: {'; '.join(r2)}."
    )


def _described(setting: str, fits: pd.DataFrame, *, same: bool) -> Verdict:
    """Whether the two-point theory holds."""
    rows = fits[(fits["setting"] == setting) & (fits["theory"] == "two_point")]
    nearest = fits[(fits["setting"] == _NEAREST[setting]) & (fits["theory"] == "two_point")]
    lowest = min(_medians(fits, setting, "two_point"))
    ratio = float(rows["sse"].median() / nearest["sse"].median()) if same and len(nearest) else np.nan
    relative = "" if np.isnan(ratio) else f"; SSE {number(ratio)} times that of {_NEAREST[setting]}"
    plain = f"; nearest plain setting, {_NEAREST[setting]}: {number(distances_r2(nearest))}" if len(nearest) else ""
    return Verdict(
        setting,
        f"R² of dh2 {spread(rows['r2_dh2'])}, of dy2 {spread(rows['r2_dy2'])}, of w {spread(rows['r2_w'])}",
        None if np.isnan(lowest) else lowest >= HOLDS,
        "not fitted" if np.isnan(lowest) else f"the lower median R² is {number(lowest)}{plain}{relative}",
    )


def _same_path(setting: str, curves: pd.DataFrame) -> Verdict:
    """Whether a training gives the trajectory of the plain one, network by network."""
    measured = curves[curves["theory"] == MEASURED]
    ours, plain = (measured[measured["setting"] == name] for name in (setting, _NEAREST[setting]))
    both = ours.merge(plain, on=["seed", "step"], suffixes=("", "_plain"))
    r2 = {
        scalar: [agreement(rows[f"{scalar}_plain"], rows[scalar]).r2 for _, rows in both.groupby("seed")]
        for scalar in ("dh2", "dy2")
    }
    lowest = min((float(np.median(values)) for values in r2.values() if values), default=np.nan)
    return Verdict(
        f"{setting} beside {_NEAREST[setting]}",
        f"R² of dh2 {spread(r2['dh2'])}, of dy2 {spread(r2['dy2'])}",
        None if np.isnan(lowest) else lowest >= HOLDS,
        "no seed has both" if np.isnan(lowest) else f"the lower median R² is {number(lowest)}",
    )


def _own_theory(fits: pd.DataFrame) -> Verdict:
    """Cross-entropy with its own theory against the one for the squared error."""
    rows = fits[fits["setting"] == "cross_entropy"].set_index("seed")
    ratio = (
        rows.loc[rows["theory"] == "cross_entropy", "sse"] / rows.loc[rows["theory"] == "two_point", "sse"]
    ).dropna()
    dh2, dy2 = (number(median) for median in _medians(fits, "cross_entropy", "cross_entropy"))
    return Verdict(
        "cross_entropy",
        f"SSE {spread(ratio)} times that of the two-point theory; with its own theory R² of dh2 {dh2}, of dy2 {dy2}",
        bool((ratio < 1).all()) if len(ratio) and ((ratio < 1).all() or (ratio >= 1).all()) else None,
        f"nearer in {int((ratio < 1).sum())} of {len(ratio)} seeds",
    )


def _first_seeds(curves: pd.DataFrame) -> pd.DataFrame:
    """The curves of the smallest seed of each setting."""
    return curves[curves["seed"] == curves.groupby("setting")["seed"].transform("min")]


def _by_theory(fits: pd.DataFrame, known: list[str], same: list[str]) -> Table:
    lines: list[dict[str, str]] = []
    for setting in (*known, *dict.fromkeys(_NEAREST[name] for name in known)):
        nearest = fits[fits["setting"] == _NEAREST.get(setting, setting)]
        for theory, (title, _) in SHOWN.items():
            rows = fits[(fits["setting"] == setting) & (fits["theory"] == theory)]
            if rows.empty:
                continue
            comparable = setting in same or setting not in _NEAREST
            plain = float(nearest.loc[nearest["theory"] == theory, "sse"].median()) if comparable else np.nan
            lines.append(
                {
                    "setting": setting,
                    "nearest plain": _NEAREST.get(setting, "itself"),
                    "theory": title,
                    "R² of dh2": spread(rows["r2_dh2"]),
                    "R² of dy2": spread(rows["r2_dy2"]),
                    "R² of w": spread(rows["r2_w"]),
                    "SSE": spread(rows["sse"]),
                    "SSE, times plain": "-" if np.isnan(plain) else number(float(rows["sse"].median()) / plain),
                    "holds": "yes" if _holds(fits, setting, theory) else "no",
                }
            )
    caption = (
        f"Each theory fitted to each setting. Holds: median R² of dh2 and dy2 at least {HOLDS}. SSE depends on the "
        "scale of the hidden distance, so it is compared with the plain setting only where the network is the same."
    )
    return Table(caption, pd.DataFrame(lines))
