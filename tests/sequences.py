"""Networks of sequences that others might have written, and pairs of what they read."""

import numpy as np
import torch
from repdyn.experiments import PairRecorder
from torch import nn

GENERATOR = torch.Generator().manual_seed(0)
PAIRS, TIMES, UNITS = 5, 12, 6
SEQUENCES = torch.randn(PAIRS, 2, TIMES, 4, generator=GENERATOR)
TOKENS = torch.randint(0, 11, (PAIRS, 2, TIMES), generator=GENERATOR)
MASK = (torch.arange(TIMES) < torch.randint(3, TIMES, (PAIRS, 2, 1), generator=GENERATOR)).long()
TARGETS = torch.randn(PAIRS, 2, 3, generator=GENERATOR)


def dh2(h: torch.Tensor) -> np.ndarray:
    """Squared distances, by hand, of representations of shape (pairs, 2, ...)."""
    return (h[:, 1] - h[:, 0]).flatten(1).double().square().sum(1).detach().numpy()


def recorded(recorder: PairRecorder, layer: str) -> np.ndarray:
    frame = recorder.frame()
    return frame[(frame["layer"] == layer) & (frame["step"] == frame["step"].max())]["dh2"].to_numpy()


class Recurrent(nn.Module):
    """An LSTM and self-attention, whose outputs are tuples, with time or the batch first."""

    def __init__(self, batch_first: bool = True) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.batch_first = batch_first
        self.lstm = nn.LSTM(4, UNITS, batch_first=batch_first)
        self.attention = nn.MultiheadAttention(UNITS, 2, batch_first=batch_first)
        self.flat = nn.Linear(UNITS, UNITS)
        self.out = nn.Linear(UNITS, 3)

    def states(self, x):
        """What the lstm, the attention and the flat layer put out, batch first."""
        x = x if self.batch_first else x.transpose(0, 1)
        h, (last, _) = self.lstm(x)
        a, _ = self.attention(h, h, h)
        if not self.batch_first:
            h, a = h.transpose(0, 1), a.transpose(0, 1)
        f = self.flat(a.reshape(-1, UNITS))
        return h, last[0], a, f.view(len(h), TIMES, UNITS)

    def forward(self, x):
        return self.out(self.states(x)[3].mean(1))


class Language(nn.Module):
    """Keyword inputs, a dictionary as output."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.embedding = nn.Embedding(11, UNITS)
        layer = nn.TransformerEncoderLayer(UNITS, 2, 8, dropout=0.1)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.out = nn.Linear(UNITS, 3)

    def forward(self, input_ids, attention_mask):
        h = self.encoder(self.embedding(input_ids).transpose(0, 1), src_key_padding_mask=attention_mask == 0)
        return {"logits": self.out(h[0]), "hidden": h}


INPUTS = {"input_ids": TOKENS, "attention_mask": MASK}


def logits(module, inputs):
    return module(**inputs)["logits"]
