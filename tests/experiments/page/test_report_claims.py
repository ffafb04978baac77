"""What the report says of claims: what holds and where, each with its settings, at one scale or two."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from typing import ClassVar

from repdyn.experiments.page import Chapter, Contents, gather, html, text
from repdyn.experiments.page.summary import summary
from repdyn.experiments.studies.claim import Claim, Verdict
from repdyn.experiments.studies.study import Section
from reported import CLAIMS, DASH, MADE, Ahead, Broken, Kept, Unanswered, rows, section, words


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


def test_what_several_studies_ask_is_said_with_the_name_of_each() -> None:
    @dataclass(frozen=True)
    class Second(Kept):
        name: ClassVar[str] = "second"

    settled, open_still = Verdict("a", "yes", True), Verdict("b", "-", None)
    first = (Claim("So", "rule", (settled,)), Claim("Alone", "rule", (settled,)))
    second = (Claim("So", "rule", (settled, open_still)),)
    chapters = tuple(Chapter(k, (), Section("", claims=c)) for k, c in ((Kept(), first), (Second(), second)))
    said = summary(Contents("quick", chapters, ()))
    assert ("Agrees in every setting", "So (in kept); Alone.") in said
    assert ("Agrees in part", "So (in second; 1 of 2 settings; 1 undecided).") in said


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


def test_without_any_claim_there_is_no_table_of_them(store) -> None:
    tree = ET.fromstring(html(gather([Broken()], store, "quick"), MADE, ""))
    for anchor in ("summary", "claims"):
        assert words(section(tree, anchor)).endswith("No claim was compared with a measurement yet.")
    assert text(gather([Broken()], store, "quick")) == ""
    assert "No claim was compared with a measurement." in words(tree.find("body/main/header"))


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
