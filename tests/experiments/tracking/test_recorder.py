"""PairRecorder, and the ways in which a network of somebody else is called: each value is the one by hand."""

import numpy as np
import pytest
import torch
from repdyn.experiments import PairRecorder, compare
from repdyn.experiments.training.lightning import half_squared_error
from sequences import INPUTS, SEQUENCES, TARGETS, Language, dh2, logits, recorded
from torch import nn
from tracked import PAIRS, Net, X, Y, track


def test_tokens_without_a_distance_are_refused() -> None:
    with pytest.raises(ValueError, match=r"inputs are integers, such as tokens, .* give dx2=, the name of the layer"):
        PairRecorder(Language(), INPUTS, TARGETS, ["out"])
    network = Language()
    nn.init.zeros_(network.out.weight)
    recorder = PairRecorder(network, INPUTS, TARGETS, ["embedding"], forward=logits, dx2="out")
    with pytest.raises(ValueError, match="the two inputs of a pair must differ; those of pair 0 do not at layer 'out'"):
        recorder.record(0)
    with pytest.raises(ValueError, match="dx2 must be a positive number for each of the 5 pairs, got"):
        PairRecorder(Language(), INPUTS, TARGETS, ["out"], dx2=[1.0])
    given = PairRecorder(Language(), INPUTS, TARGETS, ["out"], forward=logits, dx2=np.arange(1.0, 6.0))
    given.record(0)
    assert given.frame()["dx2"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_module_without_forward_is_called_as_the_user_says() -> None:
    class Parts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = nn.Linear(4, 5), nn.Linear(5, 3)

    network, x = Parts(), SEQUENCES[:, :, 0]
    recorder = PairRecorder(network, x, TARGETS, ["encoder"], forward=lambda m, x: m.decoder(m.encoder(x)))
    recorder.record(7)
    np.testing.assert_allclose(recorded(recorder, "encoder"), dh2(network.encoder(x)), rtol=1e-4)
    assert recorder.steps.tolist() == [7]
    assert recorder.state(1).dy2 == pytest.approx(dh2(network.decoder(network.encoder(x)))[1], rel=1e-4)


def test_arrays_are_passed_in_the_precision_of_the_network() -> None:
    network, x = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3)), SEQUENCES[:, :, 0].double().numpy()
    recorder = PairRecorder(network, x, TARGETS.double().numpy(), ["0"])
    recorder.record(0)
    np.testing.assert_allclose(recorded(recorder, "0"), dh2(network[0](SEQUENCES[:, :, 0])), rtol=1e-4)
    network.double()
    recorder.record(1)
    exact = dh2(network[0](SEQUENCES[:, :, 0].double()))
    np.testing.assert_allclose(recorded(recorder, "0"), exact, rtol=1e-12)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_network_that_has_diverged_before_its_first_record_is_recorded_as_it_is(value: float) -> None:
    network = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3))
    nn.init.constant_(network[0].weight, value)
    recorder = PairRecorder(network, SEQUENCES[:, :, 0], TARGETS, ["0"])
    recorder.record(0)
    assert np.isnan(recorded(recorder, "0")).all()


def test_a_compiled_module_has_the_names_of_its_own() -> None:
    network = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3))
    recorder = PairRecorder(torch.compile(network, backend="eager"), SEQUENCES[:, :, 0], TARGETS, ["0"])
    recorder.record(0)
    np.testing.assert_allclose(recorded(recorder, "0"), dh2(network[0](SEQUENCES[:, :, 0])), rtol=1e-4)


def test_a_loop_of_ones_own_records_what_lightning_does() -> None:
    network = Net()
    optimiser = network.configure_optimizers()
    recorder = PairRecorder(network, X[PAIRS].numpy(), Y[PAIRS].numpy(), ["encoder"])
    for step in range(13):
        recorder.record(step)
        optimiser.zero_grad()
        half_squared_error(network(X), Y).backward()
        optimiser.step()
    by_lightning = track(Net(), layers=["encoder"]).frame()
    assert recorder.frame().columns.equals(by_lightning.columns)
    for column in ("step", "dh2", "dy2", "w", "loss", "dx2", "dy2_target"):
        np.testing.assert_allclose(recorder.frame()[column], by_lightning[column], rtol=1e-4, atol=1e-7)
    assert len(compare(recorder.frame())) == 3


def test_outputs_that_are_no_predictions_are_refused() -> None:
    with pytest.raises(TypeError, match="the network must put out a tensor, got dict; give forward=, a function of"):
        PairRecorder(Language(), INPUTS, TARGETS, ["embedding"], dx2="embedding").record(0)
    timed = PairRecorder(
        Language(), INPUTS, TARGETS, ["embedding"], forward=lambda m, x: m(**x)["hidden"], dx2="embedding"
    )
    with pytest.raises(ValueError, match=r"the network must put out a row for each point, got shape .* give forward="):
        timed.record(0)


def test_records_are_in_the_order_of_steps() -> None:
    recorder = PairRecorder(Net(), X[PAIRS], Y[PAIRS], ["encoder"])
    for step in (3, True, -1, 2.0):
        recorder.record(3) if not recorder.steps.size else None
        with pytest.raises(ValueError, match="step must be the number of training steps so far, more than at the last"):
            recorder.record(step)
