"""Training goes as it would without records, to the last bit."""

import random

import numpy as np
import pytest
import torch
from repdyn.experiments import PairRecorder, PairTracker
from repdyn.experiments.training.lightning import Batches, fit, half_squared_error
from torch import nn
from torch.nn import functional
from tracked import LAYERS, PAIRS, Net, X, Y, track


@pytest.mark.parametrize("batch", [20, 4], ids=["full batch", "minibatches"])
def test_training_is_not_disturbed(batch: int) -> None:
    alone, watched = Net(nn.Dropout(0.3)), Net(nn.Dropout(0.3))
    torch.manual_seed(9)
    fit(alone, Batches(X, Y, batch=batch, steps=15, seed=0), [])
    torch.manual_seed(9)
    track(watched, batch=batch, steps=15)
    assert watched.losses == alone.losses
    assert watched.between.training


class Drawing(nn.Module):
    """Draws random numbers of three kinds in every mode, as a variational autoencoder does, and counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x):
        self.count += 1
        noise = torch.randn_like(x) + np.random.randn() + random.gauss(0, 1)  # noqa: NPY002  # all code shares it
        return x + 0.1 * noise / (1 + self.count)


@pytest.mark.parametrize("batch", [20, 4], ids=["full batch", "minibatches"])
def test_training_that_draws_in_every_mode_is_not_disturbed(batch: int) -> None:
    alone, watched = Net(Drawing()), Net(Drawing())
    for net in (alone, watched):
        torch.manual_seed(9)
        np.random.seed(9)  # noqa: NPY002  # the numbers that all code shares
        random.seed(9)
        trackers = [PairTracker(X[PAIRS], Y[PAIRS], LAYERS)] if net is watched else []
        fit(net, Batches(X, Y, batch=batch, steps=9, seed=0), [*trackers])
    assert watched.losses == alone.losses
    assert watched.between.count == 9
    assert all(torch.equal(a, b) for a, b in zip(alone.parameters(), watched.parameters(), strict=True))


def test_a_mode_of_a_modules_own_is_not_called() -> None:
    class Own(nn.Module):
        """Does something to itself when its mode is set, as adapters that merge their weights do."""

        def train(self, mode=True):
            assert mode, "evaluation mode was set"
            return super().train(mode)

        def forward(self, x):
            return x if self.training else x * 1

    tracker = track(Net(Own()), batch=4, steps=3)
    assert tracker.steps.tolist() == [0, 1, 2, 3]


def test_hooks_are_removed_at_the_end_and_after_an_error() -> None:
    class Failing(Net):
        def training_step(self, batch, batch_idx):
            if batch_idx == 2:
                raise RuntimeError("on purpose")
            return super().training_step(batch, batch_idx)

    net = Net()
    track(net)
    failing = Failing()
    with pytest.raises(RuntimeError, match="on purpose"):
        track(failing)
    for module in (*net.modules(), *failing.modules()):
        assert not module._forward_hooks


def test_what_a_module_logs_in_its_forward_neither_ends_training_nor_is_doubled() -> None:
    class Logging(Net):
        def forward(self, x):
            y = super().forward(x)
            self.log("size", y.square().mean())
            self.log_dict({"largest": y.max()})
            return y

    loud, quiet = Logging(), Net()
    track(loud, layers=["encoder"], every=5)
    track(quiet, layers=["encoder"], every=5)
    assert loud.losses == quiet.losses


def test_what_goes_wrong_with_a_record_ends_the_records_and_not_the_training() -> None:
    class Fragile(Net):
        def forward(self, x):
            if not self.training and len(self.losses) > 5:
                raise RuntimeError("no evaluation any more")
            return super().forward(x)

    net, alone = Fragile(), Net()
    with pytest.warns(UserWarning, match="PairTracker records nothing more: no evaluation any more"):
        tracker = track(net, layers=["encoder"], every=4, forward=lambda m, x: m(x))
    fit(alone, Batches(X, Y, batch=20, steps=12, seed=0), [])
    assert net.losses == alone.losses
    assert tracker.problem == "no evaluation any more"
    assert tracker.steps.tolist() == [0, 4]
    with pytest.warns(UserWarning, match="the records end at step 4: no evaluation any more"):
        assert len(tracker.frame()) == 2 * 3


class Stateful(nn.Module):
    """Draws and counts in every mode."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.count, self.seen, self.cache = kind, 0, [], {}
        self.register_buffer("mean", torch.zeros(8))
        self.generator = torch.Generator().manual_seed(1)

    def forward(self, h):
        self.count += 1
        return getattr(self, f"_{self.kind.replace(' ', '_')}")(h)

    def _functional_dropout(self, h):
        return functional.dropout(h, 0.3)

    def _sampling(self, h):
        return h + 0.1 * torch.randn_like(h)

    def _own_generator(self, h):
        return h + 0.1 * torch.randn(h.shape, generator=self.generator)

    def _python(self, h):
        return h * random.uniform(0.9, 1.1)

    def _numpy(self, h):
        return h * float(np.random.uniform(0.9, 1.1))  # noqa: NPY002  # the numbers that all code shares

    def _buffer(self, h):
        self.mean = 0.9 * self.mean + 0.1 * h.detach().mean(0)
        return h - self.mean

    def _buffer_in_place(self, h):
        self.mean.mul_(0.9).add_(0.1 * h.detach().mean(0))
        return h - self.mean

    def _counter(self, h):
        return h * (1 + 1 / (1 + self.count))

    def _list(self, h):
        self.seen.append(float(h.detach().mean()))
        return h + sum(self.seen) / len(self.seen)

    def _dictionary(self, h):
        self.cache[len(self.cache)] = 1.0
        return h * len(self.cache) ** -0.5

    def _attribute(self, h):
        self.late = getattr(self, "late", 0) + 1
        return h * self.late**-0.5


KINDS = ["functional dropout", "sampling", "own generator", "python", "numpy", "buffer", "buffer in place", "counter"]
KINDS += ["list", "dictionary", "attribute"]
MODULES = {
    **{kind: (lambda kind=kind: Stateful(kind)) for kind in KINDS},
    "dropout": lambda: nn.Dropout(0.3),
    "alpha dropout": lambda: nn.AlphaDropout(0.3),
    "batch norm": lambda: nn.BatchNorm1d(8),
    "layer norm": lambda: nn.LayerNorm(8),
    "group norm": lambda: nn.GroupNorm(2, 8),
    "spectral norm": lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(8, 8)),
    "weight norm": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(8, 8)),
    "in place": lambda: nn.ReLU(inplace=True),
    "lazy": lambda: nn.LazyLinear(8),
}


@pytest.mark.filterwarnings("ignore:.*Lazy modules are a new feature")
@pytest.mark.parametrize("kind", MODULES)
def test_a_record_leaves_no_trace_whatever_the_network_draws_and_keeps(kind: str) -> None:
    """Losses, weights, buffers and random numbers bit by bit, with a record before every step and without any."""

    def trained(records: bool) -> tuple:
        torch.manual_seed(5)
        random.seed(5)
        np.random.seed(5)  # noqa: NPY002  # as above
        network = nn.Sequential(nn.Linear(6, 8), MODULES[kind](), nn.Linear(8, 3))
        network(X)
        optimiser = torch.optim.SGD(network.parameters(), lr=0.05)
        recorder = PairRecorder(network, X[PAIRS], Y[PAIRS], ["0"])
        losses = []
        for step in range(6):
            if records:
                recorder.record(step)
            optimiser.zero_grad()
            loss = half_squared_error(network(X), Y)
            losses.append(loss.item())
            loss.backward()
            optimiser.step()
        drawn = (torch.rand(1).item(), random.random(), np.random.uniform())  # noqa: NPY002  # as above
        return losses, [x.detach().tolist() for x in network.state_dict().values()], drawn, network.training

    assert trained(records=True) == trained(records=False)
