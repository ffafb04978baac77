"""A goal: what is measured, in which unit, and how much of it is enough."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .timing import Spread


@dataclass(frozen=True)
class Goal:
    """One row of the table.

    Attributes:
        name: by which it is asked for.
        what: what is measured.
        against: what it is measured against, if anything.
        unit: whether ``measure`` gives how many times as fast it is, how many times the other's time it takes, or
            seconds. Of the first more is better, of the others less.
        goal: what is aimed at, in that unit.
        measure: what finds it. Both sides are prepared in it, so that nothing is loaded for a row that nobody wants.
    """

    name: str
    what: str
    against: str
    unit: Literal["times as fast", "times the time", "seconds"]
    goal: float
    measure: Callable[[], Spread]

    def is_met(self, found: Spread) -> bool:
        """Whether the median is good enough."""
        return found.median >= self.goal if self.unit == "times as fast" else found.median <= self.goal
