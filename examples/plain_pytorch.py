"""
A loop of one's own
===================

Two groups of points, a network of plain PyTorch, and a recorder that is asked at every tenth step. ``make`` is for the
command line, which trains by itself: ``repdyn diagnose examples/plain_pytorch.py:make --epochs 100``.
"""

import torch
from repdyn.experiments import PairRecorder, diagnose, draw_layer, sample_pairs
from sklearn.datasets import make_blobs
from torch import nn


def make():
    torch.manual_seed(0)
    x, y = make_blobs(256, n_features=10, centers=2, cluster_std=0.3, random_state=0)
    network = nn.Sequential(
        *(nn.Linear(10, 64), nn.LeakyReLU(), nn.Linear(64, 64), nn.LeakyReLU()),
        *(nn.Linear(64, 64), nn.LeakyReLU(), nn.Linear(64, 2)),
    )
    return network, (torch.tensor(x / 10).float(), torch.tensor(y))


if __name__ == "__main__":  # not for the command, which trains by itself
    network, (x, y) = make()
    pairs = sample_pairs((x, y), 30, points=20)
    recorder = PairRecorder(
        network, pairs.inputs, pairs.targets, ["1", "3", "5"], labels=pairs.labels
    )
    optimiser = torch.optim.SGD(network.parameters(), lr=0.05)
    for step in range(1001):
        if step % 10 == 0:
            recorder.record(step)
        if step in (0, 1000):
            recorder.observe()
        loss = (network(x) - nn.functional.one_hot(y)).square().sum(1).mean() / 2
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    diagnosis = diagnose(recorder)
    print(diagnosis)
    figure = draw_layer(diagnosis["3"])
    figure.savefig("plain_pytorch.png")

# %%
# Two tight groups are nearly two points. In the middle the theory holds from the first record on; in the last layer
# once the mean of the outputs is learnt; in the first only in part, where rates that grow describe the pairs.
