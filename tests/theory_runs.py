"""Outcomes of training runs that a theory made, for tests of studies that take seconds."""

import numpy as np
import pandas as pd
from repdyn.experiments.sweep.outcome import DIVERGED, Outcome
from repdyn.numeric import Pair, State, integrate, loss_curve

PAIR = Pair(1.0, 0.5)
STEPS = 400


def aligned(dh2, dy2):
    return State(dh2, dy2, dy2 - np.sqrt(dy2 * PAIR.dy2))


def run(layer, theory="two_point", seed=0, start=None, steps=STEPS, **rates):
    """A trajectory of a theory at a layer, with noise of a thousandth."""
    t = np.arange(0.0, steps, 4.0)
    rates = rates or {"rate_h": 6e-3, "rate_y": 6e-2}
    path = integrate(t, start or aligned(0.02, 1e-3), PAIR, rates, theory=theory)
    noise = 1e-3 * np.random.default_rng(seed).normal(size=(3, t.size)) * (t > 0)
    dh2, dy2 = (np.abs(x + n) for x, n in zip((path.dh2, path.dy2), noise, strict=False))
    state = State(dh2, dy2, path.w + noise[2])
    loss = loss_curve(t, path, PAIR, mean_error=0.8, rate_mean=0.02)
    return Outcome(tables={"trajectory": table(layer, t, state, loss)})


def table(layer, t, state, loss):
    columns = {"step": t.astype(int), **vars(state), "loss": loss}
    labels = {"pair": "0-1", "layer": f"network.hidden.{layer}", "dx2": PAIR.dx2, "dy2_target": PAIR.dy2}
    return pd.DataFrame({**columns, **labels})


def falling(layer, seed=0):
    """dh2 falls while the pair is learnt, as no pair of rates can have it."""
    t = np.arange(0.0, STEPS, 4.0)
    learnt = 1 / (1 + np.exp(-(t - 200) / 30))
    dy = np.sqrt(PAIR.dy2) * learnt
    noise = 1e-3 * np.random.default_rng(seed).normal(size=t.size)
    state = State(1.4 - 0.8 * learnt + noise, dy**2, dy**2 - dy * np.sqrt(PAIR.dy2))
    return Outcome(tables={"trajectory": table(layer, t, state, 0.1 * (1 - learnt))})


def diverged():
    return Outcome(DIVERGED, "the loss ceased to be a number at step 12")
