"""Pairs of strings followed through training: the map against torch, what is recorded against brute force."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from repdyn.experiments.settings import SettingError, StringPairs
from repdyn.experiments.sweep.outcome import Outcome
from repdyn.experiments.training.sequences import Recurrent, one_hot
from repdyn.experiments.trials.paired_strings import Pairs, pairs_of_any, pairs_of_lengths
from repdyn.experiments.trials.recurrent_map import RecurrentMap, taylor_ratios
from repdyn.experiments.trials.string_pairs import _near_after, _settled, run_trial
from repdyn.experiments.trials.string_starts import forgetting, output_distances
from repdyn.numeric import all_strings

SMALL = StringPairs(name="gain_0.1", length=5, gain=0.3, lr=0.1, epochs=150, every=25, width=40)
WORDS = [tuple(map(int, s)) for block in all_strings(2, 5) for s in block]
PARITY = np.array([sum(s) % 2 for s in WORDS])


@cache
def outcome(seed: int = 0) -> Outcome:
    return run_trial(replace(SMALL, seed=seed))


def network(nonlinearity="relu", gain=0.9, width=12):
    torch.manual_seed(3)
    return Recurrent(width, nonlinearity, gain)


@pytest.mark.parametrize("nonlinearity", ["relu", "tanh"])
def test_the_map_is_the_network(nonlinearity) -> None:
    module = network(nonlinearity)
    with torch.no_grad():
        for p in module.parameters():
            p.add_(0.05)  # biases too
    found = RecurrentMap.of(module)
    for block, states in zip(all_strings(2, 4), found.states(4), strict=True):
        with torch.no_grad():
            expected = module.state(one_hot(block))
            said = module.output(expected)
        np.testing.assert_allclose(states, expected, rtol=2e-5, atol=1e-6)
        np.testing.assert_allclose(found.outputs(states), said, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("nonlinearity", ["relu", "tanh"])
def test_state_rates_are_the_tangent_kernel_of_autograd(nonlinearity) -> None:
    module = network(nonlinearity)
    strings = np.array([[0, 1, 1, 0], [1, 1, 1, 0], [0, 0, 1, 1]])
    encoder = [p for name, p in module.named_parameters() if name.startswith("hidden")]
    expected = []
    for string in strings:
        state = module.state(one_hot(string[None]))[0]
        slopes = [torch.autograd.grad(x, encoder, retain_graph=True) for x in state]
        expected.append(sum(float(g.square().sum()) for unit in slopes for g in unit) / len(state))
    np.testing.assert_allclose(RecurrentMap.of(module).state_rates(strings), expected, rtol=1e-5)


def test_what_is_linear_leaves_nothing_and_what_is_not_leaves_the_square() -> None:
    found = RecurrentMap.of(network("tanh"))
    h = found.states(3)[3]
    ratio = [taylor_ratios(found, h[:1] - step, h[:1] + step, 2)[0] for step in (1e-2, 1e-3)]
    assert ratio[0] / ratio[1] == pytest.approx(100, rel=0.02)  # the odd orders are left: the second of the ratio
    assert np.isnan(taylor_ratios(found, h[:1], h[:1], 2)[0])
    linear = replace(found, nonlinearity="relu", symbols=found.symbols + 50.0)  # every unit stays on
    assert taylor_ratios(linear, h[:2], h[2:4], 2).max() < 1e-12
    assert taylor_ratios(found, h[:0], h[:0], 2).shape == (0,)


def test_pairs_know_their_strings() -> None:
    pairs = pairs_of_lengths(5, PARITY, 60, 20, 5, np.random.default_rng(0))
    assert len({(a, b) for a, b in zip(pairs.first, pairs.second, strict=True)}) == len(pairs)
    agree = PARITY[pairs.first] == PARITY[pairs.second]
    found = pd.DataFrame({"shorter": pairs.lengths.min(0), "longer": pairs.lengths.max(0), "agree": agree})
    assert len(found[["shorter", "longer"]].drop_duplicates()) == 15
    assert found.groupby(["shorter", "longer"])["agree"].sum().max() == 20
    for k in range(len(pairs)):
        one, other = WORDS[pairs.first[k]], WORDS[pairs.second[k]]
        assert pairs.lengths[:, k].tolist() == [len(one), len(other)]
        shared = next(
            n
            for n in range(6, -1, -1)
            if n <= min(map(len, (one, other))) and one[len(one) - n :] == other[len(other) - n :]
        )
        assert pairs.common[k] == shared
    anyhow = pairs_of_any(5, 300, np.random.default_rng(0))
    assert anyhow.first.min() >= 1
    assert anyhow.second.max() < len(WORDS)
    assert (anyhow.first != anyhow.second).all()


def test_distances_of_outputs_are_means_over_shared_futures() -> None:
    found = RecurrentMap.of(network())
    states = found.states(5)
    pairs = Pairs(np.array([1, 4, 20]), np.array([8, 5, 31 + 7]))
    outputs = [found.outputs(h) for h in states]
    every = dict(zip(WORDS, np.concatenate(outputs), strict=True))
    expected = []
    for a, b in zip(pairs.first, pairs.second, strict=True):
        one, other = WORDS[a], WORDS[b]
        futures = [f for f in WORDS if one + f in every and other + f in every]
        expected.append(np.mean([np.square(every[one + f] - every[other + f]).sum() for f in futures]))
    np.testing.assert_allclose(output_distances(outputs, pairs.places, pairs.lengths), expected, rtol=1e-10)


@pytest.mark.parametrize(("nonlinearity", "share"), [("relu", 0.5), ("tanh", 1.0)])
def test_small_weights_forget_at_the_rate_of_their_variance(nonlinearity, share) -> None:
    """A wide network at a small gain: each symbol multiplies squared distances by gain^2, halved by ReLU."""
    torch.manual_seed(0)
    found = RecurrentMap.of(Recurrent(400, nonlinearity, 0.2))
    table = forgetting(found, found.states(5))
    slope = np.polyfit(table["read"], table["dh2"], 1)[0]
    assert slope == pytest.approx(np.log(share * 0.04), rel=0.05)


def test_settled_is_since_when_it_holds_for_good() -> None:
    below = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [1, 1, 1, 0]], dtype=np.bool_)
    assert _settled(below).tolist() == [2, 1, 2, np.inf]
    assert _settled(np.ones((3, 1), dtype=np.bool_)).tolist() == [0]
    distances = np.array([[0.1, 3.0], [2.0, 1.0], [0.5, 1.5], [1.2, 2.0]])
    assert _near_after(distances, 1.0).tolist() == [2, np.inf]
    assert _settled(distances < 1.0).tolist() == [np.inf, np.inf]


def test_a_trial_repeats_to_the_bit_and_tells_what_it_says() -> None:
    found, again = outcome(), run_trial(SMALL)
    for name, table in found.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table)
    assert found.values["loss"] < 0.01
    course, pairs, counts = (found.tables[name] for name in ("course", "pairs", "counts"))
    assert course["epoch"].tolist() == list(range(151))
    fell = int(found.values["fell"])
    assert (course["loss"][fell:] < 0.125).all()
    assert course["loss"][fell - 1] >= 0.125
    assert counts[["agreeing", "disagreeing"]].to_numpy().sum() == 62 * 61 / 2
    merged = np.isfinite(pairs["merged_at"])
    near = found.values["near"]
    assert (pairs["near_at"][merged] <= pairs["merged_at"][merged]).all()
    assert (pairs["dh2_end"][merged] < near**2).all()
    assert (pairs["dh2_end"][~merged] > 0.999 * near**2).all()
    assert (pairs["apart"] * near >= 0.999 * np.sqrt(pairs["dh2_end"])).all()
    assert (pairs["apart"] * near >= 0.999 * np.sqrt(pairs["dh2_start"])).all()
    assert pairs["futures"].tolist() == [2 ** (6 - longer) - 1 for longer in pairs["longer"]]


def test_training_that_diverges_is_recorded_as_such() -> None:
    assert run_trial(replace(SMALL, lr=50.0, gain=2.0)).status == "diverged"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"nonlinearity": "gelu"}, "nonlinearity must be one of relu, tanh, got 'gelu'"),
        ({"length": 3}, "length must be from 4 to 12, got 3"),
        ({"every": 151}, "every must be at most epochs, got 151 of 150"),
    ],
)
def test_settings_are_refused_in_words(wrong, words) -> None:
    with pytest.raises(SettingError, match=words):
        replace(SMALL, **wrong)
