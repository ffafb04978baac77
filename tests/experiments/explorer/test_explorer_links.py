"""Links and presets lead to every setting of the explorer, or say why not."""

from urllib.parse import unquote

import pytest
from explored import BEGIN, MINUS, NUMBERS, assert_same
from repdyn.experiments.explorer.presets import PRESETS


@pytest.mark.parametrize(
    ("fragment", "said"),
    [
        ("#dh2=-1", "|Δh|² must be positive, got -1"),
        ("#dh2=one", "|Δh|² must be a number"),
        ("#dh2=", "|Δh|² must be a number"),
        ("#colour=red", "it sets “colour”, which this page does not have"),
        ("#%E0%A4%A=1", "it sets “%E0%A4%A”, which this page does not have"),
        ("#w=5", f"w must be from {MINUS}3.81e{MINUS}5 to 3.82e{MINUS}5, as |Δy·Δy*| is at most |Δy||Δy*|"),
        ("#data=mnist", "data must be one of xor, digits, got mnist"),
        ("#trajectory=1", "trajectory must be one of 0, got 1"),
    ],
)
def test_a_link_that_cannot_be_shown_says_so(opened, fragment, said) -> None:
    page = opened(fragment)
    words = page.evaluate("document.getElementById('link-fault').textContent")
    assert said in words
    assert words.startswith("This link cannot be shown: ")
    assert_same(page.evaluate(NUMBERS), PRESETS[0].settings())


def test_a_link_holds_every_setting(opened) -> None:
    page = opened(BEGIN + "&data=xor&place=0.25&growth_h=0.01")
    page.wait("location.hash.includes('trajectory')")
    held = page.evaluate("location.hash")
    page.wait("document.getElementById('code').textContent")
    seen = page.evaluate(NUMBERS)
    assert opened(held).evaluate(NUMBERS) == seen
    assert page.evaluate("document.querySelector('[data-choice=data]').value") == "xor"
    assert page.evaluate("document.getElementById('growth_h').checkVisibility()")
    assert unquote(held) == held


def test_presets_are_pressed(opened) -> None:
    page = opened()
    for preset in PRESETS:
        page.evaluate(f"document.querySelector('[data-preset={preset.name}]').click()")
        page.frames(3)
        assert_same(page.evaluate(NUMBERS), preset.settings())
        pressed = page.evaluate("[...document.querySelectorAll('[aria-pressed=true]')].map((x) => x.dataset.preset)")
        assert pressed == [preset.name]
        assert opened(f"#{preset.name}").evaluate("document.getElementById('link-fault').textContent") == ""
