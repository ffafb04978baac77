"""A recurrent network that reads strings of 0 and 1, and the strings in minibatches."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from ..tasks.automata import SYMBOLS
from .lightning import Batch


def one_hot(numbers: NDArray[np.int64]) -> Tensor:
    """Symbols of strings, or classes, shape (...), as vectors of shape (..., 2).

    >>> one_hot(np.array([1, 0])).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    return torch.nn.functional.one_hot(torch.from_numpy(numbers), SYMBOLS).float()


class Recurrent(torch.nn.Module):
    """One recurrent layer that starts from ones, and a linear map of its last state.

    With the nonlinearity ``relu_step`` the layer is of ``relu``, and the last state jumps before it is read: a unit
    that is above 0 is read as 1 more. The jump has no gradient.

    >>> Recurrent(4, "relu", 0.1)(torch.zeros(3, 5, 2)).shape
    torch.Size([3, 2])
    """

    def __init__(self, width: int, nonlinearity: str, gain: float, outputs: int = 2) -> None:
        super().__init__()
        kind, _, jump = nonlinearity.partition("_")
        self.jumps = bool(jump)
        self.hidden = torch.nn.RNN(SYMBOLS, width, nonlinearity=kind, batch_first=True)
        self.output = torch.nn.Linear(width, outputs)
        for name, p in self.named_parameters():
            torch.nn.init.xavier_normal_(p, gain) if "weight" in name else torch.nn.init.zeros_(p)

    def state(self, x: Tensor) -> Tensor:
        """The hidden state after strings of one length, one-hot, shape (n, length, 2); shape (n, width)."""
        start = torch.ones(1, len(x), self.hidden.hidden_size)
        return start[0] if not x.shape[1] else self.hidden(x, start)[1][0]

    def read(self, state: Tensor) -> Tensor:
        """What is said in a state."""
        return self.output(state + (state > 0) if self.jumps else state)

    def forward(self, x: Tensor) -> Tensor:
        return self.read(self.state(x))


class StringBatches(IterableDataset[Batch]):
    """Minibatches of strings of one length, length by length, shuffled within each, for so many epochs.

    >>> x, y = [torch.zeros(2, 1, 2), torch.zeros(4, 2, 2)], [torch.zeros(2, 2), torch.zeros(4, 2)]
    >>> batches = StringBatches(x, y, batch=3, epochs=5, seed=0)
    >>> [tuple(x.shape) for x, _ in batches][:3], len(batches)
    ([(2, 1, 2), (3, 2, 2), (1, 2, 2)], 15)
    """

    def __init__(self, x: Sequence[Tensor], y: Sequence[Tensor], batch: int, epochs: int, seed: int) -> None:
        self.x, self.y, self.batch, self.epochs, self.seed = x, y, batch, epochs, seed

    @property
    def of_epoch(self) -> int:
        """Batches of an epoch."""
        return sum(-(-len(x) // self.batch) for x in self.x)

    def __len__(self) -> int:
        return self.epochs * self.of_epoch

    def __iter__(self) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(self.seed)
        for _ in range(self.epochs):
            for x, y in zip(self.x, self.y, strict=True):
                order = torch.randperm(len(x), generator=generator)
                for begin in range(0, len(x), self.batch):
                    rows = order[begin : begin + self.batch]
                    yield x[rows], y[rows]
