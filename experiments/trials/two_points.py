"""Two points in a network trained by full-batch gradient descent."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import torch

from ..settings.architecture import hidden_layer
from ..sweep.outcome import Outcome, trained
from ..tracking.tracker import PairTracker
from ..training.lightning import Batches, StopBelow, Supervised, fit, repeatable
from ..training.networks import build_network

if TYPE_CHECKING:
    from ..settings import TwoPoints


def data(setting: TwoPoints) -> tuple[torch.Tensor, torch.Tensor]:
    """The two inputs, shape (2, input_size), and the two targets, shape (2, output_size)."""
    points = torch.tensor([0.0, 1.0], dtype=torch.float64)[:, None]
    x = (-1 + setting.dx2**0.5 * points) / setting.input_size**0.5
    begin = 0.6 if setting.loss == "squared_error" else 0.0
    y = (begin + setting.dy2**0.5 * points) / setting.output_size**0.5
    return x.expand(2, setting.input_size).float(), y.expand(2, setting.output_size).float()


def prepare(setting: TwoPoints) -> tuple[Supervised, Batches, PairTracker]:
    """The network, the batches (the same two points at every step) and the tracker of their one pair, every layer."""
    x, y = data(setting)
    torch.manual_seed(setting.seed)
    network = build_network(setting, setting.input_size, setting.output_size)
    layers = [hidden_layer(k) for k in range(setting.hidden_layers)]
    tracker = PairTracker(x[None], y[None], layers, every=setting.every)
    batches = Batches(x, y, batch=setting.batch, steps=setting.steps, seed=setting.seed)
    module = Supervised(
        network, setting.lr, optimiser=setting.optimiser, weight_decay=setting.weight_decay, loss=setting.loss
    )
    return module, batches, tracker


def run_trial(setting: TwoPoints) -> Outcome:
    """Train; the trajectory of the pair at every hidden layer as the table ``trajectory``."""
    frame, diverged_at = train(setting)
    return trained(diverged_at, {"trajectory": frame}, {"steps": int(frame["step"].iloc[-1])})


def train(setting: TwoPoints) -> tuple[pd.DataFrame, int | None]:
    """The trajectory of the pair, as :meth:`PairTracker.frame`, and the step at which training diverged or None."""
    with repeatable(setting.threads):
        module, batches, tracker = prepare(setting)
        until = [StopBelow(setting.until)] if setting.until else []
        diverged_at = fit(module, batches, [tracker, *until], setting.device)
    return tracker.frame(), diverged_at
