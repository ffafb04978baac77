"""What a PairTracker refuses, and in which words."""

import pytest
import torch
from repdyn.experiments import PairTracker
from repdyn.experiments.training.lightning import Batches, fit
from torch import nn
from tracked import LAYERS, PAIRS, Net, X, Y, track


class Mean(nn.Module):
    def __init__(self, keep: bool) -> None:
        super().__init__()
        self.keep = keep

    def forward(self, x):
        return x.mean(0, keepdim=self.keep)


class Total(nn.Module):
    def forward(self, x):
        return x.sum()


class Summed(Net):
    """Takes a sum over all points on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.total = Total()

    def forward(self, x):
        return super().forward(x) + self.total(x)


class TimeFirst(Net):
    """A recurrent layer that puts out time first, or all steps of all points in one dimension."""

    def __init__(self, flat: bool) -> None:
        super().__init__()
        self.flat = flat
        self.states = nn.Identity()

    def forward(self, x):
        times = torch.stack([x] * len(torch.unique(X[PAIRS].flatten(0, 1), dim=0)))  # as many times as points
        h = self.states(torch.tanh(times.flatten(0, 1) if self.flat else times))
        return self.decoder(self.encoder(h.reshape(-1, len(x), 6)[-1]))


@pytest.mark.parametrize(
    ("net", "layer", "words"),
    [
        (
            lambda: TimeFirst(flat=False),
            "states",
            r"layer 'states' must put out a row for each point, got shape \(5, 6, 6",
        ),
        (
            lambda: TimeFirst(flat=True),
            "states",
            r"got shape \(30, 6\) from a pass of 6 points, where dimension 0 should",
        ),
        (lambda: Net(Mean(keep=True)), "between", r"layer 'between' must put out a row for each .* got shape \(1, 8\)"),
        (lambda: Net(Mean(keep=False)), "between", r"got shape \(8,\) from a pass of 6 points"),
        (
            Summed,
            "total",
            r"layer 'total' must put out a row for each point, got shape \(\) from a pass of 6 points",
        ),
    ],
    ids=["time first", "flattened", "reduced", "reduced away", "scalar"],
)
def test_hidden_layers_without_a_row_for_each_point_are_refused(net, layer: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        track(net(), layers=[layer])


def test_a_reduced_output_of_as_many_values_as_points_is_refused() -> None:
    """Six units and six points: only a pass of another number of points tells them apart."""
    points = torch.tensor([[0, 1], [2, 3], [4, 5]])
    net = Net()
    net.encoder, net.middle, net.decoder = nn.Linear(6, 6), Mean(keep=False), nn.Linear(6, 3)
    with pytest.raises(
        ValueError, match=r"layer 'middle' must put out a row .* got shape \(6,\) from a pass of 7 points"
    ):
        track(net, pairs=points, layers=["middle"])


def test_a_prediction_without_a_row_for_each_point_is_refused() -> None:
    class Turned(Net):
        def forward(self, x):
            return super().forward(x).T

    with pytest.raises(ValueError, match=r"the network must put out a row for each point, got shape \(3, 6\)"):
        track(Turned())


def test_targets_whose_axes_are_in_another_order_are_refused() -> None:
    class Grid(Net):
        def forward(self, x):
            return self.middle(self.encoder(x)).reshape(-1, 2, 4)

    tracker = PairTracker(X[PAIRS], torch.zeros(3, 2, 4, 2), ["middle"])
    with pytest.raises(
        ValueError, match=r"got \(4, 2\) a point for predictions of \(2, 4\); put their axes in the same"
    ):
        fit(Grid(), Batches(X, torch.zeros(20, 4, 2), batch=20, steps=3, seed=0), [tracker])


def test_an_unknown_layer_names_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"there is no layer 'nosuch'; there are encoder, encoder\.0, "):
        track(Net(), layers=["nosuch"])


def test_a_layer_that_puts_out_no_tensor_is_refused() -> None:
    class Recurrent(Net):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.RNN(6, 3)

        def forward(self, x):
            return self.rnn(x)[0]

    with pytest.raises(
        TypeError,
        match="layer 'rnn' must put out a tensor, got tuple of 2; say which",
    ):
        track(Recurrent(), layers=["rnn"])


def test_a_layer_called_twice_is_refused() -> None:
    class Twice(Net):
        def forward(self, x):
            return self.decoder(self.middle(self.middle(self.encoder(x))))

    with pytest.raises(
        ValueError, match="layer 'middle' must be called once in a forward pass, got 2 calls; say which"
    ):
        track(Twice(), layers=["middle"])


def test_targets_of_another_shape_than_the_prediction_are_refused() -> None:
    tracker = PairTracker(X[PAIRS], Y[PAIRS][..., :1], LAYERS)
    words = "targets must have the shape of the prediction, got 1 values a point for predictions of 3; give classes"
    with pytest.raises(ValueError, match=words):
        fit(Net(), Batches(X, Y, batch=20, steps=3, seed=0), [tracker])


def test_before_training_nothing_is_recorded() -> None:
    tracker = PairTracker(X[PAIRS], Y[PAIRS], LAYERS)
    for ask in (tracker.frame, tracker.state, tracker.loss):
        with pytest.raises(
            ValueError,
            match="nothing is recorded yet; pass a PairTracker to a Trainer, or ask",
        ):
            ask()
    assert tracker.steps.tolist() == []


def test_a_layer_that_is_not_tracked_has_no_state() -> None:
    with pytest.raises(KeyError, match=r"layer 'decoder' is not tracked; tracked are encoder, encoder\.0, middle"):
        track(Net(), steps=1).state(0, "decoder")


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((X[0], Y[PAIRS], ["a"]), {}, r"pairs need inputs of shape \(pairs, 2, ...\).*got \(6,\) and \(3, 2, 3\)"),
        ((X[PAIRS], Y[PAIRS][:2], ["a"]), {}, r"got \(3, 2, 6\) and \(2, 2, 3\)"),
        ((X[PAIRS], Y[PAIRS], []), {}, r"layers must be a sequence of at least one layer's name, each once, got \[\]"),
        (
            (X[PAIRS], Y[PAIRS], "middle"),
            {},
            "at least one layer's name, each once, got 'middle'",
        ),
        ((X[PAIRS], Y[PAIRS], ["a"]), {"every": 0}, "every must be a positive number of steps, got 0"),
        ((X[PAIRS], Y[PAIRS], ["a"]), {"every": 1.5}, r"every must be a positive number of steps, got 1\.5"),
        ((X[PAIRS], Y[PAIRS], ["a"]), {"labels": ["x"]}, "a label of its own for each of the 3 pairs, got"),
        ((X[PAIRS], Y[PAIRS], ["a"]), {"labels": ["x", "y", "x"]}, "a label of its own for each of the 3 pairs"),
        ((X[PAIRS], Y[PAIRS], ["a", "a"]), {}, "at least one layer's name, each once"),
        ((X[PAIRS], torch.zeros(3, 2), ["a"]), {}, r"got \(3, 2, 6\) and \(3, 2\); .* give classes as one-hot"),
        (
            (X[:0, None].expand(0, 2, 6), Y[:0, None].expand(0, 2, 3), ["a"]),
            {},
            "at least one pair is needed",
        ),
        (
            (X[PAIRS[:1] * 0], Y[PAIRS[:1]], ["a"]),
            {},
            "inputs of a pair must differ and be finite; those of pair 0",
        ),
        ((X[PAIRS] * torch.inf, Y[PAIRS], ["a"]), {}, "must differ and be finite; those of pair 0 do not"),
        ((X[PAIRS], Y[PAIRS] * torch.nan, ["a"]), {}, "targets must be finite numbers, got some that are not"),
        ((X[PAIRS].double() * 1e200, Y[PAIRS], ["a"]), {}, "a squared distance must be 0 or a number from .* 1e200"),
        ((X[PAIRS].double() * 1e-200, Y[PAIRS], ["a"]), {}, "a squared distance must be 0 or a number from .* 1e-200"),
        ((X[PAIRS] * torch.nan, Y[PAIRS], ["a"]), {}, "must differ and be finite; those of pair 0 do not"),
    ],
)
def test_bad_calls_are_refused(arguments: tuple, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PairTracker(*arguments, **options)
