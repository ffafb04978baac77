"""Real input: handwritten digits, pairs of different classes tracked through minibatch training."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import gzip
import zlib
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.nn import functional

from .networks import build_network
from .settings import Digits
from .sweep.outcome import Outcome, trained
from .tracker import PairTracker
from .training import Batches, Supervised, fit, repeatable

CLASSES = 10
_MNIST_FILES = {"images": "train-images-idx3-ubyte", "labels": "train-labels-idx1-ubyte"}


def load_digits(setting: Digits) -> tuple[torch.Tensor, torch.Tensor]:
    """Images of shape (n, pixels), standardised over the whole set, and labels of shape (n,).

    Raises:
        FileNotFoundError: if a file of MNIST is not in the folder.
        ValueError: if a file is damaged or not what its name says.
    """
    if setting.data == "mnist":
        folder = Path(setting.data_dir)
        pixels = _idx(_find(folder, _MNIST_FILES["images"]), dimensions=3)
        labels = _idx(_find(folder, _MNIST_FILES["labels"]), dimensions=1)
        if len(pixels) != len(labels):
            raise ValueError(f"{folder} holds {len(pixels)} images and {len(labels)} labels; get the files again")
    else:
        from sklearn import datasets  # half a second that MNIST does not need

        digits = datasets.load_digits()
        pixels, labels = digits.images, digits.target
    x = torch.from_numpy(np.asarray(pixels, dtype=np.float32)).flatten(1)
    return (x - x.mean()) / x.std(), torch.from_numpy(np.asarray(labels, dtype=np.int64))


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
    targets = functional.one_hot(labels, CLASSES).float()
    absent = [digit for digit in range(CLASSES) if not (labels == digit).any()]
    if absent:
        raise ValueError(f"the data must hold all ten digits; {', '.join(map(str, absent))} are absent")
    first = [int(torch.nonzero(labels == digit)[0]) for digit in range(CLASSES)]
    pairs = list(combinations(range(CLASSES), 2))
    chosen = torch.tensor([[first[i], first[j]] for i, j in pairs])
    torch.manual_seed(setting.seed)
    network = build_network(setting, x.shape[1], CLASSES)
    tracker = PairTracker(
        x[chosen],
        targets[chosen],
        [f"network.hidden.{k}" for k in range(setting.hidden_layers)],
        every=setting.every,
        labels=[f"{i}-{j}" for i, j in pairs],
    )
    batches = Batches(x, targets, batch=setting.batch, steps=setting.steps, seed=setting.seed)
    module = Supervised(network, setting.lr, optimiser=setting.optimiser, weight_decay=setting.weight_decay)
    return module, batches, tracker


def run_trial(setting: Digits) -> Outcome:
    """Train; the trajectories of the pairs at every hidden layer as the table ``trajectory``."""
    frame, diverged_at = train(setting)
    return trained(diverged_at, {"trajectory": frame}, {"steps": int(frame["step"].iloc[-1])})


def train(setting: Digits) -> tuple[pd.DataFrame, int | None]:
    """The trajectories of the pairs, as :meth:`PairTracker.frame`, and the step at which training diverged or None."""
    with repeatable(setting.threads):
        module, batches, tracker = prepare(setting)
        diverged_at = fit(module, batches, [tracker])
    return tracker.frame(), diverged_at
