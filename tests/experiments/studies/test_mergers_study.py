"""The study of mergers: its numbers against brute force, its rules, and what it says of networks."""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest
from repdyn.experiments.settings import StringPairs
from repdyn.experiments.studies.mergers import numbers
from repdyn.experiments.studies.mergers.claims import claims_of
from repdyn.experiments.studies.mergers.networks import MAIN, Networks
from repdyn.experiments.studies.mergers.study import MergingStrings
from repdyn.experiments.studies.study import Results
from repdyn.experiments.sweep.outcome import Outcome
from repdyn.experiments.trials.string_pairs import run_trial
from repdyn.numeric import Pair, State, final_distance

SETTING = StringPairs(name=MAIN, length=4, width=40)


@cache
def outcome(gain: float) -> Outcome:
    return run_trial(replace(SETTING, gain=gain, lr=0.1, epochs=200, every=50))


def counts_of(merged: dict[tuple[int, int], int]) -> pd.DataFrame:
    """Ten agreeing pairs of every two lengths up to 4, and how many of them merged."""
    cells = [(a, b) for a, b in product(range(1, 5), repeat=2) if a <= b]
    rows = [{"shorter": a, "longer": b, "agreeing": 10, "merged": merged.get((a, b), 0)} for a, b in cells]
    return pd.DataFrame(rows)


def test_mergers_begin_where_the_condition_says() -> None:
    assert numbers.begun_at(counts_of({(3, 3): 1, (4, 4): 2})) == 3
    assert numbers.begun_at(counts_of({})) == np.inf
    assert numbers.predicted_begin(3.0, 0.01, 0.01, 10) == 3
    # G^-2.5 is 10^5 of the first, which the second reaches at 2.5 ln(100)/ln(10) = 5 symbols, one future more or less
    assert numbers.predicted_begin(3.0, 0.01, 0.1, 20) == 5
    assert numbers.predicted_begin(3.0, 0.01, 0.9, 4) == np.inf


def test_correlations_are_those_of_ranks() -> None:
    falling = counts_of({(1, 1): 9, (1, 2): 5, (1, 3): 2, (1, 4): 1, (2, 2): 1, (2, 3): 3, (2, 4): 9})
    assert numbers.futures_correlation(falling) == pytest.approx(0.0)  # -1 at one length, 1 at the other
    assert np.isnan(numbers.futures_correlation(counts_of({})))
    x = np.random.default_rng(0).normal(size=40)
    y = x + np.random.default_rng(1).normal(size=40)
    expected = pd.Series(x).rank().corr(pd.Series(y).rank())
    assert numbers.rank_correlation(x, y) == pytest.approx(expected)


def test_the_chance_is_counted_pair_by_pair() -> None:
    draws = np.random.default_rng(0)
    score, which = draws.integers(0, 5, 30).astype(float), draws.random(30) < 0.4
    pairs = [(a < b) + (a == b) / 2 for a in score[which] for b in score[~which]]
    assert numbers.told_apart(score, which) == pytest.approx(np.mean(pairs))
    assert np.isnan(numbers.told_apart(score, np.zeros(30, dtype=np.bool_)))


def test_ends_that_are_the_theorys_are_found_again() -> None:
    draws = np.random.default_rng(0)
    dh2, slope = np.exp(draws.normal(size=(2, 60)))
    agrees, shorter, longer = draws.random(60) < 0.5, draws.integers(1, 4, 60), draws.integers(4, 7, 60)
    futures = 2.0 ** (7 - longer) - 1
    start, pair = State(dh2, dh2 * slope, dh2 * slope), Pair(1.0, np.where(agrees, 0.0, 2.0))
    rates = {"rate_h1": shorter, "rate_h2": longer, "rate_y": 13.0, "futures": futures}
    ends = final_distance(start, pair, rates, theory="recurrent")
    table = pd.DataFrame({"dh2_start": dh2, "dy2_start": dh2 * slope, "agrees": agrees, "futures": futures})
    table = table.assign(shorter=shorter, longer=longer, dh2_end=ends)
    np.testing.assert_allclose(numbers.theory_ends(table, by_length=True), ends, rtol=1e-3, atol=1e-3)
    assert numbers.explained(numbers.theory_ends(table, by_length=False), ends) < 0.999


def networks_of(**changed: pd.DataFrame) -> Networks:
    """A network that does all that is claimed, but for the tables that are changed."""
    draws = np.random.default_rng(0)
    factor = 0.005
    pairs = pd.DataFrame([{"shorter": a, "longer": b} for a, b in product(range(1, 5), repeat=2) if a <= b] * 12)
    pairs["common"] = pairs["shorter"]
    pairs["agrees"] = np.arange(len(pairs)) % 3 > 0
    pairs["futures"] = 2.0 ** (5 - pairs["longer"]) - 1
    pairs["dh2_start"] = factor ** pairs["shorter"] * np.exp(0.1 * draws.normal(size=len(pairs)))
    pairs["dy2_start"] = 1e-5 * pairs["dh2_start"]
    merges = pairs["agrees"] & (pairs["shorter"] > 2)
    pairs["merged_at"] = np.where(merges, 100.0, np.inf)
    pairs["near_at"] = pairs["merged_at"]
    pairs["apart"] = np.where(pairs["longer"] > pairs["shorter"], 20.0, 2.0)
    pairs["dh2_end"] = numbers.theory_ends(pairs.assign(dh2_end=np.where(pairs["agrees"], 0.0, 2.0)), by_length=True)
    read = np.arange(5)
    epoch = np.arange(4)
    tables = {
        "counts": counts_of({(3, 3): 4, (3, 4): 1, (4, 4): 4}),
        "pairs": pairs,
        "course": pd.DataFrame(
            {"epoch": epoch, "beyond_others": [0.0, 0.5, 1.0, 1.0], "beyond_agreeing": [0.0, 0.5, 1.0, 0.7]}
        ),
        "forgetting": pd.DataFrame({"read": read, "dh2": read * np.log(factor), "dy2": 1 + read * np.log(factor)}),
        "rates": pd.DataFrame({"length": read + 1, "rate": 3.0 * (read + 1)}),
        "linearity": pd.DataFrame({"epoch": epoch, "kind": "merging", "ratio": 0.01}),
    }
    key = {"setting": MAIN, "seed": 0}
    values = pd.DataFrame([{**key, "loss": 0.0, "fell": 99.0, "near": 1e-9}])
    return Networks({MAIN: SETTING}, values, {name: x.assign(**key) for name, x in (tables | changed).items()})


def agreements(networks: Networks) -> dict[str, bool | None]:
    """By the first words of each claim."""
    return {" ".join(claim.text.split()[:3]): claim.verdicts[0].agrees for claim in claims_of(networks)}


TOO_FEW = "Strings of unequal", "Who parts first", "The more futures"
"""Claims that ten cells do not decide as the larger tables of a network do."""


def test_a_network_that_does_what_is_claimed_agrees() -> None:
    found = agreements(networks_of())
    assert "Where mergers begin" not in found  # the main setting has the constant
    assert {name: agrees for name, agrees in found.items() if name not in TOO_FEW} == {
        name: True for name in found if name not in TOO_FEW
    }


@pytest.mark.parametrize(
    ("table", "change", "claim"),
    [
        ("rates", lambda x: x.assign(rate=1.0 + 1e-3 * x["length"]), "The rate of"),
        ("forgetting", lambda x: x.assign(dh2=0.7 * x["dh2"]), "At the start"),
        ("forgetting", lambda x: x.assign(dy2=1.3 * x["dy2"]), "And those of"),
        ("linearity", lambda x: x.assign(ratio=[0.01, 0.2, 0.01, 0.01]), "Outputs are linear"),
        ("course", lambda x: x.assign(beyond_others=[0.0, 1.0, 0.98, 1.0]), "States become fewer"),
        ("pairs", lambda x: x.assign(merged_at=1.2 * x["merged_at"]), "Pairs merge when"),
        ("pairs", lambda x: x.assign(common=5 - x["shorter"]), "Rather it goes"),
        ("pairs", lambda x: x.assign(dh2_start=np.sqrt(x["dh2_start"])), "So the squared"),
        ("pairs", lambda x: x.assign(dh2_end=1.0 + x["shorter"]), "Where pairs end"),
        ("pairs", lambda x: x.assign(apart=1e9), "Of strings of"),
        ("pairs", lambda x: x.assign(common=5 - x["shorter"]), "Which pairs merge"),
    ],
)
def test_a_network_that_does_not_disagrees(table, change, claim) -> None:
    good = networks_of()
    bad = networks_of(**{table: change(good.tables[table].drop(columns=["setting", "seed"]))})
    assert agreements(good)[claim] is True
    assert agreements(bad)[claim] is False


def test_the_study_says_what_became_of_the_networks() -> None:
    of = MergingStrings(settings=({"name": "gain_0.6", "gain": 0.6},), seeds=1, others=1, length=4)
    assert [trial.configuration.name for trial in of.trials()] == [MAIN, "gain_0.6"]
    section = of.section(Results(dict(zip(of.trials(), [outcome(0.3), outcome(0.6)], strict=True))))
    assert "of agreeing pairs merge" in section.answer
    assert [plate.name for plate in section.plates] == ["shares", "parting", "starts", "ends"]
    assert [table.rows["setting"].tolist() for table in section.tables] == [[MAIN, "gain_0.6"]] * 2
    verdicts = {claim.text.split()[0]: claim.verdicts for claim in section.claims}
    assert [verdict.setting for verdict in verdicts["At"]] == [MAIN, "gain_0.6"]


def test_where_mergers_begin_is_judged_in_the_other_settings_of_the_architecture() -> None:
    """By where they begin in the main one, at 3: at 2.5 ln(200)/ln(12.5) symbols at gain 0.4, and with tanh nowhere."""
    main = networks_of()
    names = {"gain_0.4": replace(SETTING, gain=0.4, length=8), "tanh": replace(SETTING, nonlinearity="tanh")}
    tables = {
        table: pd.concat([rows, *(rows.assign(setting=name) for name in names)]) for table, rows in main.tables.items()
    }
    values = pd.concat([main.values, *(main.values.assign(setting=name) for name in names)])
    networks = Networks({MAIN: SETTING, **names}, values, tables)
    assert networks.expected_begin("gain_0.4") == 6
    (verdict,) = claims_of(networks)[0].verdicts
    assert (verdict.setting, verdict.agrees) == ("gain_0.4", False)
    assert verdict.measured == "mergers begin at length 3; expected 6"


def test_what_did_not_learn_decides_nothing_but_of_its_start() -> None:
    of = MergingStrings(settings=(), seeds=1, length=4)
    untaught = run_trial(replace(SETTING, epochs=1, every=1))
    section = of.section(Results({of.trials()[0]: untaught}))
    assert section.answer == "No network learnt parity."
    decided = {claim.text for claim in section.claims if claim.outcome != "undecided"}
    assert "The rate of a state is proportional to the length of its string" in decided
    assert "Pairs merge when the loss falls" not in decided
    assert [plate.name for plate in section.plates] == ["starts"]
    empty = of.section(Results(dict.fromkeys(of.trials())))
    assert "nothing to compare yet" in " ".join(empty.paragraphs)
