"""The diagnosis as a page and as figures."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from browser import look
from repdyn.experiments import diagnose, draw_layer, write_diagnosis
from repdyn.experiments.figures.diagnosis import draw_layers_of
from repdyn.experiments.page.diagnosis import diagnosis_html
from repdyn.numeric import State
from simulated_pairs import STEPS, pair, pairs, rows


@pytest.fixture(scope="module")
def diagnosis():
    wild = State(0.1 + 0.05 * np.sin(STEPS), np.full(STEPS.shape, 0.3), 0.1 + 0.05 * np.cos(STEPS))
    table = [pairs(10), pair("same", dh2=0.5, dy2=2.0, target=0.0, rates=(1e-2, 1e-3)), pair("short").iloc[:2]]
    table += [rows(k, STEPS, wild, layer="<b>") for k in range(3)]
    return diagnose(pd.concat(table, ignore_index=True))


@pytest.fixture(scope="module")
def text(diagnosis, tmp_path_factory) -> str:
    file = tmp_path_factory.mktemp("diagnosis") / "found.html"
    write_diagnosis(diagnosis, file)
    return file.read_text("utf-8")


@pytest.fixture(scope="module")
def page(text) -> ElementTree.Element:
    return ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>"))


def test_the_page_is_whole_and_says_every_sentence_once(diagnosis, text, page):
    said = "".join(page.itertext())
    for found in diagnosis.layers:
        assert said.count(found.verdict.sentence.replace("|²", "|\u2060²")) == 1
        assert all(advice in said for advice in found.verdict.advice)
    assert len(page.findall(".//img")) == 3
    assert "1 pair could not be fitted" in said
    assert "<script" not in text
    assert "http://" not in text.replace("http://www.w3.org", "")


def test_every_number_of_the_table_is_on_the_page(diagnosis, page):
    holds, rates = (
        [["".join(cell.itertext()) for cell in row] for row in table.findall(".//tr")]
        for table in page.findall(".//table")
    )
    assert [row[:3] for row in holds[1:]] == [[x.layer, x.verdict.regime, x.verdict.theory] for x in diagnosis.layers]
    assert holds[0][3:] == ["R² of dh2", "of dy2", "of w", "conserved line", "learnt", "end"]
    assert holds[1][3:] == ["1.00", "1.00", "1.00", "1.00", "100%", "1.00"]
    assert rates[1][:5] == ["encoder", "0.005 (0.005 to 0.005)", "0%", "0.05 (0.05 to 0.05)", "0%"]
    assert [row[-1] for row in rates[1:]] == [f"{x.different.regime.median:.2f}" for x in diagnosis.layers]


def test_its_contents_lead_to_every_part(page):
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    links = [(a.get("href"), a.text) for a in page.findall(".//nav//a")]
    assert links == [(f"#{h.get('id')}", h.text) for h in page.findall(".//section/h2")]
    assert len(links) == 4


MEASURE = """
  return {
    tables: [...document.querySelectorAll(".scroll")].map(e => [e.scrollWidth, e.clientWidth]),
    images: [...document.images].map(image => image.naturalWidth),
  };
"""


@pytest.fixture(scope="module")
def of_long_names(diagnosis) -> str:
    names = ("encoder.layers.11.self_attention.out_proj", "decoder")
    layers = tuple(replace(x, layer=name) for x, name in zip(diagnosis.layers, names, strict=True))
    return diagnosis_html(replace(diagnosis, layers=layers))


@pytest.mark.parametrize("width", [400, 1280])
def test_it_is_read_without_scrolling_sideways_and_on_a_desk_so_are_the_tables(of_long_names, width, tmp_path: Path):
    found, console = look(of_long_names, MEASURE, width, tmp_path)
    assert found["scroll"] <= found["width"] == width
    assert len(found["tables"]) == 2
    assert width < 1000 or all(inner <= outer for inner, outer in found["tables"])
    assert all(size > 100 for size in found["images"])
    assert [found["messages"], console] == [[], []]


def test_only_pages_are_written(diagnosis, tmp_path: Path):
    with pytest.raises(ValueError, match=r"a file that ends in .html, got found.txt"):
        write_diagnosis(diagnosis, tmp_path / "found.txt")
    with pytest.raises(TypeError, match="diagnosis must be of type Diagnosis, got 3"):
        write_diagnosis(3, tmp_path / "found.html")


def test_a_figure_shows_what_was_measured(diagnosis):
    figure = draw_layer(diagnosis.layers[0])
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[2].startswith("fit of 10 pairs")
    assert "rates of 10 pairs" in titles
    assert titles[-1].startswith("final distance   (r = 1.00")
    left, right = draw_layers_of(diagnosis).axes
    assert [text.get_text() for text in left.get_yticklabels()] == ["encoder", "<b>"]
    assert right.get_xscale() == "log"


def test_a_layer_without_a_fit_has_no_figure():
    found = diagnose(pair("short").iloc[:2])
    with pytest.raises(ValueError, match="no pair of layer 'encoder' could be fitted, so that there is nothing"):
        draw_layer(found.layers[0])
