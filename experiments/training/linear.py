"""Linear maps whose weights gradient descent moves in the middle of its backward pass."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn

_LARGE = 2**16
"""Weights of a map from which on moving them so is worth a function of Python's."""


class Descent:
    """Whether, and by how much of the gradient, passes that begin now move weights; shared by the maps of a network."""

    def __init__(self) -> None:
        self.lr = 0.0

    @contextmanager
    def step(self, lr: float) -> Generator[None]:
        """The backward pass of what is computed inside moves weights."""
        self.lr = lr
        try:
            yield
        finally:
            self.lr = 0.0


class Linear(nn.Linear):
    """A linear map. Of many weights gradient descent can move them as soon as the backward pass has used them.

    The gradient is a sum over the points of a batch, and added to the weights as such: no matrix of the size of the
    weights is written down and read again, which for few points takes longer than all else. A map that is used twice in
    a pass cannot be moved so; torch, which sees that weights have changed in between, refuses the pass.
    """

    descent: Descent | None = None

    @property
    def is_large(self) -> bool:
        """Whether moving the weights so takes less time."""
        return self.weight.numel() >= _LARGE

    def forward(self, input: Tensor) -> Tensor:
        if self.descent is None or not self.descent.lr:
            return super().forward(input)
        return cast(Tensor, _Moved.apply(input, self.weight, self.bias, self.descent.lr))


class _Moved(torch.autograd.Function):
    """A linear map of points, shape (n, inputs), whose backward pass takes the step of gradient descent."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, weight: Tensor, bias: Tensor, lr: float) -> Tensor:
        ctx.save_for_backward(input, weight)
        ctx.lr = lr
        return nn.functional.linear(input, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None, Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]  # of one output
        (gradient,) = gradients
        input, weight = ctx.saved_tensors
        of_input = gradient @ weight if ctx.needs_input_grad[0] else None
        weight.addmm_(gradient.T, input, alpha=-ctx.lr)
        return of_input, None, gradient.sum(0), None
