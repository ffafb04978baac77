"""The context task: does a network lay out what a context asks for, or keep the grid of its input?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist

from ..context import Context, inputs
from ..figures.context import draw_embeddings, draw_task_axes
from ..fits import Fits
from ..sweep.trial import Trial
from .agreement import agreement
from .end_states import end_distances
from .spread import interval_name, spread
from .study import Plate, Results, Section, Study, Table, Verdict, size

_DRAWN = 1500
"""Pairs that are drawn, of the many that are compared."""

_ORTHOGONAL, _DROPPED, _KEPT = 75, 0.1, 0.5
"""The angle from which on axes count as orthogonal; below and above which a feature counts as dropped and as kept."""


@dataclass(frozen=True)
class ContextTask(Study):
    """Networks of three gains on the context task, and the two-point theory fitted to pairs of each."""

    name: ClassVar[str] = "context"
    title: ClassVar[str] = "The context task: task axes or the grid of the input"

    settings: tuple[Mapping[str, Any], ...] = size((), "fields of Context, with a name")
    seeds: int = size(1, "networks a setting")
    speed: float = size(1.0, "factor on the learning rate; steps are divided by it")
    share: float = size(1.0, "share of the listed steps that is trained")

    def trials(self) -> list[Trial]:
        trained = [Trial(self._at(Context(**values), seed)) for seed in range(self.seeds) for values in self.settings]
        return [*trained, *(_fitted(trial) for trial in trained)]

    def _at(self, setting: Context, seed: int) -> Context:
        steps = round(setting.steps * self.share / self.speed)
        return replace(setting, seed=seed, lr=setting.lr * self.speed, steps=steps)

    def section(self, results: Results) -> Section:
        values = results.values("context")
        if values.empty:
            return Section(self.title, (_QUESTION, "No network is trained yet: there is nothing to compare."))
        for stage in ("start", "end"):
            values[f"compression_{stage}"] = values[f"irrelevant_{stage}"] / values[f"relevant_{stage}"]
        ratios = rate_ratios(results.table("fits", "fits"))
        ends = end_states(results, ratios)
        scores = agreements(ends)
        return Section(
            self.title,
            (
                _QUESTION,
                _READING,
                _GEOMETRY,
                _METHOD,
                *_ratios_text(ratios),
                f"Intervals: {interval_name(self.seeds)}.",
            ),
            (*_axes_verdicts(values), *_end_verdicts(scores)),
            tuple(self._plates(results, values, ends)),
            (_geometry_table(values), *([_scores_table(scores)] if len(scores) else [])),
        )

    def _plates(self, results: Results, values: pd.DataFrame, ends: pd.DataFrame) -> list[Plate]:
        listed = [Context(**of) for of in self.settings]
        gains = {setting.name: f"{setting.name} (gain {setting.gain:g})" for setting in listed}
        order = [name for name in gains if (values["setting"] == name).any()]
        titles = [gains[name] for name in order]
        first = values.groupby("setting")["seed"].min()
        embedding = results.table("context", "embedding")
        shown = pd.concat([_of(embedding, name, int(first[name])) for name in order])
        drawn = [_of(ends, name, int(first[name])) for name in order] if len(ends) else [ends]
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
                "training for each gain, and predicted against measured squared distances.",
                "Top: the angle of the relevant axes of the two contexts, and the variance of the irrelevant feature "
                "over that of the relevant one, before and after training, a dot a network, a line at the median. "
                "Bottom: squared hidden distances that the two-point theory predicts against those measured, some "
                "pairs of one network a gain.",
            ),
        ]


def _fitted(trained: Trial) -> Trial:
    """The two-point theory, fitted to the pairs that were followed in a network."""
    setting = trained.configuration
    assert isinstance(setting, Context)
    fits = Fits(name=setting.name, seed=setting.seed, theories=("two_point",), layers=(setting.layer,))
    return Trial(fits, (trained,))


def _of(rows: pd.DataFrame, setting: str, seed: int) -> pd.DataFrame:
    return rows[(rows["setting"] == setting) & (rows["seed"] == seed)]


def rate_ratios(fits: pd.DataFrame) -> pd.DataFrame:
    """The ratio of the two rates in each network: the median over the pairs whose fit succeeded.

    Args:
        fits: the table ``fits`` of the trials :class:`Fits`, with setting and seed.

    Returns:
        Columns setting, seed, ratio (rate_h over rate_y), low, high (its quartiles), fitted and failed (pairs).
    """
    rows: list[dict[str, Any]] = []
    for (setting, seed), own in fits.groupby(["setting", "seed"], sort=False) if len(fits) else ():
        kept = own[own["success"].astype(bool)]
        if len(kept):
            low, middle, high = np.percentile(kept["rate_h"] / kept["rate_y"], [25, 50, 75])
            rows.append(
                {
                    "setting": setting,
                    "seed": seed,
                    "ratio": middle,
                    "low": low,
                    "high": high,
                    "fitted": len(kept),
                    "failed": len(own) - len(kept),
                }
            )
    return pd.DataFrame(rows)


def pairs_of(hidden: pd.DataFrame) -> pd.DataFrame:
    """All pairs of the points that one network kept.

    Args:
        hidden: the table ``hidden`` of one trial: the same points in the same order at the start and at the end.

    Returns:
        Columns dx2, dy2_target, dh2_start, dy2_start, w_start and dh2_end, a row a pair.
    """
    stages = {str(stage): rows.reset_index(drop=True) for stage, rows in hidden.groupby("stage")}
    start, end = stages["start"], stages["end"]
    units = list(hidden.filter(regex=r"^h\d+$"))
    first, second = np.triu_indices(len(start), 1)
    target, y = (start[name].to_numpy(np.float64) for name in ("target", "y"))
    dy, dy_target = y[second] - y[first], target[second] - target[first]
    return pd.DataFrame(
        {
            "dx2": pdist(inputs(start), "sqeuclidean"),
            "dy2_target": dy_target**2,
            "dh2_start": pdist(start[units].to_numpy(np.float64), "sqeuclidean"),
            "dy2_start": dy**2,
            "w_start": dy * (dy - dy_target),
            "dh2_end": pdist(end[units].to_numpy(np.float64), "sqeuclidean"),
        }
    )


def end_states(results: Results, ratios: pd.DataFrame) -> pd.DataFrame:
    """Columns setting, seed, start, measured, predicted: all kept pairs of each network that has a ratio of rates."""
    parts: list[pd.DataFrame] = []
    hidden = results.table("context", "hidden")
    for row in ratios.to_dict("records"):
        setting, seed = str(row["setting"]), int(row["seed"])
        kept = _of(hidden, setting, seed) if len(hidden) else hidden
        if kept.empty:  # the fits are there, the network is not
            continue
        pairs = pairs_of(kept)
        parts.append(
            pd.DataFrame(
                {
                    "setting": setting,
                    "seed": seed,
                    "start": pairs["dh2_start"],
                    "measured": pairs["dh2_end"],
                    "predicted": end_distances(pairs, {"rate_h": float(row["ratio"]), "rate_y": 1.0}),
                }
            )
        )
    columns = ["setting", "seed", "start", "measured", "predicted"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def agreements(ends: pd.DataFrame) -> pd.DataFrame:
    """r and relative error of each network's distances, of the theory and of no change (start_r, start_error)."""
    rows: list[dict[str, Any]] = []
    for (setting, seed), own in ends.groupby(["setting", "seed"], sort=False):
        theory, start = (agreement(own[name], own["measured"]) for name in ("predicted", "start"))
        rows.append(
            {
                "setting": setting,
                "seed": seed,
                "r": theory.pearson,
                "error": theory.error,
                "start_r": start.pearson,
                "start_error": start.error,
            }
        )
    return pd.DataFrame(rows)


_QUESTION = (
    "A picture of 5 x 5 pixels shows a blob at (mx, my), and a context says which of the two is asked for. Does a "
    "network lay out the relevant feature of each context on an axis of its own and drop the other one (rich), or "
    "does it keep the grid of its input (lazy)?"
)
_READING = (
    "30 x 30 positions from -1 to 1 in two contexts, 1,800 inputs of 25 pixels that sum to 1 and a one-hot context; "
    "minibatches of 64. The paper lists tanh; its networks were run with leaky ReLU, and so are these. It does not "
    "say where the pixels are: here they are 1 apart, which is the width of the blob. With the pixels from -1 to 1 "
    "the smallest gain learns nothing in its 2,000 epochs."
)
_GEOMETRY = (
    "In each context h is regressed on mx and my. The angle is that of the mx axis in context 1 and the my axis in "
    "context 2, the two relevant axes: 90 degrees if they are orthogonal, 0 if both contexts share one axis. It does "
    "not tell rich from lazy by itself: mx and my are orthogonal in the input already, and the theory of pairs expects "
    "one shared axis, since points with the same target merge whatever their context. What does is the variance that "
    "the irrelevant feature explains, by any function of it, over that of the relevant one: about 1 in the grid of "
    "the input and 0 if it is dropped."
)
_METHOD = (
    "The theory's distances are the end states of all pairs of 200 inputs from their own starts. Only the ratio of "
    "the two rates matters. It is not taken from another architecture: the two-point theory is fitted to 20 pairs "
    "that are followed in training, and the median of their ratios is used for all pairs of that network. The theory "
    "takes every pair to be alone in the data set, which 1,800 inputs in one network are not."
)


def _ratios_text(ratios: pd.DataFrame) -> tuple[str, ...]:
    if ratios.empty:
        return ("No fit is done yet, so no distance is predicted.",)
    said = [
        f"{setting}: {spread(own['ratio'])}, where the middle half of the pairs of a network spreads by a factor of "
        f"{spread(own['high'] / own['low'])}, and {int(own['failed'].sum())} of "
        f"{int((own['fitted'] + own['failed']).sum())} fits failed"
        for setting, own in ratios.groupby("setting", sort=False)
    ]
    return (f"Ratio of the rates, τ_y/τ_h. {'; '.join(said)}.",)


def _decided(met: pd.Series[bool]) -> bool | None:
    """What all networks agree on, or None."""
    return bool(met.all()) if met.all() == met.any() else None


def _axes_verdicts(values: pd.DataFrame) -> list[Verdict]:
    found: list[Verdict] = []
    for setting, own in values.groupby("setting", sort=False):
        angle, compression = own["angle_end"], own["compression_end"]
        now = (
            f"at the start {spread(own['angle_start'])} degrees and {spread(own['compression_start'])}; the loss "
            f"went from {spread(own['loss_start'])} to {spread(own['loss_end'])}"
        )
        if setting == "rich":
            met = angle >= _ORTHOGONAL
            found += [
                Verdict(
                    "rich: the task axes of the two contexts are orthogonal",
                    f"an angle of 90 degrees; at least {_ORTHOGONAL} counts",
                    f"{spread(angle)} degrees",
                    _decided(met),
                    f"{int(met.sum())} of {len(met)} networks; {now}",
                ),
                Verdict(
                    "rich: what the context does not ask for is dropped",
                    f"irrelevant over relevant variance below {_DROPPED}",
                    spread(compression),
                    _decided(compression < _DROPPED),
                    f"{int((compression < _DROPPED).sum())} of {len(own)} networks",
                ),
            ]
        if setting == "lazy":
            met = compression > _KEPT
            found.append(
                Verdict(
                    "lazy: the grid of the input is kept",
                    f"irrelevant over relevant variance above {_KEPT}",
                    spread(compression),
                    _decided(met),
                    f"{int(met.sum())} of {len(met)} networks; {now}",
                )
            )
    return found


def _end_verdicts(scores: pd.DataFrame) -> list[Verdict]:
    return [
        Verdict(
            f"{setting}: the end states of the two-point theory say where pairs end",
            "a smaller relative error than that of no change at all",
            f"relative error {spread(own['error'])}, r = {spread(own['r'])}",
            _decided(own["error"] < own["start_error"]),
            f"no change has {spread(own['start_error'])}, r = {spread(own['start_r'])}",
        )
        for setting, own in (scores.groupby("setting", sort=False) if len(scores) else ())
    ]


def _geometry_table(values: pd.DataFrame) -> Table:
    rows = [
        {
            "setting": setting,
            "stage": stage,
            "loss": spread(own[f"loss_{stage}"]),
            "angle, degrees": spread(own[f"angle_{stage}"]),
            "relevant share": spread(own[f"relevant_{stage}"]),
            "irrelevant share": spread(own[f"irrelevant_{stage}"]),
            "stress in 3-d": spread(own["stress"]) if stage == "end" else "",
        }
        for setting, own in values.groupby("setting", sort=False)
        for stage in ("start", "end")
    ]
    return Table("The representation before and after training", pd.DataFrame(rows))


def _scores_table(scores: pd.DataFrame) -> Table:
    rows = [
        {
            "setting": setting,
            "r": spread(own["r"]),
            "relative error": spread(own["error"]),
            "r of no change": spread(own["start_r"]),
            "relative error of no change": spread(own["start_error"]),
        }
        for setting, own in scores.groupby("setting", sort=False)
    ]
    return Table("Predicted against measured squared distances, all pairs of 200 inputs", pd.DataFrame(rows))
