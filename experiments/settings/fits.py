"""Which theories are fitted to the trajectories of a run, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .configuration import Configuration, described


@dataclass(frozen=True)
class Fits(Configuration):
    """Theories fitted to the trajectories of one run.

    >>> Fits(theories=("two_point", "growing_rates"), layers=(10,)).layers
    (10,)
    """

    experiment: ClassVar[str] = "fits"
    module: ClassVar[str] = "repdyn.experiments.trials.fits"

    theories: tuple[str, ...] = described(("two_point",), "names of theories")
    layers: tuple[int, ...] = described((), "hidden layers, counted from 0; none names all", positive=False)
    balanced: bool = described(False, "weight each scalar by its inverse variance")

    def rough_seconds(self) -> float:
        """As of every configuration: those of closed form and those that are integrated on average."""
        return 1.5 * len(self.theories) * (len(self.layers) or 20)


@dataclass(frozen=True)
class LineFits(Configuration):
    """Theories fitted to one layer of one run by the recorded procedure; both rates of each are fitted.

    >>> LineFits(theories=("two_point",), layer=10).guesses
    (100,)
    """

    experiment: ClassVar[str] = "line_fits"
    module: ClassVar[str] = "repdyn.experiments.trials.line_fits"

    theories: tuple[str, ...] = described(("two_point",), "names of theories")
    layer: int = described(0, "hidden layer, counted from 0", positive=False)
    guesses: tuple[int, ...] = described((100,), "pairs of rates on the line; a fit for each number of them")

    def rough_seconds(self) -> float:
        """As of every configuration: an integration a guess."""
        return 0.02 * len(self.theories) * sum(self.guesses)
