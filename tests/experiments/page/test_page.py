"""The derivation in a real browser, and compiled: nothing overflows, nothing is missing."""

import re
import subprocess
from pathlib import Path

import pytest
from browser import look
from matplotlib.figure import Figure
from repdyn.experiments.figures import svg, write_figure
from repdyn.symbolic import chapters as all_chapters
from repdyn.symbolic.document import CheckedTheory, Illustration, render
from tools import find

MEASURE = """
  const box = element => { const { width, height } = element.getBoundingClientRect(); return [width, height]; };
  const formulas = [...document.querySelectorAll(".equation")];
  return {
    formulas: [...document.querySelectorAll("math")].map(box),
    spill: formulas.filter(e => e.querySelector(".formula").scrollWidth > e.querySelector(".formula").clientWidth + 1)
      .map(e => e.id),
    images: [...document.images].map(image => image.naturalWidth),
  };
"""


def written(form: str, embedded: str) -> str:
    """Every theory; the proofs are other tests' business."""
    chapters = [
        CheckedTheory(theory, tuple((s, None) for s in theory.derivation.steps)) for theory in all_chapters().values()
    ]
    return render(chapters, form, {"two_point": Illustration("nothing", "An empty figure.", embedded)})


@pytest.fixture(scope="module")
def page() -> str:
    return written("html", svg(Figure()))


@pytest.fixture(scope="module", params=[390, 1280])
def seen(request, page, tmp_path_factory):
    """What a browser makes of the page, in a frame of a phone's or a desk's width."""
    found, _ = look(page, MEASURE, request.param, tmp_path_factory.mktemp("browser"))
    return request.param, found


def test_every_formula_is_drawn(page, seen) -> None:
    _, found = seen
    assert len(found["formulas"]) == page.count("<math") > 100
    assert all(width > 0 and height > 0 for width, height in found["formulas"])


def test_the_page_never_scrolls_sideways(seen) -> None:
    width, found = seen
    assert found["width"] == width
    assert found["scroll"] <= width


def test_on_a_desk_every_equation_fits_its_column_and_on_a_phone_some_scroll_by_themselves(seen) -> None:
    width, found = seen
    assert bool(found["spill"]) == (width < 1000)


def test_nothing_is_asked_of_the_network_and_nothing_fails(seen) -> None:
    _, found = seen
    assert [name for name in found["requests"] if not name.startswith("data:")] == []
    assert found["messages"] == []
    assert all(width > 0 for width in found["images"])
    assert len(found["images"]) == 1


def test_the_latex_compiles_and_no_line_is_too_long(tmp_path: Path) -> None:
    latex = find("pdflatex")
    write_figure(Figure(), tmp_path / "empty.pdf")
    (tmp_path / "derivation.tex").write_text(written("tex", "empty.pdf"), "utf-8")
    for _ in range(2):
        done = subprocess.run(
            [latex, "-interaction=nonstopmode", "-halt-on-error", "derivation.tex"],
            cwd=tmp_path,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    log = (tmp_path / "derivation.log").read_text("latin-1")
    assert "undefined" not in log
    too_long = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    assert all(points < 2 for points in too_long)
