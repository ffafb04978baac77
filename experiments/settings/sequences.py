"""Strings of symbols, and what a finite machine says after each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .configuration import Configuration, check_choice, described
from .values import SettingError

CONTINUOUS = ("relu", "tanh")
RECURRENT = (*CONTINUOUS, "relu_step")
LOSSES = ("squared_error", "classes")
_MOST_LENGTH, _MOST_STRINGS_READ = 14, 100_000


@dataclass(frozen=True)
class Sequences(Configuration):
    """A recurrent network that learns what a finite machine says after every string of 0 and 1 up to a length.

    >>> Sequences().length
    10
    """

    experiment: ClassVar[str] = "sequences"
    module: ClassVar[str] = "repdyn.experiments.trials.sequences"

    states: int = described(0, "of the machine that is drawn as the task; 0 is parity", positive=False)
    task_seed: int = described(0, "seed of that machine", positive=False)
    length: int = described(10, "longest strings that are trained on")
    share: float = described(1.0, "of the strings of each length that are trained on")
    nonlinearity: str = described("relu", f"of the hidden units, one of {', '.join(RECURRENT)}")
    width: int = described(100, "hidden units")
    gain: float = described(0.1, "factor on the Xavier-normal weights")
    loss: str = described("squared_error", f"one of {', '.join(LOSSES)}; the last is the cross-entropy")
    lr: float = described(0.02, "learning rate: step size on the loss")
    batch: int = described(128, "strings of one length in a minibatch")
    epochs: int = described(1000, "times that all strings are gone through")
    until: float = described(0.0, "mean loss of an epoch below which training ends; 0 is never", positive=False)
    every: int = described(10, "record the network every so many epochs")
    tested: tuple[int, ...] = described((25, 50, 100, 1000), "lengths of longer strings that are read at each record")
    read: tuple[int, ...] = described((100, 1000, 10_000), "lengths of strings that are read at the end")
    threads: int = described(1, "threads of the linear algebra; results are repeatable for the same number")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("nonlinearity", self.nonlinearity, RECURRENT)
        check_choice("loss", self.loss, LOSSES)
        if self.states in (1, 2):
            raise SettingError(f"states must be 0, which is parity, or at least 3, got {self.states}")
        if self.length > _MOST_LENGTH:
            raise SettingError(f"length must be at most {_MOST_LENGTH}, got {self.length}: strings double with each")
        if self.share > 1:
            raise SettingError(f"share must be at most 1, got {self.share}")
        if self.every > self.epochs:
            raise SettingError(f"every must be at most epochs, got {self.every} of {self.epochs}")
        for name in ("tested", "read"):
            lengths = getattr(self, name)
            if len(set(lengths)) < len(lengths) or max(lengths, default=0) > _MOST_STRINGS_READ:
                raise SettingError(
                    f"{name} must be lengths, each once and at most {_MOST_STRINGS_READ:,}, got "
                    f"{', '.join(map(str, lengths))}"
                )

    def rough_seconds(self) -> float:
        """As of every configuration."""
        steps = self.epochs * sum(-(-(2**n) // self.batch) for n in range(1, self.length + 1))
        return 1.5e-3 * steps * self.length / 5 + 0.5 * self.epochs / self.every
