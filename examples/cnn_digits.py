"""
A convolutional network on digits
=================================

A network as its author wrote it, with cross-entropy and Adam, and callbacks beside it.
"""

import pytorch_lightning as pl
import torch
from repdyn.experiments import PairTracker, diagnose, draw_layer, sample_pairs
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class CNN(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.conv2 = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

    def forward(self, x):
        return self.head(self.conv2(self.conv1(x)))

    def training_step(self, batch, batch_idx):
        x, y = batch
        return nn.functional.cross_entropy(self(x), y)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-3)


pl.seed_everything(0)
x, y = load_digits(return_X_y=True)
data = TensorDataset(torch.tensor(x / 16).float().reshape(-1, 1, 8, 8), torch.tensor(y))
pairs = sample_pairs(data, 30, points=24)
points, often = (pairs.inputs, pairs.targets), {"every": 5, "observe": True}
logits = PairTracker(*points, ["conv1", "conv2"], **often)
probabilities = PairTracker(*points, ["conv2"], forward=lambda m, x: m(x).softmax(1), **often)
quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
both = [logits, probabilities]
trainer = pl.Trainer(max_epochs=12, accelerator="cpu", callbacks=both, **quiet)
trainer.fit(CNN(), DataLoader(data, batch_size=64, shuffle=True))
print(diagnose(logits))

# %%
# Both layers learn richly. But the theory is of outputs that go to their targets, and logits go on growing, which the
# verdict says, with what to do about it. So the second tracker is of probabilities:

print(diagnosis := diagnose(probabilities))
figure = draw_layer(diagnosis["conv2"])
figure.savefig("cnn_digits.png")

# %%
# Now the theory holds in part. What remains has other reasons: the decoder reads only some of what parts two images,
# and the tangent kernel, which is to stay, turns as ten classes are learnt at once.
