"""Real digits: the files as they are published, and what is said of files that are not."""

import gzip
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from repdyn.experiments import Digits, SettingError, find_setting, run
from repdyn.experiments.cli import main
from repdyn.experiments.settings import DigitPrediction, DigitStructure, HeldOutDigits
from repdyn.experiments.trials.digit_data import load_digits
from repdyn.experiments.trials.digits import prepare
from repdyn.experiments.trials.identity import identified

IMAGES = (np.arange(20 * 28 * 28) % 251).astype(np.uint8).reshape(20, 28, 28)
LABELS = np.arange(20, dtype=np.uint8) % 10


def idx(array: np.ndarray) -> bytes:
    """An array in the IDX format."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def header(*sizes: int) -> bytes:
    """The head of an IDX file that holds nothing."""
    return bytes([0, 0, 8, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)


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
        (idx(IMAGES) + b"0", idx(LABELS), r"should hold \[20, 28, 28\] bytes and holds more; get it again"),
        (idx(IMAGES[:, :27]), idx(LABELS), "of MNIST are 28 by 28 pixels, got 20 of 27 by 28 in .*; give a folder of"),
        (idx(IMAGES[:0]), idx(LABELS[:0]), "of MNIST are 28 by 28 pixels, got 0 of 28 by 28 in .*; give a folder of"),
        (idx(IMAGES), idx(LABELS * 2), "the labels must be 0 to 9, got 18 in "),
        (idx(IMAGES), idx(LABELS % 8), "the data must hold all ten digits; 8, 9 are absent in "),
        (idx(IMAGES * 0 + 7), idx(LABELS), "the images in .* must differ, got the same number in every pixel of all"),
        # The product of these sizes is 0 in 64 bits, and in 32 bits that of the next is what follows.
        (header(2**31, 2**31, 4), idx(LABELS), r"should hold \[2147483648, 2147483648, 4\] bytes, more than a machine"),
        (header(2**16, 2**16, 1), idx(LABELS), r"should hold \[65536, 65536, 1\] bytes, more than a machine holds"),
    ],
    ids=[
        "truncated",
        "unequal",
        "labels for images",
        "empty",
        "too long",
        "other shape",
        "no images",
        "other labels",
        "absent classes",
        "one grey",
        "sizes beyond 64 bits",
        "sizes beyond 32 bits",
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, images: bytes, labels: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        identified(write(tmp_path, images, labels))


def test_no_more_of_an_archive_is_unpacked_than_its_sizes_say(tmp_path: Path) -> None:
    setting = write(tmp_path, idx(IMAGES), idx(LABELS))
    archive = gzip.compress(idx(IMAGES) + bytes(2**20)) + b"damaged, beyond what is read"
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(archive)
    with pytest.raises(ValueError, match="and holds more; get it again"):
        identified(setting)


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


def folders(tmp_path: Path) -> tuple[Digits, Digits, Digits]:
    """The same images packed and not, and others."""
    found = []
    for name, images, packed in (("a", IMAGES, True), ("b", IMAGES, False), ("c", IMAGES + 1, True)):
        (tmp_path / name).mkdir()
        found.append(write(tmp_path / name, idx(images), idx(LABELS), packed=packed))
    return tuple(found)


@pytest.mark.parametrize("kind", [Digits, HeldOutDigits, DigitStructure, DigitPrediction])
def test_digits_are_known_by_their_images_in_whatever_is_computed_from_them(tmp_path: Path, kind) -> None:
    shown = {} if issubclass(kind, HeldOutDigits) or kind is Digits else {"shown": 20}
    batch = {} if kind is DigitPrediction else {"batch": 10}
    here, packed_otherwise, other = (identified(kind(data_dir=x.data_dir, **shown, **batch)) for x in folders(tmp_path))
    assert here.digest == packed_otherwise.digest
    assert here.digest != other.digest
    assert identified(here) == here


def test_labels_and_the_shape_of_the_set_are_part_of_what_digits_are_known_by(tmp_path: Path) -> None:
    one = identified(write(tmp_path, idx(IMAGES), idx(LABELS)))
    other = identified(write(tmp_path, idx(IMAGES), idx(LABELS[::-1].copy())))
    fewer = identified(write(tmp_path, idx(IMAGES[:19]), idx(np.r_[LABELS[:9], LABELS[:10]].astype(np.uint8))))
    assert len({one.digest, other.digest, fewer.digest}) == 3


def test_the_digits_of_another_scikit_learn_are_another_run(monkeypatch) -> None:
    from sklearn import datasets

    known = identified(Digits())
    bunch = datasets.load_digits()
    bunch.images[7, 3, 3] += 1
    monkeypatch.setattr(datasets, "load_digits", lambda: bunch)
    assert identified(Digits()).digest != known.digest
    with pytest.raises(ValueError, match="scikit-learn holds other digits than the run was planned with"):
        run(replace(known, steps=10))


def test_only_what_is_tested_on_held_out_digits_is_known_by_them(tmp_path: Path) -> None:
    setting = write(tmp_path, idx(IMAGES), idx(LABELS))
    kinds = [Digits, HeldOutDigits]

    def digests() -> list[str]:
        return [identified(kind(data_dir=setting.data_dir, batch=10)).digest for kind in kinds]

    without = digests()
    for name, array in (("images-idx3", IMAGES[:5]), ("labels-idx1", LABELS[:5])):
        (tmp_path / f"t10k-{name}-ubyte").write_bytes(idx(array))
    assert [before == now for before, now in zip(without, digests(), strict=True)] == [True, False]


def test_runs_of_other_images_stand_beside_each_other_and_each_can_be_made_again(tmp_path: Path, capsys) -> None:
    words = ["--width", "8", "--steps", "2", "--every", "2", "--batch", "10"]  # too few records for any fit
    results = ["--results", str(tmp_path / "results")]
    settings = folders(tmp_path)
    for setting in settings:
        assert main(["run", "digits", "--data-dir", setting.data_dir, *words, *results]) == 0
    made = sorted((tmp_path / "results").iterdir())
    assert len(made) == 2
    (of_a,) = [x for x in made if find_setting("digits", x / "config.toml").data_dir != settings[2].data_dir]
    again = ["run", "digits", "--settings", str(of_a / "config.toml"), *results]
    assert main(again) == 0
    assert sorted((tmp_path / "results").iterdir()) == made
    capsys.readouterr()
    assert main([*again, "--data-dir", settings[2].data_dir]) == 2
    error = capsys.readouterr().err
    assert "c holds other digits than the run was planned with (checksum " in error
    assert "use the same files, or set the checksum to '' for a run of these" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        (Digits, {"batch": 21}, "batch must be at most the number of images, 20, got 21"),
        (DigitStructure, {"batch": 10, "shown": 21}, "shown must be at most the number of images, 20, got 21"),
        (DigitPrediction, {"shown": 21}, "shown must be at most the number of images, 20, got 21"),
    ],
)
def test_no_more_images_are_asked_for_than_there_are(tmp_path: Path, kind, values: dict, words: str) -> None:
    setting = write(tmp_path, idx(IMAGES), idx(LABELS))
    with pytest.raises(SettingError, match=words):
        identified(kind(data_dir=setting.data_dir, **values))
