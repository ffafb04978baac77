"""Trajectories by generated C: the numbers of NumPy, in the same shapes; test_accuracy has it beside NumPy."""

import re
from subprocess import CompletedProcess

import numpy as np
import pytest
from repdyn.numeric import Pair, Rates, State, cache, native, trajectory
from tools import find

START, PAIR, RATES = State(0.1, 0.2, 0.1), Pair(1.0, 0.5), Rates(0.01, 0.02)


@pytest.fixture(autouse=True)
def compiler(tmp_path, monkeypatch):
    """A compiler, and a folder of our own for what it makes."""
    find("cc")
    monkeypatch.setenv("REPDYN_CACHE", str(tmp_path / "cache"))
    yield
    native._compute.cache_clear()


def as_array(state):
    return np.stack(np.broadcast_arrays(state.dh2, state.dy2, state.w))


def in_both(*arguments, **options):
    return [trajectory(*arguments, **options, backend=backend) for backend in ("c", "numpy")]


@pytest.mark.parametrize("processors", ["1", "3"])
@pytest.mark.parametrize("theory", ["two_point", "scalar_output"])
def test_it_gives_what_numpy_gives(theory, processors, monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", processors)
    start = State(0.1, 0.2, 0.2 - np.sqrt(0.1))
    rates = {"rate_h": 0.01, "rate_y": 0.02} | ({"gram": 0.001} if theory == "scalar_output" else {})
    in_c, in_numpy = in_both(np.linspace(0, 2000, 200_001), start, PAIR, rates, theory=theory)
    np.testing.assert_allclose(as_array(in_c), as_array(in_numpy), rtol=1e-11, atol=1e-13)


def test_every_argument_broadcasts() -> None:
    t, dh2, w, dx2, dy2_target, rate_h, rate_y = np.ix_(
        np.linspace(0, 30, 11), [0.1, 0.2, 0.3], [0.1, 0.25], [0.5, 1.0], [0.4, 0.5], [0.01, 0.1], [0.02, 0.3]
    )
    problem = State(dh2, 0.2, w), Pair(dx2, dy2_target), Rates(rate_h, rate_y)
    for times in (t, t.ravel()[5], t[::-1], t[:0]):
        in_c, in_numpy = in_both(times, *problem)
        assert in_c.dh2.shape == in_numpy.dh2.shape
        np.testing.assert_allclose(as_array(in_c), as_array(in_numpy), rtol=1e-13, atol=1e-16)


def test_numbers_give_numbers() -> None:
    assert all(type(x) is float for x in vars(trajectory(1, START, PAIR, RATES, backend="c")).values())


def test_no_times_give_no_states() -> None:
    assert trajectory([], START, PAIR, RATES, backend="c").dh2.shape == (0,)


def test_what_is_returned_cannot_be_written_to() -> None:
    found = trajectory([1.0, 2.0], START, PAIR, RATES, backend="c")
    with pytest.raises(ValueError, match="read-only"):
        found.dh2[0] = 1.0


@pytest.fixture
def compiled(monkeypatch):
    """How often the compiler has made a library."""
    made = []

    def built(*arguments):
        made.append(arguments)
        return build(*arguments)

    build = native._built
    monkeypatch.setattr(native, "_built", built)
    return made


def again():
    native._compute.cache_clear()
    return trajectory([1.0, 20.0], START, PAIR, RATES, backend="c")


def test_a_library_is_made_once_and_kept(compiled) -> None:
    first, second = again(), again()
    assert first == second
    assert len(compiled) == 1


def test_a_library_that_cannot_be_loaded_is_made_again(compiled, tmp_path) -> None:
    first = again()
    (record,) = (path for path in (tmp_path / "cache").iterdir() if "library" in path.read_text("utf-8"))
    for spoilt in ({"library": "AAAA"}, {"library": "no base64"}, {"library": 1}, {}):
        cache.write(record.stem, spoilt)
        assert again() == first
    assert len(compiled) == 5


def test_a_library_of_another_machine_is_not_taken(compiled, monkeypatch) -> None:
    again()
    monkeypatch.setattr(native, "_machine", lambda compiler: "another")
    again()
    assert len(compiled) == 2


def test_without_a_compiler_it_is_asked_for(monkeypatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    words = "backend 'c' needs a C compiler, and there is no no-such-compiler here: install gcc or clang, name another"
    with pytest.raises(RuntimeError, match=words):
        again()


def test_what_a_compiler_says_that_fails_is_repeated(monkeypatch) -> None:
    monkeypatch.setattr(
        native.subprocess, "run", lambda command, **_: CompletedProcess(command, 1, "", "note\nerror: no space left\n")
    )
    native._machine.cache_clear()
    with pytest.raises(
        RuntimeError, match="cannot compile here, it says 'error: no space left'; leave backend = 'nump"
    ):
        again()
    native._machine.cache_clear()


@pytest.mark.parametrize("backend", ["torch", "C", None])
def test_another_backend_is_refused(backend) -> None:
    with pytest.raises(ValueError, match=re.escape(f"backend must be 'numpy' or 'c', got {backend!r}")):
        trajectory(1.0, START, PAIR, RATES, backend=backend)
