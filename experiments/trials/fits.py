"""Fits of theories to the trajectories of a run: constant and growing rates, without the ansatz, ablations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ..comparison import Comparison, as_table, compare
from ..settings.architecture import hidden_index, hidden_layer
from ..sweep.outcome import Outcome
from ..tracking.table import SCALARS

if TYPE_CHECKING:
    from ..settings import Fits

_SAMPLES = 400
"""Samples of a curve that are kept: enough to draw."""

MEASURED = "measured"
"""In place of a theory's name, in the table of curves."""


def run_trial(setting: Fits, run: Outcome) -> Outcome:
    """Fit every theory to every pair at every layer asked for.

    The table ``fits`` has a row for each pair, layer and theory (:meth:`Comparison.row`, coefficients and their
    standard errors of both kinds as columns; a success is a fit whose coefficients are determined, for how well a
    theory describes a network is what studies ask), ``curves`` the measured and the fitted trajectories, thinned.
    """
    frame = run.tables["trajectory"]
    if setting.layers:
        layers = [hidden_layer(k) for k in setting.layers]
        absent = set(layers) - set(frame["layer"])
        if absent:
            known = ", ".join(frame["layer"].unique())
            raise ValueError(f"the run has no layer {', '.join(sorted(absent))}; it has {known}")
        frame = frame[frame["layer"].isin(layers)]
    compared = [c for name in setting.theories for c in compare(frame, theory=name, balanced=setting.balanced)]
    rows = as_table(compared)
    rows["success"] = [isinstance(c, Comparison) and c.fit.determined for c in compared]
    rows["layer"] = [hidden_index(layer) for layer in rows["layer"]]
    curves = [_curve(c, name) for c in compared if isinstance(c, Comparison) for name in (MEASURED, c.fit.theory)]
    tables = {"fits": rows}
    if curves:
        tables["curves"] = pd.concat(curves).drop_duplicates(["pair", "layer", "theory", "step"])
    return Outcome(tables=tables)


def _curve(c: Comparison, theory: str) -> pd.DataFrame:
    state = c.observed if theory == MEASURED else c.fit.predicted
    thinning = max(1, -(-len(c.steps) // _SAMPLES))
    columns = {name: getattr(state, name)[::thinning] for name in SCALARS}
    if c.loss is not None:
        fitted = c.loss_fit.predicted if c.loss_fit else None
        columns["loss"] = c.loss[::thinning] if theory == MEASURED else None if fitted is None else fitted[::thinning]
    layer = hidden_index(c.layer)
    return pd.DataFrame({"pair": c.pair, "layer": layer, "theory": theory, "step": c.steps[::thinning], **columns})
