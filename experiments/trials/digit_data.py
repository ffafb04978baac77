"""Handwritten digits: read from MNIST's files or from scikit-learn, and known by a checksum."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import gzip
import hashlib
import zlib
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    from ..settings import DigitData, HeldOutDigits

CLASSES = 10

MNIST = "9585ddb17301fae7"
"""The checksum of MNIST's training images and labels, as they were published."""

_IMAGES, _LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
_TRAINING, _TEST = "train", "t10k"
_SIDE = 28

_MOST = 2**31
"""Pixels: in double precision they take 16 GiB."""

_Part = tuple[NDArray[np.generic], NDArray[np.generic]]
"""Images, shape (n, side, side), and labels, shape (n,)."""


def is_mnist(setting: DigitData) -> bool:
    """Whether the digits of an identified setting are MNIST's, and not others in its form."""
    return setting.checksum == MNIST


def named(setting: DigitData) -> str:
    """What the digits of an identified setting are called.

    >>> from ..settings import Digits
    >>> from .identity import identified
    >>> named(identified(Digits()))
    "scikit-learn's digits (images of 8 by 8 pixels)"
    """
    if setting.data != "mnist":
        return "scikit-learn's digits (images of 8 by 8 pixels)"
    if is_mnist(setting):
        return "MNIST (60,000 training images)"
    return f"images in the form of MNIST, which they are not (checksum {setting.checksum})"


def raw_digits(setting: DigitData) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Images of shape (n, pixels) in the data's own units (MNIST 0 to 255, scikit-learn 0 to 16) and labels, (n,).

    Raises:
        FileNotFoundError: if a file of MNIST is not in the folder.
        ValueError: as :func:`training_checksum`.
    """
    pixels, labels = _training_set(setting)
    return np.asarray(pixels, dtype=np.float64).reshape(len(pixels), -1), np.asarray(labels, dtype=np.int64)


def load_digits(setting: DigitData) -> tuple[Tensor, Tensor]:
    """Images of shape (n, pixels), standardised over the whole set, and labels of shape (n,).

    Raises:
        FileNotFoundError: if a file of MNIST is not in the folder.
        ValueError: as :func:`training_checksum`.
    """
    x, labels = _tensors(_training_set(setting))
    return (x - x.mean()) / x.std(), labels


def load_test_digits(setting: HeldOutDigits) -> tuple[Tensor, Tensor] | None:
    """As :func:`load_digits` the digits that are not trained on, standardised like those, or None if there are none."""
    if not setting.held_out:
        return None
    (x, _), (test, labels) = _tensors(_training_set(setting)), _tensors(_test_set(setting))
    return (test - x.mean()) / x.std(), labels


def training_checksum(setting: DigitData) -> str:
    """The checksum of the digits that are trained on.

    Raises:
        FileNotFoundError: if a file of MNIST is not in the folder.
        ValueError: if a file is damaged or not what its name says, or the digits are not those of the setting's
            checksum.
        SettingError: if there are fewer images than the setting asks for.
    """
    return _checksum(_training_set(setting))


def held_out_checksum(setting: HeldOutDigits) -> str:
    """The checksum of the digits that are kept for testing, empty if there are none.

    Raises:
        ValueError: as :func:`training_checksum`.
    """
    folder = Path(setting.data_dir)
    there = setting.data == "mnist" and any((folder / f"{_TEST}-{_IMAGES}{end}").is_file() for end in ("", ".gz"))
    return _checksum(_test_set(setting)) if there else ""


def _tensors(part: _Part) -> tuple[Tensor, Tensor]:
    """Images, shape (n, pixels), and labels."""
    import torch  # seconds that a study, which only names the digits, does not need

    pixels, labels = part
    x = torch.from_numpy(np.asarray(pixels, dtype=np.float32)).flatten(1)
    return x, torch.from_numpy(np.asarray(labels, dtype=np.int64))


def _checksum(part: _Part) -> str:
    """A digest of what images and labels hold."""
    digest = hashlib.sha256()
    for array in part:
        digest.update(f"{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _training_set(setting: DigitData) -> _Part:
    """Images and labels of a setting, checked against what it says of them."""
    if setting.data == "mnist":
        part, where = _mnist(Path(setting.data_dir), _TRAINING), setting.data_dir
    else:
        from sklearn import datasets  # half a second that MNIST does not need

        digits = datasets.load_digits()
        part, where = (digits.images, digits.target), "scikit-learn"
    pixels, labels = part
    absent = [str(digit) for digit in range(CLASSES) if not (labels == digit).any()]
    if absent:
        raise ValueError(f"the data must hold all ten digits; {', '.join(absent)} are absent in {where}")
    if (pixels == pixels.flat[0]).all():
        raise ValueError(f"the images in {where} must differ, got the same number in every pixel of all")
    _check_sum(part, setting.checksum, where)
    setting.check_images(len(labels))
    return part


def _test_set(setting: HeldOutDigits) -> _Part:
    """Images and labels that are kept for testing."""
    part = _mnist(Path(setting.data_dir), _TEST)
    _check_sum(part, setting.held_out, setting.data_dir)
    return part


def _check_sum(part: _Part, expected: str, where: str) -> None:
    if expected and _checksum(part) != expected:
        raise ValueError(
            f"{where} holds other digits than the run was planned with (checksum {_checksum(part)}, planned "
            f"{expected}); use the same files, or set the checksum to '' for a run of these"
        )


def _mnist(folder: Path, part: str) -> _Part:
    """Images and labels of the training or of the test set."""
    pixels = _idx(_find(folder, f"{part}-{_IMAGES}"), dimensions=3)
    labels = _idx(_find(folder, f"{part}-{_LABELS}"), dimensions=1)
    if len(pixels) != len(labels):
        raise ValueError(f"{folder} holds {len(pixels)} images and {len(labels)} labels; get the files again")
    if not len(labels) or pixels.shape[1:] != (_SIDE, _SIDE):
        raise ValueError(
            f"the images of MNIST are {_SIDE} by {_SIDE} pixels, got {len(pixels)} of {pixels.shape[1]} by "
            f"{pixels.shape[2]} in {folder}; give a folder of MNIST"
        )
    if labels.max() >= CLASSES:
        raise ValueError(f"the labels must be 0 to {CLASSES - 1}, got {labels.max()} in {folder}")
    return pixels, labels


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"{folder} has no {name} or {name}.gz; data_dir must hold the MNIST files in IDX format")


def _idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes: a magic number, the sizes as big-endian integers, the bytes.

    No more is unpacked than the sizes say, and no more than a machine holds.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            magic, sizes = file.read(4), file.read(4 * dimensions)
            if magic != bytes([0, 0, 8, dimensions]) or len(sizes) != 4 * dimensions:
                raise ValueError(f"{path} is not an IDX file of {dimensions}-dimensional bytes; get the file again")
            shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
            expected = prod(shape)
            if expected > _MOST:
                raise ValueError(f"{path} should hold {list(shape)} bytes, more than a machine holds; get it again")
            data = file.read(expected + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} cannot be read ({error}); get the file again") from None
    if len(data) != expected:
        found = len(data) if len(data) < expected else "more"
        raise ValueError(f"{path} should hold {list(shape)} bytes and holds {found}; get it again")
    return np.frombuffer(data, np.uint8).reshape(shape)
