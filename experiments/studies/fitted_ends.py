"""Where the points of a small data set end by both theories, with as many numbers fitted to the distances on each side.

The theory of pairs has the ratio of its two rates, the collective theory how much is learnt. Each may have a second
number too: a scale there, how much of the start is left here. All are fitted by least squares to the squared hidden
distances that they are then compared with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric.geometry import squared_distances
from repdyn.numeric.mixture import nearest_mixture
from scipy.optimize import minimize_scalar

from ..trials.collective_ends import encoder_kernel, from_outputs
from .claim import Claim, Verdict
from .end_states import end_distances
from .spread import number, spread

Array = NDArray[np.float64]

FITTED = {
    "pairs_ratio": ("two_point, its ratio fitted here", 1),
    "pairs_scaled": ("two_point, its ratio and a scale fitted here", 2),
    "targets": ("collective, K # Y*Y*ᵀ", 1),
    "outputs": ("collective, K # YYᵀ", 1),
    "collective": ("collective, K # YYᵀ and what is left of the start", 2),
}
"""What is predicted, for a reader, and how many numbers of each are fitted to the distances."""

COMPARED = ("collective", "pairs_scaled")
"""The predictions of which it is asked which is nearer: the whole of each theory, with two numbers fitted."""

_NEARER = 0.9
"""An error up to so many times another is smaller than that."""

_RATIOS = np.geomspace(1e-18, 1e12, 151)
"""With which the search for a ratio begins, in that of a network that forgot its start: at the least the representation
stays as it was, at the largest the decoder."""


@dataclass(frozen=True)
class Learnt:
    """The points of a task, and what a network has learnt of them.

    Attributes:
        inputs: shape (N, d).
        targets: shape (N, c).
        outputs: at the end of training, shape (N, c).
        nonlinearity: of the network.
    """

    inputs: Array
    targets: Array
    outputs: Array
    nonlinearity: str


def fitted_ends(pairs: pd.DataFrame, task: Learnt) -> pd.DataFrame:
    """What both theories say of the ends of all pairs of a network's points, with numbers fitted to those ends.

    Args:
        pairs: of all points, in the order of ``itertools.combinations``; columns dx2, dy2_target, dh2_start, dy2_start,
            w_start, dh2_end.
        task: the points of the pairs.

    Returns:
        The rows of the pairs again for each of :data:`FITTED`: columns theory, start, measured, predicted.

    Source: the ends of pairs are those of van Rossem & Saxe (arXiv 2402.09142), those of all points together of
    ``repdyn.symbolic.data_sets``.

    >>> from itertools import combinations
    >>> x, y = np.eye(3), np.array([[0.0], [1.0], [3.0]])
    >>> y_end = np.array([(y[j] - y[i])[0] ** 2 for i, j in combinations(range(3), 2)])
    >>> pairs = pd.DataFrame({"dx2": 2.0, "dy2_target": y_end, "dh2_start": 1e-9, "dh2_end": 5 * y_end})
    >>> found = fitted_ends(pairs.assign(dy2_start=0.0, w_start=0.0), Learnt(x, y, y, "relu"))
    >>> found[found["theory"] == "targets"]["predicted"].round(9).tolist()
    [5.0, 45.0, 20.0]
    """
    measured, start = (pairs[name].to_numpy(np.float64) for name in ("dh2_end", "dh2_start"))
    kernel = encoder_kernel(task.inputs, task.nonlinearity)
    first, second = np.triu_indices(len(task.inputs), 1)

    def learnt(values: Array) -> Array:
        """The distances at half-way from the kernel to what is learnt; of nothing learnt there are none."""
        if not squared_distances(values).any():
            return np.zeros_like(measured)
        return from_outputs(kernel, values, 0.5)[first, second]

    targets, outputs = learnt(task.targets), learnt(task.outputs)
    predicted = {
        "pairs_ratio": _with_ratio(pairs, measured, lambda ends: ends),
        "pairs_scaled": _with_ratio(pairs, measured, lambda ends: nearest_mixture(measured, ends)),
        "targets": nearest_mixture(measured, targets),
        "outputs": nearest_mixture(measured, outputs),
        "collective": nearest_mixture(measured, outputs, start),
    }
    parts = [
        pd.DataFrame({"theory": name, "start": start, "measured": measured, "predicted": predicted[name]})
        for name in FITTED
    ]
    return pd.concat(parts, ignore_index=True)


def _with_ratio(pairs: pd.DataFrame, measured: Array, finished: Callable[[Array], Array]) -> Array:
    """The ends of pairs alone by the ratio of rates that fits best."""

    def ends(logarithm: float) -> Array:
        return finished(end_distances(pairs, {"rate_h": float(np.exp(logarithm)), "rate_y": 1.0}))

    def misfit(logarithm: float) -> float:
        return float(np.linalg.norm(ends(logarithm) - measured))

    rich = np.sqrt((pairs["dx2"] * pairs["dy2_target"]).to_numpy(np.float64))
    middle = 2 * np.log(float(rich @ measured / (rich @ rich)) or 1.0)
    logarithms = middle + np.log(_RATIOS)
    best = logarithms[int(np.argmin([misfit(x) for x in logarithms]))]
    step = logarithms[1] - logarithms[0]
    found = minimize_scalar(misfit, bounds=(best - step, best + step), method="bounded", options={"xatol": 1e-6})
    return ends(float(found.x))


def held(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows of scores that say how well a theory holds: one of each, of the fitted ones the collective theory."""
    return scores[~scores["theory"].isin([name for name in FITTED if name != COMPARED[0]])]


def beside_claim(scores: pd.DataFrame) -> Claim:
    """Which theory is nearer to the distances.

    Args:
        scores: of the networks that count; columns setting, seed, theory, error, r2.
    """
    return Claim(
        "The collective theory says better than the theory of pairs where the points of the task end",
        "Relative error of the squared distances, two numbers fitted to them on each side: how much is learnt and how "
        f"much of the start is left, against the ratio of the rates and a scale. At most {_NEARER:g} times that of "
        "pairs in every network; it disagrees if that of pairs is at most so many times the other in every network. "
        "What is between is undecided, and so is a setting where neither has an R² above 0 in every network.",
        tuple(_nearer(str(setting), own) for setting, own in scores.groupby("setting", sort=False)),
        of_paper=False,
    )


def _nearer(setting: str, own: pd.DataFrame) -> Verdict:
    kinds = {name: own[own["theory"] == name].set_index("seed") for name in FITTED}
    ours, pairs = (kinds[name] for name in COMPARED)
    nearer, further = ours["error"] <= _NEARER * pairs["error"], pairs["error"] <= _NEARER * ours["error"]
    says = bool((pd.concat([ours["r2"], pairs["r2"]], axis=1).max(axis=1) > 0).all())
    decided = True if nearer.all() else False if further.all() else None
    one = ", ".join(f"{spread(kinds[x]['error'])} ({FITTED[x][0]})" for x in ("outputs", "targets", "pairs_ratio"))
    less = "" if says else "neither has an R² above 0 in every network; "
    return Verdict(
        setting,
        f"relative error {spread(ours['error'])} (collective), {spread(pairs['error'])} (pairs); R² "
        f"{spread(ours['r2'])} and {spread(pairs['r2'])}",
        decided if says else None,
        f"{less}nearer in {int(nearer.sum())} of {len(nearer)} networks; with one number each {one}",
    )


def errors_text(scores: pd.DataFrame) -> str:
    """How far both theories are off in each setting, as a sentence; nothing if no network counts."""
    if scores.empty:
        return ""
    errors = scores.groupby(["theory", "setting"], sort=False)["error"].median()
    ours, pairs = (", ".join(f"{number(x)} ({setting})" for setting, x in errors[name].items()) for name in COMPARED)
    return (
        f"With two numbers fitted the relative error of the distances is {ours} by the collective theory, {pairs} by "
        "the theory of pairs."
    )


def theory_name(theory: str) -> str:
    """A prediction for a reader.

    >>> theory_name("targets"), theory_name("two_point")
    ('collective, K # Y*Y*ᵀ', 'two_point')
    """
    return FITTED[theory][0] if theory in FITTED else theory


def numbers_fitted(theory: str) -> str:
    """How many numbers of a prediction are fitted to the distances it is compared with: none of rates from elsewhere.

    >>> numbers_fitted("collective"), numbers_fitted("two_point")
    ('2', '0')
    """
    return str(FITTED[theory][1]) if theory in FITTED else "0"
