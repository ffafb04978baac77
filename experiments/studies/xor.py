"""XOR: distance matrices of four points against both theories' end states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric import named
from repdyn.numeric.agreement import agreement

from ..figures.xor import draw_xor
from ..settings import Xor, override
from ..sweep.trial import Trial
from ..tasks.xor import data
from .claim import Claim, Verdict, tested
from .end_states import end_distances
from .fitted_ends import FITTED, Learnt, beside_claim, errors_text, fitted_ends, held, numbers_fitted, theory_name
from .holding import Holding
from .recorded import beside_recorded, recorded
from .spread import interval_name, number, spread
from .study import Plate, Results, Section, Study, Table, size
from .two_point_runs import fitted, two_points

RATES_FROM = "default"
"""The two-point setting whose rates are taken over."""

_LEAST = {"rich": 0.99, "lazy": 0.999}
"""The r from which on a setting counts as predicted."""

_MOST = {"shallow": 0.9}
"""The r up to which a setting counts as not predicted."""

_TIMES = 2.0
"""A relative error up to so many times the recorded one is of its size."""

_LEARNT = 0.5
"""The share of dy2 from which on a network counts as one that has learnt."""

_LONG = "_long"
"""What the names of settings end in that are trained for longer than the paper lists."""


@dataclass(frozen=True)
class XorMatrices(Study):
    """Four networks that learn XOR, and their six distances."""

    name: ClassVar[str] = "xor"
    title: ClassVar[str] = "XOR: distance matrices of four points"

    settings: tuple[Mapping[str, Any], ...] = size((), "fields of Xor, with a name")
    seeds: int = size(1, "networks a setting")
    speed: float = size(1.0, "factor on the learning rate; steps are divided by it")
    fits: int = size(1, "two-point networks of which the rates are the means")
    fit_speed: float = size(1.0, "factor on their learning rate; their steps are divided by it")

    def trials(self) -> list[Trial]:
        rates = [fitted(two_points(RATES_FROM, seed=seed, speed=self.fit_speed)) for seed in range(self.fits)]
        return rates + [
            Trial(self._at(override(Xor(), values), seed)) for seed in range(self.seeds) for values in self.settings
        ]

    def _at(self, setting: Xor, seed: int) -> Xor:
        return replace(setting, seed=seed, lr=setting.lr * self.speed, steps=round(setting.steps / self.speed))

    def section(self, results: Results) -> Section:
        pairs = results.table("xor", "pairs")
        fits = results.table("fits", "fits")
        if pairs.empty or fits.empty:
            return Section(self.title, (_QUESTION, "The trials are not done: there is nothing to compare yet."))
        coefficients = mean_coefficients(fits)
        ends = pd.concat([end_states(pairs, coefficients), fitted_end_states(results)], ignore_index=True)
        scores, learnt = agreements(ends), _learnt(pairs)
        return Section(
            self.title,
            (
                _QUESTION,
                _METHOD,
                *self._training(),
                _rates_text(coefficients, fits),
                _CAUTION,
                _COLLECTIVE,
                f"Intervals: {interval_name(self.seeds)}.",
            ),
            _claims(scores, learnt),
            tuple(_plates(ends, [str(values["name"]) for values in self.settings], self.speed)),
            (_scores_table(scores), _learnt_table(results.values("xor"), learnt)),
            _answer(scores, learnt),
            tuple(
                Holding(str(setting), str(theory), float(_that_learnt(own, learnt)["r2"].median()))
                for (setting, theory), own in held(scores).groupby(["setting", "theory"], sort=False)
            ),
        )

    def _training(self) -> tuple[str, ...]:
        """How the speed differs from the listed one; nothing if it does not."""
        networks = (("The networks that learn XOR", self.speed), ("The networks that give the rates", self.fit_speed))
        said = [
            f"{which} are trained {speed:g} times as fast as listed, in as many fewer steps."
            for which, speed in networks
            if speed != 1
        ]
        return (" ".join(said),) if said else ()


def mean_coefficients(fits: pd.DataFrame) -> dict[str, dict[str, float]]:
    """The coefficients of each theory, means over the fits that succeeded; gram, which belongs to a pair, is left out.

    Args:
        fits: the table ``fits`` of the trials :class:`Fits`.
    """
    found: dict[str, dict[str, float]] = {}
    for theory, rows in fits[fits["success"].astype(bool)].groupby("theory", sort=False):
        names = [x.name for x in named(str(theory)).coefficients if x.name != "gram"]
        found[str(theory)] = {name: float(rows[f"fitted_{name}"].mean()) for name in names}
    return found


def end_states(pairs: pd.DataFrame, coefficients: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """What each theory says of each pair beside what was measured.

    Args:
        pairs: the table ``pairs`` of the trials, with setting and seed.
        coefficients: those of each theory, by its name.

    Returns:
        A row for each setting, seed, pair and theory: columns setting, seed, pair, theory, start, measured, predicted.
    """
    kept = pairs[["setting", "seed", "pair"]].assign(start=pairs["dh2_start"], measured=pairs["dh2_end"])
    parts = [
        kept.assign(theory=theory, predicted=end_distances(pairs, values, theory))
        for theory, values in coefficients.items()
    ]
    return pd.concat(parts, ignore_index=True)


def fitted_end_states(results: Results) -> pd.DataFrame:
    """What both theories say with numbers fitted to each network's own distances: columns as :func:`end_states`."""
    inputs, targets = data()
    parts: list[pd.DataFrame] = []
    for trial, outcome in results.finished(Xor.experiment).items():
        setting, pairs = cast(Xor, trial.configuration), outcome.tables["pairs"]
        found = fitted_ends(pairs, Learnt(inputs, targets, last_outputs(pairs), setting.nonlinearity))
        labels = np.tile(pairs["pair"], len(FITTED))
        parts.append(found.assign(setting=setting.name, seed=setting.seed, pair=labels))
    return pd.concat(parts, ignore_index=True)


def last_outputs(pairs: pd.DataFrame) -> NDArray[np.float64]:
    """The outputs for the four points at the end, less that for the first, shape (4, 1).

    What of dy is along dy* is ``dy . dy* = dy2 - w``; with one output and targets 0 and 1 that is all of it.

    Args:
        pairs: the table ``pairs`` of one trial.
    """
    along = dict(zip(pairs["pair"], pairs["dy2_end"] - pairs["w_end"], strict=True))
    return np.array([[0.0], [along["00-01"]], [along["00-10"]], [along["00-01"] - along["01-11"]]])


def agreements(ends: pd.DataFrame) -> pd.DataFrame:
    """How each network's six distances agree: setting, seed, theory, r (Pearson's), error (relative), r2, start_r."""
    rows: list[dict[str, Any]] = []
    for (setting, seed, theory), found in ends.groupby(["setting", "seed", "theory"], sort=False):
        end, start = (agreement(found[name], found["measured"]) for name in ("predicted", "start"))
        scores = {"r": end.pearson, "error": end.error, "r2": end.r2, "start_r": start.pearson}
        rows.append({"setting": setting, "seed": seed, "theory": theory, **scores})
    return pd.DataFrame(rows)


_QUESTION = (
    "Four points, (0, 0), (0, 1), (1, 0) and (1, 1), with the targets 0, 1, 1 and 0: which of them does a network "
    "represent alike? Rich training should keep only what the targets say, lazy training the distances at the start."
)
_METHOD = (
    "Each of the six squared distances is predicted from its own start by the end state of the theory, "
    "A/2 + sqrt(A²/4 + A_low²). Only the ratio of the two rates matters for it, so that the learning rate, which "
    "differs between the settings, does not; as in the paper the ratio is that of another network, the setting "
    "default trained on two points, whatever the depth and the gain of the network that learns XOR. The theories "
    "without the ansatz also need the area that Δh and the decoder's gradient span at the start (gram), which is "
    "measured in each network for each pair, not fitted."
)
_CAUTION = (
    "A correlation says little here. The prediction has six numbers in two groups, two pairs with equal targets and "
    "four without, so that r is near 1 almost by construction as soon as the network parts the groups; and in the "
    "lazy setting the prediction is the start, so that r says that nothing moved. The relative error, the root of the "
    "summed squared differences over that of the summed squared measured distances, says whether the sizes are right. "
    "The paper's numbers of steps do not train every network to the end: see what has been learnt in the last table. "
    "The settings that end in _long train for longer, which the paper does not."
)

_COLLECTIVE = (
    "The collective theory takes the four points together: their inner products end as K #ₐ YYᵀ, beside what is left "
    "of the start. With one output that is a multiple of YYᵀ for any kernel K that can express it, and no place a can "
    "be told: the distances are those of the outputs, (y_i - y_j)². With the targets that is the rich end of the "
    "theory of pairs, since |Δx| is 1 for all pairs that differ, so that what is said of r holds of it too, and a rich "
    "network that has learnt does not tell the theories apart. How much is learnt and how much of the start is left "
    "are fitted to the distances, two numbers to six; beside it the theory of pairs with as many fitted to the same. "
    "The picture of all theories has it with its two numbers, the theories of pairs with rates from another network."
)


def _rates_text(coefficients: Mapping[str, Mapping[str, float]], fits: pd.DataFrame) -> str:
    rows = fits[(fits["theory"] == "two_point") & fits["success"].astype(bool)]
    failed = int((~fits["success"].astype(bool)).sum())
    ratios = spread(rows["fitted_rate_y"] / rows["fitted_rate_h"])
    mean = coefficients.get("two_point", {})
    said = f"The ratio τ_h/τ_y of the two-point theory is {ratios}, and that of the means which is used here "
    said += f"{mean['rate_y'] / mean['rate_h']:.3g}." if mean else "is not known."
    return said + (f" {failed} fits failed and are left out." if failed else " No fit failed.")


def _claims(scores: pd.DataFrame, learnt: Mapping[tuple[str, int], float]) -> tuple[Claim, ...]:
    predicted: list[Verdict] = []
    failing: list[Verdict] = []
    sizes: list[Verdict] = []
    for setting, own in scores[scores["theory"] == "two_point"].groupby("setting", sort=False):
        name = str(setting)
        kind = name.removesuffix(_LONG)
        if kind in recorded()["xor"]:
            kept = _that_learnt(own, learnt)
            if kind in _LEAST:
                predicted.append(_pattern(name, own, kept, kept["r"] >= _LEAST[kind]))
            else:
                failing.append(_pattern(name, own, kept, ~(kept["r"] > _MOST[kind])))
            sizes.append(_size(name, own, kept))
    counted = _that_learnt(scores, learnt)
    of = "Pearson's r of the six predicted with the six measured squared distances"
    least = ", ".join(f"{value} in {kind}" for kind, value in _LEAST.items())
    return tested(
        Claim(
            "The theory predicts the pattern of the distances, in rich and in lazy training",
            f"{of}: at least {least}, in every network that has learnt.",
            tuple(predicted),
        ),
        Claim(
            "One hidden layer is too few for the theory, which fails there",
            f"{of}: at most {_MOST['shallow']} in every network that has learnt.",
            tuple(failing),
        ),
        Claim(
            "The sizes of the distances are off by no more than in a re-run of the authors' procedure",
            "Relative error, the root of the summed squared differences over that of the summed squared measured "
            f"distances: its median is at most {_TIMES:g} times the recorded one, whose definition is not recorded.",
            tuple(sizes),
        ),
        beside_claim(counted),
    )


def _pattern(setting: str, own: pd.DataFrame, kept: pd.DataFrame, met: pd.Series[bool]) -> Verdict:
    """The correlation in one setting; ``kept`` are the networks that have learnt, ``met`` those with the r claimed."""
    return Verdict(
        setting,
        f"r = {spread(own['r'], '.5g')}",
        bool(met.all()) if len(met) and met.all() == met.any() else None,
        f"{int(met.sum())} of {len(met)} networks; the distances at the start have r = {spread(own['start_r'])} with "
        f"those at the end{_left_out(own, kept)}",
        f"r = {recorded()['xor'][setting.removesuffix(_LONG)]['r']}",
    )


def _size(setting: str, own: pd.DataFrame, kept: pd.DataFrame) -> Verdict:
    """The relative error in one setting beside the recorded one."""
    known = recorded()["xor"][setting.removesuffix(_LONG)]["error"]
    agrees, words = beside_recorded(float(kept["error"].median()), known, _TIMES)
    return Verdict(
        setting,
        f"relative error {spread(own['error'])}",
        agrees,
        f"{words}; largest error {own['error'].max():.3g}{_left_out(own, kept)}",
        f"relative error {known}",
    )


def _answer(scores: pd.DataFrame, learnt: Mapping[tuple[str, int], float]) -> str:
    """How far the distances are off in each setting that was learnt."""
    own = _that_learnt(scores[scores["theory"] == "two_point"], learnt)
    said = [f"{number(error)} ({x})" for x, error in own.groupby("setting", sort=False)["error"].median().items()]
    without = [str(name) for name in dict.fromkeys(scores["setting"]) if name not in set(own["setting"])]
    more = f"; in {', '.join(without)} no network learnt the task" if without else ""
    known = ", ".join(said) or "not known"
    beside = errors_text(_that_learnt(scores, learnt))
    return f"With rates from another network the relative error of the distances is {known}{more}. {beside}".strip()


def _that_learnt(scores: pd.DataFrame, learnt: Mapping[tuple[str, int], float]) -> pd.DataFrame:
    """The rows of networks that have learnt."""
    of = zip(scores["setting"], scores["seed"], strict=True)
    return scores[[learnt[str(setting), int(seed)] >= _LEARNT for setting, seed in of]]


def _left_out(own: pd.DataFrame, kept: pd.DataFrame) -> str:
    few = len(own) - len(kept)
    return f"; {few} of {len(own)} networks learnt less than half of |Δy|² and decide nothing" if few else ""


def _learnt(pairs: pd.DataFrame) -> dict[tuple[str, int], float]:
    """dy2 at the end over its target, mean over the four pairs that differ, by setting and seed."""
    shares = pairs.assign(share=pairs["dy2_end"] / pairs["dy2_target"])[pairs["dy2_target"] > 0]
    return {
        (str(row["setting"]), int(row["seed"])): float(row["share"])
        for row in shares.groupby(["setting", "seed"])["share"].mean().reset_index().to_dict("records")
    }


def _plates(ends: pd.DataFrame, settings: list[str], speed: float) -> list[Plate]:
    fast = "" if speed == 1 else f", {speed:g} times as fast, in as many fewer steps"
    groups = {
        "matrices": (
            [name for name in settings if not name.endswith(_LONG)],
            "trained as the paper lists" if not fast else f"trained for the paper's rate times steps{fast}",
        ),
        "matrices_long": ([name for name in settings if name.endswith(_LONG)], f"trained for longer{fast}"),
    }
    return [
        Plate(
            name,
            draw_xor(ends[ends["setting"].isin(shown)], shown),
            f"Matrices of the squared hidden distances of the four points of XOR, measured, predicted by the two-point "
            f"theory and by the collective theory, for networks {how}: {', '.join(shown)}; and predicted against "
            "measured distances.",
            f"Squared hidden distances of the four points, {how}. Top: measured, median over seeds. Below: predicted "
            "by the two-point theory and by the collective theory, on the same scale of colours. Bottom: predicted "
            "against measured, a dot for each pair and seed, for three theories with the rates of the setting default "
            "and for the collective theory with two numbers fitted.",
        )
        for name, (among, how) in groups.items()
        if (shown := [setting for setting in among if (ends["setting"] == setting).any()])
    ]


def _scores_table(scores: pd.DataFrame) -> Table:
    rows = [
        {
            "setting": setting,
            "theory": theory_name(str(theory)),
            "fitted to these": numbers_fitted(str(theory)),
            "Pearson r": spread(own["r"], ".4g"),
            "relative error": spread(own["error"]),
            "R²": spread(own["r2"]),
            "r of the start": spread(own["start_r"], ".4g"),
        }
        for setting, of_setting in scores.groupby("setting", sort=False)
        for theory, own in of_setting.groupby("theory", sort=False)
    ]
    return Table("Predicted against measured squared distances of the six pairs", pd.DataFrame(rows))


def _learnt_table(values: pd.DataFrame, learnt: Mapping[tuple[str, int], float]) -> Table:
    rows = [
        {
            "setting": setting,
            "loss at the start": spread(own["loss_start"]),
            "loss at the end": spread(own["loss_end"]),
            "|Δy|²/|Δy*|² at the end": spread([learnt[str(setting), int(seed)] for seed in own["seed"]]),
        }
        for setting, own in values.groupby("setting", sort=False)
    ]
    return Table(
        "What has been learnt; the last column is the mean over the four pairs that differ", pd.DataFrame(rows)
    )
