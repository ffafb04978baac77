"""The explorer while somebody drags: what a frame takes of the one thread that draws."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from devtools import Tab, tab
from repdyn.experiments.cli import main

from .goal import Goal
from .timing import Spread

_FRAMES = 25
_DRAG = f"""(async () => {{
  const slider = document.getElementById("rate_h-slider");
  for (let i = 0; i < {_FRAMES}; i++) {{
    slider.value = 300 + 12 * i;
    slider.dispatchEvent(new Event("input"));
    await new Promise(requestAnimationFrame);
    await new Promise((resolve) => setTimeout(resolve));
  }}
}})()"""


def _frame() -> Spread:
    """In each turn that of the place on the page, at a desk's and at a phone's width, where it takes longest."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        page = folder / "explorer.html"
        assert main(["explore", "--output", str(page)]) == 0
        with tab(folder) as browser:
            places = [list(_turn(browser, page)) for _ in range(4)][1:]  # what is compiled in the first is none of it
    return Spread.of([max(found) for found in places])


def _turn(browser: Tab, page: Path) -> Iterator[float]:
    for width, height in ((1280, 900), (400, 800)):
        browser.open(f"{page.as_uri()}#growth_h=0.01&growth_y=0.01", width, height)
        browser.wait("document.querySelector('[data-number=end]').value")
        for share in (0.0, 0.3, 0.6, 1.0):
            browser.evaluate(f"scrollTo(0, {share} * document.documentElement.scrollHeight)")
            browser.frames(5)
            before = _thread_time(browser)
            browser.evaluate(_DRAG)
            yield (_thread_time(browser) - before) / _FRAMES


def _thread_time(browser: Tab) -> float:
    browser.call("Performance.enable")
    return {x["name"]: x["value"] for x in browser.call("Performance.getMetrics")["metrics"]}["ThreadTime"]


GOALS = (
    Goal(
        "explorer",
        "`repdyn explore`: a frame while a rate is dragged, growing rates on, where the page takes longest "
        "(processor time of the thread that draws; a thirtieth of a second is 30 frames a second)",
        "",
        "seconds",
        0.033,
        _frame,
    ),
)
