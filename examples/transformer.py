"""
A transformer
=============

Of tokens: inputs have their distances at the embedding, and a sequence is the mean over its positions.
"""

import torch
from repdyn.experiments import Layer, PairRecorder, diagnose, draw_layer, sample_pairs
from torch import nn


class Classifier(nn.Module):
    def __init__(self, tokens=20, width=32, length=12):
        super().__init__()
        self.embedding = nn.Embedding(tokens, width)
        self.positions = nn.Parameter(torch.randn(length, width) / 10)
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(width, 4, 64, batch_first=True), 2
        )
        self.head = nn.Linear(width, 2)

    def forward(self, tokens):
        return self.head(self.encoder(self.embedding(tokens) + self.positions).mean(1))


torch.manual_seed(0)
x = torch.randint(20, (512, 12))
y = ((x < 2).sum(1) > ((x == 2) | (x == 3)).sum(1)).long()
targets, pairs = nn.functional.one_hot(y, 2), sample_pairs((x, y), 30, points=24)
network, layers = Classifier(), [Layer(f"encoder.layers.{k}", pool="mean") for k in (0, 1)]
recorder = PairRecorder(network, pairs.inputs, pairs.targets, layers, dx2="embedding")
optimiser = torch.optim.Adam(network.parameters(), lr=3e-4)
for step in range(401):
    if step % 5 == 0:
        recorder.record(step)
    if step in (0, 400):
        recorder.observe()
    batch = torch.randint(512, (64,))
    optimiser.zero_grad()
    (network(x[batch]) - targets[batch]).square().sum(1).mean().div(2).backward()
    optimiser.step()
print(diagnosis := diagnose(recorder))

# %%
# Distances in the first block hardly change while those in the second double, late in training. The theory tells the
# outline and not the rest: a line of the conserved quantity with an R² of 0.4 is none.

figure = draw_layer(diagnosis["encoder.layers.1"])
figure.savefig("transformer.png")
