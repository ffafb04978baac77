"""Records in checkpoints, and several runs."""

import pytest
from repdyn.experiments import PairTracker
from repdyn.experiments.training.lightning import Batches, fit
from tracked import LAYERS, PAIRS, Net, X, Y, track


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


def test_a_checkpoint_of_other_pairs_is_refused_and_another_every_keeps_the_history() -> None:
    first = track(Net(), layers=["encoder"], steps=6, every=2)
    held = {"callbacks": {first.state_key: first.state_dict()}}
    again = PairTracker(X[PAIRS], Y[PAIRS], ["encoder"], every=3)
    assert again.state_key == first.state_key
    again.on_load_checkpoint(None, None, held)
    again.load_state_dict(first.state_dict())
    assert again.frame().equals(first.frame())

    class Mine(PairTracker):
        """Somebody's own."""

    others = [kind(X[PAIRS + 1], Y[PAIRS + 1], ["encoder"]) for kind in (PairTracker, Mine)]
    for other in (*others, PairTracker(X[PAIRS], Y[PAIRS], ["decoder"])):
        assert other.state_key != first.state_key
        with pytest.raises(ValueError, match="the checkpoint holds the records of other pairs or layers"):
            other.on_load_checkpoint(None, None, held)
        other.on_load_checkpoint(None, None, {"callbacks": {}})
