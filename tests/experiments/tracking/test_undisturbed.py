"""A look at a network leaves no trace in it or in the random numbers of anybody."""

import random

import numpy as np
import pytest
import torch
from repdyn.experiments.tracking.undisturbed import undisturbed
from torch import nn


class Restless(nn.Module):
    """Changes whatever it can in a forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.BatchNorm1d(2)
        self.weight = nn.Parameter(torch.ones(2))
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("replaced", torch.zeros(()))
        self.register_buffer("none", None)
        self.memory = torch.zeros(3)
        self.torch, self.numpy = torch.Generator(), np.random.default_rng(0)
        self.legacy, self.python = np.random.RandomState(0), random.Random(0)
        self.lazy = nn.LazyLinear(1)

    def forward(self, x):
        with torch.no_grad():
            self.weight *= 2
        self.count += 1
        self.replaced = self.replaced + 1
        self.memory = self.memory + len(x)
        self.drawn = [
            *(torch.rand(1).item(), np.random.rand(), random.random()),  # noqa: NPY002  # the numbers that all code shares
            *(torch.rand(1, generator=self.torch).item(), self.numpy.random()),
            *(self.legacy.rand(), self.python.random()),
        ]
        return self.inner(x) * self.weight


def test_a_network_and_all_random_numbers_are_as_they_were() -> None:
    net = Restless()
    before = {name: value.clone() for name, value in net.named_buffers() if value is not None}
    tensors = net.weight, net.count, net.replaced, net.memory
    with undisturbed(net):
        net.eval()
        net(torch.rand(4, 2))
        net.train()
        net(torch.rand(4, 2))
        first = net.drawn
        assert net.weight[0] == 4
        assert net.count == 2
    assert all(a is b for a, b in zip(tensors, (net.weight, net.count, net.replaced, net.memory), strict=True))
    assert net.weight.tolist() == [1, 1]
    assert net.memory.tolist() == [0, 0, 0]
    for name, value in before.items():
        assert torch.equal(dict(net.named_buffers())[name], value)
    net(torch.rand(4, 2))
    torch.rand(4, 2)
    net(torch.ones(4, 2))
    assert net.drawn[1:] == first[1:]


def test_modes_are_given_back_after_an_error_too() -> None:
    net = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2).eval())

    def fail() -> None:
        with undisturbed(net):
            net.eval()
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    assert [m.training for m in net] == [True, False]
