"""Outputs are whole or not there, nothing stays beside them, and what is in the way is said before the work."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from repdyn.experiments.cli import main
from repdyn.experiments.storage.claims import Claim
from repdyn.experiments.storage.files import check_file, check_folder_place, tidy, write_file
from repdyn.experiments.storage.folders import check_folder, whole_folder

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


@pytest.fixture
def full(monkeypatch) -> None:
    """Every file gets its first bytes, then the disk is full."""

    def write_bytes(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_bytes)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("earlier", [None, "earlier"])
def test_a_file_that_cannot_be_written_leaves_what_was_there(tmp_path: Path, earlier: str | None) -> None:
    path = tmp_path / "page.html"
    if earlier is not None:
        path.write_text(earlier)
    with pytest.raises(OSError, match=r"page\.html cannot be written: No space left on device"):
        write_file(path, b"much")
    assert [(x.name, x.read_text()) for x in tmp_path.iterdir()] == ([] if earlier is None else [(path.name, earlier)])


def test_a_link_remains_one_and_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "page.html")
    write_file(tmp_path / "link", b"done")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "deep" / "page.html").read_bytes() == b"done"


def test_what_is_no_file_is_written_to_as_it_is() -> None:
    write_file(Path(os.devnull), b"done")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@FULL
def test_a_full_disk_is_one_line(capsys) -> None:
    assert main(["derive", "two_point", "--format", "md", "--output", "/dev/full"]) == 2
    err = capsys.readouterr().err
    assert err == "repdyn: /dev/full cannot be written: No space left on device\n"


@FULL
@pytest.mark.parametrize("command", ["list", "derive two_point"])
def test_a_full_disk_behind_the_output_is_one_line(command: str) -> None:
    code = f"import sys; from repdyn.experiments.cli import main; sys.exit(main({command.split()!r}))"
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "repdyn: [Errno 28] No space left on device\n")


KILLED = """
import os, signal, sys
from pathlib import Path
from repdyn.experiments.storage.folders import whole_folder
from repdyn.experiments.storage.files import write_file

replace, at = os.replace, {at}
def counted(*names):
    global at
    if at == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    at -= 1
    replace(*names)
os.replace = counted
target = Path(sys.argv[1])
if target.suffix:
    write_file(target, b"later")
with whole_folder(target, dict(seed=2)) as folder:
    (folder / "note.txt").write_text("later")
"""


def killed(target: Path, at: int) -> None:
    """Write in a process that is killed before so many renames."""
    done = subprocess.run([sys.executable, "-c", KILLED.format(at=at), str(target)], check=False)
    assert done.returncode == -signal.SIGKILL


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def folder_of(target: Path, seed: int) -> None:
    with whole_folder(target, {"seed": seed}) as folder:
        (folder / "note.txt").write_text("earlier")


@pytest.mark.parametrize(("at", "left"), [(0, ["lock", "new"]), (1, ["lock", "new", "old"])])
def test_a_kill_while_a_folder_is_replaced_loses_neither_the_earlier_one_nor_space(tmp_path, at, left) -> None:
    target = tmp_path / "a-run"
    folder_of(target, 1)
    killed(target, at)
    assert names(tmp_path) == [f".repdyn.{part}.a-run" for part in left] + ["a-run"] * (at == 0)
    folder_of(tmp_path / "other", 3)
    assert names(tmp_path) == ["a-run", "other"]
    assert check_folder(target, "note.txt")["seed"] == 1


def test_what_a_kill_left_of_a_file_is_swept(tmp_path: Path) -> None:
    killed(tmp_path / "page.html", 0)
    assert ".repdyn.new.page.html" in names(tmp_path)
    write_file(tmp_path / "other.html", b"")
    assert names(tmp_path) == ["other.html"]


def test_what_somebody_is_writing_and_what_is_not_ours_is_not_swept(tmp_path: Path) -> None:
    (tmp_path / ".mine.new.folder").mkdir()
    with whole_folder(tmp_path / "a", {}) as folder:
        (folder / "note.txt").write_text("")
        tidy(tmp_path)
        assert (folder / "note.txt").exists()
    assert names(tmp_path) == [".mine.new.folder", "a"]


@contextmanager
def other_process(path: Path) -> Iterator[subprocess.Popen]:
    """A process that has a claim until it is killed."""
    code = (
        "import sys; from pathlib import Path; from repdyn.experiments.storage.claims import Claim\n"
        "print(Claim(Path(sys.argv[1])).take(), flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code, str(path)], **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


def test_a_claim_is_lost_with_its_process_however_that_ends(tmp_path: Path) -> None:
    claim = Claim(tmp_path / ".repdyn.claim.trial")
    with other_process(claim.path):
        assert not claim.take()
        tidy(tmp_path)
        assert not claim.take()
    assert names(tmp_path) == [claim.path.name]
    assert claim.take()
    claim.give_back()
    assert not names(tmp_path)


def test_the_claim_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    path = tmp_path / ".repdyn.claim.trial"
    with other_process(path):
        pass
    assert path.exists()
    tidy(tmp_path)
    assert not path.exists()


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch) -> None:
    def without(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", without)
    with pytest.raises(OSError, match=r"cannot be written: .* is on a file system without locks \(Operation not"):
        check_file(tmp_path / "page.html")


LONG = "x" * 250


@pytest.mark.parametrize("check", [check_file, check_folder_place])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("file/page", "file/page cannot be written: .*file is a file"),
        ("file/deep/page", "cannot be written: .*file is a file"),
        (LONG, "cannot be written: File name too long"),
        (f"new/{LONG}", "cannot be written: File name too long"),
        (f"new/{LONG}{LONG}/page", "cannot be written: File name too long"),
        ("/proc/page", "/proc/page cannot be written: "),
        ("/proc/new/page", "/proc/new/page cannot be written: "),
    ],
)
def test_what_is_in_the_way_is_said(check, name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=words):
        check(tmp_path / name)
    assert names(tmp_path) == ["file"]


def test_a_file_is_no_place_for_a_folder_nor_a_folder_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError, match="file cannot be written: it is a file"), whole_folder(tmp_path / "file", {}):
        pass
    with pytest.raises(OSError, match="cannot be written: it is a folder"):
        write_file(tmp_path, b"")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.fixture
def nothing_is_computed(monkeypatch) -> None:
    def computed(*_: object, **__: object) -> None:
        pytest.fail("something was computed")

    for name in ("runs.run.run", "runs.prediction.predict", "comparison.compare", "page.gather", "sweep.sweep.sweep"):
        monkeypatch.setattr(f"repdyn.experiments.{name}", computed)
    monkeypatch.setattr("repdyn.symbolic.document.prove", computed)


@pytest.mark.usefixtures("nothing_is_computed")
@pytest.mark.parametrize(
    "words",
    [
        "run two_layer --results FILE",
        "run two_layer --results FILE/deep",
        "kernels two_layer --results FILE",
        "fit tests/data/default.parquet --figure FILE/drawn",
        "fit tests/data/default.parquet --figure FILE/drawn.svg",
        "derive two_point --output FILE/page.html",
        "report xor --output FILE/page.html",
        "report xor --output page.html --figures FILE",
        "reproduce xor --store FILE",
        "reproduce xor --store FILE/deep",
        "reproduce xor --store FILE --dry-run",
    ],
)
def test_a_file_in_the_way_is_one_line_before_anything_is_computed(words: str, tmp_path: Path, capsys) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    assert main(words.replace("FILE", str(path)).split()) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("repdyn: ")
    assert f"cannot be written: {path} is a file\n" in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert path.read_text() == "mine"


@pytest.mark.usefixtures("nothing_is_computed")
def test_a_folder_in_the_way_of_a_page_is_one_line(tmp_path: Path, capsys) -> None:
    for words in ("derive two_point --format md", "report xor"):
        assert main([*words.split(), "--output", str(tmp_path)]) == 2
        assert capsys.readouterr().err == f"repdyn: {tmp_path} cannot be written: it is a folder\n"
