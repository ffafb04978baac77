"""The fit by which van Rossem & Saxe compared their theory with its ablations: guesses on a line, then quasi-Newton."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, ClassVar

import pandas as pd
from repdyn.numeric.line_fit import line_fit

from .samples import checked_table, samples
from .settings import Configuration, described
from .sweep.outcome import Outcome


@dataclass(frozen=True)
class LineFits(Configuration):
    """Theories fitted to one layer of one run by the recorded procedure; both rates of each are fitted.

    >>> LineFits(theories=("two_point",), layer=10).guesses
    (100,)
    """

    experiment: ClassVar[str] = "line_fits"

    theories: tuple[str, ...] = described(("two_point",), "names of theories")
    layer: int = described(0, "hidden layer, counted from 0", positive=False)
    guesses: tuple[int, ...] = described((100,), "pairs of rates on the line; a fit for each number of them")


def run_trial(setting: LineFits, run: Outcome) -> Outcome:
    """Fit every theory to every pair at the layer.

    The table ``fits`` has a row for each pair, theory and number of guesses. Its columns: pair, layer, theory, guesses,
    rate_h, rate_y, sse; ``line``, the ratio of the rates on the line; ``guess``, the SSE of the best guess there;
    ``iterations`` of the quasi-Newton method after it; success and message.
    """
    frame = run.tables["trajectory"]
    rows = frame[frame["layer"] == f"network.hidden.{setting.layer}"]
    fits: list[dict[str, Any]] = []
    for pair, group in rows.groupby("pair", sort=False):
        found = samples(checked_table(group))
        for theory, n in product(setting.theories, setting.guesses):
            fit = line_fit(found.steps, found.observed, found.constants, theory, n)
            fits.append({"pair": str(pair), "layer": setting.layer, "theory": theory, "guesses": n, **asdict(fit)})
    return Outcome(tables={"fits": pd.DataFrame(fits)})
