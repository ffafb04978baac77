"""Real data as a whole: how a network represents many digits at every layer, and what the collective theory says."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from repdyn.numeric import (
    Kernel,
    Points,
    gram_distances,
    linear_kernel,
    mantel_test,
    rich_distances,
    smoothed_distances,
)
from repdyn.numeric.collective.place import balanced_error
from repdyn.numeric.collective.remainder import with_start

from ..settings.architecture import hidden_layer
from ..sweep.outcome import Outcome, trained
from ..tracking.point_tracker import PointTracker
from ..training.lightning import fit, repeatable
from .collective_ends import (
    correlations,
    encoder_kernel,
    from_outputs,
    from_targets,
    place,
)
from .digit_data import CLASSES, load_digits, raw_digits
from .digit_distances import first_digits
from .digits import evaluate, supervised

if TYPE_CHECKING:
    from ..settings import Collective

Array = NDArray[np.float64]

PREDICTIONS = {
    "start": 0,
    "pair": 0,
    "smoothed": 0,
    "targets_linear": 0,
    "targets_tangent": 0,
    "outputs": 1,
    "outputs_start": 2,
}
"""What is compared with the distances of a layer, and how many numbers of each are fitted to them, beside a scale."""

_POINTS = 1_000
"""Digits that a kernel of the whole data set is of: the first so many."""

_FITTED = 2_000
"""Digits that the fits of trajectories are of: the recorded ones, and as many others as there are up to this."""

_PLACES = 31
"""Records at which places are told, evenly spread."""

_DRAWN = 1_500
"""Pairs that are kept to be drawn."""

_RELABELLINGS = 999


def run_trial(setting: Collective) -> Outcome:
    """Train, recording the first digits at every layer.

    Tables, all of the recorded digits at the end of training but for ``places``, which has many records, and those of
    ``repdyn.experiments.trials.collective_fits``:

    - ``ends``: a row for each layer and prediction: r, r_different, r_same, and of that from the outputs p_value and
      chance of Mantel's test;
    - ``places``: a row for each layer and step: weight, low, high and correlation of the place on the geodesic, and
      balanced_error, of the place k/L on the geodesic of the linear kernel;
    - ``remainders``: a row a layer: weight and start, how much of the start is left beside the learnt part;
    - ``pairs``: some pairs of each layer: same, measured, outputs, pair;
    - ``digits``, ``outputs``, ``distances``: class and inputs of digits, the recorded ones first; their outputs at each
      step; their squared distances at each step and the setting's layer.

    Values are the loss and the share of digits known, as they are taught, at the end.
    """
    with repeatable(setting.threads):
        x, labels = load_digits(setting)
        kept, taught = chosen(labels.numpy(), setting.imbalance, setting.noise, setting.seed)
        order = np.concatenate([first_digits(taught, setting.shown), np.arange(setting.shown, len(kept))])
        kept, taught = kept[order], torch.from_numpy(taught[order])
        module, batches = supervised(setting, x[kept], taught)
        names = [hidden_layer(k) for k in range(setting.hidden_layers)]
        shown = slice(setting.shown)
        tracker = PointTracker(batches.x[shown], batches.y[shown], names, every=setting.every)
        diverged_at = fit(module, batches, [tracker], setting.device)
        loss, known = evaluate(module, batches.x, batches.y)
    values = {"images": len(kept), "shown": setting.shown, "layer": setting.layer}
    values |= {"nonlinearity": setting.nonlinearity, "loss": loss, "known": known}
    if diverged_at is not None:
        return trained(diverged_at, {}, values)
    inputs, targets = batches.x.double().numpy(), batches.y.double().numpy()
    raw = raw_digits(setting)[0][kept[:_POINTS]]
    classes = taught[shown].numpy()
    paper = _papers(raw, targets[:_POINTS], setting.shown)
    free = {
        **paper,
        **{
            f"targets_{name}": distances
            for name, distances in from_targets(
                inputs[:_POINTS], targets[:_POINTS], setting.nonlinearity, setting.shown
            ).items()
        },
    }
    kernel = encoder_kernel(inputs[shown], setting.nonlinearity)
    found = [_layer(tracker, k, kernel, free, classes) for k in range(setting.hidden_layers)]
    tables = {name: pd.concat([x[name] for x in found], ignore_index=True) for name in found[0]}
    tables["places"] = _places(tracker, kernel, linear_kernel(inputs[shown]))
    return Outcome(values=values, tables={**tables, **_recorded(setting, tracker, inputs, taught.numpy())})


def chosen(
    labels: NDArray[np.int64], imbalance: float, noise: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which images are trained on, in their order, and with which labels.

    The share of class c of ten that is kept is ``imbalance^(-c/9)``; of what is kept a share of the labels is drawn.

    >>> kept, taught = chosen(np.arange(1000) % 10, 10.0, 0.0, 0)
    >>> np.bincount(taught).tolist()
    [100, 77, 60, 46, 36, 28, 22, 17, 13, 10]
    """
    generator = np.random.default_rng(seed)
    rank = np.zeros(len(labels), dtype=np.int64)
    sizes = np.bincount(labels, minlength=CLASSES)
    for digit, size in enumerate(sizes):
        rank[labels == digit] = np.arange(size)
    most = np.round(sizes * imbalance ** (-np.arange(CLASSES) / (CLASSES - 1)))
    kept = np.nonzero(rank < most[labels])[0]
    taught = labels[kept]
    drawn = generator.random(len(kept)) < noise
    taught[drawn] = generator.integers(0, CLASSES, int(drawn.sum()))
    return kept, taught


def _papers(raw: Array, targets: Array, shown: int) -> dict[str, Array]:
    """What the paper's formulas for the rich end say, of a pair by itself and smoothed over the data set."""
    data = Points(raw, targets)
    first = data[np.arange(shown)]
    return {"pair": rich_distances(first, first), "smoothed": smoothed_distances(first, data).normalised}


def _layer(
    tracker: PointTracker, k: int, kernel: Kernel, free: dict[str, Array], classes: NDArray[np.int64]
) -> dict[str, pd.DataFrame]:
    """What is said of one layer, and how far it is so."""
    name = hidden_layer(k)
    gram, start, outputs = tracker.gram(name), tracker.gram(name, 0), tracker.outputs[-1]
    measured = gram_distances(gram)
    found = place(gram, kernel, outputs)
    weight = 0.5 if found is None else found.weight
    rest = with_start(gram, start, kernel, outputs)
    predicted = {
        "start": gram_distances(start),
        **free,
        "outputs": from_outputs(kernel, outputs, weight),
        "outputs_start": rest.distances,
    }
    rows: list[dict[str, Any]] = []
    for prediction, fitted in PREDICTIONS.items():
        rows.append({"layer": k, "prediction": prediction, "fitted": fitted})
        rows[-1] |= correlations(predicted[prediction], measured, classes)
        if prediction == "outputs":
            test = mantel_test(measured, predicted[prediction], relabellings=_RELABELLINGS)
            rows[-1] |= {"p_value": test.p_value, "chance": test.chance}
    first, second = np.triu_indices(len(gram), k=1)
    some = np.random.default_rng(0).permutation(len(first))[:_DRAWN]
    first, second = first[some], second[some]
    shown = {"measured": measured, **{x: predicted[x] for x in ("outputs", "pair")}}
    pairs = {name: x[first, second] for name, x in shown.items()}
    return {
        "ends": pd.DataFrame(rows),
        "remainders": pd.DataFrame([{"layer": k, "weight": rest.weight, "start": rest.start}]),
        "pairs": pd.DataFrame({"layer": k, "same": classes[first] == classes[second], **pairs}),
    }


def _places(tracker: PointTracker, kernel: Kernel, linear: Kernel) -> pd.DataFrame:
    """The place of every layer at every record where one can be told."""
    rows: list[dict[str, Any]] = []
    outputs, steps = tracker.outputs, tracker.steps
    for record in np.unique(np.linspace(0, len(steps) - 1, _PLACES).astype(int)):
        step = steps[record]
        for k, name in enumerate(tracker.layers):
            gram = tracker.gram(name, record)
            found = place(gram, kernel, outputs[record])
            if found is not None:
                low, high = found.interval
                row = {"layer": k, "step": int(step), "weight": found.weight, "low": low, "high": high}
                balanced = (k + 1) / (len(tracker.layers) + 1)
                error = balanced_error(gram, linear, outputs[record], balanced)
                rows.append({**row, "correlation": found.correlation, "balanced_error": error})
    return pd.DataFrame(rows)


def _recorded(
    setting: Collective, tracker: PointTracker, inputs: Array, classes: NDArray[np.int64]
) -> dict[str, pd.DataFrame]:
    """What the fits of trajectories start from."""
    digits = pd.DataFrame(inputs[:_FITTED].astype(np.float32), columns=[f"x{i}" for i in range(inputs.shape[1])])
    digits.insert(0, "class", classes[:_FITTED])
    outputs = tracker.outputs.reshape(-1, CLASSES).astype(np.float32)
    said = pd.DataFrame(outputs, columns=[f"y{i}" for i in range(CLASSES)])
    said.insert(0, "step", np.repeat(tracker.steps, setting.shown))
    distances = tracker.frame(hidden_layer(setting.layer))[["step", "first", "second", "dh2"]]
    small = {"step": np.int32, "first": np.int16, "second": np.int16, "dh2": np.float32}
    return {"digits": digits, "outputs": said, "distances": distances.astype(small)}
