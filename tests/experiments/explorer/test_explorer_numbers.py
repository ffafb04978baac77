"""The explorer's numbers are those of Python."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from explored import BEGIN, NUMBERS, assert_same, link, objects, set_field, tall
from repdyn.experiments.explorer.data_sets import data_sets
from repdyn.experiments.explorer.presets import PRESETS
from repdyn.numeric import CollectiveRates, CollectiveState, Kernel, collective_trajectory, integrate

AT_LINKS = """(async (links) => {
  const found = [];
  for (const link of links) {
    const changed = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
    location.hash = link;
    await changed;
    await new Promise(requestAnimationFrame);
    found.push([%s, document.getElementById("link-fault").textContent]);
  }
  return found;
})(%s)"""


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
