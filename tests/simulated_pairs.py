"""Tables of simulated pairs, of which it is known what a diagnosis should say."""

from __future__ import annotations

import numpy as np
import pandas as pd
from repdyn.numeric import Pair, Rates, State, trajectory

STEPS = np.arange(0, 1000, 10)


def pair(
    label: object,
    *,
    dh2: float = 0.01,
    dy2: float = 1e-3,
    dx2: float = 1.0,
    target: float = 0.5,
    rates: tuple[float, float] = (5e-3, 5e-2),
    steps: np.ndarray = STEPS,
    layer: str = "encoder",
) -> pd.DataFrame:
    """The rows of one pair that follows the two-point theory."""
    run = trajectory(steps, State(dh2, dy2, dy2), Pair(dx2, target), Rates(*rates))
    return rows(label, steps, run, dx2=dx2, target=target, layer=layer)


def rows(
    label: object, steps: np.ndarray, run: State, *, dx2: float = 1.0, target: float = 0.5, layer: str = "encoder"
) -> pd.DataFrame:
    """The rows of one pair, whatever it did."""
    given = {"step": steps, "pair": label, "layer": layer, "dx2": dx2, "dy2_target": target}
    return pd.DataFrame({**given, **{name: np.broadcast_to(x, steps.shape) for name, x in vars(run).items()}})


def pairs(count: int = 6, **changes: float) -> pd.DataFrame:
    """Several pairs of different inputs."""
    sizes = np.linspace(0.5, 2.0, count)
    return pd.concat([pair(k, dx2=float(dx2), **changes) for k, dx2 in enumerate(sizes)], ignore_index=True)
