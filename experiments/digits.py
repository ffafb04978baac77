"""Real input: handwritten digits, pairs of different classes tracked through minibatch training."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.nn import functional

from .networks import build_network
from .settings import Digits, described
from .sweep.outcome import Outcome, trained
from .tracker import PairTracker
from .training import Batches, Supervised, fit, half_squared_error, repeatable

CLASSES = 10
_IMAGES, _LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
_TRAINING, _TEST = "train", "t10k"


@dataclass(frozen=True)
class KnownDigits(Digits):
    """Digits whose identity is that of the images: the same images in another folder are the same run, others are not.

    Raises:
        FileNotFoundError: if a file of MNIST is not in the folder.
        ValueError: if a file is damaged or not what its name says.

    >>> KnownDigits().checksum  # scikit-learn's digits are those that come with it
    ''
    """

    experiment: ClassVar[str] = "digits"

    checksum: str = described("", "of MNIST's images and labels; taken from data_dir if empty")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.data == "mnist" and not self.checksum:
            object.__setattr__(self, "checksum", _checksum(Path(self.data_dir)))


def _checksum(folder: Path) -> str:
    """A digest of what the files of MNIST in a folder hold, packed or not, those of the test set if they are there."""
    parts = [_TRAINING, _TEST] if has_test_set(folder) else [_TRAINING]
    digest = hashlib.sha256()
    for array in (array for part in parts for array in _mnist(folder, part)):
        digest.update(f"{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def raw_digits(setting: Digits) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Images of shape (n, pixels) in the data's own units (MNIST 0 to 255, scikit-learn 0 to 16) and labels, (n,).

    Raises:
        FileNotFoundError: if a file of MNIST is not in the folder.
        ValueError: if a file is damaged or not what its name says, or the images are not those of the setting's
            checksum.
    """
    pixels, labels = _training_set(setting)
    return np.asarray(pixels, dtype=np.float64).reshape(len(pixels), -1), np.asarray(labels, dtype=np.int64)


def load_digits(setting: Digits) -> tuple[torch.Tensor, torch.Tensor]:
    """Images of shape (n, pixels), standardised over the whole set, and labels of shape (n,).

    Raises:
        FileNotFoundError: if a file of MNIST is not in the folder.
        ValueError: as :func:`raw_digits`.
    """
    pixels, labels = _training_set(setting)
    x = _tensor(pixels)
    return (x - x.mean()) / x.std(), torch.from_numpy(np.asarray(labels, dtype=np.int64))


def load_test_digits(setting: Digits) -> tuple[torch.Tensor, torch.Tensor] | None:
    """As :func:`load_digits` the digits that are not trained on, standardised like those, or None if there are none."""
    if setting.data != "mnist" or not has_test_set(Path(setting.data_dir)):
        return None
    x, (pixels, labels) = _tensor(_training_set(setting)[0]), _mnist(Path(setting.data_dir), _TEST)
    return (_tensor(pixels) - x.mean()) / x.std(), torch.from_numpy(np.asarray(labels, dtype=np.int64))


def has_test_set(folder: Path) -> bool:
    """Whether a folder holds the images that MNIST keeps for testing."""
    return any((folder / f"{_TEST}-{_IMAGES}{ending}").is_file() for ending in ("", ".gz"))


def _tensor(pixels: NDArray[np.generic]) -> torch.Tensor:
    return torch.from_numpy(np.asarray(pixels, dtype=np.float32)).flatten(1)


def _training_set(setting: Digits) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    if setting.data == "mnist":
        folder = Path(setting.data_dir)
        if isinstance(setting, KnownDigits) and _checksum(folder) != setting.checksum:
            raise ValueError(f"{folder} holds other digits here than where the run was planned; use the same files")
        return _mnist(folder, _TRAINING)
    from sklearn import datasets  # half a second that MNIST does not need

    digits = datasets.load_digits()
    return digits.images, digits.target


def _mnist(folder: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images and labels of the training or of the test set."""
    pixels = _idx(_find(folder, f"{part}-{_IMAGES}"), dimensions=3)
    labels = _idx(_find(folder, f"{part}-{_LABELS}"), dimensions=1)
    if len(pixels) != len(labels):
        raise ValueError(f"{folder} holds {len(pixels)} images and {len(labels)} labels; get the files again")
    return pixels, labels


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"{folder} has no {name} or {name}.gz; data_dir must hold the MNIST files in IDX format")


def _idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes: a magic number, the sizes as big-endian integers, the bytes."""
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} cannot be unpacked ({error}); get the file again") from None
    header = 4 + 4 * dimensions
    if len(data) < header or data[:4] != bytes([0, 0, 8, dimensions]):
        raise ValueError(f"{path} is not an IDX file of {dimensions}-dimensional bytes; get the file again")
    shape = np.frombuffer(data, ">u4", dimensions, offset=4)
    if len(data) != header + int(np.prod(shape)):
        raise ValueError(f"{path} should hold {shape.tolist()} bytes and holds {len(data) - header}; get it again")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def prepare(setting: Digits) -> tuple[Supervised, Batches, PairTracker]:
    """The network, the batches and the tracker: all pairs of the first digits of each class, every hidden layer."""
    x, labels = load_digits(setting)
    absent = [digit for digit in range(CLASSES) if not (labels == digit).any()]
    if absent:
        raise ValueError(f"the data must hold all ten digits; {', '.join(map(str, absent))} are absent")
    first = [int(torch.nonzero(labels == digit)[0]) for digit in range(CLASSES)]
    pairs = list(combinations(range(CLASSES), 2))
    chosen = torch.tensor([[first[i], first[j]] for i, j in pairs])
    module, batches = supervised(setting, x, labels)
    tracker = PairTracker(
        x[chosen],
        batches.y[chosen],
        [f"network.hidden.{k}" for k in range(setting.hidden_layers)],
        every=setting.every,
        labels=[f"{i}-{j}" for i, j in pairs],
    )
    return module, batches, tracker


def one_hot(labels: torch.Tensor) -> torch.Tensor:
    """The targets of labels, shape (n, 10)."""
    return functional.one_hot(labels, CLASSES).float()


def supervised(setting: Digits, x: torch.Tensor, labels: torch.Tensor) -> tuple[Supervised, Batches]:
    """The network at its start and the batches, with the classes as one-hot targets."""
    torch.manual_seed(setting.seed)
    network = build_network(setting, x.shape[1], CLASSES)
    batches = Batches(x, one_hot(labels), batch=setting.batch, steps=setting.steps, seed=setting.seed)
    module = Supervised(network, setting.lr, optimiser=setting.optimiser, weight_decay=setting.weight_decay)
    return module, batches


def evaluate(module: Supervised, x: torch.Tensor, targets: torch.Tensor) -> tuple[float, float]:
    """The loss (half the squared error, summed over outputs, averaged over digits), and the share of digits known."""
    module.eval()
    with torch.no_grad():
        y = module(x)
        return float(half_squared_error(y, targets)), float((y.argmax(1) == targets.argmax(1)).float().mean())


def run_trial(setting: Digits) -> Outcome:
    """Train; the trajectories of the pairs at every hidden layer as the table ``trajectory``.

    Values are the number of images, the loss and the share of digits known at the end, on them and, if the folder
    has MNIST's test set, on those.
    """
    with repeatable(setting.threads):
        module, batches, tracker = prepare(setting)
        diverged_at = fit(module, batches, [tracker])
        loss, known = evaluate(module, batches.x, batches.y)
        values = {"steps": int(tracker.steps[-1]), "images": len(batches.x), "loss": loss, "known": known}
        test = load_test_digits(setting)
        if test is not None:
            values["test_loss"], values["test_known"] = evaluate(module, test[0], one_hot(test[1]))
    return trained(diverged_at, {"trajectory": tracker.frame()}, values)


def train(setting: Digits) -> tuple[pd.DataFrame, int | None]:
    """The trajectories of the pairs, as :meth:`PairTracker.frame`, and the step at which training diverged or None."""
    with repeatable(setting.threads):
        module, batches, tracker = prepare(setting)
        diverged_at = fit(module, batches, [tracker])
    return tracker.frame(), diverged_at
