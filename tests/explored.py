"""The explorer's page in a browser: how tests set it, and the numbers that it must show."""

from repdyn.numeric import Pair, Rates, State, final_distance, loss_curve, regime_number, trajectory

MINUS = "\N{MINUS SIGN}"
NAMES = ("dh2", "dy2", "w", "loss", "end", "regime")

NUMBERS = """Object.fromEntries([...document.querySelectorAll("data[data-number]")].map(
  (element) => [element.dataset.number, element.value]))"""

SETTINGS = """Object.fromEntries(location.hash.slice(1).split("&").map((word) => word.split("=")))"""


def link(settings: dict[str, float]) -> str:
    """The fragment that sets the page."""
    return "#" + "&".join(f"{name}={value!r}" for name, value in settings.items())


def objects(settings: dict[str, float]) -> tuple[State, Pair, Rates]:
    start = State(settings["dh2"], settings["dy2"], settings["w"])
    pair = Pair(settings["dx2"], settings["dy2_target"])
    return start, pair, Rates(settings["rate_h"], settings["rate_y"])


def in_python(settings: dict[str, float]) -> dict[str, float]:
    """What the page must show at some settings."""
    start, pair, rates = objects(settings)
    state = trajectory(settings["step"], start, pair, rates)
    loss = loss_curve(settings["step"], state, pair, settings["mean_error"], settings["rate_mean"])
    ends = final_distance(start, pair, rates), regime_number(start, pair, rates)
    return dict(zip(NAMES, (state.dh2, state.dy2, state.w, loss, *ends), strict=True))


def assert_same(page: dict[str, str], settings: dict[str, float]) -> None:
    """The numbers of the page are those of Python to 1e-12: w against dy2 and the product of dy with its target."""
    wanted = in_python(settings)
    size = {name: abs(value) for name, value in wanted.items()}
    size["w"] = wanted["dy2"] + abs(wanted["dy2"] - wanted["w"])
    size["loss"] += size["w"]
    for name in NAMES:
        found = float(page[name].replace("Infinity", "inf"))
        assert found == wanted[name] or abs(found - wanted[name]) <= 1e-12 * size[name], (name, settings)


BEGIN = "#dh2=0.1&dy2=0.05&w=0.02&dx2=1&dy2_target=0.5&rate_h=0.01&rate_y=0.01&mean_error=1&steps=600&step=200"


def tall(page) -> None:
    """Make the window so tall that every figure is in sight."""
    page.call("Emulation.setDeviceMetricsOverride", width=1280, height=3200, deviceScaleFactor=1, mobile=False)
    page.evaluate("document.querySelectorAll('details').forEach((x) => { x.open = true; })")
    page.frames(4)


def set_field(page, name: str, words: str) -> str:
    """Write into a field, and return what stands beside it."""
    page.evaluate(f"document.getElementById('{name}').focus(); document.getElementById('{name}').select()")
    page.write(words)
    page.frames(3)
    return page.evaluate(f"document.getElementById('{name}-fault').textContent")
