"""Closer looks: gradients, similarity, and the tracker that takes them."""

import numpy as np
import pytest
import torch
from repdyn.experiments import PairRecorder, PairTracker, diagnose
from repdyn.experiments.tracking.network_kernel import kernel_movement
from repdyn.numeric import representation_similarity, squared_distances
from torch import nn
from tracked import LAYERS, PAIRS, Net, X, Y, track

POINTS = torch.unique(PAIRS)


def descend(
    network: nn.Module, recorder: PairRecorder, inputs: torch.Tensor, targets: torch.Tensor, steps: int, lr: float
):
    """Record and train, observed at the start and at the end."""
    optimiser = torch.optim.SGD(network.parameters(), lr=lr)
    for step in range(steps):
        recorder.record(step)
        if not step:
            recorder.observe()
        optimiser.zero_grad()
        (network(inputs) - targets).square().sum(1).mean().div(2).backward()
        optimiser.step()
    recorder.record(steps)
    recorder.observe()


def test_a_tracker_observes_the_start_and_the_end_and_disturbs_nothing():
    plain, observed = Net(), Net()
    track(plain)
    tracker = track(observed, observe=True)
    assert observed.losses == plain.losses
    for (name, one), other in zip(plain.state_dict().items(), observed.state_dict().values(), strict=True):
        assert torch.equal(one, other), name
    assert [found.step for found in tracker.observations] == [0, 12]
    assert tracker.steps.tolist() == list(range(13))
    last = tracker.observations[-1]
    with torch.no_grad():
        h = observed.encoder(X[POINTS]).double().numpy()
    order = [int(np.argmin(np.abs(squared_distances(h)[0] - x))) for x in last.distances["encoder"][0]]
    assert last.distances["encoder"] == pytest.approx(squared_distances(h)[np.ix_(order, order)], rel=1e-5, abs=1e-6)


def test_a_tracker_that_is_not_asked_observes_nothing():
    assert track(Net()).observations == []


def test_what_goes_wrong_with_an_observation_is_said_and_the_records_go_on(monkeypatch: pytest.MonkeyPatch):
    def fails(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr("repdyn.experiments.tracking.tracker.observe", fails)
    with pytest.warns(UserWarning, match="does not observe the network") as said:
        tracker = track(Net(), observe=True)
    assert [str(x.message) for x in said] == [
        f"PairTracker does not observe the network at step {step}: out of memory" for step in (0, 12)
    ]
    assert (len(tracker.steps), tracker.observations, tracker.problem) == (13, [], "")


def test_observe_must_be_true_or_false():
    with pytest.raises(TypeError, match="observe must be True or False, got 1"):
        PairTracker(X[PAIRS], Y[PAIRS], LAYERS, observe=1)


def test_an_observation_is_of_a_recorded_step():
    recorder = PairRecorder(nn.Linear(6, 3), X[PAIRS], Y[PAIRS], [""])
    with pytest.raises(ValueError, match="an observation is of the last recorded step, and nothing is recorded yet"):
        recorder.observe()
    recorder.record(7)
    assert recorder.observe().step == 7


def test_a_diagnosis_shows_what_was_observed():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(6, 30, bias=False), nn.Linear(30, 3, bias=False))
    pairs = torch.combinations(torch.arange(8), 2)
    recorder = PairRecorder(network, X[pairs], Y[pairs], ["0"])
    descend(network, recorder, X[:8], Y[:8], 40, lr=0.002)
    layer = diagnose(recorder).layers[0]
    first, last = recorder.observations
    assert layer.gradients is not None
    assert layer.gradients.taylor < 1e-4  # the decoder is linear
    assert layer.gradients.passed_by < 1e-4
    assert layer.gradients.alignment == pytest.approx(np.median(np.abs(last.probe.alignment["0"])))
    assert layer.gradients.kernel_movement == kernel_movement(first.probe.kernel, last.probe.kernel).network > 0
    assert layer.alike is not None
    assert layer.alike.start == representation_similarity(last.distances["0"], first.distances["0"])
    assert layer.alike.prediction is not None
    row = layer.row()
    assert row["cka_start"] == layer.alike.start.cka
    assert row["procrustes_prediction"] == layer.alike.prediction.procrustes
    assert row["kernel_movement"] == layer.gradients.kernel_movement


def test_two_points_have_one_distance_and_so_no_similarity():
    network = nn.Sequential(nn.Linear(6, 30, bias=False), nn.Linear(30, 3, bias=False))
    recorder = PairRecorder(network, X[None, :2], Y[None, :2], ["0"])
    descend(network, recorder, X[:2], Y[:2], 20, lr=0.002)
    assert diagnose(recorder).layers[0].alike is None


def test_without_distances_of_the_inputs_nothing_is_predicted_of_all_points():
    network = nn.Sequential(nn.Linear(6, 30, bias=False), nn.Linear(30, 3, bias=False))
    pairs = torch.combinations(torch.arange(6), 2)
    recorder = PairRecorder(network, X[pairs], Y[pairs], ["0"], dx2="0")
    descend(network, recorder, X[:6], Y[:6], 20, lr=0.002)
    layer = diagnose(recorder).layers[0]
    assert layer.alike is not None
    assert layer.alike.start is not None
    assert layer.alike.prediction is None


def test_only_two_observations_have_a_movement():
    network = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3))
    recorder = PairRecorder(network, X[PAIRS], Y[PAIRS], ["0"])
    for step in range(4):
        recorder.record(step)
    recorder.observe()
    layer = diagnose(recorder).layers[0]
    assert layer.gradients is not None
    assert np.isnan(layer.gradients.kernel_movement)
    assert layer.alike is None


def test_a_network_that_diverges_is_observed_as_it_is():
    network = nn.Sequential(nn.Linear(6, 20), nn.Linear(20, 3))
    recorder = PairRecorder(network, X[PAIRS], Y[PAIRS], ["0"])
    descend(network, recorder, X, Y, 120, lr=20.0)
    assert np.isnan(recorder.observations[-1].distances["0"]).all()
    layer = diagnose(recorder).layers[0]
    assert layer.alike is None
    assert layer.verdict.theory == "cannot be said"
