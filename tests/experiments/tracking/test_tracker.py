"""PairTracker: what it records, from where, and that it leaves no trace."""

import random

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from repdyn.experiments import PairTracker
from repdyn.experiments.training.lightning import Batches, fit, half_squared_error
from torch import nn

GENERATOR = torch.Generator().manual_seed(0)
X, Y = torch.randn(20, 6, generator=GENERATOR), torch.randn(20, 3, generator=GENERATOR)
PAIRS = torch.tensor([[0, 1], [0, 2], [5, 3]])
LAYERS = ["encoder", "encoder.0", "middle"]


class Passes:
    """A number that a look at the network does not give back."""

    number = 0


class Net(pl.LightningModule):
    """Any module: its own training step, its own optimiser."""

    def __init__(self, between: nn.Module | None = None) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.encoder = nn.Sequential(nn.Linear(6, 8), nn.Tanh())
        self.between = between or nn.Identity()
        self.middle = nn.Linear(8, 8)
        self.decoder = nn.Linear(8, 3)
        self.forwards = Passes()
        self.losses: list[float] = []

    def forward(self, x):
        self.forwards.number += 1
        return self.decoder(self.middle(self.between(self.encoder(x))))

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = half_squared_error(self(x), y)
        self.losses.append(loss.item())
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.05)


def track(net: pl.LightningModule, *, batch: int = 20, steps: int = 12, pairs=PAIRS, layers=LAYERS, **options):
    tracker = PairTracker(X[pairs], Y[pairs], layers, **options)
    fit(net, Batches(X, Y, batch=batch, steps=steps, seed=0), [tracker])
    return tracker


def by_hand(net: Net, pair: list[int]) -> tuple[float, float, float, float]:
    """dh2 at the middle layer, dy2, w and the loss, with the definitions written out."""
    with torch.no_grad():
        h = net.middle(net.encoder(X[pair])).double()
        y = net.decoder(h.float()).double()
    dh, dy, dt = h[1] - h[0], y[1] - y[0], (Y[pair][1] - Y[pair][0]).double()
    loss = sum(float((y[i] - Y[pair][i].double()).square().sum()) for i in (0, 1)) / 4
    return float(dh @ dh), float(dy @ dy), float(dy @ dy - dy @ dt), loss


def test_the_first_record_is_the_untrained_and_the_last_the_trained_network() -> None:
    net = Net()
    before = [by_hand(net, pair) for pair in PAIRS.tolist()]
    tracker = track(net)
    after = [by_hand(net, pair) for pair in PAIRS.tolist()]
    assert tracker.steps.tolist() == list(range(13))
    for k, expected in ((0, before), (-1, after)):
        for pair, (dh2, dy2, w, loss) in enumerate(expected):
            state = tracker.state(pair, "middle")[k]
            assert (state.dh2, state.dy2, state.w) == pytest.approx((dh2, dy2, w), rel=1e-5)
            assert tracker.loss(pair)[k] == pytest.approx(loss, rel=1e-5)


def test_sample_k_is_the_network_after_k_steps() -> None:
    tracker = track(Net(), steps=7)
    for steps in (1, 4):
        shorter = Net()
        track(shorter, steps=steps)
        assert tracker.state(0, "middle")[steps].dh2 == pytest.approx(by_hand(shorter, [0, 1])[0], rel=1e-5)


def test_full_batch_training_is_tracked_without_forward_passes_of_its_own() -> None:
    net = Net()
    track(net, steps=30)
    assert net.forwards.number == 30 + 3  # two before the first step and one after the last


def test_minibatch_training_takes_one_pass_for_each_record() -> None:
    net = Net()
    tracker = track(net, batch=4, steps=30, every=10)
    assert tracker.steps.tolist() == [0, 10, 20, 30]
    assert net.forwards.number == 30 + 5


def test_minibatches_that_happen_to_hold_the_points_lose_no_record() -> None:
    tracker = track(Net(), batch=10, steps=40, pairs=PAIRS[:1], layers=["middle"])
    assert tracker.steps.tolist() == list(range(41))


def test_a_layer_followed_by_one_that_works_in_place_keeps_its_output() -> None:
    nets = Net(), Net()
    for net, choice in zip(nets, (True, False), strict=True):
        net.encoder[1] = nn.ReLU(inplace=choice)
    in_place, copying = (track(net, steps=5, layers=["encoder.0"]) for net in nets)
    np.testing.assert_allclose(in_place.state().dh2, copying.state().dh2, rtol=1e-6)


def test_values_from_the_training_pass_are_those_of_a_separate_pass() -> None:
    class Hidden(Net):
        """The same network, whose batches do not show the tracked inputs."""

        def training_step(self, batch, batch_idx):
            return half_squared_error(self(X), Y)

    captured = track(Net(), steps=9)
    tracker = PairTracker(X[PAIRS], Y[PAIRS], LAYERS)
    net = Hidden()
    fit(net, Batches(X[:1] * 0, Y[:1], batch=1, steps=9, seed=0), [tracker])
    assert net.forwards.number == 9 + 11
    np.testing.assert_allclose(captured.frame()["dh2"], tracker.frame()["dh2"], rtol=1e-4)
    np.testing.assert_allclose(captured.frame()["w"], tracker.frame()["w"], rtol=1e-4, atol=1e-6)


def test_a_full_batch_may_be_shuffled_at_every_step() -> None:
    class Shuffled(Batches):
        def __iter__(self):
            generator = torch.Generator().manual_seed(0)
            for _ in range(self.steps):
                order = torch.randperm(len(self.x), generator=generator)
                yield self.x[order], self.y[order]

    net, in_order = Net(), track(Net(), steps=9)
    tracker = PairTracker(X[PAIRS], Y[PAIRS], LAYERS)
    fit(net, Shuffled(X, Y, batch=20, steps=9, seed=0), [tracker])
    assert net.forwards.number == 9 + 3
    np.testing.assert_allclose(tracker.frame()["dh2"], in_order.frame()["dh2"], rtol=1e-4)


@pytest.mark.parametrize("between", [nn.Dropout(0.5), nn.BatchNorm1d(8)], ids=["dropout", "batch norm"])
def test_a_network_that_differs_in_training_is_tracked_in_evaluation_mode(between: nn.Module) -> None:
    net = Net(between)
    tracker = track(net, steps=5)
    assert net.forwards.number == 5 + 7
    net.eval()
    with torch.no_grad():
        h = net.middle(net.between(net.encoder(X[PAIRS[0]]))).double()
    assert tracker.state(0, "middle")[-1].dh2 == pytest.approx(float((h[1] - h[0]).square().sum()), rel=1e-5)


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


def test_a_training_pass_over_other_points_than_the_batch_is_not_taken_for_it() -> None:
    class Twofold(Net):
        """Shows the network the batch behind points of its own."""

        def training_step(self, batch, batch_idx):
            x, y = batch
            return half_squared_error(self(torch.cat([0 * x, x]))[len(x) :], y)

    found, expected = track(Twofold(), steps=3), track(Net(), steps=3)
    np.testing.assert_allclose(found.frame()["dh2"], expected.frame()["dh2"], rtol=1e-4)


def test_one_number_a_point_may_have_no_axis_of_its_own() -> None:
    class Squeezed(Net):
        def forward(self, x):
            return super().forward(x)[:, 0]

        def training_step(self, batch, batch_idx):
            x, y = batch
            return (self(x) - y[:, 0]).square().mean() / 2

    tracker, net = PairTracker(X[PAIRS], Y[PAIRS][..., :1], ["middle"]), Squeezed()
    fit(net, Batches(X, Y, batch=20, steps=3, seed=0), [tracker])
    with torch.no_grad():
        assert tracker.state().dy2[-1] == pytest.approx(float(net(X[[0, 1]]).diff() ** 2), rel=1e-4)


def test_targets_whose_axes_are_in_another_order_are_refused() -> None:
    class Grid(Net):
        def forward(self, x):
            return self.middle(self.encoder(x)).reshape(-1, 2, 4)

    tracker = PairTracker(X[PAIRS], torch.zeros(3, 2, 4, 2), ["middle"])
    with pytest.raises(
        ValueError, match=r"got \(4, 2\) a point for predictions of \(2, 4\); put their axes in the same"
    ):
        fit(Grid(), Batches(X, torch.zeros(20, 4, 2), batch=20, steps=3, seed=0), [tracker])


class ByHand(Net):
    """Manual optimisation, in which anything may happen in a batch."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.way = way

    def configure_optimizers(self):
        if self.way == "none":
            self.own = super().configure_optimizers()
            return None
        if self.way == "two":
            parts = self.encoder, nn.ModuleList([self.middle, self.decoder])
            return [torch.optim.SGD(part.parameters(), lr=0.05) for part in parts]
        return super().configure_optimizers()

    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)
        self.zero_grad()
        self.manual_backward(loss)
        found = self.own if self.way == "none" else self.optimizers(use_pl_optimizer=self.way != "past Lightning")
        for optimiser in found if isinstance(found, list) else [found]:
            for _ in range({"twice": 2, "never": 0}.get(self.way, 1)):
                optimiser.step()
        return loss


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("two", "counts the training steps of one optimiser, got 2 of the network's parameters; return one from"),
        ("none", "counts the training steps of one optimiser, got 0 of the network's parameters"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*returned `None`, this fit will run with no optimizer")
def test_steps_of_several_optimisers_or_none_are_refused_before_training(way: str, words: str) -> None:
    net = ByHand(way)
    with pytest.raises(ValueError, match=words):
        track(net, steps=4)
    assert net.losses == []
    assert not any(module._forward_hooks for module in net.modules())


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("twice", "a batch must make at most one optimiser step, got 2 in the one after step 0: rates would"),
        ("past Lightning", r"did not count the optimiser step of the batch after step 0; step what self\.optimizers"),
        ("never", "global_step is still 0 after an epoch: no optimiser step was counted, and there is no time"),
    ],
)
def test_steps_that_are_not_one_a_batch_end_the_records_and_not_the_training(way: str, words: str) -> None:
    net, alone = ByHand(way), ByHand(way)
    with pytest.warns(UserWarning, match=f"PairTracker records nothing more: .*{words}"):
        tracker = track(net, steps=4)
    fit(alone, Batches(X, Y, batch=20, steps=4, seed=0), [])
    assert net.losses == alone.losses != []
    assert not any(module._forward_hooks for module in net.modules())
    with pytest.warns(UserWarning, match=f"the records end at step 0: .*{words}"):
        assert set(tracker.frame()["step"]) == {0}


@pytest.mark.parametrize("way", ["two", "twice", "past Lightning", "once"])
def test_batches_are_counted_whatever_is_done_with_them(way: str) -> None:
    net = ByHand(way)
    tracker = track(net, steps=4, count="batches", every=3)
    assert tracker.steps.tolist()[:2] == [0, 3]
    assert tracker.problem == ""
    assert tracker.steps[-1] == len(net.losses)
    assert tracker.state(1, "middle").dh2[-1] == pytest.approx(by_hand(net, [0, 2])[0], rel=1e-5)


def test_one_step_a_batch_by_hand_is_a_training_step() -> None:
    net = ByHand("once")
    by_hand, automatic = track(net, steps=6), track(Net(), steps=6)
    assert by_hand.steps.tolist() == list(range(7))
    np.testing.assert_allclose(by_hand.frame()["dh2"], automatic.frame()["dh2"], rtol=1e-6)
    assert not net.trainer.optimizers[0]._optimizer_step_post_hooks


def test_many_pairs_and_layers_at_once_are_each_of_them_alone() -> None:
    together = track(Net())
    for pair in range(len(PAIRS)):
        for layer in LAYERS:
            alone = track(Net(), pairs=PAIRS[pair : pair + 1], layers=[layer])
            for name in ("dh2", "dy2", "w"):
                np.testing.assert_allclose(
                    getattr(together.state(pair, layer), name), getattr(alone.state(), name), rtol=1e-4, atol=1e-7
                )


def test_the_table_holds_every_record_once() -> None:
    tracker = track(Net(), steps=4, labels=["a", "b", "c"])
    frame = tracker.frame()
    assert list(frame.columns) == ["step", "pair", "layer", "dh2", "dy2", "w", "loss", "dx2", "dy2_target"]
    assert len(frame) == 5 * 3 * 3
    assert not frame.duplicated(["step", "pair", "layer"]).any()
    rows = frame[(frame.pair == "b") & (frame.layer == "middle")]
    np.testing.assert_array_equal(rows["dh2"], tracker.state(1, "middle").dh2)
    np.testing.assert_array_equal(rows["loss"], tracker.loss(1))
    assert rows["dx2"].iloc[0] == tracker.pair(1).dx2
    assert tracker.pair(1).dx2 == pytest.approx(float((X[2] - X[0]).square().sum()), rel=1e-6)
    assert tracker.pair(1).dy2 == pytest.approx(float((Y[2] - Y[0]).square().sum()), rel=1e-6)


def test_images_sequences_and_several_output_axes_are_tracked() -> None:
    class Images(Net):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)

        def forward(self, x):
            return self.conv(x)

        def training_step(self, batch, batch_idx):
            return half_squared_error(self(batch["image"]), batch["label"])

    class Dictionaries(Batches):
        def __iter__(self):
            for x, y in super().__iter__():
                yield {"label": y, "image": x}

    x, y = torch.randn(6, 1, 5, 5, generator=GENERATOR), torch.randn(6, 2, 3, 3, generator=GENERATOR)
    pairs = torch.tensor([[0, 4]])
    tracker = PairTracker(x[pairs], y[pairs], ["conv"])
    net = Images()
    fit(net, Dictionaries(x, y, batch=6, steps=3, seed=0), [tracker])
    state = tracker.state()
    np.testing.assert_allclose(state.dh2, state.dy2, rtol=1e-6)  # the layer is the output here
    assert tracker.steps.tolist() == [0, 1, 2, 3]


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning", "ignore:.*does not have many workers")
@pytest.mark.parametrize("precision", ["64-true", "bf16-true", "bf16-mixed"])
def test_any_precision_of_the_trainer_is_tracked(precision: str) -> None:
    tracker, net = PairTracker(X[PAIRS], Y[PAIRS], LAYERS), Net()
    expected = track(Net(), steps=3)
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=1,
        precision=precision,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        callbacks=[tracker],
    )
    batches = [(X, Y)] * 3
    trainer.fit(net, torch.utils.data.DataLoader(batches, batch_size=None))
    assert tracker.steps.tolist() == [0, 1, 2, 3]
    tolerance = 1e-5 if precision == "64-true" else 0.3
    np.testing.assert_allclose(tracker.state(2, "middle").dh2, expected.state(2, "middle").dh2, rtol=tolerance)


def test_a_network_that_is_not_finite_at_the_start_is_recorded_as_such() -> None:
    net = Net()
    with torch.no_grad():
        net.middle.weight.fill_(1e30)
        net.decoder.weight.fill_(1e30)
    tracker = track(net, steps=3)
    assert not np.isfinite(tracker.loss()).any()


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


def test_records_survive_a_checkpoint() -> None:
    tracker = track(Net())
    restored = PairTracker(X[PAIRS], Y[PAIRS], LAYERS)
    restored.load_state_dict(tracker.state_dict())
    assert restored.frame().equals(tracker.frame())


def test_two_trackers_follow_one_training() -> None:
    trackers = [PairTracker(X[PAIRS], Y[PAIRS], [layer]) for layer in ("encoder", "middle")]
    fit(Net(), Batches(X, Y, batch=20, steps=3, seed=0), [*trackers])
    assert [t.steps.tolist() for t in trackers] == [[0, 1, 2, 3]] * 2


def test_a_tracker_is_for_one_run() -> None:
    tracker = track(Net(), steps=3)
    with pytest.raises(ValueError, match="holds records up to step 3 and training starts at step 0; make a new"):
        fit(Net(), Batches(X, Y, batch=20, steps=3, seed=0), [tracker])


# What Lightning's own trainer warns of here: its use of torch, and that data in memory need no worker processes.
@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning", "ignore:.*does not have many workers")
def test_gradient_accumulation_is_counted_in_optimiser_steps() -> None:
    tracker = PairTracker(X[PAIRS], Y[PAIRS], LAYERS)
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=3,
        accumulate_grad_batches=2,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        callbacks=[tracker],
    )
    loader = torch.utils.data.DataLoader([(x, y) for x, y in zip(X, Y, strict=True)], batch_size=5)
    trainer.fit(Net(), loader)
    assert tracker.steps.tolist() == list(range(3 * 2 + 1))


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
