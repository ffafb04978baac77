"""Depth: what the section says of errors, rates and exponents that are given."""

from collections.abc import Callable

import claimed
import numpy as np
import pandas as pd
import pytest
from repdyn.experiments.studies import studies
from repdyn.experiments.studies.claim import Verdict
from repdyn.experiments.studies.depth import Depth
from repdyn.experiments.studies.study import Results
from repdyn.experiments.sweep.outcome import Outcome

LAYERS = np.arange(20)


def table(best: float, *, rate_h=None, rate_y=None, exponent=None, success: bool = True) -> pd.DataFrame:
    """Fits at every layer whose error is smallest at one of them."""
    columns = {
        "layer": LAYERS,
        "sse": 0.1 + (LAYERS - best) ** 2,
        "rate_h": np.where(LAYERS <= 10, 1e-3, 1e-3 * 1.3 ** (LAYERS - 10)) if rate_h is None else rate_h,
        "rate_y": np.exp(-(((LAYERS - 9) / 5) ** 2)) if rate_y is None else rate_y,
        "exponent": (LAYERS + 1) / 21 if exponent is None else exponent,
    }
    return pd.DataFrame({**columns, "r2_dh2": 0.9, "r2_dy2": 0.8, "theory": "two_point", "success": success})


def section(*tables: pd.DataFrame):
    study = Depth(seeds=len(tables))
    return study.section(Results({t: Outcome(tables={"fits": f}) for t, f in zip(study.trials(), tables, strict=True)}))


def verdict(words: str, *tables: pd.DataFrame) -> Verdict:
    return claimed.verdict(section(*tables), words)


@pytest.mark.parametrize(
    ("layers", "agrees"), [((11, 12, 13), True), ((0, 1, 19), False), ((12, 0, 12), None)], ids=str
)
def test_the_best_layer_is_in_the_middle_if_it_is_so_for_every_seed(layers, agrees) -> None:
    found = verdict("best in the middle", *(table(k) for k in layers))
    assert found.agrees is agrees
    assert found.measured.startswith(f"best at layer {sorted(layers)[1]} ({min(layers)} to {max(layers)})")
    assert found.by == f"{sum(5 <= k <= 15 for k in layers)} of 3 seeds inside"


def test_errors_at_the_ends_are_compared_with_the_best_of_the_same_seed() -> None:
    found = verdict("at the first and at the last layer", table(12))
    assert found.agrees is True
    assert found.measured.startswith("SSE at the first layer 1440 times that at the best, at the last 491 times;")
    assert verdict("at the first and at the last layer", table(19)).agrees is False


@pytest.mark.parametrize("layer", [0, 19])
def test_an_end_without_a_fit_is_undecided(layer) -> None:
    without = table(12)
    without.loc[without["layer"] == layer, "success"] = False
    for tables in ((without,), (without, table(12))):
        found = verdict("at the first and at the last layer", *tables)
        assert found.agrees is None
        assert found.by.endswith(f"1 of {2 * len(tables)} ends without a fit")


@pytest.mark.parametrize(
    ("rate_h", "agrees"),
    [
        (None, True),
        (np.full(20, 1e-3), False),
        (1e-3 * (1 + LAYERS), False),
        (1e-3 * 10.0 ** (LAYERS / 6), None),
    ],
    ids=["flat, then steep", "flat", "a straight line", "flat only beside the rise"],
)
def test_the_encoder_rate(rate_h, agrees) -> None:
    found = verdict("1/τ_h is flat", table(12, rate_h=rate_h))
    assert found.agrees is agrees
    rule = claimed.claim(section(table(12, rate_h=rate_h)), "1/τ_h is flat").rule
    assert "of itself (largest over smallest) by less than a factor of 3; flat only beside the rise is" in rule


@pytest.mark.parametrize(("peak", "agrees"), [(9, True), (0, False), (19, False)])
def test_the_decoder_rate(peak, agrees) -> None:
    found = verdict("1/τ_y peaks", table(12, rate_y=np.exp(-(((LAYERS - peak) / 5) ** 2))))
    assert found.agrees is agrees
    assert found.measured == f"1/τ_y is largest at layer {peak}"


@pytest.mark.parametrize(
    ("exponent", "agrees"),
    [(lambda k: k, True), (lambda k: k - 0.04, True), (lambda k: k**2, False), (lambda k: k * np.nan, None)],
    ids=["k/D", "nearly", "squared", "not measured"],
)
def test_exponents_are_those_of_balanced_layers(exponent: Callable, agrees) -> None:
    assert verdict("k/D-th power", table(12, exponent=exponent((LAYERS + 1) / 21))).agrees is agrees


def test_the_exponent_at_the_best_layer() -> None:
    assert verdict("passes the 1/2", table(10)).agrees is True
    assert verdict("passes the 1/2", table(18)).agrees is False


def test_the_first_the_listed_and_the_last_layer_have_their_r2() -> None:
    found = section(table(12))
    assert {(x.setting, x.theory): x.r2 for x in found.holdings if x.theory == "two_point"} == {
        ("layer 0 (first)", "two_point"): 0.8,
        ("layer 10", "two_point"): 0.8,
        ("layer 19 (last)", "two_point"): 0.8,
    }
    assert found.answer.startswith("Two constant rates fit best at layer 12 of 0 to 19; the SSE at the first layer is")


def test_failed_fits_do_not_count_but_are_counted() -> None:
    mixed = table(12)
    mixed.loc[mixed["layer"] == 12, "success"] = False
    found = section(mixed)
    assert "19 of 40 fits of the finished runs succeeded." in found.paragraphs
    assert [r for r in found.tables[0].rows["layer"] if r == "12"] == []
    assert section(table(12, success=False)).paragraphs == ("The two-point theory was fitted at no layer yet.",)
    assert Depth().section(Results({})).paragraphs == ("The two-point theory was fitted at no layer yet.",)


def test_the_figure_shows_medians_and_exponents_of_balanced_layers() -> None:
    (plate,) = section(table(10), table(12), table(14)).plates
    error, growth, encoder, _ = plate.figure.axes
    middle = np.median([0.1 + (LAYERS - k) ** 2 for k in (10, 12, 14)], axis=0)
    np.testing.assert_allclose(error.lines[0].get_ydata(), middle)
    np.testing.assert_allclose(growth.lines[1].get_ydata(), (LAYERS + 1) / 21)
    assert encoder.get_yscale() == "log"


def test_the_networks_are_those_of_the_trajectories() -> None:
    for scale in ("quick", "standard", "paper"):
        known = {need for t in studies(scale)["trajectories"].trials() for need in t.needs}
        trials = studies(scale)["depth"].trials()
        assert trials
        assert known.issuperset(need for t in trials for need in t.needs)
        assert all(not t.configuration.layers for t in trials)
