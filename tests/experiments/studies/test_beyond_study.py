"""Beyond the paper: what the section says where the theory holds and where it does not."""

import numpy as np
import pandas as pd
import pytest
from claimed import verdict
from repdyn.experiments.settings import load_settings
from repdyn.experiments.studies import studies
from repdyn.experiments.studies.beyond import _NEAREST, Beyond
from repdyn.experiments.studies.study import Results, Section
from repdyn.experiments.sweep.outcome import Outcome
from repdyn.numeric import Pair, Rates, State, trajectory

TIMES = np.linspace(0, 6000, 61)
PATH = trajectory(TIMES, State(0.02, 0.001, 0.0), Pair(1.0, 0.5), Rates(1e-3, 2e-2))
GOOD = {"two_point": 0.97, "scalar_output": 0.98, "growing_rates": 0.99}


def outcome(r2: dict[str, float], *, shift: int = 0, r2_dh2: float | None = None, sse: float | None = None) -> Outcome:
    """Fits of given quality to the path of the theory, or one that is so many samples late."""
    fits = pd.DataFrame(
        {
            "theory": list(r2),
            "r2_dh2": [value if r2_dh2 is None else r2_dh2 for value in r2.values()],
            "r2_dy2": list(r2.values()),
            "r2_w": list(r2.values()),
            "sse": [100 * (1 - value) if sse is None else sse for value in r2.values()],
            "success": True,
        }
    )
    path = {name: np.roll(getattr(PATH, name), shift) for name in ("dh2", "dy2", "w")}
    for values in path.values():
        values[:shift] = values[shift]
    curves = pd.concat([pd.DataFrame({"theory": name, "step": TIMES, **path}) for name in ("measured", *r2)])
    return Outcome(tables={"fits": fits, "curves": curves})


def section(seeds: int = 1, /, **found: Outcome | list[Outcome]) -> Section:
    """The section of the study if the named settings, and the plain ones, gave these."""
    study = Beyond(seeds=seeds)
    plain = {"default": outcome(GOOD), "shallow": outcome(GOOD)}
    outcomes: dict = {}
    for trial in study.trials():
        given = {**plain, **found}.get(trial.configuration.name)
        outcomes[trial] = given[trial.configuration.seed] if isinstance(given, list) else given
    return study.section(Results(outcomes))


HOLDS, SAME, OWN = "beyond the trainings and architectures", "give the trajectory of plain", "Under cross-entropy"


def test_each_setting_is_of_one_of_three_groups() -> None:
    text = section(
        momentum=outcome(GOOD),
        gru=outcome({"two_point": 0.9, "growing_rates": 0.99}),
        layer_norm=outcome({"two_point": -9.0, "growing_rates": 0.4}),
    ).paragraphs[1]
    assert text == (
        "With two constant rates it holds for momentum. Only a theory with more parameters (growing rates, "
        "cross-entropy) holds for gru. None of the theories holds for layer_norm."
    )


def test_the_answer_counts_them_and_every_fit_has_its_r2() -> None:
    found = section(momentum=outcome(GOOD), layer_norm=outcome({"two_point": -9.0, "growing_rates": 0.4}))
    assert found.answer == (
        "Of 2 settings that the paper does not have, 1 are described by two constant rates, 0 only by a theory with "
        "more parameters, and 1 by none of them (layer_norm)."
    )
    holding = {(x.setting, x.theory): x.r2 for x in found.holdings}
    assert holding["layer_norm", "growing_rates"] == 0.4
    assert ("layer_norm", "scalar_output") not in holding


def test_a_theory_holds_only_if_both_distances_are_met() -> None:
    both = section(minibatch=outcome(GOOD), gru=outcome(GOOD, r2_dh2=0.94))
    assert verdict(both, HOLDS, "minibatch").agrees is True
    assert verdict(both, HOLDS, "gru").agrees is False
    assert "the lower median R² is 0.94" in verdict(both, HOLDS, "gru").by


def test_the_median_over_seeds_decides() -> None:
    seeds = [outcome({"two_point": value}) for value in (0.2, 0.96, 0.97)]
    found = verdict(section(3, gru=seeds, shallow=[outcome(GOOD)] * 3, default=[outcome(GOOD)] * 3), HOLDS, "gru")
    assert found.agrees is True
    assert found.measured.startswith("R² of dh2 0.96 (0.2 to 0.97)")


def test_errors_are_given_beside_those_of_the_plain_network() -> None:
    found = section(momentum=outcome(GOOD, sse=6.0), default=outcome(GOOD, sse=2.0))
    assert "SSE 3 times that of default" in verdict(found, HOLDS, "momentum").by
    rows = found.tables[0].rows
    own = rows[(rows["setting"] == "momentum") & (rows["theory"] == "two-point theory")].iloc[0]
    assert (own["SSE, times plain"], own["nearest plain"], own["holds"]) == ("3", "default", "yes")


def test_errors_of_another_network_or_loss_are_not_compared() -> None:
    found = section(gru=outcome(GOOD, sse=6.0), cross_entropy=outcome(GOOD, sse=6.0))
    rows = found.tables[0].rows.set_index("setting")
    assert set(rows.loc[["gru", "cross_entropy"], "SSE, times plain"]) == {"-"}
    assert set(rows.loc[["default", "shallow"], "SSE, times plain"]) == {"1"}
    for name in ("gru", "cross_entropy"):
        assert "SSE" not in verdict(found, HOLDS, name).by


def test_errors_of_a_plain_network_of_another_width_are_not_compared() -> None:
    study = Beyond(settings=("momentum",), speed=2.0, width=100, full_width=("momentum",))
    found = study.section(Results({trial: outcome(GOOD) for trial in study.trials()}))
    rows = found.tables[0].rows.set_index("setting")
    assert set(rows.loc["momentum", "SSE, times plain"]) == {"-"}
    assert "Networks are trained 2 times as fast as listed, in as many fewer steps." in found.paragraphs
    assert "Hidden layers have at most 100 units (but for momentum)." in found.paragraphs


@pytest.mark.parametrize(("shift", "agrees"), [(0, True), (30, False)])
def test_a_training_with_the_same_effective_rate_has_the_same_path(shift: int, agrees: bool) -> None:
    found = verdict(section(momentum=outcome(GOOD, shift=shift)), SAME, "momentum beside default")
    assert found.agrees is agrees
    assert found.measured == "R² of dh2 1, of dy2 1" or not agrees


def test_without_the_plain_network_the_path_is_not_compared() -> None:
    found = section(momentum=outcome(GOOD), default=Outcome())
    assert verdict(found, SAME, "momentum").agrees is None
    assert verdict(found, HOLDS, "momentum").agrees is True


@pytest.mark.parametrize(("own", "agrees"), [(0.99, True), (0.5, False), (None, None)])
def test_cross_entropy_has_a_theory_of_its_own(own: float | None, agrees: bool | None) -> None:
    fits = {"two_point": 0.9} if own is None else {"two_point": 0.9, "cross_entropy": own}
    assert verdict(section(cross_entropy=outcome(fits)), OWN).agrees is agrees


def test_what_no_theory_follows_is_described() -> None:
    found = section(layer_norm=outcome({"two_point": -9.0}))
    start, end = (f"{float(f'{x:.3g}'):g}" for x in np.asarray(PATH.dh2)[[0, -1]])
    assert f"layer_norm: the hidden distance goes from {start} to {end}" in found.paragraphs[2]
    assert "two-point theory -9 and -9" in found.paragraphs[2]


def test_nothing_fitted_says_so() -> None:
    assert Beyond().section(Results({})).paragraphs == ("No theory was fitted to any of these settings yet.",)
    assert section().paragraphs == ("No theory was fitted to any of these settings yet.",)


def test_the_figures_show_the_network_and_every_fit() -> None:
    found = section(gru=outcome({"two_point": -3.0, "growing_rates": 0.9}))
    curves, holding = (plate.figure for plate in found.plates)
    np.testing.assert_array_equal(curves.axes[0].lines[0].get_ydata(), PATH.dh2)
    assert [text.get_text() for text in curves.legends[0].get_texts()] == [
        "network",
        "two-point theory",
        "growing rates",
    ]
    shown = [x for line in holding.axes[0].lines for x in line.get_xdata() if line.get_marker() == "o"]
    assert sorted(shown) == pytest.approx(sorted([0.9, *GOOD.values()]))
    edge = [line for line in holding.axes[0].lines if line.get_marker() == "<" and len(line.get_xdata())]
    assert len(edge) == 1, "what is below the axis is drawn at its edge"


def test_every_setting_and_its_nearest_exist() -> None:
    known = load_settings()
    assert {*_NEAREST, *_NEAREST.values()} <= set(known)
    standard = studies("standard")
    plain = [t for t in standard["beyond"].trials() if t.configuration.name not in ("cross_entropy", *_NEAREST)]
    assert len(plain) == 6
    assert set(standard["trajectories"].trials()).issuperset(plain)
