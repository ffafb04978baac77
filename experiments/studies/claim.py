"""A claim: what is said, once, and what came out in each setting that it was tested in."""

from __future__ import annotations

from dataclasses import dataclass

AGREES, IN_PART, DISAGREES, UNDECIDED = "agrees", "in part", "disagrees", "undecided"
OUTCOMES = (AGREES, IN_PART, DISAGREES, UNDECIDED)
"""What can become of a claim; of one setting of it, all but ``in part``."""


@dataclass(frozen=True)
class Verdict:
    """A claim in one setting against what was measured.

    Attributes:
        setting: the networks or numbers it is about; empty if there is nothing to tell apart.
        measured: what came out, each number with its quantity and its interval.
        agrees: whether it does; None if the trials do not decide it.
        by: how far it agrees or not.
        recorded: what earlier runs gave, each number with its quantity; empty if nothing is recorded.
    """

    setting: str
    measured: str
    agrees: bool | None
    by: str = ""
    recorded: str = ""

    @property
    def outcome(self) -> str:
        """One of :data:`OUTCOMES`."""
        return UNDECIDED if self.agrees is None else AGREES if self.agrees else DISAGREES


@dataclass(frozen=True)
class Claim:
    """What is claimed, with a verdict for each setting.

    Attributes:
        text: the claim, a sentence without its full stop, the same at every scale.
        rule: what counts as agreement in one setting, and of which quantity.
        verdicts: one a setting, at least one.
        of_paper: whether it is of the paper, or of what is recorded of its runs; if not, it is one of this package.

    >>> claim = Claim("dogs bark", "at least once", (Verdict("Rex", "3 times", True), Verdict("Fox", "never", False)))
    >>> claim.outcome, claim.agreeing
    ('in part', 1)
    """

    text: str
    rule: str
    verdicts: tuple[Verdict, ...]
    of_paper: bool = True

    @property
    def outcome(self) -> str:
        """One of :data:`OUTCOMES`; it agrees if it does in every setting, one that is undecided counting against."""
        if self.agreeing:
            return AGREES if self.agreeing == len(self.verdicts) else IN_PART
        return DISAGREES if any(verdict.outcome == DISAGREES for verdict in self.verdicts) else UNDECIDED

    @property
    def agreeing(self) -> int:
        """In how many settings it agrees."""
        return sum(verdict.outcome == AGREES for verdict in self.verdicts)


def tested(*claims: Claim) -> tuple[Claim, ...]:
    """The claims that some setting tests."""
    return tuple(claim for claim in claims if claim.verdicts)
