"""Handwritten digits: where they are read, which they are, and what is done with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from repdyn.symbolic.arguments import shown

from .configuration import Configuration, check_choice, described
from .memory import Task
from .network import Setting
from .values import SettingError, checked

_PIXELS = {"mnist": 28 * 28, "load_digits": 8 * 8}
_IMAGES = {"mnist": 60_000, "load_digits": 1797}

FORMS = ("constant", "growing")
"""Forms of the collective theory whose rates are fitted."""

_FEWEST, _MOST = 20, 1_000
"""Digits whose distances from each other are all recorded."""


@dataclass(frozen=True)
class DigitData(Configuration):
    """Handwritten digits of ten classes: where they are read, and which they are.

    What is computed from them is known by their checksum, wherever they lie. A setting that is written by hand has
    none: :func:`repdyn.experiments.trials.identity.identified` reads them and adds it, once, when a run or a trial is
    planned.

    >>> DigitData(data_dir="folder").data
    'mnist'
    """

    data: str = described("", "mnist (its files, from data_dir) or load_digits; empty takes mnist if data_dir is given")
    data_dir: str = described("", "folder of the MNIST training files (IDX, may be gzipped)", identity=False)
    checksum: str = described("", "of the images and labels; empty takes those that are there, another is refused")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.data:
            object.__setattr__(self, "data", "mnist" if self.data_dir else "load_digits")
        if self.data not in _PIXELS:
            raise SettingError(f"data must be {' or '.join(_PIXELS)}, got {shown(self.data)}")
        if (self.data == "mnist") != bool(self.data_dir):
            raise SettingError(
                f"data = {self.data!r} and data_dir = {self.data_dir!r} do not go together: "
                "mnist is read from data_dir, load_digits comes with scikit-learn"
            )
        if not re.fullmatch("([0-9a-f]{16})?", self.checksum):
            raise SettingError(
                f"checksum must be 16 hexadecimal digits, as a run writes it, or empty, got {shown(self.checksum)}"
            )

    def identity(self) -> dict[str, Any]:
        """As of every configuration.

        Raises:
            SettingError: if the checksum of the digits is not known yet.
        """
        if not self.checksum:
            raise SettingError("digits are known by their images: take the digest of identified(setting)")
        return super().identity()

    def check_images(self, images: int) -> None:
        """Check what is said of the images against their number.

        Raises:
            SettingError: if there are too few.
        """


@dataclass(frozen=True)
class Digits(Setting, DigitData):
    """Handwritten digits of ten classes, minibatch gradient descent, pairs of different classes tracked.

    The pairs are all 45 pairs of the first training digit of each class.

    >>> Digits().batch
    64
    """

    experiment: ClassVar[str] = "digits"
    module: ClassVar[str] = "repdyn.experiments.trials.digits"

    gain: float = described(0.5, "factor on the Xavier-normal weights")
    lr: float = described(0.01, "learning rate: step size on the loss")
    width: int = described(200, "units of a hidden layer")
    hidden_layers: int = described(4, "number of hidden layers")
    layer: int = described(2, "hidden layer that is compared with the theory, counted from 0", positive=False)
    every: int = described(10, "record the pairs every so many steps")
    batch: int = described(64, "images in a minibatch; at most as many as there are")

    @property
    def task(self) -> Task:
        # The number of images is known when they are read; a larger batch than that is refused then.
        images = max(_IMAGES[self.data], self.batch)
        return Task(_PIXELS[self.data], 10, images, self.batch, tracked=45 * self.hidden_layers)

    def check_images(self, images: int) -> None:
        if self.batch > checked("images", images, int, positive=False):
            raise SettingError(f"batch must be at most the number of images, {images}, got {self.batch}")


@dataclass(frozen=True)
class HeldOutDigits(Digits):
    """Digits, and those held out of training that the network is tested on at the end, if the folder has such.

    >>> HeldOutDigits().held_out  # scikit-learn's digits have none
    ''
    """

    experiment: ClassVar[str] = "digits"
    module: ClassVar[str] = "repdyn.experiments.trials.digits"

    held_out: str = described("", "checksum of the images that MNIST keeps for testing; empty if there are none")


@dataclass(frozen=True)
class DigitStructure(Digits):
    """One network, and the distances among the first digits.

    >>> DigitStructure().optimiser
    'adam'
    """

    experiment: ClassVar[str] = "digit_structure"
    module: ClassVar[str] = "repdyn.experiments.trials.digit_distances"

    optimiser: str = described("adam", "one of sgd, momentum, adam; momentum is 0.9")
    shown: int = described(100, "digits displayed: the first so many, sorted by class")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shown < 10:
            raise SettingError(f"shown must be at least 10 digits, got {self.shown}")

    def check_images(self, images: int) -> None:
        super().check_images(images)
        if self.shown > images:
            raise SettingError(f"shown must be at most the number of images, {images}, got {self.shown}")


@dataclass(frozen=True)
class DigitPrediction(DigitData):
    """The first digits, and how many of the data set they are smoothed over.

    >>> DigitPrediction().points
    10000
    """

    experiment: ClassVar[str] = "digit_prediction"
    module: ClassVar[str] = "repdyn.experiments.trials.predicted_distances"

    shown: int = described(100, "digits displayed: the first so many, sorted by class")
    points: int = described(10000, "digits that are smoothed over: the first so many, or all if there are fewer")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.points < self.shown:
            raise SettingError(f"points must be at least shown, got {self.points} and {self.shown}")

    def check_images(self, images: int) -> None:
        if self.shown > images:
            raise SettingError(f"shown must be at most the number of images, {images}, got {self.shown}")


@dataclass(frozen=True)
class Collective(Digits):
    """One network, how it represents the first digits at every layer over training, and what the theory says of them.

    >>> Collective().shown
    200
    """

    experiment: ClassVar[str] = "collective"
    module: ClassVar[str] = "repdyn.experiments.trials.collective"

    layer: int = described(3, "hidden layer whose trajectories are fitted, counted from 0", positive=False)
    steps: int = described(6000, "training steps")
    every: int = described(60, "record the digits every so many steps")
    shown: int = described(200, "digits recorded: the first so many, sorted by class")
    imbalance: float = described(1.0, "times as many digits of the most frequent class as of the rarest")
    noise: float = described(0.0, "share of the labels that are drawn at random", positive=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not _FEWEST <= self.shown <= _MOST:
            raise SettingError(f"shown must be from {_FEWEST} to {_MOST:,} digits, got {self.shown}")
        if self.imbalance < 1:
            raise SettingError(f"imbalance must be at least 1, which is none, got {self.imbalance}")
        if self.noise > 1:
            raise SettingError(f"noise must be a share, at most 1, got {self.noise}")

    def check_images(self, images: int) -> None:
        super().check_images(images)
        if self.shown > images:
            raise SettingError(f"shown must be at most the number of images, {images}, got {self.shown}")


@dataclass(frozen=True)
class CollectiveFits(Configuration):
    """The collective theory and pairs by themselves, fitted to the trajectories of one network.

    >>> CollectiveFits().alone
    45
    """

    experiment: ClassVar[str] = "collective_fits"
    module: ClassVar[str] = "repdyn.experiments.trials.collective_fits"

    forms: tuple[str, ...] = described(("constant", "growing"), "of the collective theory: its rates")
    pairs: int = described(2000, "pairs of recorded digits, drawn at random")
    alone: int = described(45, "how many of them are also fitted one by one")
    seen: tuple[float, ...] = described((0.05, 0.1, 0.2), "shares of training from which the end is forecast")

    def __post_init__(self) -> None:
        super().__post_init__()
        for form in self.forms:
            check_choice("each of forms", form, FORMS)
        for share in self.seen:
            if share >= 1:
                raise SettingError(f"each of seen must be a share of training, below 1, got {share}")
        if self.alone > self.pairs:
            raise SettingError(f"alone must be at most pairs, got {self.alone} of {self.pairs}")

    def rough_seconds(self) -> float:
        """As of every configuration."""
        return 30.0 + 170.0 * ("growing" in self.forms)
