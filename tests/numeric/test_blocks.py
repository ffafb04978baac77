"""Tables of distances by blocks: what they hold, what survives kills and damage, what is refused; on a cluster too."""

import pickle
import re
import shutil
import signal
import subprocess
import sys
import tracemalloc
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import zarr
from cluster import SCHEDULER, WORKER, address, wait_until
from cluster import dask as process
from repdyn.numeric import (
    Points,
    RepresentationDistances,
    RichDistances,
    distance_array,
    gram_distances,
    rich_distances,
    write_distances,
)
from threadpoolctl import threadpool_limits

COUNT, BLOCK = 45, 6
"""Points and rows of a block: eight blocks a side, of which the last is smaller."""

ABOVE = 36
"""Blocks on and above the diagonal."""


def drawn(count: int = COUNT, units: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, units))


def classes(count: int = COUNT) -> Points:
    return Points(drawn(count), np.eye(3)[np.arange(count) % 3])


class Counted(RepresentationDistances):
    """Tells how often each block was asked for."""

    asked: Counter[tuple[int, int]] = Counter()

    def __call__(self, rows: slice, columns: slice) -> np.ndarray:
        self.asked[rows.start, columns.start] += 1
        return super().__call__(rows, columns)


@pytest.fixture
def counted() -> Counted:
    Counted.asked.clear()
    return Counted(drawn())


def files(store: Path) -> dict[str, bytes]:
    return {str(x.relative_to(store)): x.read_bytes() for x in store.rglob("*") if x.is_file()}


@pytest.fixture
def undisturbed(tmp_path: Path) -> dict[str, bytes]:
    path = tmp_path / "undisturbed"
    write_distances(path, Counted(drawn()), block=BLOCK)
    return files(path)


def test_a_store_holds_the_squared_distances_of_all_points(tmp_path: Path) -> None:
    x = drawn()
    table = write_distances(tmp_path / "new" / "store", RepresentationDistances(x), block=BLOCK)[:]
    np.testing.assert_allclose(table, np.square(x[:, None] - x).sum(-1), rtol=1e-12)
    assert (table == table.T).all()
    assert not np.diag(table).any()


def test_a_factor_stands_for_its_gram_matrix(tmp_path: Path) -> None:
    h = drawn(units=2)
    table = write_distances(tmp_path / "store", RepresentationDistances(h), block=BLOCK)[:]
    np.testing.assert_allclose(table, gram_distances(h @ h.T), atol=1e-14)


def test_a_store_holds_where_all_rich_pairs_end(tmp_path: Path) -> None:
    points = classes()
    table = write_distances(tmp_path / "store", RichDistances(points), block=BLOCK)[:]
    np.testing.assert_allclose(table, rich_distances(points, points), rtol=1e-12)
    assert (table == table.T).all()


@pytest.mark.parametrize("offset", [0.0, 1e9])
@pytest.mark.parametrize("block", [1, 5, 45, 100])
def test_neither_the_size_of_blocks_nor_an_offset_matters(tmp_path: Path, block: int, offset: float) -> None:
    whole_numbers = np.random.default_rng(0).integers(-9, 9, (11, 3)).astype(float)
    table = write_distances(tmp_path / "store", RepresentationDistances(whole_numbers + offset), block=block)
    assert (table[:] == np.square(whole_numbers[:, None] - whole_numbers).sum(-1)).all()


def test_any_reader_of_zarr_sees_what_the_table_is_of(tmp_path: Path) -> None:
    write_distances(tmp_path, RichDistances(classes()), block=BLOCK)
    found = zarr.open_array(tmp_path, mode="r")
    assert found.attrs["distances"] == "RichDistances"
    assert found.attrs["shape of inputs"] == [COUNT, 3]
    assert found.dtype == np.float64
    assert found.chunks == (BLOCK, BLOCK)


def test_only_blocks_above_the_diagonal_are_computed_and_each_once(tmp_path: Path, counted: Counted) -> None:
    write_distances(tmp_path, counted, block=BLOCK)
    assert set(counted.asked.values()) == {1}
    assert len(counted.asked) == ABOVE
    assert all(i <= j for i, j in counted.asked)


@pytest.mark.parametrize("x", [drawn(), np.ones((COUNT, 3))], ids=["drawn", "all the same"])
def test_what_is_finished_is_not_computed_again(tmp_path: Path, counted: Counted, x: np.ndarray) -> None:
    write_distances(tmp_path, Counted(x), block=BLOCK)
    before = files(tmp_path)
    counted.asked.clear()
    write_distances(tmp_path, Counted(x), block=BLOCK)
    assert not counted.asked
    assert files(tmp_path) == before


SCRIPT = """
import os, signal, sys, time
from pathlib import Path
import numpy as np
from repdyn.numeric import RepresentationDistances, write_distances

class Counted(RepresentationDistances):
    def __call__(self, rows, columns):
        with open({log!r}, "a") as log:
            print(rows.start, columns.start, file=log, flush=True)
        time.sleep({pause})
        return super().__call__(rows, columns)

replace, replaced = Path.replace, 0

def dying(path, target):
    global replaced
    if replaced == {dies_at}:
        os.kill(os.getpid(), signal.SIGKILL)
    replaced += 1
    return replace(path, target)

Path.replace = dying
x = np.random.default_rng(0).normal(size=({count}, 3))
write_distances(Path({store!r}), Counted(x), block={block})
"""


def script(tmp_path: Path, dies_at: int = -1, pause: float = 0.0) -> list[str]:
    """A process that writes the table, and kills itself when Zarr would give a file its name for that time."""
    names = {"log": str(tmp_path / "log"), "store": str(tmp_path / "store")}
    code = SCRIPT.format(**names, dies_at=dies_at, pause=pause, count=COUNT, block=BLOCK)
    return [sys.executable, "-c", code]


def asked(tmp_path: Path) -> list[str]:
    log = tmp_path / "log"
    return log.read_text().splitlines() if log.exists() else []


def test_a_process_that_is_killed_loses_the_block_in_hand(tmp_path: Path, counted: Counted, undisturbed) -> None:
    counted.asked.clear()
    with subprocess.Popen(script(tmp_path, pause=0.1)) as writer:
        wait_until(lambda: len(asked(tmp_path)) > 9, writer)
        writer.send_signal(signal.SIGKILL)
    done = len(asked(tmp_path))
    assert 9 < done < ABOVE
    write_distances(tmp_path / "store", counted, block=BLOCK)
    assert files(tmp_path / "store") == undisturbed
    assert done + counted.asked.total() in (ABOVE, ABOVE + 1)


@pytest.mark.parametrize(
    ("dies_at", "kept"), [(0, 0), (1, 0), (3, 1)], ids=["at the start", "in the first block", "before a mirror"]
)
def test_a_process_may_be_killed_at_the_worst_moments(
    tmp_path: Path, counted: Counted, undisturbed, dies_at: int, kept: int
) -> None:
    counted.asked.clear()
    assert subprocess.run(script(tmp_path, dies_at), check=False).returncode == -signal.SIGKILL
    assert list((tmp_path / "store").rglob("*.partial"))
    write_distances(tmp_path / "store", counted, block=BLOCK)
    assert files(tmp_path / "store") == undisturbed
    assert counted.asked.total() == ABOVE - kept


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: bytes([content[0] ^ 1]) + content[1:],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    ],
    ids=["cut", "empty", "a bit", "the checksum"],
)
@pytest.mark.parametrize("name", ["1/2", "2/1", "7/7"])
def test_a_damaged_block_is_not_read_but_named_and_computed_again(
    tmp_path: Path, counted: Counted, undisturbed, name: str, damage
) -> None:
    store, (i, j) = tmp_path / "undisturbed", map(int, name.split("/"))
    file = store / "c" / name
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ValueError, match="checksum"):
        zarr.open_array(store, mode="r")[:]
    counted.asked.clear()
    with pytest.warns(UserWarning, match=re.escape(f"undisturbed: blocks ({i}, {j}) are damaged and computed again")):
        write_distances(store, counted, block=BLOCK)
    assert counted.asked == {(BLOCK * min(i, j), BLOCK * max(i, j)): 1}
    assert files(store) == undisturbed


def test_a_block_that_is_not_there_reads_as_no_number(tmp_path: Path) -> None:
    write_distances(tmp_path, RepresentationDistances(drawn()), block=BLOCK)
    (tmp_path / "c" / "0" / "1").unlink()
    assert np.isnan(zarr.open_array(tmp_path, mode="r")[0, BLOCK : 2 * BLOCK]).all()


SAME = "give another path, or remove the store"


@pytest.mark.parametrize(
    ("source", "block", "words"),
    [
        (RepresentationDistances(drawn(seed=1)), BLOCK, r"sha256 of representation \w{16} where \w{16} is asked for"),
        (RepresentationDistances(drawn(44)), BLOCK, r"shape of representation \[45, 3\] where \[44, 3\] is asked for"),
        (RepresentationDistances(drawn()), 7, "block 6 where 7 is asked for"),
        (RichDistances(classes()), BLOCK, "distances RepresentationDistances where RichDistances is asked for"),
    ],
)
def test_a_store_of_another_table_is_left_as_it_is(tmp_path: Path, source, block: int, words: str) -> None:
    write_distances(tmp_path, RepresentationDistances(drawn()), block=BLOCK)
    before = files(tmp_path)
    with pytest.raises(ValueError, match=rf"must hold a part of the same table, got one with .*{words}.*{SAME}"):
        write_distances(tmp_path, source, block=block)
    assert files(tmp_path) == before


def test_a_store_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_distances(tmp_path, RepresentationDistances(drawn()), block=BLOCK)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "9.9")
    with pytest.raises(ValueError, match=r"got one with version \S+ where 9\.9 is asked for"):
        write_distances(tmp_path, RepresentationDistances(drawn()), block=BLOCK)


def test_a_store_whose_description_was_changed_is_refused(tmp_path: Path) -> None:
    write_distances(tmp_path, RepresentationDistances(drawn()), block=BLOCK)
    text = (tmp_path / "zarr.json").read_text()
    (tmp_path / "zarr.json").write_text(re.sub(r'"data_type": "float64"', '"data_type": "float32"', text, count=1))
    with pytest.raises(ValueError, match="must hold a part of the same table, got one with another form than it was"):
        write_distances(tmp_path, RepresentationDistances(drawn()), block=BLOCK)


@pytest.mark.parametrize("name", ["zarr.json", "thesis.tex"])
def test_a_folder_of_something_else_is_refused_and_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{")
    words = f"must be the folder of a store, or not exist, got one that holds {name} and is none .*; give another path"
    with pytest.raises(FileExistsError, match=words):
        write_distances(tmp_path, RepresentationDistances(drawn()))
    assert files(tmp_path) == {name: b"{"}


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError, match="file must be the folder of a store, or not exist, got a file; give an"):
        write_distances(tmp_path / "file", RepresentationDistances(drawn()))


def test_what_the_disk_cannot_hold_is_not_begun(tmp_path: Path) -> None:
    source = RepresentationDistances(np.zeros((4_000_000, 1)))  # 116 TiB
    with pytest.raises(OSError, match=r"4,000,000 points .* they take 1\.\d+e\+05 GiB more at .*, and .* GiB are free"):
        write_distances(tmp_path / "store", source, block=2**15)
    assert not list(tmp_path.iterdir())


def test_only_what_is_still_to_be_written_must_have_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_distances(tmp_path, RepresentationDistances(drawn()), block=BLOCK)
    (tmp_path / "c" / "0" / "1").unlink()
    room = 2 * (8 * BLOCK**2 + 4)  # a block and its mirror
    usage = type(shutil.disk_usage(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(room, 1, room - 1))
    with pytest.raises(OSError, match="must have room on the disk"):
        write_distances(tmp_path, RepresentationDistances(drawn()), block=BLOCK)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(room, 0, room))
    assert np.isfinite(write_distances(tmp_path, RepresentationDistances(drawn()), block=BLOCK)[:]).all()


@pytest.mark.parametrize("shape", [(3,), (0, 2), (2, 0)])
def test_a_representation_has_points_and_units(shape: tuple[int, ...]) -> None:
    words = rf"representation must be finite numbers of shape \(points, units\), got shape {re.escape(str(shape))}"
    with pytest.raises(ValueError, match=words):
        RepresentationDistances(np.zeros(shape))


def test_no_points_have_no_distances() -> None:
    with pytest.raises(ValueError, match="points must be at least one, got none"):
        RichDistances(Points(np.zeros((0, 1)), np.zeros((0, 1))))


def test_distances_beyond_all_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a squared distance must be 0 or a number from .*; give them in"):
        write_distances(tmp_path, RepresentationDistances(np.array([[0.0], [1e200]])))


@pytest.mark.parametrize(
    ("absent", "write", "extra"),
    [
        ("zarr", write_distances, "store"),
        ("tqdm", write_distances, "store"),
        ("dask.array", lambda path, source: distance_array(source), "cluster"),
        ("distributed", lambda path, source: distance_array(source, client=source), "cluster"),
    ],
)
def test_the_extra_to_install_is_named(tmp_path: Path, monkeypatch, absent: str, write, extra: str) -> None:
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(
        ModuleNotFoundError, match=rf"needs {absent}, .* not installed: pip install 'repdyn\[{extra}\]'"
    ):
        write(tmp_path / "store", RepresentationDistances(drawn()))


def test_nothing_is_said_where_there_is_no_terminal(tmp_path: Path, capfd) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_distances(tmp_path, RepresentationDistances(drawn()), block=BLOCK)
    assert capfd.readouterr() == ("", "")


def test_the_memory_is_that_of_a_few_blocks(tmp_path: Path) -> None:
    source, block = RepresentationDistances(drawn(1500, 2)), 100
    write_distances(tmp_path / "first", RepresentationDistances(drawn()), block=BLOCK)  # loads what it needs
    tracemalloc.start()
    try:
        write_distances(tmp_path / "second", source, block=block)
        (_, peak) = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * 8 * block**2 < 8 * len(source) ** 2 / 10


def test_an_array_has_the_bits_of_the_store(tmp_path: Path) -> None:
    for name, source in {"plain": RepresentationDistances(drawn()), "rich": RichDistances(classes())}.items():
        store = write_distances(tmp_path / name, source, block=BLOCK)
        array = distance_array(source, block=BLOCK)
        assert (array.shape, array.dtype, array.chunksize) == (store.shape, store.dtype, store.chunks)
        assert (array.compute() == store[:]).all()


def test_an_array_computes_what_is_asked_for_and_mirrors_the_rest(counted: Counted) -> None:
    array = distance_array(counted, block=BLOCK)
    assert not counted.asked
    array[:BLOCK, BLOCK:].compute(scheduler="sync")
    assert counted.asked == {(0, BLOCK * j): 1 for j in range(1, 8)}
    counted.asked.clear()
    array.compute(scheduler="sync")
    assert set(counted.asked.values()) == {1}
    assert counted.asked.total() == ABOVE


def test_arrays_of_other_points_or_blocks_have_other_names() -> None:
    arrays = [
        distance_array(source, block=block)
        for source in (
            RepresentationDistances(drawn()),
            RepresentationDistances(drawn(seed=1)),
            RichDistances(classes()),
        )
        for block in (5, 6)
    ]
    assert len({x.name for x in arrays}) == 6
    assert distance_array(RepresentationDistances(drawn()), block=5).name == arrays[0].name


def test_on_a_cluster_the_array_has_the_bits_of_the_store(tmp_path: Path) -> None:
    from distributed import Client

    x = drawn(600, 40)
    source = RepresentationDistances(x)
    with threadpool_limits(1):
        store = write_distances(tmp_path / "store", source, block=64)[:]
    with (
        process(tmp_path, *SCHEDULER),
        process(tmp_path, *WORKER),
        process(tmp_path, *WORKER),
        Client(address(tmp_path)) as client,
    ):
        client.wait_for_workers(2, timeout=120)
        array = distance_array(source, block=64, client=client)
        assert len(pickle.dumps(dict(array.dask))) < x.nbytes / 4  # the points are on the workers
        halves = zip(client.scheduler_info()["workers"], (array[:300], array[300:]), strict=True)
        table = np.vstack([client.compute(half, workers=[worker]).result() for worker, half in halves])
    assert (table == store).all()
