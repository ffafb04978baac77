"""
Fine-tuning
===========

A network that can tell all ten digits gets a new head, and learns which of them are odd. Is that rich or lazy?
"""

import torch
from repdyn.experiments import PairRecorder, diagnose, draw_layer, sample_pairs
from sklearn.datasets import load_digits
from torch import nn


def train(network, x, y, steps, recorder=None):
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    targets = nn.functional.one_hot(y)
    for step in range(steps + 1):
        if recorder and step % 10 == 0:
            recorder.record(step)
            if step in (0, steps):
                recorder.observe()
        optimiser.zero_grad()
        ((network(x) - targets).square().sum(1).mean() / 2).backward()
        optimiser.step()


torch.manual_seed(0)
x, y = load_digits(return_X_y=True)
x, digit, odd = torch.tensor(x / 16).float(), torch.tensor(y), torch.tensor(y % 2)
body = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
train(nn.Sequential(body, nn.Linear(64, 10)), x, digit, 1000)
network = nn.Sequential(body, nn.Linear(64, 2))
pairs = sample_pairs((x, odd), 30, points=24)
recorder = PairRecorder(network, pairs.inputs, pairs.targets, ["0.1", "0"], labels=pairs.labels)
train(network, x, odd, 600, recorder)
diagnosis = diagnose(recorder)
print(diagnosis)

# %%
# The representation that was there serves the new task: distances change by a tenth in the first layer and a quarter in
# the second, where they grow at first and then come back. The theory knows no way back, and fails; no rate is given.

figure = draw_layer(diagnosis["0"])
figure.savefig("fine_tuning.png")
