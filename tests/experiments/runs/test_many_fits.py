"""Many trajectories: shared out among processes, with what one process gives, in its order."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib import cpu_count
from repdyn.experiments import Comparison, compare, processes
from repdyn.numeric import Pair, Rates, State, trajectory
from repdyn.symbolic import two_point

SCRIPT = """
import signal
import sys
import pandas as pd
from repdyn.experiments import compare, processes

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may have had it ignored
print("imported", flush=True)
processes._WORTH = 0.0
for found in compare(pd.read_parquet(sys.argv[1])):
    print(found.pair, found.layer, found.row()["rate_h"], flush=True)
"""
"""Without a guard: a process that imported it again would print the first line again."""


def table(pairs: int, samples: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    steps = np.linspace(0, 1500, samples)
    parts = []
    for pair in range(pairs):
        start, rates = State(10 ** rng.uniform(-2, -1), 0.01, 0.0), Rates(2e-3, 10 ** rng.uniform(-2.5, -1.5))
        path = trajectory(steps, start, Pair(1.0, 0.5), rates)
        noise = 1e-3 * rng.normal(size=(3, samples)) * (steps > 0)
        noisy = {name: x + n for (name, x), n in zip(vars(path).items(), noise, strict=True)}
        parts.append(pd.DataFrame({"step": steps, "pair": pair, "layer": "abc"[pair % 3], **noisy}))
    return (
        pd.concat(parts)
        .sample(frac=1, random_state=0)
        .sort_values("step", kind="stable")
        .assign(dx2=1.0, dy2_target=0.5)
    )


def plain(value):
    """A comparison in what can be compared to the last bit."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    return tuple(map(plain, value)) if isinstance(value, tuple) else repr(value)


def test_processes_give_what_one_gives_to_the_last_bit_and_in_its_order(monkeypatch) -> None:
    frame = table(40)
    here = compare(frame)
    monkeypatch.setattr(processes, "_WORTH", 0.0)
    shared = compare(frame)
    assert [(c.pair, c.layer) for c in shared] == [(c.pair, c.layer) for c in here]
    assert len({c.pair for c in here}) == 40
    assert list(map(plain, shared)) == list(map(plain, here))


def test_few_trajectories_and_a_theory_of_ones_own_are_fitted_here(monkeypatch) -> None:
    def refuse(*_):
        raise AssertionError("a process was started")

    monkeypatch.setattr(processes, "_by_processes", refuse)
    assert len(compare(table(3))) == 3
    monkeypatch.setattr(processes, "_WORTH", 0.0)
    (found, *_) = compare(table(3), theory=replace(two_point(), name="mine"))
    assert isinstance(found, Comparison)


def test_a_process_that_another_one_started_starts_none(monkeypatch) -> None:
    monkeypatch.setattr(processes, "_WORTH", 0.0)
    monkeypatch.setattr(processes.multiprocessing, "parent_process", object)
    monkeypatch.setattr(processes, "_by_processes", lambda *_: pytest.fail("a process was started"))
    assert len(compare(table(3))) == 3


def started(tmp_path: Path, pairs: int) -> subprocess.Popen[str]:
    (tmp_path / "script.py").write_text(SCRIPT, "utf-8")
    table(pairs).to_parquet(tmp_path / "table.parquet")
    return subprocess.Popen(
        [sys.executable, "-W", "error", "script.py", "table.parquet"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        start_new_session=True,
    )


def test_a_script_needs_no_guard(tmp_path: Path) -> None:
    out, err = started(tmp_path, 20).communicate(timeout=300)
    assert "Traceback" not in err
    assert out.splitlines()[0] == "imported"
    assert out.count("imported") == 1
    assert len(out.splitlines()) == 21


def test_an_interruption_ends_all_processes(tmp_path: Path) -> None:
    process = started(tmp_path, 2000)
    assert process.stdout is not None
    process.stdout.readline()
    deadline = time.monotonic() + 120
    while ignoring(process.pid) < cpu_count() and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert err.rstrip().splitlines()[-1] == "KeyboardInterrupt"
    assert err.count("Traceback") == 1
    deadline = time.monotonic() + 30
    while left(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left(process.pid)


def ignoring(group: int) -> int:
    """How many workers of a group of processes have begun: they leave interruptions to the one that started them."""
    found = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            mine = os.getpgid(int(process.name)) == group
            told = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines() if ":" in line)
            worker = b"LokyProcess" in (process / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        found += mine and worker and bool(int(told["SigIgn"], 16) >> (signal.SIGINT - 1) & 1)
    return found


def left(group: int) -> bool:
    """Whether a process of a group still runs."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
