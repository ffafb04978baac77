"""What the explorer's page is made of."""

import hashlib
import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from repdyn.experiments import compare, explorer
from repdyn.experiments.cli import main
from repdyn.experiments.explorer import recorded
from repdyn.experiments.explorer.data_sets import data_sets, shared_modes
from repdyn.experiments.explorer.formulas import formulas
from repdyn.experiments.explorer.page import LIBRARIES, SCRIPTS
from repdyn.experiments.explorer.presets import PRESETS
from repdyn.experiments.explorer.trajectories import MOST_PAIRS, SAMPLES
from repdyn.numeric import Kernel, Pair, Rates, State, crossing_time, final_distance, regime_number, trajectory

HERE = Path(explorer.__file__).parent
PRESET = {preset.name: preset for preset in PRESETS}
RATES = Rates(0.01, 0.02)


def table(pairs: int = 1, steps: int = 100, **columns: object) -> pd.DataFrame:
    t = np.linspace(0, 2000, steps)
    path = trajectory(t, State(0.01, 0.001, -0.01), Pair(1.0, 0.5), RATES)
    one = {"step": t, **vars(path), "dx2": 1.0, "dy2_target": 0.5, **columns}
    return pd.concat([pd.DataFrame({"pair": str(i), **one}) for i in range(pairs)])


def test_the_page_needs_nothing_else(explorer) -> None:
    page = explorer.read_text("utf-8")
    assert explorer.stat().st_size < 1_500_000
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=(?!\"data:)", page)
    assert "{{" not in page[: page.index('<script type="application/json"')]


def test_the_libraries_are_those_of_their_makers() -> None:
    known = tomllib.loads((HERE / "vendor" / "vendor.toml").read_text("utf-8"))
    assert tuple(library["file"] for library in known.values()) == LIBRARIES
    for name, library in known.items():
        content = (HERE / "vendor" / library["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == library["sha256"]
        assert f"v{library['version']} Copyright" in content[:100].decode()
        assert "Permission to use" in (HERE / "vendor" / f"{name}.LICENSE").read_text("utf-8")


def test_every_script_is_in_the_page() -> None:
    assert sorted(SCRIPTS) == sorted(path.stem for path in HERE.glob("*.js"))


def test_every_formula_is_used() -> None:
    scripts = "".join((HERE / f"{name}.js").read_text("utf-8") for name in SCRIPTS)
    assert {f.name for f in formulas()} == set(re.findall(r"theory\.(\w+)\(", scripts))


@pytest.mark.parametrize("preset", PRESETS, ids=lambda x: x.name)
def test_a_preset_is_shown_until_it_is_near_its_end(preset) -> None:
    last = trajectory(preset.steps, preset.start, preset.pair, preset.rates)
    end = final_distance(preset.start, preset.pair, preset.rates)
    assert abs(last.dh2 - end) < 0.15 * max(preset.start.dh2, end)


def test_a_preset_is_what_it_is_called() -> None:
    numbers = {name: regime_number(x.start, x.pair, x.rates) for name, x in PRESET.items()}
    assert abs(numbers["default"]) < 1
    assert abs(numbers["rich"]) < 1
    assert numbers["lazy"] > 1
    assert numbers["collapsing"] < -1
    assert PRESET["agreeing"].pair.dy2 == 0
    crossing = {name for name, x in PRESET.items() if np.isfinite(crossing_time(x.start, x.pair, x.rates))}
    assert crossing == {"through_zero"}


def test_the_default_is_the_fit_of_the_default_network() -> None:
    frame = pd.read_parquet(Path(__file__).parents[2] / "data" / "default.parquet")
    (found,) = compare(frame)
    preset = PRESET["default"]
    for mine, fitted in ((preset.rates, found.fit.rates), (preset.start, found.observed[0])):
        assert list(vars(mine).values()) == pytest.approx(list(vars(fitted).values()), rel=5e-3)


@pytest.mark.parametrize("data_set", data_sets(), ids=lambda x: x.name)
def test_modes_are_those_of_kernel_and_targets(data_set) -> None:
    vectors = data_set.vectors
    assert vectors.T @ vectors == pytest.approx(np.eye(vectors.shape[1]), abs=1e-12)
    assert vectors.sum(0) == pytest.approx(0.0, abs=1e-12)
    assert data_set.eigenvalues.mean() == pytest.approx(1.0)
    assert (np.diff(data_set.eigenvalues) <= 1e-12).all()
    assert len(data_set.thumbnails) in (0, len(data_set.points))


def test_xor_has_one_mode_to_learn_and_each_digit_its_own_class() -> None:
    xor, digits = data_sets()
    assert xor.targets == pytest.approx([0.0, 0.0, 1.0])
    assert xor.vectors[:, 2] == pytest.approx([0.5, -0.5, -0.5, 0.5])
    assert digits.targets == pytest.approx(np.ones(7))


def test_modes_that_mix_are_refused() -> None:
    with pytest.raises(ValueError, match="kernel and targets must have their eigenvectors in common, got modes that"):
        shared_modes(Kernel([[2.0, 0.0], [0.0, 2.0], [3.0, 1.0], [0.0, 0.0]]), np.array([[1.0], [0.0], [0.0], [0.0]]))


def test_a_trajectory_is_taken_with_its_fit() -> None:
    (found,) = recorded(table(loss=0.5))
    assert (found.label, found.message) == ("pair 0", "")
    assert (found.settings["rate_h"], found.settings["rate_y"]) == pytest.approx((RATES.h, RATES.y))
    assert found.settings["steps"] == found.t[-1] == 2000
    assert found.dh2[0] == found.settings["dh2"] == 0.01
    assert len(found.loss) == found.samples == 100


def test_a_long_trajectory_is_thinned_out_and_gaps_stay_gaps() -> None:
    frame = table(steps=3 * SAMPLES, loss=np.where(np.arange(3 * SAMPLES) < 3, 0.5, np.nan))
    (found,) = recorded(frame)
    assert len(found.t) == len(found.loss) == SAMPLES
    assert (found.t[0], found.t[-1], found.samples) == (0, 2000, 3 * SAMPLES)
    assert found.loss[-1] is None
    json.dumps(found.values(), allow_nan=False)


def test_what_cannot_be_fitted_says_why() -> None:
    frame = pd.concat([table(), table().assign(pair="still", dh2=0.0)])
    good, bad = recorded(frame)
    assert good.settings
    assert not bad.settings
    assert "dh2" in bad.message
    with pytest.raises(ValueError, match=r"no trajectory could be fitted: .*dh2"):
        recorded(table().assign(dh2=0.0))


def test_too_many_trajectories_are_refused() -> None:
    with pytest.raises(ValueError, match=rf"at most {MOST_PAIRS} trajectories, got {MOST_PAIRS + 1}; choose a layer"):
        recorded(table(MOST_PAIRS + 1, 4))


def test_a_label_cannot_end_the_script(tmp_path) -> None:
    frame = table(label=0).assign(pair="</script><b>{{title}}")
    frame.to_csv(tmp_path / "mine.csv", index=False)
    page = tmp_path / "explorer.html"
    assert main(["explore", "--trajectory", str(tmp_path / "mine.csv"), "--output", str(page)]) == 0
    assert "</script><b>" not in page.read_text("utf-8")
    assert r"\u003c/script>\u003cb>{{title}}" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--output", "page.txt"], "--output must be a file that ends in .html, got page.txt"),
        (["--dx2", "1"], "--dx2 is of a --trajectory, and none was given"),
        (["--trajectory", "nowhere.csv"], "there is no file nowhere.csv"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(words, said, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explore", *words]) == 2
    assert capsys.readouterr().err == f"repdyn: {said}\n"
    assert not list(tmp_path.rglob("*.html"))


def test_a_trajectory_without_a_fit_is_named(capsys, tmp_path) -> None:
    pd.concat([table(), table().assign(pair="still", dh2=0.0)]).to_csv(tmp_path / "mine.csv", index=False)
    words = ["--trajectory", str(tmp_path / "mine.csv"), "--output", str(tmp_path / "page.html")]
    assert main(["explore", *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("pair still could not be fitted: ")
    assert lines[1] == f"written to {tmp_path / 'page.html'}: open it in a browser"


def test_a_fit_that_is_no_success_is_doubted(opened, capsys, tmp_path) -> None:
    """On the command line and on the page: a distance that is at once at its end and falls back is not the theory's."""
    frame = table()
    frame.loc[1:, "dh2"] = frame["dh2"].to_numpy()[:0:-1]
    frame.to_csv(tmp_path / "mine.csv", index=False)
    path = tmp_path / "page.html"
    assert main(["explore", "--trajectory", str(tmp_path / "mine.csv"), "--output", str(path)]) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("pair 0: the fit is no success: ")
    assert "The theory does not describe this trajectory" in line
    page = opened(page=path)
    page.wait("document.getElementById('recorded-words').textContent")
    words = page.evaluate("document.getElementById('recorded-words').textContent")
    assert words.endswith(f"The fit that the page began with is no success: {line.partition('no success: ')[2]}")
