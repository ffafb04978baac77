"""A small network of two parts and its pairs, trained with Lightning or by anybody."""

import pytorch_lightning as pl
import torch
from repdyn.experiments import PairTracker
from repdyn.experiments.training.lightning import Batches, fit, half_squared_error
from torch import nn

GENERATOR = torch.Generator().manual_seed(0)
POINTS, VALUES = torch.randn(20, 4, generator=GENERATOR), torch.randn(20, 3, generator=GENERATOR)
FIRST = torch.tensor([[0, 1], [0, 2], [5, 3]])


class Plain(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.encoder = nn.Sequential(nn.Linear(4, 8), nn.Tanh())
        self.middle = nn.Identity()
        self.decoder = nn.Linear(8, 3)
        self.losses: list[float] = []

    def forward(self, x):
        return self.decoder(self.middle(self.encoder(x)))

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = half_squared_error(self(x), y)
        self.losses.append(loss.item())
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.05)


def train(net: Plain, steps: int = 12, **options) -> PairTracker:
    tracker = PairTracker(POINTS[FIRST], VALUES[FIRST], ["encoder"], **options)
    fit(net, Batches(POINTS, VALUES, batch=20, steps=steps, seed=0), [tracker])
    return tracker
