"""The context task: its inputs, what is measured of a representation, and what the study says."""

import itertools

import numpy as np
import pandas as pd
import pytest
from claimed import verdict
from repdyn.experiments.figures.context import draw_embeddings, draw_task_axes
from repdyn.experiments.settings import Context, SettingError
from repdyn.experiments.studies.context.numbers import growing_coefficients, pairs_of, rate_ratios
from repdyn.experiments.studies.context.study import ContextTask
from repdyn.experiments.studies.fitted_ends import COMPARED, FITTED
from repdyn.experiments.studies.study import Results
from repdyn.experiments.sweep.outcome import DIVERGED, Outcome
from repdyn.experiments.tasks.context import features, inputs
from repdyn.experiments.trials.context import AXES, followed, run_trial, sample
from repdyn.numeric import task_axes
from scipy.stats import norm

TINY = {"width": 8, "hidden_layers": 3, "layer": 1, "positions": 6, "sampled": 3, "batch": 8, "pairs": 3}
TINY |= {"steps": 60, "every": 10}


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return run_trial(Context(name="lazy", **TINY))


def grid(n: int = 7):
    m = np.linspace(-1, 1, n)
    return np.meshgrid(m, m, indexing="ij")


def test_the_context_says_which_coordinate_is_the_target() -> None:
    for row in features(4).to_dict("records"):
        assert row["target"] == (row["mx"] if row["context"] == 1 else row["my"])


def test_a_picture_is_a_normalised_density_about_the_blob() -> None:
    of = features(4)
    x = inputs(of)
    assert x.shape == (32, 27)
    np.testing.assert_allclose(x[:, :25].sum(1), 1.0)
    pixels = list(itertools.product(range(-2, 3), repeat=2))
    for row, point in zip(x, of.to_dict("records"), strict=True):
        density = np.array([norm.pdf(i, point["mx"]) * norm.pdf(j, point["my"]) for i, j in pixels])
        np.testing.assert_allclose(row[:25], density / density.sum(), rtol=1e-12)
        np.testing.assert_array_equal(row[25:], [point["context"] == 1, point["context"] == 2])


def test_what_is_kept_is_evenly_spaced_about_the_middle() -> None:
    setting = Context(positions=9, sampled=3)
    kept = features(9).iloc[sample(setting)]
    assert len(kept) == 18
    for name in ("mx", "my"):
        np.testing.assert_allclose(sorted(set(kept[name])), [-0.75, 0.0, 0.75])


def test_no_point_is_followed_twice() -> None:
    rows = followed(Context(pairs=20))
    assert rows.shape == (20, 2)
    assert len(set(rows.ravel().tolist())) == 40
    assert not np.array_equal(rows, followed(Context(pairs=20, seed=1)))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"positions": 30, "sampled": 7}, "sampled must divide positions.*got 7 of 30"),
        ({"positions": 2, "sampled": 1, "pairs": 5}, "pairs must be at most half the 8 points, got 5"),
        ({"positions": 2, "sampled": 1, "pairs": 2, "batch": 9}, "batch must be at most the 8 points, got 9"),
        ({"positions": 10**7, "sampled": 1}, "training takes about .* GiB, most of it for "),
        ({"dropout": 0.1}, r"context is for networks without dropout, got dropout 0\.1"),
        ({"model": "gru"}, "context is for the model mlp.*got 'gru'"),
    ],
)
def test_what_cannot_be_is_refused(values, words) -> None:
    with pytest.raises(SettingError, match=words):
        Context(**values)


@pytest.mark.parametrize("degrees", [0.0, 30.0, 60.0, 90.0])
def test_the_angle_is_that_of_the_relevant_axes(degrees) -> None:
    mx, my = grid()
    axis = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))[0][:2]
    first = np.stack([mx, 0 * mx], 2) @ rotation + 3.0  # contexts may be apart
    second = my[..., None] * axis @ rotation
    for sign in (1, -1):
        found = task_axes([first, sign * second])
        assert found.angle == pytest.approx(degrees, abs=1e-5)
        assert (found.relevant, found.irrelevant) == pytest.approx((1.0, 0.0), abs=1e-12)


def test_the_grid_of_the_input_is_not_compressed() -> None:
    mx, my = grid()
    found = task_axes([np.stack([mx, my], 2)] * 2)
    assert found.angle == pytest.approx(90.0)
    assert found.irrelevant / found.relevant == pytest.approx(1.0)
    assert found.relevant == pytest.approx(0.5)


def test_compression_is_the_ratio_of_the_variances_for_any_function_of_a_feature() -> None:
    mx, my = grid()
    curved = mx**3 - 0.2 * mx
    strength = 0.3
    h = [np.stack([curved, strength * np.cos(3 * my)], 2), np.stack([strength * np.cos(3 * mx), my**3 - 0.2 * my], 2)]
    expected = strength**2 * np.cos(3 * my).var() / curved.var()
    found = task_axes(h)
    assert found.irrelevant / found.relevant == pytest.approx(expected)


def test_what_neither_feature_explains_alone_is_in_no_share() -> None:
    mx, my = grid()
    product = np.stack([mx * my, 0.5 * mx], 2)
    found = task_axes([product, np.stack([mx * my, 0.5 * my], 2)])
    alone = 0.25 * mx.var() / (0.25 * mx.var() + (mx * my).var())
    assert (found.relevant, found.irrelevant) == pytest.approx((alone, 0.0), abs=1e-12)


def test_a_grid_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"grid must be of shape \(2, n, n, units\) with n > 1, got \(2, 3, 4, 5\)"):
        task_axes(np.zeros((2, 3, 4, 5)))
    with pytest.raises(ValueError, match="must vary within each context"):
        task_axes(np.zeros((2, 3, 3, 5)))


def test_an_offset_and_a_unit_do_not_change_the_axes() -> None:
    mx, my = grid()
    h = np.stack([np.stack([mx, 0.5 * my, mx * my], 2), np.stack([0.5 * mx, my, mx], 2)]) * 2.0**10
    plain = vars(task_axes(h))
    for power in (-900, 900):
        assert vars(task_axes(np.ldexp(h, power))) == pytest.approx(plain, rel=1e-12)
    assert vars(task_axes(np.rint(h) + 2.0**40)) == pytest.approx(vars(task_axes(np.rint(h))), rel=1e-12)


@pytest.mark.parametrize("value", [0.1, 1e-9, 1 / 3])
def test_rounding_is_no_representation(value) -> None:
    with pytest.raises(ValueError, match="must vary within each context"):
        task_axes(np.full((2, 5, 5, 3), value))


def test_a_representation_that_is_even_in_a_feature_has_no_axis_of_it() -> None:
    mx, my = grid()
    assert np.isnan(task_axes([np.stack([mx**2, my], 2), np.stack([mx, my], 2)]).angle)


def test_a_small_angle_keeps_its_digits() -> None:
    mx, my = grid()
    found = task_axes([np.stack([mx, 0 * mx], 2), np.stack([my, 1e-9 * my], 2)])
    assert found.angle == pytest.approx(np.degrees(1e-9), rel=1e-6)


def test_a_representation_that_is_not_finite_has_no_axes() -> None:
    with pytest.raises(ValueError, match="grid must be finite, got nan; a network that diverged has no axes"):
        task_axes(np.full((2, 3, 3, 5), np.nan))


def test_a_trial_keeps_the_representation_at_both_ends(outcome) -> None:
    hidden = outcome.tables["hidden"]
    assert list(hidden["stage"]) == ["start"] * 18 + ["end"] * 18
    units = hidden.filter(regex=r"^h\d+$")
    assert units.shape == (36, 8)
    assert set(units.dtypes) == {np.dtype(np.float32)}
    assert set(outcome.tables["embedding"]) == {"context", "mx", "my", "target", *AXES}
    assert set(outcome.tables["trajectory"]["pair"]) == {"0", "1", "2"}
    assert outcome.values["loss_end"] < outcome.values["loss_start"]
    assert 0 <= outcome.values["angle_end"] <= 90


def test_a_trial_that_diverges_says_so() -> None:
    outcome = run_trial(Context(lr=1e6, **TINY))
    assert outcome.status == DIVERGED
    assert "hidden" not in outcome.tables


def test_pairs_are_those_of_the_kept_points(outcome) -> None:
    hidden = outcome.tables["hidden"]
    pairs = pairs_of(hidden)
    assert len(pairs) == 18 * 17 // 2
    start = hidden[hidden["stage"] == "start"].reset_index(drop=True)
    end = hidden[hidden["stage"] == "end"].reset_index(drop=True)
    units = [f"h{k}" for k in range(8)]
    h = {name: rows[units].to_numpy(float) for name, rows in (("start", start), ("end", end))}
    x, y, target = inputs(start), start["y"].to_numpy(float), start["target"].to_numpy()
    for row, (i, j) in zip(pairs.to_dict("records"), itertools.combinations(range(18), 2), strict=True):
        dy, dt = y[j] - y[i], target[j] - target[i]
        expected = {
            "dx2": ((x[j] - x[i]) ** 2).sum(),
            "dy2_target": dt**2,
            "dh2_start": ((h["start"][j] - h["start"][i]) ** 2).sum(),
            "dy2_start": dy**2,
            "w_start": dy**2 - dy * dt,
            "dh2_end": ((h["end"][j] - h["end"][i]) ** 2).sum(),
        }
        assert list(row) == list(expected)
        np.testing.assert_allclose(list(row.values()), list(expected.values()), rtol=1e-9, atol=1e-15)


def fits_table() -> pd.DataFrame:
    rates = [(1.0, 1.0, True), (2.0, 1.0, True), (9.0, 1.0, True), (5.0, 1.0, False)]
    constant = [{"theory": "two_point", "rate_h": h, "rate_y": y, "success": ok} for h, y, ok in rates]
    found = [
        {"fitted_rate_h": k, "fitted_growth_h": k, "fitted_rate_y": 1.0, "fitted_growth_y": 0.0} for k in (1, 2, 9)
    ]
    growing = [{"theory": "growing_rates", "success": k < 2, **values} for k, values in enumerate(found)]
    rows = [{**row, "pair": str(k)} for theory in (constant, growing) for k, row in enumerate(theory)]
    return pd.DataFrame(rows)


def test_the_ratio_is_the_median_of_the_fits_that_succeeded() -> None:
    (row,) = rate_ratios(fits_table().assign(setting="lazy", seed=0)).to_dict("records")
    assert (row["ratio"], row["fitted"], row["failed"]) == (2.0, 3, 1)
    assert rate_ratios(pd.DataFrame()).empty


def test_the_growth_of_a_network_is_per_squared_slope() -> None:
    at = {"setting": "lazy", "seed": 0}
    trajectory = pd.DataFrame({"pair": ["0", "0", "1", "2"], "dx2": [0.5, 0.5, 4.0, 7.0]}).assign(**at)
    (row,) = growing_coefficients(fits_table().assign(**at), trajectory).to_dict("records")
    assert row == {**at, "rate_h": 1.5, "growth_h": (1 * 0.5 + 2 * 4.0) / 2, "rate_y": 1.0, "growth_y": 0.0}
    assert growing_coefficients(pd.DataFrame(), trajectory).empty


def study(**sizes) -> ContextTask:
    values = {"speed": 2.0, "share": 0.5, **sizes}
    return ContextTask(settings=({"name": "lazy", **TINY}, {"name": "rich", **TINY}), seeds=1, **values)


def test_the_study_trains_its_share_of_the_steps_and_fits_each_network() -> None:
    trials = study().trials()
    assert [t.experiment for t in trials] == ["context", "context", "fits", "fits"]
    assert [t.needs for t in trials[2:]] == [(t,) for t in trials[:2]]
    assert trials[0].configuration.steps == 15
    assert trials[0].configuration.lr == 2 * Context().lr


def test_the_section_says_what_was_measured(outcome) -> None:
    fits = Outcome(tables={"fits": fits_table()})
    section = study().section(Results({t: fits if t.experiment == "fits" else outcome for t in study().trials()}))
    assert [len(claim.verdicts) for claim in section.claims] == [1, 1, 1, 2, 2]
    angle = verdict(section, "orthogonal")
    assert f"angle {outcome.values['angle_end']:.3g} degrees" in angle.measured
    assert section.answer.startswith("The irrelevant feature ends with this share of the relevant one's variance: ")
    assert [x.theory for x in section.holdings].count("collective") == 2
    assert len(section.holdings) == 6
    assert angle.agrees == (outcome.values["angle_end"] >= 75)
    assert [plate.name for plate in section.plates] == ["embedding", "axes"]
    scores = section.tables[1].rows
    assert scores[["setting", "theory"]].to_numpy().tolist() == [
        [setting, theory]
        for setting in ("lazy", "rich")
        for theory in ("two_point", "growing_rates", *(name for name, _ in FITTED.values()))
    ]
    assert "lazy: 1 of 3 failed" in " ".join(section.paragraphs)


def test_the_section_says_how_the_training_differs_from_the_paper(outcome) -> None:
    fits = Outcome(tables={"fits": fits_table()})
    short, whole = (
        of.section(Results({t: fits if t.experiment == "fits" else outcome for t in of.trials()}))
        for of in (study(), study(speed=1.0, share=1.0))
    )
    assert (
        "Networks are trained 2 times as fast as listed, in as many fewer steps. Training stops after 50% of the "
        "listed time (rate times steps)."
    ) in short.paragraphs
    assert all(v.by.endswith("; after 50% of the listed training") for v in short.verdicts)
    assert not any("listed" in text for text in (*(v.by for v in whole.verdicts), *whole.paragraphs[4:]))


def test_the_section_does_without_fits(outcome) -> None:
    section = study().section(Results({t: None if t.experiment == "fits" else outcome for t in study().trials()}))
    assert any("no distance is predicted" in text for text in section.paragraphs)
    assert {x.theory for x in section.holdings} == {"collective"}
    assert [len(claim.verdicts) for claim in section.claims] == [1, 1, 1, 2]


def test_the_section_waits_for_a_network() -> None:
    section = study().section(Results(dict.fromkeys(study().trials())))
    assert "nothing to compare" in section.paragraphs[-1]


def test_every_setting_is_drawn_in_three_colourings(outcome) -> None:
    embedding = outcome.tables["embedding"]
    figure = draw_embeddings(pd.concat([embedding.assign(setting=name) for name in ("a", "b")]), ["A", "B"])
    panels = [ax for ax in figure.axes if ax.name == "3d"]
    assert len(panels) == 6
    np.testing.assert_array_equal(panels[1].collections[0].get_array(), embedding["mx"])
    assert panels[3].get_title().startswith("B\n")


def test_the_angles_of_all_networks_are_drawn() -> None:
    values = pd.DataFrame(
        {
            "setting": ["a", "a"],
            "angle_start": 80.0,
            "angle_end": [10.0, 20.0],
            "compression_start": 1.0,
            "compression_end": 0.1,
        }
    )
    ends = pd.DataFrame({"setting": "a", "theory": [*COMPARED], "measured": 1.0, "predicted": [3.0, 2.0]})
    angle, compression, below = draw_task_axes(values, ends, ["A"]).axes
    np.testing.assert_array_equal(angle.lines[2].get_ydata(), [10.0, 20.0])
    assert list(compression.lines[0].get_ydata()) == [1.0, 1.0]
    pairs, ours = (below.lines[i] for i in (0, 2))
    assert (list(pairs.get_xdata()), list(pairs.get_ydata())) == ([1.0], [2.0])
    assert (list(ours.get_xdata()), list(ours.get_ydata())) == ([1.0], [3.0])


def test_a_network_that_lays_points_out_by_their_outputs_is_the_collective_theory(outcome) -> None:
    hidden = outcome.tables["hidden"].copy()
    units = [f"h{k}" for k in range(8)]
    end = hidden["stage"] == "end"
    hidden.loc[end, "y"] = (hidden.loc[end, "target"] + 0.1 * hidden.loc[end, "mx"]).astype(np.float32)
    hidden.loc[end, units] = hidden.loc[end, ["y"]].to_numpy(np.float32) @ np.ones((1, 8), np.float32)
    done = Outcome(values=outcome.values, tables={**outcome.tables, "hidden": hidden})
    trials = study().trials()
    section = study().section(Results({t: None if t.experiment == "fits" else done for t in trials}))
    found = verdict(section, "better than the theory of pairs", "rich")
    assert found.agrees is True
    assert "R² 1 and " in found.measured
