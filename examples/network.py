"""
A network of your own
=====================

A callback follows pairs of points through any ``LightningModule``; the theory is fitted to what it saw.
"""

import pytorch_lightning as pl
import torch
from repdyn.experiments import PairTracker, compare, draw_comparison
from torch.utils.data import DataLoader, TensorDataset


class Mine(pl.LightningModule):
    def __init__(self):
        super().__init__()
        layers = [
            torch.nn.Linear(1, 100),
            torch.nn.Tanh(),
            torch.nn.Linear(100, 100),
            torch.nn.Tanh(),
        ]
        self.encoder, self.decoder = torch.nn.Sequential(*layers), torch.nn.Linear(100, 1)

    def forward(self, x):
        return self.decoder(self.encoder(x))

    def training_step(self, batch, batch_idx):
        x, y = batch
        return (self(x) - y).square().sum(1).mean() / 2

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.005)


torch.manual_seed(0)
x, y = torch.tensor([[-0.5], [0.5]]), torch.tensor([[-0.5], [0.5]])
tracker = PairTracker(x[None], y[None], layers=["encoder.1", "encoder"])
loader = DataLoader(TensorDataset(x, y), batch_size=2, sampler=[0, 1] * 600)
quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
trainer = pl.Trainer(max_epochs=1, accelerator="cpu", callbacks=[tracker], **quiet)
trainer.fit(Mine(), loader)

# %%
# The tracker's table goes to :func:`~repdyn.experiments.compare`, which fits each pair at each layer.

for found in compare(tracker.frame()):
    end, theory = found.final_measured, found.final_predicted
    print(f"{found.layer}: R² {found.mean_r2:.3f}, final |dh|² {end:.3f}, theory {theory:.3f}")
figure = draw_comparison(found)
figure.savefig("network.png")
