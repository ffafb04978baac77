"""A training loop in plain torch: the oracle for what Lightning does."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import torch

from .lightning import Batches, half_squared_error


def train(network: torch.nn.Module, batches: Batches, lr: float) -> list[float]:
    """Gradient descent over all batches; returns the loss before each step.

    >>> network = torch.nn.Linear(1, 1)
    >>> x = torch.ones(2, 1)
    >>> losses = train(network, Batches(x, x, batch=2, steps=5, seed=0), lr=0.1)
    >>> losses[-1] < losses[0]
    True
    """
    optimiser = torch.optim.SGD(network.parameters(), lr=lr)
    losses: list[float] = []
    for x, y in batches:
        optimiser.zero_grad()
        loss = half_squared_error(network(x), y)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses
