"""PairTracker: what it records."""

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from repdyn.experiments import PairTracker
from repdyn.experiments.training.lightning import Batches, fit, half_squared_error
from torch import nn
from tracked import GENERATOR, LAYERS, PAIRS, Net, X, Y, by_hand, track


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
