"""What can be said of each layer while it trains, without a fit."""

from __future__ import annotations

import numpy as np
from repdyn.numeric import conserved_line
from repdyn.numeric.loss import misfit_share

from .records import PairRecords

_PAIRS = 20
"""Pairs that are looked at, at most."""

_FEWEST = 3
"""Records that a line takes."""


def progress(records: PairRecords) -> dict[str, float]:
    """Medians over some pairs whose targets differ; nothing before the third record, and nothing that is no number.

    ``repdyn/LAYER/growth`` is dh2 over that of the first record, ``repdyn/LAYER/line_r2`` how straight the conserved
    line is so far (1 where the two-point theory holds, whatever the rates), and ``repdyn/misfit`` what is left of the
    difference of outputs, ``|dy - dy*|^2 / |dy*|^2``: 0 where it is learnt.
    """
    differing = [k for k in range(len(records.labels)) if records.pair(k).dy2 > 0]
    if len(records.steps) < _FEWEST or not differing:
        return {}
    some = differing[:: -(-len(differing) // _PAIRS)]
    found: dict[str, list[float]] = {}
    for k in some:
        for layer in records.layers:
            try:
                state = records.state(k, layer)
                line = conserved_line(state)
            except ValueError:  # of a pair whose points coincide, or a network that diverged
                continue
            dh2 = np.asarray(state.dh2)
            found.setdefault(f"repdyn/{layer}/growth", []).append(float(dh2[-1] / dh2[0]))
            found.setdefault(f"repdyn/{layer}/line_r2", []).append(line.r2)
            found.setdefault("repdyn/misfit", []).append(float(misfit_share(state[-1], records.pair(k))))
    medians = {name: float(np.nanmedian(values)) for name, values in found.items() if not np.isnan(values).all()}
    return {name: value for name, value in medians.items() if np.isfinite(value)}
