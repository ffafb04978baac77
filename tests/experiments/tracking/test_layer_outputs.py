"""What of a layer's output is a representation: each value is the one by hand."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from repdyn.experiments import Layer, PairRecorder
from sequences import (
    INPUTS,
    MASK,
    PAIRS,
    SEQUENCES,
    TARGETS,
    TIMES,
    TOKENS,
    UNITS,
    Language,
    Recurrent,
    dh2,
    logits,
    recorded,
)
from torch import nn


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda b: Layer("lstm", select=0, batch=b), lambda h, last, a, f: h),
        (lambda b: Layer("lstm", select=0, batch=b, pool="last"), lambda h, last, a, f: h[:, -1]),
        (lambda b: Layer("lstm", select=0, batch=b, pool="mean"), lambda h, last, a, f: h.mean(1)),
        (lambda b: Layer("lstm", select=0, batch=b, pool=3), lambda h, last, a, f: h[:, 3]),
        (lambda b: Layer("lstm", select=0, batch=b, pool=lambda h: h.amax(1)), lambda h, last, a, f: h.amax(1)),
        (lambda b: Layer("lstm", select=(1, 0), batch=1), lambda h, last, a, f: last),
        (lambda b: Layer("attention", select=0, batch=b), lambda h, last, a, f: a),
        (lambda b: Layer("flat", positions=TIMES), lambda h, last, a, f: f),
        (lambda b: Layer("flat", positions=TIMES, pool="last"), lambda h, last, a, f: f[:, -1]),
    ],
    ids=["states", "last", "mean", "position", "callable", "hidden state", "attention", "flat", "last of flat"],
)
def test_what_a_layer_puts_out_is_the_users(layer, expected, batch_first: bool) -> None:
    network = Recurrent(batch_first)
    described = layer(0 if batch_first else 1)
    recorder = PairRecorder(network, SEQUENCES, TARGETS, [described])
    recorder.record(0)
    with torch.no_grad():
        states = network.states(SEQUENCES.flatten(0, 1))
    h = expected(*states).unflatten(0, (PAIRS, 2))
    np.testing.assert_allclose(recorded(recorder, described.name), dh2(h), rtol=1e-4)


@pytest.mark.parametrize("pool", ["mean", "last"])
def test_tokens_with_a_mask_are_recorded_at_what_counts(pool: str) -> None:
    network = Language()
    layer = Layer("encoder", batch=1, pool=pool, mask="attention_mask")
    recorder = PairRecorder(network, INPUTS, TARGETS, [layer], forward=logits, dx2="embedding")
    recorder.record(0)
    network.eval()
    with torch.no_grad():
        h = network(TOKENS.flatten(0, 1), MASK.flatten(0, 1))["hidden"].transpose(0, 1)
        lengths = MASK.flatten(0, 1).sum(1)
        wanted = [x[:n].mean(0) if pool == "mean" else x[n - 1] for x, n in zip(h, lengths, strict=True)]
        embedded = network.embedding(TOKENS)
    np.testing.assert_allclose(
        recorded(recorder, "encoder"), dh2(torch.stack(wanted).unflatten(0, (PAIRS, 2))), rtol=1e-4
    )
    np.testing.assert_allclose(recorder.frame()["dx2"], dh2(embedded), rtol=1e-6)


class Output(NamedTuple):
    hidden: torch.Tensor
    more: dict


class Named(nn.Module):
    """Puts out an object with names, in which what follows works in place."""

    def forward(self, x):
        return Output(x * 2, {"a": [x * 3]})


@pytest.mark.parametrize(
    ("select", "times"),
    [("hidden", 2), (0, 2), ((1, "a", 0), 3), (("more", 0, 0), 3)],
    ids=["name", "0", "path", "both"],
)
def test_what_is_selected_is_kept_as_it_was_put_out(select, times: int) -> None:
    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.out = Named(), nn.Linear(4, 3)

        def forward(self, x):
            found = self.inner(x)
            y = self.out(found.hidden)
            found.hidden.zero_()
            found.more["a"][0].zero_()
            return y

    x = SEQUENCES[:, :, 0]
    recorder = PairRecorder(Network(), x, TARGETS, [Layer("inner", select=select)])
    recorder.record(0)
    np.testing.assert_allclose(recorded(recorder, "inner"), dh2(times * x), rtol=1e-6)


class Two(nn.Module):
    """Two inputs, and a layer that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.inner = nn.Linear(4, 4)
        self.out = nn.Linear(4, 3)

    def forward(self, x, scale):
        return self.out(self.inner(torch.tanh(self.inner(x))) * scale)


@pytest.mark.parametrize("call", [0, 1])
@pytest.mark.parametrize("nested", [tuple, list])
def test_several_inputs_and_one_of_several_calls(call: int, nested: type) -> None:
    network, x, scale = Two(), SEQUENCES[:, :, 0], SEQUENCES[:, :, 1, :1]
    recorder = PairRecorder(network, nested([x, scale.numpy()]), TARGETS, [Layer("inner", call=call)])
    recorder.record(0)
    h = network.inner(x)
    np.testing.assert_allclose(recorded(recorder, "inner"), dh2(h if call == 0 else network.inner(h.tanh())), rtol=1e-4)
    np.testing.assert_allclose(recorder.frame()["dx2"], dh2(x) + dh2(scale), rtol=1e-6)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (["lstn"], r"there is no layer 'lstn'; there are lstm"),
        ([Layer("lstm", select=3, batch=0)], "layer 'lstm' puts out nothing at 3: tuple of 2"),
        ([Layer("lstm", select="h")], "layer 'lstm' puts out nothing at 'h': tuple of 2"),
        ([Layer("lstm", select=0, batch=4)], r"must put out a row for each point, got shape \(\d+, 12, 6\)"),
        ([Layer("flat", positions=5)], r"must put out a row for each point, got shape \(\d+, 6\)"),
        ([Layer("out", pool="mean")], r"pool 'mean' of layer 'out' is over positions, and its points have none"),
        ([Layer("lstm", select=0, pool=12)], "layer 'lstm' has 12 positions, got position 12"),
        ([Layer("lstm", select=0, pool="mean", mask="m")], "needs inputs that are a dictionary with the mask 'm'"),
        ([Layer("out", call=1)], "layer 'out' is called 1 times in a forward pass, got call=1"),
        ([Layer("flat.nothing")], "there is no layer 'flat.nothing'"),
    ],
)
def test_a_layer_that_is_not_as_it_is_described_is_refused(layers: list, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words) as refused:
        PairRecorder(Recurrent(), SEQUENCES, TARGETS, layers).record(0)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Layer(3), "name of a layer must be text, got 3"),
        (lambda: Layer("a", mask=3), "mask of a layer must be text, got 3"),
        (lambda: Layer("a", batch=-1), "batch of layer 'a' must be an integer from 0 on, got -1"),
        (lambda: Layer("a", positions=0), "positions of layer 'a' must be an integer from 1 on, got 0"),
        (lambda: Layer("a", call=True), "call of layer 'a' must be an integer from 0 on, got True"),
        (lambda: Layer("a", pool="max"), "pool of layer 'a' must be flatten, last, mean, the number of a position or"),
        (lambda: Layer("a", mask="m"), "the mask of layer 'a' is for the pools last and mean, got 'flatten'"),
    ],
)
def test_a_bad_description_of_a_layer_is_refused(make, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        make()


class TimeByPoint(nn.Module):
    """States of all times and points in one dimension, time by time: of the right size, in another order."""

    def __init__(self) -> None:
        super().__init__()
        self.flat, self.out = nn.Linear(4, UNITS), nn.Linear(UNITS, 3)

    def forward(self, x):
        h = self.flat(x.transpose(0, 1).reshape(-1, 4)).view(TIMES, len(x), UNITS)
        return self.out(h.mean(0))


class OfTheBatch(nn.Module):
    """The first point of a batch changes all others."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.out = nn.Linear(4, UNITS), nn.Linear(UNITS, 3)

    def forward(self, x):
        return self.out(self.inner(x[:, 0] - x[:1, 0]))


@pytest.mark.parametrize(
    ("network", "layer"), [(TimeByPoint, Layer("flat", positions=TIMES)), (OfTheBatch, Layer("inner"))]
)
def test_rows_that_do_not_go_with_the_points_are_refused(network, layer: Layer) -> None:
    recorder = PairRecorder(network(), SEQUENCES, TARGETS, [layer])
    with pytest.raises(ValueError, match=f"the rows of layer '{layer.name}' do not go with the points"):
        recorder.record(0)


def test_a_pool_that_gives_no_row_a_point_is_refused() -> None:
    for pool, words in ((lambda h: h.mean(0), r"got shape \(12, 6\)"), (lambda h: 3.0, "got float")):
        recorder = PairRecorder(Recurrent(), SEQUENCES, TARGETS, [Layer("lstm", select=0, pool=pool)])
        with pytest.raises(ValueError, match=f"pool of layer 'lstm' must give a row for each of 11 points, {words}"):
            recorder.record(0)
