"""Transformers that learn differences modulo a number: what is trained on, what is counted, and what the study says."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from repdyn.experiments.settings import ModularSubtraction, SettingError
from repdyn.experiments.studies.study import Results
from repdyn.experiments.studies.transformer.claims import Judgement
from repdyn.experiments.studies.transformer.study import ModularTransformers
from repdyn.experiments.sweep.outcome import Outcome
from repdyn.experiments.sweep.trial import Trial
from repdyn.experiments.training.modular import Block, Draws, ModularTransformer, WarmedUp, subtractions
from repdyn.experiments.trials.modular import FACTORS, clusters, run_trial
from sklearn.cluster import AgglomerativeClustering

SMALL = ModularSubtraction(
    name="small", modulus=7, share=0.6, width=16, batch=32, lr=0.01, steps=60, every=20, dropout=0.0
)


@cache
def outcome() -> Outcome:
    return run_trial(SMALL)


def test_every_difference_is_there_once() -> None:
    x, y = subtractions(5)
    assert len({tuple(row) for row in x.tolist()}) == 25
    assert [(a - b) % 5 for a, _, b, _ in x.tolist()] == y.tolist()
    assert set(x[:, 1].tolist()) == {5}
    assert set(x[:, 3].tolist()) == {6}


def test_a_block_attends_as_torch_does() -> None:
    block, other = Block(8, 0.0), torch.nn.MultiheadAttention(8, 4, batch_first=True)
    other.load_state_dict(
        {
            "in_proj_weight": block.project.weight,
            "in_proj_bias": block.project.bias,
            "out_proj.weight": block.join.weight,
            "out_proj.bias": block.join.bias,
        }
    )
    x = torch.randn(3, 4, 8, generator=torch.Generator().manual_seed(0))
    said = block(x)
    read = block.before_attention(x)
    added, weights = other(read, read, read, average_attn_weights=False)
    torch.testing.assert_close(block.attention, weights)
    torch.testing.assert_close(block.hidden, block.before_units(x + added))
    torch.testing.assert_close(said, x + added + block.units(block.hidden))


def test_parts_are_those_of_the_network_as_it_answers_without_dropout() -> None:
    torch.manual_seed(0)
    network = ModularTransformer(5, 8, 2, 0.5)
    x = subtractions(5)[0]
    first, second = network.parts(x), network.parts(x)
    assert {name: tuple(part.shape) for name, part in first.items()} == {
        "attention": (25, 2 * 4 * 4 * 4),
        "keys": (25, 2 * 4 * 8),
        "values": (25, 2 * 4 * 8),
        "hidden": (25, 4 * 8),
    }
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert network.training


def test_clusters_are_those_of_scikit_learn() -> None:
    vectors = np.random.default_rng(0).normal(size=(60, 3))
    bounds = np.array([0.1, 0.8, 2.0, 5.0])
    own = [AgglomerativeClustering(None, distance_threshold=x).fit(vectors).n_clusters_ for x in bounds]
    assert clusters(vectors, bounds) == own
    assert own[0] > own[1] > own[2] > own[3]


def test_the_rate_rises_in_the_first_steps_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = subtractions(5)
    module = WarmedUp(ModularTransformer(5, 8, 1, 0.0), 0.01, 0.0)
    optimiser = module.configure_optimizers()
    rates = []
    monkeypatch.setattr(module, "optimizers", lambda: optimiser)  # Lightning's needs a trainer
    for step in range(12):
        module.training_step((x, y), step)
        rates.append(optimiser.param_groups[0]["lr"])
    assert rates == pytest.approx([0.001 * min(10, step + 1) for step in range(12)])


def test_minibatches_are_drawn_with_replacement_and_repeat() -> None:
    x = torch.arange(3)
    first, second = (list(Draws(x, x, batch=50, steps=2, seed=1)) for _ in range(2))
    assert [len(a) for a, _ in first] == [50, 50]
    assert all(torch.equal(a, b) and torch.equal(a, y) for (a, y), (b, _) in zip(first, second, strict=True))
    assert not torch.equal(first[0][0], first[1][0])


def test_a_trial_records_losses_and_states_and_repeats_to_the_bit() -> None:
    found = outcome()
    course, states = found.tables["course"], found.tables["states"]
    assert course["step"].tolist() == [0, 20, 40, 60]
    assert found.values["taught"] == 29
    assert course["loss"].iloc[-1] < course["loss"].iloc[0] == pytest.approx(np.log(7), rel=0.5)
    assert found.values["accuracy"] > 0.8
    assert len(states) == 4 * 4 * 2 * len(FACTORS)
    assert (states[states["step"] == 0]["largest"] == 1).all()
    first = states[states["step"] == 0].pivot_table(index=["part", "factor"], columns="of", values="share")
    assert (first["now"] == first["start"]).all()
    grown = states.pivot_table(index=["step", "part", "factor", "largest"], columns="of", values="share").reset_index()
    assert ((grown["largest"] < 1) | (grown["now"] <= grown["start"])).all()  # the threshold of now is larger
    assert states["share"].between(1 / 29, 1).all()
    wide = states.pivot_table(index=["step", "part", "of"], columns="factor", values="share").to_numpy()
    assert (np.diff(wide, axis=1) <= 0).all()  # a larger threshold joins more
    again = run_trial(SMALL)
    for name, table in found.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table)


def test_training_that_diverges_is_recorded_as_such() -> None:
    found = run_trial(replace(SMALL, lr=1e30, every=1))
    assert found.status == "diverged"
    assert "the loss ceased to be a number at step" in found.reason


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"modulus": 1}, "modulus must be from 2 to 1,000, got 1"),
        ({"share": 0.001}, "share must leave pairs to train on and others, got 0.001 of 49"),
        ({"share": 1.0}, "share must leave pairs to train on and others, got 1 of 49"),
        ({"width": 10}, "width must be a multiple of 4, the heads, got 10"),
        ({"dropout": 1.0}, "dropout must be below 1, got 1"),
        ({"every": 61}, "every must be at most steps, got 61 of 60"),
        ({"counted": 1}, "counted must be at least 2, got 1"),
    ],
)
def test_settings_are_refused_in_words(wrong, words) -> None:
    with pytest.raises(SettingError, match=words):
        replace(SMALL, **wrong)


# The study.


def judgement(shares: dict[str, list[float]], accuracy: float = 1.0) -> Judgement:
    rows = [
        {"step": step, "part": part, "of": "start", "factor": 1.25, "share": share, "setting": "small", "seed": 0}
        for part, course in shares.items()
        for step, share in enumerate(course)
    ]
    values = pd.DataFrame([{"setting": "small", "seed": 0, "accuracy_other": accuracy}])
    return Judgement(values, pd.DataFrame(rows))


def test_each_claim_is_judged_by_its_rule() -> None:
    said = {"attention": [0.1, 0.4, 0.2], "hidden": [0.1, 0.4, 0.4], "values": [0.1, 0.4, 0.2], "keys": [0.1, 0.1, 0.1]}
    not_so = {
        "attention": [0.1, 0.4, 0.4],
        "hidden": [0.1, 0.4, 0.2],
        "values": [0.1, 0.4, 0.4],
        "keys": [0.4, 0.1, 0.1],
    }
    for shares, agrees in ((said, True), (not_so, False), ({**not_so, "attention": [0.4, 0.4, 0.1]}, False)):
        verdicts = [verdict for claim in judgement(shares).claims() for verdict in claim.verdicts]
        assert [verdict.agrees for verdict in verdicts] == [agrees] * 4
    first = judgement(said).claims()[0].verdicts[0]
    assert first.setting == "small, threshold 1.25 of the largest distance at the start"
    assert first.measured == "states over inputs at the start 0.1, at their most 0.4, at the end 0.2"
    assert first.recorded.startswith("0.04 at the start")
    undecided = judgement(said, accuracy=0.5).claims()[0].verdicts[0]
    assert undecided.agrees is None
    assert undecided.by == "0 of 0 networks; 1 of 1 do not generalise"


def test_the_study_says_what_became_of_the_networks() -> None:
    of = ModularTransformers(settings=({"name": "small"},))
    assert [trial.label for trial in of.trials()] == ["modular/small-0"]
    section = of.section(Results({Trial(SMALL): outcome()}))
    assert section.answer.startswith("0 of 1 networks generalise (small); at the end they get ")
    assert [plate.name for plate in section.plates] == ["small"]
    assert section.tables[0].rows["part"].tolist() == [
        x for x in ("attention", "keys", "values", "hidden") for _ in "ab"
    ]
    assert "nothing to compare yet" in " ".join(of.section(Results({Trial(SMALL): None})).paragraphs)
