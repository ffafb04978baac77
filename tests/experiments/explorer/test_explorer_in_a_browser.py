"""The explorer in a real browser: its numbers are those of Python, and everything on it does what it should."""

import math
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
from repdyn.experiments.explorer.data_sets import data_sets
from repdyn.experiments.explorer.presets import PRESETS
from repdyn.numeric import (
    CollectiveRates,
    CollectiveState,
    Kernel,
    Pair,
    Rates,
    State,
    collective_trajectory,
    final_distance,
    integrate,
    loss_curve,
    regime_number,
    trajectory,
)

MINUS = "\N{MINUS SIGN}"
NAMES = ("dh2", "dy2", "w", "loss", "end", "regime")

NUMBERS = """Object.fromEntries([...document.querySelectorAll("data[data-number]")].map(
  (element) => [element.dataset.number, element.value]))"""

AT_LINKS = """(async (links) => {
  const found = [];
  for (const link of links) {
    const changed = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
    location.hash = link;
    await changed;
    await new Promise((resolve) => setTimeout(resolve, 55)); // a browser takes no more than 200 links in 10 seconds
    await new Promise(requestAnimationFrame);
    found.push([%s, document.getElementById("link-fault").textContent]);
  }
  return found;
})(%s)"""

SETTINGS = """Object.fromEntries(location.hash.slice(1).split("&").map((word) => word.split("=")))"""


def link(settings: dict[str, float]) -> str:
    return "#" + "&".join(f"{name}={value!r}" for name, value in settings.items())


def random_settings(count: int) -> list[dict[str, float]]:
    """Settings over many decades, the bounds of Cauchy-Schwarz and pairs that agree among them."""
    draw = np.random.default_rng(15)
    found = []
    for i in range(count):
        dh2, dy2, dx2, target, rate_h, rate_y = (10 ** draw.uniform(-3, 1, 6)).tolist()
        target = 0.0 if i % 10 == 0 else target
        cosine = (-1.0, 1.0, 0.0)[i % 5] if i % 5 < 3 else float(draw.uniform(-1, 1))
        w = dy2 - cosine * math.sqrt(dy2) * math.sqrt(target)
        steps = float(10 ** draw.uniform(0, 4))
        values = {"dh2": dh2, "dy2": dy2, "w": w, "dx2": dx2, "dy2_target": target, "rate_h": rate_h, "rate_y": rate_y}
        rest = {"mean_error": float(draw.uniform(0, 2)), "rate_mean": 0.01, "steps": steps}
        found.append({**values, **rest, "step": steps * float(draw.uniform(0, 1))})
    return found


def objects(settings: dict[str, float]) -> tuple[State, Pair, Rates]:
    start = State(settings["dh2"], settings["dy2"], settings["w"])
    pair = Pair(settings["dx2"], settings["dy2_target"])
    return start, pair, Rates(settings["rate_h"], settings["rate_y"])


def in_python(settings: dict[str, float]) -> dict[str, float]:
    start, pair, rates = objects(settings)
    state = trajectory(settings["step"], start, pair, rates)
    loss = loss_curve(settings["step"], state, pair, settings["mean_error"], settings["rate_mean"])
    ends = final_distance(start, pair, rates), regime_number(start, pair, rates)
    return dict(zip(NAMES, (state.dh2, state.dy2, state.w, loss, *ends), strict=True))


def assert_same(page: dict[str, str], settings: dict[str, float]) -> None:
    wanted = in_python(settings)
    size = {name: abs(value) for name, value in wanted.items()}
    size["w"] = wanted["dy2"] + abs(wanted["dy2"] - wanted["w"])
    size["loss"] += size["w"]
    for name in NAMES:
        found = float(page[name].replace("Infinity", "inf"))
        assert found == wanted[name] or abs(found - wanted[name]) <= 1e-12 * size[name], (name, settings)


def test_the_numbers_are_those_of_trajectory(opened) -> None:
    page = opened()
    page.call("Emulation.setDeviceMetricsOverride", width=1280, height=150, deviceScaleFactor=1, mobile=False)
    page.evaluate("scrollTo(0, 1e6)")  # no figure is in sight, none is drawn
    chosen = [preset.settings() | {"step": preset.steps / 3} for preset in PRESETS] + random_settings(200)
    found = page.evaluate(AT_LINKS % (NUMBERS, [link(settings) for settings in chosen]))
    for (numbers, fault), settings in zip(found, chosen, strict=True):
        assert not fault
        assert_same(numbers, settings)


def test_growing_rates_are_integrated_as_in_python(opened) -> None:
    growth = {"growth_h": 0.05, "growth_y": 0.02}
    chosen = [preset.settings() | growth | {"step": preset.steps / 2} for preset in PRESETS]
    page = opened()
    found = page.evaluate(AT_LINKS % (NUMBERS, [link(settings) for settings in chosen]))
    for (numbers, _), settings in zip(found, chosen, strict=True):
        start, pair, rates = objects(settings)
        growing = {"rate_h": rates.h, "rate_y": rates.y, **growth}
        wanted = integrate(settings["step"], start, pair, growing, theory="growing_vectors")
        size = max(wanted.dh2, wanted.dy2, abs(wanted.w))
        for name in ("dh2", "dy2", "w"):
            assert abs(float(numbers[f"growing_{name}"]) - getattr(wanted, name)) <= 1e-7 * size


def test_rates_that_are_too_fast_for_the_integrator_are_said(opened) -> None:
    page = opened("#dh2=1&dy2=1&w=1&rate_h=1e-5&rate_y=1e-5&growth_h=1e3&growth_y=1e3&steps=1e6&step=0")
    words = page.evaluate("document.getElementById('words').textContent")
    assert "with growing rates too fast to integrate over so many steps" in words
    tall(page)
    page.wait("document.getElementById('data-set-words').textContent")
    assert "too fast to integrate" in page.evaluate("document.getElementById('data-set-words').textContent")


@pytest.mark.parametrize("growth", [{}, {"growth_h": 0.01, "growth_y": 0.02}], ids=["constant", "growing"])
@pytest.mark.parametrize("data_set", data_sets(), ids=lambda x: x.name)
def test_modes_are_those_of_the_whole_flow(opened, data_set, growth) -> None:
    """Against the matrix flow of all points, from a balanced start in which each mode has a hidden unit of its own."""
    begin, place = 0.01, 0.4
    settings = {"rate_h": 0.01, "rate_y": 0.02, **growth, "begin": begin, "place": place, "steps": 100.0, "step": 40.0}
    page = opened(f"{link(settings)}&data={data_set.name}")
    page.wait("document.getElementById('mode-sizes').dataset.step > 0")
    step = float(page.evaluate("document.getElementById('mode-sizes').dataset.step"))
    sizes = page.evaluate("[...document.querySelectorAll('#mode-sizes data')].map((x) => Number(x.value))")
    kappa, vectors = data_set.eigenvalues, data_set.vectors
    slopes = math.sqrt(begin * 0.02 / 0.01) * np.ones(kappa.size)
    start = CollectiveState(vectors * np.sqrt(begin * kappa), np.diag(slopes), np.zeros(kappa.size))
    rates = {"h": 0.02, "y": 0.04}  # a step size is twice the effective rate of a pair
    if growth:
        rates |= {"h1": 8 * growth["growth_h"], "y2": 2 * growth["growth_y"]}
    targets = vectors * data_set.targets
    kernel = Kernel(vectors * np.sqrt(kappa))
    path = collective_trajectory([0.0, step / 2, step], start, kernel, targets, CollectiveRates(**rates))
    outputs = np.einsum("ij,ij->j", vectors, path.outputs(2))
    assert sizes == pytest.approx((kappa ** (1 - place) * outputs ** (2 * place)).tolist(), rel=1e-6, abs=1e-9)


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
BEGIN = "#dh2=0.1&dy2=0.05&w=0.02&dx2=1&dy2_target=0.5&rate_h=0.01&rate_y=0.01&mean_error=1&steps=600&step=200"


def tall(page) -> None:
    """Make the window so tall that every figure is in sight."""
    page.call("Emulation.setDeviceMetricsOverride", width=1280, height=3200, deviceScaleFactor=1, mobile=False)
    page.evaluate("document.querySelectorAll('details').forEach((x) => { x.open = true; })")
    page.frames(4)


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


def set_field(page, name: str, words: str) -> str:
    """Write into a field, and return what stands beside it."""
    page.evaluate(f"document.getElementById('{name}').focus(); document.getElementById('{name}').select()")
    page.write(words)
    page.frames(3)
    return page.evaluate(f"document.getElementById('{name}-fault').textContent")


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


def test_time_is_dragged_in_a_curve(opened) -> None:
    page = opened(BEGIN)
    tall(page)
    left, top, width, height = box(page, "dy2")
    page.drag((left + width / 2, top + height / 2), (left + width - 14, top + height / 2))
    page.frames(3)
    assert page.evaluate("document.getElementById('step').valueAsNumber") == pytest.approx(600, abs=2)


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


@pytest.mark.parametrize("growth", ["", "&growth_h=0.05"])
def test_the_python_code_gives_the_numbers_of_the_page(opened, growth) -> None:
    page = opened(BEGIN + growth)
    page.wait("document.getElementById('code').textContent")
    code = page.evaluate("document.getElementById('code').textContent")
    numbers = page.evaluate(NUMBERS)
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    state, loss, end, *more = done.stdout.splitlines()
    for name, value in zip(("dh2", "dy2", "w", "loss", "end"), (*state.split(), loss, end), strict=True):
        assert float(value) == pytest.approx(float(numbers[name]), rel=1e-12)
    assert bool(more) == bool(growth)
    if growth:
        assert f"dh2={float(numbers['growing_dh2']):.6g}"[:8] in more[0]


def test_a_trajectory_of_ones_own_is_drawn_with_its_residuals(opened, explorer_with_trajectory) -> None:
    from repdyn.experiments import compare
    from repdyn.experiments.results.folder import read_trajectories

    (fitted,) = compare(read_trajectories(Path(__file__).parents[2] / "data" / "default.parquet"))
    page = opened(page=explorer_with_trajectory)
    page.wait("document.getElementById('recorded-words').textContent")
    words = page.evaluate("document.getElementById('recorded-words').textContent")
    assert words.startswith("pair 0, layer network.hidden.10: R² of the samples shown, at the present settings: ")
    for name in ("dh2", "dy2", "w"):
        assert float(words.split(f"{name} ")[1][:5]) == pytest.approx(getattr(fitted.fit.r2, name), abs=0.003)
    tall(page)
    assert page.evaluate("document.querySelectorAll('[data-figure=residuals] svg path').length") >= 3
    before = page.evaluate("document.querySelector('[data-figure=residuals]').innerHTML")
    set_field(page, "rate_h", "0.001")
    assert page.evaluate("document.querySelector('[data-figure=residuals]').innerHTML") != before
    page.evaluate("""(() => { const x = document.querySelector('[data-choice=trajectory]');
      x.value = '0'; x.dispatchEvent(new Event('change')); })()""")
    page.wait("!document.getElementById('recorded-words').textContent")
    page = opened("#lazy", page=explorer_with_trajectory)
    assert page.evaluate("document.querySelector('[data-choice=trajectory]').value") == "0"
    assert_same(page.evaluate(NUMBERS), PRESETS[2].settings())
