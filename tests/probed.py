"""Networks that are probed, and their pairs."""

import torch
from repdyn.experiments.tracking.pairs import Pairs
from torch import nn

D = torch.float64
NO_SLOPE = "alignment: the prediction has no gradient in what it puts out"
NO_DERIVATIVE = "Taylor ratio: the prediction has no derivative in what it puts out"


def pairs_of(*shape: int, outputs: int = 1, count: int = 3, dtype: torch.dtype = D) -> Pairs:
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(count, 2, *shape, generator=draw, dtype=dtype)
    return Pairs(x, torch.randn(count, 2, outputs, generator=draw))


def seeded(make, dtype: torch.dtype = D):
    torch.manual_seed(0)
    return make().to(dtype)


def mlp(inputs: int = 3, outputs: int = 1, nonlinearity=nn.Tanh) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 5), nonlinearity(), nn.Linear(5, 4), nonlinearity(), nn.Linear(4, outputs))


class Parts(nn.Module):
    """An encoder, and a decoder in closed form."""

    def __init__(self, encoder: nn.Module, decoder) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Conv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Linear(3 * 16, 4)

    def forward(self, x):
        return self.head(torch.tanh(self.norm(self.conv(x))).flatten(1))

    def before(self, x):
        return self.conv(x).flatten(1)

    def after(self, h):
        return self.head(torch.tanh(self.norm(h.unflatten(1, (3, 4, 4)))).flatten(1))


class Reader(nn.Module):
    """The states of all times go into the prediction."""

    def __init__(self, kind=nn.GRU, outputs: int = 2) -> None:
        super().__init__()
        self.rnn, self.head = kind(2, 3, batch_first=True), nn.Linear(3, outputs)

    def forward(self, x):
        return self.after(self.before(x))

    def before(self, x):
        return self.rnn(x)[0].flatten(1)

    def after(self, h):
        return self.head(h.unflatten(1, (-1, 3)).square()).tanh().sum(1)


class Gru(Reader):
    def forward(self, x):
        return self.after(self.rnn(x)[0].flatten(1))


class Apply(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Output(dict):
    """As those of Hugging Face: keys that are attributes too."""

    __getattr__ = dict.__getitem__


class Inner(nn.Module):
    def __init__(self, output) -> None:
        super().__init__()
        self.output = output

    def forward(self, h, mask):
        return self.output(states=(h * mask[..., None]).cumsum(1)[:, -1].tanh())


class Tokens(nn.Module):
    def __init__(self, output=Output) -> None:
        super().__init__()
        self.embedding, self.body, self.head = nn.Embedding(9, 4), Inner(output), nn.Linear(4, 2)

    def forward(self, input_ids, attention_mask):
        h = self.body(self.embedding(input_ids), attention_mask)
        return Output(logits=self.head(h["states"] if isinstance(h, dict) else h.states))


def token_pairs() -> Pairs:
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(9, (3, 2, 5), generator=draw)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return Pairs(inputs, torch.randn(3, 2, 2, generator=draw), dx2=[1.0] * 3)


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.Linear(3, 3), nn.Linear(3, 1)

    def forward(self, x):
        return self.last(self.layer(self.layer(x).tanh()).tanh())
