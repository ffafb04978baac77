"""The report of the studies: everything is in it, it is whole by itself, and legible in a real browser."""

import base64
import re
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest
from browser import BROWSERS, look
from matplotlib.figure import Figure
from repdyn.experiments import TwoPoints
from repdyn.experiments.cli import main
from repdyn.experiments.page import Chapter, Contents, gather, html, text
from repdyn.experiments.page.summary import summary
from repdyn.experiments.studies.claim import Claim, Verdict
from repdyn.experiments.studies.holding import Holding
from repdyn.experiments.studies.study import Plate, Results, Section, Study, Table, size
from repdyn.experiments.studies.trajectories import Trajectories
from repdyn.experiments.sweep.outcome import DIVERGED, FAILED, Outcome
from repdyn.experiments.sweep.plan import in_order
from repdyn.experiments.sweep.store import Store
from repdyn.experiments.sweep.trial import Trial, run_trial
from tools import find

MADE = datetime(2026, 11, 22, 6, 21, tzinfo=UTC)
OLD, NEW = {"repdyn": "0.0.9", "torch": "2.6.0"}, {"repdyn": "0.1.0", "torch": "2.7.1"}
NASTY = 'RuntimeError: <b>&"conv1d" \x1b[31mred\x1b[0m'
MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
CLAIMS = (
    Claim(
        "Rates of `dh2` are <positive> & finite",
        "The R² of dh2 is at least 0.9.",
        (
            Verdict("elu", "SSE 0.70 [0.60, 0.90]", True, "by 0.09", "SSE 0.61"),
            Verdict("two_layer", "R² 0.5 (0.1 to 0.9)", True),
            Verdict("<tanh>", "two of three", False, "one of three is not"),
        ),
    ),
    Claim("Every network is met", "all", (Verdict("relu", "none", False),)),
    Claim("Adam obeys the same law", "not said", (Verdict("adam", "R² 0.5", None),), of_paper=False),
    Claim("All goes well", "always", (Verdict("cnn", "it does", True),)),
)
HOLDINGS = (
    Holding("elu", "two_point", 0.97),
    Holding("elu", "growing_vectors", float("nan")),
    Holding("two_layer", "two_point", -0.3),
)


def drawn(width: float = 9.6) -> Figure:
    figure = Figure(figsize=(width, 3.0))
    figure.subplots().plot([0, 1, 2], [0.0, 0.5, 0.6])
    return figure


@dataclass(frozen=True)
class Kept(Study):
    """Six trials: two finish, one diverges, one fails, one is missing and one damaged."""

    name: ClassVar[str] = "kept"
    title: ClassVar[str] = "What is <b>&kept</b>"

    seeds: int = size(6, "networks of <width> 8")
    speed: float = size(2.0, "factor on the learning rate")
    settings: tuple[str, ...] = size(("mine", "yours"), "two-point settings")

    def trials(self) -> list[Trial]:
        return [Trial(TwoPoints(name="mine", seed=seed)) for seed in range(self.seeds)]

    def section(self, results: Results) -> Section:
        plates = (
            Plate("wide", drawn(), 'A "curve" & <lines>.', "Networks of `default` & <theory>."),
            Plate("small", drawn(4.0), "A small curve.", "The same, small."),
        )
        rows = pd.DataFrame(
            [
                {"setting": "mine", "SSE": "0.61", "final": f"{MINUS}.10 [0.05, 0.2]", "version": "1.2.3"},
                {"setting": "two_layer", "SSE": "-", "final": "1e-3", "version": "1.2"},
            ]
        )
        wide = pd.DataFrame([{f"column {i}": "a text that is long" for i in range(12)}])
        tables = (Table("Fits: <median>", rows), Table("A wide one", wide))
        text = ("It is so that 1 < 2 & `code <x>` stands.",)
        return Section(self.title, text, CLAIMS, plates, tables, "It is <so> for 2 of 3.", HOLDINGS)


@dataclass(frozen=True)
class Broken(Kept):
    """A study whose section cannot be made."""

    name: ClassVar[str] = "broken"
    title: ClassVar[str] = "What is broken"

    def section(self, results: Results) -> Section:
        raise KeyError("<layer>")


@dataclass(frozen=True)
class Unanswered(Kept):
    """A study without a sentence of its own."""

    name: ClassVar[str] = "unanswered"
    title: ClassVar[str] = "What is not answered"

    def section(self, results: Results) -> Section:
        return replace(super().section(results), title=self.title, answer="", holdings=())


@dataclass(frozen=True)
class Twice(Kept):
    """A study with two figures of one name."""

    name: ClassVar[str] = "twice"
    title: ClassVar[str] = "What is said twice"

    def section(self, results: Results) -> Section:
        plate = Plate("one", Figure(), "", "")
        return Section(self.title, plates=(plate, plate))


@dataclass(frozen=True)
class Undrawable(Kept):
    """A study with a figure that matplotlib cannot draw."""

    name: ClassVar[str] = "undrawable"
    title: ClassVar[str] = "What cannot be drawn"

    def section(self, results: Results) -> Section:
        figure = Figure()
        figure.suptitle(r"$\nosuchsymbol$")
        return Section(self.title, plates=(Plate("one", figure, "", ""),))


@dataclass(frozen=True)
class Ahead(Kept):
    """A study of which nothing was run."""

    name: ClassVar[str] = "ahead"
    title: ClassVar[str] = "What is ahead"

    def trials(self) -> list[Trial]:
        return [Trial(TwoPoints(name="later", seed=seed, width=8)) for seed in range(40)]


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    store = Store(tmp_path_factory.mktemp("store"))
    first, second, diverging, failing, _, damaged = Kept().trials()
    store.write(first, Outcome(values={"loss": 0.1}, seconds=60.0, versions=OLD))
    store.write(second, Outcome(values={"loss": 0.2}, seconds=3600.0, versions=NEW))
    store.write(diverging, Outcome(DIVERGED, "the loss ceased to be a number at step 7", seconds=5.0, versions=NEW))
    store.write(failing, Outcome(FAILED, NASTY, seconds=0.4, versions=NEW))
    store.write(damaged, Outcome())
    (store.folder(damaged) / "trial.json").write_text("{}", "utf-8")
    return store


@pytest.fixture(scope="module")
def contents(store) -> Contents:
    return gather([Kept(), Broken(), Ahead()], store, "quick")


@pytest.fixture(scope="module")
def page(contents) -> str:
    return html(contents, MADE, "repdyn reproduce --scale quick &&\nrepdyn report --scale quick")


@pytest.fixture(scope="module")
def tree(page) -> ET.Element:
    return ET.fromstring(page)


def words(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def section(tree: ET.Element, anchor: str) -> ET.Element:
    (found,) = (part for part in tree.iter("section") if part.find("h2").get("id") == anchor)
    return found


def rows(element: ET.Element) -> list[list[str]]:
    return [[words(cell) for cell in row] for row in element.iter("tr")]


def test_it_opens_with_the_scale_the_date_and_all_counts(tree) -> None:
    header = words(tree.find("body/main/header"))
    assert "Scale quick, made on 22 November 2026, 06:21 UTC" in header
    assert (
        "3 studies at scale quick ask for 46 trials: 2 finished, 1 diverged, 1 failed, 41 missing, 1 damaged." in header
    )
    assert "4 claims: 1 agrees, 1 in part, 1 disagrees, 1 undecided." in header


def test_its_parts_come_in_order_and_the_contents_lead_to_them(tree) -> None:
    (nav,) = tree.iter("nav")
    links = [(a.get("href"), words(a)) for a in nav.iter("a")]
    headings = [(f"#{h.get('id')}", words(h)) for h in tree.iter("h2") if h.get("id")]
    assert links == headings
    assert [href for href, _ in links] == [
        "#summary",
        "#answers",
        "#claims",
        "#study-kept",
        "#study-broken",
        "#study-ahead",
        "#failures",
        "#made-with",
    ]


def test_ids_are_unique_and_every_link_within_the_page_leads_somewhere(tree) -> None:
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    inside = [a.get("href") for a in tree.iter("a") if a.get("href").startswith("#")]
    assert len(inside) > 5
    assert {href[1:] for href in inside} <= set(ids)
    labelled = [element.get("aria-labelledby") for element in tree.iter() if element.get("aria-labelledby")]
    assert set(labelled) <= set(ids)


def test_nothing_is_asked_of_the_network_and_nothing_runs(page, tree) -> None:
    assert not list(tree.iter("script"))
    assert not list(tree.iter("link"))
    assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on")]
    assert all(element.get("src").startswith("data:") for element in tree.iter() if element.get("src"))
    (style,) = tree.iter("style")
    assert not re.search(r"url\(|@import", style.text)
    for image in tree.iter("img"):
        svg = ET.fromstring(base64.b64decode(image.get("src").partition(",")[2]))
        used = [value for element in svg.iter() for name, value in element.attrib.items() if name.endswith("href")]
        assert all(value.startswith("#") for value in used)


def test_it_begins_with_what_holds_and_where_and_a_picture(tree) -> None:
    found = section(tree, "summary")
    assert [words(line) for line in found.iter("li")] == [
        "Claims of the paper (3). 1 agrees, 1 in part, 1 disagrees.",
        "Agrees in every setting. All goes well.",
        "Agrees in part. Rates of dh2 are <positive> & finite (2 of 3 settings; not <tanh>).",
        "Agrees nowhere. Every network is met.",
        "Claims of this package (1). 1 undecided.",
        "Two constant rates (paper). R² at least 0.95 in 1 of 2 settings; least in two_layer of kept.",
        "Rates that grow. R² at least 0.95 in 0 of 1 setting; no number in 1.",
    ]
    (image,) = found.iter("img")
    assert image.get("alt").startswith("A table of R² by study and setting (rows) and theory (columns)")
    assert words(next(found.iter("figcaption"))).startswith("Figure 1. How well each theory (columns) holds")


def test_each_study_has_its_answer_or_says_why_it_has_none(store) -> None:
    contents = gather([Kept(), Unanswered(), Broken(), Ahead()], store, "quick")
    (answers,) = section(ET.fromstring(html(contents, MADE, "")), "answers").iter("dl")
    said = [words(part) for part in answers]
    assert said == [
        "What is <b>&kept</b>",
        "It is <so> for 2 of 3.",
        "What is not answered",
        "4 claims: 1 agrees, 1 in part, 1 disagrees, 1 undecided.",
        "What is broken",
        "The section could not be made.",
        "What is ahead",
        "Nothing to say yet.",
    ]


def test_settings_where_a_claim_is_not_met_are_named_and_many_counted() -> None:
    against = tuple(Verdict(f"s{i}", "no", False) for i in range(5))
    claim = Claim("So", "rule", (Verdict("yes", "yes", True), *against, Verdict("open", "-", None)))
    contents = Contents("quick", (Chapter(Kept(), (), Section("Kept", claims=(claim,))),), ())
    assert ("Agrees in part", "So (1 of 7 settings; not s0, s1 and 3 more; 1 undecided).") in summary(contents)


def test_each_claim_has_one_row_with_its_settings_folded_inside(tree) -> None:
    found = section(tree, "claims")
    folded = list(found.iter("details"))
    assert [words(details.find("summary")) for details in folded] == [
        "◐ in part Rates of dh2 are <positive> & finite 2 of 3 settings paper",
        "✗ disagrees Every network is met relu paper",
        f"{DASH} undecided Adam obeys the same law adam ours",
        "✓ agrees All goes well cnn paper",
    ]
    assert not any(details.get("open") for details in folded)
    first, second, *_ = folded
    assert words(first.find("p")) == "The R² of dh2 is at least 0.9."
    assert rows(first) == [
        ["Verdict", "Setting", "Recorded", "Measured", "By how much"],
        ["✓ agrees", "elu", "SSE 0.61", "SSE 0.70 [0.60, 0.90]", "by 0.09"],
        ["✓ agrees", "two_layer", "", "R² 0.5 (0.1 to 0.9)", ""],
        ["✗ disagrees", "<tanh>", "", "two of three", "one of three is not"],
    ]
    assert rows(second)[0] == ["Verdict", "Setting", "Measured", "By how much"]
    # The mark is for the eye alone; rows that become cards stay a table for screen readers.
    marks = [span for span in found.iter("span") if words(span) in f"✓◐✗{DASH}"]
    assert {span.get("aria-hidden") for span in marks} == {"true"}
    assert len(marks) == 4 + 6
    assert {row.get("role") for row in found.iter("tr")} == {"row"}
    assert {cell.get("role") for cell in found.iter("td")} == {"cell"}
    assert words(found.find("h3")) == "What is <b>&kept</b>"


def other(contents: Contents) -> Contents:
    """The same at another scale, where one verdict differs and one is not there."""
    (kept, *rest) = contents.chapters
    first, *claims = CLAIMS
    elu, layers, _ = first.verdicts
    changed = replace(first, verdicts=(replace(elu, measured="SSE 0.90"), replace(layers, agrees=False)))
    section = replace(kept.section, claims=(changed, *claims))
    return replace(contents, scale="standard", chapters=(replace(kept, section=section), *rest))


def test_two_scales_stand_side_by_side(contents) -> None:
    beside = other(contents)
    tree = ET.fromstring(html(contents, MADE, "", beside))
    assert "Scale quick beside standard, made on" in words(tree.find("body/main/header"))
    first = next(section(tree, "claims").iter("details"))
    assert [row[-1] for row in rows(first)] == [
        "At scale standard",
        "✓ agrees SSE 0.90",
        "✗ disagrees R² 0.5 (0.1 to 0.9)",
        "not asked",
    ]
    *_, last = section(tree, "summary").iter("li")
    assert words(last) == (
        "Beside scale standard. 1 of 5 verdicts in common differ: two_layer of kept (agrees, there disagrees)."
    )
    *_, last = section(ET.fromstring(html(contents, MADE, "", contents)), "summary").iter("li")
    assert words(last) == "Beside scale quick. 6 verdicts in common, all the same."
    assert "Beside scale standard. 1 of 5 verdicts" in text(contents, 100, beside)


def test_the_words_of_the_claims_are_explained(tree) -> None:
    (meanings,) = section(tree, "claims").iter("dl")
    said = [words(term) for term in meanings.iter("dt")]
    assert {"seed", "setting", "R²", "SSE", "AIC", "w"} <= set(said)


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


def test_without_any_claim_there_is_no_table_of_them(store) -> None:
    tree = ET.fromstring(html(gather([Broken()], store, "quick"), MADE, ""))
    for anchor in ("summary", "claims"):
        assert words(section(tree, anchor)).endswith("No claim was compared with a measurement yet.")
    assert text(gather([Broken()], store, "quick")) == ""
    assert "No claim was compared with a measurement." in words(tree.find("body/main/header"))


def test_it_says_what_it_was_made_with(tree) -> None:
    times, versions, kept, *_ = (rows(table) for table in section(tree, "made-with").iter("table"))
    assert times[1] == ["What is <b>&kept</b>", "6", "1 h 1 min", "0 to 5"]
    assert "The trials took 1 h 1 min of computing in all" in words(section(tree, "made-with"))
    assert versions == [["package", "1 trial", "3 trials"], ["repdyn", "0.0.9", "0.1.0"], ["torch", "2.6.0", "2.7.1"]]
    assert kept[1:] == [
        ["seeds", "6", "networks of <width> 8"],
        ["speed", "2", "factor on the learning rate"],
        ["settings", "mine, yours", "two-point settings"],
    ]
    assert "repdyn reproduce --scale quick && repdyn report --scale quick" in words(section(tree, "made-with"))


def test_trials_that_studies_share_count_once(store) -> None:
    contents = gather([Ahead(), Ahead(), Broken()], store, "quick")
    assert len(contents.fates) == 46
    assert sum(len(chapter.fates) for chapter in contents.chapters) == 86


def test_in_a_terminal_what_holds_comes_first_then_answers_then_claims_within_its_width(contents) -> None:
    found = text(contents, width=40)
    assert max(map(len, found.splitlines())) <= 40
    said = [" ".join(block.split()) for block in found.split("\n\n")]
    assert said[0].startswith("Claims of the paper (3). 1 agrees, 1 in part, 1 disagrees. Agrees in every setting.")
    assert said[1:] == [
        "kept: It is <so> for 2 of 3. broken: The section could not be made. ahead: Nothing to say yet.",
        "kept in part Rates of `dh2` are <positive> & finite (2 of 3 settings). The R² of dh2 is at least 0.9. "
        "agrees: elu, two_layer disagrees: <tanh>: measured two of three; one of three is not "
        "disagrees Every network is met (relu). all disagrees: relu: measured none "
        "undecided Adam obeys the same law (adam). not said undecided: adam: measured R² 0.5 "
        "agrees All goes well (cnn). always agrees: cnn: measured it does",
    ]


@pytest.fixture
def known(monkeypatch):
    """Let the command line know other studies."""

    def know(*kinds: Study) -> None:
        found = {study.name: study for study in kinds}
        monkeypatch.setattr("repdyn.experiments.studies.studies", lambda scale, data_dir="": found)

    return know


def test_the_command_writes_the_page_and_the_figures_and_says_the_verdicts(store, tmp_path, known, capsys) -> None:
    known(Kept(), Ahead())
    output, figures = tmp_path / "new" / "page.html", tmp_path / "figures"
    assert main(["report", "--store", str(store.root), "--output", str(output), "--figures", str(figures)]) == 0
    said = capsys.readouterr()
    assert said.out.endswith(f"4 claims: 1 agrees, 1 in part, 1 disagrees, 1 undecided; written to {output}\n")
    assert f"3 figures in {figures}, as SVG and PNG" in said.out
    assert "disagrees Every network is met (relu)." in " ".join(said.out.split())
    assert said.err == ""
    ET.parse(output)
    assert [path.name for path in output.parent.iterdir()] == ["page.html"]
    assert sorted(path.name for path in figures.iterdir()) == [
        "kept-small.png",
        "kept-small.svg",
        "kept-wide.png",
        "kept-wide.svg",
        "overview.png",
        "overview.svg",
    ]


def test_the_page_goes_where_its_scale_says_and_has_the_commands(store, tmp_path, known, monkeypatch, capsys) -> None:
    known(Kept(), Broken())
    monkeypatch.chdir(tmp_path)
    words_ = ["kept", "--scale", "paper", "--store", str(store.root), "--data-dir", "my digits"]
    assert main(["report", *words_]) == 0
    assert "written to results/report-paper.html" in capsys.readouterr().out
    page = (tmp_path / "results" / "report-paper.html").read_text("utf-8")
    arguments = f"kept --scale paper --store {store.root} --data-dir &#x27;my digits&#x27;"
    assert f"<pre>repdyn reproduce {arguments} &amp;&amp;\nrepdyn report {arguments}</pre>" in page


def test_the_command_sets_a_scale_beside_and_names_the_page_after_both(
    store, tmp_path, known, monkeypatch, capsys
) -> None:
    known(Kept())
    monkeypatch.chdir(tmp_path)
    where = ["--store", str(store.root)]
    assert main(["report", "kept", "--scale", "quick", "--beside", "paper", *where]) == 0
    assert "written to results/report-quick-paper.html" in capsys.readouterr().out
    page = (tmp_path / "results" / "report-quick-paper.html").read_text("utf-8")
    assert (
        f"<pre>repdyn reproduce kept --scale quick {' '.join(where)} &amp;&amp;\n"
        f"repdyn reproduce kept --scale paper {' '.join(where)} &amp;&amp;\n"
        f"repdyn report kept --scale quick --beside paper {' '.join(where)}</pre>"
    ) in page


def test_the_scale_beside_must_be_another_one(store, known, capsys) -> None:
    known(Kept())
    assert main(["report", "--scale", "paper", "--beside", "paper", "--store", str(store.root)]) == 2
    assert capsys.readouterr().err == (
        "repdyn: --beside must be another scale than the page's, got paper for both: choose one of quick, standard\n"
    )


def test_a_scale_beside_of_which_nothing_was_run_is_named(store, tmp_path, monkeypatch, capsys) -> None:
    studies = {"quick": {"kept": Kept()}, "standard": {"kept": Ahead()}}
    monkeypatch.setattr("repdyn.experiments.studies.studies", lambda scale, data_dir="": studies[scale])
    output = tmp_path / "page.html"
    where = ["--store", str(store.root), "--output", str(output)]
    assert main(["report", "--beside", "standard", *where]) == 2
    assert capsys.readouterr().err == (
        f"repdyn: none of the 4 trials in {store.root} is of these studies at scale standard, made with this version "
        "of the code: run `repdyn reproduce --scale standard` first\n"
    )
    assert not output.exists()


def test_a_broken_section_ends_the_command_with_its_reason(store, tmp_path, known, capsys) -> None:
    known(Kept(), Broken(), Undrawable())
    output = tmp_path / "page.html"
    assert main(["report", "--store", str(store.root), "--output", str(output)]) == 2
    assert re.fullmatch(
        r"repdyn: could not make the section of broken \(KeyError: '<layer>'\); undrawable \(ValueError: .*\); "
        rf"the rest is in {output}\n",
        capsys.readouterr().err,
    )
    assert "Every network is met" in output.read_text("utf-8")


def test_a_heavy_figure_is_pointed_out(store, tmp_path, known, monkeypatch, capsys) -> None:
    known(Kept())
    monkeypatch.setattr("repdyn.experiments.cli.report._LARGE", 8_000)
    assert main(["report", "--store", str(store.root), "--output", str(tmp_path / "page.html")]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"repdyn: figure wide of kept is 0\.0 MB of SVG: rasterise what has many points", lines[0])


def test_an_empty_store_and_one_of_other_trials_are_told_apart(store, tmp_path, known, capsys) -> None:
    known(Ahead())
    for root, reason in (
        (tmp_path / "empty", f"{tmp_path / 'empty'} holds no trials"),
        (
            store.root,
            f"none of the 4 trials in {store.root} is of these studies at scale quick, made with this version of "
            "the code",
        ),
    ):
        output = tmp_path / "page.html"
        assert main(["report", "--store", str(root), "--output", str(output)]) == 2
        assert capsys.readouterr().err == f"repdyn: {reason}: run `repdyn reproduce --scale quick` first\n"
        assert not output.exists()


def test_a_study_that_is_not_known_is_refused(capsys) -> None:
    assert main(["report", "trajectory"]) == 2
    assert capsys.readouterr().err.startswith("repdyn: there is no study 'trajectory'; there are trajectories")


def test_a_page_that_cannot_be_written_leaves_the_earlier_one(store, tmp_path, known, monkeypatch, capsys) -> None:
    known(Kept())
    output = tmp_path / "page.html"
    output.write_text("earlier", "utf-8")

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", full)
    assert main(["report", "--store", str(store.root), "--output", str(output)]) == 2
    assert capsys.readouterr().err == f"repdyn: {output} cannot be written: no space left\n"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert output.read_text("utf-8") == "earlier"


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


MEASURE = """
  for (const folded of document.querySelectorAll("details")) folded.open = true;
  const said = element => [...element.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
  const sizes = [];
  for (const element of document.querySelectorAll("main *")) {
    if (said(element)) sizes.push(parseFloat(getComputedStyle(element).fontSize));
    const label = getComputedStyle(element, "::before");
    if (label.content !== "none") sizes.push(parseFloat(label.fontSize));
  }
  const box = element => { const { width, height } = element.getBoundingClientRect(); return [width, height]; };
  return {
    sizes,
    images: [...document.images].map(image => [image.naturalWidth, ...box(image)]),
    containers: [...document.querySelectorAll(".scroll, .plate")].map(e => [e.scrollWidth, e.clientWidth]),
    rows: [...document.querySelectorAll(".verdicts tbody tr")].map(box),
    intervals: [...document.querySelectorAll(".verdicts .interval")].map(
      e => e.getBoundingClientRect().left - e.closest("td").getBoundingClientRect().left),
    claims: [...document.querySelectorAll(".claims .claim")].map(e => e.getBoundingClientRect().width),
  };
"""


@pytest.fixture(scope="module", params=[400, 1280])
def seen(request, page, tmp_path_factory):
    return request.param, *look(page, MEASURE, request.param, tmp_path_factory.mktemp("browser"))


def test_every_figure_is_drawn(seen) -> None:
    _, found, _ = seen
    assert len(found["images"]) == 3
    assert all(size > 100 for image in found["images"] for size in image)


def test_the_page_never_scrolls_sideways_but_its_wide_parts_do(seen) -> None:
    width, found, _ = seen
    assert found["width"] == width
    assert found["scroll"] <= width
    assert any(inner > outer for inner, outer in found["containers"]) == (width < 1000)


def test_the_claims_have_room(seen) -> None:
    width, found, _ = seen
    assert all(row_width <= width for row_width, _ in found["rows"])
    assert min(found["claims"]) > (250 if width > 1000 else 0.8 * width)


def test_in_a_card_a_measurement_stays_beside_its_label(seen) -> None:
    width, found, _ = seen
    assert len(found["intervals"]) == 2
    assert width > 1000 or min(found["intervals"]) > 100


def test_text_can_be_read(seen) -> None:
    _, found, _ = seen
    assert len(found["sizes"]) > 100
    assert min(found["sizes"]) >= 12


def test_what_is_folded_is_open_in_print(page, tmp_path: Path) -> None:
    browser, pdf_text = find(*BROWSERS), find("pdftotext")
    (tmp_path / "page.html").write_text(page, "utf-8")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    pdf, printed = tmp_path / "page.pdf", (tmp_path / "page.html").as_uri()
    subprocess.run([browser, *options, f"--print-to-pdf={pdf}", printed], capture_output=True, timeout=120, check=True)
    said = subprocess.run([pdf_text, str(pdf), "-"], capture_output=True, timeout=60, check=True).stdout.decode()
    assert "one of three is not" in " ".join(said.split())


def test_the_browser_has_nothing_to_ask_and_nothing_to_say(seen) -> None:
    _, found, console = seen
    assert [name for name in found["requests"] if not name.startswith("data:")] == []
    assert found["messages"] == []
    assert console == []
