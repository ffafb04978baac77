"""Everything on the explorer moves what it should, by keyboard and by pointer, and refuses what cannot be."""

import math

import pytest
from explored import BEGIN, MINUS, NUMBERS, SETTINGS, set_field, tall
from repdyn.numeric import Pair, Rates, State, regime_number

SLIDERS = (
    *("dh2", "dy2", "w", "dx2", "dy2_target", "rate_h", "rate_y", "growth_h", "growth_y"),
    *("mean_error", "rate_mean", "steps", "place", "begin"),
)

DRAWN = """(names) => names.map((name) => document.querySelector(`[data-figure="${name}"]`)
  .innerHTML.replaceAll(/plot-clip-\\d+/g, ""))"""
OF_THE_PAIR = {"dh2", "dy2", "w", "loss", "phase", "line", "hidden", "outputs", "network"}
MOVED = {
    "steps": OF_THE_PAIR - {"phase"},
    "mean_error": {"loss"},
    "rate_mean": {"loss"},
    "growth_h": {"dh2", "dy2", "w", "loss", "modes"},
    "growth_y": {"dh2", "dy2", "w", "loss", "modes"},
    "place": {"points", "modes"},
    "begin": {"points", "modes"},
    "rate_h": {"dh2", "dy2", "w", "loss", "phase", "line", "hidden", "outputs", "network", "modes"},
    "rate_y": {"dh2", "dy2", "w", "loss", "phase", "line", "hidden", "outputs", "network", "modes"},
}
FIGURES = (*sorted(OF_THE_PAIR), "points", "modes")


def test_every_control_moves_what_it_should_by_keyboard(opened) -> None:
    page = opened(BEGIN)
    tall(page)
    before = page.evaluate(f"({DRAWN})({list(FIGURES)})")
    for name in SLIDERS:
        page.evaluate(f"document.getElementById('{name}-slider').focus()")
        for _ in range(8):
            page.key("ArrowRight")
        page.frames(3)
        after = page.evaluate(f"({DRAWN})({list(FIGURES)})")
        moved = {figure for figure, one, other in zip(FIGURES, before, after, strict=True) if one != other}
        wanted = MOVED.get(name, OF_THE_PAIR)
        assert wanted <= moved, name
        if name in ("mean_error", "rate_mean", "place", "begin"):
            assert moved == wanted, name
        before = after


def test_the_cursor_moves_what_shows_the_present(opened) -> None:
    page = opened(BEGIN)
    tall(page)
    before = page.evaluate(f"({DRAWN})({list(FIGURES)})")
    page.evaluate("document.getElementById('step-slider').focus()")
    page.key("ArrowRight")
    page.frames(3)
    after = page.evaluate(f"({DRAWN})({list(FIGURES)})")
    assert {x for x, one, other in zip(FIGURES, before, after, strict=True) if one != other} == set(FIGURES) - {"phase"}


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("dh2", "-1", "|Δh|² must be positive, got -1"),
        ("dh2", "0", "|Δh|² must be positive, got 0"),
        ("dy2_target", "-2", "|Δy*|² must not be negative, got -2"),
        ("rate_h", "0", "1/τ_h must be positive, got 0"),
        ("place", "1.5", "place must be from 0 to 1, got 1.5"),
        ("step", "1e9", "step must be from 0 to 600, got 1000000000"),
        ("w", "7", f"w must be from {MINUS}0.108 to 0.208, as |Δy·Δy*| is at most |Δy||Δy*| (Cauchy-Schwarz), got 7"),
    ],
)
def test_what_cannot_be_is_refused_beside_the_control(opened, name, words, said) -> None:
    page = opened(BEGIN)
    before = page.evaluate(NUMBERS)
    assert set_field(page, name, words).startswith(f"{said}. Still shown: ")
    assert page.evaluate(NUMBERS) == before
    assert page.evaluate(f"document.getElementById('{name}').getAttribute('aria-invalid')") == "true"
    page.evaluate("document.activeElement.blur()")
    assert page.evaluate(f"document.getElementById('{name}-fault').hidden")


def test_a_number_that_is_typed_is_taken_to_the_last_digit(opened) -> None:
    page = opened(BEGIN)
    assert not set_field(page, "rate_h", "0.012345678901234567")
    page.wait(f"({SETTINGS}).rate_h === String(0.012345678901234567)")


def test_arrow_keys_move_a_number_as_they_move_its_slider(opened) -> None:
    page = opened(BEGIN)
    page.evaluate("document.getElementById('rate_h').focus()")
    page.key("ArrowUp")
    page.frames(2)
    assert 0.01 < page.evaluate("document.getElementById('rate_h').valueAsNumber") < 0.0105
    page.key("ArrowDown")
    page.key("ArrowDown")
    page.frames(2)
    assert 0.0095 < page.evaluate("document.getElementById('rate_h').valueAsNumber") < 0.01


def test_an_output_that_is_made_longer_keeps_its_angle(opened) -> None:
    page = opened(BEGIN)
    set_field(page, "dy2", "0.2")
    page.wait(f"({SETTINGS}).dy2 === '0.2'")
    cosine = 0.03 / math.sqrt(0.05 * 0.5)
    assert float(page.evaluate(f"({SETTINGS}).w")) == pytest.approx(0.2 - cosine * math.sqrt(0.2 * 0.5))


def box(page, name: str) -> tuple[float, float, float, float]:
    found = page.evaluate(
        f"""(() => {{ const x = document.querySelector('[data-figure="{name}"] svg').getBoundingClientRect();
        return [x.left, x.top, x.width, x.height]; }})()"""
    )
    return tuple(found)


def test_the_start_is_dragged_in_the_phase_diagram(opened) -> None:
    page = opened(BEGIN)
    tall(page)
    left, top, width, height = box(page, "phase")
    page.drag((left + width / 2, top + height / 2), (left + 0.3 * width, top + 0.8 * height))
    page.frames(3)
    page.wait(f"Number(({SETTINGS}).w) !== 0.02")
    found = {name: float(value) for name, value in page.evaluate(SETTINGS).items() if name not in ("data",)}
    assert found["dh2"] == 0.1
    assert found["dy2"] > 0.05
    assert (found["dy2"] - found["w"]) / math.sqrt(found["dy2"] * 0.5) == pytest.approx(-0.77, abs=0.15)
    assert "Δh passes through zero" in page.evaluate("document.getElementById('words').textContent")
    page.evaluate("""document.querySelector('[data-figure="phase"]').focus()""")
    for _ in range(40):
        page.key("ArrowUp")
    page.frames(3)
    assert "zero" not in page.evaluate("document.getElementById('words').textContent")


def test_a_start_that_is_dragged_to_where_its_size_is_too_small_is_larger(opened) -> None:
    page = opened(BEGIN)
    tall(page)
    left, top, width, height = box(page, "phase")
    page.drag((left + width / 2, top + height / 2), (left + 0.9 * width, top + 0.4 * height))
    page.frames(3)
    page.wait(f"Number(({SETTINGS}).dh2) > 1")
    found = {name: float(value) for name, value in page.evaluate(SETTINGS).items() if name not in ("data",)}
    state, rates = State(found["dh2"], found["dy2"], found["w"]), Rates(found["rate_h"], found["rate_y"])
    assert regime_number(state, Pair(found["dx2"], found["dy2_target"]), rates) > 1
    assert page.evaluate("document.getElementById('words').textContent").startswith("lazy")


def test_time_is_dragged_in_a_curve(opened) -> None:
    page = opened(BEGIN)
    tall(page)
    left, top, width, height = box(page, "dy2")
    page.drag((left + width / 2, top + height / 2), (left + width - 14, top + height / 2))
    page.frames(3)
    assert page.evaluate("document.getElementById('step').valueAsNumber") == pytest.approx(600, abs=2)
