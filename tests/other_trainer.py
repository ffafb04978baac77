"""A file that is run by a Python of its own: a module of the package ``lightning``, its points, and what is given."""

HEAD = """
import sys
import pickle
import warnings

import lightning as L
import torch
from repdyn.experiments import PairTracker
from torch.utils.data import DataLoader, TensorDataset

warnings.simplefilter("ignore")
QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


class Mine(L.LightningModule):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.encoder, self.decoder = torch.nn.Linear(4, 8), torch.nn.Linear(8, 2)

    def forward(self, x):
        return self.decoder(self.encoder(x))

    def training_step(self, batch, batch_idx):
        x, y = batch
        return (self(x) - y).square().sum(1).mean() / 2

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.05)


def fit(module, batch, epochs, file=None, **options):
    tracker = PairTracker(x[None, :2], y[None, :2], ["encoder"], every=3, file=file)
    trainer = L.Trainer(max_epochs=epochs, callbacks=[tracker], **QUIET, **options)
    trainer.fit(module, DataLoader(TensorDataset(x, y), batch_size=batch))
    return tracker


torch.manual_seed(1)
x, y = torch.randn(8, 4), torch.randn(8, 2)
"""
