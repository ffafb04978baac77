"""Networks whose hidden layers can be named."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn

_NONLINEARITIES: dict[str, Callable[[], nn.Module]] = {
    "leaky_relu": nn.LeakyReLU,
    "relu": nn.ReLU,
    "elu": nn.ELU,
    "tanh": nn.Tanh,
    "swish": nn.SiLU,
    "none": nn.Identity,
}


class MLP(nn.Module):
    """A multilayer perceptron; ``hidden.k`` is hidden layer k, after its nonlinearity.

    Weights are Xavier-normal times ``gain``, biases 0. Inputs of shape
    ``(batch, ...)`` are flattened, outputs are of shape ``(batch, output_size)``.

    >>> net = MLP(3, 2, width=8, hidden_layers=2, nonlinearity="tanh", gain=1.0)
    >>> net(torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """

    def __init__(
        self, input_size: int, output_size: int, *, width: int, hidden_layers: int, nonlinearity: str, gain: float
    ) -> None:
        super().__init__()
        sizes = [input_size, *[width] * hidden_layers]
        layers = [
            nn.Sequential(nn.Linear(before, after), _NONLINEARITIES[nonlinearity]())
            for before, after in pairwise(sizes)
        ]
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(sizes[-1], output_size)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_normal_(module.weight, gain=gain)
                nn.init.zeros_(module.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.output(self.hidden(x.flatten(1)))
