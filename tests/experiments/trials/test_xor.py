"""XOR: what is trained, what is measured of it, and what the theory says of its ends."""

import numpy as np
import pandas as pd
import pytest
import torch
from claimed import claim
from repdyn.experiments.figures.xor import distance_matrix, draw_xor
from repdyn.experiments.settings import SettingError, Xor
from repdyn.experiments.studies.end_states import end_distances
from repdyn.experiments.studies.recorded import recorded
from repdyn.experiments.studies.study import Results
from repdyn.experiments.studies.xor import XorMatrices, agreements, end_states, last_outputs, mean_coefficients
from repdyn.experiments.sweep.outcome import DIVERGED, Outcome
from repdyn.experiments.tasks.xor import PAIRS, POINTS, data
from repdyn.experiments.training.networks import MLP
from repdyn.experiments.trials.xor import decoder_slopes, run_trial
from repdyn.numeric import Pair, State, integrate, squared_distances, trajectory

TINY = {"width": 8, "hidden_layers": 2, "layer": 0, "steps": 40, "every": 1, "lr": 0.1}
DIFFERING = ["00-01", "00-10", "01-11", "10-11"]
GROWING = {"rate_h": 1e-3, "growth_h": 5e-4, "rate_y": 2e-2, "growth_y": 1e-3}


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return run_trial(Xor(name="tiny", **TINY))


@pytest.fixture(scope="module")
def pairs(outcome) -> pd.DataFrame:
    return outcome.tables["pairs"]


def fits_table() -> pd.DataFrame:
    rows = [
        {"theory": "two_point", "success": True, "fitted_rate_h": 1e-3, "fitted_rate_y": 1e-2},
        {"theory": "two_point", "success": True, "fitted_rate_h": 3e-3, "fitted_rate_y": 5e-2},
        {"theory": "two_point", "success": False, "fitted_rate_h": 9.0, "fitted_rate_y": 9.0},
        {
            "theory": "growing_rates",
            "success": True,
            "fitted_gram": 7.0,
            **{f"fitted_{k}": v for k, v in GROWING.items()},
        },
    ]
    return pd.DataFrame(rows)


def test_the_targets_are_exclusive_or() -> None:
    x, y = data()
    for point, target in zip(x.tolist(), y.ravel().tolist(), strict=True):
        assert target == (int(point[0]) ^ int(point[1]))


def test_all_six_pairs_are_measured_at_both_ends(pairs) -> None:
    assert tuple(pairs["pair"]) == PAIRS
    expected = dict.fromkeys(DIFFERING, 1.0)
    assert dict(zip(pairs["pair"], pairs["dx2"], strict=True)) == {"00-11": 2.0, "01-10": 2.0} | expected
    assert dict(zip(pairs["pair"], pairs["dy2_target"], strict=True)) == {"00-11": 0.0, "01-10": 0.0} | expected


def test_the_ends_are_those_of_the_trajectory(outcome, pairs) -> None:
    frame = outcome.tables["trajectory"]
    for _, row in pairs.iterrows():
        own = frame[frame["pair"] == row["pair"]]
        assert list(own["step"].iloc[[0, -1]]) == [0, TINY["steps"]]
        for name in ("dh2", "dy2", "w", "loss"):
            assert [row[f"{name}_start"], row[f"{name}_end"]] == list(own[name].iloc[[0, -1]])


def test_the_loss_over_all_points_is_the_mean_over_pairs(outcome, pairs) -> None:
    # Every point stands in three of the six pairs.
    for stage in ("start", "end"):
        assert outcome.values[f"loss_{stage}"] == pytest.approx(pairs[f"loss_{stage}"].mean(), rel=1e-5)


def test_a_trial_gives_the_same_bits_again(pairs) -> None:
    again = run_trial(Xor(name="tiny", **TINY)).tables["pairs"]
    pd.testing.assert_frame_equal(pairs, again, check_exact=True)
    other = run_trial(Xor(name="tiny", **{**TINY, "seed": 1})).tables["pairs"]
    assert (other["dh2_start"] != pairs["dh2_start"]).all()


def test_a_trial_that_diverges_says_so() -> None:
    outcome = run_trial(Xor(**{**TINY, "lr": 1e6}))
    assert outcome.status == DIVERGED
    assert "ceased to be a number" in outcome.reason


def test_only_a_chain_of_layers_is_taken() -> None:
    with pytest.raises(SettingError, match=r"xor is for the model mlp.*got 'residual'"):
        Xor(model="residual")


def test_the_slope_of_the_decoder_is_its_finite_difference() -> None:
    torch.manual_seed(0)
    network = MLP(2, 1, width=5, hidden_layers=2, nonlinearity="tanh", gain=1.0).double()
    x = torch.from_numpy(data()[0])
    with torch.no_grad():
        h = network.hidden[0](x)
        middles = (h[[0, 0, 0, 1, 1, 2]] + h[[1, 2, 3, 2, 3, 3]]) / 2
        steps = 1e-5 * torch.eye(5, dtype=torch.float64)
        outputs = [
            [network.output(network.hidden[1](m + sign * step)) for step in steps] for m in middles for sign in (1, -1)
        ]
        values = torch.tensor([[float(y) for y in row] for row in outputs], dtype=torch.float64).reshape(6, 2, 5)
    gradients = (values[:, 0] - values[:, 1]) / 2e-5
    np.testing.assert_allclose(decoder_slopes(network, 0, x), gradients.square().sum(1), rtol=1e-6)


def test_a_linear_pair_spans_the_area_of_its_two_vectors() -> None:
    torch.manual_seed(1)
    outcome = run_trial(Xor(**{**TINY, "nonlinearity": "none", "hidden_layers": 1, "steps": 1}))
    torch.manual_seed(0)
    network = MLP(2, 1, width=8, hidden_layers=1, nonlinearity="none", gain=1.0)
    x = torch.from_numpy(data()[0])
    a, b = (m.weight.detach().double() for m in (network.hidden[0][0], network.output))
    expected = []
    for pair in PAIRS:
        i, j = (POINTS.index(point) for point in pair.split("-"))
        vectors = torch.stack([a @ (x[j] - x[i]), b[0]])
        expected.append(float(torch.linalg.det(vectors @ vectors.T)))
    np.testing.assert_allclose(outcome.tables["pairs"]["gram"], expected, rtol=1e-4)


def test_the_end_is_the_root_of_the_two_point_theory(pairs) -> None:
    rho = pairs["dx2"] * 2e-3 / 5e-2
    high = pairs["dh2_start"] - rho * pairs["dy2_start"] / pairs["dh2_start"]
    expected = high / 2 + np.sqrt(high**2 / 4 + rho * pairs["dy2_target"])
    found = end_distances(pairs, {"rate_h": 2e-3, "rate_y": 5e-2})
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15)


def test_the_end_is_where_the_trajectory_goes_with_gram(pairs) -> None:
    start = State(*(pairs[f"{name}_start"].to_numpy() for name in ("dh2", "dy2", "w")))
    pair = Pair(pairs["dx2"].to_numpy(), pairs["dy2_target"].to_numpy())
    rates = {"rate_h": 2e-3, "rate_y": 5e-2}
    late = trajectory(1e7, start, pair, {**rates, "gram": pairs["gram"].to_numpy()}, theory="scalar_output")
    np.testing.assert_allclose(end_distances(pairs, rates, "scalar_output"), late.dh2, rtol=1e-6)


def test_a_common_factor_of_all_rates_does_not_matter(pairs) -> None:
    faster = {name: 3 * value for name, value in GROWING.items()}
    for theory, slow, fast in (
        ("two_point", {"rate_h": 1.0, "rate_y": 2.0}, {"rate_h": 10.0, "rate_y": 20.0}),
        ("growing_rates", GROWING, faster),
    ):
        np.testing.assert_allclose(end_distances(pairs, fast, theory), end_distances(pairs, slow, theory), rtol=1e-9)


def test_growing_rates_that_do_not_grow_are_constant(pairs) -> None:
    rates = {"rate_h": 2e-3, "rate_y": 5e-2}
    still = {**rates, "growth_h": 0.0, "growth_y": 0.0}
    expected = end_distances(pairs, rates, "scalar_output")
    np.testing.assert_allclose(end_distances(pairs, still, "growing_rates"), expected, rtol=1e-9)


def test_the_growth_of_a_pair_is_that_of_its_encoders_slope() -> None:
    state, pair = State(0.02, 0.001, 0.0), Pair(2.0, 0.5)
    state = State(state.dh2, state.dy2, state.dy2 - (state.dy2 * pair.dy2) ** 0.5)
    columns = {"dx2": pair.dx2, "dy2_target": pair.dy2, "dh2_start": state.dh2, "dy2_start": state.dy2}
    found = end_distances(pd.DataFrame([{**columns, "w_start": state.w}]), {**GROWING, "gram": 0.0}, "growing_rates")
    own = {**GROWING, "growth_h": GROWING["growth_h"] / 2, "gram": 0.0}
    late = integrate(np.array([0.0, 1e6]), state, pair, own, theory="growing_rates")
    np.testing.assert_allclose(found, late.dh2[-1], rtol=1e-5)


def test_coefficients_are_means_of_the_fits_that_succeeded() -> None:
    found = mean_coefficients(fits_table())
    assert found["two_point"] == pytest.approx({"rate_h": 2e-3, "rate_y": 3e-2})
    assert found["growing_rates"] == pytest.approx(GROWING)


def test_a_distance_matrix_is_symmetric_with_nothing_on_its_diagonal() -> None:
    matrix = distance_matrix(pd.Series({pair: float(i + 1) for i, pair in enumerate(PAIRS)}))
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), 0.0)
    np.testing.assert_array_equal(matrix[np.triu_indices(4, 1)], [1, 2, 3, 4, 5, 6])


def study(**sizes) -> XorMatrices:
    values = {"name": "rich", **TINY}
    return XorMatrices(settings=(values, {**values, "name": "rich_long", "steps": 500}), **sizes)


def test_the_study_trains_every_setting_and_seed_at_its_speed() -> None:
    trials = study(seeds=2, speed=2.0, fits=3).trials()
    assert [t.experiment for t in trials] == ["fits"] * 3 + ["xor"] * 4
    assert {t.needs[0].configuration.name for t in trials[:3]} == {"default"}
    first = trials[3].configuration
    assert (first.lr, first.steps) == (0.2, 20)


def test_the_study_scores_pairs_it_predicts_exactly_as_right(outcome) -> None:
    pairs = outcome.tables["pairs"].assign(setting="rich", seed=0)
    rates = {"rate_h": 2e-3, "rate_y": 5e-2}
    (score,) = agreements(end_states(pairs.assign(dh2_end=end_distances(pairs, rates)), {"two_point": rates})).to_dict(
        "records"
    )
    assert score["r"] == pytest.approx(1.0, abs=1e-12)
    assert score["error"] == pytest.approx(0.0, abs=1e-12)


def test_the_section_says_what_was_measured(outcome) -> None:
    trials = study(seeds=1).trials()
    fits = Outcome(tables={"fits": fits_table()})
    section = study().section(Results({t: fits if t.experiment == "fits" else outcome for t in trials}))
    assert [[x.setting for x in claim.verdicts] for claim in section.claims] == [["rich", "rich_long"]] * 2
    assert not any(name.theory == "collective" and name.r2 > 0 for name in section.holdings)  # nothing was learnt
    assert section.claims[1].verdicts[0].recorded == f"relative error {recorded()['xor']['rich']['error']}"
    scores, learnt = (table.rows for table in section.tables)
    assert list(scores["setting"].unique()) == ["rich", "rich_long"]
    assert list(learnt["setting"]) == ["rich", "rich_long"]
    assert [plate.name for plate in section.plates] == ["matrices", "matrices_long"]
    assert "1 fits failed" in " ".join(section.paragraphs)


def test_the_section_says_how_fast_the_networks_were_trained(outcome) -> None:
    fits = Outcome(tables={"fits": fits_table()})

    def told(of: XorMatrices) -> tuple[str, str]:
        section = of.section(Results({t: fits if t.experiment == "fits" else outcome for t in of.trials()}))
        return " ".join(section.paragraphs), section.plates[0].caption

    text, caption = told(study())
    assert "fast as listed" not in text
    assert "points, trained as the paper lists." in caption
    text, caption = told(study(speed=4.0, fit_speed=2.0))
    assert "The networks that learn XOR are trained 4 times as fast as listed, in as many fewer steps." in text
    assert "The networks that give the rates are trained 2 times as fast as listed, in as many fewer steps." in text
    assert "as the paper lists" not in caption
    assert "4 times as fast, in as many fewer steps" in caption


@pytest.mark.parametrize(("learnt", "agrees"), [(0.4, None), (0.9, True)])
def test_what_is_not_learnt_decides_nothing(outcome, learnt, agrees) -> None:
    pairs = outcome.tables["pairs"]
    rates = {"rate_h": 2e-3, "rate_y": 3e-2}
    ended = pairs.assign(dy2_end=learnt * pairs["dy2_target"], dh2_end=1.3 * end_distances(pairs, rates))
    trials = study(seeds=1).trials()
    done = Outcome(values=outcome.values, tables={"pairs": ended})
    fits = Outcome(tables={"fits": fits_table()})
    section = study().section(Results({t: fits if t.experiment == "fits" else done for t in trials}))
    pattern, size = (claim.verdicts[0] for claim in section.claims[:2])
    assert (pattern.agrees, size.agrees) == (agrees, agrees)
    assert "1 of 1 networks" in pattern.by if agrees else "learnt less than half" in pattern.by
    assert ("in rich, rich_long no network learnt the task" in section.answer) is (agrees is None)
    assert all(np.isnan(x.r2) == (agrees is None) for x in section.holdings)


@pytest.mark.parametrize(
    ("off", "agrees", "told"),
    [(1.001, True, "times the recorded one: smaller; "), (4.0, False, "times the recorded one: more than 2 times; ")],
)
def test_a_smaller_error_than_recorded_agrees_and_a_far_larger_one_does_not(outcome, off, agrees, told) -> None:
    pairs = outcome.tables["pairs"]
    ends = end_distances(pairs, {"rate_h": 2e-3, "rate_y": 3e-2})
    ended = pairs.assign(dy2_end=pairs["dy2_target"], dh2_end=ends / off)
    done = Outcome(values=outcome.values, tables={"pairs": ended})
    fits = Outcome(tables={"fits": fits_table()})
    section = study().section(Results({t: fits if t.experiment == "fits" else done for t in study(seeds=1).trials()}))
    size = section.claims[1].verdicts[0]
    assert size.agrees is agrees
    assert told in size.by


def test_the_section_waits_for_its_trials(outcome) -> None:
    trials = study(seeds=1).trials()
    section = study().section(Results({t: None if t.experiment == "fits" else outcome for t in trials}))
    assert "nothing to compare yet" in section.paragraphs[-1]


def test_the_figure_shows_both_matrices_and_every_pair(pairs) -> None:
    ends = end_states(pairs.assign(setting="rich", seed=0), {"two_point": {"rate_h": 2e-3, "rate_y": 5e-2}})
    ours = ends.assign(theory="collective", predicted=ends["measured"] * np.arange(1, 7))
    axes = draw_xor(pd.concat([ends, ours], ignore_index=True), ["rich"]).axes
    matrices = [ax.collections[0].get_array() for ax in axes[:3]]
    expected = [
        rows.set_index("pair")[name] for rows, name in ((ends, "measured"), *((x, "predicted") for x in (ends, ours)))
    ]
    for found, distances in zip(matrices, expected, strict=True):
        np.testing.assert_allclose(found, distance_matrix(distances))
    for line, rows in ((axes[3].lines[0], ends), (axes[3].lines[3], ours)):
        np.testing.assert_array_equal(line.get_xdata(), rows["measured"])
        np.testing.assert_array_equal(line.get_ydata(), rows["predicted"])


def test_the_outputs_are_known_by_their_distances_and_misfits(pairs) -> None:
    outputs = last_outputs(pairs)
    np.testing.assert_allclose(
        squared_distances(outputs)[np.triu_indices(4, 1)], pairs["dy2_end"], rtol=1e-3, atol=1e-9
    )
    assert outputs.shape == (4, 1)


def test_a_network_that_is_the_collective_theory_is_told_from_pairs(outcome) -> None:
    of = np.array([0.0, 0.8, 1.1, 0.3])
    dy, target = (np.subtract.outer(x, x).T[np.triu_indices(4, 1)] for x in (of, data()[1].ravel()))
    pairs = outcome.tables["pairs"]
    learnt = pairs.assign(dy2_end=dy**2, w_end=dy * (dy - target), dh2_end=0.7 * dy**2 + 2 * pairs["dh2_start"])
    done = Outcome(values=outcome.values, tables={"pairs": learnt})
    fits = Outcome(tables={"fits": fits_table()})
    section = study().section(Results({t: fits if t.experiment == "fits" else done for t in study(seeds=1).trials()}))
    for found in claim(section, "better than the theory of pairs").verdicts:
        assert found.agrees is True
        assert found.by.startswith("nearer in 1 of 1 networks; with one number each ")
    assert [x.r2 for x in section.holdings if x.theory == "collective"] == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"seeds": 0}, "study xor: seeds must be positive and finite, got 0"),
        ({"speed": "fast"}, "study xor: speed must be of type float, got 'fast'"),
        (
            {"settings": ({"name": "a"}, {"name": "a"})},
            r"study xor: the settings must have a name each, .* \['a', 'a'\]",
        ),
        ({"settings": ({"gain": 1.0},)}, r"study xor: the settings must have a name each, another one, got \[''\]"),
    ],
)
def test_sizes_that_a_study_cannot_have_are_refused(sizes: dict, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        XorMatrices(**sizes)


def test_a_field_that_xor_does_not_have_is_named_before_anything_is_run() -> None:
    with pytest.raises(SettingError, match="xor has no field 'depth'; its fields are "):
        XorMatrices(settings=({"name": "a", "depth": 3},)).trials()


def test_xor_is_followed_without_dropout_only() -> None:
    with pytest.raises(SettingError, match=r"xor is for networks without dropout, got dropout 0\.5"):
        Xor(dropout=0.5)
