"""The report in a real browser: drawn, legible, still, and printed."""

import subprocess
from pathlib import Path

import pytest
from browser import BROWSERS, look
from tools import find

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
