"""The explorer is read, played and taken away: on a phone and on a desk, by day and night."""

from xml.etree import ElementTree

import pytest
from explored import BEGIN


@pytest.mark.parametrize(
    ("fragment", "words"),
    [
        ("#rich", "rich, ends at 1; half is learnt at step 691."),
        ("#agreeing", "agreeing, the points merge."),
        ("#through_zero", "collapsing, ends at 0.1; half is learnt at step 56.2; Δh passes through zero at step 28."),
        ("", "rich, ends at 0.0969; half is learnt at step 1750."),
    ],
)
def test_the_state_is_said_in_words(opened, fragment, words) -> None:
    page = opened(fragment)
    page.wait("document.getElementById('spoken').textContent")
    assert page.evaluate("document.getElementById('words').textContent") == words
    assert page.evaluate("document.getElementById('spoken').textContent").startswith(f"{words} At step ")
    assert page.evaluate("document.getElementById('spoken').getAttribute('aria-live')") == "polite"
    unnamed = "[...document.querySelectorAll('input, select, button')].filter((x) => !x.labels?.length && !x.ariaLabel"
    assert page.evaluate(f"{unnamed} && !x.textContent).length") == 0
    assert page.evaluate("[...document.querySelectorAll('[data-figure] svg')].every((x) => x.ariaLabel)")


def test_it_plays_and_pauses(opened) -> None:
    page = opened(BEGIN.replace("step=200", "step=600"))
    page.evaluate("document.getElementById('play').click()")
    page.wait(
        "document.getElementById('step').valueAsNumber > 5 && document.getElementById('step').valueAsNumber < 500"
    )
    assert page.evaluate("document.getElementById('play').textContent") == "Pause"
    page.evaluate("document.getElementById('play').click()")
    page.frames(2)
    stood = page.evaluate("document.getElementById('step').value")
    page.frames(5)
    assert page.evaluate("document.getElementById('step').value") == stood
    assert page.evaluate("document.getElementById('play').textContent") == "Play"


def test_with_reduced_motion_it_plays_in_steps(opened) -> None:
    page = opened(BEGIN.replace("step=200", "step=0"), prefers_reduced_motion="reduce")
    page.evaluate("document.getElementById('play').click()")
    page.frames(10)
    assert page.evaluate("document.getElementById('step').valueAsNumber") in (0, 60)
    page.wait("document.getElementById('step').valueAsNumber === 60")
    page.evaluate("document.getElementById('play').click()")


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_a_desk_by_day_and_night(opened, width, scheme) -> None:
    page = opened("#collapsing", width, prefers_color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper, ink = page.evaluate(
        """["background-color", "color"].map((name) => d3.hcl(getComputedStyle(document.documentElement)
        .getPropertyValue(name)).l)"""
    )
    assert (paper > ink) == (scheme == "light")
    assert abs(paper - ink) > 70
    small = "[...document.querySelectorAll('body *')].filter((x) => x.childNodes.length && x.offsetParent"
    assert page.evaluate(f"{small} && parseFloat(getComputedStyle(x).fontSize) < 11).length") == 0


@pytest.mark.parametrize("name", ["all", "dh2", "phase", "points"])
def test_a_figure_is_taken_away(opened, name, tmp_path) -> None:
    page = opened(BEGIN)
    page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.evaluate(f"document.getElementById('export-figure').value = '{name}'")
    for kind in ("svg", "png"):
        page.evaluate(f"document.getElementById('export-{kind}').click()")
        file = tmp_path / f"repdyn-{name}.{kind}"
        page.evaluate("0")
        for _ in range(500):
            if file.exists():
                break
            page.frames(1)
        content = file.read_bytes()
        if kind == "png":
            assert content.startswith(b"\x89PNG")
            assert len(content) > 5_000
        else:
            assert b"var(--" not in content
            drawing = ElementTree.fromstring(content)
            words = [x.text for x in drawing.iter("{http://www.w3.org/2000/svg}text")]
            assert ("Conserved line of |Δh|²" in words) == (name == "all")
            assert len(list(drawing.iter("{http://www.w3.org/2000/svg}path"))) >= (10 if name == "all" else 1)
