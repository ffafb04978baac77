"""The document: every step, equation, figure and reference, once and numbered, in every form."""

import re
import xml.etree.ElementTree as ET
from base64 import b64decode
from dataclasses import replace
from functools import cache

import pytest
import sympy as sp
from repdyn.symbolic import Derivation, Step, collective, theories, two_point
from repdyn.symbolic import chapters as all_chapters
from repdyn.symbolic.document import FORMATS, CheckedTheory, Illustration, prove, render
from repdyn.symbolic.document.equation import broken, fenced
from repdyn.symbolic.document.mathml import mathml
from repdyn.symbolic.document.prose import Citations, pieces
from repdyn.symbolic.references import REFERENCES

x, y = sp.symbols("x y")


def difference(relation):
    return sp.expand(relation.lhs - relation.rhs)


SQUARE = Step(
    "square", "A square", "Multiply $x + y$ out.", (sp.Eq((x + y) ** 2, x**2 + 2 * x * y + y**2),), difference
)
WRONG = Step("wrong", "A slip", "It is not so, for 100% & more.", (sp.Eq(x, 2 * x, evaluate=False),), difference)


def small(name, *steps, introduction="As in Kunin et al. (arXiv 2406.06158), `x_y`.", **changes):
    derivation = Derivation(f"The theory {name}", introduction, {x: r"\xi"}, steps)
    return replace(two_point(), name=name, derivation=derivation, **changes)


def chapters(*found):
    return [CheckedTheory(theory, tuple(prove(theory.derivation))) for theory in found]


@cache
def pair():
    """The chapter of the pair, which takes longest to prove."""
    (found,) = chapters(two_point())
    return found


@pytest.fixture(scope="module")
def whole():
    return [pair(), *chapters(small("second", SQUARE), small("third", replace(SQUARE, name="again"), WRONG))]


@pytest.fixture(scope="module")
def page(whole):
    illustrations = {"second": Illustration("A <square>", "All of $x$, see arXiv 1312.6120.", "<svg/>")}
    return ET.fromstring(render(whole, "html", illustrations).removeprefix("<!DOCTYPE html>"))


def equations_of(found):
    """How many equations a chapter has: those of motion, the invariants and the statements."""
    theory = found.theory
    count = len(theory.states) + len(theory.invariants) + sum(len(s.statement) for s in theory.derivation.steps)
    return count + 3 * (theory.readout != {s: s for s in theory.readout})


def wanted_numbers(found):
    return [f"{i}.{k}" for i, chapter in enumerate(found, 1) for k in range(1, equations_of(chapter) + 1)]


@pytest.mark.parametrize(("form", "pattern"), [("md", r"\\tag\{([\d.]+)\}"), ("tex", r"\\tag\{([\d.]+)\}")])
def test_equations_are_numbered_once_over_the_document(whole, form, pattern) -> None:
    assert re.findall(pattern, render(whole, form)) == wanted_numbers(whole)


def test_the_page_numbers_the_same_equations(whole, page) -> None:
    equations = page.findall(".//div[@class='equation']")
    assert [e.find("a").text for e in equations] == [f"({number})" for number in wanted_numbers(whole)]
    assert all(len(e.findall(".//math")) == 1 for e in equations)


@pytest.mark.parametrize("form", FORMATS)
def test_chapters_come_in_the_order_given_with_every_step_marked(whole, form) -> None:
    text = render(whole, form)
    titles = ["Two points in a network", "The theory second", "The theory third"]
    assert [text.rindex(title) for title in titles] == sorted(text.rindex(title) for title in titles)
    steps = sum(len(chapter.steps) for chapter in whole)
    mark = {"md": "✓\n", "tex": r"$\checkmark$", "html": "> verified<"}[form]
    assert text.count(mark) == steps - 1
    assert f"{steps - 1} of {steps} steps verified by exact algebra." in text
    assert "step 'wrong' is not proved" in text


@pytest.mark.parametrize("form", FORMATS)
def test_a_step_of_an_earlier_chapter_is_named_and_not_repeated(form) -> None:
    text = render(chapters(small("first", SQUARE), small("second", SQUARE, WRONG)), form)
    assert text.count("out.") == 1
    assert "It rests on what is proved above: A square (1.1)." in text
    assert "1 of 2 steps verified" in text


def test_every_link_of_the_page_has_its_target_and_every_name_is_used_once(page) -> None:
    names = [e.get("id") for e in page.iter() if e.get("id")]
    assert len(names) == len(set(names))
    links = [e.get("href") for e in page.iter("a")]
    inside = {link[1:] for link in links if link.startswith("#")}
    assert inside <= set(names)
    assert {link for link in links if not link.startswith("#")} == {
        f"https://arxiv.org/abs/{number}" for number in ("2402.09142", "1312.6120", "2406.06158")
    }


def test_the_table_of_contents_lists_every_chapter_and_step(whole, page) -> None:
    listed = [a.get("href") for a in page.findall(".//nav//a")]
    wanted = [name for c in whole for name in (c.theory.name, *(f"{c.theory.name}-{s.name}" for s, _ in c.steps))]
    assert listed == [*(f"#{name}" for name in wanted), "#references"]


def test_the_page_loads_nothing(whole, page) -> None:
    assert {e.tag for e in page.iter()}.isdisjoint({"script", "link", "iframe", "object", "video", "audio"})
    assert all(e.get("src", "data:").startswith("data:") for e in page.iter())
    style = page.find(".//style").text
    assert "url(" not in style
    assert "@import" not in style


def test_a_figure_closes_its_chapter_with_words_for_those_who_do_not_see_it(page) -> None:
    figure = page.find(".//figure")
    image = figure.find("div/img")
    assert image.get("alt") == "A <square>"
    assert b64decode(image.get("src").removeprefix("data:image/svg+xml;base64,")) == b"<svg/>"
    assert "".join(figure.find("figcaption").itertext()) == "Figure 1. All of x\N{WORD JOINER}, see [2]."


@pytest.mark.parametrize(
    ("form", "line"), [("md", "![seen](a.png)"), ("tex", r"\includegraphics[width=\textwidth]{a.png}")]
)
def test_a_figure_beside_the_document_is_named(form, line) -> None:
    text = render(chapters(small("second", SQUARE)), form, {"second": Illustration("seen", "said", "a.png")})
    assert line in text
    assert "said" in text


def test_papers_are_numbered_in_the_order_they_are_cited_and_listed_at_the_end(whole, page) -> None:
    listed = ["".join(item.itertext()) for item in page.findall(".//ol[@class='references']/li")]
    assert [re.search(r"arXiv ([\d.]+)\.", item)[1] for item in listed] == ["2402.09142", "1312.6120", "2406.06158"]
    text = render(whole, "md")
    assert "van Rossem & Saxe [[1]](#reference-1)" in text
    assert '<a id="reference-3"></a>[3] Daniel Kunin' in text
    assert r"van Rossem \& Saxe \cite{reference-1}" in render(whole, "tex")


def test_every_paper_that_a_theory_cites_is_in_the_list() -> None:
    for theory in all_chapters().values():
        texts = [theory.derivation.introduction, *(step.reason for step in theory.derivation.steps)]
        assert set(Citations.of(texts).numbers) <= set(REFERENCES)


def test_the_page_of_all_theories_is_whole() -> None:
    found = [
        CheckedTheory(theory, tuple((step, None) for step in theory.derivation.steps))
        for theory in all_chapters().values()
    ]
    page = ET.fromstring(render(found, "html").removeprefix("<!DOCTYPE html>"))
    names = [e.get("id") for e in page.iter() if e.get("id")]
    assert len(names) == len(set(names))
    assert {e.get("href")[1:] for e in page.iter("a") if e.get("href").startswith("#")} <= set(names)
    statements = sum(len(step.statement) for chapter in found for step, _ in chapter.steps)
    assert len(page.findall(".//div[@class='equation']")) > statements


def test_a_paper_that_is_not_in_the_list_is_an_error() -> None:
    words = "arXiv 1234.56789 is cited and is not in the list of references: add it to symbolic/references.py"
    with pytest.raises(ValueError, match=words):
        render(chapters(small("second", introduction="See arXiv 1234.56789.")))


def test_a_paper_without_a_number_on_arxiv_is_cited_by_its_authors() -> None:
    text = render(chapters(small("second", introduction="A Riccati equation, Fukumizu (1998).")))
    assert "A Riccati equation, Fukumizu (1998) [[1]](#reference-1)." in text
    assert "[1] Kenji Fukumizu. *Effect of Batch Learning" in text


def test_prose_is_put_together_from_all_its_pieces() -> None:
    prose = "An $x$ (arXiv 1312.6120) and `y`, Fukumizu (1998)."
    kinds = [kind for kind, _ in pieces(prose)]
    assert kinds == ["text", "math", "text", "citation", "text", "code", "text", "citation", "text"]


def test_an_interface_shows_readout_and_begin_only_where_they_say_something() -> None:
    theory = two_point()
    (dh2, dy2, w), begin = theory.states, dict(theory.begin)
    doubled = small("second", readout={dh2: 2 * dh2, dy2: dy2, w: w}, begin={**begin, theory.start[0]: theory.start[1]})
    plain, said = render([pair()]), render(chapters(doubled))
    assert "What is measured" not in plain
    assert r"\lvert \Delta h\rvert^2 = 2\,\lvert \Delta h\rvert^2 \tag{1.4}" in said
    assert "The states begin, from what is measured of the pair at the start, at" in said
    unknown = render(chapters(small("second", begin=None)))
    assert "does not determine where the states begin" in unknown


def test_what_is_constant_and_what_only_stays_zero_are_told_apart() -> None:
    text = render([pair()])
    assert (
        text.index("Constant along every trajectory")
        < text.index("I = ")
        < text.index("Zero along")
        < text.index("G =")
    )


def test_a_form_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="a document is written as one of md, tex, html, got 'pdf'"):
        render([], "pdf")


def test_latex_escapes_what_it_must(whole) -> None:
    text = render(whole, "tex")
    assert r"for 100\% \& more" in text
    assert r"\texttt{x\_y}" in text


def test_a_long_equation_is_broken_before_signs_outside_brackets_and_nothing_is_lost() -> None:
    terms = " + ".join(rf"\left(a_{{{i}}} - b\right)\,|c - d|^2" for i in range(9))
    lines = broken(f"y = - {terms}")
    assert len(lines) > 2
    assert lines[0].startswith("y = - ")
    assert all(line.startswith("+ ") for line in lines[1:])
    assert " ".join(lines) == fenced(f"y = - {terms}")


def test_a_fraction_is_as_wide_as_its_wider_part() -> None:
    long = "+".join("abcdefgh"[i] for i in range(8))
    assert len(broken(rf"y = \frac{{{long}}}{{{long}}} + \frac{{{long}}}{{{long}}}")) == 1
    assert len(broken(rf"y = {long} + {long} + {long} + {long}")) > 1


@pytest.mark.parametrize(
    ("latex", "part"),
    [
        (r"x = -y", '<mo form="prefix">\N{MINUS SIGN}</mo>'),
        (r"\left(- x\right)", '<mo form="prefix">\N{MINUS SIGN}</mo>'),
        (r"A_\mathrm{high}", "<mi>high</mi>"),
        (r"\operatorname{exprel}\left(x\right)", "<mi>exprel</mi>"),
        (r"\Delta h", '<mi mathvariant="normal">Δ</mi>'),
        (r"c_<", "&lt;"),
        (r"1/\tau", '<mo lspace="0" rspace="0">/</mo>'),
        (r"\dot x", "<mover><mi>x</mi>"),
        (r"\lvert x\rvert^2", "<msup><mrow><mo"),
    ],
)
def test_formulas_are_set_as_a_typesetter_would(latex, part) -> None:
    assert part in mathml((latex,))


def test_a_command_without_mathml_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"there is no MathML for \\nosuch in a\\nosuch b: write it in other commands"):
        mathml((r"a\nosuch b",))


def test_an_invariant_of_functions_that_are_written_accurately_is_constant() -> None:
    text = render(chapters(theories()["growing_rates"]))
    assert (
        text.index("Constant along every trajectory:") < text.index(r"J = - \frac") < text.index(r"\Gamma = \lvert b")
    )
    assert "Zero along every trajectory" not in text


@pytest.mark.parametrize("form", FORMATS)
def test_a_theory_of_matrices_says_what_it_is_made_of_and_how_it_moves(form) -> None:
    theory = collective()
    text = render([CheckedTheory(theory, tuple((step, None) for step in theory.derivation.steps))], form)
    assert "The equations of motion of" in text
    assert "hidden representations, a row for each point" in text
    assert "What is measured of the pair" not in text
    if form != "html":
        assert r"\frac{d}{d t} H = - \frac{\tau_h^{-1}}{N} K E D" in text


def test_a_theory_of_matrices_rests_on_the_pair() -> None:
    found = [
        CheckedTheory(theory, tuple((step, None) for step in theory.derivation.steps))
        for theory in (two_point(), collective())
    ]
    text = render(found)
    _, second = text.split("## 2. All points of a data set at once")
    assert "It rests on what is proved above: A network of one hidden unit (1." in second
    assert "The exact trajectory (1." in second
    assert text.count("The exact trajectory ✓") == 1
