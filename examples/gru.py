"""
A recurrent network
===================

A GRU reads sequences of numbers and predicts their sum. It puts out a tuple, and what it holds after the last number
is the representation: ``Layer`` says so.
"""

import torch
from repdyn.experiments import Layer, PairRecorder, diagnose, draw_layer, sample_pairs
from torch import nn


class Adder(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.gru = nn.GRU(1, width, batch_first=True)
        self.head = nn.Linear(width, 1)

    def forward(self, x):
        states, _ = self.gru(x)
        return self.head(states[:, -1])


torch.manual_seed(0)
x = torch.rand(256, 8, 1) - 0.5
y = x.sum(1)
pairs = sample_pairs((x, y), 30, points=24)
network, layer = Adder(), Layer("gru", select=0, pool="last")
recorder = PairRecorder(network, pairs.inputs, pairs.targets, [layer], labels=pairs.labels)
optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
for step in range(401):
    if step % 5 == 0:
        recorder.record(step)
    if step in (0, 400):
        recorder.observe()
    loss = (network(x) - y).square().mean() / 2
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
diagnosis = diagnose(recorder)
print(diagnosis)

# %%
# The layer is rich, and the two-point theory does not describe it: ``w`` least, and the line that it conserves is none.
# A pair differs in much that the decoder does not read: ``dh`` lies oblique to its gradient.

figure = draw_layer(diagnosis["gru"])
figure.savefig("gru.png")
