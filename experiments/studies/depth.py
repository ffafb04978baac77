"""Depth: the theories at every hidden layer of one network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from ..figures.depth import draw_depth
from ..runs.run import balanced_exponent
from ..settings import Fits, TwoPoints
from ..settings.architecture import hidden_layer
from ..sweep.trial import Trial
from .claim import Claim, Verdict
from .holding import Holding, distances_r2
from .recorded import recorded
from .spread import interval_name, number, spread
from .study import Plate, Results, Section, Study, Table, size
from .two_point_runs import two_points

_MIDDLE = (0.25, 0.75)
"""The part of the layers that counts as the middle, as shares of their number."""

_STEEP = 3.0
"""A rate that is this many times another one is said to have risen."""


@dataclass(frozen=True)
class Depth(Study):
    """The theories fitted at every hidden layer of the runs of one setting."""

    name: ClassVar[str] = "depth"
    title: ClassVar[str] = "Depth: every hidden layer"

    setting: str = size("default", "two-point setting")
    theories: tuple[str, ...] = size(("two_point", "growing_rates"), "theories")
    seeds: int = size(1, "networks")
    speed: float = size(1.0, "factor on the learning rate; steps are divided by it")
    width: int = size(0, "of hidden layers that are wider; 0 leaves them")

    def trials(self) -> list[Trial]:
        runs = [self._run(seed) for seed in range(self.seeds)]
        return [Trial(Fits(name=r.name, seed=r.seed, theories=self.theories), (Trial(r),)) for r in runs]

    def _run(self, seed: int) -> TwoPoints:
        return two_points(self.setting, seed=seed, speed=self.speed, width=self.width)

    def section(self, results: Results) -> Section:
        fits = results.table("fits", "fits")
        fits = fits[fits["success"]] if len(fits) else fits
        constant = fits[fits["theory"] == "two_point"] if len(fits) else fits
        if constant.empty:
            return Section(self.title, ("The two-point theory was fitted at no layer yet.",))
        run = self._run(0)
        balanced = {k: balanced_exponent(run, hidden_layer(k)) for k in range(run.hidden_layers)}
        return Section(
            self.title,
            paragraphs=(*self._paragraphs(fits, run),),
            claims=(
                _best_layer(constant, run),
                _ends_of_the_network(constant, run),
                _encoder_rate(constant, run),
                _decoder_rate(constant, run),
                _exponents(constant, balanced, run),
                _exponent_at_the_best(constant, balanced, run),
            ),
            plates=(
                Plate(
                    "layers",
                    draw_depth(fits, balanced, run.layer),
                    "Over the hidden layers: error of the fits, fitted rates and growth exponent of the network.",
                    "The theories fitted at every hidden layer: median over seeds and, shaded, their range. Top left: "
                    "sum of squared errors. Top right: how the hidden distance grows with that of the outputs, beside "
                    "a deep linear balanced network. Below: the two fitted rates. The grey line is the layer of the "
                    "trajectories.",
                ),
            ),
            tables=(_by_layer(fits, balanced),),
            answer=_answer(constant, run),
            holdings=tuple(
                Holding(f"layer {layer}{of}", theory, distances_r2(own[own["layer"] == layer]))
                for layer, of in ((0, " (first)"), (run.layer, ""), (run.hidden_layers - 1, " (last)"))
                for theory, own in ((theory, fits[fits["theory"] == theory]) for theory in self.theories)
            ),
        )

    def _paragraphs(self, fits: pd.DataFrame, run: TwoPoints) -> Iterator[str]:
        seeds = fits["seed"].nunique()
        yield (
            f"At which layer does the theory hold best? The networks of setting {self.setting} ({run.hidden_layers} "
            f"hidden layers of {run.width} units) are those of the study of trajectories; here the theories are fitted "
            f"at each hidden layer. Intervals: {interval_name(seeds)}."
        )
        expected = len(self.theories) * run.hidden_layers * seeds
        yield f"{len(fits)} of {expected} fits of the finished runs succeeded."
        yield (
            "Why depth matters: in a deep linear network with balanced weights the hidden distance after k of D layers "
            "of weights grows as the k/D-th power of the output distance. Constant rates give the power 1/2 in the "
            "rich limit, at every layer. They agree in the middle."
        )


def _best(fits: pd.DataFrame) -> pd.DataFrame:
    """The row of the layer with the smallest error, for each seed."""
    return fits.loc[fits.groupby("seed")["sse"].idxmin()]


def _at(fits: pd.DataFrame, layer: int, column: str) -> pd.Series:
    """A column at one layer, by seed."""
    return fits[fits["layer"] == layer].set_index("seed")[column]


def _best_layer(fits: pd.DataFrame, run: TwoPoints) -> Claim:
    layers = _best(fits)["layer"]
    low, high = (share * run.hidden_layers for share in _MIDDLE)
    inside = layers.between(low, high)
    best = " and ".join(str(run["best_layer"]) for run in recorded()["depth"]["runs"])
    return Claim(
        "The theory fits best in the middle of the network",
        f"The layer with the smallest SSE is between {low:g} and {high:g} in every seed.",
        (
            Verdict(
                run.name,
                f"best at layer {spread(layers)}, SSE there {spread(_best(fits)['sse'])}",
                bool(inside.all()) if inside.all() or not inside.any() else None,
                f"{int(inside.sum())} of {len(layers)} seeds inside",
                f"best at layer {best}",
            ),
        ),
    )


def _ends_of_the_network(fits: pd.DataFrame, run: TwoPoints) -> Claim:
    best = _best(fits).set_index("seed")["sse"]
    first, last = (_at(fits, layer, "sse") / best for layer in (0, run.hidden_layers - 1))
    known = "; ".join(
        f"{number(run['first'] / run['best'])} and {number(run['last'] / run['best'])}"
        for run in recorded()["depth"]["runs"]
    )
    ratios = pd.concat([first, last])
    missing, worst = int(ratios.isna().sum()), float(ratios.min())
    return Claim(
        "The error is far larger at the first and at the last layer than at the best",
        f"SSE at both ends over SSE at the best layer of the same seed: above {_STEEP:g} in every seed.",
        (
            Verdict(
                run.name,
                f"SSE at the first layer {spread(first)} times that at the best, at the last {spread(last)} times; "
                f"SSE {spread(_at(fits, 0, 'sse'))} and {spread(_at(fits, run.hidden_layers - 1, 'sse'))}",
                None if missing else worst > _STEEP,
                f"the smallest ratio of any seed is {number(worst)}"
                + (f"; {missing} of {len(ratios)} ends without a fit" if missing else ""),
                f"SSE {known} times (first and last layer)",
            ),
        ),
    )


def _encoder_rate(fits: pd.DataFrame, run: TwoPoints) -> Claim:
    """How much 1/tau_h moves up to the middle, and after it."""
    middle, last = run.hidden_layers // 2, run.hidden_layers - 1
    before = fits[fits["layer"] <= middle].groupby("seed")["rate_h"]
    times, moves = before.max() / before.min(), before.max() - before.min()
    at_middle, at_last = (_at(fits, layer, "rate_h") for layer in (middle, last))
    share = moves / (at_last - at_middle).abs()
    rise = at_last / at_middle
    then_steep = bool((rise > _STEEP).all() and (share < 1 / _STEEP).all())
    flat = bool((times < _STEEP).all())  # of itself, not only beside the rise
    return Claim(
        f"The encoder's rate 1/τ_h is flat, then rises steeply after layer {middle}",
        f"1/τ_h rises by more than {_STEEP:g} times from layer {middle} to {last}; up to layer {middle} it moves by "
        f"less than 1/{_STEEP:g} of that, and of itself (largest over smallest) by less than a factor of {_STEEP:g}; "
        "flat only beside the rise is undecided.",
        (
            Verdict(
                run.name,
                f"1/τ_h rises {spread(rise)} times after layer {middle}; before, it moves by {spread(share)} of that",
                None if rise.isna().any() or (then_steep and not flat) else then_steep,
                f"{'flat' if flat else 'not flat by itself'}: largest over smallest 1/τ_h before {spread(times)}",
            ),
        ),
    )


def _decoder_rate(fits: pd.DataFrame, run: TwoPoints) -> Claim:
    layers = fits.loc[fits.groupby("seed")["rate_y"].idxmax(), "layer"]
    low, high = (share * run.hidden_layers for share in _MIDDLE)
    inside = layers.between(low, high)
    return Claim(
        "The decoder's rate 1/τ_y peaks near the middle",
        f"The layer with the largest 1/τ_y is between {low:g} and {high:g} in every seed.",
        (
            Verdict(
                run.name,
                f"1/τ_y is largest at layer {spread(layers)}",
                bool(inside.all()) if inside.all() or not inside.any() else None,
                f"{int(inside.sum())} of {len(layers)} seeds inside",
            ),
        ),
    )


def _exponents(fits: pd.DataFrame, balanced: dict[int, float], run: TwoPoints) -> Claim:
    """The network's exponents against k/D."""
    known = fits.dropna(subset="exponent")
    off = (known["exponent"] - known["layer"].map(balanced)).abs()
    grows = known.groupby("seed")["exponent"].apply(lambda e: bool((np.diff(e) > 0).mean() > 0.9))
    middle = float(off.median()) if len(off) else np.nan
    return Claim(
        "The hidden distance grows as the k/D-th power of the output distance, as in a deep linear balanced network",
        "The power is within 0.05 of k/D at every layer k of D, in every seed.",
        (
            Verdict(
                run.name,
                f"power off k/D by {number(middle)} (median over layers and seeds), by {number(float(off.max()))} at "
                f"most; it grows with depth in {int(grows.sum())} of {len(grows)} seeds",
                None if np.isnan(middle) else bool(off.max() <= 0.05),
                f"the largest difference is {number(float(off.max()))}",
            ),
        ),
        of_paper=False,
    )


def _exponent_at_the_best(fits: pd.DataFrame, balanced: dict[int, float], run: TwoPoints) -> Claim:
    found = _best(fits)["exponent"]
    off = (found - 0.5).abs()
    return Claim(
        "The theory fits best where that power passes the 1/2 of constant rates",
        "The power at the layer with the smallest SSE is within 0.1 of 0.5 in every seed.",
        (
            Verdict(
                run.name,
                f"power {spread(found)} at the best layer",
                None if found.isna().any() else bool((off <= 0.1).all()),
                f"k/D there is {spread(_best(fits)['layer'].map(balanced))}",
            ),
        ),
        of_paper=False,
    )


def _answer(fits: pd.DataFrame, run: TwoPoints) -> str:
    """Where the theory fits best, and how much worse at the ends."""
    best = _best(fits)
    first, last = (_at(fits, layer, "sse") / best.set_index("seed")["sse"] for layer in (0, run.hidden_layers - 1))
    return (
        f"Two constant rates fit best at layer {spread(best['layer'])} of 0 to {run.hidden_layers - 1}; the SSE at the "
        f"first layer is {spread(first)} times that, at the last {spread(last)} times."
    )


def _by_layer(fits: pd.DataFrame, balanced: dict[int, float]) -> Table:
    lines: list[dict[str, str]] = []
    for layer, at_layer in fits.groupby("layer"):
        constant, growing = (at_layer[at_layer["theory"] == name] for name in ("two_point", "growing_rates"))
        lines.append(
            {
                "layer": f"{layer}",
                "SSE": spread(constant["sse"]),
                "SSE, growing rates": spread(growing["sse"]),
                "1/tau_h": spread(constant["rate_h"]),
                "1/tau_y": spread(constant["rate_y"]),
                "R² of dh2": spread(constant["r2_dh2"]),
                "exponent": spread(constant["exponent"].astype(float)),
                "k/D": number(balanced[int(str(layer))]),
            }
        )
    caption = "Fits at every hidden layer: sum of squared errors, rates (constant rates; per training step), exponent."
    return Table(caption, pd.DataFrame(lines))
