"""Networks whose hidden layers can be named: ``hidden.k`` is hidden layer k, whatever the architecture.

All start with Xavier-normal weights times a gain and biases 0. Inputs of shape ``(batch, ...)`` are flattened,
outputs are of shape ``(batch, output_size)``.
"""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..settings.architecture import CHANNELS, HEADS, KERNEL, TOKENS
from .linear import Linear

if TYPE_CHECKING:
    from ..settings import Setting

_NONLINEARITIES: dict[str, Callable[[], nn.Module]] = {
    "leaky_relu": nn.LeakyReLU,
    "relu": nn.ReLU,
    "elu": nn.ELU,
    "tanh": nn.Tanh,
    "swish": nn.SiLU,
    "none": nn.Identity,
}


def build_network(setting: Setting, input_size: int, output_size: int) -> nn.Module:
    """The network of a setting.

    >>> from ..settings import TwoPoints
    >>> network = build_network(TwoPoints(model="residual", width=8, hidden_layers=2, layer=0), 3, 2)
    >>> network(torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """
    sizes = (input_size, output_size, setting.width, setting.hidden_layers)
    match setting.model:
        case "residual":
            return ResidualMLP(*sizes, nonlinearity=setting.nonlinearity, gain=setting.gain)
        case "cnn":
            return ConvolutionalNetwork(*sizes, nonlinearity=setting.nonlinearity, gain=setting.gain)
        case "gru":
            return GatedRecurrentNetwork(*sizes, gain=setting.gain)
        case "transformer":
            return TransformerEncoder(*sizes, gain=setting.gain)
        case _:
            return MLP(
                *sizes,
                nonlinearity=setting.nonlinearity,
                gain=setting.gain,
                dropout=setting.dropout,
                layer_norm=setting.model == "layer_norm",
            )


class MLP(nn.Module):
    """A multilayer perceptron, with dropout before each linear map or layer normalisation after it if asked for.

    >>> net = MLP(3, 2, width=8, hidden_layers=2, nonlinearity="tanh", gain=1.0)
    >>> net(torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        width: int,
        hidden_layers: int,
        *,
        nonlinearity: str,
        gain: float,
        dropout: float = 0.0,
        layer_norm: bool = False,
    ) -> None:
        super().__init__()
        self.drop = nn.Dropout(dropout) if dropout else nn.Identity()
        self.hidden = nn.Sequential()
        for before, after in pairwise([input_size, *[width] * hidden_layers]):
            normalised = [nn.LayerNorm(after)] if layer_norm else []
            map = Linear(before, after)
            dropped = [self.drop] if dropout else []
            self.hidden.append(nn.Sequential(*dropped, map, *normalised, _NONLINEARITIES[nonlinearity]()))
        self.output = Linear(width, output_size)
        _initialise(self, gain)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.drop(self.hidden(x.flatten(1))))


class ResidualMLP(nn.Module):
    """A multilayer perceptron in which each hidden layer after the first adds to the one before."""

    def __init__(
        self, input_size: int, output_size: int, width: int, hidden_layers: int, *, nonlinearity: str, gain: float
    ) -> None:
        super().__init__()
        self.hidden = nn.Sequential(nn.Sequential(Linear(input_size, width), _NONLINEARITIES[nonlinearity]()))
        for _ in range(hidden_layers - 1):
            self.hidden.append(_Residual(nn.Sequential(Linear(width, width), _NONLINEARITIES[nonlinearity]())))
        self.output = Linear(width, output_size)
        _initialise(self, gain)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.hidden(x.flatten(1)))


class _Residual(nn.Module):
    """What goes in, plus a map of it."""

    def __init__(self, change: nn.Module) -> None:
        super().__init__()
        self.change = change

    def forward(self, x: Tensor) -> Tensor:
        return x + self.change(x)


class ConvolutionalNetwork(nn.Module):
    """A linear map to ``width`` positions, 1-d convolutions over them (20 channels, kernel 11), and a linear map."""

    def __init__(
        self, input_size: int, output_size: int, width: int, hidden_layers: int, *, nonlinearity: str, gain: float
    ) -> None:
        super().__init__()
        channels = [1, *[CHANNELS] * (hidden_layers - 1)]
        first = nn.Sequential(nn.Linear(input_size, width), _NONLINEARITIES[nonlinearity](), nn.Unflatten(1, (1, -1)))
        self.hidden = nn.Sequential(first)
        for before, after in pairwise(channels):
            convolution = nn.Conv1d(before, after, KERNEL, padding="same")
            self.hidden.append(nn.Sequential(convolution, _NONLINEARITIES[nonlinearity]()))
        self.output = nn.Linear(channels[-1] * width, output_size)
        _initialise(self, gain)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.hidden(x.flatten(1)).flatten(1))


class GatedRecurrentNetwork(nn.Module):
    """A GRU that reads the same input ``hidden_layers`` times; ``hidden.k`` is its state after reading k + 1 times."""

    def __init__(self, input_size: int, output_size: int, width: int, hidden_layers: int, *, gain: float) -> None:
        super().__init__()
        self.cell = nn.GRUCell(input_size, width)
        self.hidden = nn.ModuleList(nn.Identity() for _ in range(hidden_layers))
        self.output = nn.Linear(width, output_size)
        _initialise(self, gain)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), self.cell.hidden_size)
        for shown in self.hidden:
            state = shown(self.cell(x.flatten(1), state))
        return self.output(state)


class TransformerEncoder(nn.Module):
    """Transformer layers (4 heads) over 4 tokens, each the embedded input at a learnt place; the mean is read out."""

    def __init__(self, input_size: int, output_size: int, width: int, hidden_layers: int, *, gain: float) -> None:
        super().__init__()
        self.embedding = nn.Linear(input_size, width)
        self.positions = nn.Parameter(torch.empty(TOKENS, width))
        self.hidden = nn.Sequential()
        for _ in range(hidden_layers):
            self.hidden.append(
                nn.TransformerEncoderLayer(width, HEADS, dim_feedforward=2 * width, dropout=0.0, batch_first=True)
            )
        self.output = nn.Linear(width, output_size)
        _initialise(self, gain)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.embedding(x.flatten(1))[:, None] + self.positions
        return self.output(self.hidden(tokens).mean(1))


def _initialise(network: nn.Module, gain: float) -> None:
    """Xavier-normal matrices times the gain, biases 0; the scales of layer normalisation stay 1."""
    for name, parameter in network.named_parameters():
        if parameter.ndim > 1:
            nn.init.xavier_normal_(parameter, gain=gain)
        elif "bias" in name:
            nn.init.zeros_(parameter)
