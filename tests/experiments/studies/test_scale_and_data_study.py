"""The study of the size of the start and the amount of data: its border, its cells and what it says."""

import numpy as np
import pandas as pd
import pytest
from repdyn.experiments.studies.scale_and_data.border import Border, fitted_border
from repdyn.experiments.studies.scale_and_data.claims import MERGED, RIGHT, claims
from repdyn.experiments.studies.scale_and_data.study import ScaleAndData
from repdyn.experiments.studies.study import Results
from repdyn.experiments.sweep.outcome import Outcome
from scipy.optimize import minimize

SIZES = (0.1, 0.2, 0.4, 0.8)
GAIN, SHARE = (x.ravel() for x in np.meshgrid(SIZES, SIZES))


def test_the_border_is_where_the_penalised_likelihood_is_greatest() -> None:
    holds = np.array([share**2 >= 0.3 * gain for gain, share in zip(GAIN, SHARE, strict=True)])
    found = fitted_border(GAIN, SHARE, holds)
    assert found is not None
    logs = np.log(np.column_stack([GAIN, SHARE]))
    places = (logs - logs.mean(0)) / logs.std(0)

    def penalised(x: np.ndarray) -> float:
        chance = x[0] + places @ x[1:]
        return float(np.logaddexp(0, np.where(holds, -chance, chance)).sum() + x[1:] @ x[1:] / 2)

    best = minimize(penalised, np.zeros(3), tol=1e-12).x
    assert (found.first, found.second) == pytest.approx(tuple(best[1:]), abs=1e-3)
    # On the line the chance is one half.
    gain = 0.3
    share = np.exp(found.intercept + found.slope * np.log(gain))
    place = (np.log([gain, share]) - logs.mean(0)) / logs.std(0)
    assert best[0] + place @ best[1:] == pytest.approx(0, abs=1e-3)


def test_a_border_of_chance_has_intervals_of_both_signs_and_one_of_a_kind_is_none() -> None:
    holds = np.random.default_rng(3).random(16) < 0.5
    found = fitted_border(GAIN, SHARE, holds)
    assert found is not None
    assert found.first_interval[0] < 0 < found.first_interval[1]
    assert found.first_interval[0] <= found.first <= found.first_interval[1]
    assert fitted_border(GAIN, SHARE, np.ones(16)) is None
    assert fitted_border(GAIN, SHARE, np.zeros(16)) is None
    assert fitted_border(GAIN, SHARE, holds) == found


def border(first: tuple[float, float], second: tuple[float, float]) -> Border:
    return Border(np.mean(first).item(), np.mean(second).item(), first, second, 0.0, 1.0, (0.5, 2.0))


def cells(accuracy: list[float], *, fitted: bool = True) -> pd.DataFrame:
    return pd.DataFrame({"accuracy": accuracy, "fitted": fitted})


def test_each_claim_is_judged_by_its_rule() -> None:
    parts = {"a": cells([1.0] * 10 + [0.7]), "b": cells([1.0, 0.7], fitted=False), "c": cells([0.5, float("nan")])}
    parts["c"]["fitted"] = [True, False]
    borders = {
        ("a", RIGHT): border((-2, -1), (1, 2)),
        ("b", RIGHT): border((-2, 1), (1, 2)),
        ("c", RIGHT): border((1, 2), (1, 2)),
        ("a", MERGED): None,
        ("b", MERGED): border((-2, -1), (-2, -1)),
        ("c", MERGED): border((-2, -1), (-1, 2)),
    }
    found = claims(parts, borders)
    assert [[verdict.agrees for verdict in claim.verdicts] for claim in found] == [
        [True, None, False],
        [None, False, None],
        [True, False, True],
        [True, None, False],
    ]
    first = found[0].verdicts[0]
    assert first.measured == (
        "coefficient of log gain -1.5 (-2 to -1), of log share 1.5 (1 to 2), standardised; log share of the border "
        "rises by 1 (0.5 to 2) with log gain"
    )
    assert first.recorded.startswith("right from a share of 0.12 at gain 0.1, 0.31 at gain 0.3")
    assert found[1].verdicts[0].measured == "all cells are on one side"
    assert found[2].verdicts[1].measured == "1 of 2 networks"
    assert found[3].verdicts[2].by == "1 diverged"


def outcome(*, right: bool) -> Outcome:
    course = pd.DataFrame({"epoch": [0, 40], "accuracy_100": [0.5, 1.0 if right else 0.5]})
    return Outcome(values={"states_coarse": 5 if right else 31, "reached": True}, tables={"course": course})


def test_the_study_says_where_networks_generalise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repdyn.experiments.studies.scale_and_data.border._DRAWS", 20)
    of = ScaleAndData(gains=SIZES, shares=SIZES, losses=("squared_error", "classes"), length=4)
    trials = of.trials()
    assert len(trials) == 2 * 16
    assert trials[1].configuration.name == "squared_error-gain_0.1-share_0.2"
    outcomes = {
        trial: outcome(right=trial.configuration.identity()["share"] >= trial.configuration.identity()["gain"])
        for trial in trials
    }
    section = of.section(Results(outcomes))
    assert section.answer == "10 of 16 networks are right on all strings of length 100 (squared error)."
    assert [verdict.setting for verdict in section.claims[0].verdicts] == ["squared error", "cross-entropy"]
    assert all(verdict.agrees for claim in section.claims for verdict in claim.verdicts)
    assert [plate.name for plate in section.plates] == ["grid"]
    rows = section.tables[0].rows
    assert rows["states"].tolist()[:16].count("5") == 10
    diverged = {**outcomes, trials[0]: Outcome("diverged", "the loss ceased to be a number at step 3")}
    section = of.section(Results(diverged))
    assert "9 of 16 networks are right" in section.answer
    assert [verdict.agrees for verdict in section.claims[3].verdicts] == [False, True]
    assert "nothing to compare yet" in " ".join(of.section(Results({trials[0]: None})).paragraphs)


def test_a_grid_may_be_one_row_or_one_cell() -> None:
    for gains, shares in (((0.1,), SIZES), ((0.1,), (1.0,))):
        of = ScaleAndData(gains=gains, shares=shares, length=4)
        section = of.section(Results({trial: outcome(right=True) for trial in of.trials()}))
        assert section.claims[0].outcome == "undecided"
