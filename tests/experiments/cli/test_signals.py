"""An interruption or a signal ends a command with one line."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from repdyn.experiments.cli import main
from repdyn.experiments.training.lightning import Supervised
from small_run import SMALL


def test_an_interruption_of_training_is_one_line(tmp_path: Path, monkeypatch, capsys) -> None:
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Supervised, "training_step", interrupted)
    assert main([*SMALL, "--results", str(tmp_path)]) == 130
    assert capsys.readouterr().err.endswith("repdyn: interrupted; what was finished is kept\n")
    assert not list(tmp_path.iterdir())


def test_sigterm_ends_training_with_one_line_and_is_given_back(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(Supervised, "training_step", lambda *_: signal.raise_signal(signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM)
    assert main([*SMALL, "--results", str(tmp_path)]) == 143
    assert capsys.readouterr().err.endswith("repdyn: terminated; what was finished is kept\n")
    assert signal.getsignal(signal.SIGTERM) is before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("fit tests/data/default.parquet", "repdyn.experiments.comparison.compare"),
        ("kernels two_layer", "repdyn.experiments.runs.prediction.predict"),
        ("derive two_point", "repdyn.symbolic.document.prove"),
        ("report xor", "repdyn.experiments.page.gather"),
        ("reproduce xor", "repdyn.experiments.sweep.plan.plan"),
    ],
)
def test_a_signal_ends_every_command_with_one_line(words, at, number, status, monkeypatch, capsys) -> None:
    monkeypatch.setattr(at, lambda *_, **__: signal.raise_signal(number))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
    try:
        assert main(words.split()) == status
    finally:
        signal.signal(signal.SIGINT, before)
    captured = capsys.readouterr()
    assert captured.err.endswith("; what was finished is kept\n")
    assert (captured.err.count("\n"), captured.out) == (1, "")


def test_a_command_runs_in_a_thread_which_has_no_signals(capsys) -> None:
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(main, ["list"]).result() == 0
    assert "two_layer" in capsys.readouterr().out
