"""What recording costs, as a share of training: slow, and printed with -s."""

import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median

import pytest
import torch
from repdyn.experiments import PairRecorder
from torch import nn

LAYERS, CHANNELS, SIZE, BATCH, EVERY, PAIRS, ROUNDS = 10, 32, 16, 128, 10, 200, 5


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def network() -> nn.Sequential:
    sizes = [3, *[CHANNELS] * LAYERS]
    blocks = [nn.Sequential(nn.Conv2d(n, m, 3, padding=1), nn.ReLU()) for n, m in pairwise(sizes)]
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS, 10))


def took(action: Callable[[], object]) -> float:
    """Of the processor: what others do on this machine does not count."""
    begun = time.thread_time()
    action()
    return time.thread_time() - begun


def shares(points: int) -> tuple[float, float]:
    """What a record takes, and a forward pass over the points alone, of the training between two records."""
    torch.manual_seed(0)
    net, x, y = network(), torch.randn(512, 3, SIZE, SIZE), torch.randn(512, 10)
    every_pair = torch.combinations(torch.arange(points)) if points < 2 * PAIRS else torch.arange(points).view(-1, 2)
    where = every_pair[torch.randperm(len(every_pair))[:PAIRS]]
    recorder = PairRecorder(net, x[where], y[where], [str(i) for i in range(LAYERS)])
    optimiser = torch.optim.SGD(net.parameters(), lr=1e-3)

    def train() -> None:
        for _ in range(EVERY):
            rows = torch.randint(len(x), (BATCH,))
            optimiser.zero_grad()
            (net(x[rows]) - y[rows]).square().sum(1).mean().div(2).backward()
            optimiser.step()

    train()
    for step in range(2):
        recorder.record(step)
    found: list[tuple[float, float]] = []
    for step in range(2, 2 + ROUNDS):
        training = took(train)
        record = took(lambda step=step: recorder.record(step))
        with torch.no_grad():
            found.append((record / training, took(lambda: net(x[:points])) / training))
    record, forward = map(median, zip(*found, strict=True))
    print(
        f"\n{PAIRS} pairs of {points} points at {LAYERS} layers: {record:.1%} of training, {forward:.1%} of it forward"
    )
    return record, forward


@pytest.mark.slow
def test_recording_takes_at_most_a_twentieth_of_training() -> None:
    assert shares(64)[0] < 0.05


@pytest.mark.slow
def test_points_that_no_pairs_share_take_less_than_two_forward_passes() -> None:
    record, forward = shares(2 * PAIRS)
    assert record < 2 * forward
