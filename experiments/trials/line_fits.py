"""The fit by which van Rossem & Saxe compared their theory with its ablations: guesses on a line, then quasi-Newton."""

from __future__ import annotations

from dataclasses import asdict
from itertools import product
from typing import TYPE_CHECKING, Any

import pandas as pd
from repdyn.numeric.line_fit import line_fit

from ..settings.architecture import hidden_layer
from ..sweep.outcome import Outcome
from ..tracking.samples import samples
from ..tracking.table import checked_table

if TYPE_CHECKING:
    from ..settings import LineFits


def run_trial(setting: LineFits, run: Outcome) -> Outcome:
    """Fit every theory to every pair at the layer.

    The table ``fits`` has a row for each pair, theory and number of guesses. Its columns: pair, layer, theory, guesses,
    rate_h, rate_y, sse; ``line``, the ratio of the rates on the line; ``guess``, the SSE of the best guess there;
    ``iterations`` of the quasi-Newton method after it; success and message.
    """
    frame = run.tables["trajectory"]
    rows = frame[frame["layer"] == hidden_layer(setting.layer)]
    fits: list[dict[str, Any]] = []
    for pair, group in rows.groupby("pair", sort=False):
        found = samples(checked_table(group))
        for theory, n in product(setting.theories, setting.guesses):
            fit = line_fit(found.steps, found.observed, found.constants, theory, n)
            fits.append({"pair": str(pair), "layer": setting.layer, "theory": theory, "guesses": n, **asdict(fit)})
    return Outcome(tables={"fits": pd.DataFrame(fits)})
