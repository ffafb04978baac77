"""Two points in a network trained by full-batch gradient descent."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import torch

from .networks import MLP
from .settings import TwoPoints
from .tracker import PairTracker
from .training import Batches, Regression


def data(setting: TwoPoints) -> tuple[torch.Tensor, torch.Tensor]:
    """The two inputs, shape (2, input_size), and the two targets, shape (2, output_size)."""
    points = torch.tensor([0.0, 1.0], dtype=torch.float64)[:, None]
    x = (-1 + setting.dx2**0.5 * points) / setting.input_size**0.5
    y = (0.6 + setting.dy2**0.5 * points) / setting.output_size**0.5
    return x.expand(2, setting.input_size).float(), y.expand(2, setting.output_size).float()


def prepare(setting: TwoPoints) -> tuple[Regression, Batches, PairTracker]:
    """The network, the batches (the same two points at every step) and the tracker of their one pair, every layer."""
    x, y = data(setting)
    torch.manual_seed(setting.seed)
    network = MLP(
        setting.input_size,
        setting.output_size,
        width=setting.width,
        hidden_layers=setting.hidden_layers,
        nonlinearity=setting.nonlinearity,
        gain=setting.gain,
    )
    layers = [f"network.hidden.{k}" for k in range(setting.hidden_layers)]
    tracker = PairTracker(x[None], y[None], layers, every=setting.every)
    batches = Batches(x, y, batch=2, steps=setting.steps, seed=setting.seed)
    return Regression(network, setting.lr), batches, tracker
