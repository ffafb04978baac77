"""Sections of the report: paragraphs, figures and tables, and what is missing, failed or broken."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from repdyn.experiments.page import gather, html
from repdyn.experiments.studies.trajectories import Trajectories
from repdyn.experiments.sweep.outcome import Outcome
from repdyn.experiments.sweep.plan import in_order
from repdyn.experiments.sweep.store import Store
from repdyn.experiments.sweep.trial import run_trial
from reported import CLAIMS, MADE, MINUS, Broken, Kept, Twice, Undrawable, rows, section, words


def test_a_section_has_its_paragraphs_figures_and_tables(tree) -> None:
    found = section(tree, "study-kept")
    assert "It is so that 1 < 2 & code <x> stands." in words(found)
    assert next(words(code) for code in found.iter("code")) == "code <x>"
    images = list(found.iter("img"))
    assert [image.get("alt") for image in images] == ['A "curve" & <lines>.', "A small curve."]
    assert [(image.get("width"), image.get("height")) for image in images] == [("922", "288"), ("384", "288")]
    captions = [words(caption) for caption in found.iter("figcaption")]
    assert captions[0] == "Figure 2. Networks of default & <theory>."
    assert captions[2] == "Table 1. Fits: <median>"
    first, _ = found.iter("table")
    assert rows(first)[1:] == [["mine", "0.61", f"{MINUS}.10 [0.05, 0.2]", "1.2.3"], ["two_layer", "-", "1e-3", "1.2"]]


def test_columns_of_numbers_stand_to_the_right_and_words_and_versions_do_not(tree) -> None:
    table = next(section(tree, "study-kept").iter("table"))
    assert [cell.get("class") for cell in next(table.iter("tr"))] == [None, "number", "number", None]


def test_every_trial_that_did_not_finish_is_named_with_its_reason(tree) -> None:
    unfinished, damaged = (rows(table) for table in section(tree, "failures").iter("table"))
    assert unfinished[1:] == [
        ["two_points/mine-2", "diverged", "the loss ceased to be a number at step 7"],
        ["two_points/mine-3", "failed", 'RuntimeError: <b>&"conv1d" \ufffd[31mred\ufffd[0m'],
    ]
    ((label, reason),) = damaged[1:]
    assert label == "two_points/mine-5"
    assert "trial.json is not as it was written" in reason


def test_few_missing_trials_are_named_and_many_counted(store, tree) -> None:
    assert "41 trials are not in the store (1 of What is <b>&kept</b>, 1 of What is broken, 40 of What is ahead)." in (
        words(section(tree, "failures"))
    )
    alone = ET.fromstring(html(gather([Broken()], store, "quick"), MADE, ""))
    assert "1 trial is not in the store: two_points/mine-4." in words(section(alone, "failures"))


def test_where_all_is_well_it_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for trial in Kept(seeds=2).trials():
        store.write(trial, Outcome())
    tree = ET.fromstring(html(gather([Kept(seeds=2)], store, "paper"), MADE, ""))
    assert words(section(tree, "failures")) == "Failures Every trial that ran finished."
    assert "2 trials, all finished." in words(section(tree, "study-kept"))
    assert "No trial says which versions it was made with." in words(section(tree, "made-with"))


@pytest.mark.parametrize(
    ("study", "reason"),
    [
        (Broken(), "KeyError: '<layer>'"),
        (Twice(), "ValueError: figures of a study must have different names, got 2 called 'one'"),
        (Undrawable(), "nosuchsymbol"),
    ],
)
def test_a_broken_section_leaves_its_reason_in_its_place_and_the_others_whole(store, study, reason) -> None:
    contents = gather([study, Kept()], store, "quick")
    tree = ET.fromstring(html(contents, MADE, ""))
    said = words(section(tree, f"study-{study.name}"))
    assert "This section could not be made: " in said
    assert reason in said
    assert reason in words(section(tree, "failures"))
    assert len(list(section(tree, "study-kept").iter("img"))) == 2
    assert contents.claims == list(CLAIMS)


def test_a_study_without_results_has_nothing_to_show_yet(tree) -> None:
    assert "Nothing to show yet. 40 trials, all missing." in words(section(tree, "study-ahead"))


def test_a_real_study_of_tiny_networks_is_reported(tmp_path: Path) -> None:
    study = Trajectories(settings=("shallow",), seeds=2, speed=20.0, width=8)
    store = Store(tmp_path)
    trials = list(in_order(study.trials()))
    for trial in trials[:2]:
        store.write(trial, run_trial(trial, trial.digest, *(store.outcome(needed) for needed in trial.needs)))
    contents = gather([study], store, "quick")
    assert [(fate.label, fate.status) for fate in contents.fates] == [
        ("two_points/shallow-0", "finished"),
        ("fits/shallow-0", "finished"),
        ("two_points/shallow-1", "missing"),
        ("fits/shallow-1", "missing"),
    ]
    assert contents.chapters[0].problem == ""
    tree = ET.fromstring(html(contents, MADE, ""))
    assert "4 trials: 2 finished, 2 missing." in words(section(tree, "study-trajectories"))
    assert ["speed", "20", "factor on the learning rate; steps are divided by it"] in (rows(section(tree, "made-with")))
