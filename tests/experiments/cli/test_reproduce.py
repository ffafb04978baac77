"""``repdyn reproduce``: what is missing is said, run and kept, and what is wrong is one line."""

import re
import sys
from collections import Counter
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from functools import cache
from pathlib import Path

import pytest
from repdyn.experiments.cli import main
from repdyn.experiments.studies import studies
from repdyn.experiments.studies.trajectories import Trajectories
from repdyn.experiments.sweep.store import Store
from repdyn.experiments.sweep.trial import Trial
from repdyn.experiments.sweep.workers import Pool

TINY = Trajectories(settings=("two_layer",), seeds=1, speed=20.0, width=8)


class Here(Executor):
    """Runs at once, in this process."""

    def submit(self, fn, /, *args, **kwargs) -> Future:
        future: Future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@pytest.fixture
def tiny(monkeypatch) -> None:
    monkeypatch.setattr("repdyn.experiments.studies.studies", lambda scale, data_dir="": {TINY.name: TINY})


@pytest.fixture
def here(monkeypatch) -> None:
    monkeypatch.setattr("repdyn.experiments.sweep.workers._local", lambda _: nullcontext(Pool(Here(), lambda: 1)))


@cache
def trials(scale: str) -> dict[str, list[Trial]]:
    """The trials of every study: thousands at the scale of the paper, which take seconds to plan."""
    return {name: study.trials() for name, study in studies(scale).items()}


@pytest.mark.usefixtures("tiny", "here")
def test_what_is_missing_is_planned_run_kept_and_then_no_longer_missing(tmp_path: Path, capsys) -> None:
    store = ["--store", str(tmp_path)]
    assert main(["reproduce", *store, "--dry-run"]) == 0
    planned = capsys.readouterr().out.splitlines()
    assert [line.split() for line in planned[:2]] == [
        ["two_points/two_layer-0", "roughly", "0", "s"],
        ["fits/two_layer-0", "roughly", "4", "s"],
    ]
    assert planned[2].startswith("2 of 2 trials are missing; about 0 min with ")
    assert planned[2].endswith("but for 2 of a kind never run here, which are a rough guess")
    assert not list(tmp_path.iterdir())

    assert main(["reproduce", *store, "--processes", "1"]) == 0
    assert capsys.readouterr().out == f"2 trials in {tmp_path}: 2 finished\n"
    run, fits = (trial for trial in [TINY.trials()[0].needs[0], TINY.trials()[0]])
    assert len(Store(tmp_path).outcome(run).tables["trajectory"]) == 301
    assert list(Store(tmp_path).outcome(fits).tables["fits"]["theory"]) == list(fits.configuration.theories)

    assert main(["reproduce", *store]) == 0
    assert capsys.readouterr().out == f"2 trials in {tmp_path}: nothing was missing\n"

    (Store(tmp_path).folder(fits) / "fits.parquet").write_bytes(b"cut")
    assert main(["reproduce", *store, "--dry-run"]) == 0
    damaged = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"to be done again: .*two_layer-0-\w+ is not whole: fits.parquet is not as it .*", damaged[0])
    assert re.fullmatch(r"1 of 2 trials are missing; about 0 min with \d+ processes, by earlier trials.*", damaged[-1])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("trajectory", "there is no study 'trajectory'; there are trajectories, ablations, depth, structure, xor, "),
        ("--scale huge", "argument --scale: invalid choice: 'huge'"),
        ("--dry-run --processes 0", "there must be at least 1 process, got 0"),
        ("--processes 0", "there must be at least 1 process, got 0"),
        ("--data-dir nowhere", "nowhere has no train-images-idx3-ubyte or train-images-idx3-ubyte.gz"),
        ("xor --scheduler tcp://127.0.0.1:1", "no Dask scheduler answers at tcp://127.0.0.1:1"),
    ],
)
def test_what_is_wrong_is_one_line_and_a_status(words: str, message: str, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("repdyn.experiments.sweep.workers.ANSWERS_WITHIN", 0.2)
    try:
        status = main(["reproduce", "--store", str(tmp_path), *words.split()])
    except SystemExit as exit:
        status = exit.code
    assert status == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_without_dask_the_extra_to_install_is_named(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["reproduce", "xor", "--store", str(tmp_path), "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert capsys.readouterr().err == "repdyn: distributed is not installed; install repdyn[cluster]\n"


@pytest.mark.usefixtures("tiny")
def test_trials_that_failed_give_a_status_that_is_not_0(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("repdyn.experiments.sweep.sweep.sweep", lambda plan, store, workers: Counter(failed=2))
    assert main(["reproduce", "--store", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == f"2 trials in {tmp_path}: 2 failed\n"
    assert captured.err == "repdyn: what failed is tried again by the same command; --traceback shows where\n"


@pytest.mark.usefixtures("tiny", "here")
def test_where_the_errors_of_trials_came_from_is_kept_and_shown_when_asked_for(tmp_path, monkeypatch, capsys) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr("repdyn.experiments.trials.two_points.run_trial", fail)
    words = ["reproduce", "--store", str(tmp_path), "--processes", "1"]
    assert main(words) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert main(["--traceback", *words]) == main([*words, "--traceback"]) == 1
    said = capsys.readouterr().err
    assert said.count("two_points/two_layer-0:\nTraceback (most recent call last):") == 2
    assert said.count('raise RuntimeError("no such luck")') == 2


@pytest.mark.parametrize("scale", ["quick", "standard", "paper"])
def test_every_study_plans_trials_of_known_experiments_at_every_scale(scale: str) -> None:
    assert list(trials(scale)) == [
        *("trajectories", "ablations", "depth", "structure", "xor", "context"),
        *(
            "digit_trajectories",
            "digit_structure",
            "collective",
            "parity",
            "automata",
            "scale_and_data",
            "transformer",
            "mergers",
            "beyond",
        ),
    ]
    for of_study in trials(scale).values():
        assert len({trial.digest for trial in of_study}) == len(of_study) > 0


def test_larger_scales_ask_for_more() -> None:
    counts = {scale: sum(map(len, trials(scale).values())) for scale in ("quick", "standard", "paper")}
    assert counts["quick"] < counts["standard"] < counts["paper"]


def test_studies_share_what_they_train() -> None:
    found = trials("standard")
    trained = {need.digest for trial in found["trajectories"] for need in trial.needs}
    fitted = {trial.digest for trial in found["trajectories"]}
    for name in ("ablations", "depth"):
        assert {need.digest for trial in found[name] for need in trial.needs} <= trained, name
    assert {trial.digest for trial in found["xor"] if trial.experiment == "fits"} <= fitted
