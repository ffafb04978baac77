"""The collective theory fitted to the trajectories of a whole data set, beside pairs fitted one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric import (
    CollectiveFit,
    CollectiveState,
    Kernel,
    Pair,
    Refusal,
    State,
    fit_collective,
    fit_rates,
    forecast_distances,
    measured_start,
    squared_distances,
)
from repdyn.numeric.determination import akaike, r_squared

from ..sweep.outcome import Outcome
from ..tracking.table import SCALARS
from .collective_ends import encoder_kernel
from .digit_data import CLASSES

if TYPE_CHECKING:
    from ..settings import CollectiveFits

Array = NDArray[np.float64]

_GROWING: dict[str, tuple[str, ...]] = {"constant": (), "growing": ("h1", "h2", "y2", "p1", "p2")}
"""Forms of the collective theory, and which rates grow in each."""

PAIRWISE = "pairwise"
"""In place of a form: two rates for each pair by itself."""

MEASURED = "measured"
"""In place of a form, in the table of curves."""

_KEPT = 300
"""Directions of the kernel that are computed."""

_RECORDS = 31
"""Records that are fitted, evenly spread."""

_FEWEST = 4
"""Records that a forecast takes."""

LEVEL = 0.9
"""Of the intervals of a forecast."""

_RANK, _UNITS = 200, 20
"""Directions of the kernel and of the hidden units that are integrated."""


@dataclass(frozen=True)
class Recorded:
    """A training as the collective theory takes it.

    Attributes:
        t: training steps, shape (T,).
        classes: of all N points, shape (N,), the s recorded ones first.
        dh2: squared distances at each step, shape (T, s, s).
        outputs: shape (T, s, c).
        dx2: squared distances of the inputs, shape (s, s).
        start: where the network stood.
        kernel: its encoder's, of all points.
    """

    t: Array
    classes: NDArray[np.int64]
    dh2: Array
    outputs: Array
    dx2: Array
    start: CollectiveState
    kernel: Kernel

    @property
    def targets(self) -> Array:
        """Shape (N, c)."""
        return np.eye(CLASSES)[self.classes]

    def at(self, records: NDArray[np.intp]) -> Recorded:
        """The same training at some of its records."""
        return replace(self, t=self.t[records], dh2=self.dh2[records], outputs=self.outputs[records])

    def states(self, pairs: NDArray[np.int64]) -> State:
        """The three scalars of pairs, fields of shape (T, m)."""
        first, second = pairs.T
        dy = self.outputs[:, second] - self.outputs[:, first]
        wanted = self.targets[second] - self.targets[first]
        return State(self.dh2[:, first, second], np.square(dy).sum(-1), (dy * (dy - wanted)).sum(-1))


def run_trial(setting: CollectiveFits, run: Outcome) -> Outcome:
    """Fit the collective theory to pairs drawn at random among the recorded digits, and some of them each by itself.

    Tables:

    - ``fits``: a row for each form: numbers (fitted in all), success, r2 of dh2, dy2 and w over all pairs and
      median_r2 of each pair (of the pairwise form over those that are fitted one by one), the rates, and aic, of the
      pairs that are fitted one by one: the records, the weights and what they leave out are the same for all forms;
    - ``forecasts``: a row for each share of training that was seen: share, learnt, reason (why there is none), and of
      all distances among the recorded digits at the end coverage, that of intervals of 90 %, r, and of digits of two
      classes and of one by how much the logarithms of 90 % are at most off;
    - ``curves``: of these pairs a row for each form, ``measured`` among them, and step: pair, same, dh2 and dy2.
    """
    whole = read(run)
    recorded = whole.at(np.unique(np.linspace(0, len(whole.t) - 1, _RECORDS).astype(np.intp)))
    every = np.stack(np.triu_indices(recorded.dh2.shape[1], k=1), axis=1)
    pairs = every[np.random.default_rng(setting.seed).permutation(len(every))][: setting.pairs]
    alone = pairs[: setting.alone]
    observed = recorded.states(alone)
    given = (recorded.start, recorded.kernel, recorded.targets)
    rows: list[dict[str, Any]] = []
    predicted = {MEASURED: observed}
    for form in setting.forms:
        found = fit_collective(
            recorded.t, recorded.states(pairs), pairs, *given, growth=_GROWING[form], rank=_RANK, units=_UNITS
        )
        predicted[form] = found.predicted[:, : len(alone)]
        rows.append({"form": form, "numbers": len(found.parameters), "success": found.success, **_rates(found)})
        rows[-1] |= {f"r2_{name}": getattr(found.r2, name) for name in SCALARS}
        rows[-1] |= {f"median_r2_{name}": getattr(found.median_r2, name) for name in SCALARS}
    predicted[PAIRWISE] = _one_by_one(recorded, alone, observed)
    rows.append({"form": PAIRWISE, "numbers": 2 * len(alone), "success": True})
    for row in rows:
        own = predicted[row["form"]]
        row["aic"] = _aic(observed, own, row["numbers"])
        if row["form"] == PAIRWISE:
            for name in SCALARS:
                o, p = np.asarray(getattr(observed, name)), np.asarray(getattr(own, name))
                row[f"r2_{name}"] = r_squared(o.ravel(), float(np.sum((o - p) ** 2)))
                each = [r_squared(x, float(np.sum((x - y) ** 2))) for x, y in zip(o.T, p.T, strict=True)]
                row[f"median_r2_{name}"] = float(np.median(each))
    curves = [_curves(recorded, alone, form, state) for form, state in predicted.items()]
    tables = {"fits": pd.DataFrame(rows), "curves": pd.concat(curves, ignore_index=True)}
    if setting.seen:
        tables["forecasts"] = pd.DataFrame([_forecast(whole, pairs, share) for share in setting.seen])
    return Outcome(tables=tables)


def read(run: Outcome) -> Recorded:
    """A training from the tables of ``repdyn.experiments.trials.collective``."""
    digits, said, distances = (run.tables[name] for name in ("digits", "outputs", "distances"))
    count, steps = int(run.values["shown"]), distances["step"].unique()
    dh2 = np.zeros((len(steps), count, count))
    first, second = (distances[name].to_numpy().reshape(len(steps), -1)[0] for name in ("first", "second"))
    dh2[:, first, second] = dh2[:, second, first] = distances["dh2"].to_numpy(np.float64).reshape(len(steps), -1)
    outputs = said.drop(columns="step").to_numpy(np.float64).reshape(len(steps), count, -1)
    inputs = digits.drop(columns="class").to_numpy(np.float64)
    about = np.eye(count) - 1 / count
    depth = max(1, int(run.values["layer"]))
    kernel = encoder_kernel(inputs, str(run.values["nonlinearity"]), _KEPT, depth)
    return Recorded(
        t=steps.astype(np.float64),
        classes=digits["class"].to_numpy(np.int64),
        dh2=dh2,
        outputs=outputs,
        dx2=squared_distances(inputs[:count]),
        start=measured_start(
            gram=-about @ dh2[0] @ about / 2, outputs=outputs[0], kernel=kernel, points=np.arange(count)
        ),
        kernel=kernel,
    )


def _forecast(recorded: Recorded, pairs: NDArray[np.int64], share: float) -> dict[str, Any]:
    """What the first part of a training says of its end, and how far it is so."""
    first = recorded.at(np.nonzero(recorded.t <= share * recorded.t[-1])[0])
    if len(first.t) < _FEWEST:
        reason = f"a forecast takes at least {_FEWEST} records, and {len(first.t)} are of this part; record more often"
        return {"share": share, "learnt": float("nan"), "reason": reason}
    found = forecast_distances(
        first.t,
        first.states(pairs),
        pairs,
        recorded.start,
        recorded.kernel,
        recorded.targets,
        until=float(recorded.t[-1]),
        shown=np.arange(len(recorded.dx2)),
        level=LEVEL,
    )
    if isinstance(found, Refusal):
        return {"share": share, "learnt": found.learnt, "reason": found.reason}
    rows = np.triu_indices(len(recorded.dx2), k=1)
    end = recorded.dh2[-1][rows]
    within = (found.lower[rows] <= end) & (end <= found.upper[rows])
    r = float(np.corrcoef(found.expected[rows], end)[0, 1])
    missed, same = np.abs(np.log(found.expected[rows] / end)), recorded.classes[rows[0]] == recorded.classes[rows[1]]
    off = {"off_different": missed[~same], "off_same": missed[same]}
    return {
        "share": share,
        "learnt": found.learnt,
        "reason": "",
        "coverage": float(within.mean()),
        "r": r,
        **{name: float(np.quantile(x, LEVEL)) for name, x in off.items()},
    }


def _one_by_one(recorded: Recorded, pairs: NDArray[np.int64], observed: State) -> State:
    """What two rates for each pair by itself give, by least squares with the weights of all."""
    weights = State(*_weights(observed))
    found: list[State] = []
    for k, (first, second) in enumerate(pairs):
        wanted = float(np.square(recorded.targets[second] - recorded.targets[first]).sum())
        pair = Pair(float(recorded.dx2[first, second]), wanted)
        found.append(fit_rates(recorded.t, observed[:, k], pair, weights=weights).predicted)
    return State(*(np.stack([np.asarray(getattr(x, name)) for x in found], axis=1) for name in SCALARS))


def _weights(observed: State) -> list[float]:
    """The inverse variance of each scalar over all pairs and records."""
    return [1 / float(np.var(getattr(observed, name))) for name in SCALARS]


def _aic(observed: State, predicted: State, numbers: int) -> float:
    """Akaike's information criterion of all records but the first, of weighted residuals of one variance."""
    missed = [
        weight * np.sum((np.asarray(getattr(observed, name)) - np.asarray(getattr(predicted, name)))[1:] ** 2)
        for name, weight in zip(SCALARS, _weights(observed), strict=True)
    ]
    samples = 3 * np.asarray(observed.dh2)[1:].size
    return akaike(float(sum(missed)), samples, numbers)


def _rates(found: CollectiveFit) -> dict[str, float]:
    return {f"rate_{name}": value for name, value in vars(found.rates).items()}


def _curves(recorded: Recorded, pairs: NDArray[np.int64], form: str, state: State) -> pd.DataFrame:
    same = recorded.classes[pairs[:, 0]] == recorded.classes[pairs[:, 1]]
    columns = {name: np.asarray(getattr(state, name)).T.ravel() for name in ("dh2", "dy2")}
    times = len(recorded.t)
    return pd.DataFrame(
        {
            "form": form,
            "pair": np.repeat(np.arange(len(pairs)), times),
            "same": np.repeat(same, times),
            "step": np.tile(recorded.t, len(pairs)),
            **columns,
        }
    )
