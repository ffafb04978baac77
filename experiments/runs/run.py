"""A run: train what a setting says, track its pairs, compare them with the theory."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pandas as pd
from repdyn.symbolic.arguments import instance

from ..comparison import Comparison, Failure, compare
from ..settings import Digits, Setting, SettingError, TwoPoints
from ..settings.architecture import hidden_index, hidden_layer
from ..trials.identity import identified


@dataclass(frozen=True)
class Run:
    """What a run gave.

    Attributes:
        setting: what it was made from, with the checksum of what was read.
        frame: the tracked trajectories, a row for each step, pair and layer.
        comparisons: each of them against the theory, or why it could not be compared.
        diverged_at: the step at which the loss ceased to be a number, or None.
        seconds: how long training took.
        whole: of digits, how the theory of pairs and the collective theory agree with all distances among the first of
            them at the end, a row for each layer and theory; empty of anything else, or if training diverged.
    """

    setting: Setting
    frame: pd.DataFrame
    comparisons: list[Comparison | Failure]
    diverged_at: int | None
    seconds: float
    whole: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def layer(self) -> str:
        """The layer that the setting compares with the theory."""
        return hidden_layer(self.setting.layer)

    @property
    def main(self) -> list[Comparison]:
        """The comparisons at that layer, without failures."""
        return [c for c in self.comparisons if isinstance(c, Comparison) and c.layer == self.layer]

    @property
    def kind_of_pair(self) -> str:
        """The word before the label of a pair, digits or pair."""
        return "digits" if isinstance(self.setting, Digits) else "pair"

    @property
    def by_layer(self) -> list[Comparison]:
        """The comparison at each of several hidden layers, without failures; none if there are several pairs."""
        compared = [c for c in self.comparisons if isinstance(c, Comparison)]
        return compared if len({c.pair for c in self.comparisons}) == 1 < len(compared) else []


def run(setting: Setting) -> Run:
    """Train the network of a setting and compare its pairs with the theory.

    Repeatable to the last bit on one machine: seeds, thread count and
    deterministic algorithms are set, and given back afterwards.

    Raises:
        TypeError: if it is no setting.
        SettingError: if it is of an experiment that only a study runs.
        ValueError: if the digits cannot be read, or are not those that the setting knows by their checksum.

    >>> result = run(TwoPoints(width=8, hidden_layers=1, layer=0, steps=50, lr=0.05))
    >>> len(result.frame), result.diverged_at
    (51, None)
    """
    setting = identified(instance("setting", setting, Setting))
    began = time.perf_counter()
    frame, whole, diverged_at = _train(setting)
    seconds = time.perf_counter() - began
    # The paper's plain sum of squares for its own experiment; for digits dh2 is a hundred times the other two.
    comparisons = compare(frame, balanced=isinstance(setting, Digits))
    return Run(setting, frame, comparisons, diverged_at, seconds, whole)


def balanced_exponent(setting: Setting, layer: str) -> float:
    """d log dh2 / d log dy2 at a hidden layer of the setting's network, were it deep, linear and balanced: k/D.

    After k of D layers of weights |dh| is in proportion to |dy|^(k/D).

    Source: Saxe et al. (arXiv 1312.6120).

    >>> balanced_exponent(TwoPoints(hidden_layers=3, layer=0), "network.hidden.1")
    0.5
    """
    return (hidden_index(layer) + 1) / (setting.hidden_layers + 1)


def _train(setting: Setting) -> tuple[pd.DataFrame, pd.DataFrame, int | None]:
    from ..trials import digits, two_points  # torch and Lightning, which a figure of a run does not need

    match setting:
        case TwoPoints():
            frame, diverged_at = two_points.train(setting)
            return frame, pd.DataFrame(), diverged_at
        case Digits(experiment=Digits.experiment):
            return digits.train(setting)
        case _:
            kinds, advice = (
                f"{TwoPoints.experiment} or {Digits.experiment}",
                "`repdyn reproduce` trains it for its study",
            )
            said = f"a run is of the experiment {kinds}, got {type(setting).__name__}"
            raise SettingError(f"{said}; {advice}" if setting.experiment else said)
