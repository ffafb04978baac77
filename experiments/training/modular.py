"""A transformer that does sums modulo a number, and the sums in minibatches."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.utils.data import IterableDataset

from .lightning import Batch, Supervised

HEADS, TOKENS = 4, 4
"""Attention heads; and the tokens of a sum: a number, minus, a number, equals."""

_WARM_UP = 10
"""Steps in which the learning rate rises to what it is."""


def subtractions(modulus: int) -> Batch:
    """Every a - b modulo a number: tokens, shape (modulus^2, 4), and what comes out, shape (modulus^2,).

    The numbers are the tokens from 0 on, minus and equals the two after them.

    >>> x, y = subtractions(3)
    >>> x[5].tolist(), int(y[5])  # 1 - 2
    ([1, 3, 2, 4], 2)
    """
    a, b = torch.cartesian_prod(torch.arange(modulus), torch.arange(modulus)).T
    minus, equals = (torch.full_like(a, modulus + k) for k in range(2))
    return torch.stack([a, minus, b, equals], 1), (a - b) % modulus


class Block(nn.Module):
    """Self-attention and two layers of units, each added to what it is given and read after a layer norm.

    What it was at the last input stays with it: ``queries``, ``keys`` and ``values``, shape (n, heads, tokens, width of
    a head), ``attention``, shape (n, heads, tokens, tokens), and ``hidden``, what the units read, shape (n, tokens,
    width).
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.before_attention, self.before_units = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project, self.join = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        self.units = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        n, tokens, width = x.shape
        parts = self.project(self.before_attention(x)).reshape(n, tokens, 3, HEADS, width // HEADS)
        self.queries, self.keys, self.values = parts.permute(2, 0, 3, 1, 4)
        scores = self.queries @ self.keys.transpose(-1, -2) / (width // HEADS) ** 0.5
        self.attention = scores.softmax(-1)
        read = (self.dropout(self.attention) @ self.values).transpose(1, 2).reshape(n, tokens, width)
        x = x + self.dropout(self.join(read))
        self.hidden = self.before_units(x)
        return x + self.dropout(self.units(self.hidden))


class ModularTransformer(nn.Module):
    """Blocks over the tokens of a sum, each with its learnt place; the last token is read out.

    Weights start as PyTorch starts them, and places as the tokens do, from a standard normal distribution.

    >>> ModularTransformer(5, 8, 2, 0.0)(subtractions(5)[0]).shape
    torch.Size([25, 5])
    """

    def __init__(self, modulus: int, width: int, blocks: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(modulus + 2, width)
        self.positions = nn.Parameter(torch.randn(TOKENS, width))
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.Sequential(*(Block(width, dropout) for _ in range(blocks)))
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, modulus)

    def forward(self, x: Tensor) -> Tensor:
        embedded = self.embedding(x) * self.embedding.embedding_dim**0.5 + self.positions
        return self.output(self.norm(self.blocks(self.dropout(embedded)))[:, -1])

    def parts(self, x: Tensor) -> dict[str, Tensor]:
        """What it is at each input, a vector each: attention, keys and values of all blocks, hidden of the last."""
        training = self.training
        self.eval()
        with torch.no_grad():
            self(x)
        self.train(training)
        blocks = cast(list[Block], list(self.blocks))
        of_all = {
            name: torch.cat([getattr(block, name).flatten(1) for block in blocks], 1)
            for name in ("attention", "keys", "values")
        }
        return {**of_all, "hidden": blocks[-1].hidden.flatten(1)}


class Draws(IterableDataset[Batch]):
    """``steps`` minibatches of tensors in memory, drawn with replacement.

    >>> x = torch.arange(4)
    >>> [len(x) for x, y in Draws(x, x, batch=6, steps=2, seed=0)]
    [6, 6]
    """

    def __init__(self, x: Tensor, y: Tensor, *, batch: int, steps: int, seed: int) -> None:
        self.x, self.y, self.batch, self.steps, self.seed = x, y, batch, steps, seed

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(self.seed)
        for _ in range(self.steps):
            rows = torch.randint(len(self.x), (self.batch,), generator=generator)
            yield self.x[rows], self.y[rows]


class WarmedUp(Supervised):
    """A network trained by AdamW on the cross-entropy of classes, at a rate that rises in the first steps."""

    def __init__(self, network: nn.Module, lr: float, weight_decay: float) -> None:
        super().__init__(network, lr, weight_decay=weight_decay, loss="classes")

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        for group in cast(LightningOptimizer, self.optimizers()).param_groups:
            group["lr"] = self.lr * min(1.0, (batch_idx + 1) / _WARM_UP)
        return super().training_step(batch, batch_idx)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), self.lr, betas=(0.9, 0.98), weight_decay=self.weight_decay)
