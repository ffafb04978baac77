"""The claims of the follow-up on transformers, and how each is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..claim import Claim, Verdict, tested
from ..recorded import recorded
from ..spread import spread

Array = NDArray[np.float64]

GENERALISES = 0.9
"""A network generalises that gets so many of the other pairs right at the end."""

_ROSE, _FELL = 1.5, 0.8
"""States became more if there once were so many times as many as at the start, and fewer if at the end there are at
most so many times as many as at their most."""


def threshold_name(of: str, factor: float) -> str:
    """A threshold, in words.

    >>> threshold_name("now", 1.25)
    'threshold 1.25 of the largest distance now'
    """
    return f"threshold {factor:g} of the largest distance {'now' if of == 'now' else 'at the start'}"


@dataclass(frozen=True)
class Judgement:
    """What was counted in all networks.

    Attributes:
        values: a row a network.
        states: columns setting, seed, step, part, of, factor, share.
    """

    values: pd.DataFrame
    states: pd.DataFrame

    def claims(self) -> tuple[Claim, ...]:
        """Each claim by each setting and threshold, by the networks that generalise."""
        every = ", in every network that generalises."
        return tested(
            Claim(
                "In attention states become more and then merge",
                f"At their most they are at least {_ROSE:g} times those at the start, and at the end at most {_FELL:g} "
                f"times those at their most{every}",
                self._verdicts("attention", lambda x: x.max() >= _ROSE * x[0] and x[-1] <= _FELL * x.max()),
            ),
            Claim(
                "In what the units read, states do not merge",
                f"At the end they are more than {_FELL:g} times those at their most{every}",
                self._verdicts("hidden", lambda x: x[-1] > _FELL * x.max()),
            ),
            Claim(
                "In values some states merge",
                f"At the end they are at most {_FELL:g} times those at their most{every}",
                self._verdicts("values", lambda x: x[-1] <= _FELL * x.max()),
            ),
            Claim(
                "In keys states do not merge",
                f"At the end they are more than {_FELL:g} times those at their most{every}",
                self._verdicts("keys", lambda x: x[-1] > _FELL * x.max()),
            ),
        )

    def generalising(self, setting: str) -> list[int]:
        """The seeds of the networks of a setting that generalise."""
        own = self.values[self.values["setting"] == setting]
        return [int(x) for x in own[own["accuracy_other"] >= GENERALISES]["seed"]]

    def _verdicts(self, part: str, agrees: Callable[[Array], bool]) -> tuple[Verdict, ...]:
        known = recorded()["transformer"].get(part, "")
        found: list[Verdict] = []
        for setting in map(str, dict.fromkeys(self.values["setting"])):
            seeds = self.generalising(setting)
            count = int((self.values["setting"] == setting).sum())
            few = "" if len(seeds) == count else f"; {count - len(seeds)} of {count} do not generalise"
            of_part = self.states[self.states["part"] == part]
            kinds = of_part[["of", "factor"]].drop_duplicates()
            for of, factor in zip(kinds["of"].astype(str), kinds["factor"].astype(float), strict=True):
                own = of_part[(of_part["of"] == of) & (of_part["factor"] == factor)]
                courses = [self._course(own, setting, seed) for seed in seeds]
                which = [bool(agrees(x)) for x in courses]
                parts = {
                    "at the start": [x[0] for x in courses],
                    "at their most": [x.max() for x in courses],
                    "at the end": [x[-1] for x in courses],
                }
                found.append(
                    Verdict(
                        f"{setting}, {threshold_name(of, factor)}",
                        "states over inputs " + ", ".join(f"{when} {spread(x)}" for when, x in parts.items()),
                        all(which) if which else None,
                        f"{sum(which)} of {len(which)} networks{few}",
                        known,
                    )
                )
        return tuple(found)

    @staticmethod
    def _course(states: pd.DataFrame, setting: str, seed: int) -> Array:
        own = states[(states["setting"] == setting) & (states["seed"] == seed)].sort_values("step")
        return own["share"].to_numpy(np.float64)
