"""What gradients cannot tell has its reason."""

import math

import numpy as np
import pytest
import torch
from probed import NO_DERIVATIVE, NO_SLOPE, Apply, Gru, Tokens, Twice, mlp, pairs_of, seeded, token_pairs
from repdyn.experiments import Layer
from repdyn.experiments.tracking.network_kernel import kernel_movement
from repdyn.experiments.tracking.probe import probe
from torch import nn


def quantised() -> nn.Module:
    return nn.Sequential(
        nn.Linear(3, 4), Apply(lambda h: torch.quantize_per_tensor(h, 0.1, 0, torch.qint8).dequantize())
    )


def fails_to_run(h):
    if h.requires_grad:
        raise AssertionError("not with gradients")
    return h


class NoGradients(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 1)

    @torch.inference_mode()
    def forward(self, x):
        return self.last(self.first(x).tanh())


def made_in_inference_mode() -> nn.Module:
    with torch.inference_mode():
        return mlp().double()


@pytest.mark.parametrize(
    ("make", "layer", "words", "kernel"),
    [
        (lambda: mlp().requires_grad_(False), "1", "", "no parameter of the network is trained, so nothing moves"),
        (
            lambda: nn.Sequential(nn.Tanh(), Apply(lambda h: h[:, :1])),
            "0",
            "",
            "no parameter of the network is trained",
        ),
        (
            lambda: nn.Sequential(nn.Linear(3, 4), Apply(lambda h: h.sign().long()), Apply(lambda h: h[:, :1] * 1.0)),
            *(
                "1",
                f"{NO_SLOPE}; Taylor ratio: it puts out integers",
                "the prediction has no gradient in the",
            ),
        ),
        (
            lambda: nn.Sequential(nn.Linear(3, 4), Apply(torch.detach), Apply(lambda h: h[:, :1])),
            *("0", f"{NO_SLOPE}; {NO_DERIVATIVE}", "the prediction has no gradient in the parameters"),
        ),
        (NoGradients, "first", f"{NO_SLOPE}; {NO_DERIVATIVE}", "the prediction has no gradient in the parameters"),
        (
            made_in_inference_mode,
            "0",
            "alignment: RuntimeError: Inference tensors cannot be saved",
            "Inference tensors",
        ),
        (
            lambda: nn.Sequential(nn.Linear(3, 1), Apply(fails_to_run)),
            *("0", "alignment: AssertionError: not with gradients", "AssertionError: not with gradients"),
        ),
    ],
    ids=["frozen", "no parameters", "integers", "detached", "inference", "inference tensors", "fails"],
)
def test_what_gradients_cannot_tell_has_its_reason(make, layer, words, kernel) -> None:
    net = seeded(make)
    found = probe(net, pairs_of(3), [layer])
    assert found.kernel.whole is None
    assert kernel in found.kernel.failures[""]
    if not words:
        assert not found.failures
        assert np.isfinite(found.alignment[layer]).all()
    else:
        assert words in found.failures[layer]
        assert np.isnan(found.alignment[layer]).all()
    assert not any(m._forward_hooks for m in net.modules())


def test_a_network_that_cannot_be_exchanged_in_says_so() -> None:
    def checked(h):
        if len(h[:, 0].detach().unique()) < len(h):
            raise RuntimeError("points coincide")
        return h[:, :1]

    found = probe(nn.Sequential(nn.Linear(3, 4).double(), Apply(checked)), pairs_of(3), ["0"])
    assert found.failures == {"0": "Taylor ratio: RuntimeError: points coincide"}
    assert np.isfinite(found.passed_by["0"]).all()


def test_a_network_that_diverged_or_does_nothing_has_no_numbers_and_no_error() -> None:
    net = seeded(mlp)
    with torch.no_grad():
        net[0].weight.fill_(math.nan)
    found = probe(net, pairs_of(3), ["1"])
    assert np.isnan([*found.alignment["1"], *found.taylor_ratio["1"], *found.passed_by["1"]]).all()
    assert math.isnan(kernel_movement(found.kernel, found.kernel).network)
    still = seeded(mlp)
    with torch.no_grad():
        still[4].weight.zero_()
    found = probe(still, pairs_of(3), ["1"])
    assert np.isnan([*found.alignment["1"], *found.taylor_ratio["1"], *found.passed_by["1"]]).all()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((None, pairs_of(3), ["0"]), TypeError, "module must be"),
        ((mlp().double(), None, ["0"]), TypeError, "pairs must be"),
        ((mlp().double(), pairs_of(3), []), ValueError, "layers must be a sequence of at least one"),
        ((mlp().double(), pairs_of(3), ["00"]), ValueError, "there is no layer '00'; there are 0"),
        ((mlp().double(), pairs_of(3), ["0"], 3), TypeError, "forward must be a function"),
        ((mlp(3, 2).double(), pairs_of(3), ["0"]), ValueError, "targets must have the shape of the prediction"),
        ((Gru().double(), pairs_of(5, 2, outputs=2), ["rnn"]), TypeError, "layer 'rnn' must put out a tensor, got tup"),
        ((Gru().double(), pairs_of(5, 2, outputs=2), [Layer("rnn", select=0, batch=1)]), ValueError, "a row for each"),
        ((Twice().double(), pairs_of(3), ["layer"]), ValueError, r"called once in a forward pass, got 2 calls; say"),
        ((Twice().double(), pairs_of(3), [Layer("layer", call=2)]), ValueError, "is called 2 times in a forward pass"),
        (
            (Tokens().double(), token_pairs(), ["head"]),
            TypeError,
            "must put out a tensor, got Output; give forward=, ",
        ),
        (
            (mlp().double(), pairs_of(3), ["0"], lambda module, x: module(x).sum(0)),
            *(ValueError, r"a row for each point, got shape \(1,\) from a pass of 6 points; give forward="),
        ),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, words) -> None:
    with pytest.raises(error, match=words):
        probe(*arguments)
