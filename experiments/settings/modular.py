"""Sums modulo a number, and a transformer that learns them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .configuration import Configuration, described
from .values import SettingError

_MOST, _HEADS = 1000, 4


@dataclass(frozen=True)
class ModularSubtraction(Configuration):
    """A transformer that learns some of the differences of two numbers modulo a third.

    >>> ModularSubtraction().modulus
    96
    """

    experiment: ClassVar[str] = "modular"
    module: ClassVar[str] = "repdyn.experiments.trials.modular"

    modulus: int = described(96, "the number modulo which is subtracted")
    share: float = described(0.4, "of the pairs of numbers that are trained on")
    blocks: int = described(2, "of attention and units")
    width: int = described(128, "of a token's vector, a multiple of 4, which are the heads")
    dropout: float = described(
        0.1, "share of the units that is left out in training, wherever a layer reads", positive=False
    )
    lr: float = described(1e-3, "learning rate of AdamW")
    weight_decay: float = described(0.0, "of AdamW", positive=False)
    batch: int = described(512, "pairs in a minibatch, drawn with replacement")
    steps: int = described(15_000, "minibatches")
    every: int = described(250, "record the network every so many steps")
    counted: int = described(512, "pairs, trained on, of which is counted how many states they are")
    threads: int = described(1, "threads of the linear algebra; results are repeatable for the same number")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.modulus <= _MOST:
            raise SettingError(f"modulus must be from 2 to {_MOST:,}, got {self.modulus}")
        if not 0 < round(self.share * self.modulus**2) < self.modulus**2:
            raise SettingError(
                f"share must leave pairs to train on and others, got {self.share:g} of {self.modulus**2:,}"
            )
        if self.width % _HEADS:
            raise SettingError(f"width must be a multiple of {_HEADS}, the heads, got {self.width}")
        if self.dropout >= 1:
            raise SettingError(f"dropout must be below 1, got {self.dropout:g}")
        if self.every > self.steps:
            raise SettingError(f"every must be at most steps, got {self.every} of {self.steps}")
        if self.counted < 2:
            raise SettingError(f"counted must be at least 2, got {self.counted}")

    def rough_seconds(self) -> float:
        """As of every configuration."""
        return 2e-6 * self.steps * self.batch * self.blocks * (self.width / 16) ** 1.5
