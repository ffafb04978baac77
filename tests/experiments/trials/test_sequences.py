"""Recurrent networks that learn what machines say: what is trained on, what is recorded, and what the study says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from repdyn.experiments.settings import Sequences, SettingError
from repdyn.experiments.studies.automata import RandomMachines
from repdyn.experiments.studies.parity.claims import Judgement
from repdyn.experiments.studies.parity.network import KINDS
from repdyn.experiments.studies.parity.study import StreamingTasks
from repdyn.experiments.studies.study import Results
from repdyn.experiments.sweep.outcome import Outcome
from repdyn.experiments.sweep.trial import Trial
from repdyn.experiments.tasks.automata import PARITY, task_of
from repdyn.experiments.training.sequences import Recurrent, StringBatches
from repdyn.experiments.trials.sequences import run_trial
from repdyn.numeric import Automaton, equivalent_automata, minimal_automaton

SMALL = Sequences(
    name="parity", length=5, gain=0.3, lr=0.1, epochs=250, every=25, tested=(20,), read=(10, 300), width=60
)


@cache
def outcome(seed: int = 0) -> Outcome:
    return run_trial(replace(SMALL, seed=seed))


def test_parity_is_learnt_and_the_network_is_the_machine() -> None:
    found = outcome()
    assert found.values["loss"] < 0.01 < found.values["guess"] == 0.25
    assert found.values["is_task_coarse"]
    assert (found.values["minimal_coarse"], found.values["task"], found.values["strings"]) == (2, 2, 62)
    reading = found.tables["reading"]
    assert reading["length"].tolist() == [10, 300]
    assert (reading["accuracy"] == 1).all()


def test_what_is_recorded_is_what_the_network_says_and_a_trial_repeats_to_the_bit() -> None:
    again = run_trial(SMALL)
    for name, table in outcome().tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table)
    untrained = run_trial(replace(SMALL, epochs=1, every=1, lr=1e-30)).tables["course"]
    torch.manual_seed(0)
    network = Recurrent(60, "relu", 0.3)
    losses = []
    for n in range(1, 6):
        strings = torch.cartesian_prod(*n * [torch.arange(2)]).reshape(-1, n)
        x = torch.nn.functional.one_hot(strings, 2).float()
        y = torch.nn.functional.one_hot(strings.sum(1) % 2, 2)
        losses += ((network(x) - y) ** 2).sum(1).div(2).tolist()
    assert untrained["loss"].tolist() == pytest.approx([np.mean(losses)] * 2, rel=1e-5)
    assert untrained["epoch"].tolist() == [0, 1]


def test_a_network_reads_symbol_by_symbol_from_ones() -> None:
    network = Recurrent(4, "tanh", 1.0)
    x = torch.nn.functional.one_hot(torch.tensor([[0, 1, 1]]), 2).float()
    h = torch.ones(1, 4)
    for symbol in x[0]:
        h = torch.tanh(network.hidden.weight_ih_l0 @ symbol + network.hidden.weight_hh_l0 @ h[0])[None]  # biases are 0
    torch.testing.assert_close(network.state(x), h)
    torch.testing.assert_close(network.state(x[:, :0]), torch.ones(1, 4))


def test_an_epoch_has_every_string_once_in_batches_of_one_length() -> None:
    x = [
        torch.arange(n, dtype=torch.float32)[:, None, None].expand(n, k, 2) + 100 * k
        for k, n in ((1, 2), (2, 4), (3, 8))
    ]
    batches = StringBatches(x, [t[:, 0] for t in x], batch=3, epochs=2, seed=0)
    found = list(batches)
    assert len(found) == len(batches) == 2 * batches.of_epoch == 2 * (1 + 2 + 3)
    assert [len(b[0]) for b in found[:6]] == [2, 3, 1, 3, 3, 2]
    for epoch in (found[:6], found[6:]):
        rows = torch.cat([y[:, 0] for _, y in epoch])
        assert sorted(rows.tolist()) == sorted(torch.cat([t[:, 0, 0] for t in x]).tolist())
    assert not all(torch.equal(a[0], b[0]) for a, b in zip(found[:6], found[6:], strict=True))


def test_of_a_share_of_strings_only_those_are_trained_on() -> None:
    some = run_trial(replace(SMALL, share=0.5, epochs=1, every=1))
    assert 15 < some.values["strings"] < 50
    assert len(some.tables["course"]) == 2
    assert some.tables["mergers"]["agreeing"].sum() + some.tables["mergers"]["disagreeing"].sum() == 62 * 61 / 2


def test_machines_that_are_kept_are_those_of_the_records() -> None:
    found = outcome()
    machines, course = found.tables["machines"], found.tables["course"]
    most = int(course["states_history"].argmax())
    few = course[:most][course["states_history"][:most] <= 40]["epoch"]
    whole = course[most + 1 :][course["whole_history"][most + 1 :]]["epoch"]
    epochs = machines["epoch"].drop_duplicates().tolist()
    assert epochs == sorted({0, *few[-1:], course["epoch"][most], *whole[:1], 250})
    for epoch in epochs:
        own = machines[machines["epoch"] == epoch]
        machine = Automaton(own[["zero", "one"]].to_numpy(), own["output"].to_numpy())
        assert machine.reachable.tolist() == list(range(len(own)))
        assert machine.is_complete == course.set_index("epoch")["whole_history"][epoch]
        assert len(own) <= course.set_index("epoch")["states_history"][epoch]


def test_what_is_read_may_jump_with_the_state_and_the_jump_has_no_gradient() -> None:
    network, plain = Recurrent(4, "relu_step", 1.0), Recurrent(4, "relu", 1.0)
    plain.load_state_dict(network.state_dict())
    state = torch.tensor([[0.0, 0.5, 0.0, 2.0]], requires_grad=True)
    torch.testing.assert_close(network.read(state), plain.output(torch.tensor([[0.0, 1.5, 0.0, 3.0]])))
    jumps, calm = (torch.autograd.grad(of.read(state)[0, 0], state)[0] for of in (network, plain))
    torch.testing.assert_close(jumps, calm)
    x = torch.nn.functional.one_hot(torch.tensor([[0, 1, 1]]), 2).float()
    torch.testing.assert_close(network.state(x), plain.state(x))  # what goes on does not jump


def test_merged_pairs_were_at_least_as_far_apart_as_they_are() -> None:
    parted = run_trial(replace(SMALL, epochs=20, every=20, gain=0.05)).tables["parted"]
    assert len(parted)
    assert (parted["shorter"] <= parted["longer"]).all()
    assert (parted["apart"] >= 0).all()


def test_training_that_diverges_is_recorded_as_such() -> None:
    found = run_trial(replace(SMALL, lr=50.0, gain=2.0))
    assert found.status == "diverged"
    assert "the loss ceased to be a number at step" in found.reason


def test_training_ends_at_the_first_epoch_whose_mean_loss_is_below_the_bound() -> None:
    short = replace(SMALL, epochs=250, every=250, until=0.3)
    found = run_trial(short)
    course = found.tables["course"]
    last = int(course["epoch"].iloc[-1])
    assert found.values["reached"]
    assert 0 < last < 250
    assert course["epoch"].tolist() == [0, last]
    # An epoch's mean is that of its batches before their steps: one epoch less does not get there.
    before = run_trial(replace(short, epochs=last - 1, every=last - 1))
    assert not before.values["reached"]


def test_the_loss_may_be_the_cross_entropy() -> None:
    found = run_trial(replace(SMALL, loss="classes", epochs=1, every=1, lr=1e-30))
    assert found.values["guess"] == pytest.approx(np.log(2))
    torch.manual_seed(0)
    network = Recurrent(60, "relu", 0.3)
    losses = []
    for n in range(1, 6):
        strings = torch.cartesian_prod(*n * [torch.arange(2)]).reshape(-1, n)
        said = network(torch.nn.functional.one_hot(strings, 2).float())
        losses += torch.nn.functional.cross_entropy(said, strings.sum(1) % 2, reduction="none").tolist()
    assert found.values["loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    drawn = run_trial(replace(SMALL, loss="classes", states=6, task_seed=1, epochs=1, every=1))
    assert 0 <= drawn.values["guess"] < np.log(2)


def test_the_task_is_parity_or_a_machine_that_is_drawn() -> None:
    assert task_of(0, 3) is PARITY
    assert equivalent_automata(task_of(6, 1), task_of(6, 1))
    drawn = run_trial(replace(SMALL, states=6, task_seed=1, epochs=1, every=1))
    assert drawn.values["task"] == len(minimal_automaton(task_of(6, 1)))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"nonlinearity": "gelu"}, "nonlinearity must be one of relu, tanh, relu_step, got 'gelu'"),
        ({"loss": "cross_entropy"}, "loss must be one of squared_error, classes, got 'cross_entropy'"),
        ({"states": 2}, "states must be 0, which is parity, or at least 3, got 2"),
        ({"length": 15}, "length must be at most 14, got 15: strings double with each"),
        ({"share": 1.5}, "share must be at most 1, got 1.5"),
        ({"every": 251}, "every must be at most epochs, got 251 of 250"),
        ({"tested": (5, 5)}, "tested must be lengths, each once and at most 100,000, got 5, 5"),
        ({"read": (10**6,)}, "read must be lengths, each once and at most 100,000, got 1000000"),
    ],
)
def test_settings_are_refused_in_words(wrong, words) -> None:
    with pytest.raises(SettingError, match=words):
        replace(SMALL, **wrong)


# The study.


def study(outcomes: dict[int, Outcome | None]) -> tuple[StreamingTasks, Results]:
    of = StreamingTasks(settings=(), seeds=len(outcomes), length=5)
    trials = [Trial(replace(SMALL, seed=seed)) for seed in outcomes]
    return of, Results(dict(zip(trials, outcomes.values(), strict=True)))


def test_the_study_says_what_became_of_the_networks() -> None:
    of, results = study({0: outcome(), 1: outcome(1)})
    section = of.section(results)
    verdicts = {claim.text: claim.verdicts[0] for claim in section.claims}
    right = verdicts["What is learnt from short strings holds for strings of any length"]
    assert right.agrees
    assert right.setting == "parity"
    assert [verdict.setting for claim in section.claims for verdict in claim.verdicts if "reduced" in claim.text] == [
        f"parity, threshold {name}" for name in ("0.01 of all training", "0.01", "0.1")
    ]
    assert right.measured == "least share right 100% (100% to 100%)"
    assert right.by == "2 of 2 networks"
    assert right.recorded == "right up to length 10,000"
    assert (
        "2 of 2 networks learnt parity; of strings of length 300 they get 100% (100% to 100%) right" in section.answer
    )
    assert [plate.name for plate in section.plates] == ["course", "development"]
    assert section.tables[0].rows["task"].tolist() == ["2 (2 to 2)"]


def test_a_network_that_did_not_learn_decides_nothing() -> None:
    bad = run_trial(replace(SMALL, epochs=1, every=1))
    of, results = study({0: outcome(), 1: bad})
    verdict = of.section(results).claims[0].verdicts[0]
    assert verdict.agrees
    assert verdict.by == "1 of 1 networks; 1 of 2 did not learn the task"
    of, results = study({0: bad})
    section = of.section(results)
    assert section.answer == "No network learnt parity."
    assert {verdict.outcome for claim in section.claims for verdict in claim.verdicts} == {"undecided"}


def test_without_a_network_and_with_diverged_ones_it_says_so() -> None:
    of, results = study({0: None})
    assert "nothing to compare yet" in " ".join(of.section(results).paragraphs)
    diverged = Outcome("diverged", "the loss ceased to be a number at step 3")
    of, results = study({0: outcome(), 1: diverged})
    assert "Training diverged: parity (seed 1)." in of.section(results).paragraphs


def judgement_of(
    course: Mapping[str, Sequence[float]], parted: list[float], merged: list[tuple[int, int, int, int]]
) -> Judgement:
    key = {"setting": "parity", "seed": 0}
    ends = {f"{name}_{kind}": x for kind in KINDS for name, x in (("states", 10), ("minimal", 2), ("is_task", True))}
    values = {**key, "loss": 0.0, "guess": 0.25, **ends}
    columns = ["shorter", "merged", "agreeing", "wrong"]
    return Judgement(
        pd.DataFrame([values]),
        pd.DataFrame({**course, **key}),
        pd.DataFrame({"length": [10], "accuracy": [1.0], **key}),
        pd.DataFrame(merged, columns=columns).assign(**key, longer=5, disagreeing=0),
        pd.DataFrame({"apart": parted, **key}),
    )


COURSE = {
    "epoch": [0, 10, 20, 30],
    "loss": [0.25, 0.2, 0.1, 0.0],
    "loss_20": [0.25, 0.2, 0.1, 0.0],
    "loss_50": [0.25, 0.2, 0.2, 0.0],
    "accuracy_20": [0.5, 0.5, 1.0, 1.0],
    "accuracy_50": [0.5, 0.5, 0.9, 1.0],
    **{f"states_{kind}": [3, 60, 40, 10] for kind in KINDS},
    **{f"whole_{kind}": [False, True, True, True] for kind in KINDS},
    "distance": [1.0, 2.0, 1.5, 3.0],
}


def test_each_claim_is_judged_by_its_rule() -> None:
    found = judgement_of(COURSE, [20.0, 1.0, 1.0, 12.0], [(1, 0, 10, 0), (3, 4, 10, 0)])
    said = {claim.text: claim.verdicts[0] for claim in found.claims() if claim.verdicts}
    measured = {text.split()[0] + " " + text.split()[-1]: (v.measured, v.agrees) for text, v in said.items()}
    assert measured == {
        "What length": ("least share right 100%", True),
        "It once": ("epochs apart, relative, 33.3%", False),  # at 20 and at 30
        "The right": ("epochs apart, relative, 66.7%", False),  # right at 30, finite at 10
        "States merge": ("states at most over those at the end 6", True),
        "The task": ("states after reduction 2", True),
        "More needed": ("states before over after reduction 5", True),
        "Only apart": ("share of merged pairs that do not agree 0", True),
        "Short all": ("share of agreeing pairs that merged 20.0%", True),
        "Strings first": ("share that had parted 50%", True),
        "It contraction": ("largest fall 25.0%", False),
    }
    others = judgement_of({**COURSE, "distance": [1.0, 2.0, 2.0, 3.0]}, [], [(1, 1, 10, 2), (3, 9, 10, 0)]).claims()
    agrees = {claim.text.split()[0] + " " + claim.text.split()[-1]: claim.verdicts[0].agrees for claim in others}
    assert agrees["Only apart"] is False
    assert agrees["Short all"] is False
    assert agrees["Strings first"] is None
    assert agrees["It contraction"] is True


def test_networks_of_which_some_agree_do_not_all_agree_and_one_that_never_comes_to_it_is_counted() -> None:
    one = judgement_of(COURSE, [], [(1, 0, 10, 0), (3, 4, 10, 0)])
    two = judgement_of({**COURSE, "whole_history": [False] * 4, "loss_50": [0.25] * 4}, [], [(3, 4, 10, 0)])
    both = Judgement(
        *(
            pd.concat([x, y.assign(seed=1)], ignore_index=True)
            for x, y in zip(vars(one).values(), vars(two).values(), strict=True)
        )
    )
    said = {claim.text.split()[0] + " " + claim.text.split()[-1]: claim.verdicts[0] for claim in both.claims()}
    assert said["The right"].measured == "epochs apart, relative, 66.7%, in 1 never"
    assert said["It once"].agrees is False
    assert said["Short all"].by == "2 of 2 networks"


def test_a_jump_makes_training_less_calm_than_the_median_without_it() -> None:
    calm = judgement_of({**COURSE, "loss": [0.25, 0.0, 0.0, 0.0]}, [], [(3, 4, 10, 0)])
    other = judgement_of(COURSE, [], [(3, 4, 10, 0)])
    loud = {**COURSE, "loss": [0.25, *np.tile([0.0, 0.002], 10)]}
    loud |= {name: [x[0], *np.repeat(x[-1], 20)] for name, x in COURSE.items() if name != "loss"}
    step = judgement_of(loud, [], [(3, 4, 10, 0)])
    for plain in (calm, other):
        tables = [
            pd.concat([x, y.assign(setting="step")], ignore_index=True)
            for x, y in zip(vars(plain).values(), vars(step).values(), strict=True)
        ]
        (claim,) = (c for c in Judgement(*tables).claims() if "jumps" in c.text)
        assert [(v.setting, v.measured, v.agrees) for v in claim.verdicts] == [
            ("step", "standard deviation of the loss 0.00098", True)  # 0.002 sqrt(2/5 3/5)
        ]


def test_machines_that_always_say_the_same_are_left_out_and_counted() -> None:
    of = RandomMachines(settings=({"name": "relu"},), machines=4, states=3)
    chosen, left_out = of.drawn()
    drawn = range(chosen[-1] + 1)
    assert [seed for seed in drawn if len(minimal_automaton(task_of(3, seed))) > 1] == chosen
    assert left_out == len(drawn) - 4 > 0
    assert [trial.configuration.seed for trial in of.trials()] == chosen


def test_the_study_of_drawn_machines_says_what_became_of_each() -> None:
    of = RandomMachines(settings=({"name": "relu"},), machines=2, states=3, length=5)
    chosen, left_out = of.drawn()
    trials = [Trial(replace(SMALL, name="relu", seed=seed, task_seed=seed, states=3)) for seed in chosen]
    learnt = replace(outcome(), values={**outcome().values, "task": 3})
    section = of.section(Results({trials[0]: learnt, trials[1]: run_trial(replace(SMALL, epochs=1, every=1))}))
    assert f"Of {chosen[-1] + 1} machines of at most 3 states {left_out} always say the same" in section.paragraphs[2]
    assert "1 of 2 networks learnt what a machine says that was drawn at random" in section.answer
    assert [plate.name for plate in section.plates] == ["development", "learnt"]
    assert f"The network of machine {chosen[0]}, whose least form has 3 states" in section.plates[0].caption
    assert section.tables[1].rows["machine"].tolist() == [str(seed) for seed in chosen]
    empty = of.section(Results({trials[0]: None}))
    assert "nothing to compare yet" in " ".join(empty.paragraphs)
    none = of.section(Results({trials[0]: run_trial(replace(SMALL, epochs=1, every=1))}))
    assert none.plates == ()


def test_a_share_that_leaves_no_string_is_refused() -> None:
    with pytest.raises(ValueError, match="share must leave strings to train on, got none of 62 at 1e-09"):
        run_trial(replace(SMALL, share=1e-9))
