"""Real digits: the files as they are published, and what is said of files that are not."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from repdyn.experiments import Digits, run
from repdyn.experiments.digits import load_digits, prepare

IMAGES = (np.arange(20 * 28 * 28) % 251).astype(np.uint8).reshape(20, 28, 28)
LABELS = np.arange(20, dtype=np.uint8) % 10


def idx(array: np.ndarray) -> bytes:
    """An array in the IDX format."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write(folder: Path, images: bytes, labels: bytes, *, packed: bool = True) -> Digits:
    for name, data in (("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", labels)):
        (folder / (name + ".gz" * packed)).write_bytes(gzip.compress(data) if packed else data)
    return Digits(data_dir=str(folder), width=8, steps=4, every=4, batch=10)


@pytest.mark.parametrize("packed", [True, False])
def test_idx_files_are_read_packed_or_not(tmp_path: Path, packed: bool) -> None:
    x, labels = load_digits(write(tmp_path, idx(IMAGES), idx(LABELS), packed=packed))
    flat = IMAGES.reshape(20, 784).astype(float)
    np.testing.assert_allclose(x, (flat - flat.mean()) / flat.std(ddof=1), atol=1e-6)
    np.testing.assert_array_equal(labels, LABELS)


def test_the_digits_of_scikit_learn_are_the_fallback() -> None:
    x, labels = load_digits(Digits())
    assert x.shape == (1797, 64)
    assert sorted(set(labels.tolist())) == list(range(10))
    assert (float(x.mean()), float(x.std())) == pytest.approx((0.0, 1.0), abs=1e-5)


def test_all_pairs_of_classes_are_tracked_at_every_hidden_layer() -> None:
    _, _, tracker = prepare(Digits(width=8))
    assert len(tracker.labels) == 45
    assert tracker.layers == tuple(f"network.hidden.{k}" for k in range(4))
    assert {tracker.pair(i).dy2 for i in range(45)} == {2.0}


def test_a_short_run_on_digits_gives_a_comparison_for_every_pair_and_layer(tmp_path: Path) -> None:
    setting = write(tmp_path, idx(IMAGES), idx(LABELS))
    result = run(setting)
    assert len(result.comparisons) == 45 * 4
    assert len(result.frame) == 2 * 45 * 4


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (idx(IMAGES)[:-5], idx(LABELS), r"should hold \[20, 28, 28\] bytes and holds 15675; get it again"),
        (idx(IMAGES), idx(LABELS[:-1]), "holds 20 images and 19 labels; get the files again"),
        (idx(LABELS), idx(LABELS), "is not an IDX file of 3-dimensional bytes; get the file again"),
        (b"", idx(LABELS), "is not an IDX file of 3-dimensional bytes"),
    ],
    ids=["truncated", "unequal", "labels for images", "empty"],
)
def test_damaged_files_are_refused(tmp_path: Path, images: bytes, labels: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load_digits(write(tmp_path, images, labels))


@pytest.mark.parametrize("cut", [slice(0, 40), slice(0, -4)])
def test_a_truncated_archive_is_refused(tmp_path: Path, cut: slice) -> None:
    setting = write(tmp_path, idx(IMAGES), idx(LABELS))
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[cut])
    with pytest.raises(ValueError, match=r"cannot be read \(.*\); get the file again"):
        load_digits(setting)


def test_a_folder_without_the_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"has no train-images-idx3-ubyte or train-images-idx3-ubyte\.gz"):
        load_digits(Digits(data_dir=str(tmp_path)))
