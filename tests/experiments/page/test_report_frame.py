"""The report is whole by itself: its parts in order, links that lead somewhere, what it was made with."""

import base64
import re
import xml.etree.ElementTree as ET

from repdyn.experiments.page import gather
from reported import Ahead, Broken, rows, section, words


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
