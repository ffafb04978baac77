"""Generated code is kept between processes, and nothing that can happen to it is an error."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import sympy as sp
from repdyn.numeric import cache, compile, compile_program, compiled
from repdyn.numeric.languages import BACKENDS
from repdyn.symbolic import Program, two_point

x, y = sp.symbols("x y")
DOUBLE = Program((x,), {}, {y: 2 * x})
SQUARE = Program((x,), {}, {y: x**2})
MARK = "# from the cache\n"

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


def mark(path: Path) -> None:
    """Make it visible whether a record is read."""
    kept = cache.read(path.stem)
    assert kept is not None
    cache.write(path.stem, {**kept, "source": kept["source"] + MARK})


def is_read(backend="numpy") -> bool:
    """Whether the marked record is what the next compilation returns."""
    return compile_program("f", DOUBLE, backend).source.endswith(MARK)


def is_kept(folder: Path, backend="numpy") -> bool:
    compile_program("f", DOUBLE, backend)
    mark(only(folder))
    return is_read(backend)


def give_away(path: Path, monkeypatch) -> None:
    """Let the path belong to another user: in truth where we may, else as far as Python can see."""
    try:
        os.chown(path, os.getuid() + 1, -1, follow_symlinks=False)
    except PermissionError:
        given = os.lstat(path)
        for name in ("stat", "lstat", "fstat"):
            monkeypatch.setattr(os, name, partial(_owned_by_another, getattr(os, name), given))


def _owned_by_another(look, given, *arguments, **options):
    found = look(*arguments, **options)
    if not os.path.samestat(found, given):
        return found
    return os.stat_result((*found[:4], os.getuid() + 1, *found[5:]))


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


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_kept_is_read_again(folder, backend) -> None:
    assert is_kept(folder, backend)
    assert not compile_program("f", SQUARE, backend).source.endswith(MARK)
    assert not any(is_read(other) for other in BACKENDS if other != backend)


@pytest.mark.parametrize("ask", ["name", "theory"])
def test_theories_are_kept_by_name_and_by_what_they_are(folder, ask) -> None:
    theory = {"name": "two_point", "theory": two_point()}[ask]
    compiled._compiled.cache_clear()
    function = compile(theory, "rhs")
    mark(only(folder))
    assert compile(theory, "rhs") is function
    compiled._compiled.cache_clear()
    assert compile(theory, "rhs").source == function.source + MARK
    assert compile(theory, "readout") != function
    assert compile(theory, "rhs", "torch").backend == "torch"
    compiled._compiled.cache_clear()


DAMAGES = {
    "empty": lambda text: "",
    "cut": lambda text: text[: len(text) // 2],
    "no JSON": lambda text: "import os",
    "another shape": lambda text: "[1, 2]",
    "no record": lambda text: "{}",
    "nested without end": lambda text: "[" * 100_000,
    "a record nested without end": lambda text: '{"checksum": "", "record": ' + "[" * 900 + "]" * 900 + "}",
    "nothing": lambda text: "null",
    "a number of too many digits": lambda text: "1" * 5000,
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


RUN = "raise SystemExit('this was run')\n"
RECORDS = {
    "a list": lambda record: [record],
    "a text": lambda record: "record",
    "nothing": lambda record: None,
    "empty": lambda record: {},
    "another name": lambda record: {**record, "name": "g"},
    "another name throughout": lambda record: {
        **record,
        "name": "g",
        "source": record["source"].replace("def f(", "def g("),
    },
    "another backend": lambda record: {**record, "backend": "python"},
    "no such backend": lambda record: {**record, "backend": ["numpy"]},
    "other arguments": lambda record: {**record, "arguments": ["x", "z"]},
    "arguments that are a text": lambda record: {**record, "arguments": "x"},
    "arguments that are numbers": lambda record: {**record, "arguments": [1]},
    "results that are lists": lambda record: {**record, "results": [["y"]]},
    "a field too many": lambda record: {**record, "more": 1},
    **{
        f"no {field}": lambda record, field=field: {name: record[name] for name in record if name != field}
        for field in ("name", "arguments", "results", "backend", "source")
    },
    "a source that is no text": lambda record: {**record, "source": 1},
    "a source without the function": lambda record: {**record, "source": RUN},
    "a source with another function": lambda record: {**record, "source": f"{RUN}def g(x):\n    return (x,)\n"},
    "a source that only speaks of it": lambda record: {**record, "source": f"{RUN}# def f(x):\n"},
    "a source that quotes it": lambda record: {**record, "source": f"{RUN}'''\ndef f(x):\n'''\n"},
    "a source cut short": lambda record: {**record, "source": record["source"].rstrip().removesuffix(")")},
    "a source with a NUL": lambda record: {**record, "source": record["source"] + "\0"},
    "a source with half a character": lambda record: {**record, "source": record["source"] + "# \ud800"},
    "a source nested without end": lambda record: {**record, "source": record["source"] + "(" * 100_000},
}


@pytest.mark.parametrize("change", RECORDS)
def test_a_record_of_no_such_function_is_never_run_and_made_again(folder, change) -> None:
    function = compile_program("f", DOUBLE)
    path = only(folder)
    whole = path.read_text("utf-8")
    cache.write(path.stem, RECORDS[change](json.loads(whole)["record"]))
    assert path.read_text("utf-8") != whole
    assert compile_program("f", DOUBLE) == function
    assert compile_program("f", DOUBLE)(3.0) == (6.0,)
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


def test_a_pipe_in_place_of_a_record_is_not_waited_for(folder) -> None:
    function = compile_program("f", DOUBLE)
    path = only(folder)
    path.unlink()
    os.mkfifo(path, 0o600)
    assert compile_program("f", DOUBLE) == function
    assert path.is_file()


def test_a_file_too_large_for_a_record_is_not_read(folder) -> None:
    function = compile_program("f", DOUBLE)
    path = only(folder)
    os.truncate(path, 2**36)  # no disk has that many bytes of nothing to keep
    assert compile_program("f", DOUBLE) == function
    assert path.stat().st_size < 10_000


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


def test_what_is_made_is_closed_to_others_whatever_the_umask(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "new" / "below" / "own"
    monkeypatch.setenv("REPDYN_CACHE", str(folder))
    before = os.umask(0)
    try:
        assert is_kept(folder)
    finally:
        os.umask(before)
    for path in (folder, *list(folder.parents)[:2]):
        assert path.stat().st_mode & 0o777 == 0o700, path
    assert only(folder).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
def test_nothing_is_read_where_others_may_write(folder, mode) -> None:
    assert is_kept(folder)
    folder.chmod(mode)
    assert not is_read()
    folder.chmod(0o755)
    assert is_read()


@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602])
def test_a_file_that_others_may_write_is_made_again(folder, mode) -> None:
    assert is_kept(folder)
    path = only(folder)
    path.chmod(0o644)
    assert is_read()
    path.chmod(mode)
    assert not is_read()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_of_another_user_is_made_again(folder, monkeypatch) -> None:
    assert is_kept(folder)
    path = only(folder)
    give_away(path, monkeypatch)
    assert not is_read()
    assert only(folder).stat().st_uid == os.getuid()


def test_nothing_is_read_from_the_folder_of_another_user(folder, monkeypatch) -> None:
    assert is_kept(folder)
    give_away(folder, monkeypatch)
    assert not is_read()


@pytest.mark.parametrize("identity", ["getuid", "geteuid"])
def test_nothing_is_read_under_the_rights_of_another_user(folder, identity, monkeypatch) -> None:
    assert is_kept(folder)
    another = os.getuid() + 1
    monkeypatch.setattr(os, identity, lambda: another)
    assert not is_read()


@pytest.fixture
def deep(tmp_path, monkeypatch) -> Path:
    """A folder some way below one that others may reach."""
    folder = tmp_path / "reached" / "between" / "own"
    monkeypatch.setenv("REPDYN_CACHE", str(folder))
    assert is_kept(folder)
    return folder


@pytest.mark.parametrize(
    ("mode", "safe"), [(0o777, False), (0o770, False), (0o703, False), (0o1777, True), (0o755, True)]
)
@pytest.mark.parametrize("above", [0, 1])
def test_a_folder_that_others_can_exchange_is_left_alone(deep, above, mode, safe) -> None:
    deep.parents[above].chmod(mode)
    assert is_read() is safe
    deep.parents[above].chmod(0o700)
    assert is_read()


@pytest.mark.parametrize("above", [0, 1])
def test_a_folder_below_that_of_another_user_is_left_alone(deep, above, monkeypatch) -> None:
    give_away(deep.parents[above], monkeypatch)
    assert not is_read()


def test_what_is_unsafe_is_not_written_to(deep) -> None:
    deep.parent.chmod(0o777)
    only(deep).unlink()
    assert compile_program("f", DOUBLE)(3.0) == (6.0,)
    assert not list(deep.iterdir())


def test_links_of_ones_own_are_followed(deep, tmp_path, monkeypatch) -> None:
    (tmp_path / "second").symlink_to("reached")  # relative to where it stands
    (tmp_path / "first").symlink_to(tmp_path / "second" / "between")
    monkeypatch.setenv("REPDYN_CACHE", str(tmp_path / "first" / ".." / "between" / "own"))
    assert is_read()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPDYN_CACHE", "first/own")
    assert is_read()
    deep.parent.chmod(0o777)
    assert not is_read()


@pytest.mark.parametrize("what", ["the folder of the link", "the link"])
@pytest.mark.parametrize("hops", [1, 2])
def test_a_link_that_others_can_turn_is_not_followed(deep, what, hops, tmp_path, monkeypatch) -> None:
    turned = tmp_path / "open" / "link"
    turned.parent.mkdir(mode=0o700)
    turned.symlink_to(deep)
    start = turned
    if hops == 2:
        start = tmp_path / "start"
        start.symlink_to(turned)
    monkeypatch.setenv("REPDYN_CACHE", str(start))
    assert is_read()
    if what == "the link":
        give_away(turned, monkeypatch)
    else:
        turned.parent.chmod(0o777)
    assert not is_read()


def test_links_in_a_circle_are_no_error(tmp_path, monkeypatch) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    monkeypatch.setenv("REPDYN_CACHE", str(tmp_path / "one"))
    assert compile_program("f", DOUBLE)(3.0) == (6.0,)


def test_a_link_in_place_of_a_record_is_not_followed(folder, tmp_path) -> None:
    assert is_kept(folder)
    path = only(folder)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert not is_read()
    assert not path.is_symlink()


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
