"""A network in training and its pairs, for the tests of what is recorded of it."""

import pytorch_lightning as pl
import torch
from repdyn.experiments import PairTracker
from repdyn.experiments.training.lightning import Batches, fit, half_squared_error
from torch import nn

GENERATOR = torch.Generator().manual_seed(0)
X, Y = torch.randn(20, 6, generator=GENERATOR), torch.randn(20, 3, generator=GENERATOR)
PAIRS = torch.tensor([[0, 1], [0, 2], [5, 3]])
LAYERS = ["encoder", "encoder.0", "middle"]

QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_model_summary": False,
    "enable_progress_bar": False,
}
"""A trainer without extras."""


class Passes:
    """A number that a look at the network does not give back."""

    number = 0


class Net(pl.LightningModule):
    """Any module: its own training step, its own optimiser."""

    def __init__(self, between: nn.Module | None = None) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.encoder = nn.Sequential(nn.Linear(6, 8), nn.Tanh())
        self.between = between or nn.Identity()
        self.middle = nn.Linear(8, 8)
        self.decoder = nn.Linear(8, 3)
        self.forwards = Passes()
        self.losses: list[float] = []

    def forward(self, x):
        self.forwards.number += 1
        return self.decoder(self.middle(self.between(self.encoder(x))))

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = half_squared_error(self(x), y)
        self.losses.append(loss.item())
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.05)


def track(net: pl.LightningModule, *, batch: int = 20, steps: int = 12, pairs=PAIRS, layers=LAYERS, **options):
    tracker = PairTracker(X[pairs], Y[pairs], layers, **options)
    fit(net, Batches(X, Y, batch=batch, steps=steps, seed=0), [tracker])
    return tracker


def by_hand(net: Net, pair: list[int]) -> tuple[float, float, float, float]:
    """dh2 at the middle layer, dy2, w and the loss, with the definitions written out."""
    with torch.no_grad():
        h = net.middle(net.encoder(X[pair])).double()
        y = net.decoder(h.float()).double()
    dh, dy, dt = h[1] - h[0], y[1] - y[0], (Y[pair][1] - Y[pair][0]).double()
    loss = sum(float((y[i] - Y[pair][i].double()).square().sum()) for i in (0, 1)) / 4
    return float(dh @ dh), float(dy @ dy), float(dy @ dy - dy @ dt), loss
