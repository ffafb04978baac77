"""Pairs sampled from data sets: laws of the choice, and what is refused."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from repdyn.experiments import PairRecorder, sample_pairs
from torch.utils.data import Dataset, TensorDataset

X, LABELS = torch.rand(300, 5, generator=torch.Generator().manual_seed(0)), torch.arange(300) % 4


@given(seed=st.integers(0, 1000), pairs=st.integers(1, 100), points=st.integers(16, 60))
def test_pairs_differ_are_of_few_points_and_even_over_classes(seed: int, pairs: int, points: int):
    found = sample_pairs((X, LABELS), pairs, points=points, seed=seed)
    assert found.inputs.shape == (pairs, 2, 5)
    assert torch.equal(found.inputs, X[found.items])
    assert torch.equal(found.targets.argmax(2), LABELS[found.items])
    assert len({frozenset(pair) for pair in found.items.tolist()}) == pairs
    assert len(np.unique(found.items)) <= points
    classes = LABELS[found.items]
    same = classes[:, 0] == classes[:, 1]
    assert int(same.sum()) == round(0.2 * pairs)
    of_each = Counter(frozenset(pair) for pair in classes[~same].tolist())
    if int((~same).sum()) >= 6:
        assert max(of_each.values()) - min(of_each[frozenset((i, j))] for i in range(4) for j in range(i)) <= 1
    assert len(set(found.labels)) == pairs


def test_the_choice_follows_its_seed_and_no_state_of_anybody():
    state = torch.get_rng_state()
    first, second, other = (sample_pairs((X, LABELS), 30, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.items, second.items)
    assert not np.array_equal(first.items, other.items)
    assert torch.equal(state, torch.get_rng_state())


def test_labels_name_classes_and_items():
    found = sample_pairs((X, LABELS), 5)
    for label, (i, j) in zip(found.labels, found.items.tolist(), strict=True):
        assert label == f"{int(LABELS[i])}v{int(LABELS[j])} {i}-{j}"


def test_numbers_are_predicted_as_they_are():
    targets = torch.rand(300)
    found = sample_pairs(TensorDataset(X, targets), 20, points=10)
    assert torch.equal(found.targets, targets[found.items][..., None])
    assert found.labels[0] == "-".join(map(str, found.items[0]))


class Tokens(Dataset[dict[str, Any]]):
    """Items as those of Hugging Face."""

    def __len__(self) -> int:
        return 50

    def __getitem__(self, i: int) -> dict[str, Any]:
        return {"input_ids": torch.arange(6) + i, "attention_mask": torch.ones(6, dtype=torch.long), "labels": i % 2}


def test_items_may_be_dictionaries_and_several_inputs():
    found = sample_pairs(Tokens(), 10, points=8)
    assert {name: x.shape for name, x in found.inputs.items()} == {
        "input_ids": (10, 2, 6),
        "attention_mask": (10, 2, 6),
    }
    assert torch.equal(found.inputs["input_ids"][:, :, 0], torch.from_numpy(found.items))
    both = sample_pairs(TensorDataset(X, X + 1, LABELS), 10)
    assert isinstance(both.inputs, tuple)
    assert torch.equal(both.inputs[1], X[both.items] + 1)


def test_what_is_sampled_is_what_a_recorder_takes():
    found = sample_pairs((X, LABELS), 12)
    network = torch.nn.Sequential(torch.nn.Linear(5, 6), torch.nn.Linear(6, 4))
    recorder = PairRecorder(network, found.inputs, found.targets, ["0"], labels=found.labels)
    recorder.record(0)
    assert recorder.frame()["pair"].tolist() == list(found.labels)


def test_inputs_that_coincide_make_no_pair():
    x = torch.cat([torch.zeros(20, 3), torch.rand(4, 3)])
    found = sample_pairs((x, torch.rand(24, 1)), 20, points=24)
    assert not (found.inputs[:, 0] == found.inputs[:, 1]).all(1).any()


@pytest.mark.parametrize(
    ("data", "changes", "error", "words"),
    [
        ((X, LABELS), {"pairs": 0}, ValueError, "pairs must be a whole number from 1 on, got 0"),
        ((X, LABELS), {"points": 1}, ValueError, "points must be a whole number from 2 on, got 1"),
        ((X, LABELS), {"seed": -1}, ValueError, "seed must be a whole number from 0 on, got -1"),
        (
            (X, LABELS),
            {"points": 4},
            ValueError,
            "200 pairs were asked for, and the 4 points .* make only 6",
        ),
        ((X, LABELS), {"classes": 0}, ValueError, "classes must be a whole number from 1 to 1,000,000, or None, got 0"),
        ((X, LABELS), {"classes": 3}, ValueError, "labels must be from 0 to 2, got 3"),
        ((X, LABELS - 1), {}, ValueError, "labels must be from 0 to 2, got -1"),
        (
            (X, LABELS[:10]),
            {},
            ValueError,
            r"must be of the same points, got \[10, 300\]",
        ),
        (iter([1]), {}, TypeError, "dataset must have a length and items by number.*of a DataLoader give its dataset"),
        ([1, 2, 3], {}, TypeError, "an item of the dataset must be an input and its target, got 3"),
        ([{"x": torch.ones(3)}] * 3, {}, TypeError, "must hold its target under labels or label, got x"),
        ((X, torch.ones(300, 2, dtype=torch.long)), {}, ValueError, "one class or of floating point, got integers of"),
        ([(torch.ones(2 + i % 2) * i, i % 2) for i in range(30)], {}, ValueError, "the same shape, got .*; pad them"),
    ],
)
def test_what_cannot_be_sampled_is_refused(data: Any, changes: dict[str, int], error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        sample_pairs(data, **changes)
