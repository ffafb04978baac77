"""Whole networks of twenty kinds, trained by Lightning with records before every step and without any, bit by bit."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
import torchmetrics
from pytorch_lightning.callbacks import WeightAveraging
from repdyn.experiments import Layer, PairTracker
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset
from tracked import QUIET

GENERATOR = torch.Generator().manual_seed(7)
NUMBERS = torch.randn(12, 8, generator=GENERATOR)
IMAGES = torch.randn(12, 1, 6, 6, generator=GENERATOR)
SERIES = torch.randn(12, 5, 4, generator=GENERATOR)
TOKENS = torch.randint(0, 9, (12, 5), generator=GENERATOR)
TARGETS = torch.randn(12, 2, generator=GENERATOR)
PAIRS = torch.tensor([[0, 1], [2, 0], [5, 3]])


class Training(pl.LightningModule):
    """Anything that maps inputs to two numbers, trained on them."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []
        self.metric = torchmetrics.MeanMetric()

    def loss(self, batch) -> Tensor:
        x, y = batch
        found = self(x)
        return (found - y).square().mean()

    def training_step(self, batch, batch_idx):
        loss = self.loss(batch)
        self.losses.append(loss.item())
        return loss

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.05, momentum=0.9)


class Chain(Training):
    """Layers one after another."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.inner, self.out = nn.Sequential(*layers[:-1]), layers[-1]

    def forward(self, x):
        return self.out(self.inner(x))


class Sampling(Chain):
    """A variational autoencoder's latent variable."""

    def forward(self, x):
        mean, size = self.inner(x).chunk(2, dim=1)
        return self.out(mean + torch.randn_like(mean) * size.exp())


class Dropping(Chain):
    def forward(self, x):
        return self.out(functional.dropout(self.inner(x), 0.4))


class Sequence(Training):
    def __init__(self, inner: nn.Module, units: int = 6) -> None:
        super().__init__()
        self.inner, self.out = inner, nn.Linear(units, 2)

    def forward(self, x):
        found = self.inner(x)
        return self.out((found[0] if isinstance(found, tuple) else found).mean(1))


class Metered(Chain):
    def forward(self, x):
        h = self.inner(x)
        self.metric.update(h.detach().mean())
        return self.out(h) * (1 + 0.1 * torch.sigmoid(self.metric.compute()))


class Logging(Chain):
    def forward(self, x):
        h = self.inner(x)
        self.log("size", h.detach().square().mean(), on_step=False, on_epoch=True)
        self.log_dict({"largest": h.detach().max()})
        return self.out(h)


class Counting(Chain):
    """Attributes, lists and a buffer that is another tensor after each pass."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__(*layers)
        self.register_buffer("mean", torch.zeros(()))
        self.calls, self.history = 0, [0.0]

    def forward(self, x):
        h = self.inner(x)
        self.calls += 1
        self.mean = 0.9 * self.mean + 0.1 * h.detach().mean()
        self.history.append(float(self.mean))
        return self.out(h - self.mean) * (1 + sum(self.history) / self.calls)


class Writing(Chain):
    """Scales its own weights in every pass, past what torch counts of it."""

    def forward(self, x):
        self.out.weight.data *= 0.99
        return super().forward(x)


class Drawing(Chain):
    """From generators of its own, of NumPy's and of Python's."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__(*layers)
        self.torch, self.numpy, self.python = torch.Generator(), np.random.default_rng(0), random.Random(0)

    def forward(self, x):
        noise = torch.rand(1, generator=self.torch) + self.numpy.random() + self.python.random() + random.random()
        return super().forward(x) + noise + np.random.rand()  # noqa: NPY002  # the numbers that all code shares


class Shared(Chain):
    """One layer twice, and a weight under two names."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__(*layers)
        self.again = nn.Linear(8, 2)
        self.again.weight = self.out.weight

    def forward(self, x):
        return self.again(self.inner(self.inner(x)))


class Nested(Chain):
    """A dictionary and a tuple as outputs."""

    def forward(self, x):
        h = self.inner(x)
        return {"prediction": (self.out(h), h)}

    def loss(self, batch):
        x, y = batch
        return (self(x)["prediction"][0] - y).square().mean()


class ByHand(Chain):
    """Two optimisers that take turns."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__(*layers)
        self.automatic_optimization = False

    def configure_optimizers(self):
        return [torch.optim.SGD(self.inner.parameters(), lr=0.05), torch.optim.Adam(self.out.parameters())]

    def training_step(self, batch, batch_idx):
        for optimiser in self.optimizers():
            self.zero_grad()
            loss = super().training_step(batch, batch_idx)
            self.manual_backward(loss)
            optimiser.step()
        return loss


class Closures(Chain):
    def configure_optimizers(self):
        return torch.optim.LBFGS(self.parameters(), lr=0.05, max_iter=2)


class Compiled(Chain):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__(*layers)
        self.out = torch.compile(self.out, backend="eager")


class Ema(WeightAveraging):
    def should_update(self, step_idx=None, epoch_idx=None):
        return step_idx is not None


def mlp(kind: type[Chain] = Chain, *between: nn.Module) -> Chain:
    return kind(nn.Linear(8, 8), nn.Tanh(), *between, nn.Linear(8, 2))


def transformer() -> nn.Module:
    layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.2, batch_first=True)
    return nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)


def convolutional(norm: nn.Module) -> Chain:
    return Chain(nn.Conv2d(1, 3, 3), norm, nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(48, 2))


Make = Callable[[], Training]

KINDS: dict[str, tuple[Make, Tensor, dict[str, Any], dict[str, Any]]] = {
    "perceptron": (mlp, NUMBERS, {}, {}),
    "convolutions and batch norm": (lambda: convolutional(nn.BatchNorm2d(3)), IMAGES, {}, {}),
    "dropout": (lambda: mlp(Chain, nn.Dropout(0.4)), NUMBERS, {}, {}),
    "dropout without a flag": (lambda: mlp(Dropping), NUMBERS, {}, {}),
    "sampling": (lambda: Sampling(nn.Linear(8, 8), nn.Linear(4, 2)), NUMBERS, {}, {}),
    "lstm": (
        lambda: Sequence(nn.LSTM(4, 6, batch_first=True)),
        SERIES,
        {"layers": [Layer("inner", select=0, pool="last")]},
        {},
    ),
    "gru": (
        lambda: Sequence(nn.GRU(4, 6, 2, batch_first=True, dropout=0.3)),
        SERIES,
        {"layers": [Layer("inner", select=0)]},
        {},
    ),
    "transformer": (lambda: Sequence(transformer(), 4), SERIES, {"layers": [Layer("inner", pool="mean")]}, {}),
    "embedding bag": (lambda: Chain(nn.EmbeddingBag(9, 6), nn.Linear(6, 2)), TOKENS, {"dx2": "inner"}, {}),
    "counters, lists and buffers": (lambda: mlp(Counting), NUMBERS, {}, {}),
    "weights written in a pass": (lambda: mlp(Writing), NUMBERS, {}, {}),
    "generators": (lambda: mlp(Drawing), NUMBERS, {}, {}),
    "spectral norm": (lambda: mlp(Chain, nn.utils.parametrizations.spectral_norm(nn.Linear(8, 8))), NUMBERS, {}, {}),
    "weight norm": (lambda: mlp(Chain, nn.utils.parametrizations.weight_norm(nn.Linear(8, 8))), NUMBERS, {}, {}),
    "layer norm": (lambda: mlp(Chain, nn.LayerNorm(8)), NUMBERS, {}, {}),
    "group norm": (lambda: mlp(Chain, nn.GroupNorm(2, 8)), NUMBERS, {}, {}),
    "instance norm": (
        lambda: convolutional(nn.InstanceNorm2d(3, track_running_stats=True)),
        IMAGES,
        {},
        {},
    ),
    "metrics": (lambda: mlp(Metered), NUMBERS, {}, {}),
    "logging": (lambda: mlp(Logging), NUMBERS, {}, {}),
    "shared": (lambda: mlp(Shared), NUMBERS, {"layers": [Layer("inner", call=1)]}, {}),
    "nested outputs": (lambda: mlp(Nested), NUMBERS, {"forward": lambda m, x: m(x)["prediction"][0]}, {}),
    "two optimisers": (lambda: mlp(ByHand), NUMBERS, {"count": "Adam"}, {}),
    "closures": (lambda: mlp(Closures), NUMBERS, {}, {}),
    "compiled": (lambda: mlp(Compiled), NUMBERS, {}, {}),
    "accumulation": (mlp, NUMBERS, {}, {"accumulate_grad_batches": 2}),
    "clipping": (mlp, NUMBERS, {}, {"gradient_clip_val": 0.1}),
    "mixed precision": (lambda: mlp(Chain, nn.Dropout(0.4)), NUMBERS, {}, {"precision": "bf16-mixed"}),
    "averaged weights": (mlp, NUMBERS, {}, {"callbacks": lambda: [Ema()]}),
}


@pytest.mark.filterwarnings(
    "ignore:.*LeafSpec:FutureWarning",
    "ignore:.*does not have many workers",
    "ignore:.*grad attribute of a Tensor that is not a leaf",
    "ignore:The ``compute`` method of metric",
)
@pytest.mark.parametrize("batch", [4, 12], ids=["minibatches", "full batch"])
@pytest.mark.parametrize("kind", KINDS)
def test_training_goes_as_without_records(kind: str, batch: int) -> None:
    make, inputs, looked_at, options = KINDS[kind]

    def trained(records: bool) -> tuple:
        torch.manual_seed(5)
        random.seed(5)
        np.random.seed(5)  # noqa: NPY002  # the numbers that all code shares
        net, more = make(), dict(options)
        callbacks = more.pop("callbacks", list)()
        tracker = PairTracker(inputs[PAIRS], TARGETS[PAIRS], **{"layers": ["inner"], **looked_at})
        trainer = pl.Trainer(max_epochs=2, callbacks=[*callbacks, *[tracker] * records], **QUIET, **more)
        trainer.fit(net, DataLoader(TensorDataset(inputs, TARGETS), batch_size=batch, shuffle=True))
        assert (len(tracker.steps) > 1) == records
        assert not tracker.problem
        states = [torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()]  # noqa: NPY002  # as above
        tensors = {name: x.detach().tolist() for name, x in net.state_dict().items()}
        modes = [module.training for module in net.modules()]
        attributes = getattr(net, "calls", 0), getattr(net, "history", [])
        return net.losses, tensors, states, modes, attributes

    assert trained(records=True) == trained(records=False)
