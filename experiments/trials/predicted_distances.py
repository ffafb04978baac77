"""Which digits the theories say a rich network holds to be alike: pairs, smoothed, and all digits together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from repdyn.numeric import Points, rich_distances, smoothed_distances
from repdyn.numeric.distances import Distances

from ..sweep.outcome import Outcome
from .collective_ends import from_targets
from .digit_data import CLASSES, load_digits, raw_digits
from .digit_distances import first_digits

if TYPE_CHECKING:
    from ..settings import DigitPrediction

_NONLINEARITY = "leaky_relu"
"""Of the networks that are predicted."""


def run_trial(setting: DigitPrediction) -> Outcome:
    """The table ``predictions`` has what is predicted of each two displayed digits, as in ``digit_structure``.

    Its columns are the classes of both, ``dx2`` (in the data's own units), ``pairwise`` (the rich end state of the
    pair alone), ``summed`` and ``normalised`` (smoothed), and ``collective`` (the collective theory's end). The table
    ``digits`` has the class and the inputs of the displayed digits. ``across`` is the largest share of the weight of a
    displayed digit's neighbours that is not of its class.
    """
    pixels, labels = raw_digits(setting)
    targets = np.eye(CLASSES)[labels]
    data = Points(pixels[: setting.points], targets[: setting.points])
    order = first_digits(labels, setting.shown)
    shown, classes = data[order], labels[order]
    found = smoothed_distances(shown, data)
    inputs = load_digits(setting)[0].double().numpy()[: setting.points]
    together = np.concatenate([order, np.arange(setting.shown, len(inputs))])
    collective = from_targets(inputs[together], data.targets[together], _NONLINEARITY, setting.shown)["tangent"]
    first, second = np.triu_indices(len(order), k=1)
    table = pd.DataFrame(
        {
            "first": first,
            "second": second,
            "first_class": classes[first],
            "second_class": classes[second],
            "dx2": Distances(shown.inputs, shown.inputs).squares()[first, second],
            "pairwise": rich_distances(shown, shown)[first, second],
            "summed": found.summed[first, second],
            "normalised": found.normalised[first, second],
            "collective": collective[first, second],
        }
    )
    digits = pd.DataFrame(inputs[order].astype(np.float32), columns=[f"x{i}" for i in range(inputs.shape[1])])
    digits.insert(0, "class", classes)
    sizes = np.bincount(labels[: setting.points], minlength=CLASSES)
    across = float(np.max(np.abs(found.weights - sizes[classes]) / found.weights))
    values = {"points": len(data), "shown": len(order), "class_sizes": sizes.tolist(), "across": across}
    return Outcome(values=values, tables={"predictions": table, "digits": digits})
