"""The context task: does a network lay out what a context asks for, or keep the grid of its input?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from repdyn.numeric import named
from repdyn.numeric.agreement import agreement
from repdyn.numeric.distances import Distances

from ..figures.context import draw_embeddings, draw_task_axes
from ..settings import Context, Fits, override
from ..sweep.trial import Trial
from ..trials.context import inputs
from .claim import Claim, Verdict, tested
from .end_states import end_distances
from .holding import Holding
from .spread import interval_name, spread
from .study import Plate, Results, Section, Study, Table, size

THEORIES = ("two_point", "growing_rates")
"""What is fitted. The theory without the ansatz (scalar_output) is the two-point theory where gram is not known."""

_DRAWN = 1500
"""Pairs that are drawn, of the many that are compared."""

_SOLVED = 500
"""Pairs, about, whose end is told by growing rates: it is the root of an equation, a few milliseconds each."""

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
            return Section(self.title, (_QUESTION, "No network is trained yet: there is nothing to compare."))
        for stage in ("start", "end"):
            values[f"compression_{stage}"] = values[f"irrelevant_{stage}"] / values[f"relevant_{stage}"]
        fits = results.table("fits", "fits")
        ratios = rate_ratios(fits)
        ends = end_states(results, ratios, growing_coefficients(fits, results.table("context", "trajectory")))
        scores = agreements(ends)
        return Section(
            self.title,
            (
                _QUESTION,
                _READING,
                _GEOMETRY,
                _METHOD,
                *self._training(),
                *_ratios_text(ratios),
                *_growing_text(fits),
                f"Intervals: {interval_name(self.seeds)}.",
            ),
            tuple(
                replace(claim, verdicts=tuple(replace(v, by=v.by + self._shortened()) for v in claim.verdicts))
                for claim in tested(*_axes_claims(values), _end_claim(scores))
            ),
            tuple(self._plates(results, values, ends)),
            (_geometry_table(values), *([_scores_table(scores)] if len(scores) else [])),
            _answer(values),
            tuple(
                Holding(str(setting), str(theory), float(own["r2"].median()))
                for (setting, theory), own in (scores.groupby(["setting", "theory"], sort=False) if len(scores) else ())
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
        shown = pd.concat([_of(embedding, name, int(first[name])) for name in order])
        ends = _two_point(ends)
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


def _fitted(trained: Trial, theories: tuple[str, ...]) -> Trial:
    """The theories, fitted to the pairs that were followed in a network."""
    setting = trained.configuration
    assert isinstance(setting, Context)
    fits = Fits(name=setting.name, seed=setting.seed, theories=theories, layers=(setting.layer,))
    return Trial(fits, (trained,))


def _of(rows: pd.DataFrame, setting: str, seed: int) -> pd.DataFrame:
    return rows[(rows["setting"] == setting) & (rows["seed"] == seed)]


def rate_ratios(fits: pd.DataFrame) -> pd.DataFrame:
    """The ratio of the two-point theory's rates in each network: the median over the pairs whose fit succeeded.

    Args:
        fits: the table ``fits`` of the trials :class:`Fits`, with setting and seed.

    Returns:
        Columns setting, seed, ratio (rate_h over rate_y), low, high (its quartiles), fitted and failed (pairs).
    """
    rows: list[dict[str, Any]] = []
    constant = fits[fits["theory"] == "two_point"] if len(fits) else fits
    for (setting, seed), own in constant.groupby(["setting", "seed"], sort=False) if len(constant) else ():
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


def growing_coefficients(fits: pd.DataFrame, trajectory: pd.DataFrame) -> pd.DataFrame:
    """The coefficients of growing rates in each network: medians over the pairs whose fit succeeded.

    Args:
        fits: the table ``fits`` of the trials :class:`Fits`, with setting and seed.
        trajectory: the table of the pairs that were followed, with setting and seed, for their dx2.

    Returns:
        Columns setting, seed, rate_h, growth_h, rate_y, growth_y; growth_h per squared slope, as at dx2 = 1.
    """
    names = ["rate_h", "growth_h", "rate_y", "growth_y"]
    columns = ["setting", "seed", *names]
    if fits.empty or trajectory.empty:
        return pd.DataFrame(columns=columns)
    kept = fits[(fits["theory"] == "growing_rates") & fits["success"].astype(bool)]
    distances = trajectory[["setting", "seed", "pair", "dx2"]].drop_duplicates()
    kept = kept.drop(columns=names, errors="ignore").rename(columns={f"fitted_{name}": name for name in names})
    kept = kept.reindex(columns=["pair", *columns]).merge(distances, on=["setting", "seed", "pair"])
    kept = kept.assign(growth_h=kept["growth_h"] * kept["dx2"])
    return kept.groupby(["setting", "seed"], sort=False)[names].median().reset_index()


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

    def squares(points: ArrayLike) -> NDArray[np.float64]:
        return Distances(points, points).squares()[first, second]

    return pd.DataFrame(
        {
            "dx2": squares(inputs(start)),
            "dy2_target": dy_target**2,
            "dh2_start": squares(start[units].to_numpy(np.float64)),
            "dy2_start": dy**2,
            "w_start": dy * (dy - dy_target),
            "dh2_end": squares(end[units].to_numpy(np.float64)),
        }
    )


def end_states(results: Results, ratios: pd.DataFrame, growing: pd.DataFrame) -> pd.DataFrame:
    """The kept pairs of each network, all by two constant rates and every few by growing ones.

    Args:
        results: of the networks.
        ratios: as :func:`rate_ratios`.
        growing: as :func:`growing_coefficients`.

    Returns:
        Columns setting, seed, theory, start, measured, predicted.
    """
    parts: list[pd.DataFrame] = []
    hidden = results.table("context", "hidden")
    known: list[tuple[str, int, str, dict[str, float]]] = [
        *(
            (str(row["setting"]), int(row["seed"]), "two_point", {"rate_h": float(row["ratio"]), "rate_y": 1.0})
            for row in ratios.to_dict("records")
        ),
        *(
            (
                str(row["setting"]),
                int(row["seed"]),
                "growing_rates",
                {"gram": 0.0, **{x: float(row[x]) for x in ("rate_h", "growth_h", "rate_y", "growth_y")}},
            )
            for row in growing.to_dict("records")
        ),
    ]
    for setting, seed, theory, coefficients in known:
        kept = _of(hidden, setting, seed) if len(hidden) else hidden
        if kept.empty:  # the fits are there, the network is not
            continue
        pairs = pairs_of(kept)
        if named(theory).final is None:  # each end is the root of an equation
            pairs = pairs.iloc[:: max(1, len(pairs) // _SOLVED)]
        parts.append(
            pd.DataFrame(
                {
                    "setting": setting,
                    "seed": seed,
                    "theory": theory,
                    "start": pairs["dh2_start"],
                    "measured": pairs["dh2_end"],
                    "predicted": end_distances(pairs, coefficients, theory),
                }
            )
        )
    columns = ["setting", "seed", "theory", "start", "measured", "predicted"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def agreements(ends: pd.DataFrame) -> pd.DataFrame:
    """r, relative error and R² of each network's distances, of each theory and of no change (start_r, start_error)."""
    rows: list[dict[str, Any]] = []
    for (setting, seed, theory), own in ends.groupby(["setting", "seed", "theory"], sort=False):
        end, start = (agreement(own[name], own["measured"]) for name in ("predicted", "start"))
        rows.append(
            {
                "setting": setting,
                "seed": seed,
                "theory": theory,
                "r": end.pearson,
                "error": end.error,
                "r2": end.r2,
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
    "takes every pair to be alone in the data set, which 1,800 inputs in one network are not. Rates that grow are "
    "fitted to the same pairs and the medians of their coefficients are used, that of the encoder's growth per squared "
    "slope. The area that Δh and the decoder's gradient span (gram) is fitted to a pair but not known of the others, "
    "where it is taken to be 0; without it the theory without the ansatz is the two-point theory, so that it has no "
    "row of its own."
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


def _growing_text(fits: pd.DataFrame) -> tuple[str, ...]:
    growing = fits[fits["theory"] == "growing_rates"] if len(fits) else fits
    said = [
        f"{setting}: {int((~own['success'].astype(bool)).sum())} of {len(own)} failed"
        for setting, own in (growing.groupby("setting", sort=False) if len(growing) else ())
    ]
    where = "a network without one that succeeded has no prediction"
    return (f"Fits of growing rates ({where}): {'; '.join(said)}.",) if said else ()


def _decided(met: pd.Series[bool]) -> bool | None:
    """What all networks agree on, or None."""
    return bool(met.all()) if met.all() == met.any() else None


def _axes_claims(values: pd.DataFrame) -> tuple[Claim, ...]:
    rich, lazy = (values[values["setting"] == name] for name in ("rich", "lazy"))
    variance = "Variance that the irrelevant feature explains over that of the relevant one"
    return (
        Claim(
            "In rich training the task axes of the two contexts are orthogonal",
            f"The angle of the axes is at least {_ORTHOGONAL} degrees (90 is orthogonal) in every network.",
            _measured(rich, "angle_end", rich["angle_end"] >= _ORTHOGONAL, "angle {} degrees"),
        ),
        Claim(
            "In rich training what the context does not ask for is dropped",
            f"{variance}: below {_DROPPED} in every network.",
            _measured(rich, "compression_end", rich["compression_end"] < _DROPPED, "variance ratio {}"),
        ),
        Claim(
            "In lazy training the grid of the input is kept",
            f"{variance}: above {_KEPT} in every network.",
            _measured(lazy, "compression_end", lazy["compression_end"] > _KEPT, "variance ratio {}"),
        ),
    )


def _measured(own: pd.DataFrame, column: str, met: pd.Series[bool], form: str) -> tuple[Verdict, ...]:
    """The verdict of the networks of one setting, or none if there are none; ``form`` names the number."""
    if own.empty:
        return ()
    at_start = form.format(spread(own[column.replace("_end", "_start")]))
    return (
        Verdict(
            str(own["setting"].iloc[0]),
            form.format(spread(own[column])),
            _decided(met),
            f"{int(met.sum())} of {len(met)} networks; at the start {at_start}; the loss went from "
            f"{spread(own['loss_start'])} to {spread(own['loss_end'])}",
        ),
    )


def _end_claim(scores: pd.DataFrame) -> Claim:
    return Claim(
        "The end states of the two-point theory say where pairs of inputs end",
        "Relative error of the predicted squared distances: smaller than that of no change at all, in every network.",
        tuple(
            Verdict(
                str(setting),
                f"relative error {spread(own['error'])}, r = {spread(own['r'])}",
                _decided(own["error"] < own["start_error"]),
                f"no change at all has relative error {spread(own['start_error'])}, r = {spread(own['start_r'])}",
            )
            for setting, own in (_two_point(scores).groupby("setting", sort=False) if len(scores) else ())
        ),
        of_paper=False,
    )


def _answer(values: pd.DataFrame) -> str:
    """What is left of the irrelevant feature in each setting."""
    medians = values.groupby("setting", sort=False)[["compression_end", "angle_end"]].median()
    said = [
        f"{row['compression_end']:.2g} ({setting}, axes at {row['angle_end']:.0f} degrees)"
        for setting, row in medians.iterrows()
    ]
    return f"The irrelevant feature ends with this share of the relevant one's variance: {', '.join(said)}."


def _two_point(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["theory"] == "two_point"]


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
            "theory": theory,
            "r": spread(own["r"]),
            "relative error": spread(own["error"]),
            "r of no change": spread(own["start_r"]),
            "relative error of no change": spread(own["start_error"]),
        }
        for setting, of_setting in scores.groupby("setting", sort=False)
        for theory, own in of_setting.groupby("theory", sort=False)
    ]
    return Table(
        f"Predicted against measured squared distances: all pairs of 200 inputs, about {_SOLVED} for growing rates",
        pd.DataFrame(rows),
    )
