"""Pairs of strings of which one network learns the parity, followed through training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .configuration import Configuration, check_choice, described
from .sequences import CONTINUOUS
from .values import SettingError

_LEAST_LENGTH, _MOST_LENGTH = 4, 12


@dataclass(frozen=True)
class StringPairs(Configuration):
    """A recurrent network that learns the parity of all strings of 0 and 1 up to a length, and pairs of them.

    >>> StringPairs().gain
    0.1
    """

    experiment: ClassVar[str] = "string_pairs"
    module: ClassVar[str] = "repdyn.experiments.trials.string_pairs"

    length: int = described(10, "longest strings that are trained on")
    nonlinearity: str = described("relu", f"of the hidden units, one of {', '.join(CONTINUOUS)}")
    width: int = described(100, "hidden units")
    gain: float = described(0.1, "factor on the Xavier-normal weights")
    lr: float = described(0.02, "learning rate: step size on the loss")
    batch: int = described(128, "strings of one length in a minibatch")
    epochs: int = described(1000, "times that all strings are gone through; pairs are looked at after each")
    every: int = described(10, "keep the weights every so many epochs")
    threads: int = described(1, "threads of the linear algebra; results are repeatable for the same number")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("nonlinearity", self.nonlinearity, CONTINUOUS)
        if not _LEAST_LENGTH <= self.length <= _MOST_LENGTH:
            raise SettingError(f"length must be from {_LEAST_LENGTH} to {_MOST_LENGTH}, got {self.length}")
        if self.every > self.epochs:
            raise SettingError(f"every must be at most epochs, got {self.every} of {self.epochs}")

    def rough_seconds(self) -> float:
        """As of every configuration."""
        steps = sum(-(-(2**n) // self.batch) for n in range(1, self.length + 1))
        return self.epochs * (1.5e-3 * steps * self.length / 5 + 2e-5 * 2**self.length)
