"""Which digits a trained network holds to be alike: the squared distances of their hidden representations."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from repdyn.numeric.distances import Distances

from ..settings.architecture import hidden_layer
from ..sweep.outcome import Outcome, trained
from ..tracking.watch import LayerWatch
from ..training.lightning import fit, repeatable
from .digit_data import load_digits
from .digits import evaluate, supervised

if TYPE_CHECKING:
    from ..settings import DigitStructure


def first_digits(labels: ArrayLike, shown: int) -> NDArray[np.int64]:
    """Which digits are displayed: the first so many, sorted by class.

    >>> first_digits([1, 0, 1, 0, 2], 4).tolist()
    [1, 3, 0, 2]
    """
    return np.argsort(np.asarray(labels)[:shown], kind="stable")


def run_trial(setting: DigitStructure) -> Outcome:
    """Train; the table ``distances`` has the squared hidden distance ``dh2`` of each two displayed digits, if training
    did not diverge.

    Its rows are the pairs ``first < second`` of the displayed digits, counted as :func:`first_digits` orders them.
    """
    with repeatable(setting.threads):
        x, labels = load_digits(setting)
        module, batches = supervised(setting, x, labels)
        diverged_at = fit(module, batches, [], setting.device)
        loss, known = evaluate(module, batches.x, batches.y)
        h = _hidden(module, hidden_layer(setting.layer), x[first_digits(labels, setting.shown)])
    tables: dict[str, pd.DataFrame] = {}
    if diverged_at is None:
        first, second = np.triu_indices(len(h), k=1)
        dh2 = Distances(h, h).squares()[first, second]
        tables["distances"] = pd.DataFrame({"first": first, "second": second, "dh2": dh2})
    return trained(diverged_at, tables, {"loss": loss, "known": known})


def _hidden(module: torch.nn.Module, layer: str, x: torch.Tensor) -> NDArray[np.float64]:
    """The outputs of a layer, shape (n, units)."""
    watch = LayerWatch(module, [layer])
    watch.start(len(x))
    with torch.no_grad():
        module.eval()(x)
    seen = watch.stop()
    watch.close()
    assert seen is not None
    return seen[layer].flatten(1).double().numpy()
