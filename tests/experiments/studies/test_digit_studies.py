"""The studies of digits: what is planned, that a data set is known by its images, and what is said of outcomes."""

import gzip
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from claimed import claim, verdict
from repdyn.experiments.settings import DigitData, DigitPrediction, DigitStructure, HeldOutDigits, SettingError
from repdyn.experiments.studies import studies
from repdyn.experiments.studies.digit_structure import DigitStructures, placed_distances
from repdyn.experiments.studies.digit_trajectories import DigitTrajectories
from repdyn.experiments.studies.study import Results, Study
from repdyn.experiments.sweep.trial import run_trial
from repdyn.experiments.trials import digit_data
from repdyn.experiments.trials.collective_ends import RIDGE, encoder_kernel
from repdyn.experiments.trials.digit_data import load_digits
from repdyn.experiments.trials.digit_distances import first_digits
from repdyn.experiments.trials.identity import identified
from repdyn.numeric import geometric_mean_factor, squared_distances


def write(folder: Path, *, seed: int = 0, packed: bool = True, test: bool = False) -> str:
    """A small data set in the format of MNIST."""
    folder.mkdir(exist_ok=True)
    generator = np.random.default_rng(seed)
    labels = np.arange(120, dtype=np.uint8) % 10
    images = (generator.integers(0, 60, (120, 28, 28)) + 15 * labels[:, None, None]).astype(np.uint8)
    for part in ("train", "t10k")[: 2 if test else 1]:
        for name, array in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
            data = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
            (folder / f"{part}-{name}{'.gz' * packed}").write_bytes(gzip.compress(data) if packed else data)
    return str(folder)


def test_a_data_set_is_known_by_its_images_and_not_by_its_folder(tmp_path: Path) -> None:
    one, packed_otherwise, other = (
        identified(HeldOutDigits(data_dir=write(tmp_path / name, seed=seed, packed=packed)))
        for name, seed, packed in (("one", 0, True), ("two", 0, False), ("three", 1, True))
    )
    assert one.digest == packed_otherwise.digest
    assert one.digest != other.digest


def test_a_run_is_refused_where_its_folder_holds_other_images(tmp_path: Path) -> None:
    setting = identified(HeldOutDigits(data_dir=write(tmp_path / "here")))
    write(tmp_path / "here", seed=1)
    with pytest.raises(ValueError, match=r"holds other digits than the run was planned with .*; use the same files"):
        load_digits(setting)


@pytest.mark.parametrize("kind", [DigitTrajectories, DigitStructures])
def test_a_folder_without_digits_is_refused_before_anything_is_run(kind: type[Study], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"has no train-images-idx3-ubyte or train-images-idx3-ubyte\.gz"):
        kind(data_dir=str(tmp_path)).trials()


def test_the_folder_given_by_the_user_reaches_the_trials(tmp_path: Path) -> None:
    folder = write(tmp_path / "digits")
    for name in ("digit_trajectories", "digit_structure"):
        trials = studies("quick", folder)[name].trials()
        found = [x.configuration for x in trials if isinstance(x.configuration, DigitData)]
        assert {x.data_dir for x in found} == {folder}
        assert {x.name for x in found} == {"mnist"}


def test_the_training_time_is_that_of_the_paper_at_the_scales_with_mnist() -> None:
    for scale in ("standard", "paper"):
        study = studies(scale)["digit_trajectories"]
        assert isinstance(study, DigitTrajectories)
        assert study.lr * study.steps == pytest.approx(0.0003 * 937 * 200, rel=1e-3)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: DigitStructure(shown=9), "shown must be at least 10 digits, got 9"),
        (lambda: DigitPrediction(shown=100, points=50), "points must be at least shown, got 50 and 100"),
    ],
)
def test_numbers_of_digits_that_cannot_be_are_refused(make, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        make()


PAIRS = ("0-1", "2-3", "4-5", "6-7")


def results(study: Study) -> Results:
    """The outcomes of a study, run here, with four of the 45 pairs."""
    found = {}
    for trial in study.trials():
        outcome = run_trial(trial, trial.digest, *(found[x] for x in trial.needs))
        assert outcome.status == "finished", outcome.reason
        if trial.experiment == "digits":
            frame = outcome.tables["trajectory"]
            assert frame["pair"].nunique() == 45
            outcome = replace(outcome, tables={"trajectory": frame[frame["pair"].isin(PAIRS)]})
        found[trial] = outcome
    return Results(found)


@pytest.fixture(scope="module")
def trajectories(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Results]:
    folder = write(tmp_path_factory.mktemp("digits"), test=True)
    study = DigitTrajectories(seeds=2, lr=0.05, steps=150, every=15, data_dir=folder)
    return study, results(study)


@pytest.fixture(scope="module")
def structures(tmp_path_factory: pytest.TempPathFactory) -> tuple[DigitStructures, Results]:
    folder = write(tmp_path_factory.mktemp("digits"))
    study = DigitStructures(networks=2, steps=100, shown=30, points=50, relabellings=99, data_dir=folder)
    return study, results(study)


def test_each_pair_is_fitted_and_those_of_the_middle_and_the_ends_are_drawn(trajectories) -> None:
    study, found = trajectories
    fits = found.table("fits", "fits")
    assert fits.groupby(["setting", "seed"])["pair"].nunique().tolist() == [len(PAIRS)] * 4
    section = study.section(found)
    (plate,) = section.plates
    titles = [ax.get_title() for ax in plate.figure.axes[:3]]
    assert [title.split(": ")[1] for title in titles] == ["best fit", "median fit", "worst fit"]
    values = found.values("digits")
    assert values["test_loss"].tolist() == pytest.approx(values["loss"].tolist())  # the same images in both


def test_what_is_recorded_of_other_images_is_not_judged(trajectories) -> None:
    study, found = trajectories
    recorded = [x for x in study.section(found).verdicts if x.recorded]
    assert [x.setting for x in recorded] == ["a 0 and a 1 (plain fit)"] * 2
    assert all(x.agrees is None and "other images or another training time" in x.by for x in recorded)


def test_images_that_are_not_mnists_are_not_called_so_at_the_papers_training_time_either(trajectories) -> None:
    study, found = trajectories
    long = replace(study, lr=0.0003, steps=187400)
    section = long.section(found)
    assert "learn images in the form of MNIST, which they are not (checksum " in section.paragraphs[0]
    recorded = [x for x in section.verdicts if x.recorded]
    assert [x.agrees for x in recorded] == [None, None]


def test_with_plain_fits_only_nothing_is_said_to_have_failed(trajectories) -> None:
    study, found = trajectories
    plain = Results({t: o if t.configuration.name != "balanced" else None for t, o in found.outcomes.items()})
    (text,) = study.section(plain).paragraphs
    assert text.startswith("There is no balanced fit of a pair yet")


@pytest.mark.parametrize(("lr", "told"), [(0.0003, ""), (0.003, "at 10 times the paper's learning rate")])
def test_the_recorded_numbers_are_compared_at_the_papers_training_time(
    trajectories, lr: float, told: str, monkeypatch
) -> None:
    study, found = trajectories
    monkeypatch.setattr(digit_data, "MNIST", identified(DigitData(data_dir=study.data_dir)).checksum)
    long = replace(study, lr=lr, steps=round(187400 * 0.0003 / lr))
    outcomes = dict(found.outcomes)
    for trial, outcome in found.finished("fits").items():
        fits = outcome.tables["fits"].assign(delay_dy2=-30.0)
        outcomes[trial] = replace(outcome, tables={**outcome.tables, "fits": fits})
    judged = [x for x in long.section(Results(outcomes)).verdicts if x.recorded]
    assert len(judged) == 3
    assert all(x.agrees is not None and x.by.endswith(told) for x in judged)
    assert told or not any("learning rate" in x.by for x in judged)


@pytest.mark.parametrize(
    ("times", "agrees", "told"),
    [(0.01, True, "0.01 times the recorded one: smaller"), (4.0, False, "4 times the recorded one: more than 3 times")],
)
def test_a_smaller_misfit_and_smaller_losses_than_recorded_agree(
    trajectories, times: float, agrees: bool, told: str, monkeypatch
) -> None:
    study, found = trajectories
    monkeypatch.setattr(digit_data, "MNIST", identified(DigitData(data_dir=study.data_dir)).checksum)
    long = replace(study, lr=0.003, steps=18740)
    samples = long.steps // long.every
    outcomes = dict(found.outcomes)
    for trial, outcome in found.outcomes.items():
        assert outcome is not None
        if trial.experiment == "fits":
            fits = outcome.tables["fits"].assign(sse=times * 324 * samples / 200)
            outcomes[trial] = replace(outcome, tables={**outcome.tables, "fits": fits})
        if trial.experiment == "digits":
            losses = {"loss": 10 * 0.00749 * times, "test_loss": 10 * 0.00730 * times}
            outcomes[trial] = replace(outcome, values={**outcome.values, **losses})
    section = long.section(Results(outcomes))
    misfit, losses = verdict(section, "misfit of a 0 and a 1"), verdict(section, "learn at least as much")
    assert (misfit.agrees, losses.agrees) == (agrees, agrees)
    assert misfit.by.startswith(told)
    assert losses.by.startswith("smaller than recorded" if agrees else "at most 300.0% above the recorded losses")


@pytest.mark.parametrize(
    ("steps", "told", "agrees"),
    [(-28.11, "-5.0 (-5.0 to -5.0) epochs", True), (28.11, "+5.0 (+5.0 to +5.0) epochs", False)],
)
def test_delays_are_told_in_epochs_of_the_paper_and_judged(trajectories, steps: float, told: str, agrees: bool) -> None:
    study, found = trajectories
    outcomes = {
        trial: replace(outcome, tables={**outcome.tables, "fits": outcome.tables["fits"].assign(delay_dy2=steps)})
        if trial.experiment == "fits"
        else outcome
        for trial, outcome in found.outcomes.items()
    }
    verdicts = claim(study.section(Results(outcomes)), "rises before").verdicts[:2]
    assert [x.setting for x in verdicts] == ["45 pairs (plain fit)", "45 pairs (balanced fit)"]
    assert all(x.measured.startswith(f"delay {told}") and x.agrees is agrees for x in verdicts)


def test_a_delay_that_no_pair_has_is_not_judged(trajectories) -> None:
    study, found = trajectories
    outcomes = {
        trial: replace(outcome, tables={**outcome.tables, "fits": outcome.tables["fits"].assign(delay_dy2=None)})
        if trial.experiment == "fits"
        else outcome
        for trial, outcome in found.outcomes.items()
    }
    verdicts = claim(study.section(Results(outcomes)), "rises before").verdicts
    assert [x.agrees for x in verdicts] == [None] * 3
    assert verdicts[0].by == "no pair is half-way in both network and theory"


def test_distances_are_those_between_displayed_digits_of_each_network(structures) -> None:
    _, found = structures
    for outcome in found.finished("digit_structure").values():
        table = outcome.tables["distances"]
        assert len(table) == 30 * 29 / 2
        assert (table["dh2"] > 0).all()
    predicted = found.table("digit_prediction", "predictions")
    same = predicted["first_class"] == predicted["second_class"]
    assert predicted["summed"][same].max() < 1e-9 * predicted["summed"][~same].min()
    assert (predicted["first_class"] <= predicted["second_class"]).all()


def test_the_section_compares_with_what_needs_no_theory(structures) -> None:
    study, found = structures
    section = study.section(found)
    of_all, of_classes, beside = section.claims
    assert [x.setting for x in beside.verdicts] == ["K # Y*Y*ᵀ", "K #ₐ Y*Y*ᵀ"]
    assert not beside.of_paper
    assert [x.setting for x in of_all.verdicts] == ["summed", "divided by weights"]
    assert "one class gives r = " in of_all.verdicts[0].by
    assert "without a theory, give r = " in of_classes.verdicts[0].by
    assert [x.theory for x in section.holdings] == ["two_point"] * 4 + ["collective"] * 4
    assert section.answer.startswith("The smoothed theory (divided by weights) has r = ")
    assert section.tables[0].rows["against"].tolist()[-1] == "one class or two"
    assert len(section.plates[0].figure.axes) >= 6


@pytest.mark.parametrize(("sign", "agrees", "told"), [(1, True, "r = 1.000"), (-1, False, "r = -1.000")])
def test_a_relation_between_classes_is_found_and_its_opposite_refused(structures, sign, agrees, told) -> None:
    study, found = structures
    predicted = found.table("digit_prediction", "predictions")["normalised"]
    outcomes = dict(found.outcomes)
    for trial, outcome in found.finished("digit_structure").items():
        table = outcome.tables["distances"].assign(dh2=sign * predicted)
        outcomes[trial] = replace(outcome, tables={"distances": table})
    section = study.section(Results(outcomes))
    verdicts = [x.verdicts[1] for x in section.claims[:2]]
    assert [x.agrees for x in verdicts] == [agrees, agrees]
    assert all(told in x.measured for x in verdicts)
    assert [round(x.r2, 6) for x in section.holdings[2:4]] == [sign, sign]


@pytest.mark.parametrize(("name", "agrees"), [("collective", True), ("pairwise", False)])
def test_the_nearer_theory_is_told_of_digits(structures, name: str, agrees: bool) -> None:
    study, found = structures
    predicted = found.table("digit_prediction", "predictions")[name]
    outcomes = dict(found.outcomes)
    for trial, outcome in found.finished("digit_structure").items():
        table = outcome.tables["distances"].assign(dh2=3 * predicted)
        outcomes[trial] = replace(outcome, tables={"distances": table})
    told = verdict(study.section(Results(outcomes)), "The collective theory says more", "K # Y*")
    assert told.agrees is agrees
    assert ("r = 1.000 over all pairs, 1.000" in told.measured) is agrees
    assert ("1.000 (theory, each pair by itself)" in told.by) is not agrees


@pytest.mark.parametrize("weight", [0.3, 0.8])
def test_networks_on_the_geodesic_are_placed_there(structures, weight: float) -> None:
    _, found = structures
    digits = found.table("digit_prediction", "digits").drop(columns=["setting", "seed"])
    pairs = found.table("digit_prediction", "predictions")
    targets = np.eye(10)[digits["class"]]
    kernel = encoder_kernel(digits.drop(columns="class"))
    layer = geometric_mean_factor(kernel.centred, targets - targets.mean(0), weight, RIDGE)
    dh2 = squared_distances(layer)[pairs["first"], pairs["second"]]
    place, distances = placed_distances(pairs.assign(dh2=5 * dh2), digits)
    assert place == pytest.approx(weight, abs=1e-3)
    assert np.corrcoef(distances, dh2)[0, 1] == pytest.approx(1.0, abs=1e-4)


def test_digits_that_are_not_shown_have_a_part_in_the_end_of_those_that_are(structures) -> None:
    _, found = structures
    (trial,) = found.finished("digit_prediction")
    pixels, labels = load_digits(trial.configuration)
    points = trial.configuration.points
    kernel = encoder_kernel(pixels[:points].double().numpy())
    targets = np.eye(10)[labels[:points]]
    layer = geometric_mean_factor(kernel.centred, targets - targets.mean(0), ridge=RIDGE)
    order = first_digits(labels, trial.configuration.shown)
    pairs = found.table("digit_prediction", "predictions")
    expected = squared_distances(layer[order])[pairs["first"], pairs["second"]]
    np.testing.assert_allclose(pairs["collective"], expected, rtol=1e-4, atol=1e-5 * expected.max())


def test_nothing_is_compared_without_a_network(structures) -> None:
    study, found = structures
    only = {trial: outcome for trial, outcome in found.outcomes.items() if trial.experiment == "digit_prediction"}
    assert study.section(Results(only)).claims == ()
