"""Generated code is kept between processes, and nothing that can happen to it is an error."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sympy as sp
from repdyn.numeric import cache, compile, compile_program, compiled
from repdyn.symbolic import Program, two_point

x, y = sp.symbols("x y")
DOUBLE = Program((x,), {}, {y: 2 * x})
SQUARE = Program((x,), {}, {y: x**2})

FRESH = """
import sys
import repdyn.numeric
from repdyn.numeric import Pair, Rates, State, trajectory
function = repdyn.numeric.compile("two_point", "solution")
end = trajectory(1e6, State(1e-3, 0.0, 0.0), Pair(1.0, 0.5), Rates(1e-2, 1e-2))
print(repr(function.source), end.dh2)
print(*sys.modules)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("REPDYN_CACHE", str(tmp_path / "own"))
    return tmp_path / "own"


def only(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def is_kept(folder: Path) -> bool:
    """Whether a changed record is what the next compilation returns."""
    compile_program("f", DOUBLE)
    path = only(folder)
    kept = cache.read(path.stem)
    cache.write(path.stem, {**kept, "source": "# from the cache"})
    return compile_program("f", DOUBLE).source == "# from the cache"


def test_the_second_process_neither_derives_nor_loads_sympy(folder) -> None:
    def run():
        done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=True)
        found, modules = done.stdout.splitlines()
        return found, {"sympy", "mpmath", "scipy.optimize", "scipy.integrate"} & set(modules.split())

    first, loaded = run()
    second, loaded_again = run()
    assert first == second
    assert "sympy" in loaded
    assert not loaded_again


def test_what_is_kept_is_read_again(folder) -> None:
    assert is_kept(folder)
    assert compile_program("f", SQUARE).source != "# from the cache"
    assert compile_program("f", DOUBLE, "c").source != "# from the cache"


@pytest.mark.parametrize("ask", ["name", "theory"])
def test_theories_are_kept_by_name_and_by_what_they_are(folder, ask) -> None:
    theory = {"name": "two_point", "theory": two_point()}[ask]
    compiled._compiled.cache_clear()
    function = compile(theory, "rhs")
    path = only(folder)
    cache.write(path.stem, {**cache.read(path.stem), "source": "# from the cache"})
    assert compile(theory, "rhs") is function
    compiled._compiled.cache_clear()
    assert compile(theory, "rhs").source == "# from the cache"
    assert compile(theory, "readout") != function
    assert compile(theory, "rhs", "torch").backend == "torch"
    compiled._compiled.cache_clear()


DAMAGES = {
    "empty": lambda text: "",
    "cut": lambda text: text[: len(text) // 2],
    "no JSON": lambda text: "import os",
    "another shape": lambda text: "[1, 2]",
    "no record": lambda text: "{}",
    "changed": lambda text: text.replace("2*x", "3*x"),
    "another's": lambda text: json.dumps({**json.loads(text), "checksum": "0" * 64}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_generated_and_written_again(folder, damage) -> None:
    function = compile_program("f", DOUBLE)
    path = only(folder)
    whole = path.read_text("utf-8")
    path.write_text(DAMAGES[damage](whole), "utf-8")
    assert path.read_text("utf-8") != whole
    assert compile_program("f", DOUBLE) == function
    assert path.read_text("utf-8") == whole


def test_a_record_under_another_name_is_not_taken(folder) -> None:
    compile_program("f", DOUBLE)
    double = only(folder)
    text = double.read_text("utf-8")
    double.unlink()
    square = compile_program("f", SQUARE)
    only(folder).write_text(text, "utf-8")
    assert compile_program("f", SQUARE) == square


def test_bytes_that_are_no_text_are_no_error(folder) -> None:
    function = compile_program("f", DOUBLE)
    only(folder).write_bytes(b"\xff\xfe\x00")
    assert compile_program("f", DOUBLE) == function


def test_a_folder_in_place_of_a_record_is_no_error(folder) -> None:
    function = compile_program("f", DOUBLE)
    path = only(folder)
    path.unlink()
    (path / "inside").mkdir(parents=True)
    assert compile_program("f", DOUBLE) == function


def test_a_file_in_place_of_the_folder_is_no_error(folder) -> None:
    folder.write_text("in the way", "utf-8")
    assert compile_program("f", DOUBLE)(3.0) == (6.0,)
    assert folder.read_text("utf-8") == "in the way"


def test_a_folder_that_cannot_be_made_is_no_error(monkeypatch) -> None:
    monkeypatch.setenv("REPDYN_CACHE", "/proc/none/of/this")
    assert compile_program("f", DOUBLE)(3.0) == (6.0,)


def test_a_user_without_a_home_is_no_error(monkeypatch) -> None:
    def homeless(_):
        raise RuntimeError("Could not determine home directory.")

    for name in ("REPDYN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "expanduser", homeless)
    assert compile_program("f", DOUBLE)(3.0) == (6.0,)


def test_a_write_that_fails_leaves_nothing_behind(folder, monkeypatch) -> None:
    def full(*_):
        raise OSError("no space left on device")

    folder.mkdir(mode=0o700)
    monkeypatch.setattr(os, "replace", full)
    assert compile_program("f", DOUBLE)(3.0) == (6.0,)
    assert not list(folder.iterdir())


def test_the_folder_is_the_users_own(folder) -> None:
    compile_program("f", DOUBLE)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_nothing_is_read_where_others_may_write(folder, mode) -> None:
    assert is_kept(folder)
    folder.chmod(mode)
    assert compile_program("f", DOUBLE).source != "# from the cache"
    folder.chmod(0o755)
    assert compile_program("f", DOUBLE).source == "# from the cache"


def test_nothing_is_read_from_the_folder_of_another_user(folder, monkeypatch) -> None:
    assert is_kept(folder)
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    assert compile_program("f", DOUBLE).source != "# from the cache"


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"REPDYN_CACHE": "{0}/a", "XDG_CACHE_HOME": "{0}/b"}, "a"),
        ({"XDG_CACHE_HOME": "{0}/b"}, "b/repdyn"),
        ({"REPDYN_CACHE": "", "XDG_CACHE_HOME": ""}, "home/.cache/repdyn"),
    ],
)
def test_the_folder_is_where_the_user_wants_it(variables, place, tmp_path, monkeypatch) -> None:
    for name in ("REPDYN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    compile_program("f", DOUBLE)
    assert only(tmp_path / place).suffix == ".json"


def test_the_fingerprint_is_that_of_every_file(tmp_path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    for part in (first, second / "below"):
        part.mkdir(parents=True)
    (first / "a.py").write_text("1", "utf-8")
    (second / "below" / "b.py").write_text("2", "utf-8")
    found = [cache.fingerprint(first, second)]
    assert cache.fingerprint(first, second) == found[0]
    (second / "below" / "b.py").write_text("3", "utf-8")
    found.append(cache.fingerprint(first, second))
    (first / "c.py").write_text("", "utf-8")
    found.append(cache.fingerprint(first, second))
    (first / "c.py").rename(first / "d.py")
    found.append(cache.fingerprint(first, second))
    (first / "d.py").rename(second / "d.py")
    found.append(cache.fingerprint(first, second))
    assert len(set(found)) == len(found)


def test_the_fingerprint_is_that_of_the_versions_too(tmp_path, monkeypatch) -> None:
    found = {cache.fingerprint(tmp_path)}
    for package in ("repdyn", "sympy"):
        monkeypatch.setattr(cache.metadata, "version", lambda name, package=package: "new" * (name == package))
        found.add(cache.fingerprint(tmp_path))
    assert len(found) == 3
