"""Real input: handwritten digits, pairs of different classes tracked through minibatch training."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import pandas as pd
import torch
from repdyn.numeric import Points, gram_distances, rich_distances
from torch.nn import functional

from ..settings.architecture import hidden_layer
from ..sweep.outcome import Outcome, trained
from ..tracking.point_tracker import PointTracker
from ..tracking.tracker import PairTracker
from ..training.lightning import Batches, Supervised, fit, half_squared_error, repeatable
from ..training.networks import build_network
from .collective_ends import correlations, encoder_kernel, from_outputs, place
from .digit_data import CLASSES, load_digits, load_test_digits

if TYPE_CHECKING:
    from ..settings import Digits, HeldOutDigits


_SHOWN = 200
"""Digits of which all distances are compared with the collective theory."""


def prepare(setting: Digits) -> tuple[Supervised, Batches, PairTracker]:
    """The network, the batches and the tracker: all pairs of the first digits of each class, every hidden layer."""
    x, labels = load_digits(setting)
    first = [int(torch.nonzero(labels == digit)[0]) for digit in range(CLASSES)]
    pairs = list(combinations(range(CLASSES), 2))
    chosen = torch.tensor([[first[i], first[j]] for i, j in pairs])
    module, batches = supervised(setting, x, labels)
    tracker = PairTracker(
        x[chosen],
        batches.y[chosen],
        [hidden_layer(k) for k in range(setting.hidden_layers)],
        every=setting.every,
        labels=[f"{i}-{j}" for i, j in pairs],
    )
    return module, batches, tracker


def one_hot(labels: torch.Tensor) -> torch.Tensor:
    """The targets of labels, shape (n, 10)."""
    return functional.one_hot(labels, CLASSES).float()


def supervised(setting: Digits, x: torch.Tensor, labels: torch.Tensor) -> tuple[Supervised, Batches]:
    """The network at its start and the batches, with the classes as one-hot targets."""
    torch.manual_seed(setting.seed)
    network = build_network(setting, x.shape[1], CLASSES)
    batches = Batches(x, one_hot(labels), batch=setting.batch, steps=setting.steps, seed=setting.seed)
    module = Supervised(network, setting.lr, optimiser=setting.optimiser, weight_decay=setting.weight_decay)
    return module, batches


def evaluate(module: Supervised, x: torch.Tensor, targets: torch.Tensor) -> tuple[float, float]:
    """The loss (half the squared error, summed over outputs, averaged over digits), and the share of digits known."""
    module.eval()
    with torch.no_grad():
        y = module(x)
        return float(half_squared_error(y, targets)), float((y.argmax(1) == targets.argmax(1)).float().mean())


def run_trial(setting: HeldOutDigits) -> Outcome:
    """Train; the trajectories of the pairs at every hidden layer as the table ``trajectory``.

    Values are the number of images, the loss and the share of digits known at the end, on them and, if the setting
    has such, on those of its test.
    """
    with repeatable(setting.threads):
        module, batches, tracker = prepare(setting)
        diverged_at = fit(module, batches, [tracker], setting.device)
        loss, known = evaluate(module, batches.x, batches.y)
        values = {"steps": int(tracker.steps[-1]), "images": len(batches.x), "loss": loss, "known": known}
        test = load_test_digits(setting)
        if test is not None:
            values["test_loss"], values["test_known"] = evaluate(module, test[0], one_hot(test[1]))
    return trained(diverged_at, {"trajectory": tracker.frame()}, values)


def train(setting: Digits) -> tuple[pd.DataFrame, pd.DataFrame, int | None]:
    """The trajectories of the pairs, as :meth:`PairTracker.frame`; of the first digits and each layer what is said of
    all their distances at the end (:func:`ends_of`); and the step at which training diverged or None."""
    with repeatable(setting.threads):
        module, batches, tracker = prepare(setting)
        shown = slice(_SHOWN)
        points = PointTracker(batches.x[shown], batches.y[shown], tracker.layers, every=setting.steps)
        diverged_at = fit(module, batches, [tracker, points], setting.device)
    if diverged_at is not None:
        return tracker.frame(), pd.DataFrame(), diverged_at
    return tracker.frame(), ends_of(points, batches, setting.nonlinearity), None


def ends_of(points: PointTracker, batches: Batches, nonlinearity: str) -> pd.DataFrame:
    """How the theory of pairs and the collective theory agree with the recorded digits at the end of training.

    Returns:
        A row for each layer and theory (``pair`` or ``collective``) with layer, theory, r, r_different and r_same; and
        of the collective one place, place_low and place_high.
    """
    x, y = (z[: points.points].double().numpy() for z in (batches.x, batches.y))
    data, kernel, outputs = Points(x, y), encoder_kernel(x, nonlinearity), points.outputs[-1]
    classes, alone = y.argmax(1), rich_distances(data, data)
    rows: list[dict[str, Any]] = []
    for layer in points.layers:
        gram = points.gram(layer)
        measured = gram_distances(gram)
        rows.append({"layer": layer, "theory": "pair", **correlations(alone, measured, classes)})
        found = place(gram, kernel, outputs)
        if found is not None:
            predicted = from_outputs(kernel, outputs, found.weight)
            where = dict(zip(("place", "place_low", "place_high"), (found.weight, *found.interval), strict=True))
            rows.append({"layer": layer, "theory": "collective", **correlations(predicted, measured, classes), **where})
    return pd.DataFrame(rows)
