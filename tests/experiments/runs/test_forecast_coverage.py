"""How often what networks do is inside the intervals of forecasts: settings that are quick, narrow ones of others."""

from functools import cache

import numpy as np
import pytest
from repdyn.experiments import Run, find_setting, override, run
from repdyn.numeric import Forecast, Pair, Refusal, State, forecast_trajectory

SETTINGS = ("shallow", "two_layer", "default", "linear", "elu", "relu", "swish", "skip")
SEEDS = (20, 21, 22)
"""None of which the errors of the theory were measured on."""

SCALARS = ("dh2", "dy2", "w")


@cache
def trained(name: str, seed: int) -> Run:
    return run(override(find_setting(name), {"seed": seed, "width": 64, "until": 1e-5}))


def forecasts(name: str, seed: int, share: float) -> tuple[Forecast | Refusal, np.ndarray, float] | None:
    """Of a trained network, when a share of the squared error is learnt, with the rest and the last dh2."""
    found = trained(name, seed)
    rows = found.frame[found.frame["layer"] == found.layer]
    t = rows["step"].to_numpy(dtype=float)
    values = np.stack([rows[x].to_numpy(dtype=float) for x in SCALARS])
    pair = Pair(rows["dx2"].iloc[0], rows["dy2_target"].iloc[0])
    error = 2 * values[2] - values[1] + pair.dy2
    learnt = 1 - error / max(error[0], float(pair.dy2))
    last = int(np.argmax(learnt >= share))
    if learnt[-1] < 0.9 or not last:
        return None
    seen, rest = (
        np.unique(np.linspace(*ends, most).astype(int)) for ends, most in (((0, last), 200), ((last, len(t) - 1), 40))
    )
    forecast = forecast_trajectory(t[seen], State(*values[:, seen]), pair, until=t[rest])
    return forecast, values[:, rest], float(values[0, -1])


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.2, 0.4, 0.6])
def test_nine_tenths_of_networks_end_inside_their_intervals(share: float) -> None:
    ends, held, widths, refused = [], [], [], 0
    for made in filter(None, (forecasts(name, seed, share) for name in SETTINGS for seed in SEEDS)):
        found, rest, end = made
        if isinstance(found, Refusal):
            refused += 1
            continue
        low, high = found.final_interval
        ends.append(low <= end <= high)
        widths.append(high / found.final)
        bounds = [np.stack([getattr(x, name) for name in SCALARS]) for x in (found.lower, found.upper)]
        held.append(((bounds[0] <= rest) & (rest <= bounds[1])).mean(axis=1))
    print(
        f"{share:.0%} learnt: end {np.mean(ends):.2f}, curves {np.mean(held, axis=0).round(2)}, of {len(ends)}; "
        f"{refused} refused; median factor {np.median(widths):.2f}"
    )
    assert 0.8 <= np.mean(ends) <= 1.0
    assert (np.mean(held, axis=0) >= 0.75).all()
    assert np.median(widths) < 2.7
    assert refused <= 0.2 * len(ends)
